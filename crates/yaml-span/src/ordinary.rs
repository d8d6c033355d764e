//! Sources of the form that most files have, read line by line: block mappings and sequences of
//! scalars that stand on one line. Whatever else a source holds, it is not read here at all.

use std::sync::Arc;

use crate::arena::Shape;
use crate::builder::Builder;
use crate::document::{Document, Style};
use crate::limits::{Limits, SOURCE_BYTES_CEILING};
use crate::position::Position;

/// The longest key that is read here. YAML looks for the colon of one within 1024 characters.
const KEY_BYTES_MAX: usize = 1_000;

/// The one document of `source`, equal in every node to what a full parse gives; `None` if it
/// needs one, be it only to say what is wrong.
pub(crate) fn read(source: &Arc<str>, limits: &Limits) -> Option<Document> {
    let size = source.len() <= limits.source_bytes.min(SOURCE_BYTES_CEILING);
    if !size || !source.bytes().all(|byte| matches!(byte, b' '..=b'~' | b'\n')) {
        return None;
    }
    let mut builder = Builder::new(source, Position::START);
    // A key, a value and a collection at most begin on a line of a mapping.
    builder.reserve(3 * source.bytes().filter(|byte| *byte == b'\n').count().min(limits.nodes));
    let depth_max = limits.depth;
    let mut reader = Reader { builder, depth_max, open: Vec::new(), waits: None, started: false };
    let mut start = 0;
    let ends = memchr::memchr_iter(b'\n', source.as_bytes()).chain([source.len()]);
    for (number, end) in ends.enumerate() {
        let line = source.as_bytes().get(start as usize..end)?;
        reader.line(line, start, number as u32 + 1)?;
        start = end as u32 + 1;
        if reader.builder.node_count() > limits.nodes {
            return None;
        }
    }
    let is_whole = reader.waits.is_none() && !reader.open.is_empty();
    is_whole.then(|| reader.builder.finish(source))
}

struct Reader<'s> {
    builder: Builder<'s>,
    depth_max: usize,
    /// Collections that may go on, the innermost last.
    open: Vec<Open>,
    /// Where the mapping's entries stand whose last one has no value yet.
    waits: Option<usize>,
    /// Whether `---` was there.
    started: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Open {
    shape: Shape,
    /// How far its entries are indented.
    indent: usize,
}

/// A scalar on a line: what is inside its quotes, if it has any, and where it ends with them.
struct Scalar {
    style: Style,
    text: (usize, usize),
    end: usize,
}

/// A line of the source and where it stands in it.
#[derive(Clone, Copy)]
struct Line<'s> {
    bytes: &'s [u8],
    start: u32,
    number: u32,
}

impl Reader<'_> {
    fn line(&mut self, bytes: &[u8], start: u32, number: u32) -> Option<()> {
        let line = Line { bytes, start, number };
        let indent = line.skip_blanks(0);
        match line.bytes.get(indent) {
            None | Some(b'#') => return Some(()),
            Some(_) if line.bytes == b"---" && !self.started && self.open.is_empty() => {
                self.started = true;
                return Some(());
            }
            Some(_) if line.bytes.starts_with(b"---") || line.bytes.starts_with(b"...") => {
                return None;
            }
            Some(_) => {}
        }
        if !line.is_item(indent) {
            self.reach(Open { shape: Shape::Mapping, indent }, line)?;
            return self.entry(line, indent);
        }
        self.reach(Open { shape: Shape::Sequence, indent }, line)?;
        let at = line.skip_blanks(indent + 1);
        if line.is_item(at) {
            return None;
        }
        match line.key(at) {
            Some(_) => {
                self.enter(Open { shape: Shape::Mapping, indent: at }, line)?;
                self.entry(line, at)
            }
            None => self.value(line, at),
        }
    }

    /// Closes what ends before a line of `wanted`, and opens that if it begins with the line.
    fn reach(&mut self, wanted: Open, line: Line<'_>) -> Option<()> {
        if let Some(above) = self.waits.take() {
            let beside = wanted.shape == Shape::Sequence && wanted.indent == above;
            return if wanted.indent > above || beside { self.enter(wanted, line) } else { None };
        }
        if self.builder.node_count() == 0 {
            return self.enter(wanted, line);
        }
        while let Some(open) = self.open.last() {
            if *open == wanted {
                return Some(());
            }
            let ends = open.indent > wanted.indent
                || (open.indent == wanted.indent && open.shape == Shape::Sequence);
            if !ends {
                return None;
            }
            self.builder.leave();
            self.open.pop();
        }
        None
    }

    fn enter(&mut self, open: Open, line: Line<'_>) -> Option<()> {
        self.builder.enter(open.shape, line.position(open.indent));
        self.open.push(open);
        (self.open.len() <= self.depth_max).then_some(())
    }

    /// A key at `at`, and its value if that is on the line.
    fn entry(&mut self, line: Line<'_>, at: usize) -> Option<()> {
        let key = line.key(at)?;
        self.scalar(line, at, &key);
        let value = line.skip_blanks(key.end + 1);
        match line.bytes.get(value) {
            None => self.waits = Some(at),
            Some(b'#') if value > key.end + 1 => self.waits = Some(at),
            Some(_) => self.value(line, value)?,
        }
        Some(())
    }

    /// A value from `at` to the end of the line.
    fn value(&mut self, line: Line<'_>, at: usize) -> Option<()> {
        let empty = match line.bytes.get(at..at + 2) {
            Some(b"{}") => Some(Shape::Mapping),
            Some(b"[]") => Some(Shape::Sequence),
            _ => None,
        };
        if let Some(shape) = empty {
            let end = line.start + at as u32 + 2;
            self.builder.empty(shape, line.position(at), end);
            return if self.open.len() < self.depth_max { line.ends(at + 2) } else { None };
        }
        let value = match line.quoted(at) {
            Some(value) => value,
            None => line.plain(at)?,
        };
        self.scalar(line, at, &value);
        line.ends(value.end)
    }

    fn scalar(&mut self, line: Line<'_>, at: usize, scalar: &Scalar) {
        let byte = |at: usize| line.start + at as u32;
        let text = (byte(scalar.text.0), byte(scalar.text.1));
        self.builder.slice(text, scalar.style, line.position(at), byte(scalar.end));
    }
}

impl Line<'_> {
    fn position(self, at: usize) -> Position {
        Position { line: self.number, column: at as u32 + 1, byte: self.start + at as u32 }
    }

    fn skip_blanks(self, at: usize) -> usize {
        let rest = self.bytes.get(at..).unwrap_or_default();
        at + rest.iter().take_while(|byte| **byte == b' ').count()
    }

    /// Whether a dash with a blank behind it is at `at`, or one at the end of the line.
    fn is_item(self, at: usize) -> bool {
        self.bytes.get(at) == Some(&b'-') && matches!(self.bytes.get(at + 1), None | Some(b' '))
    }

    /// Whether nothing but a comment is at `at` and behind.
    fn ends(self, at: usize) -> Option<()> {
        let next = self.skip_blanks(at);
        match self.bytes.get(next) {
            None => Some(()),
            Some(b'#') if next > at => Some(()),
            Some(_) => None,
        }
    }

    /// The key that begins at `at`, if there is a colon right behind it.
    fn key(self, at: usize) -> Option<Scalar> {
        let is_colon = |at: usize| {
            self.bytes.get(at) == Some(&b':') && matches!(self.bytes.get(at + 1), None | Some(b' '))
        };
        let key = match self.quoted(at) {
            Some(quoted) => quoted,
            None => {
                let colons = memchr::memchr_iter(b':', self.bytes.get(at..)?);
                let end = colons.map(|colon| at + colon).find(|end| is_colon(*end))?;
                let text = self.bytes.get(at..end)?;
                if !begins_plain(text) || text.ends_with(b" ") || comment(text).is_some() {
                    return None;
                }
                Scalar { style: Style::Plain, text: (at, end), end }
            }
        };
        (is_colon(key.end) && key.end - at <= KEY_BYTES_MAX).then_some(key)
    }

    /// The scalar in quotes at `at`, if it says nothing but itself.
    fn quoted(self, at: usize) -> Option<Scalar> {
        let quote = self.bytes.get(at).copied();
        let style = match quote {
            Some(b'"') => Style::DoubleQuoted,
            Some(b'\'') => Style::SingleQuoted,
            _ => return None,
        };
        let inside = self.bytes.get(at + 1..)?;
        let length = memchr::memchr2(quote?, b'\\', inside)?;
        let end = at + 1 + length;
        let is_end = Some(inside[length]) == quote && self.bytes.get(end + 1).copied() != quote;
        is_end.then_some(Scalar { style, text: (at + 1, end), end: end + 1 })
    }

    /// The plain scalar from `at` to the end of the line or a comment.
    fn plain(self, at: usize) -> Option<Scalar> {
        let rest = self.bytes.get(at..)?;
        let length = comment(rest).unwrap_or(rest.len());
        let text = rest[..length].trim_ascii_end();
        let is_key = |at: usize| matches!(text.get(at + 1), None | Some(b' '));
        if !begins_plain(text) || memchr::memchr_iter(b':', text).any(is_key) {
            return None;
        }
        let end = at + text.len();
        Some(Scalar { style: Style::Plain, text: (at, end), end })
    }
}

/// Whether a text begins like a scalar without quotes, and like nothing else.
fn begins_plain(text: &[u8]) -> bool {
    match text {
        [b'-', next, ..] => *next != b' ',
        [first, ..] => first.is_ascii_alphanumeric() || b"_./~+$(<=^".contains(first),
        [] => false,
    }
}

/// Where a comment begins, or rather the blank before it.
fn comment(text: &[u8]) -> Option<usize> {
    let mut signs = memchr::memchr_iter(b'#', text).filter_map(|at| at.checked_sub(1));
    signs.find(|before| text[*before] == b' ')
}

#[cfg(test)]
mod tests;
