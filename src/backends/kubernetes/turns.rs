//! Who asks next, where only so many requests may be under way.
//!
//! Who only looks goes first, then the run with the fewest steps: what was put right in a moment does
//! not wait for a stack of thousands of objects. What is only told comes last. Of equal ones the first by name goes first, and not
//! all of them at the same pace: then one writes while another begins, or ends.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use crate::ids::StackName;

/// Whose turn it is: the least one.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    /// Steps of the run; none: somebody looks.
    steps: usize,
    stack: Option<StackName>,
}

impl Turn {
    /// Of who has time: everybody else goes first.
    pub(super) fn last() -> Self {
        Self { steps: usize::MAX, stack: None }
    }

    /// Of a run of so many steps.
    pub(super) fn run(stack: &StackName, steps: usize) -> Self {
        Self { steps, stack: Some(stack.clone()) }
    }
}

/// So many seats, and who waits for one.
pub(super) struct Turns(Mutex<Queue>);

struct Queue {
    free: usize,
    /// How many have waited so far: of one turn who came first goes first.
    waited: u64,
    waiting: BTreeMap<(Turn, u64), oneshot::Sender<Seat>>,
}

/// Whoever has it may ask, and gives it on by dropping it.
pub(super) struct Seat(Arc<Turns>);

impl Turns {
    pub(super) fn new(seats: usize) -> Arc<Self> {
        let queue = Queue { free: seats, waited: 0, waiting: BTreeMap::new() };
        Arc::new(Self(Mutex::new(queue)))
    }

    /// Waits for a seat.
    pub(super) async fn take(self: &Arc<Self>, turn: Turn) -> Seat {
        let seat = {
            let mut queue = self.lock();
            if queue.free > 0 {
                queue.free -= 1;
                return Seat(self.clone());
            }
            queue.waited += 1;
            let (sender, receiver) = oneshot::channel();
            let place = (turn, queue.waited);
            queue.waiting.insert(place, sender);
            receiver
        };
        seat.await.expect("whoever is taken out of the queue and still waits is given a seat")
    }

    fn free(self: &Arc<Self>) {
        loop {
            let next = {
                let mut queue = self.lock();
                match queue.waiting.pop_first() {
                    Some((_, next)) => next,
                    None => {
                        queue.free += 1;
                        return;
                    }
                }
            };
            if !next.is_closed() {
                // Whoever goes in this moment frees it once more.
                drop(next.send(Seat(self.clone())));
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.free();
    }
}

#[cfg(test)]
mod tests;
