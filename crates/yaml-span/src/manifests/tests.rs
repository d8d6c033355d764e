use crate::{Limits, SyntaxError, parse_manifests, parse_stream};

/// `line:column code: message`, for each error; all of it is YAML.
fn said(source: &str) -> Vec<String> {
    assert_eq!(parse_stream(source, &Limits::DEFAULT).errors, [], "{source:?}");
    let shown = |error: &SyntaxError| {
        let (start, code) = (error.span.start, error.code.as_str());
        format!("{}:{} {code}: {}", start.line, start.column, error.message)
    };
    parse_manifests(source, &Limits::DEFAULT).errors.iter().map(shown).collect()
}

#[test]
fn what_others_read_alike_is_fine() {
    for source in [
        "",
        "---\n",
        "# a\n---\na: 1\n--- # b\n---\t\nb: 2\n...\n---\nc: 3\n",
        "\u{feff}a: 1\n",
        "a: [b, 'c?', \":d\", e: f, {g: h}]\nb: {c, 'd':, \"e\":[f], g: !!str h }\n",
        "a: b?\nc: :d\n",
        "a: \"\\\\/ \\u00e9\"\n",
        "1: a\n0x2: b\non: c\n",
        "a: !!int '1'\nb: !own c\n",
        "a: &a {b: c}\nd: {<<: *a}\n",
        "a: |\n  ---\n  %x\n",
    ] {
        assert_eq!(said(source), Vec::<String>::new(), "{source:?}");
    }
}

#[test]
fn what_would_be_left_out_or_is_no_part() {
    for (source, wrong) in [
        (
            "--- {a: 1}\n",
            "1:1 yaml-syntax: a line `---` has nothing but a comment behind it in a manifest",
        ),
        ("%YAML 1.1\n---\na: 1\n", "1:1 yaml-syntax: a manifest has no directives"),
        ("...\na: 1\n", "1:1 yaml-syntax: a document ends here that has not begun"),
        (
            "a: 1\n...\nb: 2\n",
            "3:1 yaml-syntax: a document of a manifest begins after a line `---`",
        ),
        (
            "a: 1\r---\rb: 2\r",
            "3:1 yaml-syntax: a document of a manifest begins after a line `---`",
        ),
        ("a: b\n# \u{2028}\n", "2:3 yaml-syntax: U+2028 ends a line here"),
    ] {
        assert_eq!(said(source), [wrong], "{source:?}");
    }
}

#[test]
fn what_means_something_else() {
    let brackets = "between brackets a text with `?`, or with `:` in front, needs quotes";
    for (source, wrong) in [
        ("a: !!int b\n", "1:10 yaml-syntax: `b` is no !!int"),
        ("!!bool x: b\n", "1:8 yaml-syntax: `x` is no !!bool"),
        ("a: \"\\ud83d\\ude00\"\n", "1:5 yaml-syntax: `\\ud83d` is an escape of JSON alone"),
        ("a: \"\\\\\\/\"\n", "1:7 yaml-syntax: `\\/` is an escape of JSON alone"),
        ("a: [b?]\n", &format!("1:5 yaml-syntax: {brackets}")),
        ("a: {b: :c}\n", &format!("1:8 yaml-syntax: {brackets}")),
        ("a: [b:, c]\n", "1:6 yaml-syntax: this colon is part of the text before it"),
        ("a: {b :}\n", "1:7 yaml-syntax: this colon is part of the text before it"),
        ("a: [!, b]\n", "1:5 yaml-syntax: a tag goes on until a blank follows"),
        (
            "1: a\n0x1: b\n",
            "2:1 yaml-duplicate-key: the key `0x1` is `1`, which is already in this mapping",
        ),
        ("on: a\n'true': b\n", "2:1 yaml-duplicate-key: the key `true` is already in this mapping"),
        (
            "9223372036854775808: a\n",
            "1:1 yaml-complex-key: a key is a number above 9223372036854775807",
        ),
        (
            "a: {! '<<': {b: c}}\n",
            "1:7 yaml-bad-merge: `! '<<'` is a merge to some, and a key to others",
        ),
    ] {
        let found = said(source);
        assert_eq!(found.first().map(String::as_str), Some(wrong), "{source:?}");
    }
}
