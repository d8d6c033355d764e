//! The lease, kept beside the run.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{ApplyContext, ApplyError};
use crate::store::{Lease, StoreError};

/// How long to wait before a renewal that the store could not answer is tried again. The third of
/// the lease that is left for it sees some ten tries.
const RETRY: Duration = Duration::from_millis(300);

/// The lease as it was last renewed.
pub(super) struct Held {
    lease: Mutex<Lease>,
}

impl Held {
    pub(super) fn new(lease: Lease) -> Self {
        Self { lease: Mutex::new(lease) }
    }

    /// A copy as of now.
    pub(super) fn now(&self) -> Lease {
        self.lock().clone()
    }

    /// Renews the lease again and again. Returns when it is lost.
    pub(super) async fn keep(&self, cx: &ApplyContext<'_>) -> ApplyError {
        let clock = cx.world.clock.as_ref();
        loop {
            clock.sleep(cx.lease_ttl / 3).await;
            loop {
                let mut lease = self.now();
                match cx.store.renew(&mut lease, cx.lease_ttl).await {
                    Ok(()) => {
                        cx.world.metrics.renewed(&lease.scope().repository);
                        *self.lock() = lease;
                        break;
                    }
                    Err(StoreError::Unavailable(_) | StoreError::CommitUnknown(_)) => {
                        if let Err(lost) = lease.check(clock, cx.lease_ttl / 3) {
                            return ApplyError::LeaseLost(lost);
                        }
                        clock.sleep(RETRY).await;
                    }
                    Err(error) => return ApplyError::Store(error),
                }
            }
        }
    }

    /// Waits until the lease is good for as long as its renewal may take. A step may last longer
    /// than a lease: it is renewed beside it, and dropped when the lease is lost.
    pub(super) async fn good(&self, cx: &ApplyContext<'_>) -> Lease {
        loop {
            let lease = self.now();
            if lease.check(cx.world.clock.as_ref(), cx.lease_ttl / 3).is_ok() {
                return lease;
            }
            cx.world.clock.sleep(RETRY).await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Lease> {
        self.lease.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
