//! One change to one file: check, stage, check again, rename, read back.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::folder::{self, Folder, Look, Staged, Stamp};
use super::lock::{self, Lock, Mode};
use super::mark::Reader;
use super::{FILE_BYTES_MAX, FilesTarget, failure, observe};
use crate::backends::beside::beside;
use crate::backends::{After, StepError};
use crate::model::body::{Body, Format};
use crate::model::canonical;
use crate::model::change::{Action, Change};
use crate::model::observation::{Health, Owner};
use crate::model::path::FieldPath;

use crate::store::Lease;
use crate::world::{Point, World};

/// How long one change to a file may take once it has the lock; a lease that ends sooner is not
/// used for it. A slow disk flushes in 100 ms, and there are at most some ten flushes.
const CHANGE_TIME: Duration = Duration::from_secs(1);

/// Who changes which file, and what it takes to be allowed to.
struct Job {
    folder: Arc<Folder>,
    marks: Arc<Reader>,
    world: World,
    lease: Lease,
    change: Change,
    distrusted: Arc<AtomicBool>,
    /// Held as long as the job lives, wherever it is carried.
    _lock: Lock,
}

/// What a job still has to do after its checks.
enum Staging {
    /// The file is as it is to be.
    Nothing,
    /// It goes.
    Remove(Stamp),
    /// It is replaced by what is staged, if it still has this stamp.
    Publish(Staged, Option<Stamp>),
}

impl FilesTarget {
    /// Does one change.
    pub(super) async fn change(&self, lease: &Lease, change: &Change) -> Result<After, StepError> {
        self.trusted()?;
        let path = self.folder.clone();
        let folder = self.blocking(move || {
            let opened = Folder::open(&path).map_err(|error| failure::looking(&path, &error))?;
            opened.map(Arc::new).ok_or_else(|| {
                StepError::stale(format!("{} is not there any more", path.display()))
            })
        });
        let folder = folder.await?;
        let lock = lock::take(&folder, &self.world, Mode::Shared).await?;
        let job = Job {
            folder,
            marks: self.marks.clone(),
            world: self.world.clone(),
            lease: lease.clone(),
            change: change.clone(),
            distrusted: self.distrusted.clone(),
            _lock: lock,
        };
        let name = self.world.ids.unique();
        let (job, staging) =
            self.blocking(move || job.stage(name).map(|staging| (job, staging))).await?;
        if matches!(staging, Staging::Publish(..)) {
            self.world.points.reach(Point::EffectHalf).await;
        }
        self.blocking(move || job.finish(&staging)).await
    }
}

/// Whether the lease outlives one change, by the monotonic clock.
pub(super) fn still_ours(lease: &Lease, world: &World) -> Result<(), StepError> {
    lease
        .check(world.clock.as_ref(), CHANGE_TIME)
        .map_err(|lost| StepError::refused(lost.to_string()))
}

impl Job {
    /// Checks all that has to hold, and makes everything ready that nobody can see yet.
    fn stage(&self, name: String) -> Result<Staging, StepError> {
        let change = &self.change;
        let key = change.resource.as_str();
        if !folder::is_allowed(key) {
            return Err(StepError::refused(format!("{key} is not a path inside the folder")));
        }
        still_ours(&self.lease, &self.world)?;
        let marks = self.marks.read(&self.folder)?;
        marks.fence(&self.lease)?;
        let (stamp, live) = self.live()?.unzip();
        if !change.action.touches_target() {
            return Ok(Staging::Nothing);
        }
        match marks.owner(&change.resource, &change.component) {
            Owner::This => {}
            Owner::Nobody => {
                return Err(StepError::refused(format!(
                    "{key} is not in the mark: it comes first"
                )));
            }
            Owner::Other(id) => {
                return Err(StepError::stale(format!("{key} belongs to {id} by now")));
            }
            Owner::Foreign(owner) => {
                return Err(StepError::stale(format!("{key} belongs to {owner}")));
            }
        }
        match (&change.intended, stamp) {
            (None, None) => Ok(Staging::Nothing),
            (None, Some(stamp)) => {
                self.check(live.as_ref())?;
                Ok(Staging::Remove(stamp))
            }
            (Some(intended), _) if is_same(intended, live.as_ref()) => Ok(Staging::Nothing),
            (Some(intended), stamp) => {
                self.check(live.as_ref())?;
                let refused =
                    |why: &dyn std::fmt::Display| StepError::refused(format!("{key}: {why}"));
                let bytes = intended.encode().map_err(|error| refused(&error))?;
                if !folder::fits(bytes.len()) {
                    return Err(refused(&format!("it has more than {FILE_BYTES_MAX} bytes")));
                }
                let mode = self.mode(stamp);
                let staged = self.folder.stage(name, &bytes, mode, &self.distrusted)?;
                Ok(Staging::Publish(staged, stamp))
            }
        }
    }

    /// Does what was staged, if the file is still the one that was checked.
    fn finish(&self, staging: &Staging) -> Result<After, StepError> {
        let path = self.change.resource.as_str();
        match staging {
            Staging::Nothing => {}
            Staging::Remove(stamp) => {
                self.unmoved(Some(*stamp))?;
                self.folder.remove(path, &self.distrusted)?;
            }
            Staging::Publish(staged, stamp) => {
                let published = self
                    .unmoved(*stamp)
                    .and_then(|()| self.folder.publish(staged, path, &self.distrusted));
                if let Err(error) = published {
                    self.folder.discard(staged);
                    return Err(error);
                }
            }
        }
        let live = self.live().map_err(|error| StepError::unknown(error.reason))?;
        let resource = self.change.resource.clone();
        Ok(After { resource, live: live.map(|(_, body)| body), uid: None, health: Health::Healthy })
    }

    /// The lease still holds, and the file still has the stamp it had when it was checked.
    fn unmoved(&self, stamp: Option<Stamp>) -> Result<(), StepError> {
        still_ours(&self.lease, &self.world)?;
        let path = self.change.resource.as_str();
        let found = self.folder.look(path).map_err(|error| failure::before(path, &error))?;
        match (stamp, found) {
            (None, Look::Absent) => Ok(()),
            (Some(stamp), Look::File(found)) if stamp == found => Ok(()),
            _ => Err(StepError::stale(format!("{path} has changed just now"))),
        }
    }

    fn live(&self) -> Result<Option<(Stamp, Body)>, StepError> {
        let key = &self.change.resource;
        let failed = |error: &std::io::Error| failure::before(&format!("cannot read {key}"), error);
        match self.folder.look(key.as_str()).map_err(|error| failed(&error))? {
            Look::Absent => Ok(None),
            Look::Odd(what) => Err(StepError::stale(format!("{key}: {what}"))),
            Look::File(_) => {
                let read = self.folder.read(key.as_str(), FILE_BYTES_MAX);
                let read = read.map_err(|error| failed(&error))?;
                let (stamp, bytes) =
                    read.ok_or_else(|| StepError::stale(format!("{key} has changed just now")))?;
                Ok(Some((stamp, Body::decode(self.format(), &bytes))))
            }
        }
    }

    fn format(&self) -> Format {
        let intended = self.change.intended.as_ref();
        intended.map_or_else(|| observe::format_of(&self.change.resource), |body| body.format)
    }

    /// 0644, or 0600 where something in the file is never shown; never wider than it is.
    fn mode(&self, stamp: Option<Stamp>) -> u32 {
        let sensitive = self.change.fields.iter().any(|field| field.sensitive);
        let wanted = if sensitive { 0o600 } else { 0o644 };
        stamp.map_or(wanted, |stamp| wanted & stamp.mode | 0o600)
    }

    /// Whether the file is the one the plan was made on: there or not, with exactly the values it
    /// was shown with, and nothing else in it that writing it would undo.
    fn check(&self, live: Option<&Body>) -> Result<(), StepError> {
        let Change { resource, precondition, fields, action, intended, .. } = &self.change;
        match (precondition.exists, live) {
            (false, Some(_)) => {
                return Err(StepError::stale(format!("{resource} is there by now")));
            }
            (true, None) => return Err(StepError::stale(format!("{resource} is gone"))),
            _ => {}
        }
        for (path, wanted) in &precondition.fields {
            let found = live.and_then(|live| path.find(live.value())).map(canonical::content_id);
            if found != *wanted {
                let message = format!("{resource}: `{path}` has changed since the plan was made");
                return Err(StepError::stale(message));
            }
        }
        let (Some(live), Some(intended)) = (live, intended) else { return Ok(()) };
        if *action == Action::Replace {
            return Ok(());
        }
        let shown: Vec<&FieldPath> = fields.iter().map(|field| &field.path).collect();
        match beside(live.value(), intended.value(), &shown) {
            None => Ok(()),
            Some(path) => Err(StepError::stale(format!(
                "{resource}: `{path}` has changed since the plan was made, and is not part of it"
            ))),
        }
    }
}

fn is_same(intended: &Body, live: Option<&Body>) -> bool {
    live.is_some_and(|live| live.content_id() == intended.content_id())
}
