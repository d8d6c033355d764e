//! What resources' own places are told of plans and runs.
//!
//! What is made for the first time is not told one by one: the run is. A thousand new objects say by
//! themselves that they are new.

use std::collections::BTreeMap;

use super::words::several;
use crate::ids::{ComponentId, ResourceKey};
use crate::model::change::{Action, Cause, Change, FieldChange};
use crate::model::notice::{About, Notice, Reason};
use crate::model::observation::Health;
use crate::model::outcome::{Outcome, StepEnd, StepOutcome};
use crate::model::plan::{Envelope, HoldReason, Part, Plan};
use crate::model::revision::Revision;

/// Resources of one run that are told of one by one, what went wrong first: a commit that changes
/// thousands costs a hundred requests more, and not a third more.
pub const NOTICES_MAX: usize = 100;

/// Fields that are named one by one.
const FIELDS_MAX: usize = 8;

/// What a run has come to.
pub fn of_run(plan: &Plan, outcome: &Outcome) -> Vec<Notice> {
    let revision = &plan.envelope.revision;
    let each = outcome.steps.iter().flat_map(|step| of_step(plan, step));
    let mut all: Vec<_> = each.collect();
    all.sort_by(|a, b| (a.reason, &a.about).cmp(&(b.reason, &b.about)));
    let left_out = all.len().saturating_sub(NOTICES_MAX);
    all.truncate(NOTICES_MAX);
    let done = outcome.steps.iter().filter(|step| step.end == StepEnd::Done).count();
    let steps = several(outcome.steps.len(), "step");
    let mut note = format!("{}: {done} of {steps} done, at {}", outcome.stack, told(revision));
    if left_out > 0 {
        note += &format!("; {} not told one by one", several(left_out, "change"));
    }
    let reason = if outcome.went_well() { Reason::Applied } else { Reason::Incomplete };
    let about = About::Stack(outcome.stack.clone());
    all.push(Notice { about, reason, note, revision: revision.clone() });
    all
}

fn of_step<'a>(plan: &'a Plan, step: &'a StepOutcome) -> impl Iterator<Item = Notice> + 'a {
    let effect = plan.effect();
    let changes = effect.steps.get(step.step).map(|step| step.changes.as_slice());
    let changes = changes.unwrap_or_default().iter().filter_map(|at| effect.changes.get(*at));
    changes.filter_map(|change| of_change(change, &step.end, &plan.envelope.revision))
}

fn of_change(change: &Change, end: &StepEnd, revision: &Revision) -> Option<Notice> {
    let at = told(revision);
    let (reason, note) = match end {
        StepEnd::Done => match (&change.action, change.cause) {
            // It holds what it held.
            (Action::Update, _) if change.fields.is_empty() => return None,
            (Action::Create, Cause::Drift) => {
                (Reason::Corrected, format!("it was gone, and is made as it is at {at}"))
            }
            (Action::Update, Cause::Drift) => {
                (Reason::Corrected, format!("put back as it is at {at}: {}", fields(change)))
            }
            (Action::Update | Action::Adopt, _) => {
                (Reason::Updated, format!("made what it is at {at}: {}", fields(change)))
            }
            (Action::Replace, _) => {
                (Reason::Replaced, format!("made anew as it is at {at}: {}", fields(change)))
            }
            (Action::Delete, _) => (Reason::Deleted, format!("it is not wanted at {at}")),
            (Action::Create | Action::Move { .. } | Action::Forget | Action::Keep, _) => {
                return None;
            }
        },
        StepEnd::Failed { why } | StepEnd::Indeterminate { why } => {
            (Reason::Failed, format!("{} at {at}: {why}", change.action.verb()))
        }
        StepEnd::NotStarted { .. } | StepEnd::Waits { .. } | StepEnd::Stale { .. } => return None,
    };
    let uid = change.precondition.uid.clone();
    let about = About::Resource(change.component.clone(), change.resource.clone(), uid);
    Some(Notice { about, reason, note, revision: revision.clone() })
}

/// The fields that were changed, by who had written them.
fn fields(change: &Change) -> String {
    let mut by: BTreeMap<Option<&str>, Vec<String>> = BTreeMap::new();
    for FieldChange { path, writer, .. } in change.fields.iter().take(FIELDS_MAX) {
        by.entry(writer.as_deref()).or_default().push(format!("`{path}`"));
    }
    let each = by.into_iter().map(|(writer, paths)| match writer {
        Some(writer) => format!("{}, written by {writer}", paths.join(", ")),
        None => paths.join(", "),
    });
    let mut text = each.collect::<Vec<_>>().join("; ");
    if let Some(more @ 1..) = change.fields.len().checked_sub(FIELDS_MAX) {
        text += &format!("; and {}", several(more, "field more"));
    }
    text
}

/// Components that did not do well, each with the resource for which.
pub type Ill = BTreeMap<ComponentId, ResourceKey>;

/// What is told of a plan that differs from the `last` one of its stack: who is refused, and who no
/// longer does well, or does well again. `ill` are the components that did not, each with the resource that
/// was told of.
pub fn of_plan(last: Option<&Envelope>, plan: &Plan, ill: &mut Ill) -> Vec<Notice> {
    let now = &plan.envelope;
    let at = told(&now.revision);
    let is_new = |part: &Part, reason: &HoldReason| {
        let mut known = last.into_iter().flat_map(|last| &last.holds);
        !known.any(|hold| hold.part == *part && hold.reason == *reason)
    };
    let mut all = Vec::new();
    for hold in &now.holds {
        if let (Part::Resource(id, key), HoldReason::Refused { why }) = (&hold.part, &hold.reason)
            && is_new(&hold.part, &hold.reason)
        {
            all.push((id, key.clone(), Reason::Refused, format!("refused at {at}: {why}")));
        }
    }
    all.truncate(NOTICES_MAX);
    let stack = &plan.effect().stack;
    ill.retain(|id, _| id.stack != *stack || now.why.contains_key(id));
    for id in now.why.keys() {
        let before = last.and_then(|last| degraded(last, id));
        let was_degraded = before.is_some();
        ill.extend(before.map(|(key, _)| (id.clone(), key)));
        if let Some((key, why)) = degraded(now, id) {
            ill.insert(id.clone(), key.clone());
            if !was_degraded {
                all.push((id, key, Reason::Degraded, format!("degraded at {at}: {why}")));
            }
        } else if !now.health.contains_key(id)
            && let Some(key) = ill.remove(id)
        {
            // What is getting there again is told of once it is there.
            all.push((id, key, Reason::Recovered, format!("does well again, at {at}")));
        }
    }
    let notice = |(id, key, reason, note): (&ComponentId, ResourceKey, Reason, String)| Notice {
        about: About::Resource(id.clone(), key, None),
        reason,
        note,
        revision: now.revision.clone(),
    };
    all.into_iter().map(notice).collect()
}

/// The resource for which a component does not get there, and why.
fn degraded<'e>(plan: &'e Envelope, id: &ComponentId) -> Option<(ResourceKey, &'e str)> {
    let Some(Health::Degraded(why)) = plan.health.get(id) else { return None };
    let (key, why) = why.split_once(": ")?;
    Some((ResourceKey::new(key).ok()?, why))
}

/// The revision, for people.
fn told(revision: &Revision) -> String {
    match revision {
        Revision::Commit(_) | Revision::Merge { .. } => format!("commit {revision}"),
        Revision::Folder(_) => revision.to_string(),
    }
}
