//! What resources need of each other, beyond what their components say.

use std::collections::{BTreeMap, BTreeSet};

use super::PlanInput;
use crate::build::Piece;
use crate::ids::ResourceKey;
use crate::model::change::{Action, Change};
use crate::model::need::Need;

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
    let makers = Makers::of(input, changes, portions);
    let mut add = |is_wanted: fn(&Need) -> bool| {
        for (at, change) in made(changes, portions) {
            let needs = piece(input, change).into_iter().flat_map(|piece| &piece.needs);
            for &other in needs.filter(|need| is_wanted(need)).flat_map(|n| makers.of_need(n)) {
                if other != at && !before[at].contains(&other) && !comes_after(other, at, before) {
                    before[at].insert(other);
                }
            }
        }
    };
    // What an account needs to be there itself, as its namespace, cannot wait for the account.
    add(|need| !matches!(need, Need::Behalf(_)));
    add(|need| matches!(need, Need::Behalf(_)));
}

/// Which portions make what is needed.
struct Makers<'a> {
    resources: BTreeMap<&'a ResourceKey, usize>,
    others: BTreeMap<&'a Need, Vec<usize>>,
}

impl<'a> Makers<'a> {
    fn of(input: &PlanInput<'a>, changes: &'a [Change], portions: &'a [Makes<'a>]) -> Self {
        let mut makers = Self { resources: BTreeMap::new(), others: BTreeMap::new() };
        for (at, change) in made(changes, portions) {
            if change.action == Action::Forget {
                continue;
            }
            makers.resources.insert(&change.resource, at);
            for given in piece(input, change).into_iter().flat_map(|piece| &piece.gives) {
                makers.others.entry(given).or_default().push(at);
            }
        }
        makers
    }

    fn of_need(&self, need: &Need) -> &[usize] {
        match need {
            Need::Resource(key) => self.resources.get(key).map(std::slice::from_ref),
            need => self.others.get(need).map(Vec::as_slice),
        }
        .unwrap_or_default()
    }
}

/// Every change that is part of making something, with its portion.
fn made<'a>(
    changes: &'a [Change],
    portions: &'a [Makes<'a>],
) -> impl Iterator<Item = (usize, &'a Change)> {
    let each = portions.iter().enumerate();
    each.flat_map(move |(at, makes)| {
        makes.iter().flat_map(|m| m.iter()).map(move |&c| (at, &changes[c]))
    })
}

fn piece<'a>(input: &PlanInput<'a>, change: &Change) -> Option<&'a Piece> {
    let built = input.rendered.get(&change.component)?.as_ref().ok()?;
    built.resources().get(&change.resource).map(AsRef::as_ref)
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
