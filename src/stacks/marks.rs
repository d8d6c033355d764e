//! What a value holds that needs work after the merge. Most values hold nothing of it.

use crate::model::value::{Node, Value};

use super::merge::{APPEND, UNSET, appended};
use super::template;

/// A set of kinds of work. Of merged values the union holds: it may promise too much, never too
/// little.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Marks(u8);

impl Marks {
    /// A list that continues the one below it.
    pub(super) const APPEND: Self = Self(1);
    /// A value that takes its key away.
    pub(super) const UNSET: Self = Self(2);
    /// A function that is called after the merge.
    pub(super) const FUNCTION: Self = Self(4);
    /// A text or key with a template in it.
    pub(super) const TEMPLATE: Self = Self(8);

    /// All that is in `value`; `open` is what a template begins with.
    pub(super) fn of(value: &Value, open: &str) -> Self {
        match &value.node {
            Node::Raw(raw) => {
                let tag = match raw.tag.as_deref() {
                    Some(UNSET) => Self::UNSET,
                    Some(tag) if !tag.starts_with("!!") => Self::FUNCTION,
                    _ => Self::default(),
                };
                tag.and(Self::of_text(&raw.text, open))
            }
            Node::Str(text) => Self::of_text(text, open),
            Node::List(items) => {
                items.iter().fold(Self::default(), |all, item| all.and(Self::of(item, open)))
            }
            Node::Map(map) => {
                let first = if appended(value).is_some() { Self::APPEND } else { Self::default() };
                map.iter().fold(first, |all, (key, child)| {
                    let key = if key.as_ref() == APPEND {
                        Self::default()
                    } else {
                        Self::of_text(key, open)
                    };
                    all.and(key).and(Self::of(child, open))
                })
            }
            _ => Self::default(),
        }
    }

    /// Both.
    pub(super) fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether any of `other` is in it.
    pub(super) fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn of_text(text: &str, open: &str) -> Self {
        if template::has_open(text, open) { Self::TEMPLATE } else { Self::default() }
    }
}
