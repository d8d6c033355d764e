//! What became of a step that may have begun before a crash: observed, never assumed.

use std::collections::{BTreeMap, BTreeSet};

use super::ApplyError;
use super::compare::compare;
use super::journal::Finished;
use super::run::Run;
use super::unwell::Unwell;
use crate::backends::After;
use crate::model::canonical;
use crate::model::change::{Action, Change};
use crate::model::inventory::Inventory;
use crate::model::observation::{Observation, Observed, Seen};
use crate::model::outcome::{StepEnd, StepOutcome};
use crate::model::plan::Nature;

/// What a look at one resource tells about its change.
enum Trace {
    /// It is as the change would leave it.
    Done(After),
    /// It is as it was before the change.
    Untouched,
    /// It is neither; the text says where it differs.
    Moved(String),
    /// It cannot be looked at.
    Hidden(String),
}

impl Run<'_> {
    /// How a step that has an intent and no outcome ended; `None`: it is to be done (again).
    /// `looked` is a look at its component.
    pub(super) fn settle(&self, at: usize, looked: &Observed) -> Option<Finished> {
        let step = &self.plan.effect().steps[at];
        let traces: Vec<Trace> =
            self.changes(at).map(|change| trace(change, looked, &self.before)).collect();
        let all_done = traces.iter().all(|trace| matches!(trace, Trace::Done(_)));
        let none_done = traces.iter().all(|trace| matches!(trace, Trace::Untouched));
        let untold = traces.iter().find_map(|trace| match trace {
            Trace::Moved(why) => Some(StepEnd::Stale { why: why.clone() }),
            Trace::Hidden(why) => Some(StepEnd::Indeterminate { why: why.clone() }),
            Trace::Done(_) | Trace::Untouched => None,
        });
        match step.nature {
            Nature::IndeterminateAfterCrash => {
                let why = "a crash came while it ran: a person has to look".to_owned();
                Some(self.ended(at, StepEnd::Indeterminate { why }))
            }
            _ if all_done => Some(self.found_done(at, traces)),
            Nature::IdempotentByName if untold.is_none() => None,
            Nature::ObserveBeforeRetry if none_done => None,
            _ => {
                let why = "a crash came while it ran, and only part of it is there".to_owned();
                Some(self.ended(at, untold.unwrap_or(StepEnd::Indeterminate { why })))
            }
        }
    }

    /// Looks at the component of the step `at`.
    pub(super) async fn look(&self, at: usize, owned: &Inventory) -> Observed {
        let look = self.cx.target.observe(&self.plan.effect().steps[at].component, None, owned);
        let late = || Observed::Unreachable { reason: "looking took too long".to_owned() };
        self.within(self.patience(at).timeout, look).await.unwrap_or_else(late)
    }

    /// Looks how those components are doing that have begun and that others wait for.
    pub(super) async fn look_again(
        &self,
        ended: &BTreeMap<usize, StepOutcome>,
        unwell: &mut Unwell,
    ) -> Result<(), ApplyError> {
        let begun: BTreeMap<_, _> = ended.iter().map(|(at, end)| (&end.component, *at)).collect();
        let awaited = self.cx.awaited.values().flatten();
        let answering = self.cx.answers.values().flat_map(BTreeMap::values);
        let awaited: BTreeSet<_> = awaited.chain(answering).collect();
        if awaited.iter().all(|id| !begun.contains_key(id)) {
            return Ok(());
        }
        let owned = self.cx.store.inventory(&self.plan.effect().scope, self.cx.target.name());
        let owned = owned.await?.unwrap_or_default();
        for (id, at) in begun.into_iter().filter(|(id, _)| awaited.contains(id)) {
            unwell.see(self.cx, id, &self.look(at, &owned).await);
        }
        Ok(())
    }

    fn found_done(&self, at: usize, traces: Vec<Trace>) -> Finished {
        let mut finished = self.ended(at, StepEnd::Done);
        for (change, trace) in self.changes(at).zip(traces) {
            if let Trace::Done(after) = trace {
                finished.outcome.comparisons.push(compare(change, &after));
                finished.after.push(after);
            }
        }
        finished
    }
}

fn trace(change: &Change, looked: &Observed, owned: &Inventory) -> Trace {
    // A change of ownership alone has nothing to be seen at the target, and is done again.
    if matches!(change.action, Action::Move { .. } | Action::Forget | Action::Keep) {
        return Trace::Untouched;
    }
    let Observation { resources, health, .. } = match looked {
        Observed::Complete(observation) | Observed::Partial(observation) => observation,
        Observed::Unreachable { reason } => return Trace::Hidden(reason.clone()),
    };
    let (live, uid) = match resources.get(&change.resource) {
        Some(Seen::Compared(both)) => (both.live.clone(), both.uid.clone()),
        Some(Seen::Absent) => (None, None),
        Some(
            Seen::Unreadable { reason } | Seen::Refused { reason } | Seen::Ambiguous { reason },
        ) => {
            return Trace::Hidden(reason.clone());
        }
        // It was taken out of the inventory with its outcome: the delete is confirmed.
        None if change.action == Action::Delete && !owned.contains_key(&change.resource) => {
            (None, None)
        }
        Some(Seen::Same { .. }) | None => {
            return Trace::Hidden(format!("the target does not tell about {}", change.resource));
        }
    };
    let after = After { resource: change.resource.clone(), live, uid, health: health.clone() };
    let is_there = after.live.is_some() == change.intended.is_some();
    if is_there && compare(change, &after).deviations.is_empty() {
        return Trace::Done(after);
    }
    match unmet(change, &after) {
        None => Trace::Untouched,
        Some(what) => Trace::Moved(what),
    }
}

/// The first part of the precondition that no longer holds.
fn unmet(change: &Change, found: &After) -> Option<String> {
    let (resource, precondition) = (&change.resource, &change.precondition);
    match (precondition.exists, &found.live) {
        (false, None) => return None,
        (false, Some(_)) => return Some(format!("{resource} is there, and not as planned")),
        (true, None) => return Some(format!("{resource} is gone")),
        (true, Some(_)) => {}
    }
    let live = found.live.as_ref();
    let moved = precondition.fields.iter().find(|(path, wanted)| {
        let field = live.and_then(|live| path.find(live.value()));
        field.map(canonical::content_id) != **wanted
    });
    moved.map(|(path, _)| format!("{resource}: `{path}` is neither as it was nor as planned"))
}
