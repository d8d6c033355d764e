//! The loop: what a branch says becomes true, and stays so.
//!
//! Takes: an [`Agent`] with its store, sources, targets and forges; nothing from events.
//! Gives: for each stack how a run [`Ended`]; everything else is in the store.
//! Never: an effect without a lease, a claim and an authority; a decision that a pure stage makes.
//! Start at: [`reconcile`], which is the whole story.
//! How to add: another thing to be made true over and over is a [`Task`] in a file of its own.

mod agenda;
mod agent;
mod answer;
mod output;
mod follow;
mod keep;
mod listen;
mod look;
mod messages;
mod reviews;
mod serve;
mod targets;
mod task;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

pub use agent::{Agent, OpenError, Repository};
pub use answer::{Person, Reach};
pub use follow::{Current, Follow};
pub use keep::Keep;
pub use listen::Listen;
pub use look::{Look, TargetLook};
pub use messages::Messages;
pub use reviews::Reviews;
pub use serve::{Tasks, serve};
pub use targets::{TargetRefused, Targets};
pub use task::{Activation, Activity, Task, drive};
pub use wanted::{Wanted, resolved, wanted};

use crate::apply::{self, ApplyContext, ApplyError, Patience};
use crate::backends::{StepError, Target};
use crate::forge::PullState;
use crate::ids::{CommitId, ComponentId, IdError, PullNumber, RunId, StackName, TargetName};
use crate::model::outcome::Outcome;
use crate::model::plan::{HoldReason, Plan};
use crate::model::policy::RepositoryPolicy;
use crate::plan::{self, Authorities, ReviewInput};
use crate::store::{ClaimError, Lease, StoreError};
use crate::world::Point;

/// How a run of one stack ended.
#[derive(Debug)]
pub enum Ended {
    /// Everything is as it should be.
    True,
    /// Something is to be done, and nothing allows it now.
    Held,
    /// Somebody else is at it.
    Busy,
    /// Something was applied.
    Applied(Outcome),
}

/// A run could not be finished. The next one begins with what is there.
#[derive(Debug, thiserror::Error)]
pub enum ReconcileError {
    /// The database did not do it.
    #[error("the database did not do it")]
    Store(#[from] StoreError),
    /// The stack's target may not be used.
    #[error(transparent)]
    Target(#[from] TargetRefused),
    /// The target does not say what is owned in it.
    #[error("the target does not say what is owned in it")]
    Mark(#[from] StepError),
    /// The plan was not let through.
    #[error("the plan was not let through")]
    Claim(#[from] ClaimError),
    /// Applying was cut short.
    #[error("applying was cut short")]
    Apply(#[from] ApplyError),
    /// An id of the world is none.
    #[error("an id of the world is none")]
    Id(#[from] IdError),
}

/// Makes one stack what `current` says, as far as something allows it.
///
/// Look and plan; stop unless something allows it. Then take the lease; finish what a crash left,
/// or look and plan again, claim, and apply under the lease. What came of it is in the store, and
/// the other tasks tell it from there.
///
/// `owning` is the target in which a stack that left the revision still owns something.
pub async fn reconcile(
    agent: &Agent,
    repository: &Repository,
    current: &Current,
    stack: &StackName,
    owning: Option<&TargetName>,
    stop: &CancellationToken,
) -> Result<Ended, ReconcileError> {
    let scope = &repository.scope;
    let named = current.wanted.desired.stacks.get(stack).and_then(|stack| stack.target.as_ref());
    let Some(target) = named.or(owning) else { return Ok(Ended::Held) };
    let target = repository.targets.open(target, stack)?;
    let run = Run { agent, repository, current, stack, target, stop };
    if agent.store.open_run(scope, stack).await?.is_none() {
        let (plan, authorities) = run.decide().await?;
        if !may_start(&plan, &authorities) || stop.is_cancelled() {
            return Ok(if plan.is_empty() { Ended::True } else { Ended::Held });
        }
    }
    let acquired = agent.store.acquire(scope, stack, &agent.holder, agent.lease_ttl).await?;
    let Some(mut lease) = acquired else { return Ok(Ended::Busy) };
    agent.world.points.reach(Point::LeaseAcquired).await;
    let ended = run.under(&mut lease).await;
    agent.world.points.reach(Point::LeaseReleased).await;
    agent.store.release(lease).await?;
    if let Ok(Ended::Applied(_)) = &ended {
        // What is remembered is what is there now, not what there was to do.
        run.decide().await?;
        agent.stir();
    }
    ended
}

struct Run<'a> {
    agent: &'a Agent,
    repository: &'a Repository,
    current: &'a Current,
    stack: &'a StackName,
    target: Arc<dyn Target>,
    stop: &'a CancellationToken,
}

impl Run<'_> {
    async fn under(&self, lease: &mut Lease) -> Result<Ended, ReconcileError> {
        let Agent { store, world, lease_ttl, .. } = self.agent;
        let (target, patience) = (&*self.target, &self.patience());
        let cx = ApplyContext { store, world, target, patience, lease_ttl: *lease_ttl };
        if let Some(open) = store.open_run(&self.repository.scope, self.stack).await? {
            return Ok(Ended::Applied(apply::recover(&cx, lease, open, self.stop).await?));
        }
        let (plan, authorities) = self.decide().await?;
        if !may_start(&plan, &authorities) {
            return Ok(Ended::Held);
        }
        world.points.reach(Point::ClaimBefore).await;
        let run = RunId::new(world.ids.unique())?;
        let mut tx = store.begin().await?;
        let claim = tx.claim(lease, &plan, &run, &authorities).await?;
        tx.commit().await?;
        world.points.reach(Point::ClaimAfter).await;
        Ok(Ended::Applied(apply::apply(&cx, &plan, lease, claim, self.stop).await?))
    }

    /// Looks, plans, and finds what allows the plan. The plan is remembered, whatever comes of it.
    async fn decide(&self) -> Result<(Plan, Authorities), ReconcileError> {
        let wanted = &self.current.wanted;
        let known = self.agent.owned(self.repository, &*self.target).await?;
        let target = TargetLook::take(self.target.clone(), wanted, Some(known), None).await;
        let now = self.agent.world.clock.now();
        let look = Look::take(wanted, self.stack, target.into(), now).await;
        let (plan, authorities) =
            reviewed(self.agent, self.repository, wanted, &self.policy(), &look).await?;
        self.agent.remember(&plan).await?;
        Ok((plan, authorities))
    }

    /// How long and how often the steps of each component are tried.
    fn patience(&self) -> BTreeMap<ComponentId, Patience> {
        let stack = self.current.wanted.desired.stacks.get(self.stack);
        let components = stack.into_iter().flat_map(|stack| stack.components.values());
        components.map(|c| (c.id.clone(), Patience::from(&c.reconcile))).collect()
    }

    /// The branch's own policy; but of a branch that was rewritten only what people approved.
    fn policy(&self) -> RepositoryPolicy {
        let mut policy = self.current.wanted.policy.clone();
        if self.current.rewritten_from.is_some() {
            policy.review = policy.review.at_least_one();
        }
        policy
    }
}

/// Whether anything allows a step that nothing holds.
fn may_start(plan: &Plan, authorities: &Authorities) -> bool {
    let free = |at: &usize| {
        let mut holds = plan.holds_on(&plan.effect().steps[*at]);
        holds.all(|hold| matches!(hold.reason, HoldReason::NotReviewed { .. }))
    };
    authorities.keys().any(free)
}

/// Plans what `look` saw, and finds what allows each step of the plan: what people said is in the
/// store, what became of pull requests at the forge.
async fn reviewed(
    agent: &Agent,
    repository: &Repository,
    wanted: &Wanted,
    policy: &RepositoryPolicy,
    look: &Look,
) -> Result<(Plan, Authorities), StoreError> {
    let (scope, now) = (&repository.scope, agent.world.clock.now());
    let plan = look.plan(scope, wanted, policy, now);
    let digest = plan.digest();
    let approvals = agent.store.approvals(scope, digest).await?;
    let places = agent.store.shown(scope, digest).await?;
    let pulls = repository.pulls.borrow().clone();
    let authors = places.iter().filter_map(|(pull, _)| Some(pulls.get(pull)?.author.clone()));
    let merged = |(pull, head): &&(PullNumber, CommitId)| {
        let pull = pulls.get(pull).filter(|pull| pull.head == *head);
        pull.is_some_and(|pull| matches!(pull.state, PullState::Merged(_)))
    };
    let input = ReviewInput {
        policy,
        stack: &look.stack,
        approvals: &approvals,
        authors: &authors.collect(),
        shown: &places.iter().filter(merged).map(|(pull, _)| (digest, *pull)).collect(),
        now,
    };
    Ok(plan::review(plan, &input))
}

/// The stacks to keep: those of the branch that are this agent's, and those that left it and still
/// own something, with the target they own it in.
///
/// A target that the database knows nothing of is learnt from its mark first, so that no lease is
/// taken with an epoch below the mark's, and so that what a stack left there is found.
pub async fn stacks_to_keep(
    agent: &Agent,
    repository: &Repository,
    wanted: &Wanted,
) -> Result<Vec<(StackName, Option<TargetName>)>, ReconcileError> {
    for target in repository.targets.known() {
        // A mark that cannot be read is reported by the runs of the stacks that live there.
        if let Err(error @ ReconcileError::Store(_)) = agent.learn(repository, &*target).await {
            return Err(error);
        }
    }
    let ours = wanted.desired.stacks.values().filter(|stack| repository.has(&stack.name));
    let placed = ours.filter(|stack| stack.target.is_some());
    let mut stacks: BTreeMap<_, _> = placed.map(|stack| (stack.name.clone(), None)).collect();
    for name in agent.store.stacks_known(&repository.scope).await? {
        if stacks.contains_key(&name) || !repository.has(&name) {
            continue;
        }
        if let Some(target) = left_in(agent, repository, &name).await? {
            stacks.insert(name, Some(target));
        }
    }
    Ok(stacks.into_iter().collect())
}

/// The target in which a stack that left the branch still owns something; or the one in which
/// something was planned for it that is no longer to be done: one more look says so.
async fn left_in(
    agent: &Agent,
    repository: &Repository,
    stack: &StackName,
) -> Result<Option<TargetName>, ReconcileError> {
    let plan = agent.store.latest_plan(&repository.scope, stack).await?;
    let planned = plan.as_ref().map(|plan| plan.effect().target.clone());
    // A database that was lost knows no plan, and what the marks say.
    let open = repository.targets.all();
    let open = open.iter().map(|target| target.name().clone());
    for target in planned.iter().cloned().chain(open).collect::<BTreeSet<_>>() {
        let owned = agent.store.inventory(&repository.scope, &target).await?.unwrap_or_default();
        if owned.values().any(|owned| owned.component.stack == *stack) {
            return Ok(Some(target));
        }
    }
    Ok(planned.filter(|_| plan.is_some_and(|plan| !plan.is_empty())))
}

/// One line per layer of an error: `Display` of ours never repeats its source.
fn chain(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(Some(error), |error| error.source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
