use crate::{Document, Limits, parse_first};

fn document(source: &str) -> Document {
    let parsed = parse_first(source, &Limits::DEFAULT);
    assert_eq!(parsed.errors, [], "{source:?}");
    parsed.document
}

/// `key=value` of the entry `of`, with the line of the mapping a merged one comes from.
fn merged(doc: &Document, of: &str) -> Vec<String> {
    let mapping = doc.get(doc.root(), of).expect(of);
    let entries = doc.entries_merged(mapping);
    let show = |entry: &crate::MergedEntry| {
        let (key, value) = (doc.text(entry.key), doc.text(entry.value));
        match entry.via {
            Some(via) => format!("{key}={value}@{}", doc.span(via.mapping).start.line),
            None => format!("{key}={value}"),
        }
    };
    entries.iter().map(show).collect()
}

#[test]
fn own_entries_win_and_merged_ones_stand_at_the_merge_key() {
    let doc = document("a: &a {x: 1, y: 2}\nb:\n  p: 0\n  <<: *a\n  y: own\n");
    assert_eq!(merged(&doc, "b"), ["p=0", "x=1@1", "y=own"]);
    assert_eq!(merged(&doc, "a"), ["x=1", "y=2"]);
}

#[test]
fn of_several_mappings_the_first_wins() {
    let doc = document(concat!(
        "a: &a {x: 1}\n",
        "b: &b {x: 2, y: 2}\n",
        "c: {<<: [*a, *b, {y: 3, z: 3}]}\n",
    ));
    assert_eq!(merged(&doc, "c"), ["x=1@1", "y=2@2", "z=3@3"]);
}

#[test]
fn merges_nest_and_keep_their_origin() {
    let doc =
        document(concat!("a: &a {x: 1, y: 1}\n", "b: &b {<<: *a, y: 2}\n", "c: {<<: *b, z: 3}\n",));
    assert_eq!(merged(&doc, "c"), ["x=1@1", "y=2@2", "z=3"]);
    let c = doc.get(doc.root(), "c").expect("c");
    let first = doc.entries_merged(c)[0];
    let merge_key = first.via.expect("merged").merge_key;
    assert_eq!(doc.span(merge_key).start.line, 3);
}

#[test]
fn a_null_of_ones_own_wins_too() {
    let doc = document("a: &a {x: 1}\nb: {<<: *a, x: }\n");
    assert_eq!(merged(&doc, "b"), ["x="]);
}

#[test]
fn a_quoted_merge_key_is_a_name() {
    let doc = document("a: {'<<': {x: 1}}\nb: {!!merge '<<': {x: 1}}\n");
    assert_eq!(merged(&doc, "a"), ["<<="]);
    assert_eq!(merged(&doc, "b"), ["x=1@2"]);
}
