//! One lock per folder, between processes: exclusive for who writes a mark, shared for who writes
//! a file. So no file is written under an epoch that a mark has already outgrown.

use std::fs::{File, TryLockError};
use std::time::Duration;

use super::failure;
use super::folder::Folder;
use crate::backends::StepError;
use crate::world::World;

/// How long a lock is waited for: a file is written in some milliseconds, so a second means
/// that its holder hangs.
const WAIT: Duration = Duration::from_secs(1);

/// How long to wait between two looks.
const LOOK: Duration = Duration::from_millis(5);

/// How to hold the lock.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Alone.
    Exclusive,
    /// With others that hold it so too.
    Shared,
}

/// Held until it is dropped, or the process ends.
pub(super) struct Lock {
    _file: File,
}

/// Takes the lock. Waits without occupying a thread: whoever gives up waiting leaves nothing
/// behind that would get the lock later.
pub(super) async fn take(folder: &Folder, world: &World, mode: Mode) -> Result<Lock, StepError> {
    let failed = |error: std::io::Error| failure::before("cannot lock the folder", &error);
    let file = folder.open_lock().map_err(failed)?;
    let deadline = world.clock.monotonic() + WAIT;
    loop {
        let taken = match mode {
            Mode::Exclusive => file.try_lock(),
            Mode::Shared => file.try_lock_shared(),
        };
        match taken {
            Ok(()) => return Ok(Lock { _file: file }),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Err(TryLockError::WouldBlock) if world.clock.monotonic() >= deadline => {
                return Err(StepError::retry_after(
                    WAIT,
                    "another process holds the folder's lock",
                ));
            }
            Err(TryLockError::WouldBlock) => world.clock.sleep(LOOK).await,
        }
    }
}
