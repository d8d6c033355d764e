//! JSON in the form people read, written stack by stack on all cores.
//!
//! The same bytes as `serde_json`'s pretty form. A map that several components share is written
//! once per stack and depth, and copied after that.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::ops::Range;

use super::shown::{COMPUTED, SECRET, Shown};
use super::stacks::Stacks;
use crate::model::value::{Map, Node, Value};

/// Adds what is shown of `stacks` to `out`, as a part of an object of more of them: what separates
/// it from the one before comes first.
pub(super) fn page(stacks: &Stacks<'_>, out: Vec<u8>) -> io::Result<Vec<u8>> {
    let mut writer = Writer { out, depth: 1, ..Writer::default() };
    for (name, kinds) in stacks.shown() {
        writer.separate(false);
        writer.key(name)?;
        let kinds = |writer: &mut Writer| writer.kinds(stacks, &kinds);
        writer.map([("components", kinds)])?;
    }
    Ok(writer.out)
}

/// A line break, and what most lines are indented by.
const BREAK: [u8; 65] = {
    let mut line = [b' '; 65];
    line[0] = b'\n';
    line
};

/// A text that grows.
#[derive(Default)]
struct Writer {
    out: Vec<u8>,
    depth: usize,
    /// Where a map was written already, by its place in memory and the depth.
    written: BTreeMap<(usize, usize), Range<usize>>,
}

impl Writer {
    fn kinds(
        &mut self,
        of: &Stacks<'_>,
        kinds: &BTreeMap<&str, Vec<&crate::model::desired::Component>>,
    ) -> io::Result<()> {
        self.map(kinds.iter().map(|(kind, components)| {
            let components =
                |writer: &mut Self| {
                    // By name, whatever their kinds are called.
                    let by_name: BTreeMap<_, _> =
                        components.iter().map(|one| (one.id.name.as_str(), *one)).collect();
                    writer.map(by_name.into_iter().map(|(name, one)| {
                        (name, move |writer: &mut Self| writer.shown(&of.one(one)))
                    }))
                };
            (*kind, components)
        }))
    }

    fn shown(&mut self, shown: &Shown<'_>) -> io::Result<()> {
        match shown {
            Shown::Null => self.plain("null"),
            Shown::Bool(value) => self.plain(if *value { "true" } else { "false" }),
            Shown::Text(text) => return self.text(text),
            Shown::Value(value) => return self.value(value),
            Shown::List(items) => {
                return self
                    .list(items.iter().map(|item| move |writer: &mut Self| writer.shown(item)));
            }
            Shown::Map(entries) => {
                return self.map(entries.iter().map(|(key, value)| {
                    (key.as_ref(), move |writer: &mut Self| writer.shown(value))
                }));
            }
        }
        Ok(())
    }

    fn value(&mut self, value: &Value) -> io::Result<()> {
        match value.meaning() {
            Node::Map(map) => return self.shared(map),
            Node::List(items) => {
                return self
                    .list(items.iter().map(|item| move |writer: &mut Self| writer.value(item)));
            }
            Node::Str(text) => return self.text(text),
            Node::Bool(value) => self.plain(if *value { "true" } else { "false" }),
            Node::Int(value) => write!(self.out, "{value}")?,
            Node::Uint(value) => write!(self.out, "{value}")?,
            Node::Float(value) if !value.is_finite() => {
                let why = format!("`{value}` is a number that JSON has no word for");
                return Err(io::Error::other(why));
            }
            Node::Float(value) => serde_json::to_writer(&mut self.out, value)?,
            Node::Unknown(_) => return self.text(COMPUTED),
            Node::Secret(_) => return self.text(SECRET),
            Node::Null | Node::Raw(_) => self.plain("null"),
        }
        Ok(())
    }

    /// A map of values: if it was written at this depth, that once more.
    fn shared(&mut self, map: &Map) -> io::Result<()> {
        let place = (map.place(), self.depth);
        if let Some(range) = self.written.get(&place) {
            self.out.extend_from_within(range.clone());
            return Ok(());
        }
        let start = self.out.len();
        let entries = map.sorted().into_iter();
        self.map(
            entries
                .map(|(key, value)| (key.as_ref(), move |writer: &mut Self| writer.value(value))),
        )?;
        self.written.insert(place, start..self.out.len());
        Ok(())
    }

    fn map<'k, F: FnOnce(&mut Self) -> io::Result<()>>(
        &mut self,
        entries: impl IntoIterator<Item = (&'k str, F)>,
    ) -> io::Result<()> {
        self.out.push(b'{');
        self.depth += 1;
        let mut is_empty = true;
        for (key, value) in entries {
            self.separate(is_empty);
            is_empty = false;
            self.key(key)?;
            value(self)?;
        }
        self.close(b'}', is_empty);
        Ok(())
    }

    fn list<F: FnOnce(&mut Self) -> io::Result<()>>(
        &mut self,
        items: impl IntoIterator<Item = F>,
    ) -> io::Result<()> {
        self.out.push(b'[');
        self.depth += 1;
        let mut is_empty = true;
        for item in items {
            self.separate(is_empty);
            is_empty = false;
            item(self)?;
        }
        self.close(b']', is_empty);
        Ok(())
    }

    fn key(&mut self, key: &str) -> io::Result<()> {
        self.text(key)?;
        self.plain(": ");
        Ok(())
    }

    fn text(&mut self, text: &str) -> io::Result<()> {
        let escapes = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
        // Without an early end the whole text is looked at at once.
        if text.bytes().fold(false, |found, byte| found | escapes(byte)) {
            return serde_json::to_writer(&mut self.out, text).map_err(Into::into);
        }
        self.out.reserve(text.len() + 2);
        self.out.push(b'"');
        self.plain(text);
        self.out.push(b'"');
        Ok(())
    }

    fn plain(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn separate(&mut self, is_first: bool) {
        if !is_first {
            self.out.push(b',');
        }
        self.line();
    }

    fn close(&mut self, bracket: u8, is_empty: bool) {
        self.depth -= 1;
        if !is_empty {
            self.line();
        }
        self.out.push(bracket);
    }

    fn line(&mut self) {
        let bytes = 1 + 2 * self.depth;
        self.out.extend_from_slice(&BREAK[..bytes.min(BREAK.len())]);
        self.out.extend(std::iter::repeat_n(b' ', bytes.saturating_sub(BREAK.len())));
    }
}

#[cfg(test)]
mod tests;
