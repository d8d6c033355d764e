//! What does not come back goes only by name: volumes, state, namespaces, definitions.

use crate::model::change::Risk;
use crate::model::plan::{Hold, HoldReason, Part};
use crate::plan::{Draft, PlanInput};

pub(super) fn holds(input: &PlanInput<'_>, draft: &Draft) -> Vec<Hold> {
    let lost = draft.changes.iter().filter(|change| {
        change.risk == Risk::DataLoss
            && change.action.is_destructive()
            && input.acts_on(&change.component)
    });
    lost.map(|change| Hold {
        part: Part::Resource(change.component.clone(), change.resource.clone()),
        reason: HoldReason::Protected,
    })
    .collect()
}
