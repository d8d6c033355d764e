//! What a text that was rendered late is read back as.
//!
//! In the dialect a component is written out as YAML, rendered as one text, and read again. How a
//! scalar was written out decides what its rendered text means: between quotes it stays a text
//! whose lines are folded; without quotes it may become a number, a list or a quoted text.

use yaml_span::schema::{Scalar, v3};

use crate::model::value::{Node, Rules};
use crate::model::yaml;

/// The value of `rendered`, which the template in the text `written` gave.
pub(super) fn read_back(written: &str, rendered: String) -> Node {
    if written.contains('\n') {
        return Node::Str(rendered.into());
    }
    let folded = if rendered.contains('\n') { folded(&rendered) } else { rendered };
    if is_plain(written) {
        if folded.trim().is_empty() {
            return Node::Null;
        }
        // Only what would not be read as the same text is read; what cannot be read stays a text.
        match yaml::parse(&folded, Rules::Stack).map(|value| value.node) {
            Some(node @ (Node::Null | Node::Bool(_) | Node::Int(_) | Node::Uint(_))) => {
                return node;
            }
            Some(node @ Node::Float(_)) => return node,
            Some(Node::Str(text)) if folded.starts_with(['"', '\'']) => return Node::Str(text),
            Some(node @ (Node::List(_) | Node::Map(_))) if folded.starts_with(['[', '{']) => {
                return node;
            }
            _ => {}
        }
    }
    Node::Str(folded.into())
}

/// Whether Go's yaml.v3 writes the text without quotes.
fn is_plain(text: &str) -> bool {
    let is_text = matches!(v3::resolve(text, true, None), Ok(Scalar::Str(_)));
    let starts = text.starts_with([
        '#', ',', '[', ']', '{', '}', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`', ' ',
    ]);
    let marks = ["- ", "? ", ": ", "---", "..."].iter().any(|mark| text.starts_with(mark));
    let breaks = text.contains(": ") || text.contains(" #") || text.ends_with([':', ' ']);
    let odd = text.chars().any(|c| c.is_control());
    is_text && !starts && !marks && !breaks && !odd && text != "-" && text != "?" && text != "="
}

/// The text as YAML reads it back from between quotes: a line break is a blank, several are one
/// less, and blanks around them are gone.
fn folded(text: &str) -> String {
    let blanks = [' ', '\t'];
    let (first, rest) = text.split_once('\n').unwrap_or((text, ""));
    let mut folded = first.trim_end_matches(blanks).to_owned();
    let mut breaks = 1;
    let mut lines = rest.split('\n').peekable();
    while let Some(line) = lines.next() {
        let line = line.trim_start_matches(blanks);
        let line = if lines.peek().is_some() { line.trim_end_matches(blanks) } else { line };
        if line.is_empty() && lines.peek().is_some() {
            breaks += 1;
            continue;
        }
        folded.push_str(if breaks == 1 { " " } else { "" });
        folded.extend(std::iter::repeat_n('\n', breaks - 1));
        folded.push_str(line);
        breaks = 1;
    }
    folded
}

#[cfg(test)]
mod tests;
