//! Scalars mean what Go's yaml.v3 and yaml.v2 say they mean.

mod recorded;

use serde_json::Value;
use yaml_span::schema::{Scalar, TagMismatch, v2, v3};

/// As the recorded answers are written.
fn shown(found: &Result<Scalar<'_>, TagMismatch>) -> String {
    match found {
        Ok(Scalar::Null) => "null".to_owned(),
        Ok(Scalar::Bool(value)) => format!("bool:{value}"),
        Ok(Scalar::Int(value)) => format!("int:{value}"),
        Ok(Scalar::Uint(value)) => format!("uint:{value}"),
        Ok(Scalar::Float(value)) => format!("float:{value:e}"),
        Ok(Scalar::Str(text)) => format!("str:{text}"),
        Ok(Scalar::Timestamp(_)) => "time".to_owned(),
        Err(_) => "error".to_owned(),
    }
}

/// Floats in one notation, for Go and Rust print them differently.
fn normalised(answer: &str) -> String {
    match answer.strip_prefix("float:") {
        Some(float) => {
            let value: f64 = float.parse().expect("a recorded float");
            format!("float:{value:e}")
        }
        None => answer.to_owned(),
    }
}

#[test]
fn every_recorded_scalar_means_the_same() {
    let cases = recorded::cases("scalars");
    assert!(cases.len() > 1_000, "{} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let text = case["text"].as_str().expect("text");
        let plain = case["plain"].as_bool().expect("plain");
        let tag = case.get("tag").and_then(Value::as_str);
        let answers =
            [("v3", v3::resolve(text, plain, tag)), ("v2", v2::resolve(text, plain, tag))];
        for (version, found) in answers {
            let (found, expected) =
                (shown(&found), normalised(case[version].as_str().expect("answer")));
            if found != expected {
                wrong.push(format!(
                    "{version} {tag:?} {text:?} plain={plain}: {found}, recorded {expected}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_measured_rules_hold() {
    let int = |value| Ok(Scalar::Int(value));
    for (text, value) in [
        ("007", 7),
        ("0777", 511),
        ("0o17", 15),
        ("0b11", 3),
        ("0xFF_FF", 65_535),
        ("-0x1A", -26),
        ("1_000", 1_000),
        ("+12", 12),
    ] {
        assert_eq!(v3::resolve(text, true, None), int(value), "{text}");
    }
    for (text, value) in [("008", 8.0), ("09.5", 9.5), ("1e3", 1_000.0), ("1.", 1.0), (".5", 0.5)] {
        let found = v3::resolve(text, true, None);
        assert_eq!(found, Ok(Scalar::Float(value)), "{text}");
    }
    for text in ["1e400", "0o8", "12:30:45", "yes", "On", "tRUE", "="] {
        let found = v3::resolve(text, true, None);
        assert_eq!(found, Ok(Scalar::Str(text.into())), "{text}");
    }
    assert_eq!(v2::resolve("0644", true, None), int(420));
    // A sign behind what tells the base, as `strconv.ParseInt` takes it.
    for (text, value) in [("0b+1", 1), ("0b-11", -3), ("0b+0_0", 0)] {
        assert_eq!(v2::resolve(text, true, None), int(value), "{text}");
        assert_eq!(v3::resolve(text, true, None), int(value), "{text}");
    }
    assert_eq!(v3::resolve("0o-7", true, None), int(-7));
    for text in ["0o-7", "-0b+1", "0b+-1", "0x-1"] {
        assert_eq!(v2::resolve(text, true, None), Ok(Scalar::Str(text.into())), "{text}");
    }
    assert_eq!(v2::resolve("on", true, None), Ok(Scalar::Bool(true)));
    assert!(v3::resolve("yes", true, Some("!!bool")).is_err());
}
