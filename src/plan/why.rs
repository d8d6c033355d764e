//! For every component of a stack, what the plan does about it and why.

use std::collections::BTreeMap;

use super::{Draft, PlanInput, State};
use crate::ids::ComponentId;
use crate::model::change::Action;
use crate::model::plan::Why;

pub(super) fn all(input: &PlanInput<'_>, draft: &Draft) -> BTreeMap<ComponentId, Why> {
    input.components().into_iter().map(|id| (id.clone(), why(input, draft, &id))).collect()
}

fn why(input: &PlanInput<'_>, draft: &Draft, id: &ComponentId) -> Why {
    let acts = |change: &crate::model::change::Change| {
        change.component == *id && change.action != Action::Keep
    };
    if draft.holds.iter().any(|hold| hold.part.component() == Some(id)) {
        return Why::Held;
    }
    match input.state(id) {
        _ if draft.changes.iter().any(acts) => Why::Changed,
        State::Inactive(by) => Why::Inactive { by: by.to_owned() },
        State::NotSelected => Why::Inactive { by: "it was not selected".to_owned() },
        State::Wanted(..) | State::Gone | State::Unresolved(_) => Why::Unchanged,
    }
}
