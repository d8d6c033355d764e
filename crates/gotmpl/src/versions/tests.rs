use super::{is_exact, newest};

#[test]
fn the_newest_that_is_allowed() {
    let all = ["1.2.3", "1.10.0", "v1.9.9", "2.0.0-rc.1", "2.0.0", "latest", "2.1.0-rc.1"];
    for (constraint, expected) in [
        ("^1", Some("1.10.0")),
        ("~1.2", Some("1.2.3")),
        ("v1.9.9", Some("v1.9.9")),
        ("*", Some("2.0.0")),
        (">0.0.0-0", Some("2.1.0-rc.1")),
        ("1.x || 2.x", Some("2.0.0")),
        ("^3", None),
    ] {
        assert_eq!(newest(constraint, all), Ok(expected), "{constraint}");
    }
    assert!(newest("newest", all).is_err());
}

#[test]
fn an_exact_version_has_three_numbers() {
    for exact in ["1.2.3", "v1.2.3", "1.2.3-rc.1", "1.2.3+build-1.x"] {
        assert!(is_exact(exact), "{exact}");
    }
    for open in ["", "1", "1.2", "1.2.x", "^1.2.3", ">=1.2.3", "1.2.3 || 2.0.0", "1.2.3-", "a.b.c"]
    {
        assert!(!is_exact(open), "{open}");
    }
}
