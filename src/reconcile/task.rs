//! What `serve` does over and over: woken by a signal and by a period, without input or retry.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::{self, BoxStream, SelectAll};
use jiff::Timestamp;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::world::World;

/// One thing that is made true again and again.
#[async_trait]
pub trait Task: Send + Sync {
    /// What it is called in logs and in `status`.
    fn name(&self) -> String;

    /// How long it may sleep without a reason.
    fn period(&self) -> Duration;

    /// Looks at everything it needs and does what is to be done. The same code, whatever woke it;
    /// what fails is tried again at the next activation, not here.
    async fn activate(&self) -> Activity;

    /// The same, with what came of each thing as soon as that has ended, for a task that sees to many
    /// of which none is to hold up another. Such a task may be active again while it still is, and
    /// is left alone only as long as it says itself.
    fn activate_each(&self) -> Option<BoxStream<'_, Activity>> {
        None
    }

    /// Returns when there may be something to do.
    async fn woken(&self);
}

/// What came of one activation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Activity {
    /// Nothing was to be done.
    Idle,
    /// It did this.
    Did {
        /// In one line, for people.
        what: String,
    },
    /// It could not be done now.
    Failed {
        /// Why, for people.
        why: String,
    },
}

/// When a task was active and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Activation {
    /// Which task.
    pub task: String,
    /// When it ended.
    pub at: Timestamp,
    /// What came of it.
    pub activity: Activity,
}

/// Failing again and again slows a task, or a stack, down to this, whatever its period.
const BACKOFF_MAX: Duration = Duration::from_secs(300);

/// Runs `task` until `stop`, and tells `watch` of all that it does. What has begun is finished.
pub async fn drive(
    world: World,
    task: &dyn Task,
    stop: CancellationToken,
    watch: impl Fn(Activation),
) {
    let (mut active, mut failures) = (SelectAll::new(), 0);
    let told = |activity| Activation { task: task.name(), at: world.clock.now(), activity };
    while !stop.is_cancelled() {
        let each = task.activate_each();
        let is_many = each.is_some();
        active.push(each.unwrap_or_else(|| stream::once(task.activate()).boxed()));
        let mut is_over = false;
        while !is_over {
            let may_begin = active.is_empty() || is_many;
            let pause = pause(task.period(), failures, world.ids.jitter());
            tokio::select! {
                biased;
                activity = active.next(), if !active.is_empty() => {
                    let Some(activity) = activity else { continue };
                    failures = match activity {
                        Activity::Failed { .. } if !is_many => failures + 1,
                        _ => 0,
                    };
                    watch(told(activity));
                }
                () = stop.cancelled() => is_over = true,
                () = task.woken(), if may_begin && failures == 0 => is_over = true,
                () = world.clock.sleep(pause), if may_begin => is_over = true,
            }
        }
    }
    while let Some(activity) = active.next().await {
        watch(told(activity));
    }
}

impl Activity {
    /// What came of several things, as one: whatever failed is told, and hides what did not.
    pub(super) fn of(all: Vec<Self>) -> Self {
        let (mut did, mut failed) = (Vec::new(), Vec::new());
        for one in all {
            match one {
                Self::Idle => {}
                Self::Did { what } => did.push(what),
                Self::Failed { why } => failed.push(why),
            }
        }
        did.sort();
        failed.sort();
        match (did.is_empty(), failed.is_empty()) {
            (_, false) => Self::Failed { why: failed.join("; ") },
            (false, true) => Self::Did { what: did.join("; ") },
            (true, true) => Self::Idle,
        }
    }
}

/// The period, up to a tenth more so that many agents do not move in step; after failures, what
/// they cost.
fn pause(period: Duration, failures: u32, jitter: f64) -> Duration {
    match failures {
        0 => period.mul_f64(1.0 + jitter / 10.0),
        failures => backoff(failures, jitter),
    }
}

/// How long to leave alone what failed so often: from a second on doubled, with full jitter, up to
/// [`BACKOFF_MAX`].
pub(super) fn backoff(failures: u32, jitter: f64) -> Duration {
    let ceiling = Duration::from_secs(1).saturating_mul(1 << failures.min(16)).min(BACKOFF_MAX);
    Duration::from_millis(100) + ceiling.mul_f64(jitter)
}

#[cfg(test)]
mod tests;
