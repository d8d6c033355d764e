//! The one-shot right to run one plan, and the four writes it allows.

use std::collections::BTreeMap;

use super::journal::{About, Event};
use super::run::{self, OpenRun};
use super::{Lease, StoreError, Tx, approval, args};
use crate::ids::{Actor, ContentId, Digest, Epoch, PullNumber, RunId, Scope};
use crate::model::authority::Authority;
use crate::model::outcome::{Outcome, StepOutcome};
use crate::model::plan::Plan;

/// A run that was let through: which plan, which steps, under which epoch. Only the store makes
/// one, and finishing the run takes it.
#[derive(Debug)]
pub struct Claim {
    run: RunId,
    digest: Digest,
    epoch: Epoch,
    steps: usize,
    authorities: BTreeMap<usize, Authority>,
}

/// Why a plan may not be run.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// A run of the stack has not ended. *Resume that one first.*
    #[error("run {run} of this stack has not ended")]
    Open {
        /// Which one.
        run: RunId,
    },
    /// An authority rests on an approval that is not there, used up, revoked or expired.
    #[error("{by} has not approved this, or no longer")]
    NotApproved {
        /// Whose.
        by: Actor,
    },
    /// An authority rests on a digest that the pull request does not show, or that a run has used
    /// up.
    #[error("pull request {pull} does not show this, or a run has used it up")]
    NotShown {
        /// Which pull request.
        pull: PullNumber,
    },
    /// An authority cannot cover the step it is given for: another digest or component, nobody's
    /// name, or more than a standing authority may do.
    #[error("step {step} is not covered by its authority")]
    NotCovered {
        /// Its index in the plan.
        step: usize,
    },
    /// No step may start.
    #[error("there is nothing to run")]
    Nothing,
    /// The store says no, or nothing.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Claim {
    /// The run.
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// The plan it may run.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The epoch it is bound to.
    pub fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// What lets a step start; `None`: it may not.
    pub fn authority(&self, step: usize) -> Option<&Authority> {
        self.authorities.get(&step)
    }
}

impl Tx {
    /// Starts the one run that the given authorities allow: those steps of a stored plan, each by
    /// its index.
    ///
    /// Reviewed and merged authorities are used up: all live approvals of the digest and all
    /// places that show it, also beyond those named, because they were about this run and not
    /// about the same digest at another time. A standing authority uses up nothing.
    pub async fn claim(
        &mut self,
        lease: &Lease,
        plan: &Plan,
        run: &RunId,
        authorities: &BTreeMap<usize, Authority>,
    ) -> Result<Claim, ClaimError> {
        const CLAIM: &str = "INSERT INTO run \
            (agent, repository, run, stack, digest, epoch, claimed_at) \
            VALUES ($1, $2, $3, $4, $5, $6, $7)";
        const USE_APPROVALS: &str = "UPDATE approval SET run = $4 \
            WHERE agent = $1 AND repository = $2 AND digest = $3 \
            AND run IS NULL AND revoked_at IS NULL";
        const USE_SHOWN: &str = "UPDATE shown SET run = $4 \
            WHERE agent = $1 AND repository = $2 AND digest = $3 AND run IS NULL";
        self.link()?;
        self.fence(lease).await?;
        covered(lease, plan, authorities)?;
        let Scope { agent, repository } = &lease.scope;
        if let Some(open) = run::open(&mut self.link, &lease.scope, &lease.stack).await? {
            return Err(ClaimError::Open { run: open.run });
        }
        let mut used_up = false;
        for authority in authorities.values() {
            used_up |= self.rests(&lease.scope, authority).await?;
        }
        let (digest, now) = (plan.digest(), self.now());
        let args = args![agent, repository, run, &lease.stack, digest, lease.epoch, now];
        self.link.execute(CLAIM, args).await?;
        if used_up {
            let args = args![agent, repository, digest, run];
            self.link.execute(USE_APPROVALS, args.clone()).await?;
            self.link.execute(USE_SHOWN, args).await?;
        }
        let (steps, authorities) = (plan.effect().steps.len(), authorities.clone());
        let event = Event::Claimed { digest, steps, authorities: authorities.clone() };
        self.append(lease.about().run(run), &event).await?;
        let epoch = lease.epoch;
        self.done(Claim { run: run.clone(), digest, epoch, steps, authorities })
    }

    /// Binds a run that did not end to the epoch of the lease, which fences whoever began it.
    /// What stands without an outcome has to be observed before anything else. Also how a claim is
    /// had back, under the same lease, when its commit or that of [`Tx::finish`] failed.
    pub async fn resume(&mut self, lease: &Lease, open: &OpenRun) -> Result<Claim, StoreError> {
        const RESUME: &str = "UPDATE run SET epoch = $5 \
            WHERE agent = $1 AND repository = $2 AND stack = $3 AND run = $4 \
            AND ended_at IS NULL AND epoch <= $5";
        let Scope { agent, repository } = &lease.scope;
        let run = &open.run;
        self.link()?;
        self.fence(lease).await?;
        let args = args![agent, repository, &lease.stack, run, lease.epoch];
        if self.link.execute(RESUME, args).await? == 0 {
            return Err(StoreError::conflict(format!("run {run} is not open on {}", lease.stack)));
        }
        let story = run::story(&mut self.link, &lease.scope, run).await?;
        self.append(lease.about().run(run), &Event::Resumed { from: open.epoch }).await?;
        let authorities =
            story.steps.into_iter().map(|(step, trace)| (step, trace.authority)).collect();
        self.done(Claim {
            run: run.clone(),
            digest: story.digest,
            epoch: lease.epoch,
            steps: story.steps_total,
            authorities,
        })
    }

    /// Writes down that these steps are about to begin. Durable before the first effect: a wave of
    /// steps that are idempotent by name is one call, any other step has its own.
    pub async fn intend(
        &mut self,
        lease: &Lease,
        claim: &Claim,
        steps: &[usize],
    ) -> Result<(), StoreError> {
        self.guard(lease, claim).await?;
        if let Some(step) = steps.iter().find(|step| claim.authority(**step).is_none()) {
            return Err(StoreError::conflict(format!("step {step} was not claimed")));
        }
        let event = Event::Intended { steps: steps.to_vec() };
        self.append(lease.about().run(&claim.run), &event).await?;
        self.done(())
    }

    /// Writes down how steps ended: as many as there are, in any order.
    pub async fn conclude(
        &mut self,
        lease: &Lease,
        claim: &Claim,
        outcomes: &[StepOutcome],
    ) -> Result<(), StoreError> {
        self.guard(lease, claim).await?;
        if let Some(outcome) = outcomes.iter().find(|outcome| outcome.step >= claim.steps) {
            return Err(StoreError::conflict(format!("the plan has no step {}", outcome.step)));
        }
        let event = Event::Concluded { outcomes: outcomes.to_vec() };
        self.append(lease.about().run(&claim.run), &event).await?;
        self.done(())
    }

    /// Ends the run with an outcome for each step of the plan, in the plan's order.
    pub async fn finish(
        &mut self,
        lease: &Lease,
        claim: Claim,
        outcome: &Outcome,
    ) -> Result<(), StoreError> {
        const FINISH: &str = "UPDATE run SET ended_at = $4, outcome = $5 \
            WHERE agent = $1 AND repository = $2 AND run = $3";
        self.guard(lease, &claim).await?;
        let of_claim = (&outcome.run, &outcome.stack, outcome.digest, outcome.epoch)
            == (&claim.run, &lease.stack, claim.digest, claim.epoch);
        let complete = outcome.steps.iter().map(|step| step.step).eq(0..claim.steps);
        if !of_claim || !complete {
            return Err(StoreError::conflict("the outcome is not that of the claimed run"));
        }
        let body = serde_json::to_string(outcome)
            .map_err(|error| StoreError::conflict(format!("no outcome: {error}")))?;
        let event = Event::Finished { done: outcome.is_done(), outcome: ContentId::of(&body) };
        let Scope { agent, repository } = &lease.scope;
        let ended_at = outcome.ended_at.as_microsecond();
        let args = args![agent, repository, &claim.run, ended_at, body];
        self.link.execute(FINISH, args).await?;
        self.append(lease.about().run(&claim.run), &event).await?;
        self.done(())
    }

    /// Begins a write about a run: refuses it unless lease, claim and run are of one epoch, the
    /// current one, and the run is open.
    async fn guard(&mut self, lease: &Lease, claim: &Claim) -> Result<(), StoreError> {
        const GUARD: &str = "SELECT run.epoch FROM run JOIN lease \
            ON lease.agent = run.agent AND lease.repository = run.repository \
                AND lease.stack = run.stack \
            WHERE run.agent = $1 AND run.repository = $2 AND run.stack = $3 \
                AND lease.holder = $4 AND lease.epoch = $5 AND run.epoch = $5 \
                AND run.run = $6 AND run.ended_at IS NULL";
        let mut args = lease.args();
        args.extend(args![&claim.run]);
        let current = self.link()?.row(GUARD, args).await?;
        match current.is_some() && claim.epoch == lease.epoch {
            true => Ok(()),
            false => Err(lease.fenced()),
        }
    }

    /// Whether the authority is one that is used up; refuses one that rests on nothing.
    async fn rests(&mut self, scope: &Scope, authority: &Authority) -> Result<bool, ClaimError> {
        const APPROVED: &str = "SELECT approval.body, journal.payload \
            FROM approval LEFT JOIN journal ON journal.seq = approval.id \
                AND journal.agent = approval.agent \
                AND journal.repository = approval.repository \
            WHERE approval.agent = $1 AND approval.repository = $2 AND approval.digest = $3 \
            AND approval.actor = $4 AND approval.run IS NULL AND approval.revoked_at IS NULL \
            AND approval.until > $5";
        const SHOWN: &str = "SELECT head FROM shown \
            WHERE agent = $1 AND repository = $2 AND digest = $3 AND pull = $4 \
            AND run IS NULL LIMIT 1";
        let Scope { agent, repository } = scope;
        let now = self.now();
        match authority {
            Authority::Reviewed { digest, by } => {
                for by in by {
                    let args = args![agent, repository, *digest, by, now];
                    match self.link.row(APPROVED, args).await? {
                        Some(row) => approval::check(&row, *digest, by)?,
                        None => return Err(ClaimError::NotApproved { by: by.clone() }),
                    }
                }
                Ok(true)
            }
            Authority::Merged { digest, pull: Some(pull) } => {
                let args = args![agent, repository, *digest, *pull];
                match self.link.row(SHOWN, args).await? {
                    Some(_) => Ok(true),
                    None => Err(ClaimError::NotShown { pull: *pull }),
                }
            }
            Authority::Merged { pull: None, .. } => Ok(true),
            Authority::Standing { .. } => Ok(false),
        }
    }
}

/// Whether each authority can cover the step it is given for, as far as the plan alone tells.
fn covered(
    lease: &Lease,
    plan: &Plan,
    authorities: &BTreeMap<usize, Authority>,
) -> Result<(), ClaimError> {
    let effect = plan.effect();
    if (&effect.scope, &effect.stack) != (&lease.scope, &lease.stack) {
        return Err(StoreError::conflict("the lease is on another stack than the plan").into());
    }
    if authorities.is_empty() {
        return Err(ClaimError::Nothing);
    }
    for (&at, authority) in authorities {
        let covers = effect.steps.get(at).is_some_and(|step| match authority {
            Authority::Reviewed { digest, by } => *digest == plan.digest() && !by.is_empty(),
            Authority::Merged { digest, .. } => *digest == plan.digest(),
            Authority::Standing { component } => {
                *component == step.component && Authority::may_stand(effect, step)
            }
        });
        if !covers {
            return Err(ClaimError::NotCovered { step: at });
        }
    }
    Ok(())
}

impl<'a> About<'a> {
    pub(super) fn scope(scope: &'a Scope) -> Self {
        Self { scope, stack: None, run: None, epoch: None }
    }

    pub(super) fn run(self, run: &'a RunId) -> Self {
        Self { run: Some(run), ..self }
    }
}
