//! Which steps may begin next.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::outcome::StepEnd;
use crate::model::plan::Effect;

/// What may happen now that some steps have begun and some have ended.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Next {
    /// Steps that may begin together, in the plan's order.
    pub(super) ready: Vec<usize>,
    /// Steps that will not begin in this run, and how they end.
    pub(super) never: BTreeMap<usize, StepEnd>,
}

/// What is next. None of those that may begin waits for another, and none touches a resource that
/// another one or one of those in `going` does. `end` says how a step has ended. When nothing is ready
/// and nothing is going, every step has ended or is in `never`. `waits` says what a step that could
/// begin waits for beyond the other steps.
pub(super) fn next<'e>(
    effect: &Effect,
    end: impl Fn(usize) -> Option<&'e StepEnd>,
    going: &BTreeSet<usize>,
    waits: impl Fn(usize) -> Option<String>,
) -> Next {
    let mut next = Next::default();
    let touched = |at: usize| {
        let changes = effect.steps[at].changes.iter();
        changes.map(|&change| &effect.changes[change].resource)
    };
    // Most often every step that could begin has begun.
    let mut taken: Option<BTreeSet<_>> = None;
    for (at, step) in effect.steps.iter().enumerate() {
        if going.contains(&at) || end(at).is_some() {
            continue;
        }
        // What a step comes after stands before it, so its fate is known by now.
        let fate = |before: usize| next.never.get(&before).or_else(|| end(before));
        let mut broken = step.after.iter().filter_map(|&before| Some((before, fate(before)?)));
        if let Some((before, end)) = broken.find(|(_, end)| **end != StepEnd::Done) {
            let end = after(effect, before, end);
            next.never.insert(at, end);
            continue;
        }
        let comes_later = step.after.iter().any(|&before| end(before).is_none());
        if comes_later {
            continue;
        }
        let taken = taken.get_or_insert_with(|| going.iter().flat_map(|&at| touched(at)).collect());
        if touched(at).any(|resource| taken.contains(resource)) {
            continue;
        }
        match waits(at) {
            Some(why) => drop(next.never.insert(at, StepEnd::Waits { why })),
            None => {
                taken.extend(touched(at));
                next.ready.push(at);
            }
        }
    }
    next
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
