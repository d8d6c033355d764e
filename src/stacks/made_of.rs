//! Which values a template made a value of, while its file was read: a change there changes it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gotmpl::{FieldPath, Trace};
use yaml_span::Document;

use super::function;
use crate::model::files::MadeOf;
use crate::model::value::{Map, Node, Origin, Value, changed_items};

/// The texts that were rendered, by their places, and what they read.
pub(super) type Reads = Vec<(Origin, Arc<BTreeSet<FieldPath>>)>;

/// By the places of templates, where the values are written that they read.
#[derive(Default)]
pub(super) struct Places(BTreeMap<Origin, Vec<Origin>>);

impl Places {
    /// Adds what `reads` come to in what the templates were rendered with.
    pub(super) fn add(&mut self, reads: Reads, scope: &Map) {
        for (at, fields) in reads {
            let read = places(scope, fields.iter());
            if !read.is_empty() {
                self.0.insert(at, read);
            }
        }
    }

    /// Adds what is known of other templates.
    pub(super) fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// The value with the number `to` for all that was rendered in the file `from`.
    pub(super) fn renumbered(&self, value: &Value, from: u32, to: u32) -> Value {
        self.moved(value, from, to).unwrap_or_else(|| value.clone())
    }

    /// `None` if nothing in it was rendered there.
    fn moved(&self, value: &Value, from: u32, to: u32) -> Option<Value> {
        let moves = value.origin.file == from && self.0.contains_key(&value.origin);
        let node = match &value.node {
            Node::List(items) => {
                changed_items(items, |item| self.moved(item, from, to)).map(Node::List)
            }
            Node::Map(map) => map.changed(|_, child| self.moved(child, from, to)).map(Node::Map),
            _ => None,
        };
        if node.is_none() && !moves {
            return None;
        }
        let file = if moves { to } else { value.origin.file };
        let origin = Origin { file, ..value.origin };
        Some(Value { node: node.unwrap_or_else(|| value.node.clone()), origin })
    }

    /// What was rendered in the file `from`, which has the number `to` now.
    pub(super) fn into_table(self, from: u32, to: u32) -> MadeOf {
        let moved = |at: Origin| match at.file == from && self.0.contains_key(&at) {
            true => Origin { file: to, ..at },
            false => at,
        };
        let here = self.0.iter().filter(|(at, _)| at.file == from);
        here.map(|(at, read)| (at.node, read.iter().copied().map(moved).collect())).collect()
    }
}

/// What the scalars of `document` were made of, whose text a template was rendered to: `actions`
/// says what each of its actions reads of `scope`.
pub(super) fn of_rendered(
    document: &Document,
    trace: &Trace,
    actions: &BTreeMap<usize, BTreeSet<FieldPath>>,
    scope: &Map,
) -> MadeOf {
    let scalars = document.ids().filter(|id| document.is_scalar(*id));
    let made = scalars.filter_map(|id| {
        let pieces = trace.pieces(document.span(id).bytes());
        let written = pieces.iter().filter(|piece| !piece.verbatim);
        let fields = written.filter_map(|piece| actions.get(&piece.source.start)).flatten();
        let read = places(scope, fields);
        (!read.is_empty()).then_some((id.0, read))
    });
    made.collect()
}

/// Where the values are written that `fields` lead to, or what holds them there.
fn places<'f>(scope: &Map, fields: impl Iterator<Item = &'f FieldPath>) -> Vec<Origin> {
    let mut all = Vec::new();
    for field in fields {
        let Some((first, rest)) = field.0.split_first() else { continue };
        let Some(mut value) = scope.get(first) else { continue };
        let mut place = value.origin;
        for step in rest {
            let Some(inner) = value.get(step) else { break };
            value = inner;
            place = if value.origin == Origin::NONE { place } else { value.origin };
        }
        if place != Origin::NONE && !all.contains(&place) {
            all.push(place);
        }
    }
    all
}

/// What a template evaluated to, with the places of the value that it was taken from. A function that
/// was referred to is called like any other.
pub(super) fn placed(node: Node, written: &Value) -> Node {
    let one = |value: &Value, written: &Value| Value {
        node: placed(value.node.clone(), written),
        origin: written.origin,
    };
    match (node, &written.node) {
        (Node::Map(map), Node::Map(from)) => {
            let entry = |(key, value): (&Arc<str>, &Value)| {
                let placed = from.get(key).map_or_else(|| value.clone(), |from| one(value, from));
                (key.clone(), placed)
            };
            Node::Map(map.iter().map(entry).collect())
        }
        (Node::List(items), Node::List(from)) if items.len() == from.len() => {
            let items = items.iter().zip(from.iter()).map(|(value, from)| one(value, from));
            Node::List(Arc::new(items.collect()))
        }
        (Node::Str(_), call) if function::called_at(written).is_some() => call.clone(),
        (node, _) => node,
    }
}

#[cfg(test)]
mod tests;
