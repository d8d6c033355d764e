//! What `serve` does over and over: woken by a signal and by a period, without input or retry.

use std::time::Duration;

use async_trait::async_trait;
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

/// Failing again and again slows a task down to this, whatever its period.
const BACKOFF_MAX: Duration = Duration::from_secs(300);

/// Runs `task` until `stop`, and tells `watch` of each activation.
pub async fn drive(
    world: World,
    task: &dyn Task,
    stop: CancellationToken,
    watch: impl Fn(Activation),
) {
    let mut failures = 0;
    while !stop.is_cancelled() {
        let activity = task.activate().await;
        failures = match activity {
            Activity::Failed { .. } => failures + 1,
            _ => 0,
        };
        watch(Activation { task: task.name(), at: world.clock.now(), activity });
        let pause = pause(task.period(), failures, world.ids.jitter());
        tokio::select! {
            () = stop.cancelled() => {}
            () = world.clock.sleep(pause) => {}
            () = task.woken(), if failures == 0 => {}
        }
    }
}

/// The period, up to a tenth more so that many agents do not move in step; after failures from a
/// second on doubled, with full jitter, up to [`BACKOFF_MAX`].
fn pause(period: Duration, failures: u32, jitter: f64) -> Duration {
    match failures {
        0 => period.mul_f64(1.0 + jitter / 10.0),
        n => {
            let ceiling = Duration::from_secs(1).saturating_mul(1 << n.min(16)).min(BACKOFF_MAX);
            Duration::from_millis(100) + ceiling.mul_f64(jitter)
        }
    }
}

#[cfg(test)]
mod tests;
