//! What was read of a folder, so that a file that stays as it is is read once.
//!
//! As in Git's index, a file that has the size, the times and the inode it had when it was read is
//! taken to be unchanged, and so is what is in a folder: whatever comes there, goes or is renamed
//! changes the folder's own times. One that was written shortly before it was read is read again the
//! next time: a later write within the same tick of the file system's clock would not show.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use sha1::Digest as _;

use super::super::Entry;
use super::TOOL_FOLDERS;

/// How long before it is read a file has to be left alone: file systems count in steps of up to
/// two seconds.
const TICK_SECONDS: i64 = 2;

/// Content is kept of files up to this size: manifests have a few kilobytes.
pub(super) const KEPT_FILE_BYTES_MAX: usize = 64 << 10;

/// And no more than this of one folder: five times the manifests of the largest repository known
/// (12 MB).
const KEPT_BYTES_MAX: usize = 64 << 20;

/// Files and folders as they were when they were read, by path.
#[derive(Default)]
pub(super) struct Seen {
    files: BTreeMap<Arc<str>, Known>,
    folders: BTreeMap<String, KnownFolder>,
    kept_bytes: usize,
}

/// One file as it was when it was read.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) entry: Entry,
    /// `None`: it may have been written since without looking different.
    stamp: Option<Stamp>,
    /// Its content, where that is kept.
    bytes: Option<Arc<[u8]>>,
}

/// One folder as it was when it was read.
#[derive(Clone)]
pub(super) struct KnownFolder {
    pub(super) items: Arc<Items>,
    /// `None`: something may have come or gone since without it looking different.
    stamp: Option<Stamp>,
}

/// What is in a folder and may be part of a tree.
pub(super) struct Items {
    pub(super) all: Vec<Item>,
    /// Whether it is the root of a repository.
    pub(super) is_repository: bool,
}

/// Something in a folder.
pub(super) struct Item {
    pub(super) name: OsString,
    pub(super) kind: Kind,
}

pub(super) enum Kind {
    File,
    Link,
    Folder,
}

/// What a write to a file changes about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Seen {
    /// The file at `path`, which is `file` now: as it is known, or read into `buffer` first. `now` is
    /// the time before anything is read; without it nothing is known the next time.
    pub(super) fn look(
        &self,
        path: &str,
        file: &Path,
        bytes_max: u64,
        now: Option<Timestamp>,
        buffer: &mut Vec<u8>,
    ) -> std::io::Result<Known> {
        let known = self.files.get(path);
        if let Some(known) = known.filter(|known| known.stamp.is_some())
            && known.stamp == Some(Stamp::of(&std::fs::symlink_metadata(file)?))
        {
            return Ok(known.clone());
        }
        let file = File::open(file)?;
        // What it looked like before it was read.
        let stamp = match now {
            Some(now) => Stamp::old(&file.metadata()?, Some(now)),
            None => None,
        };
        buffer.clear();
        file.take(bytes_max + 1).read_to_end(buffer)?;
        let id = if now.is_some() { object_id(buffer)? } else { passing_id(buffer) };
        let entry = Entry { bytes: buffer.len() as u64, id };
        let bytes = (buffer.len() <= KEPT_FILE_BYTES_MAX).then(|| buffer.as_slice().into());
        Ok(Known { entry, stamp, bytes })
    }

    /// What is in the folder at `path`, which is `folder` now: as it is known, or read. `now` is as
    /// for a file.
    pub(super) fn look_into(
        &self,
        path: &str,
        folder: &Path,
        now: Option<Timestamp>,
    ) -> std::io::Result<KnownFolder> {
        let metadata = std::fs::metadata(folder)?;
        let known = self.folders.get(path).filter(|known| known.stamp.is_some());
        match known.filter(|known| known.stamp == Some(Stamp::of(&metadata))) {
            Some(known) => Ok(known.clone()),
            None => {
                let items = Arc::new(items(folder)?);
                Ok(KnownFolder { items, stamp: Stamp::old(&metadata, now) })
            }
        }
    }

    /// Remembers a folder.
    pub(super) fn add_folder(&mut self, path: String, known: KnownFolder) {
        if known.stamp.is_some() {
            self.folders.insert(path, known);
        }
    }

    /// Remembers a file.
    pub(super) fn add(&mut self, path: &str, mut known: Known) {
        let bytes = known.bytes.as_ref().map_or(0, |bytes| bytes.len());
        if self.kept_bytes + bytes > KEPT_BYTES_MAX {
            known.bytes = None;
        } else {
            self.kept_bytes += bytes;
        }
        self.files.insert(path.into(), known);
    }

    /// The content of the file at `path`, where that is kept.
    pub(super) fn bytes(&self, path: &str) -> Option<Arc<[u8]>> {
        self.files.get(path)?.bytes.clone()
    }
}

#[cfg(test)]
impl Seen {
    /// Whether what is in the folder at `path` was not read again since `before`.
    pub(super) fn same_items(&self, before: &Self, path: &str) -> bool {
        let items = |seen: &Self| seen.folders.get(path).map(|known| known.items.clone());
        matches!((items(self), items(before)), (Some(a), Some(b)) if Arc::ptr_eq(&a, &b))
    }
}

impl Stamp {
    /// What was read at `now` looks like, if a later write could not look the same.
    fn old(metadata: &Metadata, now: Option<Timestamp>) -> Option<Self> {
        let stamp = Self::of(metadata);
        let newest = stamp.modified.0.max(stamp.changed.0);
        now.is_some_and(|now| newest + TICK_SECONDS < now.as_second()).then_some(stamp)
    }

    fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// What is in `folder` and may be part of a tree.
fn items(folder: &Path) -> std::io::Result<Items> {
    let mut items = Items { all: Vec::new(), is_repository: false };
    for item in std::fs::read_dir(folder)? {
        let item = item?;
        let (name, kind) = (item.file_name(), item.file_type()?);
        if TOOL_FOLDERS.iter().any(|tools| name == *tools) {
            items.is_repository |= name == ".git";
            continue;
        }
        let kind = match kind {
            kind if kind.is_file() => Kind::File,
            kind if kind.is_symlink() => Kind::Link,
            kind if kind.is_dir() => Kind::Folder,
            _ => continue,
        };
        items.all.push(Item { name, kind });
    }
    Ok(items)
}

/// A file's content.
pub(super) fn read(path: &Path, bytes_max: u64) -> std::io::Result<Vec<u8>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len().min(bytes_max);
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 1);
    file.take(bytes_max + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The same id, by the processor's own instructions and without a search for contents that were made
/// to have one id: a fifth of the time of a look. Such an id is forgotten with the look, and nothing
/// is applied by it.
fn passing_id(bytes: &[u8]) -> Arc<str> {
    let mut hasher = sha1::Sha1::new();
    hasher.update(format!("blob {}\0", bytes.len()));
    hasher.update(bytes);
    hex::encode(hasher.finalize()).into()
}

/// The id Git gives a file of this content.
pub(super) fn object_id(bytes: &[u8]) -> std::io::Result<Arc<str>> {
    match gix::objs::compute_hash(gix::hash::Kind::Sha1, gix::objs::Kind::Blob, bytes) {
        Ok(id) => Ok(id.to_string().into()),
        Err(cause) => Err(std::io::Error::other(cause)),
    }
}

#[cfg(test)]
mod tests;
