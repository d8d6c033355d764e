//! A world that stands still: its clock moves when a test says so, its ids are counted, a run can be
//! stopped at any point, and whoever plays in it knows when nothing happens any more.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use isobar::metrics::Metrics;
use isobar::world::{Clock, Ids, Point, Points, Work, World};
use jiff::Timestamp;
use tokio::sync::{Notify, watch};

/// When every story begins. Files are always younger, so none is taken for settled.
const START: &str = "2025-03-03T09:00:00Z";

/// Who sleeps for less waits for what another does, not for time.
const NAP: Duration = Duration::from_millis(20);

/// How long it takes a process to begin, in parts and how many.
const FORK: Duration = Duration::from_millis(5);
const FORKS: u32 = 20;

/// The parts of a simulated world, in the hands of a test.
#[derive(Clone)]
pub(crate) struct Simulation {
    pub(crate) clock: Arc<StillClock>,
    pub(crate) ids: Arc<Counter>,
    pub(crate) trap: Arc<Trap>,
    pub(crate) rest: Arc<Rest>,
}

/// Stands still until it is moved.
pub(crate) struct StillClock {
    passed: watch::Sender<Duration>,
    deadlines: Mutex<BTreeMap<Duration, usize>>,
    naps: Notify,
    /// How many nap.
    napping: AtomicUsize,
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
    sprung: Mutex<Option<Point>>,
}

/// When nothing happens any more: no task can go on, and no work is under way.
#[derive(Default)]
pub(crate) struct Rest {
    work: Work,
    /// How much had ended when naps were last broken off.
    looked: Mutex<Option<u64>>,
    parked: Notify,
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
                naps: Notify::new(),
                napping: AtomicUsize::new(0),
            }),
            ids: Arc::new(Counter { last: AtomicU64::new(last) }),
            trap: Arc::default(),
            rest: Arc::default(),
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
            work: self.rest.work.clone(),
            metrics: Metrics::default(),
        }
    }
}

impl StillClock {
    pub(crate) fn pass(&self, duration: Duration) {
        self.passed.send_modify(|passed| *passed += duration);
    }

    /// Moves on to the first moment that somebody sleeps until; gives whether there is one.
    pub(crate) fn pass_to_next(&self) -> bool {
        let deadlines = self.deadlines.lock().expect("nobody panics with it");
        let Some((&next, _)) = deadlines.first_key_value() else { return false };
        drop(deadlines);
        self.passed.send_modify(|passed| *passed = next.max(*passed));
        true
    }
}

impl Rest {
    /// To be called whenever the runtime has nothing to do.
    pub(crate) fn parked(&self) {
        self.parked.notify_waiters();
    }

    /// Returns when nothing happens any more but with time, or by a nudge from outside.
    pub(crate) async fn reached(&self, clock: &StillClock) {
        let mut patience = FORKS;
        loop {
            self.parked.notified().await;
            let Some(ended) = self.work.at_rest() else { continue };
            // Who naps waits for what another does: it looks again if anything was done.
            let looked = self.looked.lock().expect("nobody panics with it").replace(ended);
            if looked == Some(ended) {
                if clock.napping.load(Ordering::SeqCst) == 0 || patience == 0 {
                    return;
                }
                patience -= 1;
                // A lock that is let go is still held by a process that another test begins, until
                // that runs its own program.
                let _ = tokio::time::timeout(FORK, std::future::pending::<()>()).await;
            }
            clock.naps.notify_waiters();
        }
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

/// Counts one who naps, until that is over.
struct Napping<'a>(&'a StillClock);

impl<'a> Napping<'a> {
    fn new(clock: &'a StillClock) -> Self {
        clock.napping.fetch_add(1, Ordering::SeqCst);
        Self(clock)
    }
}

impl Drop for Napping<'_> {
    fn drop(&mut self) {
        self.0.napping.fetch_sub(1, Ordering::SeqCst);
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
        let _napping = (duration < NAP).then(|| Napping::new(self));
        tokio::select! {
            _ = passed.wait_for(|passed| *passed >= deadline) => {}
            () = self.naps.notified(), if duration < NAP => {}
        }
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

    pub(crate) fn is_set(&self) -> bool {
        self.set.lock().expect("nobody panics with it").is_some()
    }

    /// Where somebody stands in it. From now on nobody does.
    pub(crate) fn take(&self) -> Option<Point> {
        self.sprung.lock().expect("nobody panics with it").take()
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
            *self.sprung.lock().expect("nobody panics with it") = Some(point);
        }
        stops
    }
}

/// What a pass of a stage does with time, in small: `work` runs on a thread until the runtime has
/// parked beside it, and somebody gives up at a moment that time could move to.
#[test]
fn time_stands_still_while_work_is_under_way() {
    let (open, gate) = std::sync::mpsc::channel::<()>();
    let simulation = Simulation::new();
    let rest = simulation.rest.clone();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.on_thread_park(move || {
        rest.parked();
        let _ = open.send(());
    });
    let Simulation { clock, rest, .. } = &simulation;
    let done = runtime.build().expect("a runtime").block_on(async {
        let mut playing = tokio::task::JoinSet::new();
        playing.spawn({
            let (clock, work) = (clock.clone(), rest.work.clone());
            async move {
                tokio::select! {
                    () = clock.sleep(Duration::from_secs(600)) => false,
                    done = work.blocking(move || gate.recv().is_ok()) => done.is_ok_and(|done| done),
                }
            }
        });
        loop {
            tokio::select! {
                biased;
                Some(done) = playing.join_next() => return done.expect("it ends"),
                () = rest.reached(clock) => assert!(clock.pass_to_next(), "somebody sleeps"),
            }
        }
    });
    assert!(done);
    assert_eq!(clock.monotonic(), Duration::ZERO);
}
