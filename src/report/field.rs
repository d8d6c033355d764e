//! One field's difference as text, before any surface has dressed it.

use similar::{ChangeTag, TextDiff};

use super::words::visible;
use crate::model::change::FieldChange;
use crate::model::value::{APPEND, Map, Node, Rules, Value};

/// Longest value on one line, in characters: two lines of a terminal.
pub const VALUE_CHARACTERS_MAX: usize = 160;

/// Most lines of one field's text: a screen.
pub const LINES_MAX: usize = 60;

/// How a field's difference is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// It is there and is not shown; the text says what happens to it.
    Secret(&'static str),
    /// Two values of one line; `None`: nothing is there.
    Values(Option<String>, Option<String>),
    /// The lines that differ, with one of context around them.
    Lines(Vec<Line>),
}

/// One line of a text that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// `-`, `+`, or a blank for context.
    pub sign: char,
    /// The line, without its end.
    pub text: String,
}

/// How a change of a field is shown.
pub fn shown(field: &FieldChange) -> Shown {
    show(field.before.as_ref(), field.after.as_ref(), field.sensitive)
}

/// How two sides of one field are shown.
pub fn show(before: Option<&Value>, after: Option<&Value>, sensitive: bool) -> Shown {
    if sensitive || [before, after].into_iter().flatten().any(Value::holds_secret) {
        return Shown::Secret(match (before, after) {
            (None, _) => "(secret added)",
            (Some(_), None) => "(secret removed)",
            (Some(_), Some(_)) => "(secret changed)",
        });
    }
    match [before, after].into_iter().flatten().any(is_long) {
        true => Shown::Lines(lines(&block(before), &block(after))),
        false => Shown::Values(before.map(inline), after.map(inline)),
    }
}

/// A value on one line. Secrets and what is not known yet are words in brackets.
pub fn inline(value: &Value) -> String {
    let text = write(value);
    if text.len() <= VALUE_CHARACTERS_MAX {
        return text;
    }
    let count = text.chars().count();
    if count <= VALUE_CHARACTERS_MAX {
        return text;
    }
    let head: String = text.chars().take(VALUE_CHARACTERS_MAX).collect();
    format!("{head}… ({count} characters)")
}

fn write(value: &Value) -> String {
    let entry =
        |(key, value): (&std::sync::Arc<str>, &Value)| format!("{}: {}", quoted(key), write(value));
    if let Some((tag, raw)) = value.function() {
        return match (raw.text.as_ref(), raw.plain) {
            ("", _) => visible(tag),
            (text, true) => format!("{} {}", visible(tag), visible(text)),
            (text, false) => format!("{} {}", visible(tag), quoted(text)),
        };
    }
    match &value.node {
        Node::Map(_) if let Some(items) = value.appended() => {
            format!("{APPEND} [{}]", items.iter().map(write).collect::<Vec<_>>().join(", "))
        }
        Node::Null => "null".to_owned(),
        Node::Bool(value) => value.to_string(),
        Node::Int(value) => value.to_string(),
        Node::Uint(value) => value.to_string(),
        Node::Float(value) => format!("{value:?}"),
        Node::Str(text) => quoted(text),
        Node::Raw(raw) => write(&Value::computed(raw.typed(Rules::Stack))),
        Node::List(items) => {
            format!("[{}]", items.iter().map(write).collect::<Vec<_>>().join(", "))
        }
        Node::Map(map) => {
            let entries: Vec<_> = map.sorted().into_iter().map(entry).collect();
            if entries.is_empty() {
                "{}".to_owned()
            } else {
                format!("{{ {} }}", entries.join(", "))
            }
        }
        Node::Unknown(_) => "(known after apply)".to_owned(),
        Node::Secret(_) => "(secret)".to_owned(),
    }
}

/// A text in quotes, everything in it visible.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\') {
        quoted.push_str(text);
        quoted.push('"');
        return quoted;
    }
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            ' '..='~' => quoted.push(c),
            other => quoted.push_str(&visible(other.encode_utf8(&mut [0; 4]))),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a value needs lines: a text of several, or a list or map too wide for one.
fn is_long(value: &Value) -> bool {
    match &value.node {
        Node::Str(text) => text.trim_end().contains('\n'),
        Node::List(_) | Node::Map(_) => write(value).chars().count() > VALUE_CHARACTERS_MAX / 2,
        _ => false,
    }
}

/// A value as lines: a text as it is, a list or map with one entry a line.
fn block(value: Option<&Value>) -> Vec<String> {
    match value.map(|value| &value.node) {
        None => Vec::new(),
        Some(Node::Str(text)) => text.lines().map(visible).collect(),
        Some(Node::List(items)) => items.iter().map(|item| format!("- {}", inline(item))).collect(),
        Some(Node::Map(map)) => entries(map),
        Some(_) => value.map(inline).into_iter().collect(),
    }
}

fn entries(map: &Map) -> Vec<String> {
    let entries = map.sorted().into_iter();
    entries.map(|(key, value)| format!("{}: {}", visible(key), inline(value))).collect()
}

fn lines(before: &[String], after: &[String]) -> Vec<Line> {
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    let after: Vec<&str> = after.iter().map(String::as_str).collect();
    let diff = TextDiff::from_slices(&before, &after);
    let mut lines = Vec::new();
    for (at, group) in diff.grouped_ops(1).iter().enumerate() {
        if at > 0 {
            lines.push(Line { sign: ' ', text: "...".to_owned() });
        }
        lines.extend(group.iter().flat_map(|op| diff.iter_changes(op)).map(|change| Line {
            sign: match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            },
            text: change.value().to_string(),
        }));
    }
    let count = lines.len();
    if count > LINES_MAX {
        lines.truncate(LINES_MAX);
        lines.push(Line { sign: ' ', text: format!("... {} more lines", count - LINES_MAX) });
    }
    lines
}

#[cfg(test)]
mod tests;
