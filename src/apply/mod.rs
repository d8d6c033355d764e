//! A plan into an outcome, through a target alone.
//!
//! Takes: a plan, the [`Claim`] that lets steps of it start, the [`Lease`] it runs under.
//! Gives: [`Outcome`]: how every step ended, and what is there against what was predicted.
//! Never: decides what to do; begins a step without a durable intent, an authority or a lease that
//! still holds; calls a step done, or not begun, that nobody has looked at.
//! Start at: `run.rs`, whose `go` is the order of all writes; then `schedule.rs` and `step.rs`.
//! How to add: what a target can answer is its [`crate::backends::Disposition`]; a new one gets
//! its end in `step.rs`. Nothing here knows a kind or a type of target.

mod run;
mod schedule;
mod next;
mod step;
mod journal;
mod compare;
mod unwell;
mod recover;
mod renew;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::backends::{StepError, Target};
use crate::ids::ComponentId;
use crate::model::outcome::{Outcome, StepOutcome};
use crate::model::plan::{Effect, Plan};
use crate::model::policy::Reconcile;
use crate::plan::Answers;
use crate::store::{Claim, Lease, LeaseLost, OpenRun, Store, StoreError};
use crate::world::World;

pub use compare::compare;

/// What a run works with.
#[derive(Clone, Copy)]
pub struct ApplyContext<'a> {
    /// Where intents and outcomes are written.
    pub store: &'a Store,
    /// Clock, jitter, crash points.
    pub world: &'a World,
    /// Where the plan's resources live.
    pub target: &'a dyn Target,
    /// How long and how often each component's steps are tried; the default for those not in it.
    pub patience: &'a BTreeMap<ComponentId, Patience>,
    /// For each component those that have to do well before it begins.
    pub awaited: &'a BTreeMap<ComponentId, BTreeSet<ComponentId>>,
    /// For each resource those that have to do well before it is made.
    pub answers: &'a Answers,
    /// Components whose resources outlive them (`prune: false`).
    pub kept: &'a BTreeSet<ComponentId>,
    /// For how long the lease is renewed, each time a third of it is over.
    pub lease_ttl: Duration,
    /// Hears how each step has ended, once that is written down.
    pub hear: &'a (dyn Fn(&StepOutcome) + Sync),
}

/// How long and how often a step is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How long one try may take.
    pub timeout: Duration,
    /// How many tries there are. Only what certainly did not happen is tried again.
    pub attempts_max: u32,
}

/// A run stopped where it stood. It stays open: [`recover`] takes it up, under a later lease.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Somebody else may act on the stack by now.
    #[error("the run stopped at once")]
    LeaseLost(#[source] LeaseLost),
    /// Nothing more can be written down, so nothing more is done.
    #[error("the run stopped: nothing can be written down")]
    Store(#[from] StoreError),
    /// Whoever began the run may still be at it: the target cannot be told that a later lease
    /// holds.
    #[error("a run that did not end cannot be taken up")]
    Fence(#[source] StepError),
    /// This process is told to stop: what had begun has ended, and the rest is as allowed as before.
    #[error("stopped after {done} of {steps} steps")]
    Stopped {
        /// Steps that are done.
        done: usize,
        /// Steps of the run.
        steps: usize,
    },
}

impl ApplyError {
    /// Whether the right to act is somebody else's by now, or nobody's.
    fn is_loss(&self) -> bool {
        matches!(self, Self::LeaseLost(_) | Self::Store(StoreError::Fenced { .. }))
    }
}

/// Runs the steps of `plan` that `claim` lets through and that nothing holds, and writes down how
/// the run ended.
///
/// Once `stop` is cancelled no step begins; those that have begun end, and the run stays open. A
/// future that is dropped leaves a run for [`recover`] as well, like a crash.
pub async fn apply(
    cx: &ApplyContext<'_>,
    plan: &Plan,
    lease: &mut Lease,
    claim: Claim,
    stop: &CancellationToken,
) -> Result<Outcome, ApplyError> {
    run::under_lease(cx, plan, lease, claim, None, stop).await
}

/// Goes on with a run that did not end: finds out what became of every step that may have begun,
/// then does the rest of the same plan, under the epoch of `lease`.
///
/// `wanted` is what a newer revision asks for: of the steps that have not begun, only those begin
/// that it asks for, too. `None`: the revision is the one the plan was made from.
pub async fn recover(
    cx: &ApplyContext<'_>,
    lease: &mut Lease,
    open: OpenRun,
    wanted: Option<&Effect>,
    stop: &CancellationToken,
) -> Result<Outcome, ApplyError> {
    let mut tx = cx.store.begin().await?;
    let claim = tx.resume(lease, &open).await?;
    tx.commit().await?;
    let reopened = run::Reopened { run: &open, wanted };
    run::under_lease(cx, &open.plan, lease, claim, Some(&reopened), stop).await
}

impl Default for Patience {
    /// Five minutes, as long as a slow rollout; three tries outlast a restart of most services.
    fn default() -> Self {
        Self { timeout: Duration::from_secs(300), attempts_max: 3 }
    }
}

impl From<&Reconcile> for Patience {
    fn from(reconcile: &Reconcile) -> Self {
        let default = Self::default();
        let timeout = reconcile.timeout.and_then(|timeout| Duration::try_from(timeout).ok());
        Self {
            timeout: timeout.unwrap_or(default.timeout),
            attempts_max: reconcile
                .retry
                .as_ref()
                .map_or(default.attempts_max, |r| r.max_attempts.get()),
        }
    }
}

#[cfg(test)]
mod tests;
