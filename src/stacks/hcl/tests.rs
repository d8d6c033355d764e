use expect_test::{Expect, expect};

use super::read;

fn check(text: &str, expect: &Expect) {
    let found = match read(text) {
        Ok(found) => format!("{found:?}"),
        Err(why) => format!("fails: {}", why.lines().next().unwrap_or_default()),
    };
    expect.assert_eq(&found);
}

#[test]
fn what_is_written_out_is_a_value() {
    check(
        r#"
# A comment.
name    = "web"
count   = 3
ratio   = -1.50
big     = 18446744073709551615
enabled = true
nothing = null
zones   = ["a", "b", [1]]
tags    = { team = "net", "cost center" = 7, nested = { a: (1) } }
text    = <<-EOT
    first
      second
  EOT
"#,
        &expect![[
            r#"{"name": "web", "count": 3, "ratio": -1.5, "big": 18446744073709551615, "enabled": true, "nothing": null, "zones": ["a", "b", [1]], "tags": {"team": "net", "cost center": 7, "nested": {"a": 1}}, "text": "first\n  second\n"}"#
        ]],
    );
    check("", &expect!["{}"]);
}

#[test]
fn what_is_computed_and_what_is_no_value_is_refused() {
    check("a = var.x", &expect!["fails: `a`: what would have to be computed is no value here"]);
    check(
        "a = \"x-${y}\"",
        &expect!["fails: `a`: what would have to be computed is no value here"],
    );
    check("a = [1 + 1]", &expect!["fails: `a`: what would have to be computed is no value here"]);
    check(
        "a = upper(\"x\")",
        &expect!["fails: `a`: what would have to be computed is no value here"],
    );
    check(
        "module \"m\" { source = \"./m\" }",
        &expect!["fails: `module` is a block, and no value"],
    );
    check("a = ", &expect!["fails: line 1, column 1: unexpected token"]);
}

#[test]
fn nesting_without_end_is_an_error() {
    let times = |text: &str| text.repeat(100_000);
    for deep in [
        format!("a = {}{}", times("["), times("]")),
        format!("a = {}1{}", times("("), times(")")),
        format!("a = {}true", times("!")),
        format!("a = {}1", times("1 ? 1 : ")),
        format!("a = 1{}", times(" + 1")),
        format!("a = \"{}1{}\"", times("${"), times("}")),
        format!("a = b{}", times(".b")),
    ] {
        assert!(read(&deep).is_err(), "{}", &deep[..20]);
    }
}
