use super::*;
use crate::plan::tests::fixture::value;

/// `path: before -> after`, one a line.
fn said(before: Option<&str>, after: Option<&str>) -> String {
    let (before, after) = (before.map(value), after.map(value));
    let side =
        |value: &Option<Value>| value.as_ref().map_or("nothing".into(), |v| format!("{v:?}"));
    let found = diff(before.as_ref(), after.as_ref());
    for one in &found {
        // Both sides have to be found again under the path.
        assert_eq!(before.as_ref().and_then(|v| one.path.find(v)), one.before.as_ref());
        assert_eq!(after.as_ref().and_then(|v| one.path.find(v)), one.after.as_ref());
    }
    let line =
        |one: &Difference| format!("{}: {} -> {}", one.path, side(&one.before), side(&one.after));
    found.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn between(before: &str, after: &str) -> String {
    said(Some(before), Some(after))
}

#[test]
fn fields_are_told_apart_down_to_the_leaves() {
    assert_eq!(between(r#"{"a": 1, "b": 2}"#, r#"{"b": 2, "a": 1}"#), "");
    assert_eq!(
        between(r#"{"b": 1, "a": {"x": 1}}"#, r#"{"a": {"x": 2}}"#),
        "a.x: 1 -> 2\nb: 1 -> nothing"
    );
    assert_eq!(between(r#"{"a": null}"#, r#"{}"#), "a: null -> nothing");
    assert_eq!(between(r#"{"a": 1}"#, r#"{"a": "1"}"#), r#"a: 1 -> "1""#);
    assert_eq!(between(r#"{"a": {}}"#, r#"{"a": []}"#), "a: {} -> []");
    assert_eq!(between("1", r#"{"a": 1}"#), r#": 1 -> {"a": 1}"#);
    assert_eq!(between(r#"{"a": {"$float": "NaN"}}"#, r#"{"a": {"$float": "NaN"}}"#), "");
}

#[test]
fn what_comes_or_goes_is_told_in_full() {
    assert_eq!(
        said(None, Some(r#"{"b": {"x": 1}, "a": [1, 2], "c": {}}"#)),
        "a: nothing -> [1, 2]\nb.x: nothing -> 1\nc: nothing -> {}"
    );
    assert_eq!(said(Some(r#"{"a": [{"x": 1}]}"#), None), "a[0].x: 1 -> nothing");
    assert_eq!(said(None, None), "");
}

#[test]
fn lists_are_compared_item_by_item_only_where_items_stand_still() {
    // As long as before: each item is itself.
    assert_eq!(between("[1, 2, 3]", "[1, 9, 3]"), "[1]: 2 -> 9");
    // The longer one goes on where the shorter ends.
    assert_eq!(between("[1, 2]", "[1, 2, 3]"), "[2]: nothing -> 3");
    // Moved items would make paths that mean one thing before and another after.
    assert_eq!(between("[1, 2]", "[0, 1, 2]"), ": [1, 2] -> [0, 1, 2]");
}

#[test]
fn named_items_are_known_by_their_names() {
    let two = r#"[{"name": "a", "v": 1}, {"name": "b", "v": 2}]"#;
    let changed = r#"[{"name": "a", "v": 1}, {"name": "b", "v": 3}]"#;
    assert_eq!(between(two, changed), "[1].v: 2 -> 3");
    let more = r#"[{"name": "a", "v": 9}, {"name": "b", "v": 2}, {"name": "c", "v": 3}]"#;
    assert_eq!(
        between(two, more),
        "[0].v: 1 -> 9\n[2].name: nothing -> \"c\"\n[2].v: nothing -> 3"
    );
    let swapped = r#"[{"name": "b", "v": 2}, {"name": "a", "v": 1}]"#;
    assert!(between(two, swapped).starts_with(": ["), "the list as a whole");
    // Two of one name: the name tells nothing.
    let twins = r#"[{"name": "a", "v": 1}, {"name": "a", "v": 2}]"#;
    assert_eq!(between(twins, &twins.replace('2', "3")), "[1].v: 2 -> 3");
}

#[test]
fn more_fields_than_anybody_reads_are_one() {
    let map = |count: usize, v: u8| {
        let entries: Vec<_> = (0..count).map(|at| format!("\"k{at}\": {v}")).collect();
        value(&format!("{{{}}}", entries.join(",")))
    };
    let found = |count| diff(Some(&map(count, 1)), Some(&map(count, 2))).len();
    assert_eq!(found(FIELDS_MAX), FIELDS_MAX);
    assert_eq!(found(FIELDS_MAX + 1), 1);
}

#[test]
fn ignored_fields_keep_what_is_there() {
    let kept = |intended: &str, live: &str, path: &str| {
        let path = FieldPath::parse(path).unwrap();
        format!("{:?}", keep_ignored(&value(intended), &value(live), &[path]))
    };
    assert_eq!(kept(r#"{"a": {"b": 1}}"#, r#"{"a": {"b": 2}}"#, "a.b"), r#"{"a": {"b": 2}}"#);
    assert_eq!(kept(r#"{"a": {"b": 1}}"#, r#"{"a": {}}"#, "a.b"), r#"{"a": {}}"#);
    assert_eq!(kept(r#"{}"#, r#"{"a": {"b": 2, "c": 3}}"#, "a.b"), r#"{"a": {"b": 2}}"#);
    assert_eq!(kept(r#"{}"#, r#"{"a": 1}"#, "a.b"), "{}");
    assert_eq!(kept("[1, 2]", "[3, 4]", "[1]"), "[1, 4]");
    assert_eq!(kept("1", "2", ""), "2");
}
