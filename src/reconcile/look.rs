//! One look at a stack and at its target: everything a plan depends on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::ReconcileError;
use super::agent::{Agent, Repository};
use super::wanted::Wanted;
use crate::backends::{Asked, Target};
use crate::ids::{ComponentId, Scope, StackName, TargetName};
use crate::model::desired::Stack;
use crate::model::inventory::{Inventory, Mark};
use crate::model::observation::Observed;
use crate::model::plan::{Hold, Plan};
use crate::model::policy::RepositoryPolicy;
use crate::plan::{self, Amends, Evidence, Moving, PlanInput};
use crate::world::computing;

/// What is owned in a target, whatever is wanted there.
pub struct Holdings {
    target: Arc<dyn Target>,
    owned: Arc<Inventory>,
    mark: Option<Arc<Mark>>,
}

/// What is known about a target as a whole: the same for every stack that lives there.
pub struct TargetLook {
    /// The target.
    pub target: Arc<dyn Target>,
    /// What this agent owns in it.
    pub owned: Arc<Inventory>,
    /// What the target itself says is owned; `None` if it cannot be read.
    pub mark: Option<Arc<Mark>>,
    /// Whether what is missing is really gone.
    pub evidence: Arc<Evidence>,
}

/// A stack, its target, and what the target says about each of its components.
pub struct Look {
    /// The stack; without components if it is no longer in the revision and still owns something.
    pub stack: Arc<Stack>,
    /// Where it lives.
    pub target: Arc<TargetLook>,
    /// What was seen, by component.
    pub observed: BTreeMap<ComponentId, Observed>,
    /// When.
    pub observed_at: Timestamp,
    /// The target the stack names, if it is not this one: then it only leaves something here.
    pub moving: Option<TargetName>,
    /// Whether everything is as it should be there.
    pub is_there: bool,
}

impl Holdings {
    /// Reads the target's mark. `known` is what the database says is owned; without a database the
    /// mark has to do.
    pub async fn read(target: Arc<dyn Target>, known: Option<Arc<Inventory>>) -> Self {
        let mark = target.mark().await.ok();
        let marked = || mark.as_ref().map(|mark| Arc::new(mark.resources.clone()));
        let owned = known.or_else(marked).unwrap_or_default();
        Self { target, owned, mark }
    }

    /// The target.
    pub fn target(&self) -> &TargetName {
        self.target.name()
    }
}

impl TargetLook {
    /// Gathers the evidence over all stacks.
    pub fn of(holdings: Holdings, wanted: &Wanted, narrowed: Option<&str>) -> Self {
        let Holdings { target, owned, mark } = holdings;
        let evidence = wanted.evidence(target.name(), &owned, narrowed);
        Self { target, owned, mark, evidence }
    }

    /// The same with what the agent's database says is owned.
    pub(super) async fn now(
        agent: &Agent,
        repository: &Repository,
        target: &Arc<dyn Target>,
        wanted: &Wanted,
    ) -> Result<Self, ReconcileError> {
        let known = agent.owned(repository, &**target).await?;
        Ok(Self::of(Holdings::read(target.clone(), Some(known)).await, wanted, None))
    }
}

impl Look {
    /// Asks the target about every component of the stack that wants or owns something.
    pub async fn take(
        wanted: &Wanted,
        name: &StackName,
        target: Arc<TargetLook>,
        observed_at: Timestamp,
    ) -> Self {
        let stack = wanted.desired.stacks.get(name).cloned();
        let stack = stack.unwrap_or_else(|| gone(name, &target).into());
        let here = target.target.name();
        let moving = stack.target.clone().filter(|named| named != here);
        let built = |id: &ComponentId| match moving {
            None => wanted.rendered.get(id).and_then(|built| built.as_ref().ok()),
            Some(_) => None,
        };
        let mut owning: BTreeMap<&ComponentId, Inventory> = BTreeMap::new();
        for (key, owned) in target.owned.iter() {
            if owned.component.stack == stack.name {
                let of = owning.entry(&owned.component).or_default();
                of.insert(key.clone(), owned.clone());
            }
        }
        let concerned = concerned(wanted, &stack, &target.owned, moving.is_some());
        let asked = concerned.iter().map(|id| Asked {
            component: id,
            rendered: built(id),
            owned: owning.remove(id).unwrap_or_default(),
        });
        let observed = target.target.observe_all(asked.collect()).await;
        Self { stack, target, observed, observed_at, moving, is_there: false }
    }

    /// The same, with everything as it should be where the stack goes, or not yet.
    pub fn arrived(self, is_there: bool) -> Self {
        Self { is_there, ..self }
    }

    /// Whether nothing of the stack is in the target, or will be.
    pub fn is_gone(&self, wanted: &Wanted) -> bool {
        let owns = self.target.owned.values().any(|o| o.component.stack == self.stack.name);
        let named = wanted.desired.stacks.contains_key(&self.stack.name) && self.moving.is_none();
        !owns && !named
    }

    /// Plans by `policy`, and has the plan checked by code that did not make it. What the check
    /// finds is held.
    pub fn plan(
        &self,
        scope: &Scope,
        wanted: &Wanted,
        policy: &RepositoryPolicy,
        now: Timestamp,
    ) -> Plan {
        let input = self.input(scope, wanted, policy, now);
        let (plan, findings) = computing(|| {
            let plan = plan::plan(&input);
            let findings = plan::audit(&plan, &input);
            (plan, findings)
        });
        let mut envelope = plan.envelope.clone();
        envelope.holds.extend(findings.into_iter().map(Hold::from));
        plan.with_envelope(envelope)
    }

    /// What the inventory and the mark should say about the stack, and do not.
    pub fn ownership(
        &self,
        scope: &Scope,
        wanted: &Wanted,
        policy: &RepositoryPolicy,
        now: Timestamp,
    ) -> Amends {
        plan::ownership(&self.input(scope, wanted, policy, now))
    }

    fn input<'a>(
        &'a self,
        scope: &'a Scope,
        wanted: &'a Wanted,
        policy: &'a RepositoryPolicy,
        now: Timestamp,
    ) -> PlanInput<'a> {
        let is_there = self.is_there;
        PlanInput {
            scope,
            stack: &self.stack,
            target: self.target.target.name(),
            rendered: &wanted.rendered,
            observed: &self.observed,
            owned: &self.target.owned,
            mark: self.target.mark.as_deref(),
            evidence: &self.target.evidence,
            policy,
            revision: wanted.snapshot.revision(),
            moving: self.moving.as_ref().map(|to| Moving { to, is_there }),
            observed_at: self.observed_at,
            now,
        }
    }
}

fn gone(name: &StackName, target: &TargetLook) -> Stack {
    Stack {
        name: name.clone(),
        manifests: Vec::new(),
        target: Some(target.target.name().clone()),
        components: BTreeMap::new(),
        unresolved: BTreeMap::new(),
    }
}

fn concerned(
    wanted: &Wanted,
    stack: &Stack,
    owned: &Inventory,
    moving: bool,
) -> BTreeSet<ComponentId> {
    let here = stack.components.values().map(|component| &component.id).filter(|_| !moving);
    let built = here.filter(|id| wanted.rendered.contains_key(id));
    let owning = owned.values().map(|owned| &owned.component).filter(|id| id.stack == stack.name);
    built.chain(owning).cloned().collect()
}
