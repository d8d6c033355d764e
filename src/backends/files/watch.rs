//! What may have changed, as the file system tells it. Events only wake: what is true is read
//! again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

use super::folder::OWN;
use crate::ids::{ComponentId, ResourceKey};
use crate::model::inventory::Mark;
use crate::world::World;

/// How long events are gathered: an editor's save is some five of them within a few milliseconds.
const GATHER: Duration = Duration::from_millis(50);

/// How long to wait before a folder that cannot be watched is tried again; everything wakes then.
const RETRY: Duration = Duration::from_secs(30);

/// Paths gathered before "everything" is the better answer: 10,000 of 200 bytes are 2 MB.
const PATHS_MAX: usize = 10_000;

/// Watches one folder.
pub(super) struct Watch {
    folder: PathBuf,
    world: World,
    touched: Arc<Touched>,
    /// Whether anybody has waited yet. A command that looks once has no use for a watch, and would
    /// be told of each file that it opens.
    awaited: AtomicBool,
    running: Mutex<Option<Running>>,
    /// Whose each file is, as last read: a mark that is lost must not make its files nobody's.
    known: Mutex<BTreeMap<ResourceKey, ComponentId>>,
}

struct Running {
    _watcher: RecommendedWatcher,
    /// The folder as the system names it, links resolved.
    root: PathBuf,
}

#[derive(Default)]
struct Touched {
    gathered: Mutex<Gathered>,
    bell: Notify,
}

#[derive(Default)]
struct Gathered {
    paths: BTreeSet<PathBuf>,
    everything: bool,
    /// The watch itself no longer tells anything.
    lost: bool,
}

impl Watch {
    pub(super) fn new(folder: PathBuf, world: World) -> Self {
        Self {
            folder,
            world,
            touched: Arc::default(),
            awaited: AtomicBool::new(false),
            running: Mutex::default(),
            known: Mutex::default(),
        }
    }

    /// Remembers whose each file is.
    pub(super) fn know(&self, mark: &Mark) {
        let each = |(key, owned): (&ResourceKey, &Arc<crate::model::inventory::Owned>)| {
            (key.clone(), owned.component.clone())
        };
        let all: BTreeMap<_, _> = mark.resources.iter().map(each).collect();
        if !all.is_empty() {
            let before = std::mem::replace(&mut *lock(&self.known), all);
            if before.is_empty() {
                self.touched.bell.notify_one();
            }
        }
    }

    /// Begins to watch, if somebody has waited and it does not yet. Gives whether it does now.
    pub(super) fn start(&self) -> bool {
        let mut running = lock(&self.running);
        if running.is_none() && self.awaited.load(Ordering::SeqCst) {
            *running = self.watcher();
        }
        running.is_some()
    }

    fn watcher(&self) -> Option<Running> {
        let root = self.folder.canonicalize().ok()?;
        let (touched, watched) = (self.touched.clone(), root.clone());
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<Event>| {
            touched.accept(&watched, event);
        })
        .ok()?;
        watcher.watch(&root, RecursiveMode::Recursive).ok()?;
        Some(Running { _watcher: watcher, root })
    }

    /// Returns the components whose files were touched since the last call; at the first call all of
    /// them, since nobody has watched before.
    pub(super) async fn wake(&self) -> BTreeSet<ComponentId> {
        if !self.awaited.swap(true, Ordering::SeqCst) {
            lock(&self.touched.gathered).everything = true;
        }
        loop {
            if !self.start() {
                self.world.clock.sleep(RETRY).await;
                if !self.start() || !lock(&self.known).is_empty() {
                    return self.everything();
                }
            }
            // What nobody is known to own is kept until somebody is.
            if self.touched.is_empty() || lock(&self.known).is_empty() {
                self.touched.bell.notified().await;
            }
            if lock(&self.known).is_empty() {
                continue;
            }
            self.world.clock.sleep(GATHER).await;
            let woken = self.take();
            if !woken.is_empty() {
                return woken;
            }
        }
    }

    fn everything(&self) -> BTreeSet<ComponentId> {
        lock(&self.known).values().cloned().collect()
    }

    fn take(&self) -> BTreeSet<ComponentId> {
        let gathered = std::mem::take(&mut *lock(&self.touched.gathered));
        let mut running = lock(&self.running);
        let root = running.as_ref().map(|running| running.root.clone()).unwrap_or_default();
        if gathered.lost {
            *running = None;
        }
        drop(running);
        if gathered.everything || gathered.lost {
            return self.everything();
        }
        let known = lock(&self.known);
        let paths = gathered.paths.iter().filter_map(|path| path.strip_prefix(&root).ok());
        let woken = paths.flat_map(|path| {
            known
                .iter()
                .filter(move |(key, _)| Path::new(key.as_str()).starts_with(path))
                .map(|(_, component)| component.clone())
        });
        woken.collect()
    }
}

impl Touched {
    fn is_empty(&self) -> bool {
        let gathered = lock(&self.gathered);
        gathered.paths.is_empty() && !gathered.everything && !gathered.lost
    }

    fn accept(&self, root: &Path, event: notify::Result<Event>) {
        let mut gathered = lock(&self.gathered);
        match event {
            Err(_) => gathered.everything = true,
            Ok(event) if event.need_rescan() => gathered.everything = true,
            Ok(event) if matches!(event.kind, EventKind::Access(_)) => return,
            Ok(event) => {
                let removed = matches!(event.kind, EventKind::Remove(_));
                for path in event.paths {
                    match path.strip_prefix(root) {
                        Ok(inside) if inside.as_os_str().is_empty() => gathered.lost |= removed,
                        // Our own notes change with every run; only losing a mark means something.
                        Ok(inside) if inside.starts_with(OWN) => {
                            gathered.everything |= removed && is_mark(inside);
                        }
                        _ => drop(gathered.paths.insert(path)),
                    }
                }
            }
        }
        if gathered.paths.len() > PATHS_MAX {
            gathered.paths.clear();
            gathered.everything = true;
        }
        if !gathered.paths.is_empty() || gathered.everything || gathered.lost {
            self.bell.notify_one();
        }
    }
}

fn is_mark(inside: &Path) -> bool {
    inside.extension().is_some_and(|extension| extension == "json")
        && !inside.starts_with(".isobar/tmp")
        || inside == Path::new(OWN)
}

/// What a thread that panicked has left is still a set of paths.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
