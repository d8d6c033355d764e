use crate::{Code, Limits, Span, SyntaxError, parse_first, parse_stream, source_text};

fn codes(source: &str, limits: &Limits) -> Vec<Code> {
    let errors = parse_stream(source, limits).errors;
    errors.iter().map(|error| error.code).collect()
}

fn errors(source: &str) -> Vec<SyntaxError> {
    parse_stream(source, &Limits::DEFAULT).errors
}

/// `line:column code`, for each error.
fn places(source: &str) -> Vec<String> {
    let place = |error: &SyntaxError| {
        let start = error.span.start;
        format!("{}:{} {}", start.line, start.column, error.code.as_str())
    };
    errors(source).iter().map(place).collect()
}

#[test]
fn a_stream_gives_every_document() {
    let stream = parse_stream("a: 1\n---\n- b\n...\n---\n", &Limits::DEFAULT);
    assert_eq!(stream.errors, []);
    let texts: Vec<_> = stream.documents.iter().map(|doc| doc.node_count()).collect();
    assert_eq!(texts, [3, 2, 1]);
    assert!(parse_stream("", &Limits::DEFAULT).documents.is_empty());
    assert!(parse_stream("# x\n", &Limits::DEFAULT).documents.is_empty());
}

#[test]
fn the_first_document_is_read_alone() {
    let parsed = parse_first("a: 1\n---\nb: [\n", &Limits::DEFAULT);
    assert_eq!(parsed.errors, []);
    let doc = parsed.document;
    assert!(doc.get(doc.root(), "a").is_some());
}

#[test]
fn all_mistakes_are_reported_at_once_in_source_order() {
    let source = concat!(
        "a: 1\n",
        "b: *nowhere\n",
        "a: 2\n",
        "~: x\n",
        "[p]: q\n",
        "c: &c [*c]\n",
        "<<: 5\n",
        "---\n",
        "broken: [1, 2\n",
        "---\n",
        "d: 1\n",
        "d: 2\n",
    );
    assert_eq!(
        places(source),
        [
            "2:4 yaml-unknown-alias",
            "3:1 yaml-duplicate-key",
            "4:1 yaml-null-key",
            "5:1 yaml-complex-key",
            "6:8 yaml-self-reference",
            "7:5 yaml-bad-merge",
            "9:9 yaml-syntax",
            "12:1 yaml-duplicate-key",
        ]
    );
}

#[test]
fn a_document_is_kept_as_far_as_it_was_read() {
    let parsed = parse_first("a: {b: c}\nd:\n  e: \"open\n", &Limits::DEFAULT);
    assert_eq!(parsed.errors.len(), 1);
    let doc = parsed.document;
    let a = doc.get(doc.root(), "a").expect("a was read");
    assert_eq!(doc.text(doc.get(a, "b").expect("b was read")), "c");
}

#[test]
fn syntax_errors_say_where_and_often_what_to_do() {
    let found = errors("a: b: c\n");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].code, Code::Syntax);
    assert_eq!((found[0].span.start.line, found[0].span.start.column), (1, 5));
    assert!(!found[0].message.is_empty());
    assert!(found[0].hint.is_some());
}

#[test]
fn bytes_that_are_no_text_are_located() {
    assert_eq!(source_text("é".as_bytes()), Ok("é"));
    let error = source_text(b"a: \xc3\xa9\nb: \xff").expect_err("0xff is not UTF-8");
    assert_eq!(error.code, Code::NotUtf8);
    let start = error.span.start;
    assert_eq!((start.line, start.column, start.byte), (2, 4, 9));
}

#[test]
fn source_size_is_limited() {
    let limits = Limits { source_bytes: 4, ..Limits::DEFAULT };
    assert_eq!(codes("a: 1", &limits), []);
    assert_eq!(codes("a: 12", &limits), [Code::TooLarge]);
}

#[test]
fn depth_is_limited_however_it_comes_about() {
    let limits = Limits { depth: 5, ..Limits::DEFAULT };
    let flow = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    let pairs = |n: usize| format!("{}[a: x]{}", "[".repeat(n - 2), "]".repeat(n - 2));
    let mappings = |n: usize| {
        let lines = (0..n).map(|level| format!("{}k:\n", " ".repeat(level)));
        lines.collect::<String>()
    };
    let sources = |n: usize| {
        [
            flow(n),
            "- ".repeat(n) + "x",
            format!("- - {}", flow(n - 2)),
            pairs(n),
            mappings(n),
            format!("- &a {}\n- - *a\n", flow(n - 2)),
        ]
    };
    for (fits, exceeds) in sources(5).iter().zip(&sources(6)) {
        assert_eq!(codes(fits, &limits), [], "{fits}");
        assert_eq!(codes(exceeds, &limits), [Code::TooDeep], "{exceeds}");
    }
    assert_eq!(codes(&flow(64), &Limits::DEFAULT), []);
    assert_eq!(codes(&flow(65), &Limits::DEFAULT), [Code::TooDeep]);
    assert_eq!(codes(&flow(5_000), &Limits::DEFAULT), [Code::TooDeep]);
}

#[test]
fn nodes_are_limited_over_the_whole_stream() {
    let limits = Limits { nodes: 6, ..Limits::DEFAULT };
    assert_eq!(codes("[1, 2, 3, 4, 5]", &limits), []);
    assert_eq!(codes("[1, 2, 3, 4, 5, 6]", &limits), [Code::TooManyNodes]);
    assert_eq!(codes("[1, 2]\n---\n[3, 4]\n", &limits), []);
    assert_eq!(codes("[1, 2]\n---\n[3, 4, 5]\n", &limits), [Code::TooManyNodes]);
}

#[test]
fn aliases_are_limited() {
    let limits = Limits { aliases: 2, ..Limits::DEFAULT };
    assert_eq!(codes("[&a x, *a, *a]", &limits), []);
    assert_eq!(codes("[&a x, *a, *a, *a]", &limits), [Code::TooManyAliases]);
}

#[test]
fn expansion_is_limited() {
    let limits = Limits { expanded_nodes: 9, ..Limits::DEFAULT };
    // The list, [x, y] as three, twice more by alias: ten.
    assert_eq!(codes("[&a [x, y], *a, z]", &limits), []);
    assert_eq!(codes("[&a [x, y], *a, *a]", &limits), [Code::TooMuchExpansion]);
    let laughs = (0..9).fold(String::from("- &l0 [lol]\n"), |text, level| {
        let alias = format!("*l{level}, ").repeat(10);
        format!("{text}- &l{} [{alias}]\n", level + 1)
    });
    assert_eq!(codes(&laughs, &Limits::DEFAULT), [Code::TooMuchExpansion]);
}

#[test]
fn errors_are_limited() {
    let limits = Limits { errors: 3, ..Limits::DEFAULT };
    assert_eq!(codes("[*a, *b, *c]", &limits).len(), 3);
    assert_eq!(codes("[*a, *b, *c, *d]", &limits).len(), 3);
}

/// The parser says how far it came; the author has to look where that begins.
#[test]
fn a_mistake_is_told_where_it_begins() {
    let places = |source: &str| {
        let found = parse_first(source, &Limits::DEFAULT).errors.remove(0);
        let place = |span: Span| (span.start.line, span.start.column);
        (place(found.span), found.related.map(|related| place(related.span)))
    };
    assert_eq!(places("a:\n  b: \"open\n  c: 1\nd: 1\n"), ((2, 6), Some((3, 3))));
    assert_eq!(places("a:\n  b: 'it''s\n  c: 1\n"), ((2, 6), Some((3, 3))));
    assert_eq!(places("a: 'x\n--- b\n"), ((1, 4), Some((2, 1))));
    assert_eq!(places("a: \"x\nb: \"y\"\n"), ((1, 4), Some((2, 1))));
    assert_eq!(places("a: \"x\n  b: \"y\"\n").1, Some((1, 4)));
    assert_eq!(places("a:\n\tb: 1\n"), ((2, 1), None));
    assert_eq!(places("a:\n  - b\n\t- c\n"), ((3, 1), None));
    assert_eq!(places("a: {b: [1, 2\nc: 1\n").1, Some((1, 8)));
    assert_eq!(places("a: b: c\n"), ((1, 5), None));
}
