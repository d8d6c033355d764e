//! Where a value comes from: every layer that says something at its path.

use std::collections::BTreeSet;

use super::merge;
use crate::model::desired::{Component, Explained};
use crate::model::path::{FieldPath, Segment};
use crate::model::value::{Map, Node, Origin, Value};

/// What the layers of `component` say at `path`, which begins with a section: lowest precedence
/// first. With the root as path, all that they say. Folding just that gives the value again.
///
/// A layer that only says that there is a map on the way, where one below it says something else,
/// bears on the value as well: it is shown as an empty map.
pub fn explain(component: &Component, path: &FieldPath) -> Vec<Explained> {
    let merged = path.find(&component.sections);
    let mut visible = BTreeSet::new();
    merged.into_iter().for_each(|value| origins(value, &mut visible));
    let mut blocked = None;
    let said = component.layers.iter().enumerate().filter_map(|(at, layer)| {
        let steps = match path.0.split_first() {
            Some((Segment::Key(section), steps)) if *section == layer.section => steps,
            None => &[],
            Some(_) => return None,
        };
        let value = match said_at(&layer.value, steps, 0) {
            Said::There(value) => {
                blocked = None;
                value.clone()
            }
            Said::Above(value, depth) => {
                blocked = Some(depth);
                value.clone()
            }
            Said::Nothing(map, depth) => {
                blocked.take_if(|blocked| *blocked <= depth)?;
                Value { node: Node::Map(Map::default()), origin: map.origin }
            }
        };
        let mut own = BTreeSet::new();
        origins(&value, &mut own);
        let wins = match own.is_empty() {
            // Nobody wrote it, so nothing but its content can tell.
            true => merged.is_some_and(|merged| *merged == value),
            false => !own.is_disjoint(&visible),
        };
        Some(Explained { layer: at, value, wins })
    });
    said.collect()
}

/// What a layer says about a way through maps.
enum Said<'v> {
    /// This, at its end.
    There(&'v Value),
    /// This, after so many steps: it has no parts, and so decides about all of them.
    Above(&'v Value, usize),
    /// That there is this map after so many steps, and nothing of the next one.
    Nothing(&'v Value, usize),
}

/// What a layer says at `steps`. Places in a list are those of the merged one: of a layer the
/// whole list is what it says.
fn said_at<'v>(value: &'v Value, steps: &[Segment], depth: usize) -> Said<'v> {
    let Some((step, rest)) = steps.split_first() else { return Said::There(value) };
    match (&value.node, step) {
        (Node::Map(map), Segment::Key(key)) if merge::appended(value).is_none() => {
            match map.get(key) {
                Some(inner) => said_at(inner, rest, depth + 1),
                None => Said::Nothing(value, depth),
            }
        }
        (Node::List(_) | Node::Map(_), Segment::Index(_)) => Said::There(value),
        _ => Said::Above(value, depth),
    }
}

/// Where the scalars and empty collections in `value` were written.
pub(super) fn origins(value: &Value, into: &mut BTreeSet<Origin>) {
    match &value.node {
        Node::Map(map) if !map.is_empty() => {
            map.iter().for_each(|(_, value)| origins(value, into));
        }
        Node::List(items) if !items.is_empty() => {
            items.iter().for_each(|item| origins(item, into));
        }
        _ if value.origin != Origin::NONE => {
            into.insert(value.origin);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
