//! What resources need of each other, beyond what their components say.

use std::collections::{BTreeMap, BTreeSet};

use super::PlanInput;
use crate::ids::ResourceKey;
use crate::model::change::{Action, Change};

/// Which portions have to be done before which: by index.
pub(super) type Before = Vec<BTreeSet<usize>>;

/// A portion as far as this matters: its changes, if it makes something.
pub(super) type Makes<'a> = Option<&'a [usize]>;

/// Adds to `before` what the resources themselves need. What a person has ordered the other way
/// round stays as it is.
pub(super) fn add(
    input: &PlanInput<'_>,
    changes: &[Change],
    portions: &[Makes<'_>],
    before: &mut Before,
) {
    let mut makers: BTreeMap<&ResourceKey, usize> = BTreeMap::new();
    for (at, makes) in portions.iter().enumerate() {
        let made = makes.iter().flat_map(|made| made.iter()).map(|&change| &changes[change]);
        let made = made.filter(|change| change.action != Action::Forget);
        makers.extend(made.map(|change| (&change.resource, at)));
    }
    for (at, makes) in portions.iter().enumerate() {
        let made = makes.iter().flat_map(|made| made.iter()).map(|&change| &changes[change]);
        for other in made.flat_map(|change| needs(input, change)).filter_map(|n| makers.get(n)) {
            if *other != at && !comes_after(*other, at, before) {
                before[at].insert(*other);
            }
        }
    }
}

fn needs<'a>(
    input: &PlanInput<'a>,
    change: &Change,
) -> impl Iterator<Item = &'a ResourceKey> + use<'a> {
    let built = input.rendered.get(&change.component).and_then(|built| built.as_ref().ok());
    let piece = built.and_then(|built| built.resources().get(&change.resource));
    piece.into_iter().flat_map(|piece| &piece.needs)
}

/// Whether `one` has to wait for `other`, however indirectly.
fn comes_after(one: usize, other: usize, before: &Before) -> bool {
    let (mut seen, mut open) = (BTreeSet::new(), vec![one]);
    while let Some(next) = open.pop() {
        if before[next].contains(&other) {
            return true;
        }
        open.extend(before[next].iter().filter(|&&at| seen.insert(at)));
    }
    false
}

/// The portions so that each stands behind all it waits for, otherwise in the order they have.
pub(super) fn sorted(before: &Before) -> Vec<usize> {
    let mut waits: Vec<usize> = before.iter().map(BTreeSet::len).collect();
    let mut after: Vec<Vec<usize>> = vec![Vec::new(); before.len()];
    for (at, needed) in before.iter().enumerate() {
        needed.iter().for_each(|&other| after[other].push(at));
    }
    let mut ready: BTreeSet<usize> = (0..before.len()).filter(|&at| waits[at] == 0).collect();
    let mut order = Vec::with_capacity(before.len());
    while let Some(next) = ready.pop_first() {
        order.push(next);
        for &at in &after[next] {
            waits[at] -= 1;
            if waits[at] == 0 {
                ready.insert(at);
            }
        }
    }
    order
}
