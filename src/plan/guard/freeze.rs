//! Times in which nothing is applied.

use crate::model::plan::{Hold, HoldReason, Part};
use crate::plan::{Draft, PlanInput};

pub(super) fn holds(input: &PlanInput<'_>, draft: &Draft) -> Vec<Hold> {
    let freeze = input.policy.freeze(&input.stack.name, input.now);
    let freeze = freeze.filter(|_| !draft.changes.is_empty());
    let reason = freeze
        .map(|freeze| HoldReason::Freeze { why: freeze.reason.clone(), until: freeze.until });
    reason.map(|reason| Hold { part: Part::Plan, reason }).into_iter().collect()
}
