//! The loop: what a branch says becomes true, and stays so.
//!
//! Takes: an [`Agent`] with its store, sources, targets and forges; nothing from events.
//! Gives: for each stack how a run [`Ended`]; everything else is in the store.
//! Never: an effect without a lease, a claim and an authority; a decision that a pure stage makes.
//! Start at: [`reconcile`], which is the whole story.
//! How to add: another thing to be made true over and over is a [`Task`] in a file of its own.

mod aftermath;
mod agenda;
mod agent;
mod allowed;
mod answer;
mod errands;
mod lock;
mod output;
mod follow;
mod glance;
mod keep;
mod listen;
mod log;
mod look;
mod looks;
mod measure;
mod messages;
mod places;
mod progress;
mod retain;
mod reviews;
mod seats;
mod serve;
mod targets;
mod task;
mod wanted;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub use agent::{Agent, OpenError, Repository};
pub use answer::{Allowed, Person, Reach};
pub use errands::Errands;
pub use follow::{Current, Follow, FollowError, follow, mistakes, remember_trouble};
pub use keep::Keep;
pub use listen::Listen;
pub use lock::{Relocked, relocked};
pub use look::{Holdings, Look, TargetLook};
pub use looks::Looks;
pub use messages::Messages;
pub use places::{Left, stacks_to_keep};
pub use progress::Runs;
pub use retain::Retain;
pub use reviews::Reviews;
pub use seats::Seats;
pub use serve::{Tasks, serve};
pub use targets::{TargetRefused, Targets};
pub use task::{Activation, Activity, Task, drive};
pub use wanted::{Asked, Wanted, asked, resolved, resolved_each, resolved_pairs, wanted};

use crate::apply::{self, ApplyContext, ApplyError, Patience};
use crate::backends::{StepError, Target};
use crate::ids::{ComponentId, IdError, ResourceKey, RunId, StackName, TargetName};
use crate::model::desired::Component;
use crate::model::inventory::Owned;
use crate::model::outcome::{Outcome, StepOutcome};
use crate::model::plan::{HoldReason, Plan};
use crate::plan::{Amends, Answers, Authorities, answers};
use crate::report::notices;
use crate::store::{ClaimError, Lease, OpenRun, StoreError};
use crate::world::Point;
use allowed::{allowed, is_let_go};

/// How a run of one stack ended.
#[derive(Debug)]
pub enum Ended {
    /// Everything is as it should be.
    True,
    /// Something is to be done and nothing allows it now, or what is wanted is refused.
    Held,
    /// Somebody else is at it.
    Busy,
    /// This process is told to stop: what has begun has ended, and the next one goes on with the run.
    Stopped {
        /// Steps that are done.
        done: usize,
        /// Steps of the run.
        steps: usize,
    },
    /// The branch says something else by now.
    Old,
    /// Something was applied.
    Applied {
        /// How.
        outcome: Outcome,
        /// Whether everything is as it should be now.
        settled: bool,
    },
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

/// One go through the stacks of a branch.
pub struct Pass<'a> {
    /// Who does it.
    pub agent: &'a Agent,
    /// For which repository.
    pub repository: &'a Repository,
    /// What its branch says.
    pub current: Current,
    /// Once this is cancelled nothing begins.
    pub stop: &'a CancellationToken,
    /// What the stacks have in common.
    pub looks: &'a Looks,
    /// Where those sit who work on them.
    pub seats: &'a Seats,
    /// The runs that are under way.
    pub runs: &'a Runs,
    /// What the branch says by now; `None`: nobody follows it.
    pub newest: Option<watch::Receiver<Option<Current>>>,
}

impl Pass<'_> {
    /// Whether the branch says something else by now.
    fn is_old(&self) -> bool {
        let newest = self.newest.as_ref().map(watch::Receiver::borrow);
        let newest = newest.as_ref().and_then(|newest| newest.as_ref());
        newest.is_some_and(|newest| !Arc::ptr_eq(&newest.wanted, &self.current.wanted))
    }
}

/// Makes one stack what the branch says, as far as something allows it.
///
/// Finish what a crash left. Look and plan; stop unless something allows it. Then wait for a seat
/// among those that are applied and take the lease; look and plan again, claim, and apply under the
/// lease. Where people have said yes to the last plan since it was shown, that was the first look. What
/// came of it is in the store, and the other tasks tell it from there.
///
/// `left` are the other targets in which the stack may own something: because it left the branch,
/// or names another target now. What it leaves behind goes last, when all else is true.
pub async fn reconcile(
    pass: &Pass<'_>,
    stack: &StackName,
    left: &Left,
) -> Result<Ended, ReconcileError> {
    let Pass { agent, repository, current, .. } = pass;
    let at = |target: &TargetName, is_there| {
        let target = repository.targets.open(target, stack)?;
        Ok::<_, TargetRefused>(Run { pass, stack, target, is_there })
    };
    repository.targets.learn(&current.wanted);
    let named = current.wanted.desired.stacks.get(stack).and_then(|stack| stack.target.as_ref());
    let open = {
        let _seat = pass.seats.look(named.or_else(|| left.first())).await;
        agent.store.open_run(&repository.scope, stack).await?
    };
    if let Some(open) = open {
        let effect = open.plan.effect();
        let (run, steps) = (at(&effect.target, false)?, effect.steps.len());
        drop(open);
        let _seat = pass.seats.run(run.target.name(), steps).await;
        return if pass.is_old() { Ok(Ended::Old) } else { run.leased().await };
    }
    let mut ended = match named {
        Some(target) => at(target, true)?.go().await?,
        None => Ended::True,
    };
    let is_there = matches!(ended, Ended::True);
    for target in left {
        match &mut ended {
            // What it leaves behind comes next.
            Ended::Applied { settled, .. } => {
                *settled = false;
                break;
            }
            Ended::Busy | Ended::Old | Ended::Stopped { .. } => break,
            Ended::True => ended = at(target, is_there)?.go().await?,
            Ended::Held => match at(target, is_there)?.go().await? {
                Ended::True | Ended::Held => {}
                other => ended = other,
            },
        }
    }
    Ok(ended)
}

/// One stack in one target.
struct Run<'a> {
    pass: &'a Pass<'a>,
    stack: &'a StackName,
    target: Arc<dyn Target>,
    /// Whether everything is as it should be in the target that the stack names.
    is_there: bool,
}

/// What a run takes of what is wanted.
struct With {
    /// How long and how often the steps of each component are tried.
    patience: BTreeMap<ComponentId, Patience>,
    /// For each component those that have to do well before it begins.
    awaited: BTreeMap<ComponentId, BTreeSet<ComponentId>>,
    /// For each resource those that have to do well before it is made.
    answers: Answers,
    /// The components whose resources outlive them.
    kept: BTreeSet<ComponentId>,
}

/// What is to be done, and what allows it.
struct Decision {
    plan: Plan,
    authorities: Authorities,
    amends: Amends,
}

impl Run<'_> {
    async fn go(&self) -> Result<Ended, ReconcileError> {
        let Pass { agent, repository, current, looks, seats, .. } = self.pass;
        let seat = seats.look(Some(self.target.name())).await;
        if self.pass.is_old() {
            return Ok(Ended::Old);
        }
        let about = (self.stack, self.target.name());
        if self.is_named() && is_let_go(agent, repository, &current.wanted, about).await? {
            // It was looked at when it was shown, and is under the lease: a look in between would only
            // keep whoever approved it waiting.
            let steps = self.resources();
            drop(seat);
            return self.applied(steps, Ended::Held).await;
        }
        let target = looks.of((agent, repository), &self.target, &current.wanted).await?;
        let decision = self.decide(self.look(target).await).await?;
        let nothing = !decision.may_start() && decision.amends.entries.is_empty();
        if nothing || self.pass.stop.is_cancelled() {
            return Ok(decision.ended());
        }
        // What is applied is planned anew under the lease. This plan is as large, and a run is long.
        let (ended, steps) = (decision.ended(), decision.plan.effect().steps.len());
        drop((decision, seat));
        self.applied(steps, ended).await
    }

    /// Applies it in about so many steps once there is a seat; `ended` if this process is told to stop
    /// before that.
    async fn applied(&self, steps: usize, ended: Ended) -> Result<Ended, ReconcileError> {
        let _seat = self.pass.seats.run(self.target.name(), steps).await;
        match (self.pass.stop.is_cancelled(), self.pass.is_old()) {
            (true, _) => Ok(ended),
            (_, true) => Ok(Ended::Old),
            // A run under the lease is large, and most looks come to none.
            _ => Box::pin(self.leased()).await,
        }
    }

    /// Whether the target is the one that the stack names.
    fn is_named(&self) -> bool {
        let stack = self.pass.current.wanted.desired.stacks.get(self.stack);
        stack.and_then(|stack| stack.target.as_ref()) == Some(self.target.name())
    }

    /// How many resources the stack wants.
    fn resources(&self) -> usize {
        let Wanted { desired, rendered, .. } = &*self.pass.current.wanted;
        let components =
            desired.stacks.get(self.stack).into_iter().flat_map(|it| it.components.values());
        let built = components.filter_map(|one| rendered.get(&one.id)?.as_ref().ok());
        built.map(|built| built.resources().len()).sum()
    }

    async fn leased(&self) -> Result<Ended, ReconcileError> {
        let Agent { store, world, holder, lease_ttl, .. } = self.pass.agent;
        let acquired =
            store.acquire(&self.pass.repository.scope, self.stack, holder, *lease_ttl).await?;
        let Some(mut lease) = acquired else { return Ok(Ended::Busy) };
        world.points.reach(Point::LeaseAcquired).await;
        let ended = self.under(&mut lease).await;
        let ended = match ended {
            Err(ReconcileError::Apply(ApplyError::Stopped { done, steps })) => {
                Ok(Ended::Stopped { done, steps })
            }
            ended => ended,
        };
        self.pass.looks.forget(self.target.name());
        world.points.reach(Point::LeaseReleased).await;
        store.release(lease).await?;
        let mut ended = ended?;
        if let Ended::Applied { settled, .. } = &mut ended {
            // What is remembered is what is there now, not what there was to do.
            *settled &= self.decide(self.look_anew().await?).await?.plan.is_settled();
            self.pass.agent.stir();
        }
        Ok(ended)
    }

    async fn under(&self, lease: &mut Lease) -> Result<Ended, ReconcileError> {
        let Agent { store, world, .. } = self.pass.agent;
        if let Some(open) = store.open_run(&self.pass.repository.scope, self.stack).await? {
            if open.plan.effect().target != *self.target.name() {
                return Ok(Ended::Busy);
            }
            let outcome = self.recover(lease, open).await?;
            return Ok(Ended::Applied { outcome, settled: false });
        }
        let mut decision = self.decide(self.look_anew().await?).await?;
        if !decision.amends.entries.is_empty() {
            self.complete(lease, &decision.amends).await?;
            decision = self.decide(self.look_anew().await?).await?;
        }
        if !decision.may_start() {
            return Ok(decision.ended());
        }
        let Decision { plan, authorities, .. } = decision;
        world.points.reach(Point::ClaimBefore).await;
        let run = RunId::new(world.ids.unique())?;
        let mut tx = store.begin().await?;
        let claim = tx.claim(lease, &plan, &run, &authorities).await?;
        tx.commit().await?;
        world.points.reach(Point::ClaimAfter).await;
        // Whoever shows the plan can tell from here on that it is applied.
        self.pass.agent.tell();
        // Nobody asks where anything is written before the next plan.
        self.pass.current.wanted.rest();
        let (begun, with) = (self.pass.runs.begin(&plan), self.with());
        let hear = |outcome: &_| begun.hear(outcome);
        let cx = self.context(&with, &hear);
        let applied = Box::pin(apply::apply(&cx, &plan, lease, claim, self.pass.stop));
        let outcome = self.ended(&plan, self.telling(&begun, applied)).await?;
        Ok(Ended::Applied { outcome, settled: true })
    }

    /// What came of a run of `plan`, told where people look for it.
    async fn ended(
        &self,
        plan: &Plan,
        run: impl Future<Output = Result<Outcome, ApplyError>>,
    ) -> Result<Outcome, ReconcileError> {
        let world = &self.pass.agent.world;
        let began = world.clock.monotonic();
        let outcome = run.await?;
        self.target.tell(notices::of_run(plan, &outcome));
        measure::applied(world, plan, &outcome, world.clock.monotonic().saturating_sub(began));
        Ok(outcome)
    }

    async fn recover(&self, lease: &mut Lease, open: OpenRun) -> Result<Outcome, ReconcileError> {
        let wanted = self.superseding(&open).await?;
        let wanted = wanted.as_ref().map(Plan::effect);
        let (plan, with) = (open.plan.clone(), self.with());
        let begun = self.pass.runs.begin(&plan);
        open.steps.values().filter_map(|step| step.outcome.as_ref()).for_each(|it| begun.hear(it));
        let hear = |outcome: &_| begun.hear(outcome);
        let cx = self.context(&with, &hear);
        let recovered = Box::pin(apply::recover(&cx, lease, open, wanted, self.pass.stop));
        self.ended(&plan, self.telling(&begun, recovered)).await
    }

    fn context<'a>(
        &'a self,
        with: &'a With,
        hear: &'a (dyn Fn(&StepOutcome) + Sync),
    ) -> ApplyContext<'a> {
        let Agent { store, world, lease_ttl, .. } = self.pass.agent;
        let With { patience, awaited, answers, kept } = with;
        let (target, lease_ttl) = (&*self.target, *lease_ttl);
        ApplyContext { store, world, target, patience, awaited, answers, kept, lease_ttl, hear }
    }

    /// Looks, plans, and finds what allows the plan. The plan is remembered, whatever comes of it.
    async fn decide(&self, look: Look) -> Result<Decision, ReconcileError> {
        let wanted = &self.pass.current.wanted;
        let (plan, authorities) =
            allowed(self.pass.agent, self.pass.repository, &self.pass.current, wanted, &look)
                .await?;
        self.pass.agent.remember(&plan, &*self.target, look.is_gone(wanted)).await?;
        let (policy, now) = (self.pass.current.policy(), self.pass.agent.world.clock.now());
        let amends = look.ownership(&self.pass.repository.scope, wanted, &policy, now);
        Ok(Decision { plan, authorities, amends })
    }

    async fn look_anew(&self) -> Result<Look, ReconcileError> {
        let Pass { agent, repository, current, .. } = self.pass;
        let target = TargetLook::now(agent, repository, &self.target, &current.wanted).await?;
        Ok(self.look(target.into()).await)
    }

    async fn look(&self, target: Arc<TargetLook>) -> Look {
        let Pass { agent, current, .. } = self.pass;
        let now = agent.world.clock.now();
        Look::take(&current.wanted, self.stack, target, now).await.arrived(self.is_there)
    }

    /// What is asked for by now, if the run began for another revision.
    async fn superseding(&self, open: &OpenRun) -> Result<Option<Plan>, ReconcileError> {
        let wanted = &self.pass.current.wanted;
        if open.plan.envelope.revision == *wanted.snapshot.revision() {
            return Ok(None);
        }
        let (policy, now) = (self.pass.current.policy(), self.pass.agent.world.clock.now());
        Ok(Some(self.look_anew().await?.plan(&self.pass.repository.scope, wanted, &policy, now)))
    }

    /// Completes what is written down about ownership: the mark first, as before every effect.
    async fn complete(&self, lease: &Lease, amends: &Amends) -> Result<(), ReconcileError> {
        let own =
            |(key, owned): (&ResourceKey, &Arc<Owned>)| (key.clone(), Some(Owned::clone(owned)));
        self.target.write_mark(lease, &amends.entries.iter().map(own).collect()).await?;
        self.pass.agent.world.points.reach(Point::MarkExtended).await;
        let mut tx = self.pass.agent.store.begin().await?;
        tx.inventory_complete(lease, self.target.name(), &amends.entries, amends.marked).await?;
        Ok(tx.commit().await?)
    }

    fn components(&self) -> impl Iterator<Item = &Component> {
        let stack = self.pass.current.wanted.desired.stacks.get(self.stack);
        stack.into_iter().flat_map(|stack| stack.components.values())
    }

    fn with(&self) -> With {
        let Wanted { desired, rendered, .. } = &*self.pass.current.wanted;
        let stack = desired.stacks.get(self.stack);
        let awaited = self.components().filter_map(|c| Some((c.id.clone(), stack?.awaited(&c.id))));
        let kept = self.components().filter(|c| c.reconcile.outlives());
        With {
            patience: self
                .components()
                .map(|c| (c.id.clone(), Patience::from(&c.reconcile)))
                .collect(),
            awaited: awaited.filter(|(_, awaited)| !awaited.is_empty()).collect(),
            answers: stack.map(|stack| answers(stack, rendered)).unwrap_or_default(),
            kept: kept.map(|c| c.id.clone()).collect(),
        }
    }
}

impl Decision {
    /// Whether anything allows a step that nothing holds.
    fn may_start(&self) -> bool {
        let free = |at: &usize| {
            let mut holds = self.plan.holds_on(&self.plan.effect().steps[*at]);
            holds.all(|hold| matches!(hold.reason, HoldReason::NotReviewed { .. }))
        };
        self.authorities.keys().any(free)
    }

    fn ended(&self) -> Ended {
        if self.plan.is_settled() { Ended::True } else { Ended::Held }
    }
}

/// One line per layer of an error: `Display` of ours never repeats its source.
fn chain(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(Some(error), |error| error.source());
    sources.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
