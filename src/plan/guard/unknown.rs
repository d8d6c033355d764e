//! Values that are known only after something else is applied.

use std::collections::BTreeSet;

use crate::model::change::Action;
use crate::model::plan::{Hold, HoldReason, Part};
use crate::model::question::Question;
use crate::plan::{Draft, PlanInput};

/// What a component is built with has to be known; and so has what would become of a resource,
/// unless a tool has sealed the set and settles it itself.
pub(super) fn holds(input: &PlanInput<'_>, draft: &Draft) -> Vec<Hold> {
    let mut holds = Vec::new();
    let here = input.rendered.iter().filter(|_| input.moving.is_none());
    for (id, built) in here {
        let mut open = BTreeSet::new();
        let pieces = built.iter().flat_map(|rendered| rendered.resources().values());
        pieces.for_each(|piece| piece.body.value.questions(&mut open));
        let changes = draft.changes.iter().any(|c| c.component == *id && c.action != Action::Keep);
        if changes && !open.is_empty() {
            let reason = reason(&open);
            holds.push(Hold { part: Part::Component(id.clone()), reason });
        }
    }
    for change in &draft.changes {
        let held = holds.iter().any(|h: &Hold| h.part == Part::Component(change.component.clone()));
        let settled =
            held || input.observation(&change.component).is_some_and(|o| o.artifact.is_some());
        let mut open = BTreeSet::new();
        change.intended.iter().for_each(|body| body.value.questions(&mut open));
        if !settled && !open.is_empty() {
            let part = Part::Resource(change.component.clone(), change.resource.clone());
            let reason = reason(&open);
            holds.push(Hold { part, reason });
        }
    }
    holds
}

fn reason(open: &BTreeSet<Question>) -> HoldReason {
    HoldReason::Unknown { questions: open.iter().map(ToString::to_string).collect() }
}
