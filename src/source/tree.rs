//! A commit's tree as a snapshot: listed once from the object store, its files read when asked.

use std::collections::BTreeMap;
use std::sync::Arc;

use gix::ObjectId;
use gix::objs::Kind;
use gix::objs::tree::EntryKind;
use gix::odb::store::init::Slots;

use super::listing::{Bounds, Listed, Listing, join, refused};
use super::{Entry, FetchError, Snapshot};
use crate::ids::CommitId;
use crate::model::revision::Revision;

/// Longest target of a symbolic link, as operating systems take them.
const LINK_BYTES_MAX: u64 = 4096;

/// Memory for recently read objects while a tree is walked: a few hundred trees.
const OBJECT_CACHE_BYTES: usize = 4 << 20;

/// How many packs a store that is open for long can know: the most that there may be (50), those
/// that they replaced and that somebody still reads, and as many again. The store's own 32 are
/// reached within an hour of pushes.
const PACK_SLOTS_MIN: usize = 256;

/// Options that let nothing but the repository itself influence what is read: no user or system
/// configuration, no environment, no replaced objects; no object larger than a snapshot may be.
pub(super) fn isolated() -> gix::open::Options {
    let bytes_max = Bounds::default().bytes_max;
    let slots = Slots::AsNeededByDiskState { multiplier: 2.0, minimum: PACK_SLOTS_MIN };
    gix::open::Options::isolated().object_store_slots(slots).config_overrides([
        "core.useReplaceRefs=false".to_owned(),
        format!("gitoxide.objects.allocLimit={bytes_max}"),
    ])
}

/// What a snapshot keeps to read its files from.
pub(super) struct Objects {
    /// The repository.
    pub(super) repository: gix::ThreadSafeRepository,
    /// Objects that are only in memory: what a merge made.
    pub(super) made: BTreeMap<ObjectId, Arc<[u8]>>,
    /// Keeps the commits alive as long as the snapshot.
    pub(super) _pins: Vec<Arc<super::cache::Pin>>,
}

/// The commit with this id.
pub(super) fn commit<'repo>(
    repository: &'repo gix::Repository,
    id: &CommitId,
) -> Result<gix::Commit<'repo>, FetchError> {
    let incomplete = |what: String| FetchError::Incomplete { revision: id.to_string(), what };
    let Ok(id) = ObjectId::from_hex(id.as_str().as_bytes()) else {
        return Err(incomplete("this is not the id of an object".to_owned()));
    };
    match repository.try_find_object(id) {
        Ok(Some(object)) => match object.try_into_commit() {
            Ok(commit) => Ok(commit),
            Err(_) => Err(incomplete("the object is no commit".to_owned())),
        },
        Ok(None) => Err(incomplete("the commit is not here".to_owned())),
        Err(cause) => Err(incomplete(format!("the commit cannot be read: {cause}"))),
    }
}

/// Lists the folder `folder` (empty: all) of the tree `tree`.
pub(super) fn list(
    repository: &mut gix::Repository,
    revision: &Revision,
    tree: ObjectId,
    folder: &str,
    bounds: Bounds,
) -> Result<Listed, FetchError> {
    repository.object_cache_size_if_unset(OBJECT_CACHE_BYTES);
    let walk = Walk { repository, revision: revision.to_string() };
    let mut listing = Listing::new(walk.revision.clone(), bounds);
    let mut open = vec![(walk.folder(tree, folder)?, String::new())];
    while let Some((tree, folder)) = open.pop() {
        let data = walk.object(tree, Kind::Tree, &folder)?;
        for entry in gix::objs::TreeRefIter::from_bytes(&data, tree.kind()) {
            let entry = entry.map_err(|_| walk.incomplete(&folder, "is not a tree"))?;
            let path = listing.path(&folder, entry.filename)?;
            let id = entry.oid.to_owned();
            match entry.mode.kind() {
                EntryKind::Tree => open.push((id, path)),
                EntryKind::Blob | EntryKind::BlobExecutable => {
                    let bytes = walk.blob_bytes(id, &path)?;
                    listing.file(&path, Entry { bytes, id: id.to_string().into() })?;
                }
                EntryKind::Link => {
                    if walk.blob_bytes(id, &path)? > LINK_BYTES_MAX {
                        return Err(refused(&path, "the link leads to too long a path"));
                    }
                    let target = walk.object(id, Kind::Blob, &path)?;
                    listing.link(&path, &target)?;
                }
                EntryKind::Commit => listing.submodule(&path)?,
            }
        }
    }
    listing.finish()
}

/// A snapshot of what was listed.
pub(super) fn snapshot(revision: Revision, listed: Listed, objects: Objects) -> Snapshot {
    Snapshot::new(revision, listed.entries, move |_, entry| objects.read(entry))
        .with_gaps(listed.gaps)
}

impl Objects {
    fn read(&self, entry: &Entry) -> Result<Arc<[u8]>, String> {
        let id = ObjectId::from_hex(entry.id.as_bytes())
            .map_err(|_| format!("{} is not the id of an object", entry.id))?;
        let bytes: Arc<[u8]> = match self.made.get(&id) {
            Some(bytes) => bytes.clone(),
            None => {
                let repository = self.repository.to_thread_local();
                let object = repository.find_object(id).map_err(|cause| cause.to_string())?;
                if object.kind != Kind::Blob {
                    return Err(format!("{id} is a {}, not a file", object.kind));
                }
                object.detach().data.into()
            }
        };
        if bytes.len() as u64 != entry.bytes {
            return Err(format!("{id} has {} bytes, not {}", bytes.len(), entry.bytes));
        }
        Ok(bytes)
    }
}

struct Walk<'repo> {
    repository: &'repo gix::Repository,
    revision: String,
}

impl Walk<'_> {
    /// The tree of the folder at `path`, seen from the root.
    fn folder(&self, root: ObjectId, path: &str) -> Result<ObjectId, FetchError> {
        let mut tree = root;
        let mut at = String::new();
        for name in path.split('/').filter(|name| !name.is_empty()) {
            at = join(&at, name);
            let data = self.object(tree, Kind::Tree, &at)?;
            let found = gix::objs::TreeRefIter::from_bytes(&data, tree.kind())
                .filter_map(Result::ok)
                .find(|entry| entry.filename == name && entry.mode.is_tree());
            tree = match found {
                Some(entry) => entry.oid.to_owned(),
                None => return Err(refused(&at, "this revision has no such folder")),
            };
        }
        Ok(tree)
    }

    fn object(&self, id: ObjectId, kind: Kind, path: &str) -> Result<Vec<u8>, FetchError> {
        match self.repository.try_find_object(id) {
            Ok(Some(object)) if object.kind == kind => Ok(object.detach().data),
            Ok(Some(object)) => {
                Err(self
                    .incomplete(path, &format!("is a {} where a {kind} should be", object.kind)))
            }
            Ok(None) => Err(self.incomplete(path, "is not here")),
            Err(cause) => Err(self.incomplete(path, &format!("cannot be read: {cause}"))),
        }
    }

    /// The length of a file, which is also the proof that it is there.
    fn blob_bytes(&self, id: ObjectId, path: &str) -> Result<u64, FetchError> {
        match self.repository.try_find_header(id) {
            Ok(Some(header)) if header.kind() == Kind::Blob => Ok(header.size()),
            Ok(Some(header)) => {
                Err(self
                    .incomplete(path, &format!("is a {} where a file should be", header.kind())))
            }
            Ok(None) => Err(self.incomplete(path, "is not here")),
            Err(cause) => Err(self.incomplete(path, &format!("cannot be read: {cause}"))),
        }
    }

    fn incomplete(&self, path: &str, what: &str) -> FetchError {
        let path = if path.is_empty() { "its root" } else { path };
        FetchError::Incomplete { revision: self.revision.clone(), what: format!("{path} {what}") }
    }
}

#[cfg(test)]
mod tests;
