//! Lists of maps that are merged by a key of theirs.

use std::collections::BTreeMap;
use std::fmt;

use super::{Lists, merge};
use crate::model::value::{Node, Value};

/// Longest key, in bytes: a word of a manifest, and a strategy stays as cheap to hand on as one.
const KEY_BYTES_MAX: usize = 31;

/// The key that items are told apart by.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ListKey {
    bytes: [u8; KEY_BYTES_MAX],
    length_bytes: u8,
}

impl ListKey {
    /// The key called `text`; `None` for none, and for one that is too long.
    pub fn new(text: &str) -> Option<Self> {
        let mut bytes = [0; KEY_BYTES_MAX];
        bytes.get_mut(..text.len())?.copy_from_slice(text.as_bytes());
        let length_bytes = u8::try_from(text.len()).ok().filter(|length| *length > 0)?;
        Some(Self { bytes, length_bytes })
    }

    fn as_str(&self) -> &str {
        let bytes = &self.bytes[..usize::from(self.length_bytes)];
        std::str::from_utf8(bytes).expect("it was made of a text")
    }

    /// The lower list with the items of the upper one laid over those with the same key, and the
    /// others behind them. `None` unless both have items and all of them are maps with a key of
    /// their own: then the upper list takes the place of the lower one.
    pub(super) fn merged(self, low: &[Value], high: &[Value], lists: Lists) -> Option<Vec<Value>> {
        let (below, above) = (self.names(low)?, self.names(high)?);
        let mut items = low.to_vec();
        let mut new: Vec<_> = above.iter().filter(|(name, _)| !below.contains_key(*name)).collect();
        for (name, at) in &above {
            if let Some(place) = below.get(name) {
                items[*place] = merge(&low[*place], &high[*at], lists);
            }
        }
        new.sort_by_key(|(_, at)| **at);
        items.extend(new.into_iter().map(|(_, at)| high[*at].clone()));
        Some(items)
    }

    /// The place of each item by what it has at the key: a text and a number are not the same.
    fn names(self, items: &[Value]) -> Option<BTreeMap<(bool, String), usize>> {
        let name = |item: &Value| match item.get(self.as_str())?.meaning() {
            Node::Str(text) => Some((true, text.to_string())),
            Node::Int(number) => Some((false, number.to_string())),
            _ => None,
        };
        let named = items.iter().enumerate().map(|(at, item)| Some((name(item)?, at)));
        let named: BTreeMap<_, _> = named.collect::<Option<_>>()?;
        (named.len() == items.len() && !named.is_empty()).then_some(named)
    }
}

impl fmt::Debug for ListKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

#[cfg(test)]
mod tests;
