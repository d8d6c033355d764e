//! What depends on something held waits with it.

use std::collections::BTreeSet;

use crate::ids::ComponentId;
use crate::model::change::Action;
use crate::model::plan::{Hold, HoldReason, Part};
use crate::plan::{Draft, PlanInput, order};

/// A component that makes or changes something waits while a component it depends on is held and
/// either has changes itself or cannot be looked at. What only goes waits for nobody above it.
pub(super) fn holds(input: &PlanInput<'_>, draft: &Draft) -> Vec<Hold> {
    let held: BTreeSet<&ComponentId> =
        draft.holds.iter().filter_map(|hold| hold.part.component()).collect();
    let makes = |change: &&crate::model::change::Change| {
        !matches!(change.action, Action::Keep | Action::Delete | Action::Forget)
    };
    let making: BTreeSet<_> =
        draft.changes.iter().filter(makes).map(|change| &change.component).collect();
    let mut holds = Vec::new();
    for id in making {
        for on in order::all_dependencies(input, id) {
            if held.contains(&on) {
                let part = Part::Component(id.clone());
                holds.push(Hold { part, reason: HoldReason::Dependency { on } });
            }
        }
    }
    holds
}
