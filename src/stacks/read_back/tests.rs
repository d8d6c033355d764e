use expect_test::{Expect, expect};

use super::read_back;

fn check(written: &str, rendered: &str, expect: &Expect) {
    expect.assert_eq(&format!("{:?}", read_back(written, rendered.to_owned())));
}

#[test]
fn what_was_written_between_quotes_stays_a_text() {
    check("{{ .n }}", "5", &expect![[r#""5""#]]);
    check("{{ .n }}", "", &expect![[r#""""#]]);
    check("{{ .n }}", "[1, 2]", &expect![[r#""[1, 2]""#]]);
    check("{{ .n }}", "x: y", &expect![[r#""x: y""#]]);
    check("a: {{ .n }}", "a: 5", &expect![[r#""a: 5""#]]);
}

#[test]
fn what_was_written_without_quotes_is_read_as_it_looks() {
    check("n{{ .n }}", "n5", &expect![[r#""n5""#]]);
    check("1{{ .n }}", "15", &expect![[r#"15"#]]);
    check("<% .n %>", "", &expect![[r#"null"#]]);
    check("<% .n | toJson %>", "\"5\"", &expect![[r#""5""#]]);
    check("<% .n | toJson %>", "[\"a\",{\"b\":1}]", &expect![[r#"["a", {"b": 1}]"#]]);
}

#[test]
fn what_cannot_be_read_stays_the_text_it_is() {
    check("pre-{{ .n }}", "pre-a: b", &expect![[r#""pre-a: b""#]]);
    check("<% .n %>", "{a: [", &expect![[r#""{a: [""#]]);
    check("n-{{ .n }}", "n-a #b", &expect![[r#""n-a #b""#]]);
}

#[test]
fn lines_are_folded_unless_the_template_has_several() {
    check("{{ .n }}", "x\ny", &expect![[r#""x y""#]]);
    check("{{ .n }}", "x  \n\n  y\n", &expect![[r#""x\ny ""#]]);
    check("a\n{{ .n }}\n", "a\nx\ny\n", &expect![[r#""a\nx\ny\n""#]]);
}
