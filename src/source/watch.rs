//! Waking up when something changes on disk, and now and then anyway.

use std::path::{Path, PathBuf};
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
        self.and(folder, RecursiveMode::Recursive, &[])
    }

    /// The same, but not for what is in folders of these names.
    pub(crate) fn and_below_except(self, folder: &Path, names: &'static [&'static str]) -> Self {
        self.and(folder, RecursiveMode::Recursive, names)
    }

    /// Wakes when a branch of the repository at `path` moves, too.
    pub(crate) fn and_branches(self, path: &Path) -> Self {
        match super::tree::isolated().open(path) {
            Ok(repository) => {
                let folder = repository.to_thread_local().common_dir().to_owned();
                // Packed refs are directly in the folder.
                self.and(&folder.join("refs"), RecursiveMode::Recursive, &[]).and(
                    &folder,
                    RecursiveMode::NonRecursive,
                    &[],
                )
            }
            Err(cause) => {
                tracing::warn!(repository = %path.display(), %cause, "not watched");
                self
            }
        }
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

    fn and(mut self, folder: &Path, mode: RecursiveMode, except: &'static [&'static str]) -> Self {
        let (changed, root) = (self.changed.clone(), folder.to_owned());
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.map_or(true, |event| matters(&event, &root, except)) {
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

/// Whether an event is a change, and of something outside the folders named `except`. Reading is
/// an event too: waking for it would make whoever reads wake itself.
fn matters(event: &notify::Event, root: &Path, except: &[&str]) -> bool {
    let inside = |path: &PathBuf| {
        let below = path.strip_prefix(root).unwrap_or(path);
        below.components().any(|part| except.iter().any(|name| part.as_os_str() == *name))
    };
    let is_excepted = !event.paths.is_empty() && event.paths.iter().all(inside);
    !matches!(event.kind, EventKind::Access(_)) && !is_excepted
}

#[cfg(test)]
mod tests;
