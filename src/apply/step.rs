//! One step: begin under a lease that holds, wait no longer than allowed, name its end.

use std::time::Duration;

use super::compare::compare;
use super::journal::{Finished, Record};
use super::run::Run;
use super::{ApplyError, Patience};
use crate::backends::{Disposition, StepError};
use crate::model::outcome::{StepEnd, StepOutcome};
use crate::model::plan::Nature;
use crate::world::Point;

/// The first wait before another try, and the longest.
const BACKOFF_MIN: Duration = Duration::from_millis(500);
const BACKOFF_MAX: Duration = Duration::from_secs(30);

impl Run<'_> {
    /// Does one step, and counts how long it took. `None`: this process is told to stop, and the step
    /// is left to whoever takes the run up.
    pub(super) async fn timed(&self, at: usize) -> Result<Option<Finished>, ApplyError> {
        let clock = &self.cx.world.clock;
        let began = clock.monotonic();
        let Some(finished) = self.step(at).await? else { return Ok(None) };
        let took = clock.monotonic().saturating_sub(began);
        let end = finished.outcome.end.word();
        self.cx.world.metrics.stepped(&self.plan.effect().target, end, took);
        Ok(Some(finished))
    }

    /// Does one step whose intent is durable, or gets its own intent here.
    async fn step(&self, at: usize) -> Result<Option<Finished>, ApplyError> {
        let step = &self.plan.effect().steps[at];
        if self.stop.is_cancelled() {
            return Ok(None);
        }
        if step.nature != Nature::IdempotentByName {
            self.cx.world.points.reach(Point::IntentBefore).await;
            self.write(&Record { intents: vec![at], ..Record::default() }).await?;
            self.cx.world.points.reach(Point::IntentAfter).await;
        }
        let patience = self.patience(at);
        let mut attempt = 1;
        loop {
            let error = match self.attempt(at, patience).await {
                Ok(finished) => return Ok(Some(finished)),
                Err(error) => error,
            };
            let Disposition::RetryAfter(wanted) = error.disposition else {
                return Ok(Some(self.ended(at, end(error))));
            };
            let is_stopped = self.stop.is_cancelled();
            // What cannot be looked at afterwards has to be told how it ended now.
            let is_last = is_stopped && step.nature == Nature::IndeterminateAfterCrash;
            if attempt >= patience.attempts_max || is_last {
                let why = format!("{error} (attempt {attempt} of {})", patience.attempts_max);
                return Ok(Some(self.ended(at, StepEnd::Failed { why })));
            }
            if is_stopped {
                return Ok(None);
            }
            let wait = backoff(attempt, self.cx.world.ids.jitter()).max(wanted);
            tokio::select! {
                () = self.cx.world.clock.sleep(wait) => {}
                () = self.stop.cancelled() => {}
            }
            attempt += 1;
        }
    }

    async fn attempt(&self, at: usize, patience: Patience) -> Result<Finished, StepError> {
        let effect = self.plan.effect();
        let lease = self.held.good(self.cx).await;
        self.cx.world.points.reach(Point::EffectBefore).await;
        let applied = self.cx.target.apply(&lease, effect, &effect.steps[at]);
        let Some(after) = self.within(patience.timeout, applied).await else {
            let message = format!("it took longer than {} s", patience.timeout.as_secs());
            return Err(StepError::unknown(message));
        };
        let after = after?;
        self.cx.world.points.reach(Point::EffectAfter).await;
        let mut finished = self.ended(at, StepEnd::Done);
        let told = |change| after.iter().find(|one| one.resource == change).cloned();
        for change in self.changes(at) {
            match told(change.resource.clone()) {
                Some(after) => finished.outcome.comparisons.push(compare(change, &after)),
                None => {
                    let message =
                        format!("the target does not say what became of {}", change.resource);
                    return Err(StepError::unknown(message));
                }
            }
        }
        Ok(Finished { after, ..finished })
    }

    /// A step that ended so, with nothing to compare.
    pub(super) fn ended(&self, at: usize, end: StepEnd) -> Finished {
        let outcome = StepOutcome {
            step: at,
            component: self.plan.effect().steps[at].component.clone(),
            authority: self.claim.authority(at).cloned(),
            end,
            comparisons: Vec::new(),
        };
        Finished { outcome, after: Vec::new() }
    }
}

pub(super) fn not_started(why: impl Into<String>) -> StepEnd {
    StepEnd::NotStarted { why: why.into() }
}

fn end(error: StepError) -> StepEnd {
    let why = error.reason;
    match error.disposition {
        Disposition::Stale => StepEnd::Stale { why },
        Disposition::Refused | Disposition::RetryAfter(_) => StepEnd::Failed { why },
        Disposition::Unknown => StepEnd::Indeterminate { why },
    }
}

/// How long to wait after the `attempt`-th failure: any time up to a bound that doubles, so that
/// those who failed together do not come back together. `jitter` is from 0 to 1.
pub(super) fn backoff(attempt: u32, jitter: f64) -> Duration {
    let doubled = BACKOFF_MIN.saturating_mul(2_u32.saturating_pow(attempt.saturating_sub(1)));
    doubled.min(BACKOFF_MAX).mul_f64(jitter.clamp(0.0, 1.0))
}
