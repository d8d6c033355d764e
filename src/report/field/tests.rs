use super::*;
use crate::report::tests::fixture::{field, value};

fn lines(before: &str, after: &str) -> String {
    match show(Some(&value(before)), Some(&value(after)), false) {
        Shown::Lines(lines) => lines.iter().map(|l| format!("{} {}\n", l.sign, l.text)).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_value_is_one_line() {
    let shown = |json: &str| inline(&value(json));
    assert_eq!(
        shown(r#"{"b": [1, null], "a": "x\ny\"z\\"}"#),
        r#"{ "a": "x\ny\"z\\", "b": [1, null] }"#
    );
    assert_eq!(
        shown(r#"{"a": {"$unknown": {"function": "env", "arguments": []}}}"#),
        r#"{ "a": (known after apply) }"#
    );
    assert_eq!(shown("{}"), "{}");
    assert_eq!(shown("1.0"), "1.0");
}

#[test]
fn what_could_trick_a_reader_is_made_visible() {
    assert_eq!(inline(&Value::text("a\u{1b}[31m\u{202e}b\u{0}")), r#""a\u{1b}[31m\u{202e}b\u{0}""#);
}

#[test]
fn a_long_value_is_cut_and_says_so() {
    let exact = "x".repeat(VALUE_CHARACTERS_MAX - 2);
    assert_eq!(inline(&Value::text(exact.as_str())).chars().count(), VALUE_CHARACTERS_MAX);
    let longer = inline(&Value::text(format!("{exact}y")));
    assert!(longer.ends_with(&format!("… ({} characters)", VALUE_CHARACTERS_MAX + 1)), "{longer}");
}

#[test]
fn a_text_of_several_lines_shows_those_that_differ() {
    let shown = lines(r#""a\nb\nc\nd\ne\nf\ng\n""#, r#""a\nb\nX\nd\ne\nf\nY\n""#);
    assert_eq!(shown, "  b\n- c\n+ X\n  d\n  ...\n  f\n- g\n+ Y\n");
}

#[test]
fn very_many_lines_are_cut_and_counted() {
    let many = |count: usize| {
        let text: Vec<_> = (0..count).map(|at| format!("{at}\\n")).collect();
        lines(r#""""#, &format!("\"{}\"", text.concat()))
    };
    assert_eq!(many(LINES_MAX).lines().count(), LINES_MAX);
    assert!(many(LINES_MAX + 1).ends_with("... 1 more lines\n"));
}

#[test]
fn a_secret_says_only_that_it_changes() {
    let shown = |text: &str| shown(&field(text));
    assert_eq!(shown(r#"secret a: "x" -> "y""#), Shown::Secret("(secret changed)"));
    assert_eq!(shown(r#"secret a: - -> "y""#), Shown::Secret("(secret added)"));
    assert_eq!(shown(r#"secret a: "x" -> -"#), Shown::Secret("(secret removed)"));
    let handle = r#"[{"$secret": {"handle": "h", "state": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}}]"#;
    assert_eq!(shown(&format!("a: 1 -> {handle}")), Shown::Secret("(secret changed)"));
}
