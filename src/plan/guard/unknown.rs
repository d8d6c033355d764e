//! Values that are known only after something else is applied.

use std::collections::BTreeSet;

use crate::model::change::Action;
use crate::model::plan::{Hold, HoldReason, Part};
use crate::model::question::Question;
use crate::plan::{Draft, PlanInput};

/// What a component is built with has to be known, and what decides whether it is applied; and so
/// has what would become of a resource, unless a tool has sealed the set and settles it itself.
pub(super) fn holds(input: &PlanInput<'_>, draft: &Draft) -> Vec<Hold> {
    let mut holds = Vec::new();
    let changes = draft.changes.iter().filter(|change| change.action != Action::Keep);
    let changed: BTreeSet<_> = changes.map(|change| &change.component).collect();
    for id in changed.into_iter().filter(|_| input.moving.is_none()) {
        let mut open = BTreeSet::new();
        let built = input.rendered.get(id).and_then(|built| built.as_ref().ok());
        let pieces = built.iter().flat_map(|rendered| rendered.resources().values());
        pieces.for_each(|piece| piece.body.value().questions(&mut open));
        let wanted = input.stack.component(id);
        open.extend(wanted.iter().flat_map(|component| component.undecided.iter().cloned()));
        if !open.is_empty() {
            let reason = reason(&open);
            holds.push(Hold { part: Part::Component(id.clone()), reason });
        }
    }
    for change in &draft.changes {
        let held = holds.iter().any(|h: &Hold| h.part == Part::Component(change.component.clone()));
        let settled =
            held || input.observation(&change.component).is_some_and(|o| o.artifact.is_some());
        let mut open = BTreeSet::new();
        change.intended.iter().for_each(|body| body.value().questions(&mut open));
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
