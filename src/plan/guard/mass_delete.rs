//! More deletes at once than anybody intends.

use crate::model::plan::{Hold, HoldReason, Part};
use crate::plan::{Draft, PlanInput};

/// So many deletes are never too many by percentage: what one component leaves behind at a files
/// target (variables, backend, providers). Otherwise a stack of ten resources, of which a tenth is
/// one, could not lose a component without a word.
pub(super) const DELETES_SMALL: usize = 3;

pub(super) fn holds(input: &PlanInput<'_>, draft: &Draft) -> Vec<Hold> {
    let going = draft.changes.iter().filter(|change| change.action.is_destructive());
    let deletes = going.filter(|change| input.acts_on(&change.component)).count();
    let deletes_max = deletes_max(input);
    let reason = HoldReason::MassDelete { deletes, deletes_max };
    let hold = (deletes > deletes_max).then_some(Hold { part: Part::Plan, reason });
    hold.into_iter().collect()
}

fn deletes_max(input: &PlanInput<'_>) -> usize {
    let guard = &input.policy.guard;
    let owned = input.owned.values().filter(|o| o.component.stack == input.stack.name).count();
    let percent = (owned * guard.deletes_percent_max as usize).div_ceil(100);
    percent.max(DELETES_SMALL).min(guard.deletes_max as usize)
}
