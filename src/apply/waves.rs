//! Which steps may begin next.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::outcome::{StepEnd, StepOutcome};
use crate::model::plan::Effect;

/// What may happen now that some steps have ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wave {
    /// Steps that may begin together, in the plan's order.
    pub(super) ready: Vec<usize>,
    /// Steps that will not begin in this run, and how they end.
    pub(super) never: BTreeMap<usize, StepEnd>,
}

/// The next wave. None of its steps waits for another, and no two touch the same resource. When
/// `ready` is empty, every step has ended or is in `never`. `waits` says what a step that could
/// begin waits for beyond the other steps.
pub(super) fn next(
    effect: &Effect,
    ended: &BTreeMap<usize, StepOutcome>,
    waits: impl Fn(usize) -> Option<String>,
) -> Wave {
    let mut wave = Wave::default();
    let mut taken = BTreeSet::new();
    for (at, step) in effect.steps.iter().enumerate() {
        if ended.contains_key(&at) {
            continue;
        }
        // What a step comes after stands before it, so its fate is known by now.
        let fate = |before: &usize| {
            wave.never.get(before).or_else(|| ended.get(before).map(|outcome| &outcome.end))
        };
        let mut broken = step.after.iter().filter_map(|before| Some((*before, fate(before)?)));
        if let Some((before, end)) = broken.find(|(_, end)| **end != StepEnd::Done) {
            let end = after(effect, before, end);
            wave.never.insert(at, end);
            continue;
        }
        let comes_later = step.after.iter().any(|before| !ended.contains_key(before));
        let resources = || step.changes.iter().map(|&change| &effect.changes[change].resource);
        if comes_later || resources().any(|resource| taken.contains(resource)) {
            continue;
        }
        match waits(at) {
            Some(why) => drop(wave.never.insert(at, StepEnd::Waits { why })),
            None => {
                taken.extend(resources());
                wave.ready.push(at);
            }
        }
    }
    wave
}

/// How a step ends that comes after one that ended so.
fn after(effect: &Effect, before: usize, end: &StepEnd) -> StepEnd {
    match end {
        StepEnd::Waits { why } => StepEnd::Waits { why: why.clone() },
        end => {
            let why = format!("it comes after {}, which {}", name(effect, before), word(end));
            StepEnd::NotStarted { why }
        }
    }
}

fn name(effect: &Effect, at: usize) -> String {
    let step = &effect.steps[at];
    match step.changes.first().map(|&change| &effect.changes[change].resource) {
        Some(resource) if step.changes.len() == 1 => format!("`{resource}`"),
        _ => step.component.to_string(),
    }
}

fn word(end: &StepEnd) -> &'static str {
    match end {
        StepEnd::Done => "is done",
        StepEnd::NotStarted { .. } => "did not begin",
        StepEnd::Waits { .. } => "waits",
        StepEnd::Stale { .. } => "is stale",
        StepEnd::Failed { .. } => "failed",
        StepEnd::Indeterminate { .. } => "is indeterminate",
    }
}

#[cfg(test)]
mod tests;
