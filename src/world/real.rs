//! The system's clock and random ids. The only place that reads either.

use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Clock, Ids};

/// The system's clock.
pub struct SystemClock {
    start: Instant,
}

impl Default for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn default() -> Self {
        Self { start: Instant::now() }
    }
}

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn monotonic(&self) -> Duration {
        self.start.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// Ids of UUID version 7: random, and ordered by the time they were made.
pub struct RandomIds;

impl Ids for RandomIds {
    fn unique(&self) -> String {
        uuid::Uuid::now_v7().to_string()
    }

    #[expect(clippy::disallowed_methods, reason = "this is where randomness comes from")]
    fn jitter(&self) -> f64 {
        fastrand::f64()
    }
}
