//! Values and YAML text.
//!
//! [`write`] gives a text that every reader takes the same way: what any set of rules would read
//! as something else than a text is quoted, so `yes`, `0644`, `1.10` and `12:30` stay what they
//! are under YAML 1.1 and 1.2 alike.

use std::fmt::Write as _;
use std::sync::Arc;

use serde_json::Value as Json;
use yaml_span::schema::{Scalar, v2, v3};
use yaml_span::{Document, Kind, Limits, NodeId, SyntaxError, parse_stream};

use super::value::{Node, Origin, Raw, Rules, Value};

/// The node of a document and all below it, aliases and merge keys resolved, scalars as they are
/// written. Origins name the file by the number `file`.
pub fn read(document: &Document, node: NodeId, file: u32) -> Value {
    keyed(document, node, file, &own_entries)
}

/// The same of a manifest for the Kubernetes API, whose keys are texts: what a plain key means is
/// written out, so that `on` is `true`. Of what a mapping has and what it merges, the last counts.
pub fn read_manifest(document: &Document, node: NodeId, file: u32) -> Value {
    keyed(document, node, file, &written_entries)
}

/// An entry of a mapping, as it is called and what it holds.
type Entry = (Arc<str>, NodeId);

fn own_entries(document: &Document, mapping: NodeId) -> Vec<Entry> {
    let merged = document.entries_merged(mapping).into_iter();
    merged.map(|entry| (document.text(entry.key).into(), entry.value)).collect()
}

fn written_entries(document: &Document, mapping: NodeId) -> Vec<Entry> {
    let mut entries = Vec::new();
    for (key, value) in document.entries(mapping) {
        if document.is_merge_key(key) {
            for source in document.merge_sources(value).into_iter().rev() {
                entries.extend(written_entries(document, source));
            }
        } else {
            entries.push((v2::key(document, key).into(), value));
        }
    }
    entries
}

fn keyed(
    document: &Document,
    node: NodeId,
    file: u32,
    entries: &impl Fn(&Document, NodeId) -> Vec<Entry>,
) -> Value {
    let origin = Origin { file, node: node.0 };
    let target = document.target(node);
    let content = match document.kind(target) {
        Kind::Mapping => Node::Map(
            entries(document, target)
                .into_iter()
                .map(|(key, value)| (key, keyed(document, value, file, entries)))
                .collect(),
        ),
        Kind::Sequence => Node::List(Arc::new(
            document
                .items(target)
                .iter()
                .map(|&item| keyed(document, item, file, entries))
                .collect(),
        )),
        Kind::Scalar | Kind::Alias(_) => {
            let tag = document.tag(target).map(|tag| tag.text.into());
            let raw = Raw::new(document.text(target).into(), document.is_plain(target), tag);
            Node::Raw(raw.into())
        }
    };
    Value { node: content, origin }
}

/// The one document that `text` holds, typed by `rules`; `None` if it is not valid YAML, or holds
/// several.
pub fn parse(text: &str, rules: Rules) -> Option<Value> {
    let stream = parse_stream(text, &Limits::DEFAULT);
    match (stream.documents.as_slice(), stream.errors.is_empty()) {
        ([], true) => Some(Value::computed(Node::Null)),
        ([document], true) => {
            let value = read(document, document.root(), Origin::NONE.file);
            Some(placed(&value.typed(rules), Origin::NONE))
        }
        _ => None,
    }
}

/// Every document of `text` that a program wrote, scalars as it wrote them. All of it is said to be
/// written at `origin`. Documents that say nothing are left out.
pub fn written(text: &str, origin: Origin) -> Result<Vec<Value>, SyntaxError> {
    let stream = parse_stream(text, &WRITTEN);
    match stream.errors.into_iter().next() {
        Some(error) => Err(error),
        None => {
            let value =
                |document: &Document| read_manifest(document, document.root(), Origin::NONE.file);
            let all = stream.documents.iter().map(value).filter(|value| !value.is_null());
            Ok(all.map(|value| placed(&value, origin)).collect())
        }
    }
}

/// A program may write 64 MiB, and has some 20 bytes to a node; nobody writes it by hand.
const WRITTEN: Limits = Limits {
    source_bytes: 64 << 20,
    nodes: 4_000_000,
    expanded_nodes: 4_000_000,
    ..Limits::DEFAULT
};

fn placed(value: &Value, origin: Origin) -> Value {
    let node = match &value.node {
        Node::List(items) => {
            Node::List(Arc::new(items.iter().map(|v| placed(v, origin)).collect()))
        }
        Node::Map(map) => {
            Node::Map(map.iter().map(|(key, v)| (key.clone(), placed(v, origin))).collect())
        }
        scalar => scalar.clone(),
    };
    Value { node, origin }
}

/// The value in block style, two blanks per level, keys in their order, a final newline.
pub fn write(json: &Json) -> String {
    let mut out = String::new();
    block(&mut out, json, 0);
    out
}

/// Writes a value and the end of its line. The cursor stands where its first character goes, in a
/// line that is indented by `depth` levels.
fn block(out: &mut String, json: &Json, depth: usize) {
    match json {
        Json::Object(map) if !map.is_empty() => {
            for (at, (key, value)) in map.iter().enumerate() {
                indent(out, if at > 0 { depth } else { 0 });
                out.push_str(&inline(key));
                out.push(':');
                match value {
                    Json::Object(inner) if !inner.is_empty() => {
                        out.push('\n');
                        indent(out, depth + 1);
                        block(out, value, depth + 1);
                    }
                    Json::Array(inner) if !inner.is_empty() => {
                        out.push('\n');
                        indent(out, depth);
                        block(out, value, depth);
                    }
                    _ => {
                        out.push(' ');
                        block(out, value, depth);
                    }
                }
            }
        }
        Json::Array(items) if !items.is_empty() => {
            for (at, item) in items.iter().enumerate() {
                indent(out, if at > 0 { depth } else { 0 });
                out.push_str("- ");
                block(out, item, depth + 1);
            }
        }
        Json::Object(_) => out.push_str("{}\n"),
        Json::Array(_) => out.push_str("[]\n"),
        Json::String(text) if is_literal(text) => literal(out, text, depth + 1),
        Json::String(text) => {
            out.push_str(&inline(text));
            out.push('\n');
        }
        scalar => {
            // Writing to a text cannot fail.
            let _ = writeln!(out, "{scalar}");
        }
    }
}

fn indent(out: &mut String, depth: usize) {
    out.extend(std::iter::repeat_n("  ", depth));
}

/// Whether a text of several lines can be shown as such.
fn is_literal(text: &str) -> bool {
    let body = text.strip_suffix('\n').unwrap_or(text);
    text.contains('\n')
        && !body.is_empty()
        && !body.ends_with('\n')
        && !body.starts_with([' ', '\n', '\t'])
        && body.lines().all(|line| !line.ends_with([' ', '\t']))
        && text.chars().all(|c| c == '\n' || is_printable(c))
}

fn literal(out: &mut String, text: &str, depth: usize) {
    out.push_str(if text.ends_with('\n') { "|\n" } else { "|-\n" });
    for line in text.strip_suffix('\n').unwrap_or(text).split('\n') {
        if !line.is_empty() {
            indent(out, depth);
        }
        out.push_str(line);
        out.push('\n');
    }
}

/// A text on one line: plain if no reader can take it for anything else, else quoted.
fn inline(text: &str) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    if text.chars().all(is_printable) {
        return format!("'{}'", text.replace('\'', "''"));
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if is_printable(c) => out.push(c),
            // Writing to a text cannot fail.
            c => drop(write!(out, "\\U{:08X}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

fn is_plain(text: &str) -> bool {
    let is_text = |scalar| matches!(scalar, Ok(Scalar::Str(_)));
    let Some(first) = text.chars().next() else { return false };
    let begins = first.is_alphanumeric() || matches!(first, '/' | '_' | '.' | '(');
    let runs = text.chars().all(|c| is_printable(c) && c != '\t')
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with([':', ' ']);
    // YAML 1.1 counts in sixties (`12:30`) and knows more truth values than most readers.
    let is_old = first.is_ascii_digit() && text.contains(':')
        || matches!(text, "y" | "Y" | "n" | "N")
        || text == "...";
    begins
        && runs
        && !is_old
        && is_text(v2::resolve(text, true, None))
        && is_text(v3::resolve(text, true, None))
}

/// Whether YAML lets the character stand as it is, and no reader takes it for the end of a line.
fn is_printable(c: char) -> bool {
    match c {
        '\t' | ' '..='~' => true,
        '\u{feff}' | '\u{2028}' | '\u{2029}' | '\u{fffe}' | '\u{ffff}' => false,
        c => c >= '\u{a0}',
    }
}

#[cfg(test)]
mod tests;
