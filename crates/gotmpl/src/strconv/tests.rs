use super::*;

#[test]
fn integers_follow_go_syntax() {
    let cases = [
        ("0", Some(0)),
        ("-0x1F", Some(-31)),
        ("0b101", Some(5)),
        ("0o17", Some(15)),
        ("017", Some(15)),
        ("1_000", Some(1000)),
        ("0x_1", Some(1)),
        ("1__0", None),
        ("_1", None),
        ("1_", None),
        ("089", None),
        ("18446744073709551615", Some(u64::MAX.into())),
        ("18446744073709551616", None),
        ("", None),
        ("--1", None),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_integer(text), expected, "{text}");
    }
}

#[test]
fn quoting_and_unquoting_agree() {
    for text in ["", "a\"b\\", "\u{7}\n\u{7f}", "é\u{301}\u{200b}😀\u{feff}"] {
        assert_eq!(unquote(&quote(text, false)).as_deref(), Ok(text));
        assert_eq!(unquote(&quote(text, true)).as_deref(), Ok(text));
    }
    assert_eq!(unquote(r#""\xc3\xa9\101""#).as_deref(), Ok("éA"));
    assert!(unquote(r#""\xff""#).is_err());
    assert!(unquote(r#""\q""#).is_err());
}
