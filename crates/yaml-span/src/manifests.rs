//! What the tools of Kubernetes do not read, or read as something else than YAML says it is.
//!
//! They take a file apart at its lines `---`, and give each part to `go.yaml.in/yaml/v2`, a parser of
//! YAML 1.1, which reads one document of it and leaves out the rest. Whatever stands in a manifest
//! and would be lost or mean something else there is an error here.

use std::borrow::Cow;
use std::sync::Arc;

use crate::document::{Document, Kind, NodeId, Style};
use crate::error::{Code, Errors, SyntaxError};
use crate::limits::Limits;
use crate::parse::{Stream, parse_stream};
use crate::position::{Position, Span};
use crate::schema::{Scalar, v2};

/// Parses every document of a file with manifests for Kubernetes.
pub fn parse_manifests(source: impl Into<Arc<str>>, limits: &Limits) -> Stream {
    let source = source.into();
    let mut stream = parse_stream(source.clone(), limits);
    if stream.errors.is_empty() {
        let mut errors = Errors::new(limits.errors);
        let parts = parts(&source, &mut errors);
        separated(&stream.documents, &parts, &mut errors);
        line_breaks(&source, &mut errors);
        for document in &stream.documents {
            document.ids().for_each(|id| node(document, id, &mut errors));
        }
        stream.errors = errors.into_sorted();
    }
    stream
}

/// Where each part begins, as lines `---` take the source apart.
fn parts(source: &str, errors: &mut Errors) -> Vec<usize> {
    let (mut parts, mut begins, mut at) = (vec![0], true, 0);
    for line in source.split_inclusive('\n') {
        let said = line.trim_start_matches('\u{feff}');
        if let Some(rest) = line.strip_prefix("---") {
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                let message = "a line `---` has nothing but a comment behind it in a manifest";
                let hint = "begin the document on the next line";
                errors.push(wrong(source, at..at + line.trim_end().len(), message, hint));
            }
            parts.push(at);
            begins = true;
        } else if begins && !said.trim().is_empty() && !said.trim_start().starts_with('#') {
            begins = false;
            let place = at..at + line.trim_end().len();
            if said.starts_with('%') {
                let message = "a manifest has no directives";
                errors.push(wrong(source, place, message, "take the line out"));
            } else if said.strip_prefix("...").is_some_and(|rest| rest.trim().is_empty()) {
                let message = "a document ends here that has not begun";
                errors.push(wrong(source, place, message, "take the line out"));
            }
        }
        at += line.len();
    }
    parts
}

/// Of two documents in one part the second would be left out.
fn separated(documents: &[Document], parts: &[usize], errors: &mut Errors) {
    let mut last = None;
    for document in documents {
        let (root, place) = (document.root(), document.span(document.root()));
        if document.is_plain(root) && document.text(root).is_empty() {
            continue;
        }
        let part = parts.partition_point(|begins| *begins <= place.start.byte as usize);
        if last == Some(part) {
            let message = "a document of a manifest begins after a line `---`";
            let found = SyntaxError::new(Code::Syntax, Span::empty(place.start), message);
            errors.push(found.hint("put `---` on a line of its own before it"));
        }
        last = Some(part);
    }
}

/// Characters that end a line in YAML 1.1, and in YAML 1.2 do not.
fn line_breaks(source: &str, errors: &mut Errors) {
    if source.is_ascii() {
        return;
    }
    for (at, found) in source.match_indices(['\u{85}', '\u{2028}', '\u{2029}']) {
        let message =
            format!("U+{:04X} ends a line here", found.chars().next().map_or(0, u32::from));
        let hint = "write it as an escape in double quotes: `\\N`, `\\L` or `\\P`";
        errors.push(wrong(source, at..at + found.len(), message, hint));
    }
}

fn node(document: &Document, id: NodeId, errors: &mut Errors) {
    match document.kind(id) {
        Kind::Scalar => scalar(document, id, errors),
        Kind::Sequence if document.style(id) == Style::Flow => {
            document.items(id).iter().for_each(|item| in_brackets(document, *item, errors));
        }
        Kind::Mapping => {
            keys(document, id, errors);
            if document.style(id) == Style::Flow {
                for (key, value) in document.entries(id) {
                    in_brackets(document, key, errors);
                    in_brackets(document, value, errors);
                    colon(document, key, errors);
                }
            }
        }
        Kind::Sequence | Kind::Alias(_) => {}
    }
}

fn scalar(document: &Document, id: NodeId, errors: &mut Errors) {
    let (source, place) = (document.source(), document.span(id));
    if let Err(mismatch) = v2::scalar(document, id) {
        let found = SyntaxError::new(Code::Syntax, place, mismatch.to_string());
        errors.push(found.hint("take the tag out, or write what it says"));
    }
    if document.style(id) == Style::DoubleQuoted {
        let text = &source[place.bytes()];
        for (at, length) in escapes(text) {
            let at = place.start.byte as usize + at;
            let message = format!("`{}` is an escape of JSON alone", &source[at..at + length]);
            let hint = "write the character itself";
            errors.push(wrong(source, at..at + length, message, hint));
        }
    }
}

/// Where a quoted text has escapes that JSON has, and YAML 1.1 has not: `\/`, and halves of a
/// character.
fn escapes(text: &str) -> Vec<(usize, usize)> {
    let bytes = text.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while let Some(slash) = memchr::memchr(b'\\', &bytes[at..]).map(|next| at + next) {
        match &bytes[slash + 1..] {
            [b'/', ..] => found.push((slash, 2)),
            [b'u', b'd' | b'D', b'8'..=b'9' | b'a'..=b'f' | b'A'..=b'F', _, _, ..] => {
                found.push((slash, 6));
            }
            _ => {}
        }
        at = slash + 2;
    }
    found
}

/// What means something else between brackets.
fn in_brackets(document: &Document, id: NodeId, errors: &mut Errors) {
    let (source, place) = (document.source(), document.span(id));
    if let (Kind::Scalar, Style::Plain) = (document.kind(id), document.style(id)) {
        let text = document.text(id);
        if text.contains('?') || text.starts_with(':') {
            let message = "between brackets a text with `?`, or with `:` in front, needs quotes";
            errors.push(SyntaxError::new(Code::Syntax, place, message).hint("quote the text"));
        }
    }
    let is_alias = matches!(document.kind(id), Kind::Alias(_));
    if let Some(tag) = document.tag(id).filter(|_| !is_alias)
        && source[tag.span.end.byte as usize..].starts_with([',', '[', ']', '{', '}'])
    {
        let message = "a tag goes on until a blank follows";
        let hint = "put a blank behind it";
        errors.push(SyntaxError::new(Code::Syntax, tag.span, message).hint(hint));
    }
}

/// Between brackets a colon ends a key that is not quoted only where a blank follows.
fn colon(document: &Document, key: NodeId, errors: &mut Errors) {
    if document.kind(key) != Kind::Scalar || document.style(key) != Style::Plain {
        return;
    }
    let (source, place) = (document.source(), document.span(key));
    let rest = &source[place.end.byte as usize..];
    let blanks = rest.len() - rest.trim_start().len();
    if let Some(behind) = rest.trim_start().strip_prefix(':')
        && behind.starts_with([',', '[', ']', '{', '}'])
    {
        let at = place.end.byte as usize + blanks;
        let message = "this colon is part of the text before it";
        let hint = "put a blank behind it, or quote the text";
        errors.push(wrong(source, at..at + 1, message, hint));
    }
}

/// Keys that are none, or the same once they are typed: `16` and `0x10`.
fn keys(document: &Document, mapping: NodeId, errors: &mut Errors) {
    let mut all: Vec<(Cow<'_, str>, NodeId)> = Vec::new();
    let mut is_typed = false;
    for (key, _) in document.entries(mapping) {
        let place = document.span(key);
        if document.text(key) == "<<" && !document.is_merge_key(key) {
            if document.tag(key).is_some_and(|tag| tag.text == "!") {
                let message = "`! '<<'` is a merge to some, and a key to others";
                let found = SyntaxError::new(Code::BadMerge, place, message);
                errors.push(found.hint("take the `!` or the quotes away"));
            }
        } else if document.is_merge_key(key) {
            continue;
        } else if let Ok(Scalar::Uint(_)) = v2::scalar(document, key) {
            let message = "a key is a number above 9223372036854775807";
            let found = SyntaxError::new(Code::ComplexKey, place, message);
            errors.push(found.hint("quote it if the text was meant"));
        }
        let text = v2::key(document, key);
        is_typed |= text != document.text(key);
        all.push((text, key));
    }
    if !is_typed {
        return;
    }
    all.sort();
    for same in all.chunk_by(|(one, _), (other, _)| one == other) {
        for (text, key) in &same[1..] {
            let (first, again) = (same[0].1, document.text(*key));
            if document.text(first) == again {
                continue;
            }
            let message = match text == again {
                true => format!("the key `{again}` is already in this mapping"),
                false => format!("the key `{again}` is `{text}`, which is already in this mapping"),
            };
            let found = SyntaxError::new(Code::DuplicateKey, document.span(*key), message);
            errors.push(found.related(document.span(first), "first here"));
        }
    }
}

fn wrong(
    source: &str,
    bytes: std::ops::Range<usize>,
    message: impl Into<String>,
    hint: &'static str,
) -> SyntaxError {
    let start = Position::START.advanced(source, bytes.start as u32);
    let span = Span { start, end: start.advanced(source, bytes.end as u32) };
    SyntaxError::new(Code::Syntax, span, message).hint(hint)
}

#[cfg(test)]
mod tests;
