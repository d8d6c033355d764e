//! What depends on something held waits with it.

use std::collections::BTreeSet;

use crate::ids::ComponentId;
use crate::model::change::{Action, Change};
use crate::model::plan::{Hold, HoldReason, Part};
use crate::plan::{Draft, PlanInput};

/// A component that makes or changes something waits while a component it depends on is held.
///
/// What is only observed or locked is taken as it stands, unless it is not there yet. What only
/// goes waits for nobody above it.
pub(super) fn holds(input: &PlanInput<'_>, draft: &Draft) -> Vec<Hold> {
    let creating = draft.changes.iter().filter(|change| change.action == Action::Create);
    let creating: BTreeSet<_> = creating.map(|change| &change.component).collect();
    let holds_up = |hold: &Hold| match (&hold.reason, hold.part.component()) {
        (_, None) => None,
        (HoldReason::Observed { .. } | HoldReason::Locked, Some(id)) if !creating.contains(id) => {
            None
        }
        (_, id) => id.cloned(),
    };
    let held: BTreeSet<ComponentId> = draft.holds.iter().filter_map(holds_up).collect();
    if held.is_empty() {
        return Vec::new();
    }
    let makes =
        |change: &&Change| !matches!(change.action, Action::Keep | Action::Delete | Action::Forget);
    let making: BTreeSet<_> =
        draft.changes.iter().filter(makes).map(|change| &change.component).collect();
    let mut holds = Vec::new();
    for id in making.into_iter().filter(|id| input.acts_on(id)) {
        for on in input.stack.all_dependencies(id) {
            if held.contains(&on) {
                let part = Part::Component(id.clone());
                holds.push(Hold { part, reason: HoldReason::Dependency { on } });
            }
        }
    }
    holds
}
