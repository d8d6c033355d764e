//! For every component of a stack, what the plan does about it and why.

use std::collections::{BTreeMap, BTreeSet};

use super::{Draft, PlanInput, State};
use crate::ids::ComponentId;
use crate::model::change::Action;
use crate::model::plan::Why;

pub(super) fn all(input: &PlanInput<'_>, draft: &Draft) -> BTreeMap<ComponentId, Why> {
    let held: BTreeSet<_> = draft.holds.iter().filter_map(|hold| hold.part.component()).collect();
    let acts = draft.changes.iter().filter(|change| change.action != Action::Keep);
    let changed: BTreeSet<_> = acts.map(|change| &change.component).collect();
    let why = |id: &ComponentId| match input.state(id) {
        _ if held.contains(id) => Why::Held,
        _ if changed.contains(id) => Why::Changed,
        State::Inactive(by) => Why::Inactive { by: by.to_owned() },
        State::NotSelected => Why::Inactive { by: "it was not selected".to_owned() },
        State::Wanted(..) | State::Gone | State::Unresolved(_) => Why::Unchanged,
    };
    let components = input.components().into_iter();
    components
        .map(|id| {
            let why = why(&id);
            (id, why)
        })
        .collect()
}
