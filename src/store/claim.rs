//! The one-shot right to run one plan, and the four writes it allows.

use std::collections::BTreeMap;

use super::journal::{About, Event};
use super::rest::{self, Rest};
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
    ///
    /// A yes to an earlier plan covers this one if it is what that one left waiting, with what was
    /// unknown filled in. It is used up by this run then, and so is what any earlier run of the
    /// stack left waiting.
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
        self.link()?;
        self.fence(lease).await?;
        let rest = self.rest_of(lease, plan, authorities).await?;
        covered(lease, plan, rest.as_ref(), authorities)?;
        let Scope { agent, repository } = &lease.scope;
        if let Some(open) = run::open(&mut self.link, &lease.scope, &lease.stack).await? {
            return Err(ClaimError::Open { run: open.run });
        }
        // Hundreds of steps rest on one yes: it is looked up once.
        let (mut used_up, mut last) = (false, None);
        for authority in authorities.values() {
            if last.replace(authority) != Some(authority) {
                used_up |= self.rests_on(&lease.scope, authority, rest.as_ref()).await?;
            }
        }
        let (digest, now) = (plan.digest(), self.now());
        let args = args![agent, repository, run, &lease.stack, digest, lease.epoch, now];
        self.link.execute(CLAIM, args).await?;
        if used_up {
            self.use_up(lease, plan, run, rest.as_ref()).await?;
        }
        let (steps, authorities) = (plan.effect().steps.len(), authorities.clone());
        let event = Event::Claimed { digest, steps, authorities: authorities.clone() };
        self.append(lease.about().run(run), &event).await?;
        if let Some(rest) = rest {
            let event = Event::Carried { from: rest.plan.digest(), run: rest.run };
            self.append(lease.about().run(run), &event).await?;
        }
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

    /// Writes down that these steps are about to begin. Durable before the first effect: steps that
    /// are idempotent by name and begin together are one call, any other step has its own.
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
        const FINISH: &str = "UPDATE run SET ended_at = $4, outcome = $5, rest = $6 \
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
        let rest = i64::from(rest::is_left_by(outcome));
        let args = args![agent, repository, &claim.run, ended_at, body, rest];
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

    /// The earlier plan that the authorities speak of, if that is not `plan` itself.
    async fn rest_of(
        &mut self,
        lease: &Lease,
        plan: &Plan,
        authorities: &BTreeMap<usize, Authority>,
    ) -> Result<Option<Rest>, StoreError> {
        let other = authorities.values().find_map(Authority::digest);
        match other.filter(|digest| *digest != plan.digest()) {
            Some(digest) => self.rest(&lease.scope, &lease.stack, digest).await,
            None => Ok(None),
        }
    }

    /// Nothing that let this run start lets another one start.
    async fn use_up(
        &mut self,
        lease: &Lease,
        plan: &Plan,
        run: &RunId,
        rest: Option<&Rest>,
    ) -> Result<(), StoreError> {
        const APPROVALS: &str = "UPDATE approval SET run = $4 \
            WHERE agent = $1 AND repository = $2 AND digest = $3 \
            AND (run IS NULL OR run = $5) AND revoked_at IS NULL";
        const SHOWN: &str = "UPDATE shown SET run = $4 \
            WHERE agent = $1 AND repository = $2 AND digest = $3 AND run IS NULL";
        // Where the earlier plan was shown, this one's outcome is told, too.
        const SHOWN_BEFORE: &str = "INSERT INTO shown (agent, repository, pull, head, digest, run) \
            SELECT agent, repository, pull, head, $3, $4 FROM shown \
            WHERE agent = $1 AND repository = $2 AND run = $5 \
            ON CONFLICT (agent, repository, pull, head, digest) DO UPDATE SET run = excluded.run";
        const RESTS: &str = "UPDATE run SET rest = 0 \
            WHERE agent = $1 AND repository = $2 AND stack = $3 AND rest = 1";
        let Scope { agent, repository } = &lease.scope;
        let before = rest.and_then(|rest| rest.run.as_ref()).map(RunId::as_str);
        let digests = [
            Some(plan.digest()),
            rest.map(|rest| rest.plan.digest()),
            rest.map(|rest| rest.approved),
        ];
        for digest in digests.into_iter().flatten() {
            let args = args![agent, repository, digest, run, before];
            self.link.execute(APPROVALS, args).await?;
            self.link.execute(SHOWN, args![agent, repository, digest, run]).await?;
        }
        if before.is_some() {
            let args = args![agent, repository, plan.digest(), run, before];
            self.link.execute(SHOWN_BEFORE, args).await?;
        }
        self.link.execute(RESTS, args![agent, repository, &lease.stack]).await?;
        Ok(())
    }

    /// Whether the authority is one that is used up; refuses one that rests on nothing.
    async fn rests_on(
        &mut self,
        scope: &Scope,
        authority: &Authority,
        rest: Option<&Rest>,
    ) -> Result<bool, ClaimError> {
        const APPROVED: &str = "SELECT approval.body, journal.payload \
            FROM approval LEFT JOIN journal ON journal.seq = approval.id \
                AND journal.agent = approval.agent \
                AND journal.repository = approval.repository \
            WHERE approval.agent = $1 AND approval.repository = $2 AND approval.digest = $3 \
            AND approval.actor = $4 AND (approval.run IS NULL OR approval.run = $6) \
            AND approval.revoked_at IS NULL AND approval.until > $5";
        const SHOWN: &str = "SELECT head FROM shown \
            WHERE agent = $1 AND repository = $2 AND digest IN ($3, $6) AND pull = $4 \
            AND (run IS NULL OR run = $5) LIMIT 1";
        let Scope { agent, repository } = scope;
        let now = self.now();
        let before = rest.and_then(|rest| rest.run.as_ref()).map(RunId::as_str);
        match authority {
            Authority::Reviewed { digest, by } => {
                for by in by {
                    let args = args![agent, repository, *digest, by, now, before];
                    match self.link.row(APPROVED, args).await? {
                        Some(row) => approval::check(&row, *digest, by)?,
                        None => return Err(ClaimError::NotApproved { by: by.clone() }),
                    }
                }
                Ok(true)
            }
            Authority::Merged { digest, pull: Some(pull) } => {
                let rest = rest.map_or(*digest, |rest| rest.plan.digest());
                let args = args![agent, repository, *digest, *pull, before, rest];
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
    rest: Option<&Rest>,
    authorities: &BTreeMap<usize, Authority>,
) -> Result<(), ClaimError> {
    let effect = plan.effect();
    let continued = rest.filter(|rest| effect.continues(rest.plan.effect(), &rest.waiting).is_ok());
    let is_covered = |digest: Digest| {
        digest == plan.digest() || continued.is_some_and(|rest| rest.approved == digest)
    };
    if (&effect.scope, &effect.stack) != (&lease.scope, &lease.stack) {
        return Err(StoreError::conflict("the lease is on another stack than the plan").into());
    }
    if authorities.is_empty() {
        return Err(ClaimError::Nothing);
    }
    for (&at, authority) in authorities {
        let covers = effect.steps.get(at).is_some_and(|step| match authority {
            Authority::Reviewed { digest, by } => is_covered(*digest) && !by.is_empty(),
            Authority::Merged { digest, .. } => is_covered(*digest),
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
