//! Named places of the apply path at which a test may kill the process.
//!
//! A point is reached by `world.points.reach(Point::X).await`. Outside tests that does nothing.
//! Simulations get a signal and the caller never returns; in a debug build the variable
//! `ISOBAR_PAUSE_AT=<point>[:<n>]` makes the n-th reaching print `paused at <point>` to standard
//! error and stop there, for a test to kill the process, or to go on after Ctrl-C. Release builds
//! have no such variable.

use std::sync::Arc;

macro_rules! points {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {
        /// A named place. `.before` and `.after` speak of the durable write or effect named.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Point { $($(#[$doc])* $name,)+ }

        impl Point {
            /// Every point, in the order a run passes them.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The name, as tests and logs call it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }
        }
    };
}

points! {
    /// The lease is taken, nothing else has happened.
    LeaseAcquired = "lease.after";
    /// The plan is made and stored.
    PlanStored = "plan.after";
    /// Nothing has claimed the digest.
    ClaimBefore = "claim.before";
    /// The digest is claimed, no intent is written.
    ClaimAfter = "claim.after";
    /// The mark at the target names what will be created, the database does not yet.
    MarkExtended = "mark.extended";
    /// The inventory names what will be created.
    InventoryExtended = "inventory.extended";
    /// The intents of steps that may begin are not written.
    IntentBefore = "intent.before";
    /// The intents are durable, none of these effects has begun.
    IntentAfter = "intent.after";
    /// One effect has not begun.
    EffectBefore = "effect.before";
    /// Half of an effect is there: a temporary file is written, not renamed.
    EffectHalf = "effect.half";
    /// One effect is there, nobody has written it down.
    EffectAfter = "effect.after";
    /// The outcomes of some steps are not written.
    OutcomeBefore = "outcome.before";
    /// The outcomes are durable.
    OutcomeAfter = "outcome.after";
    /// The inventory no longer names what was deleted, the mark still does.
    InventoryShrunk = "inventory.shrunk";
    /// The mark at the target no longer names what was deleted.
    MarkShrunk = "mark.shrunk";
    /// The run's outcome and its messages are durable.
    RunFinished = "run.after";
    /// A message is at the forge, nobody has written it down.
    OutboxSent = "outbox.sent";
    /// The lease is about to be given back.
    LeaseReleased = "lease.before-release";
}

/// What happens at a point.
#[derive(Clone, Default)]
pub enum Points {
    /// Nothing.
    #[default]
    Off,
    /// Whatever a test wants; it returns whether the caller never goes on.
    Watched(Arc<dyn Fn(Point) -> bool + Send + Sync>),
    /// What the environment wants; it returns whether the caller waits for Ctrl-C.
    #[cfg(debug_assertions)]
    Paused(Arc<dyn Fn(Point) -> bool + Send + Sync>),
}

impl Points {
    /// Says that the caller is at `point`.
    pub async fn reach(&self, point: Point) {
        match self {
            Self::Watched(stops) if stops(point) => std::future::pending().await,
            #[cfg(debug_assertions)]
            Self::Paused(stops) if stops(point) => interrupted().await,
            _ => {}
        }
    }

    /// What the environment asks for, in a debug build.
    pub fn from_environment() -> Self {
        #[cfg(debug_assertions)]
        if let Some(points) = paused_by_environment() {
            return points;
        }
        Self::Off
    }
}

/// Without signals there is nothing to wait for but the end of the process.
#[cfg(debug_assertions)]
async fn interrupted() {
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}

#[cfg(debug_assertions)]
#[expect(clippy::print_stderr, reason = "the test that waits for this reads nothing else")]
fn say(at: Point) {
    eprintln!("paused at {}", at.as_str());
}

#[cfg(debug_assertions)]
fn paused_by_environment() -> Option<Points> {
    use std::sync::atomic::{AtomicU32, Ordering};

    let wanted = crate::settings::variable("ISOBAR_PAUSE_AT")?;
    let (name, nth) = wanted.split_once(':').unwrap_or((&wanted, "1"));
    let point = Point::ALL.iter().copied().find(|point| point.as_str() == name)?;
    let nth: u32 = nth.parse().ok()?;
    let reached = AtomicU32::new(0);
    Some(Points::Paused(Arc::new(move |at| {
        let stop = at == point && reached.fetch_add(1, Ordering::SeqCst) + 1 == nth;
        if stop {
            say(at);
        }
        stop
    })))
}
