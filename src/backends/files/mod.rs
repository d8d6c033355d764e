//! The target that is a folder.
//!
//! Takes: a folder that several agents and repositories may share, and that people may edit.
//! Gives: each file's content, live and intended; after a step what the file holds then.
//! Never: follows a link; writes in place; touches a file that this scope's mark does not name;
//! takes a folder that is not there for an empty one.
//! Start at: [`FilesTarget`], then `step.rs` for one change and `mark.rs` for who owns what.
//! How to add: what a file system can refuse goes into `failure.rs`, with its disposition.
//!
//! Beside the files there is one folder, `.isobar`:
//!
//! ```text
//! .isobar/<agent>@<repository>.json   the mark of one scope: one file each, so that a broken or
//!                                     foreign one can neither hide nor overwrite another
//! .isobar/lock                        exclusive to write a mark, shared to write a file
//! .isobar/tmp/                        files that are not renamed yet; swept with every mark
//! ```

mod failure;
mod folder;
mod lock;
mod mark;
mod observe;
mod step;
mod walk;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;

use self::folder::Folder;
use self::lock::Mode;
use self::mark::{Marks, Reader};
use self::observe::Cache;
use self::watch::Watch;
use super::{After, Asked, MarkEntries, StepError, Target};
use crate::build::Rendered;
use crate::ids::{ComponentId, Scope, TargetName};
use crate::model::inventory::{Inventory, Mark};
use crate::model::observation::Observed;
use crate::model::plan::{Effect, Step};
use crate::store::Lease;
use crate::world::World;

/// Largest file that is read or written: 5 MiB, hundreds of times a large manifest, and as much
/// as is read of a file of the config repository.
pub const FILE_BYTES_MAX: u64 = 5 << 20;

/// A folder as a target, for one agent and repository.
pub struct FilesTarget {
    name: TargetName,
    folder: PathBuf,
    marks: Arc<Reader>,
    world: World,
    cache: Arc<Cache>,
    watch: Watch,
    /// A disk that once failed to keep what it was given is not trusted again by this process:
    /// a second flush may report success for pages that are gone.
    distrusted: Arc<AtomicBool>,
}

impl FilesTarget {
    /// Opens `folder` as the target `name`. It need not be there yet: the first mark makes it. An
    /// error if something else is there.
    pub fn open(
        name: TargetName,
        scope: Scope,
        folder: impl Into<PathBuf>,
        world: &World,
    ) -> std::io::Result<Self> {
        let folder = folder.into();
        Folder::open(&folder)?;
        Ok(Self {
            watch: Watch::new(folder.clone(), world.clone()),
            cache: Arc::new(Cache::new(world.clone())),
            marks: Arc::new(Reader::new(scope, name.clone())),
            world: world.clone(),
            distrusted: Arc::default(),
            name,
            folder,
        })
    }

    /// How many files have been read since it was opened: a file that did not change is read once.
    pub fn files_read(&self) -> u64 {
        self.cache.files_read()
    }

    /// Runs `work` where it may wait for the disk.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, StepError> + Send + 'static,
    ) -> Result<T, StepError> {
        match self.world.work.blocking(work).await {
            Ok(result) => result,
            Err(error) => Err(StepError::unknown(format!("the work on a file broke off: {error}"))),
        }
    }

    fn trusted(&self) -> Result<(), StepError> {
        match self.distrusted.load(Ordering::SeqCst) {
            false => Ok(()),
            true => Err(StepError::refused(format!(
                "{} once failed to keep what was written: check the disk and start again",
                self.folder.display()
            ))),
        }
    }
}

/// The folder at `path`, if it is there, and all marks in it.
fn look(path: &Path, reader: &Reader) -> Result<(Option<Folder>, Arc<Marks>), StepError> {
    let folder = Folder::open(path).map_err(|error| failure::looking(path, &error))?;
    let marks = match &folder {
        Some(folder) => reader.read(folder)?,
        None => Arc::new(reader.none()),
    };
    Ok((folder, marks))
}

#[async_trait]
impl Target for FilesTarget {
    fn name(&self) -> &TargetName {
        &self.name
    }

    async fn mark(&self) -> Result<Arc<Mark>, StepError> {
        let (path, reader) = (self.folder.clone(), self.marks.clone());
        let (_, marks) = self.blocking(move || look(&path, &reader)).await?;
        self.watch.know(&marks.ours);
        Ok(Arc::new(marks.ours.clone()))
    }

    async fn observe(
        &self,
        component: &ComponentId,
        rendered: Option<&Rendered>,
        owned: &Inventory,
    ) -> Observed {
        let owned = owned.clone();
        let seen = self.observe_all(vec![Asked { component, rendered, owned }]).await;
        seen.into_values().next().expect("what is asked about is answered")
    }

    async fn observe_all(&self, asked: Vec<Asked<'_>>) -> BTreeMap<ComponentId, Observed> {
        self.watch.start();
        let wanted: Vec<_> = asked.iter().map(observe::Wanted::new).collect();
        let (path, reader, cache) = (self.folder.clone(), self.marks.clone(), self.cache.clone());
        let looked = self.blocking(move || {
            let (folder, marks) = look(&path, &reader)?;
            let see = |wanted: &observe::Wanted| match &folder {
                Some(folder) => observe::observe(folder, &marks, wanted, &cache),
                None if wanted.owned.is_empty() => observe::nothing_there(wanted),
                None => {
                    Observed::Unreachable { reason: format!("{} is not there", path.display()) }
                }
            };
            let seen = wanted.iter().map(|wanted| (wanted.component.clone(), see(wanted)));
            let seen = seen.collect::<BTreeMap<_, _>>();
            Ok((marks, seen))
        });
        match looked.await {
            Ok((marks, seen)) => {
                self.watch.know(&marks.ours);
                seen
            }
            Err(StepError { reason, .. }) => {
                let unreachable = |one: Asked<'_>| {
                    (one.component.clone(), Observed::Unreachable { reason: reason.clone() })
                };
                asked.into_iter().map(unreachable).collect()
            }
        }
    }

    async fn write_mark(&self, lease: &Lease, entries: &MarkEntries) -> Result<(), StepError> {
        self.trusted()?;
        let path = self.folder.clone();
        let folder = self.blocking(move || Folder::make(&path)).await?;
        let lock = lock::take(&folder, &self.world, Mode::Exclusive).await?;
        let (reader, lease, entries) = (self.marks.clone(), lease.clone(), entries.clone());
        let (distrusted, world) = (self.distrusted.clone(), self.world.clone());
        let mark = self
            .blocking(move || {
                let _lock = lock;
                step::still_ours(&lease, &world)?;
                folder.sweep()?;
                let mark = reader.read(&folder)?.with(&lease, &entries)?;
                mark::write(&folder, &mark, &distrusted)?;
                Ok(mark)
            })
            .await?;
        self.watch.know(&mark);
        self.watch.start();
        Ok(())
    }

    async fn apply(
        &self,
        lease: &Lease,
        effect: &Effect,
        step: &Step,
    ) -> Result<Vec<After>, StepError> {
        let mut after = Vec::with_capacity(step.changes.len());
        for &at in &step.changes {
            let made = self.change(lease, &effect.changes[at]).await;
            after.push(made.map_err(|error| error.behind(after.len(), step.changes.len()))?);
        }
        Ok(after)
    }

    async fn wake(&self) -> BTreeSet<ComponentId> {
        self.watch.wake().await
    }
}

#[cfg(test)]
mod tests;
