use std::sync::Arc;

use proptest::prelude::*;

use super::read;
use crate::parse::in_full;
use crate::{Document, Limits, parse_stream};

/// Lines, so that random sequences of them are often read and often refused.
const LINES: &[&str] = &[
    "a:",
    "b:",
    "c: 1",
    "d: -1 # comment",
    "e: \"x: # y\"",
    "'f': 'z'  ",
    "g: {}",
    "h: [] # none",
    "i: it's # not \"quoted\"",
    "- x",
    "- \"y\"",
    "- k: 1",
    "-  l: 'm'",
    "- n:",
    "- {}",
    "",
    "   ",
    "# comment",
    "#",
    "---",
    "o: 'it''s'",
    "p: \"\\n\"",
    "q: r: s",
    "t: u #v",
    "w:x",
    "x :",
    "y: - z",
    "- - a",
    "-",
    "? a",
    "b: |",
    "c: [1, 2]",
    "d: &e f",
    "g: *e",
    "h: !t i",
    "...",
    "word",
    "j: k:",
    "<<: {}",
    "\"l\" : m",
    "n: \"o\"p",
    "q: -",
    "r: é",
    "s:\tt",
    "u: v\r",
    "http://w: x",
    "- http://y",
    "a #b: c",
    "~: d",
];

/// All that can be asked of a document.
fn facts(document: &Document) -> Vec<String> {
    let all = document.ids().map(|id| {
        let entries: Vec<_> = document.entries(id).collect();
        let (kind, span, style) = (document.kind(id), document.span(id), document.style(id));
        let (text, items, tag) = (document.text(id), document.items(id), document.tag(id));
        format!("{kind:?} {span:?} {style:?} {text:?} {items:?} {entries:?} {tag:?}")
    });
    all.chain([document.expanded_len().to_string()]).collect()
}

/// Whether `source` is read here, and then like in full.
fn agrees(source: &str) -> bool {
    let source: Arc<str> = source.into();
    if read(&source, &Limits::DEFAULT).is_none() {
        return false;
    }
    let (here, full) =
        (parse_stream(&*source, &Limits::DEFAULT), in_full(&source, &Limits::DEFAULT, false));
    assert_eq!(here.errors, full.errors, "{source}");
    let [document] = full.documents.as_slice() else { panic!("one document: {source}") };
    assert_eq!(facts(&here.documents[0]), facts(document), "{source}");
    true
}

#[test]
fn what_most_files_look_like_is_read_here() {
    let sources = [
        "a: 1\n",
        "a: 1",
        "---\n# about\n\na:\n  b: c\n  d:\n  - 1\n  - e: f\n    g:\n      - h\n  i: {}\nj: []\n",
        "import:\n  - catalog/vpc # why\n\nvars:\n    'x y': \"z\"  \n    region: us-east-1\n",
        "- a\n-   b: c\n    d: e\n- {}\n",
        "a:\n- b:\n  - c\n- d\ne: 1\n",
    ];
    for source in sources {
        assert!(agrees(source), "{source}");
    }
}

#[test]
fn what_needs_more_is_left_to_the_full_parse() {
    let sources = [
        "",
        "word",
        "{}",
        "# a",
        "a:",
        "a: b: c",
        "a: |\n  b",
        "a: 'b\n  c'",
        "a: b\n  c",
        "a: [b]",
        "a: &b c",
        "a: !b c",
        "a: 1\n b: 2",
        "a: 1\n---\nb: 2",
        "a: 1\n- b",
        "- a\nb: 1",
        "\ta: 1",
        "a: \"\\n\"",
        "a: 'b''c'",
        "? a",
        "a: é",
        "a:\n  b: 1\n c: 2",
    ];
    for source in sources {
        assert!(read(&source.into(), &Limits::DEFAULT).is_none(), "{source}");
    }
}

#[test]
fn bounds_are_left_to_the_full_parse() {
    let nodes = Limits { nodes: 3, ..Limits::DEFAULT };
    assert!(read(&"a: 1".into(), &nodes).is_some());
    assert!(read(&"a: {}\nb: 1".into(), &nodes).is_none());
    let depth = Limits { depth: 2, ..Limits::DEFAULT };
    assert!(read(&"a:\n  b: 1".into(), &depth).is_some());
    assert!(read(&"a:\n  b:\n    c: 1".into(), &depth).is_none());
    assert!(read(&"a:\n  b: {}".into(), &depth).is_none());
    let key = |bytes: usize| -> Arc<str> { format!("{}: 1", "k".repeat(bytes)).into() };
    assert!(read(&key(1_000), &Limits::DEFAULT).is_some());
    assert!(read(&key(1_001), &Limits::DEFAULT).is_none());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_read_here_is_read_alike(
        lines in prop::collection::vec((0..4_usize, 0..LINES.len()), 1..8),
    ) {
        let lines = lines.iter().map(|(depth, line)| "  ".repeat(*depth) + LINES[*line]);
        agrees(&lines.collect::<Vec<_>>().join("\n"));
    }
}
