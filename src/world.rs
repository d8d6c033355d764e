//! What differs between reality and a simulation: the clock, new ids, named crash points, and what
//! is under way; and what is counted.
//!
//! One struct, handed down; nothing reads the time or makes an id any other way.

mod point;
mod real;
mod work;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

pub use point::{Point, Points};
pub use real::{RandomIds, SystemClock};
pub use work::{BrokenOff, UnderWay, Work, computing};

use crate::metrics::Metrics;

/// Everything that a simulation replaces besides source, target and forge.
#[derive(Clone)]
pub struct World {
    /// What time it is.
    pub clock: Arc<dyn Clock>,
    /// Where new ids come from.
    pub ids: Arc<dyn Ids>,
    /// Where a test may stop the process.
    pub points: Points,
    /// What is under way.
    pub work: Work,
    /// What is counted.
    pub metrics: Metrics,
}

/// Time.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Wall-clock time: for display, expiry of approvals, and rows in the database.
    fn now(&self) -> Timestamp;

    /// Time since some fixed moment that no clock adjustment moves: for leases and timeouts.
    fn monotonic(&self) -> Duration;

    /// Returns once [`Clock::monotonic`] has advanced by `duration`.
    async fn sleep(&self, duration: Duration);
}

/// New ids and randomness.
pub trait Ids: Send + Sync {
    /// A text no other call has given, ordered by time; letters, digits and `-`.
    fn unique(&self) -> String;

    /// A number from 0 to 1, for jitter.
    fn jitter(&self) -> f64;
}

impl World {
    /// The real one.
    pub fn real() -> Self {
        Self {
            clock: Arc::new(SystemClock::default()),
            ids: Arc::new(RandomIds),
            points: Points::from_environment(),
            work: Work::default(),
            metrics: Metrics::default(),
        }
    }
}
