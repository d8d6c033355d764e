//! An open folder. Everything below it is reached step by step from here, so that a link or a
//! folder that is swapped meanwhile leads nowhere else.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::walk::Walk;
use super::{FILE_BYTES_MAX, failure};
use crate::backends::StepError;

/// Isobar's own folder, and the one for files that are not renamed yet.
pub(super) const OWN: &str = ".isobar";
const TEMPORARY: &str = ".isobar/tmp";

/// How often a folder may vanish between making it and renaming a file into it.
/// Each of the at most 8 steps that run at a time may do that once per level of the path.
const PUBLISH_TRIES: u32 = 64;

pub(super) const FOLDER: OFlags =
    OFlags::RDONLY.union(OFlags::DIRECTORY).union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);

/// An open folder.
pub(super) struct Folder {
    root: OwnedFd,
}

/// What is at a path.
#[derive(Debug)]
pub(super) enum Look {
    /// Nothing.
    Absent,
    /// A plain file.
    File(Stamp),
    /// Something else; the text says what.
    Odd(&'static str),
}

/// Equal stamps mean that a file has not changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stamp {
    device: u64,
    inode: u64,
    pub(super) bytes: u64,
    pub(super) modified_ns: i128,
    changed_ns: i128,
    pub(super) mode: u32,
}

/// A temporary file that is complete and on the disk.
pub(super) struct Staged {
    name: String,
}

/// A path below the folder: its parent, open, and its last part.
struct Place<'p> {
    parent: OwnedFd,
    name: &'p str,
}

impl Folder {
    /// Opens the folder; `None` if it is not there.
    pub(super) fn open(path: &Path) -> io::Result<Option<Self>> {
        // The folder itself may be a link: the agent's settings name it, nobody else does.
        let flags = FOLDER.difference(OFlags::NOFOLLOW);
        match rustix::fs::openat(CWD, path, flags, Mode::empty()) {
            Ok(root) => Ok(Some(Self { root })),
            Err(Errno::NOENT) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens the folder, and makes it and Isobar's own folder in it if they are not there.
    pub(super) fn make(path: &Path) -> Result<std::sync::Arc<Self>, StepError> {
        let what = format!("cannot make {}", path.display());
        let failed = |error: io::Error| failure::before(&what, &error);
        std::fs::create_dir_all(path).map_err(failed)?;
        let folder = Self::open(path).map_err(failed)?;
        let folder = folder.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
        let inside = format!("{TEMPORARY}/x");
        folder.place(&inside, true).map_err(failed)?;
        Ok(std::sync::Arc::new(folder))
    }

    /// What is at `path`, links not followed.
    pub(super) fn look(&self, path: &str) -> io::Result<Look> {
        Walk::new(self).look(path)
    }

    /// The content and the stamp of the file at `path`, as [`Walk::read`] gives them.
    pub(super) fn read(&self, path: &str, bytes_max: u64) -> io::Result<Option<(Stamp, Vec<u8>)>> {
        Walk::new(self).read(path, bytes_max)
    }

    /// Names of Isobar's own files, sorted.
    pub(super) fn own_files(&self) -> io::Result<Vec<String>> {
        let Some(place) = self.place(OWN, false)? else { return Ok(Vec::new()) };
        names(&place.parent, OWN)
    }

    /// Opens Isobar's own lock file, and makes it if it is not there.
    pub(super) fn open_lock(&self) -> io::Result<File> {
        let place = self.place(".isobar/lock", true)?.ok_or(io::ErrorKind::NotFound)?;
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(&place.parent, place.name, flags, permissions(0o644))?;
        Ok(File::from(file))
    }

    /// Removes what a crash has left unrenamed. Only under the exclusive lock: then nobody else
    /// has a file there.
    pub(super) fn sweep(&self) -> Result<(), StepError> {
        let swept = || -> io::Result<()> {
            let inside = format!("{TEMPORARY}/x");
            let Some(place) = self.place(&inside, false)? else { return Ok(()) };
            for name in names(&self.root, TEMPORARY)? {
                rustix::fs::unlinkat(&place.parent, name.as_str(), AtFlags::empty())?;
            }
            Ok(())
        };
        swept().map_err(|error| failure::before("cannot sweep temporary files", &error))
    }

    /// Writes `bytes` into a temporary file called `name` and waits until the disk has them.
    pub(super) fn stage(
        &self,
        name: String,
        bytes: &[u8],
        mode: u32,
        distrusted: &AtomicBool,
    ) -> Result<Staged, StepError> {
        let path = format!("{TEMPORARY}/{name}");
        let failed = |error: io::Error| failure::before("cannot write a temporary file", &error);
        let place = self.place(&path, true).map_err(failed)?;
        let place = place.ok_or_else(|| failed(io::ErrorKind::NotFound.into()))?;
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = rustix::fs::openat(&place.parent, place.name, flags, permissions(0o600));
        let mut file = File::from(opened.map_err(|error| failed(error.into()))?);
        let written = file
            .write_all(bytes)
            .and_then(|()| rustix::fs::fchmod(&file, permissions(mode)).map_err(io::Error::from));
        if let Err(error) = written {
            // Nobody sees a temporary file; if this fails too the next sweep finds it.
            let _ = rustix::fs::unlinkat(&place.parent, place.name, AtFlags::empty());
            return Err(failed(error));
        }
        file.sync_all().map_err(|error| flush_failed(&error, distrusted))?;
        Ok(Staged { name })
    }

    /// Puts a staged file at `path` in one step and waits until the disk has that too.
    pub(super) fn publish(
        &self,
        staged: &Staged,
        path: &str,
        distrusted: &AtomicBool,
    ) -> Result<(), StepError> {
        let temporary = format!("{TEMPORARY}/{}", staged.name);
        let failed = |error: io::Error| failure::before(&format!("cannot write {path}"), &error);
        let gone = || failed(io::ErrorKind::NotFound.into());
        let from = self.place(&temporary, false).map_err(failed)?.ok_or_else(gone)?;
        let mut tries = 0..PUBLISH_TRIES;
        loop {
            let moved = self.place(path, true).and_then(|to| {
                let to = to.ok_or(io::ErrorKind::NotFound)?;
                rustix::fs::renameat(&from.parent, from.name, &to.parent, to.name)?;
                Ok(to.parent)
            });
            match moved {
                Ok(parent) => return flush(&parent, distrusted),
                // Somebody has just deleted the last file of that folder, and the folder with it.
                Err(error) if error.kind() == io::ErrorKind::NotFound && tries.next().is_some() => {
                }
                Err(error) => return Err(failed(error)),
            }
        }
    }

    /// Throws a staged file away.
    pub(super) fn discard(&self, staged: &Staged) {
        let path = format!("{TEMPORARY}/{}", staged.name);
        // If this fails the next sweep finds it.
        if let Ok(Some(place)) = self.place(&path, false) {
            let _ = rustix::fs::unlinkat(&place.parent, place.name, AtFlags::empty());
        }
    }

    /// Removes the file at `path`, and the folders above it that are empty then.
    pub(super) fn remove(&self, path: &str, distrusted: &AtomicBool) -> Result<(), StepError> {
        let failed = |error: io::Error| failure::before(&format!("cannot delete {path}"), &error);
        let Some(place) = self.place(path, false).map_err(failed)? else { return Ok(()) };
        match rustix::fs::unlinkat(&place.parent, place.name, AtFlags::empty()) {
            Ok(()) => flush(&place.parent, distrusted)?,
            Err(Errno::NOENT) => return Ok(()),
            Err(error) => return Err(failed(error.into())),
        }
        let mut folder = path;
        while let Some((above, _)) = folder.rsplit_once('/') {
            folder = above;
            let Ok(Some(place)) = self.place(folder, false) else { break };
            if rustix::fs::unlinkat(&place.parent, place.name, AtFlags::REMOVEDIR).is_err() {
                break;
            }
            flush(&place.parent, distrusted)?;
        }
        Ok(())
    }

    /// Walks to the folder that holds the last part of `path`; `None` if it is not there.
    fn place<'p>(&self, path: &'p str, make: bool) -> io::Result<Option<Place<'p>>> {
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut parent = self.root.try_clone()?;
        for part in above.split('/').filter(|part| !part.is_empty()) {
            parent = match rustix::fs::openat(&parent, part, FOLDER, Mode::empty()) {
                Ok(folder) => folder,
                Err(Errno::NOENT) if make => {
                    match rustix::fs::mkdirat(&parent, part, permissions(0o755)) {
                        Ok(()) | Err(Errno::EXIST) => {}
                        Err(error) => return Err(error.into()),
                    }
                    rustix::fs::fsync(&parent)?;
                    rustix::fs::openat(&parent, part, FOLDER, Mode::empty())?
                }
                Err(Errno::NOENT) => return Ok(None),
                Err(error) => return Err(error.into()),
            };
        }
        Ok(Some(Place { parent, name }))
    }
}

impl AsFd for Folder {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.root.as_fd()
    }
}

/// A file or a link that stands where a folder of the path should be.
pub(super) fn odd_parent(error: io::Error) -> io::Result<Look> {
    match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOTDIR) => Ok(Look::Odd("a folder of its path is a file or a link")),
        Some(Errno::LOOP) => Ok(Look::Odd("a folder of its path is a link")),
        _ => Err(error),
    }
}

pub(super) fn look_of(stat: &Stat) -> Look {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => Look::File(Stamp::of(stat)),
        FileType::Symlink => Look::Odd("there is a link in its place"),
        FileType::Directory => Look::Odd("there is a folder in its place"),
        _ => Look::Odd("there is a special file in its place"),
    }
}

impl Stamp {
    #[expect(clippy::unnecessary_cast, reason = "the types differ between systems")]
    fn of(stat: &Stat) -> Self {
        let ns = |s: i64, ns: i64| i128::from(s) * 1_000_000_000 + i128::from(ns);
        Self {
            device: stat.st_dev as u64,
            inode: stat.st_ino as u64,
            bytes: stat.st_size as u64,
            modified_ns: ns(stat.st_mtime as i64, stat.st_mtime_nsec as i64),
            changed_ns: ns(stat.st_ctime as i64, stat.st_ctime_nsec as i64),
            mode: stat.st_mode & 0o7777,
        }
    }
}

/// Names in the folder `path` of `parent`, sorted. At most so many that a folder somebody filled
/// cannot fill our memory.
fn names(parent: &OwnedFd, path: &str) -> io::Result<Vec<String>> {
    const NAMES_MAX: usize = 10_000;
    let folder = match rustix::fs::openat(parent, path, FOLDER, Mode::empty()) {
        Ok(folder) => folder,
        Err(Errno::NOENT) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let mut names = Vec::new();
    for entry in Dir::new(folder)?.take(NAMES_MAX) {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name != "." && name != ".." {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

fn permissions(mode: u32) -> Mode {
    Mode::from_raw_mode(mode)
}

fn flush(folder: &OwnedFd, distrusted: &AtomicBool) -> Result<(), StepError> {
    rustix::fs::fsync(folder).map_err(|error| flush_failed(&error.into(), distrusted))
}

fn flush_failed(error: &io::Error, distrusted: &AtomicBool) -> StepError {
    distrusted.store(true, Ordering::SeqCst);
    failure::after("the disk may not have kept what was written", error)
}

/// Whether `path` is one that a resource may have: inside the folder, and not Isobar's own.
pub(super) fn is_allowed(path: &str) -> bool {
    let mut parts = path.split('/');
    let inside = parts.clone().all(|part| !matches!(part, "" | "." | ".."));
    inside && parts.next() != Some(OWN)
}

/// Whether a file of this size may be read and written.
pub(super) fn fits(bytes: usize) -> bool {
    bytes as u64 <= FILE_BYTES_MAX
}
