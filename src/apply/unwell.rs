//! What does not do well while a run is under way, and who waits for it.

use std::collections::BTreeMap;

use super::ApplyContext;
use crate::backends::After;
use crate::ids::ComponentId;
use crate::model::change::{Action, Cause};
use crate::model::observation::Observed;
use crate::model::plan::{Effect, Plan};

/// By component, how it is doing, if not well.
#[derive(Debug, Default)]
pub(super) struct Unwell(BTreeMap<ComponentId, String>);

impl Unwell {
    /// As the plan saw it.
    pub(super) fn planned(plan: &Plan) -> Self {
        let told = plan.envelope.health.iter();
        Self(told.filter_map(|(id, health)| Some((id.clone(), health.unwell()?))).collect())
    }

    /// Hears what the target said after a step.
    pub(super) fn hear(&mut self, component: &ComponentId, after: &[After]) {
        let told = |one: &After| Some(format!("{} is {}", one.resource, one.health.unwell()?));
        if let Some(why) = after.iter().find_map(told) {
            self.0.insert(component.clone(), why);
        }
    }

    /// Hears how a component is doing as a whole, whatever was said of it before.
    pub(super) fn see(&mut self, component: &ComponentId, seen: &Observed) {
        let why = match seen {
            Observed::Complete(seen) | Observed::Partial(seen) => seen.health.unwell(),
            Observed::Unreachable { reason } => Some(format!("unknown: {reason}")),
        };
        match why {
            Some(why) => drop(self.0.insert(component.clone(), why)),
            None => drop(self.0.remove(component)),
        }
    }

    /// Until when the step waits. What was there once is put back all the same, and what only
    /// goes waits for nobody's health.
    pub(super) fn keeps_waiting(
        &self,
        cx: &ApplyContext<'_>,
        effect: &Effect,
        at: usize,
    ) -> Option<String> {
        let step = &effect.steps[at];
        let mut changes = step.changes.iter().map(|&at| &effect.changes[at]);
        let wished = changes.any(|change| {
            change.cause == Cause::Wish && !matches!(change.action, Action::Delete | Action::Forget)
        });
        let awaited = cx.awaited.get(&step.component).filter(|_| wished);
        let mut unwell = awaited.into_iter().flatten().filter_map(|on| Some((on, self.0.get(on)?)));
        unwell.next().map(|(on, why)| format!("until {}/{} does well: {why}", on.kind, on.name))
    }
}
