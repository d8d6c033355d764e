//! The deep merge of the dialect: maps key by key, anything else by replacement.
//!
//! Merging is associative except for what a stage uses up: `!append` marks a list as one that
//! continues the list below it; [`settle`] ends a stage and makes such a list an ordinary one.

mod by_key;

use std::sync::Arc;

use by_key::ListKey;

pub(super) use crate::model::value::APPEND;
use crate::model::value::{Map, Node, Origin, Raw, Value, changed_items};

/// What a list does to the list below it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Lists {
    /// It takes its place.
    #[default]
    Replace,
    /// It is put behind it.
    Append,
    /// Maps at equal places are merged; any other item stays as it is below. What goes beyond
    /// the shorter list is taken over.
    Merge,
    /// Maps with the same value at this key are merged, and others are put behind them. A list with
    /// an item that is no map with a key of its own, or with none, takes the place as ever.
    MergeBy(ListKey),
}

impl Lists {
    /// The words of `list_merge_strategy`, but for the one with a key.
    pub const WORDS: &[&str] = &["replace", "append", "merge"];
    /// What the word with a key begins with: `merge by name`.
    pub const MERGE_BY: &str = "merge by ";

    /// Reads one of [`Lists::WORDS`], or [`Lists::MERGE_BY`] and a key.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "replace" => Some(Self::Replace),
            "append" => Some(Self::Append),
            "merge" => Some(Self::Merge),
            _ => Some(Self::MergeBy(ListKey::new(word.strip_prefix(Self::MERGE_BY)?.trim())?)),
        }
    }
}

/// The tag of a value that takes its key, or its place in a list, away.
pub(super) const UNSET: &str = "!unset";

/// `above` laid over `below`. Neither changes; what neither touches is shared.
///
/// A marked list with nothing to continue stays marked, for the next stage; until then it is no
/// list that another could continue.
pub(super) fn merge(below: &Value, above: &Value, lists: Lists) -> Value {
    lay(below.clone(), above, lists)
}

/// The same where nobody needs `below` any longer: what nobody else holds of it is changed in
/// place.
pub(super) fn lay(below: Value, above: &Value, lists: Lists) -> Value {
    if let Some(more) = appended(above) {
        let node = list(chain(below.as_list().unwrap_or_default(), more));
        return Value { node, origin: above.origin };
    }
    let continues = appended(&below).is_some();
    let node = match (below.node, &above.node) {
        (Node::Map(low), Node::Map(high)) if !continues && low.is_empty() => {
            Node::Map(high.clone())
        }
        (Node::Map(low), Node::Map(high)) if !continues => {
            Node::Map(low.overlaid(high, |below, above| lay(below, above, lists)))
        }
        (Node::List(low), Node::List(high)) => match lists {
            Lists::Replace => return above.clone(),
            Lists::Append => list(chain(&low, high)),
            Lists::Merge => list(pairwise(&low, high)),
            Lists::MergeBy(key) => match key.merged(&low, high, lists) {
                Some(items) => list(items),
                None => return above.clone(),
            },
        },
        _ => return above.clone(),
    };
    Value { node, origin: above.origin }
}

/// Marks a list as one that continues the list below it.
pub(super) fn mark(items: Node, at: &Value) -> Value {
    let list = Value { node: items, origin: at.origin };
    let mut map = Map::default();
    map.insert(APPEND, list);
    Value { node: Node::Map(map), origin: at.origin }
}

/// The items of a marked list.
pub(super) fn appended(value: &Value) -> Option<&[Value]> {
    value.appended()
}

/// Whether the value asks to be taken away.
pub(super) fn is_unset(value: &Value) -> bool {
    matches!(&value.node, Node::Raw(raw) if raw.tag.as_deref() == Some(UNSET))
}

/// A value that takes its key away.
pub(super) fn unset(origin: Origin) -> Value {
    let raw = Raw::new("".into(), true, Some(UNSET.into()));
    Value { node: Node::Raw(raw.into()), origin }
}

/// `above` with those marked lists made ordinary that have no list in `below` to continue.
pub(super) fn rooted(below: Option<&Value>, above: &Value) -> Value {
    if appended(above).is_some() {
        let continues = below.is_some_and(|below| below.as_list().is_some());
        return if continues { above.clone() } else { settle(above) };
    }
    let Node::Map(map) = &above.node else { return above.clone() };
    let child = |key: &str| below.and_then(|below| below.get(key));
    let entries = map.iter().map(|(key, value)| (key.clone(), rooted(child(key), value)));
    Value { node: Node::Map(entries.collect()), origin: above.origin }
}

/// Makes marked lists ordinary ones: nothing below is left that they could continue.
pub(super) fn settle(value: &Value) -> Value {
    settled(value).unwrap_or_else(|| value.clone())
}

/// `None` if nothing in it is marked.
fn settled(value: &Value) -> Option<Value> {
    let node = match &value.node {
        Node::Map(_) if let Some(items) = appended(value) => {
            list(items.iter().map(settle).collect())
        }
        Node::Map(map) => Node::Map(map.changed(|_, child| settled(child))?),
        Node::List(items) => Node::List(changed_items(items, settled)?),
        _ => return None,
    };
    Some(Value { node, origin: value.origin })
}

/// Takes away every key and item that is `!unset`.
pub(super) fn prune(value: &Value) -> Value {
    pruned(value).unwrap_or_else(|| value.clone())
}

/// `None` if nothing in it is `!unset`.
fn pruned(value: &Value) -> Option<Value> {
    let node = match &value.node {
        Node::Map(map) if map.iter().any(|(_, child)| is_unset(child)) => {
            let kept = map.iter().filter(|(_, child)| !is_unset(child));
            Node::Map(kept.map(|(key, child)| (key.clone(), prune(child))).collect())
        }
        Node::Map(map) => Node::Map(map.changed(|_, child| pruned(child))?),
        Node::List(items) if items.iter().any(is_unset) => {
            list(items.iter().filter(|item| !is_unset(item)).map(prune).collect())
        }
        Node::List(items) => Node::List(changed_items(items, pruned)?),
        _ => return None,
    };
    Some(Value { node, origin: value.origin })
}

/// The same collection with every child replaced by what `change` makes of it.
pub(super) fn rebuild(value: &Value, mut change: impl FnMut(&Value) -> Value) -> Value {
    let node = match &value.node {
        Node::Map(map) => Node::Map(map.iter().map(|(k, v)| (k.clone(), change(v))).collect()),
        Node::List(items) => list(items.iter().map(change).collect()),
        _ => return value.clone(),
    };
    Value { node, origin: value.origin }
}

fn pairwise(low: &[Value], high: &[Value]) -> Vec<Value> {
    let pair = |(at, below): (usize, &Value)| match high.get(at) {
        Some(above) if below.as_map().is_some() && above.as_map().is_some() => {
            merge(below, above, Lists::Merge)
        }
        _ => below.clone(),
    };
    let beyond = high.iter().skip(low.len()).cloned();
    low.iter().enumerate().map(pair).chain(beyond).collect()
}

fn chain(low: &[Value], high: &[Value]) -> Vec<Value> {
    low.iter().chain(high).cloned().collect()
}

fn list(items: Vec<Value>) -> Node {
    Node::List(Arc::new(items))
}

#[cfg(test)]
mod tests;
