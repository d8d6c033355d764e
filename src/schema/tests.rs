use expect_test::{Expect, expect};

use super::*;
use crate::model::policy::RepositoryPolicy;

fn check(text: &str, expected: &Expect) {
    let found = match read::<RepositoryPolicy>("isobar.yaml", text) {
        Ok(policy) => format!("{policy:?}\n"),
        Err(found) => found
            .iter()
            .map(|d| {
                let hint = d.hint.as_ref().map_or(String::new(), |hint| format!(" ({hint})"));
                format!("{}: {}: {}{hint}\n", d.span, d.code, d.message)
            })
            .collect(),
    };
    expected.assert_eq(&found);
}

#[test]
fn an_empty_file_is_the_default() {
    assert_eq!(read("isobar.yaml", ""), Ok(RepositoryPolicy::default()));
    assert_eq!(read("isobar.yaml", "# nothing yet\n"), Ok(RepositoryPolicy::default()));
}

#[test]
fn every_mistake_is_reported_at_its_place() {
    let text = "\
version: one
reveiw: none
stacks:
  - match: 'core-*'
    manage: proposed
  - manage: correct
guard:
  deletes_max: -1
freeze: none
";
    check(
        text,
        &expect![[r#"
            isobar.yaml:1:10: settings-invalid: "one" is not of types "null", "integer"
            isobar.yaml:2:1: unknown-key: `reveiw` means nothing here (did you mean `review`?)
            isobar.yaml:5:13: settings-invalid: "proposed" is none of "observe", "propose", "correct" (did you mean `propose`?)
            isobar.yaml:6:5: settings-invalid: `match` is missing (add `match:` here)
            isobar.yaml:8:16: settings-invalid: -1 is less than the minimum of 0
            isobar.yaml:9:9: settings-invalid: "none" is not of type "array"
        "#]],
    );
}

/// Of several forms that may stand there, the mistake is told with the one that was meant.
#[test]
fn a_misspelt_key_of_one_form_is_told_as_such() {
    check(
        "review: {aprovals: 1}\nschemas: {opa: [x]}\n",
        &expect![[r#"
            isobar.yaml:1:9: settings-invalid: `approvals` is missing (add `approvals:` here)
            isobar.yaml:1:10: unknown-key: `aprovals` means nothing here (did you mean `approvals`?)
            isobar.yaml:2:11: unknown-key: `opa` means nothing here (what may stand here: base_path, level)
        "#]],
    );
    check(
        "review: {approvals: 1, aproval_hours: 3}\n",
        &expect![[r#"
        isobar.yaml:1:24: unknown-key: `aproval_hours` means nothing here (did you mean `approval_hours`?)
    "#]],
    );
    check(
        "review: [none]\n",
        &expect![[r#"
        isobar.yaml:1:9: settings-invalid: a list has none of the forms that may stand here
    "#]],
    );
}

/// What a variable says has no line of the file: it is at the variable, also where what is around it
/// lacks something.
#[test]
fn what_is_laid_over_a_file_is_named() {
    let text = "guard:\n  deletes_max: 5\nreview: {approvals: none}\n";
    let laid = |name: &str, text: &str| {
        let path = name.split("__").map(str::to_lowercase).collect();
        Overlay { name: name.to_owned(), path, text: text.to_owned() }
    };
    let overlays = [
        laid("GUARD__DELETES_MAX", "-1"),
        laid("GUARD__DELETE_MAX", "1"),
        laid("STACKS", "[{match: a, manage: correct}, {manage: none}]"),
        laid("FREEZE", "[{match: 'a['}]"),
        laid("RETRY__MAX", "1"),
    ];
    let found = read_with::<RepositoryPolicy>("isobar.yaml", text, &overlays, |_, _| Vec::new());
    let found = found.unwrap_err();
    let told: String = found.iter().map(|d| format!("{} {}\n", d.span, d.message)).collect();
    expect![[r#"
        FREEZE:1:1 `from` is missing
        FREEZE:1:1 `until` is missing
        FREEZE:1:1 `reason` is missing
        GUARD__DELETES_MAX:1:1 -1 is less than the minimum of 0
        GUARD__DELETE_MAX:1:1 `delete_max` means nothing here
        RETRY__MAX:1:1 `retry` means nothing here
        STACKS:1:1 `match` is missing
        STACKS:1:1 "none" is none of "observe", "propose", "correct"
        isobar.yaml:3:21 "none" is not of type "integer"
    "#]]
    .assert_eq(&told);
}

/// A pattern that fits nothing would manage nothing and freeze nothing, in silence.
#[test]
fn a_pattern_that_is_none_is_a_mistake() {
    check(
        "stacks:\n  - match: 'core-['\n    manage: correct\n",
        &expect![[r#"
            isobar.yaml:2:12: settings-invalid: error parsing glob 'core-[': unclosed character class; missing ']'
        "#]],
    );
}

#[test]
fn broken_yaml_is_reported_as_such() {
    check(
        "version: 1\nversion: 2\n",
        &expect![[r#"
            isobar.yaml:2:1: yaml-duplicate-key: the key `version` is already in this mapping (remove this one, or the one in line 1)
        "#]],
    );
}

/// What the schema has nothing against, and what it has, are told together; what lacks a part that
/// is wrong is not wrong once more, and what follows is at its own place.
#[test]
fn what_cannot_be_read_does_not_hide_the_rest() {
    check(
        "stacks:
  - match: 'core-*'
    manage: propsoe
  - match: 'core-['
    manage: correct
freeze:
  - match: 7
  - {match: 'x[', from: 2026-01-01T00:00:00Z, until: 2026-02-01T00:00:00Z, reason: none}
",
        &expect![[r#"
            isobar.yaml:3:13: settings-invalid: "propsoe" is none of "observe", "propose", "correct" (did you mean `propose`?)
            isobar.yaml:4:12: settings-invalid: error parsing glob 'core-[': unclosed character class; missing ']'
            isobar.yaml:7:5: settings-invalid: `from` is missing (add `from:` here)
            isobar.yaml:7:5: settings-invalid: `until` is missing (add `until:` here)
            isobar.yaml:7:5: settings-invalid: `reason` is missing (add `reason:` here)
            isobar.yaml:7:12: settings-invalid: 7 is not of type "string"
            isobar.yaml:8:13: settings-invalid: error parsing glob 'x[': unclosed character class; missing ']'
        "#]],
    );
}

#[test]
fn so_many_values_that_cannot_be_read_are_told() {
    let found = |count: usize| {
        let rules = "  - {match: '[', manage: observe}\n".repeat(count);
        let text = format!("stacks:\n{rules}");
        read::<RepositoryPolicy>("isobar.yaml", &text).expect_err("all are wrong").len()
    };
    // A rule without its pattern is none: two readings each.
    let told = READINGS_MAX / 2;
    assert_eq!((found(told), found(told + 1)), (told, told));
}
