//! Any text as a YAML stream: every node has a place in the source and a type under both rules.

#![no_main]

use libfuzzer_sys::fuzz_target;
use yaml_span::{Document, Limits, parse_stream, schema::v2, schema::v3};

fuzz_target!(|text: &str| {
    let stream = parse_stream(text, &Limits::DEFAULT);
    assert!(stream.errors.len() <= Limits::DEFAULT.errors);
    stream.documents.iter().for_each(look);
    if stream.errors.is_empty() {
        let expanded = stream.documents.iter().map(Document::expanded_len);
        assert!(expanded.max().unwrap_or(0) <= Limits::DEFAULT.expanded_nodes);
    }
});

fn look(document: &Document) {
    assert!(document.node_count() <= Limits::DEFAULT.nodes);
    for id in document.ids() {
        let span = document.span(id);
        assert!(span.start.byte <= span.end.byte);
        assert!(span.end.byte as usize <= document.source().len());
        if document.is_mapping(id) {
            document.entries_merged(id);
        } else if document.is_scalar(id) {
            let _ = (v2::scalar(document, id), v3::scalar(document, id));
        }
    }
}
