//! What does not do well while a run is under way, and who waits for it.

use std::collections::BTreeMap;

use super::ApplyContext;
use crate::backends::After;
use crate::ids::{ComponentId, ResourceKey};
use crate::model::body::Body;
use crate::model::change::{Action, Cause, Change};
use crate::model::observation::{Health, Observed};
use crate::model::plan::{Effect, Plan};
use crate::model::upkeep::Upkeep;

/// How those are doing that do not do well.
#[derive(Debug, Default)]
pub(super) struct Unwell {
    components: BTreeMap<ComponentId, String>,
    resources: BTreeMap<ResourceKey, String>,
}

impl Unwell {
    /// As the plan saw it.
    pub(super) fn planned(plan: &Plan) -> Self {
        let told = plan.envelope.health.iter();
        let components = told.filter_map(|(id, health)| Some((id.clone(), health.unwell()?)));
        Self { components: components.collect(), resources: BTreeMap::new() }
    }

    /// Hears what the target said after a step. What says that it keeps nobody waiting does not.
    pub(super) fn hear(&mut self, cx: &ApplyContext<'_>, component: &ComponentId, after: &[After]) {
        let is_no_matter = |live: &Body| Upkeep::of(live.value()).is_no_matter;
        let counts = |one: &&After| !one.live.as_ref().is_some_and(is_no_matter);
        let told = |one: &After| Some(format!("{} is {}", one.resource, one.health.unwell()?));
        if let Some(why) = after.iter().filter(counts).find_map(told) {
            self.components.insert(component.clone(), why);
        }
        let is_answering = |key| cx.answers.values().any(|answering| answering.contains_key(key));
        for one in after.iter().filter(|one| is_answering(&one.resource)) {
            self.note(&one.resource, one.health.unwell());
        }
    }

    /// Hears how a component is doing as a whole, whatever was said of it before.
    pub(super) fn see(&mut self, cx: &ApplyContext<'_>, component: &ComponentId, seen: &Observed) {
        let why = |key: Option<&ResourceKey>| match (seen, key) {
            (Observed::Unreachable { reason }, _) => Some(format!("unknown: {reason}")),
            (Observed::Complete(seen) | Observed::Partial(seen), None) => seen.health.unwell(),
            (Observed::Complete(seen) | Observed::Partial(seen), Some(key)) => {
                seen.unwell(key).as_ref().and_then(Health::unwell)
            }
        };
        let answering = cx.answers.values().flatten().filter(|(_, id)| *id == component);
        for (key, _) in answering {
            self.note(key, why(Some(key)));
        }
        match why(None) {
            Some(why) => drop(self.components.insert(component.clone(), why)),
            None => drop(self.components.remove(component)),
        }
    }

    fn note(&mut self, resource: &ResourceKey, why: Option<String>) {
        match why {
            Some(why) => drop(self.resources.insert(resource.clone(), why)),
            None => drop(self.resources.remove(resource)),
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
        let changes = step.changes.iter().map(|&at| &effect.changes[at]);
        let mut wished = changes.filter(|change| {
            change.cause == Cause::Wish && !matches!(change.action, Action::Delete | Action::Forget)
        });
        let first = wished.next()?;
        let awaited = cx.awaited.get(&step.component);
        let mut unwell =
            awaited.into_iter().flatten().filter_map(|on| Some((on, self.components.get(on)?)));
        if let Some((on, why)) = unwell.next() {
            return Some(until(on, None, why));
        }
        std::iter::once(first).chain(wished).find_map(|change| self.unanswered(cx, change))
    }

    /// Until when a resource waits that is called once it is there.
    fn unanswered(&self, cx: &ApplyContext<'_>, change: &Change) -> Option<String> {
        let answering = cx.answers.get(&change.resource);
        let mut answering = answering.filter(|_| change.action == Action::Create)?.keys();
        let (on, why) = answering.find_map(|on| Some((on, self.resources.get(on)?)))?;
        Some(until(&change.component, Some(on), why))
    }
}

/// Until when something waits: a component, or one resource, does well.
pub(super) fn until(on: &ComponentId, resource: Option<&ResourceKey>, why: &str) -> String {
    let on = match resource {
        Some(resource) => resource.to_string(),
        None => format!("{}/{}", on.kind, on.name),
    };
    format!("until {on} does well: {why}")
}
