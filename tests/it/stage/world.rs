//! A world that stands still: its clock moves when a test says so, its ids are counted, and a run
//! can be stopped at any point.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use isobar::world::{Clock, Ids, Point, Points, World};
use jiff::Timestamp;
use tokio::sync::{Notify, watch};

/// When every story begins. Files are always younger, so none is taken for settled.
const START: &str = "2025-03-03T09:00:00Z";

/// Who sleeps for less looks again and again whether another thread is done.
const NAP: Duration = Duration::from_millis(20);

/// The parts of a simulated world, in the hands of a test.
#[derive(Clone)]
pub(crate) struct Simulation {
    pub(crate) clock: Arc<StillClock>,
    pub(crate) ids: Arc<Counter>,
    pub(crate) trap: Arc<Trap>,
}

/// Stands still until it is moved.
pub(crate) struct StillClock {
    passed: watch::Sender<Duration>,
    deadlines: Mutex<BTreeMap<Duration, usize>>,
}

/// `sim-000001`, `sim-000002`, ...
pub(crate) struct Counter {
    last: AtomicU64,
}

/// Stops a run at a point, once.
#[derive(Default)]
pub(crate) struct Trap {
    set: Mutex<Option<(Point, u64)>>,
    counts: Mutex<BTreeMap<Point, u64>>,
    pub(crate) sprung: Notify,
}

impl Simulation {
    pub(crate) fn new() -> Self {
        Self::at(Duration::ZERO, 0)
    }

    fn at(passed: Duration, last: u64) -> Self {
        Self {
            clock: Arc::new(StillClock {
                passed: watch::Sender::new(passed),
                deadlines: Mutex::default(),
            }),
            ids: Arc::new(Counter { last: AtomicU64::new(last) }),
            trap: Arc::default(),
        }
    }

    /// A world of its own that goes on from where this one is.
    pub(crate) fn fork(&self) -> Self {
        Self::at(self.clock.monotonic(), self.ids.last.load(Ordering::SeqCst))
    }

    pub(crate) fn world(&self) -> World {
        let trap = self.trap.clone();
        World {
            clock: self.clock.clone(),
            ids: self.ids.clone(),
            points: Points::Watched(Arc::new(move |point| trap.stops(point))),
        }
    }
}

impl StillClock {
    pub(crate) fn pass(&self, duration: Duration) {
        self.passed.send_modify(|passed| *passed += duration);
    }

    /// Moves on by a second, or to the first moment that somebody sleeps until, if that is later.
    pub(crate) fn pass_to_next(&self) {
        let deadlines = self.deadlines.lock().expect("nobody panics with it");
        let Some((&next, _)) = deadlines.first_key_value() else { return };
        drop(deadlines);
        self.passed.send_modify(|passed| *passed = next.max(*passed + Duration::from_secs(1)));
    }
}

/// Takes a deadline off the list when its sleeper is gone, however it went.
struct Sleeper<'a>(&'a StillClock, Duration);

impl<'a> Sleeper<'a> {
    fn new(clock: &'a StillClock, deadline: Duration) -> Self {
        let mut deadlines = clock.deadlines.lock().expect("nobody panics with it");
        *deadlines.entry(deadline).or_default() += 1;
        Self(clock, deadline)
    }
}

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        let mut deadlines = self.0.deadlines.lock().expect("nobody panics with it");
        match deadlines.get_mut(&self.1) {
            Some(count) if *count > 1 => *count -= 1,
            _ => drop(deadlines.remove(&self.1)),
        }
    }
}

#[async_trait]
impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        let start: Timestamp = START.parse().expect("a moment");
        start + self.monotonic()
    }

    fn monotonic(&self) -> Duration {
        *self.passed.borrow()
    }

    async fn sleep(&self, duration: Duration) {
        let deadline = self.monotonic() + duration;
        let _sleeper = Sleeper::new(self, deadline);
        let mut passed = self.passed.subscribe();
        let reached = passed.wait_for(|passed| *passed >= deadline);
        // Such a nap waits for another thread, not for time: it ends although no time has passed.
        let longest = if duration < NAP { duration } else { Duration::MAX };
        let _ = tokio::time::timeout(longest, reached).await;
    }
}

impl Ids for Counter {
    fn unique(&self) -> String {
        format!("sim-{:06}", self.last.fetch_add(1, Ordering::SeqCst) + 1)
    }

    fn jitter(&self) -> f64 {
        0.5
    }
}

impl Trap {
    /// Stops whoever reaches `point` for the `nth` time from now on.
    pub(crate) fn set(&self, point: Point, nth: u64) {
        self.counts.lock().expect("nobody panics with it").clear();
        *self.set.lock().expect("nobody panics with it") = Some((point, nth));
    }

    /// Lets everybody pass.
    pub(crate) fn unset(&self) {
        *self.set.lock().expect("nobody panics with it") = None;
    }

    /// What it is set to.
    pub(crate) fn peek(&self) -> Option<(Point, u64)> {
        *self.set.lock().expect("nobody panics with it")
    }

    /// How often `point` was reached since the trap was last set.
    pub(crate) fn count(&self, point: Point) -> u64 {
        let counts = self.counts.lock().expect("nobody panics with it");
        counts.get(&point).copied().unwrap_or_default()
    }

    fn stops(&self, point: Point) -> bool {
        let mut counts = self.counts.lock().expect("nobody panics with it");
        let count = counts.entry(point).or_default();
        *count += 1;
        let mut set = self.set.lock().expect("nobody panics with it");
        let stops = *set == Some((point, *count));
        if stops {
            *set = None;
            self.sprung.notify_one();
        }
        stops
    }
}
