//! Isobar's own bare copy of a repository: one folder per url, locked while it is written.
//!
//! It holds `refs/remotes/origin/*`, the remote's branches; `refs/isobar/pulls/*`, heads of pull
//! requests that are on no branch; `refs/isobar/seen/<branch>`, the last tip that a caller has
//! seen; and `refs/isobar/pins/*`, one for each commit that a snapshot stands on. Objects are
//! only ever added, so a crash or a cancelled fetch leaves at most some that nobody refers to; their
//! packs are combined (`packs.rs`), and no object goes with that either.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use gix::ObjectId;
use gix::refs::transaction::{PreviousValue, RefEdit};

use super::FetchError;
use super::tree::isolated;
use crate::ids::ContentId;

/// The copy of one repository.
pub(super) struct Cache {
    repository: gix::ThreadSafeRepository,
    folder: PathBuf,
    lock: PathBuf,
    /// Tells the pins of this process from those of others on the same folder.
    owner: String,
    pins: Mutex<BTreeMap<ObjectId, Weak<Pin>>>,
}

/// A commit that is in use. Its ref goes away with the first fetch after the last holder.
pub(super) struct Pin(());

impl Cache {
    /// Opens the copy of the repository at `url`, or makes an empty one.
    pub(super) fn open(caches: &Path, url: &str, owner: String) -> Result<Self, FetchError> {
        let name = &ContentId::of(url).to_string()[..16];
        let folder = caches.join(format!("{name}.git"));
        let io = |cause| FetchError::Io { path: folder.display().to_string(), cause };
        std::fs::create_dir_all(caches).map_err(io)?;
        if !folder.exists() {
            create(caches, &folder, &owner)?;
        }
        let repository = isolated().open_path_as_is(true).open(&folder).map_err(|cause| {
            FetchError::Incomplete {
                revision: format!("the copy in {}", folder.display()),
                what: format!("it is no repository; remove it to fetch it again: {cause}"),
            }
        })?;
        let lock = caches.join(format!("{name}.lock"));
        Ok(Self { repository, folder, lock, owner, pins: Mutex::default() })
    }

    /// A handle for the calling thread.
    pub(super) fn repository(&self) -> gix::Repository {
        self.repository.to_thread_local()
    }

    /// A handle for any thread.
    pub(super) fn shared(&self) -> gix::ThreadSafeRepository {
        self.repository.clone()
    }

    /// Where it is.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The right to write, if no other thread or process has it. It lasts as long as the file.
    pub(super) fn try_lock(&self) -> Result<Option<File>, FetchError> {
        let file = self.lock_file()?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(cause)) => Err(self.no_lock(cause)),
        }
    }

    /// The same right, waited for.
    pub(super) fn lock(&self) -> Result<File, FetchError> {
        let file = self.lock_file()?;
        file.lock().map_err(|cause| self.no_lock(cause))?;
        Ok(file)
    }

    fn lock_file(&self) -> Result<File, FetchError> {
        let file = File::options().create(true).write(true).truncate(false).open(&self.lock);
        file.map_err(|cause| self.no_lock(cause))
    }

    fn no_lock(&self, cause: std::io::Error) -> FetchError {
        FetchError::Io { path: self.lock.display().to_string(), cause }
    }

    /// Keeps a commit, and all that it leads to, until the pin is dropped everywhere.
    pub(super) fn pin(&self, commit: ObjectId) -> Result<Arc<Pin>, FetchError> {
        let mut pins = self.pins.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pin) = pins.get(&commit).and_then(Weak::upgrade) {
            return Ok(pin);
        }
        set_ref(&self.repository(), &self.pin_name(commit), commit)?;
        let pin = Arc::new(Pin(()));
        pins.insert(commit, Arc::downgrade(&pin));
        Ok(pin)
    }

    /// Removes the refs of pins that nobody holds any longer.
    pub(super) fn drop_unused_pins(&self) -> Result<(), FetchError> {
        let mut pins = self.pins.lock().unwrap_or_else(PoisonError::into_inner);
        let unused: Vec<ObjectId> =
            pins.iter().filter(|(_, pin)| pin.strong_count() == 0).map(|(id, _)| *id).collect();
        for commit in unused {
            remove_ref(&self.repository(), &self.pin_name(commit))?;
            pins.remove(&commit);
        }
        Ok(())
    }

    fn pin_name(&self, commit: ObjectId) -> String {
        format!("refs/isobar/pins/{}/{commit}", self.owner)
    }
}

/// Makes an empty bare repository at `folder`, all at once: a crash leaves a temporary folder.
fn create(caches: &Path, folder: &Path, unique: &str) -> Result<(), FetchError> {
    let io = |cause| FetchError::Io { path: folder.display().to_string(), cause };
    let temporary = caches.join(format!("new-{unique}"));
    gix::create::into(&temporary, gix::create::Kind::Bare, gix::create::Options::default())
        .map_err(|cause| io(std::io::Error::other(cause)))?;
    match std::fs::rename(&temporary, folder) {
        Ok(()) => Ok(()),
        Err(_) if folder.exists() => std::fs::remove_dir_all(&temporary).map_err(io),
        Err(cause) => Err(io(cause)),
    }
}

/// The commit a ref names, if there is such a ref.
pub(super) fn read_ref(
    repository: &gix::Repository,
    name: &str,
) -> Result<Option<ObjectId>, FetchError> {
    match repository.try_find_reference(name) {
        Ok(Some(mut found)) => match found.peel_to_id() {
            Ok(id) => Ok(Some(id.detach())),
            Err(cause) => Err(broken_ref(name, &cause)),
        },
        Ok(None) => Ok(None),
        Err(cause) => Err(broken_ref(name, &cause)),
    }
}

/// Makes a ref name a commit, whatever it named before.
pub(super) fn set_ref(
    repository: &gix::Repository,
    name: &str,
    commit: ObjectId,
) -> Result<(), FetchError> {
    match repository.reference(name, commit, PreviousValue::Any, "") {
        Ok(_) => Ok(()),
        Err(cause) => Err(broken_ref(name, &cause)),
    }
}

/// Removes a ref, if it is there.
pub(super) fn remove_ref(repository: &gix::Repository, name: &str) -> Result<(), FetchError> {
    let full = match gix::refs::FullName::try_from(name) {
        Ok(full) => full,
        Err(cause) => return Err(broken_ref(name, &cause)),
    };
    match repository.edit_reference(RefEdit::delete(full, PreviousValue::Any)) {
        Ok(_) => Ok(()),
        Err(cause) => Err(broken_ref(name, &cause)),
    }
}

/// Every ref below `prefix` that names an object itself, whether or not the object is there. One
/// that cannot be read is left out: it must not stand in the way of the others.
pub(super) fn refs_below(
    repository: &gix::Repository,
    prefix: &str,
) -> Result<BTreeMap<String, ObjectId>, FetchError> {
    let broken = |cause: gix::Error| broken_ref(prefix, &cause);
    let mut found = BTreeMap::new();
    for reference in repository.references().map_err(broken)?.prefixed(prefix).map_err(broken)? {
        match reference {
            Ok(reference) => {
                let name = reference.name().as_bstr().to_string();
                found.extend(reference.try_id().map(|id| (name, id.detach())));
            }
            Err(cause) => tracing::warn!(%prefix, %cause, "a ref is left out"),
        }
    }
    Ok(found)
}

fn broken_ref(name: &str, cause: &dyn std::error::Error) -> FetchError {
    FetchError::Incomplete { revision: name.to_owned(), what: cause.to_string() }
}

#[cfg(test)]
mod tests;
