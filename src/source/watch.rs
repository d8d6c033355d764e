//! Waking up when something changes on disk, and now and then anyway.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

use crate::world::World;

/// Returns from [`Watch::wake`] after changes and after a period. A change that nobody is told
/// about (a full queue, a network file system) only costs the period.
pub(crate) struct Watch {
    changed: Arc<Notify>,
    period: Duration,
    /// Ends with the watch; without one there is only the period.
    watchers: Vec<RecommendedWatcher>,
}

impl Watch {
    /// Wakes with the period alone.
    pub(crate) fn new(period: Duration) -> Self {
        Self { changed: Arc::default(), period, watchers: Vec::new() }
    }

    /// Wakes when something below `folder` is created, written, renamed or removed, too.
    pub(crate) fn and_below(self, folder: &Path) -> Self {
        self.and(folder, RecursiveMode::Recursive)
    }

    /// The same for what is directly in `folder`.
    pub(crate) fn and_in(self, folder: &Path) -> Self {
        self.and(folder, RecursiveMode::NonRecursive)
    }

    /// Returns when something may have changed since the last call.
    pub(crate) async fn wake(&self, world: &World) {
        // Between 90 and 110 percent, so that many agents do not ask at the same moment.
        let period = self.period.mul_f64(0.9 + 0.2 * world.ids.jitter());
        tokio::select! {
            () = self.changed.notified() => {}
            () = world.clock.sleep(period) => {}
        }
    }

    fn and(mut self, folder: &Path, mode: RecursiveMode) -> Self {
        let changed = self.changed.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // Reading is an event too; waking for it would make whoever reads wake itself.
            let read = matches!(&event, Ok(event) if matches!(event.kind, EventKind::Access(_)));
            if !read {
                changed.notify_one();
            }
        });
        match watcher.and_then(|mut watcher| watcher.watch(folder, mode).map(|()| watcher)) {
            Ok(watcher) => self.watchers.push(watcher),
            Err(cause) => {
                tracing::warn!(folder = %folder.display(), %cause, "not watched: changes are seen late");
            }
        }
        self
    }
}
