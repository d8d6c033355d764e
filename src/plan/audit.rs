//! The planner's work, checked by something that is not the planner.
//!
//! Written against the safety rules, not against the code: it shares no function with the rest of
//! this stage. What it finds is a defect of Isobar, and the plan is held.

use std::collections::{BTreeMap, BTreeSet};

use super::PlanInput;
use crate::ids::ComponentId;
use crate::model::canonical;
use crate::model::change::{Action, Cause, Change};
use crate::model::desired::Dependency;
use crate::model::observation::{Observed, Owner, Seen};
use crate::model::plan::{Hold, HoldReason, Nature, Part, Plan, Step};
use crate::model::policy::{Manage, StackRule};
use crate::model::upkeep::Upkeep;
use crate::model::value::{Node, Value};

/// One thing that is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// With which part of it.
    pub part: Part,
    /// What.
    pub message: String,
}

impl From<Finding> for Hold {
    fn from(finding: Finding) -> Self {
        Self { part: finding.part, reason: HoldReason::Audit { finding: finding.message } }
    }
}

/// Everything that is wrong with `plan`, given what it was made from.
pub fn audit(plan: &Plan, input: &PlanInput<'_>) -> Vec<Finding> {
    let mut rules = input.policy.stacks.iter();
    let rule = rules.find(|rule| rule.pattern.fits(&input.stack.name));
    let mut audit = Audit { plan, input, rule, findings: BTreeSet::new() };
    audit.addressed_right();
    audit.steps_cover_changes_in_order();
    let mut resources = BTreeSet::new();
    for change in &plan.effect().changes {
        audit.check(resources.insert(&change.resource), change, "two changes regard one resource");
        audit.change_is_ours(change);
        audit.nothing_goes_unproven(change);
        audit.preconditions_travel(change);
        audit.secrets_are_marked(change);
        audit.cause_is_true(change);
    }
    audit.findings.into_iter().collect()
}

struct Audit<'a> {
    plan: &'a Plan,
    input: &'a PlanInput<'a>,
    /// What is said about the stack.
    rule: Option<&'a StackRule>,
    findings: BTreeSet<Finding>,
}

impl<'a> Audit<'a> {
    fn check(&mut self, holds: bool, change: &Change, message: &str) {
        if !holds {
            let part = Part::Resource(change.component.clone(), change.resource.clone());
            self.check_part(holds, part, message);
        }
    }

    fn check_part(&mut self, holds: bool, part: Part, message: &str) {
        if !holds {
            self.findings.insert(Finding { part, message: message.to_owned() });
        }
    }

    /// The plan is for the stack, target and scope that it was asked for.
    fn addressed_right(&mut self) {
        let (effect, input) = (self.plan.effect(), self.input);
        let right = effect.scope == *input.scope
            && effect.stack == input.stack.name
            && effect.target == *input.target;
        self.check_part(right, Part::Plan, "it is for another stack, target or agent");
    }

    /// Every change is in exactly one step, but one that is kept, or of what is only observed or
    /// locked, in none; a step comes after all it needs.
    fn steps_cover_changes_in_order(&mut self) {
        let effect = self.plan.effect();
        let mut covered: BTreeMap<usize, usize> = BTreeMap::new();
        for (at, step) in effect.steps.iter().enumerate() {
            let part = || Part::Component(step.component.clone());
            let ordered = step.after.iter().all(|&other| other < at);
            self.check_part(ordered, part(), "a step stands before one it needs");
            step.changes.iter().for_each(|&change| *covered.entry(change).or_default() += 1);
            let own = step.changes.iter().all(|&change| {
                effect.changes.get(change).is_some_and(|c| c.component == step.component)
            });
            self.check_part(own, part(), "a step holds a change that is not its component's");
            self.step_says_what_it_is(step);
        }
        for (at, change) in effect.changes.iter().enumerate() {
            let expected = usize::from(change.action != Action::Keep && self.is_acted_on(change));
            let times = covered.get(&at).copied().unwrap_or(0);
            self.check(times == expected, change, "it is not in exactly one step");
        }
        self.dependencies_come_first();
    }

    fn is_acted_on(&self, change: &Change) -> bool {
        let Some(rule) = self.rule.filter(|rule| rule.manage != Manage::Observe) else {
            return false;
        };
        let id = &change.component;
        let component = self.input.stack.components.get(&(id.kind.clone(), id.name.clone()));
        component.is_none_or(|component| {
            !component.locked
                && component.reconcile.manage.unwrap_or(rule.manage) != Manage::Observe
        })
    }

    fn step_says_what_it_is(&mut self, step: &Step) {
        let right = match (&step.artifact, step.nature) {
            (Some(_), nature) => nature == Nature::IndeterminateAfterCrash,
            (None, _) => step.changes.len() == 1,
        };
        let part = Part::Component(step.component.clone());
        self.check_part(right, part, "a step does not say what it is");
    }

    /// Whatever a component names as its dependency is made before it.
    fn dependencies_come_first(&mut self) {
        let effect = self.plan.effect();
        let goes = |step: &Step| {
            let mut actions = step.changes.iter().filter_map(|&at| effect.changes.get(at));
            actions.all(|change| matches!(change.action, Action::Delete | Action::Forget))
        };
        let mut making: BTreeMap<&ComponentId, Vec<usize>> = BTreeMap::new();
        for (at, step) in effect.steps.iter().enumerate().filter(|(_, step)| !goes(step)) {
            making.entry(&step.component).or_default().push(at);
        }
        for (at, step) in effect.steps.iter().enumerate().filter(|(_, step)| !goes(step)) {
            for dependency in self.dependencies(&step.component) {
                let mut steps = making.get(&dependency.on).into_iter().flatten();
                let waits = |other: &usize| step.after.contains(other);
                let all = steps.all(|other| *other == at || waits(other))
                    || self.needs(&dependency.on, &step.component);
                let part = Part::Component(step.component.clone());
                self.check_part(all, part, "a step does not wait for what it depends on");
            }
        }
    }

    /// Whether `id` needs `other` in turn: then they are in a ring, which resolving reports.
    fn needs(&self, id: &ComponentId, other: &ComponentId) -> bool {
        let mut seen = BTreeSet::new();
        let mut open = vec![id];
        while let Some(next) = open.pop() {
            if next == other {
                return true;
            }
            if seen.insert(next) {
                open.extend(self.dependencies(next).iter().map(|dependency| &dependency.on));
            }
        }
        false
    }

    /// What a component of the stack names as its dependencies.
    fn dependencies(&self, id: &ComponentId) -> &'a [Dependency] {
        let here = (id.stack == self.input.stack.name).then(|| (id.kind.clone(), id.name.clone()));
        let component = here.and_then(|key| self.input.stack.components.get(&key));
        component.map(|component| component.dependencies.as_slice()).unwrap_or_default()
    }

    /// A change regards what the component wants or owns, and nothing else.
    fn change_is_ours(&mut self, change: &Change) {
        let id = &change.component;
        let wanted = self.input.rendered.get(id).is_some_and(|built| {
            built.as_ref().is_ok_and(|built| built.resources().contains_key(&change.resource))
        });
        let owned =
            self.input.owned.get(&change.resource).is_some_and(|owned| owned.component == *id);
        let sealed = match self.input.observed.get(id) {
            Some(Observed::Complete(seen) | Observed::Partial(seen)) => {
                seen.artifact.is_some() && seen.resources.contains_key(&change.resource)
            }
            _ => false,
        };
        self.check(id.stack == self.input.stack.name, change, "it is another stack's");
        // What is kept is only shown; that nobody owns it may be the very reason.
        let kept = change.action == Action::Keep;
        self.check(wanted || owned || sealed || kept, change, "nobody wants it and nobody owns it");
    }

    /// A delete or replace has every witness, or is held.
    fn nothing_goes_unproven(&mut self, change: &Change) {
        if !matches!(change.action, Action::Delete | Action::Replace) {
            return;
        }
        let (id, key, input) = (&change.component, &change.resource, self.input);
        let held = self.plan.envelope.holds.iter().any(|hold| {
            matches!(hold.reason, HoldReason::NotProvenGone { .. })
                && hold.part == Part::Resource(id.clone(), key.clone())
        });
        let owned = input.owned.get(key).is_some_and(|owned| owned.component == *id);
        let seen = match input.observed.get(id) {
            Some(Observed::Complete(seen) | Observed::Partial(seen)) => seen.resources.get(key),
            _ => None,
        };
        let Some(Seen::Compared(both)) = seen else {
            return self.check(false, change, "it would go without having been seen");
        };
        self.check(owned || held, change, "it would go and is not in the inventory");
        let marked = both.owner == Owner::This;
        self.check(marked || held, change, "it would go and is not marked as ours");
        if change.action == Action::Replace {
            return self.check(both.intended.is_some(), change, "it would go and not come back");
        }
        self.check(both.intended.is_none(), change, "it would go and is wanted");
        let complete = matches!(input.observed.get(id), Some(Observed::Complete(_)));
        self.check(complete || held, change, "it would go after an incomplete look");
        let mark = input.mark.is_some_and(|mark| {
            mark.target == *input.target
                && mark.scope == *input.scope
                && mark.resources.get(key).is_some_and(|marked| marked.component == *id)
        });
        self.check(mark || held, change, "it would go and the target's mark does not list it");
        let proven = input.evidence.missing.is_empty();
        self.check(proven || held, change, "it would go while not everything is resolved");
        let claims = input.evidence.claims.get(key).into_iter().flatten();
        let claimed = claims.filter(|claimant| *claimant != id).count() > 0;
        self.check(!claimed, change, "it would go and another component wants it");
        let renders = input.rendered.get(id).and_then(|built| built.as_ref().ok());
        let empty = renders.is_some_and(|built| built.resources().is_empty());
        self.check(!empty || held, change, "it would go because its component renders nothing");
        let stack = &input.stack.unresolved;
        let kept = owned && input.owned.get(key).is_some_and(|owned| owned.kept);
        let present = input.stack.components.get(&(id.kind.clone(), id.name.clone()));
        let kept = present.map_or(kept, |component| component.reconcile.prune == Some(false));
        let stays = both.live.as_ref().is_some_and(|live| Upkeep::of(live.value()).stays());
        let kept = kept || stays;
        self.check(!kept || self.is_sealed(id), change, "it would go and is to be kept");
        let resolved = !stack.contains_key(&(id.kind.clone(), id.name.clone()));
        self.check(resolved, change, "it would go and its component is not resolved");
    }

    /// Whether a tool has sealed what becomes of the component: then it goes as the tool says.
    fn is_sealed(&self, id: &ComponentId) -> bool {
        match self.input.observed.get(id) {
            Some(Observed::Complete(seen) | Observed::Partial(seen)) => seen.artifact.is_some(),
            _ => false,
        }
    }

    /// What is touched is what was looked at: the fields' live content stands in the precondition.
    fn preconditions_travel(&mut self, change: &Change) {
        if matches!(change.action, Action::Create | Action::Forget | Action::Keep) {
            return;
        }
        self.check(change.precondition.exists, change, "it does not ask that the object is there");
        let seen = change.fields.iter().all(|field| {
            let content = field.before.as_ref().map(canonical::content_id);
            change.precondition.fields.get(&field.path) == Some(&content)
        });
        self.check(seen, change, "it touches a field whose content it does not ask for");
    }

    fn secrets_are_marked(&mut self, change: &Change) {
        let open = change.fields.iter().any(|field| {
            let values = [&field.before, &field.after];
            !field.sensitive && values.into_iter().flatten().any(has_secret)
        });
        self.check(!open, change, "a secret is in a field that is not marked as sensitive");
        let id = &change.component;
        let seen = match self.input.observed.get(id) {
            Some(Observed::Complete(seen) | Observed::Partial(seen)) => {
                seen.resources.get(&change.resource)
            }
            _ => None,
        };
        let Some(Seen::Compared(both)) = seen else { return };
        let open = change.fields.iter().any(|field| {
            let covers = |path| field.path.is_under(path) || path.is_under(&field.path);
            !field.sensitive && both.sensitive.iter().any(covers)
        });
        self.check(!open, change, "a sensitive field is not marked as such");
    }

    /// Drift is corrected unasked: only what was applied before, exactly so, can be drift.
    fn cause_is_true(&mut self, change: &Change) {
        if change.cause != Cause::Drift {
            return;
        }
        let applied = self.input.owned.get(&change.resource).and_then(|owned| owned.applied);
        let wished = match self.input.observed.get(&change.component) {
            Some(Observed::Complete(seen) | Observed::Partial(seen)) => {
                match seen.resources.get(&change.resource) {
                    Some(Seen::Compared(both)) => both.intended.as_ref(),
                    _ => None,
                }
            }
            _ => None,
        };
        let ids = [wished, change.intended.as_ref()].map(|body| body.map(|b| b.content_id()));
        let restores = applied.is_some() && ids.contains(&applied);
        self.check(restores, change, "it calls itself drift and was never applied");
    }
}

fn has_secret(value: &Value) -> bool {
    match &value.node {
        Node::Secret(_) => true,
        Node::List(items) => items.iter().any(has_secret),
        Node::Map(map) => map.iter().any(|(_, value)| has_secret(value)),
        _ => false,
    }
}
