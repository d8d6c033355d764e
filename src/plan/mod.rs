//! Desired and observed into a plan: what would change, in which order, and what is held and why.
//!
//! Takes: one stack, what its components were built into, what the target said about each, what is
//! owned and marked, the policy, and the time. Nothing else is looked at.
//! Gives: a [`Plan`]; after [`review`], what allows each of its steps; from [`audit`], the defects.
//! Never: fails (a refusal is a hold); deletes on the word of one witness; reads a clock.
//! Start at: [`plan`], then `action.rs` for what becomes of one resource.
//! How to add: a veto is one file in `guard/` and one line in its table.

mod action;
mod answers;
mod diff;
mod gone;
mod guard;
mod kept;
mod needs;
mod order;
mod ownership;
mod why;

mod audit;
mod evidence;
mod review;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::build::Rendered;
use crate::diagnostic::Diagnostic;
use crate::ids::{ComponentId, ResourceKey, Scope, TargetName};
use crate::model::change::Change;
use crate::model::desired::{Component, Stack};
use crate::model::inventory::{Inventory, Mark};
use crate::model::observation::{Health, Observation, Observed};
use crate::model::plan::{Effect, Envelope, Hold, Plan};
use crate::model::policy::{Manage, RepositoryPolicy};
use crate::model::revision::Revision;

pub use answers::{Answers, answers};
pub use audit::{Finding, audit};
pub use evidence::Evidence;
pub use ownership::{Amends, ownership};
pub use review::{Authorities, Earlier, ReviewInput, review};

/// Everything a plan depends on.
#[derive(Debug, Clone, Copy)]
pub struct PlanInput<'a> {
    /// Who plans, for which repository.
    pub scope: &'a Scope,
    /// The stack. One that is no longer in the revision and still owns something is planned as a
    /// stack without components.
    pub stack: &'a Stack,
    /// Where the stack's resources live.
    pub target: &'a TargetName,
    /// What each component was built into, or why it could not be. An active component that is
    /// not in it was not selected, and is left alone.
    pub rendered: &'a BTreeMap<ComponentId, Result<Rendered, Vec<Diagnostic>>>,
    /// What the target said about each component, those included that only own something.
    pub observed: &'a BTreeMap<ComponentId, Observed>,
    /// What this agent owns in the target, other stacks' resources included.
    pub owned: &'a Inventory,
    /// What the target itself says is owned; `None` if it could not be read.
    pub mark: Option<&'a Mark>,
    /// Whether what is missing is really gone.
    pub evidence: &'a Evidence,
    /// What may be done without asking.
    pub policy: &'a RepositoryPolicy,
    /// From which tree the stack was resolved.
    pub revision: &'a Revision,
    /// Where the stack goes, if this is what it leaves behind.
    pub moving: Option<Moving<'a>>,
    /// When the target was observed.
    pub observed_at: Timestamp,
    /// What time it is.
    pub now: Timestamp,
}

/// A stack that lives in another target from now on. Nothing of it is wanted in this one.
#[derive(Debug, Clone, Copy)]
pub struct Moving<'a> {
    /// The target it names.
    pub to: &'a TargetName,
    /// Whether everything is as it should be there.
    pub is_there: bool,
}

/// Decides what to do about one stack.
///
/// The changes and steps are the effect that is approved; why any of them waits is the envelope.
/// The same effect comes out at every commit, minute and replica that asks for it.
pub fn plan(input: &PlanInput<'_>) -> Plan {
    let mut draft = action::decide(input);
    draft.changes.sort_by(|a, b| (&a.component, &a.resource).cmp(&(&b.component, &b.resource)));
    let steps = order::steps(input, &draft.changes);
    guard::apply(input, &mut draft);
    let why = why::all(input, &draft);
    let kept = kept::all(input, &draft.changes);
    let Draft { changes, mut holds } = draft;
    holds.sort();
    holds.dedup();
    let effect = Effect {
        scope: input.scope.clone(),
        stack: input.stack.name.clone(),
        target: input.target.clone(),
        inputs: input.inputs(),
        tools: input.tools(),
        changes,
        steps,
    };
    let (revision, observed_at) = (input.revision.clone(), input.observed_at);
    let health = input.health();
    Plan::seal(effect, Envelope { revision, observed_at, holds, why, health, kept })
}

/// A plan while it is made.
#[derive(Debug, Default)]
struct Draft {
    changes: Vec<Change>,
    holds: Vec<Hold>,
}

/// What becomes of a component, by what is known about it.
enum State<'a> {
    /// It is there and built.
    Wanted(&'a Component, &'a Rendered),
    /// It is not in the revision any more, or in another target, and owns something here.
    Gone,
    /// It is there and not meant to be applied; the text says what says so.
    Inactive(&'static str),
    /// It was not asked about.
    NotSelected,
    /// It cannot be resolved or built.
    Unresolved(&'a [Diagnostic]),
}

impl<'a> PlanInput<'a> {
    /// Every component of the stack, those included that only own something.
    fn components(&self) -> BTreeSet<ComponentId> {
        let stack = &self.stack.name;
        let resolved = self.stack.components.values().map(|component| component.id.clone());
        let unresolved = self.stack.unresolved.keys().map(|(kind, name)| ComponentId {
            stack: stack.clone(),
            kind: kind.clone(),
            name: name.clone(),
        });
        let owning = self.owned.values().map(|owned| &owned.component);
        let owning = owning.filter(|id| id.stack == *stack).cloned();
        resolved.chain(unresolved).chain(owning).collect()
    }

    fn component(&self, id: &ComponentId) -> Option<&'a Component> {
        self.stack.component(id)
    }

    fn state(&self, id: &ComponentId) -> State<'a> {
        use crate::model::desired::Presence;
        if let Some(diagnostics) = self.stack.unresolved.get(&(id.kind.clone(), id.name.clone())) {
            return State::Unresolved(diagnostics);
        }
        let Some(component) = self.component(id) else { return State::Gone };
        if self.moving.is_some() && component.presence == Presence::Active {
            return State::Gone;
        }
        match (component.presence, self.rendered.get(id)) {
            (Presence::Disabled, _) => State::Inactive("`metadata.enabled: false`"),
            (Presence::Abstract, _) => State::Inactive("`metadata.type: abstract`"),
            (Presence::Active, None) => State::NotSelected,
            (Presence::Active, Some(Err(diagnostics))) => State::Unresolved(diagnostics),
            (Presence::Active, Some(Ok(rendered))) => State::Wanted(component, rendered),
        }
    }

    /// Whether anything may ever be done about a component. What is only observed, or locked, has
    /// changes for people to see and no steps.
    fn acts_on(&self, id: &ComponentId) -> bool {
        let rule = self.policy.manage(&self.stack.name);
        self.component(id).map_or(rule, |component| component.manage(rule)) != Manage::Observe
    }

    fn observation(&self, id: &ComponentId) -> Option<&'a Observation> {
        match self.observed.get(id)? {
            Observed::Complete(observation) | Observed::Partial(observation) => Some(observation),
            Observed::Unreachable { .. } => None,
        }
    }

    /// How the wanted components are doing that do not do well. What is not there has changes that
    /// say so.
    fn health(&self) -> BTreeMap<ComponentId, Health> {
        let wanted = self.components().into_iter();
        let wanted = wanted.filter(|id| matches!(self.state(id), State::Wanted(..)));
        let each = wanted.filter_map(|id| {
            let health = self.observation(&id)?.health.clone();
            let is_told = !matches!(health, Health::Healthy | Health::Missing);
            is_told.then_some((id, health))
        });
        each.collect()
    }

    /// What each component of the stack owns in the target.
    fn owned_by_component(&self) -> BTreeMap<&'a ComponentId, Vec<&'a ResourceKey>> {
        let mut all: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let own = self.owned.iter().filter(|(_, o)| o.component.stack == self.stack.name);
        own.for_each(|(key, owned)| all.entry(&owned.component).or_default().push(key));
        all
    }

    fn inputs(&self) -> BTreeMap<ComponentId, crate::ids::ContentId> {
        let here = self.stack.components.values().filter(|_| self.moving.is_none());
        let built = here.filter_map(|component| {
            let built = self.rendered.get(&component.id)?.as_ref().ok()?;
            Some((component.id.clone(), built.inputs()))
        });
        built.collect()
    }

    /// Every tool that was asked; if components use several versions of one, all of them.
    fn tools(&self) -> BTreeMap<String, String> {
        let mut versions: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for observation in self.components().iter().filter_map(|id| self.observation(id)) {
            for (tool, version) in &observation.tools {
                versions.entry(tool).or_default().insert(version);
            }
        }
        let join = |versions: BTreeSet<&str>| versions.into_iter().collect::<Vec<_>>().join(", ");
        versions.into_iter().map(|(tool, all)| (tool.to_owned(), join(all))).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests;
