//! Looking at many files of a folder: each folder on the way is opened once.

use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Mode, OFlags};
use rustix::io::Errno;

use super::folder::{self, FOLDER, Folder, Look, Stamp};

/// A way through a folder, for one look: paths that follow each other share what is open. A folder
/// that is swapped meanwhile is seen as it was.
pub(super) struct Walk<'f> {
    folder: &'f Folder,
    /// The folders of the last path, from the outermost on.
    open: Vec<(String, OwnedFd)>,
}

impl<'f> Walk<'f> {
    pub(super) fn new(folder: &'f Folder) -> Self {
        Self { folder, open: Vec::new() }
    }

    /// What is at `path`, links not followed.
    pub(super) fn look(&mut self, path: &str) -> io::Result<Look> {
        let (parent, name) = match self.parent(path) {
            Ok(Some(place)) => place,
            Ok(None) => return Ok(Look::Absent),
            Err(error) => return folder::odd_parent(error),
        };
        match rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => Ok(folder::look_of(&stat)),
            Err(Errno::NOENT) => Ok(Look::Absent),
            Err(error) => Err(error.into()),
        }
    }

    /// The content of the plain file at `path`, if it is not larger than `bytes_max`, and the
    /// stamp that goes with it; `None` if it is no plain file any more.
    pub(super) fn read(
        &mut self,
        path: &str,
        bytes_max: u64,
    ) -> io::Result<Option<(Stamp, Vec<u8>)>> {
        let Some((parent, name)) = self.parent(path)? else { return Ok(None) };
        // A pipe in the place of the file must not make us wait for a writer.
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(parent, name, flags, Mode::empty()) {
            Ok(file) => file,
            Err(Errno::NOENT | Errno::LOOP | Errno::NXIO) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let Look::File(stamp) = folder::look_of(&rustix::fs::fstat(&file)?) else {
            return Ok(None);
        };
        let mut bytes = vec![0; stamp.bytes.min(bytes_max) as usize + 1];
        let file = File::from(file);
        let first = rustix::io::retry_on_intr(|| rustix::io::read(&file, &mut bytes[..]))?;
        bytes.truncate(first);
        // Usually that was all of it, and there is no need to ask whether there is more.
        if first as u64 != stamp.bytes {
            file.take(bytes_max + 1 - first as u64).read_to_end(&mut bytes)?;
        }
        if bytes.len() as u64 > bytes_max {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("more than {bytes_max} bytes"),
            ));
        }
        Ok(Some((stamp, bytes)))
    }

    /// The folder that holds the last part of `path`, and that part; `None` if it is not there.
    fn parent<'p>(&mut self, path: &'p str) -> io::Result<Option<(BorrowedFd<'_>, &'p str)>> {
        let (above, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut parts = above.split('/').filter(|part| !part.is_empty()).peekable();
        let mut shared = 0;
        while self.open.get(shared).is_some_and(|(open, _)| parts.next_if_eq(open).is_some()) {
            shared += 1;
        }
        self.open.truncate(shared);
        for part in parts {
            match rustix::fs::openat(self.last(), part, FOLDER, Mode::empty()) {
                Ok(folder) => self.open.push((part.to_owned(), folder)),
                Err(Errno::NOENT) => return Ok(None),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Some((self.last(), name)))
    }

    fn last(&self) -> BorrowedFd<'_> {
        self.open.last().map_or_else(|| self.folder.as_fd(), |(_, folder)| folder.as_fd())
    }
}
