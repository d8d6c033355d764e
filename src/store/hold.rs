//! One agent for one database file.
//!
//! Leases keep processes apart that know of each other's stacks; they do not keep a second agent
//! from doing everything twice, or two machines from one file on a shared disk, where SQLite's own
//! locks may not hold. So whoever serves holds a lock of the system beside the file, until it ends.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::Path;

use super::{Store, StoreError};
use crate::ids::AgentName;

/// The lock. Gone with the process, however it ends.
#[derive(Debug)]
pub struct Hold {
    _file: Option<File>,
}

/// How much of what a holder wrote about itself is read.
const HOLDER_BYTES_MAX: u64 = 256;

impl Store {
    /// Holds the database's file for the agent `agent`. [`StoreError::Held`] says who does. Other
    /// databases keep their processes apart themselves.
    pub fn hold(&self, agent: &AgentName) -> Result<Hold, StoreError> {
        let Some(database) = &self.file else { return Ok(Hold { _file: None }) };
        let mut path = database.clone().into_os_string();
        path.push(".holder");
        let path = Path::new(&path);
        let failed = |cause| StoreError::File { path: path.to_owned(), cause };
        let mut file = open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::Error(cause)) => return Err(failed(cause)),
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // What it says is for people; that it holds is known already.
                let _ = file.take(HOLDER_BYTES_MAX).read_to_string(&mut holder);
                let (path, holder) = (database.clone(), holder.trim().to_owned());
                return Err(StoreError::Held { path, holder });
            }
        }
        let (process, since) = (std::process::id(), self.world.clock.now());
        let told = format!("agent `{agent}`, process {process}, since {since:.0}\n");
        file.set_len(0).and_then(|()| file.rewind()).map_err(failed)?;
        file.write_all(told.as_bytes()).map_err(failed)?;
        Ok(Hold { _file: Some(file) })
    }

    /// Whether somebody holds it. Of other databases nobody can tell.
    pub fn is_held(&self) -> bool {
        let Some(database) = &self.file else { return true };
        let mut path = database.clone().into_os_string();
        path.push(".holder");
        let held = |file: File| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
        File::open(path).is_ok_and(held)
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}
