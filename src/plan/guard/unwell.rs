//! What depends on something that does not do well waits until it does.

use std::collections::BTreeSet;

use crate::model::change::{Action, Cause};
use crate::model::observation::Health;
use crate::model::plan::{Hold, HoldReason, Part};
use crate::plan::{Draft, PlanInput, answers};

/// A component that is to be made or changed waits while a component it depends on does not do
/// well, unless that one is about to change itself: then the run that changes it waits.
///
/// What was there once is put back all the same, and what only goes waits for nobody's health.
pub(super) fn holds(input: &PlanInput<'_>, draft: &Draft) -> Vec<Hold> {
    let acted = draft.changes.iter().filter(|change| input.acts_on(&change.component));
    let acted = acted.filter(|change| change.action != Action::Keep);
    let changing: BTreeSet<_> = acted.clone().map(|change| &change.component).collect();
    let goes = |action: &Action| matches!(action, Action::Delete | Action::Forget);
    let wished = acted.filter(|change| change.cause == Cause::Wish && !goes(&change.action));
    let wished: BTreeSet<_> = wished.map(|change| &change.component).collect();
    let mut holds = Vec::new();
    for id in wished {
        for on in input.stack.awaited(id).into_iter().filter(|on| !changing.contains(on)) {
            let health = input.observation(&on).map(|observation| &observation.health);
            let Some((health, why)) = health.and_then(|health| Some((health, health.unwell()?)))
            else {
                continue;
            };
            let progressing = matches!(health, Health::Progressing(_));
            let reason = HoldReason::Unwell { on, resource: None, why, progressing };
            holds.push(Hold { part: Part::Component(id.clone()), reason });
        }
    }
    holds.extend(unanswered(input, draft));
    holds
}

/// What is to be called once it is there waits while what is to answer does not do well, unless that
/// is about to change: then the run that changes it waits.
///
/// Where it is there already, it is changed all the same: that may be what lets the other get well.
fn unanswered(input: &PlanInput<'_>, draft: &Draft) -> Vec<Hold> {
    let acted = || {
        let acted = draft.changes.iter().filter(|change| input.acts_on(&change.component));
        acted.filter(|change| change.action != Action::Keep)
    };
    let made = acted().filter(|c| c.action == Action::Create && c.cause == Cause::Wish);
    let made: Vec<_> = made.collect();
    let mut holds = Vec::new();
    if made.is_empty() {
        return holds;
    }
    let answers = answers(input.stack, input.rendered);
    let waiting = made.iter().filter_map(|change| Some((change, answers.get(&change.resource)?)));
    for (change, answering) in waiting {
        for (key, on) in answering {
            if acted().any(|other| other.resource == *key) {
                continue;
            }
            let health = input.observation(on).and_then(|seen| seen.unwell(key));
            let Some((health, why)) = health.and_then(|h| Some((h.clone(), h.unwell()?))) else {
                continue;
            };
            let progressing = matches!(health, Health::Progressing(_));
            let (on, resource) = (on.clone(), Some(key.clone()));
            let part = Part::Resource(change.component.clone(), change.resource.clone());
            holds
                .push(Hold { part, reason: HoldReason::Unwell { on, resource, why, progressing } });
        }
    }
    holds
}
