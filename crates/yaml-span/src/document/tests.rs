use crate::{Document, Kind, Limits, NodeId, Style, parse_first};

fn document(source: &str) -> Document {
    let parsed = parse_first(source, &Limits::DEFAULT);
    assert_eq!(parsed.errors, [], "{source:?}");
    parsed.document
}

/// Follows keys and indexes from the root.
fn at(doc: &Document, path: &[&str]) -> NodeId {
    path.iter().fold(doc.root(), |id, step| match step.parse::<usize>() {
        Ok(index) => doc.items(id)[index],
        Err(_) => doc.get(id, step).expect(step),
    })
}

fn slice(doc: &Document, id: NodeId) -> &str {
    &doc.source()[doc.span(id).bytes()]
}

#[test]
fn spans_hold_the_node_and_nothing_else() {
    let doc = document(concat!(
        "a: &x !t 'b' # c\n",
        "b: *x\n",
        "c: [1, {g: h}, i: j] # end\n",
        "d: &d\n",
        "- !x one\n",
        "-   two # second\n",
        "\n",
        "# trailing\n",
        "e:\n",
        "  - f: | # header\n",
        "      text\n",
        "\n",
        "  - g: multi\n",
        "      line\n",
        "é: \"ü\\n\"\n",
    ));
    let text = |path: &[&str]| slice(&doc, at(&doc, path));
    assert_eq!(text(&["a"]), "'b'");
    assert_eq!(text(&["b"]), "*x");
    assert_eq!(text(&["c"]), "[1, {g: h}, i: j]");
    assert_eq!(text(&["c", "1"]), "{g: h}");
    assert_eq!(text(&["c", "2"]), "i: j");
    assert_eq!(text(&["d"]), "- !x one\n-   two");
    assert_eq!(text(&["d", "0"]), "one");
    assert_eq!(text(&["e", "0", "f"]), "| # header\n      text");
    assert_eq!(text(&["e", "1"]), "g: multi\n      line");
    assert_eq!(text(&["é"]), "\"ü\\n\"");
    assert_eq!(text(&[]), doc.source().trim_end());
    let tag = doc.tag(at(&doc, &["a"])).expect("tagged");
    assert_eq!(
        (tag.text, &doc.source()[tag.span.bytes()]),
        ("!t", "!t"),
        "the anchor before the tag is not part of it"
    );
}

#[test]
fn positions_count_lines_and_characters_from_one() {
    let doc = document("\u{feff}é: ü # x\r\nb:\r\n  - |\r\n    x\r\n    y\r\n  - z\n");
    let span = doc.span(at(&doc, &["é"]));
    assert_eq!((span.start.line, span.start.column, span.start.byte), (1, 4, 7));
    assert_eq!((span.end.line, span.end.column, span.end.byte), (1, 5, 9));
    let block = doc.span(at(&doc, &["b", "0"]));
    assert_eq!((block.start.line, block.start.column), (3, 5));
    assert_eq!((block.end.line, block.end.column), (5, 6));
    assert_eq!(doc.span(at(&doc, &["b", "1"])).start.line, 6);
}

#[test]
fn scalars_are_decoded() {
    let doc = document(concat!(
        "plain: one\n  two\n\n  three\n",
        "single: 'it''s\n\n  here'\n",
        "double: \"a\\tb\\u00e9\\\n  c\"\n",
        "keep: |+\n  x\n\n",
        "strip: |-\n  x\n\n",
        "clip: |\n  x\n\n",
        "fold: >\n  a\n  b\n\n  c\n   more\n  d\n",
    ));
    let text = |key: &str| doc.text(at(&doc, &[key])).to_owned();
    assert_eq!(text("plain"), "one two\nthree");
    assert_eq!(text("single"), "it's\nhere");
    assert_eq!(text("double"), "a\tbéc");
    assert_eq!(text("keep"), "x\n\n");
    assert_eq!(text("strip"), "x");
    assert_eq!(text("clip"), "x\n");
    assert_eq!(text("fold"), "a b\nc\n more\nd\n");
}

#[test]
fn an_alias_reads_as_its_target() {
    let doc = document("a: &x !t {k: v}\nb: *x\nc: &s 'text'\nd: *s\n");
    let (a, b) = (at(&doc, &["a"]), at(&doc, &["b"]));
    assert_eq!(doc.kind(b), Kind::Alias(a));
    assert_eq!(doc.target(b), a);
    assert_eq!(doc.text(doc.get(b, "k").expect("k")), "v");
    assert_eq!(doc.tag(b).map(|tag| tag.text), Some("!t"));
    assert_eq!(doc.style(b), Style::Flow);
    assert!(doc.is_mapping(b) && !doc.is_scalar(b));
    assert_eq!(doc.text(at(&doc, &["d"])), "text");
    assert_eq!(slice(&doc, at(&doc, &["d"])), "*s");
}

#[test]
fn tags_have_a_short_form() {
    let doc = document(concat!(
        "%TAG !e! tag:example.com,2000:\n---\n",
        "- !!int 1\n- !<tag:yaml.org,2002:str> 1\n- !local 1\n- ! 1\n- !e!x 1\n",
        "- !<tag:a,2000:b> 1\n- !a%20b 1\n- 1\n- !!map\n  a: b\n",
    ));
    let tags: Vec<_> =
        doc.items(doc.root()).iter().map(|item| doc.tag(*item).map(|tag| tag.text)).collect();
    let expected = [
        Some("!!int"),
        Some("!!str"),
        Some("!local"),
        Some("!"),
        Some("tag:example.com,2000:x"),
        Some("tag:a,2000:b"),
        Some("!a b"),
        None,
        Some("!!map"),
    ];
    assert_eq!(tags, expected);
}

#[test]
fn what_is_left_out_is_a_plain_scalar_without_text() {
    let doc = document("a:\nb: ~\nc: ''\nd: !!str\ne: [x: , y]\n");
    let is_empty_plain = |path: &[&str]| {
        let id = at(&doc, path);
        doc.is_plain(id) && doc.text(id).is_empty() && slice(&doc, id).is_empty()
    };
    assert!(is_empty_plain(&["a"]));
    assert_eq!(doc.text(at(&doc, &["b"])), "~");
    assert!(!doc.is_plain(at(&doc, &["c"])));
    assert!(is_empty_plain(&["d"]));
    assert!(is_empty_plain(&["e", "0", "x"]));
    let empty = document("# nothing\n");
    assert_eq!(
        (empty.node_count(), empty.text(empty.root())),
        (1, ""),
        "an empty document has a root"
    );
}

#[test]
fn questions_that_do_not_fit_a_node_answer_nothing() {
    let doc = document("a: [x]\n");
    let (root, list) = (doc.root(), at(&doc, &["a"]));
    assert!(doc.items(root).is_empty());
    assert_eq!(doc.entries(list).len(), 0);
    assert_eq!(doc.text(list), "");
    assert_eq!(doc.get(root, "b"), None);
    assert!(doc.entries_merged(list).is_empty());
}

#[test]
fn the_expanded_length_counts_aliases_as_their_targets() {
    let doc = document("a: &a [x, y]\nb: &b [*a, *a]\nc: *b\n");
    // The root, three keys, a = 3, b = 1 + 2 * 3, c = 7.
    assert_eq!(doc.expanded_len(), 1 + 3 + 3 + 7 + 7);
    assert_eq!(doc.node_count(), 1 + 3 + 3 + 3 + 1);
}
