//! Which steps may begin next.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::outcome::{StepEnd, StepOutcome};
use crate::model::plan::Effect;

/// What may happen now that some steps have ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Wave {
    /// Steps that may begin together, in the plan's order.
    pub(super) ready: Vec<usize>,
    /// Steps that will never begin, and why.
    pub(super) never: Vec<(usize, String)>,
}

/// The next wave. None of its steps waits for another, and no two touch the same resource. When
/// `ready` is empty, every step has ended or is in `never`.
pub(super) fn next(effect: &Effect, ended: &BTreeMap<usize, StepOutcome>) -> Wave {
    let mut wave = Wave::default();
    let mut lost: BTreeSet<usize> = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for (at, step) in effect.steps.iter().enumerate() {
        if ended.contains_key(&at) {
            continue;
        }
        // What a step waits for stands before it, so its fate is known by now.
        let broken = step.after.iter().find(|&&before| {
            lost.contains(&before) || ended.get(&before).is_some_and(|o| o.end != StepEnd::Done)
        });
        if let Some(&before) = broken {
            lost.insert(at);
            let how = ended.get(&before).map_or("did not begin", |outcome| word(&outcome.end));
            wave.never.push((at, format!("it comes after {}, which {how}", name(effect, before))));
            continue;
        }
        let waits = step.after.iter().any(|before| !ended.contains_key(before));
        let resources = || step.changes.iter().map(|&change| &effect.changes[change].resource);
        if !waits && !resources().any(|resource| taken.contains(resource)) {
            taken.extend(resources());
            wave.ready.push(at);
        }
    }
    wave
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
        StepEnd::Waits { .. } => "waits for a value",
        StepEnd::Stale { .. } => "is stale",
        StepEnd::Failed { .. } => "failed",
        StepEnd::Indeterminate { .. } => "is indeterminate",
    }
}

#[cfg(test)]
mod tests;
