//! How many stacks are worked on at a time.
//!
//! A look is over in a moment, and a run takes as long as its steps: each kind has seats of its own,
//! so that what has happened to one stack is told while others are applied for minutes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::ids::TargetName;

/// Stacks of one target that are applied at a time, so that some write while others begin or end.
/// Each waits mostly for its target, and none for another target.
const RUNS_AT_ONCE: usize = 9;

/// The same for those that are looked at: each asks its target as much at a time as that takes, and
/// the next is on its way while one is planned.
const LOOKS_AT_ONCE: usize = 4;

/// The same of all targets together, beside one for each of them, runs and looks for themselves: all of
/// them write to one database, where leases are renewed in time. However many targets do not answer,
/// none takes the one seat of another.
const IN_ALL: usize = 16;

/// A run of so many steps takes several seats: it holds some 15 KB for each step until it ends, and one
/// that writes for seconds needs few beside it.
const LARGE: usize = 100;

/// How many seats that are.
const LARGE_SEATS: u32 = 3;

/// Where who works on a stack sits.
pub struct Seats {
    looks: Room,
    runs: Room,
}

/// The seats for one kind of work.
struct Room {
    at_once: usize,
    of_targets: Mutex<BTreeMap<Option<TargetName>, OfTarget>>,
    in_all: Arc<Semaphore>,
}

/// The seats for one target.
#[derive(Clone)]
struct OfTarget {
    all: Arc<Semaphore>,
    /// The one that nobody else has.
    own: Arc<Semaphore>,
}

/// Whoever has it may work, and gives it on by dropping it.
pub(super) struct Seat {
    _of_target: Option<OwnedSemaphorePermit>,
    _in_all: Option<OwnedSemaphorePermit>,
}

impl Seats {
    /// Waits until one more stack of `target`, or of none, may be looked at.
    pub(super) async fn look(&self, target: Option<&TargetName>) -> Seat {
        self.looks.take(target.cloned(), 1).await
    }

    /// Waits until one more stack of `target` may be applied, in so many steps. Whoever does has no
    /// other seat.
    pub(super) async fn run(&self, target: &TargetName, steps: usize) -> Seat {
        let seats = if steps < LARGE { 1 } else { LARGE_SEATS };
        self.runs.take(Some(target.clone()), seats).await
    }
}

impl Room {
    async fn take(&self, target: Option<TargetName>, seats: u32) -> Seat {
        let of_target = {
            let mut rooms = self.of_targets.lock().unwrap_or_else(PoisonError::into_inner);
            let room = || OfTarget {
                all: Arc::new(Semaphore::new(self.at_once)),
                own: Arc::new(Semaphore::new(1)),
            };
            rooms.entry(target).or_insert_with(room).clone()
        };
        // None is ever closed.
        let _of_target = of_target.all.acquire_many_owned(seats).await.ok();
        let _in_all = tokio::select! {
            biased;
            own = of_target.own.acquire_owned() => own.ok(),
            shared = self.in_all.clone().acquire_many_owned(seats) => shared.ok(),
        };
        Seat { _of_target, _in_all }
    }
}

impl Default for Seats {
    fn default() -> Self {
        let room = |at_once| {
            let (of_targets, in_all) = (Mutex::default(), Arc::new(Semaphore::new(IN_ALL)));
            Room { at_once, of_targets, in_all }
        };
        Self { looks: room(LOOKS_AT_ONCE), runs: room(RUNS_AT_ONCE) }
    }
}

#[cfg(test)]
mod tests;
