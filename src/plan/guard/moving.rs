//! What a stack leaves behind stays until everything is true where the stack goes.

use crate::model::plan::{Hold, HoldReason, Part};
use crate::plan::{Draft, PlanInput};

pub(super) fn holds(input: &PlanInput<'_>, draft: &Draft) -> Vec<Hold> {
    let moving = input.moving.filter(|moving| !moving.is_there && !draft.changes.is_empty());
    let reason = moving.map(|moving| HoldReason::Moving { to: moving.to.clone() });
    reason.map(|reason| Hold { part: Part::Plan, reason }).into_iter().collect()
}
