//! The fold: the one place where the contributions to a section become its value.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::deferred;
use super::merge::{self, Lists};
use crate::model::desired::{Layer, Reach};
use crate::model::value::{Map, Node, Value};

/// The contributions to one section, already merged where files merge: lowest precedence first.
///
/// Each field is a stage. A list marked `!append` continues what is below it within its stage;
/// among bases the mark ends with the stage.
#[derive(Debug, Clone, Default)]
pub(super) struct Stages {
    /// From the top of the manifests and from the kind.
    pub(super) shared: Option<Value>,
    /// From every base, the one reached last at the end.
    pub(super) bases: Vec<Value>,
    pub(super) own: Option<Value>,
    pub(super) overrides: Option<Value>,
}

/// Merges of bases that components of many stacks have in common.
#[derive(Default)]
pub(super) struct Memo(BTreeMap<(Vec<usize>, Lists, bool), Merged>);

/// What was merged, held on to so that its places stay its own, and what came of it.
type Merged = (Vec<Value>, Value);

/// How many merges are remembered: twice what a repository of the largest size known has. One
/// holds on to a few kilobytes.
const MEMO_MAX: usize = 4_096;

impl Memo {
    /// The bases merged; with something below them, marked lists become ordinary.
    fn bases(&mut self, values: &[Value], lists: Lists, is_above: bool) -> Option<Value> {
        let merged = || {
            let join = |low: Value, high: Value| merge::lay(low, &high, lists);
            let bases = values.iter().cloned().reduce(join);
            if is_above { bases.map(|bases| merge::settle(&bases)) } else { bases }
        };
        let places: Option<Vec<_>> =
            values.iter().map(|value| value.as_map().map(Map::place)).collect();
        let Some(places) = places.filter(|places| places.len() > 1) else { return merged() };
        if self.0.len() >= MEMO_MAX {
            self.0.clear();
        }
        // The values are kept, so that no other map comes to lie in their place.
        let entry = self.0.entry((places, lists, is_above));
        let known =
            entry.or_insert_with(|| (values.to_vec(), merged().unwrap_or(Value::empty_map())));
        Some(known.1.clone())
    }
}

impl Stages {
    /// The merged section; `lists` is the component's strategy, and `waits` says whether calls
    /// in it are left beside the values they meet.
    pub(super) fn merged(&self, lists: Lists, waits: bool, memo: &mut Memo) -> Option<Value> {
        let join = |low: Value, high: Value| merge::lay(low, &high, lists);
        let bases = memo.bases(&self.bases, lists, self.shared.is_some());
        let stages = [self.shared.clone(), bases, self.own.clone(), self.overrides.clone()];
        let stages = stages.into_iter().flatten();
        match waits {
            true => deferred::merged(&stages.collect::<Vec<_>>(), lists),
            false => stages.reduce(join),
        }
    }
}

/// Merges the layers of a component into its sections.
///
/// `lists` is the strategy of `atmos.yaml`, which holds between files, and for a component that
/// does not choose its own by `settings.list_merge_strategy`.
pub fn fold(layers: &[Layer], lists: Lists) -> Value {
    let mut sections: BTreeMap<&Arc<str>, Vec<&Layer>> = BTreeMap::new();
    for layer in layers {
        sections.entry(&layer.section).or_default().push(layer);
    }
    let mut chosen = layers
        .iter()
        .rev()
        .filter(|layer| layer.section.as_ref() == "settings")
        .filter_map(|layer| Lists::parse(layer.value.get("list_merge_strategy")?.as_str()?));
    let own = chosen.next().unwrap_or(lists);
    let folded = sections.into_iter().filter_map(|(name, layers)| {
        let chosen = if follows_component(name) { own } else { lists };
        Some((name.clone(), fold_section(name, &layers, lists, chosen)?))
    });
    Value::computed(Node::Map(folded.collect::<Map>()))
}

/// Whether a section's lists follow the component's own strategy, or always that of `atmos.yaml`.
pub(super) fn follows_component(section: &str) -> bool {
    !matches!(section, "backend" | "remote_state_backend" | "retry")
}

fn fold_section(name: &str, layers: &[&Layer], files: Lists, own: Lists) -> Option<Value> {
    let mut stages = Stages::default();
    let mut computed = Vec::new();
    for place in layers.chunk_by(|a, b| a.reach == b.reach && a.turn == b.turn) {
        let values = place.iter().map(|layer| layer.value.clone());
        if matches!(place[0].reach, Reach::Rendered | Reach::Derived(_)) {
            computed.extend(values);
            continue;
        }
        let value = values.reduce(|low, high| merge::merge(&low, &high, files))?;
        match &place[0].reach {
            Reach::Global => stages.shared = Some(value),
            Reach::Kind => {
                let below = stages.shared.take();
                stages.shared = Some(match below {
                    Some(below) => merge::merge(&below, &value, files),
                    None => value,
                });
            }
            Reach::Base(_) => stages.bases.push(value),
            Reach::Own => stages.own = Some(value),
            _ => stages.overrides = Some(value),
        }
    }
    let merged = stages
        .merged(own, deferred::waits_in(name), &mut Memo::default())
        .map(|value| merge::settle(&value));
    let all = merged.into_iter().chain(computed);
    let value = all.reduce(|low, high| merge::merge(&low, &high, Lists::Replace))?;
    Some(merge::prune(&value))
}

/// What has to be laid over `before` to make it `after`; `None` if they are equal.
pub(super) fn difference(before: &Value, after: &Value) -> Option<Value> {
    let (Node::Map(old), Node::Map(new)) = (&before.node, &after.node) else {
        return (before != after).then(|| after.clone());
    };
    let mut map = Map::default();
    for (key, value) in new.iter() {
        let changed = match old.get(key) {
            Some(below) => difference(below, value),
            None => Some(value.clone()),
        };
        changed.into_iter().for_each(|value| map.insert(key.clone(), value));
    }
    for (key, value) in old.iter().filter(|(key, _)| new.get(key).is_none()) {
        map.insert(key.clone(), merge::unset(value.origin));
    }
    (!map.is_empty()).then_some(Value { node: Node::Map(map), origin: after.origin })
}

#[cfg(test)]
mod tests;
