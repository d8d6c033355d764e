//! What is under way: work on other threads, and transactions.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::runtime::{Handle, RuntimeFlavor};

/// Counts what is under way. Whoever simulates time moves it only while nothing is.
#[derive(Clone, Default)]
pub struct Work {
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    begun: AtomicU64,
    ended: AtomicU64,
}

/// One thing that is under way, until it is dropped.
pub struct UnderWay {
    work: Work,
}

/// The work broke off: it panicked, or the process is about to end.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the work broke off")]
pub struct BrokenOff;

impl Work {
    /// Something begins.
    pub fn begin(&self) -> UnderWay {
        self.counts.begun.fetch_add(1, Ordering::SeqCst);
        UnderWay { work: self.clone() }
    }

    /// How many things have ended so far; `None` while one is under way.
    pub fn at_rest(&self) -> Option<u64> {
        // In this order: what begins in between is seen.
        let ended = self.counts.ended.load(Ordering::SeqCst);
        (self.counts.begun.load(Ordering::SeqCst) == ended).then_some(ended)
    }

    /// Runs `work` on a thread that may block. It is under way until it has ended and its caller
    /// knows; when the caller no longer waits, until it has ended.
    #[expect(clippy::disallowed_methods, reason = "this is where such work is counted")]
    pub async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, BrokenOff> {
        let _known = self.begin();
        let running = self.begin();
        let done = tokio::task::spawn_blocking(move || {
            let _running = running;
            work()
        });
        done.await.map_err(|_| BrokenOff)
    }
}

/// Does `work` on this thread, for as long as it takes. Who else waits for an answer here is served by
/// another thread meanwhile.
pub fn computing<T>(work: impl FnOnce() -> T) -> T {
    match Handle::try_current().map(|runtime| runtime.runtime_flavor()) {
        Ok(RuntimeFlavor::MultiThread) => tokio::task::block_in_place(work),
        _ => work(),
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.work.counts.ended.fetch_add(1, Ordering::SeqCst);
    }
}
