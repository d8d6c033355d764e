//! Where a value comes from: every layer that says something at its path.

use std::collections::BTreeSet;

use super::merge;
use crate::model::desired::{Component, Explained};
use crate::model::path::{FieldPath, Segment};
use crate::model::value::{Node, Origin, Value};

/// What the layers of `component` say at `path`, which begins with a section: lowest precedence
/// first. With the root as path, all that they say.
pub fn explain(component: &Component, path: &FieldPath) -> Vec<Explained> {
    let merged = path.find(&component.sections);
    let mut visible = BTreeSet::new();
    merged.into_iter().for_each(|value| origins(value, &mut visible));
    let said = component.layers.iter().enumerate().filter_map(|(at, layer)| {
        let steps = match path.0.split_first() {
            Some((Segment::Key(section), steps)) if *section == layer.section => steps,
            None => &[],
            Some(_) => return None,
        };
        let value = said_at(&layer.value, steps)?;
        let mut own = BTreeSet::new();
        origins(value, &mut own);
        let wins = match own.is_empty() {
            // Nobody wrote it, so nothing but its content can tell.
            true => merged.is_some_and(|merged| merged == value),
            false => !own.is_disjoint(&visible),
        };
        Some(Explained { layer: at, value: value.clone(), wins })
    });
    said.collect()
}

/// What a layer says at `steps`: there, or above it where it says something that has no such
/// part and so decides about it. Places in a list are those of the merged one: of a layer the
/// whole list is what it says.
fn said_at<'v>(value: &'v Value, steps: &[Segment]) -> Option<&'v Value> {
    let Some((step, rest)) = steps.split_first() else { return Some(value) };
    match (&value.node, step) {
        (Node::Map(map), Segment::Key(key)) if merge::appended(value).is_none() => {
            said_at(map.get(key)?, rest)
        }
        _ => Some(value),
    }
}

/// Where the scalars and empty collections in `value` were written.
fn origins(value: &Value, into: &mut BTreeSet<Origin>) {
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
