//! Calls that meet values of other layers: `tags: !template '...'` over `tags: {a: 1}`.
//!
//! What a call will give is not known while layers are merged, so at its path nothing is merged
//! yet: the values that met are kept side by side, lowest precedence first. They are rendered and
//! called each on its own, and then [`decided`]. Kept side by side they are a map whose only key
//! is no key a manifest can have, so that they survive merge and `explain`.

use std::sync::Arc;

use super::function;
use super::merge::{self, Lists, appended};
use crate::model::value::{Map, Node, Value};

const MET: &str = "!met";

/// The sections in which calls wait for the values of other layers. In others, and in lists, a
/// call is a value that takes the place of what is below it like any text.
const SECTIONS: &[&str] = &[
    "vars",
    "settings",
    "env",
    "auth",
    "providers",
    "required_providers",
    "hooks",
    "test",
    "generate",
];

/// Whether calls wait in the section `name`.
pub(super) fn waits_in(name: &str) -> bool {
    SECTIONS.contains(&name)
}

/// The layers merged, lowest precedence first, with calls left beside what they met.
pub(super) fn merged(layers: &[Value], lists: Lists) -> Option<Value> {
    let last = layers.last()?;
    // What is below a layer that takes the key away meets nothing.
    let from = layers.iter().rposition(merge::is_unset).map_or(0, |unset| unset + 1);
    let layers = &layers[from..];
    if layers.len() < 2 {
        return Some(last.clone());
    }
    if layers.iter().any(is_call) {
        // Nothing that is said explicitly does not compete.
        let said: Vec<_> = layers.iter().filter(|layer| !layer.is_null()).cloned().collect();
        return match said.as_slice() {
            [one] => Some(one.clone()),
            _ => Some(side_by_side(&said, last)),
        };
    }
    let runs = layers.chunk_by(|a, b| is_map(a) && is_map(b));
    runs.map(|run| match run {
        [one] => one.clone(),
        maps => by_key(maps, lists),
    })
    .reduce(|low, high| merge::merge(&low, &high, lists))
}

/// The values that met at one path, if it is one where some did.
pub(super) fn met(value: &Value) -> Option<&[Value]> {
    let map = value.as_map()?;
    (map.len() == 1).then(|| map.get(MET)).flatten()?.as_list()
}

/// What values that met, called or not, come to: the first decides how. A map takes in the maps
/// above it and ends at anything else; a list follows the strategy; of others the last remains.
pub(super) fn decided(values: &[Value], lists: Lists) -> Option<Value> {
    // Until it is known what it is, anything may come of it.
    let unknown = values.iter().rev().find(|value| matches!(value.node, Node::Unknown(_)));
    if let Some(unknown) = unknown {
        return Some(unknown.clone());
    }
    let (first, rest) = values.split_first()?;
    let last = rest.last().unwrap_or(first);
    Some(match (&first.node, lists) {
        _ if is_map(first) => match rest.iter().find(|value| !is_map(value)) {
            Some(other) => other.clone(),
            None => rest
                .iter()
                .fold(first.clone(), |low, high| merge::merge(&low, high, Lists::Replace)),
        },
        (Node::List(_), Lists::Append) => {
            let lists = values.iter().filter_map(Value::as_list);
            let items: Vec<_> = lists.flatten().cloned().collect();
            let node = if items.is_empty() { Node::Null } else { Node::List(Arc::new(items)) };
            Value { node, origin: last.origin }
        }
        (Node::List(_), Lists::Merge) => match rest.iter().find(|v| v.as_list().is_none()) {
            Some(other) => other.clone(),
            None => rest.iter().fold(first.clone(), |low, high| pairwise(&low, high)),
        },
        (Node::List(_), Lists::MergeBy(_)) => match rest.iter().find(|v| v.as_list().is_none()) {
            Some(other) => other.clone(),
            None => rest.iter().fold(first.clone(), |low, high| merge::merge(&low, high, lists)),
        },
        _ => last.clone(),
    })
}

/// The value with everything that met in it decided; `None` if nothing did.
pub(super) fn settled(value: &Value, lists: Lists) -> Option<Value> {
    if let Some(values) = met(value) {
        let values: Vec<_> = values
            .iter()
            .map(|value| settled(value, lists).unwrap_or_else(|| value.clone()))
            .collect();
        return decided(&values, lists);
    }
    let map = value.as_map()?.changed(|_, child| settled(child, lists))?;
    Some(Value { node: Node::Map(map), origin: value.origin })
}

/// The values that met with each replaced by what `change` makes of it.
pub(super) fn rebuilt(value: &Value, mut change: impl FnMut(&Value) -> Value) -> Value {
    merge::rebuild(value, |values| merge::rebuild(values, &mut change))
}

/// Whether the value is a call that waits.
pub(super) fn is_call(value: &Value) -> bool {
    matches!(&value.node, Node::Raw(raw) if raw.tag.as_deref().is_some_and(function::waits))
}

fn is_map(value: &Value) -> bool {
    value.as_map().is_some() && appended(value).is_none()
}

fn side_by_side(values: &[Value], last: &Value) -> Value {
    let values = values.iter().map(merge::settle).collect();
    let list = Value { node: Node::List(Arc::new(values)), origin: last.origin };
    let map: Map = [(Arc::from(MET), list)].into_iter().collect();
    Value { node: Node::Map(map), origin: last.origin }
}

fn by_key(maps: &[Value], lists: Lists) -> Value {
    let mut merged = Map::default();
    let all = || maps.iter().filter_map(Value::as_map);
    for key in all().flat_map(|map| map.iter().map(|(key, _)| key)) {
        if merged.get(key).is_some() {
            continue;
        }
        let layers: Vec<_> = all().filter_map(|map| map.get(key)).cloned().collect();
        if let Some(value) = self::merged(&layers, lists) {
            merged.insert(key.clone(), value);
        }
    }
    let origin = maps.last().map_or(crate::model::value::Origin::NONE, |map| map.origin);
    Value { node: Node::Map(merged), origin }
}

/// Unlike lists that only merge: the upper item wins unless both are maps, and what goes beyond
/// the lower list is kept.
fn pairwise(low: &Value, high: &Value) -> Value {
    let (below, above) = (low.as_list().unwrap_or_default(), high.as_list().unwrap_or_default());
    let pair = |at: usize| match (below.get(at), above.get(at)) {
        (Some(below), Some(above)) if is_map(below) && is_map(above) => {
            Some(merge::merge(below, above, Lists::Replace))
        }
        (below, above) => above.or(below).cloned(),
    };
    let items = (0..below.len().max(above.len())).filter_map(pair).collect();
    Value { node: Node::List(Arc::new(items)), origin: high.origin }
}
