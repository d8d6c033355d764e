//! Whatever the source, the tree is sound.

use proptest::prelude::*;
use yaml_span::schema::{v2, v3};
use yaml_span::{Document, Kind, Limits, NodeId, Style, parse_first, parse_stream, source_text};

/// Pieces of YAML, so that random sequences of them are often nearly valid.
const PIECES: &[&str] = &[
    "a",
    "b",
    "key",
    "12",
    "é",
    "日本",
    "~",
    "<<",
    " ",
    "  ",
    "    ",
    "\n",
    "\n",
    "\r\n",
    "\n\n",
    "\n  ",
    "\n    ",
    "\n- ",
    "\n  - ",
    "- ",
    ": ",
    ":",
    ": ",
    ",",
    ", ",
    "[",
    "]",
    "{",
    "}",
    "#",
    " # c",
    "'",
    "\"",
    "''",
    "'x'",
    "\"y\"",
    "\\",
    "\\n",
    "\"\\u00e9\"",
    "|",
    "|\n",
    "|-\n",
    "|+\n",
    "|2\n",
    ">\n",
    ">-\n",
    "> # |\n",
    "&a ",
    "&a",
    "*a",
    "*a ",
    "!t ",
    "!!str ",
    "!!int ",
    "! ",
    "!<x> ",
    "? ",
    "\n? ",
    "\n: ",
    "---\n",
    "\n---\n",
    "\n...\n",
    "%YAML 1.2\n",
    "\t",
    "\u{85}",
    "\0",
    "@",
    "`",
    "%",
    "<<: *a",
    "<<: [*a, *a]",
    "a: 1\n",
    "\n  b: 2",
    "\n- c: 3",
    "x y z",
    "-",
];

fn yaml_like() -> impl Strategy<Value = String> {
    let pieces = prop::collection::vec(prop::sample::select(PIECES), 0..40);
    pieces.prop_map(|pieces| pieces.concat())
}

/// Well-formed by construction: nested block mappings and sequences of scalars.
fn well_formed() -> impl Strategy<Value = String> {
    let line = (0_usize..4, 0_usize..5, "[a-zé]{1,6}( [a-z]{1,5}){0,2}");
    prop::collection::vec(line, 1..20).prop_map(|lines| {
        let mut source = String::new();
        for (index, (blanks, form, text)) in lines.into_iter().enumerate() {
            source.push_str(&"\n".repeat(blanks / 3));
            source.push_str(&match form {
                0 => format!("k{index}: {text}\n"),
                1 => format!("k{index}:   '{text}'  # {text}\n"),
                2 => format!("k{index}: &x{index} !t\n- {text}\n- - {text}\n"),
                3 => format!("k{index}: # {text}\n  sub: \"{text}\"\n  list:\n    - {text}\n"),
                _ => format!("k{index}: |\n   {text}\n\n   {text}\n"),
            });
        }
        source
    })
}

/// Line and column from 1 by counting from the start.
fn place(source: &str, byte: u32) -> (u32, u32) {
    let before = source[..byte as usize].replace("\r\n", "\n");
    let line_start = before.rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let lines = before.matches(['\n', '\r']).count();
    let column = before[line_start..].chars().count();
    (lines as u32 + 1, column as u32 + 1)
}

fn check_spans(doc: &Document) {
    let source = doc.source();
    for id in doc.ids() {
        let span = doc.span(id);
        let slice = source.get(span.bytes()).expect("a span slices the source");
        for at in [span.start, span.end] {
            assert_eq!((at.line, at.column), place(source, at.byte), "{id:?}");
        }
        let one_line = !slice.contains(['\n', '\r']);
        if doc.kind(id) == Kind::Scalar && doc.style(id) == Style::Plain && one_line {
            let broken_alias = slice.starts_with('*') && doc.text(id).is_empty();
            assert!(slice == doc.text(id) || broken_alias, "{slice:?}");
        }
        if let Some(tag) = doc.tag(doc.target(id)) {
            assert!(source[tag.span.bytes()].starts_with('!'), "{tag:?}");
        }
    }
}

/// Visits a tree through its aliases and counts the nodes.
fn walk(doc: &Document, id: NodeId, depth: usize) -> u64 {
    assert!(depth <= Limits::DEFAULT.depth + 1, "a walk is not too deep");
    let inner = doc.target(id);
    if let Kind::Alias(target) = doc.kind(id) {
        assert!(target < id && !matches!(doc.kind(target), Kind::Alias(_)));
    }
    let children = doc.items(inner).iter().copied();
    let children = children.chain(doc.entries(inner).flat_map(|(key, value)| [key, value]));
    let mut nodes = 1;
    let mut last = inner;
    for child in children {
        assert!(child > last, "children follow their parent in order");
        let outer = doc.span(inner);
        let within = doc.span(child);
        assert!(outer.start <= within.start && within.end <= outer.end);
        last = child;
        nodes += walk(doc, child, depth + 1);
    }
    nodes
}

fn check(source: &str) {
    let stream = parse_stream(source, &Limits::DEFAULT);
    for error in &stream.errors {
        let related = error.related.as_ref().map(|related| related.span);
        for span in std::iter::once(error.span).chain(related) {
            assert!(source.get(span.bytes()).is_some(), "{error:?}");
        }
    }
    for doc in &stream.documents {
        check_spans(doc);
        assert_eq!(walk(doc, doc.root(), 0), doc.expanded_len());
        for id in doc.ids() {
            let merged = doc.entries_merged(id);
            assert!(
                merged.len() >= doc.entries(id).len()
                    || doc.entries(id).any(|(key, _)| doc.is_merge_key(key))
            );
            let _ = (v3::scalar(doc, id), v2::scalar(doc, id));
        }
    }
    let first = parse_first(source, &Limits::DEFAULT).document;
    if let (Some(document), []) = (stream.documents.first(), stream.errors.as_slice()) {
        assert_eq!(first.node_count(), document.node_count());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = source_text(&bytes);
        let text = String::from_utf8_lossy(&bytes);
        let stream = parse_stream(text.as_ref(), &Limits::DEFAULT);
        for doc in &stream.documents {
            prop_assert!(doc.ids().all(|id| text.get(doc.span(id).bytes()).is_some()));
        }
    }

    #[test]
    fn nearly_valid_sources_give_sound_trees(source in yaml_like()) {
        check(&source);
    }

    #[test]
    fn valid_sources_give_sound_trees_without_errors(source in well_formed()) {
        prop_assert_eq!(parse_stream(source.as_str(), &Limits::DEFAULT).errors, []);
        check(&source);
    }

    #[test]
    fn scalars_of_any_text_are_typed(text in "[-+.0-9_eExXoObBaFnN:TZ ~]{0,12}", plain: bool) {
        let tags = [None, Some("!!int"), Some("!!float"), Some("!!timestamp"), Some("!!binary")];
        for tag in tags {
            let _ = (v3::resolve(&text, plain, tag), v2::resolve(&text, plain, tag));
        }
    }
}
