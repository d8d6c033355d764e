//! What a file system can refuse, and what may be done about it.

use std::io::{Error, ErrorKind};
use std::path::Path;
use std::time::Duration;

use crate::backends::StepError;

/// How long to leave a busy system alone.
const BUSY: Duration = Duration::from_secs(1);

/// Something failed before the file could change.
pub(super) fn before(what: &str, error: &Error) -> StepError {
    use rustix::io::Errno;
    let reason = format!("{what}: {error}");
    let errno = error.raw_os_error().map(Errno::from_raw_os_error);
    match error.kind() {
        ErrorKind::StorageFull
        | ErrorKind::QuotaExceeded
        | ErrorKind::FileTooLarge
        | ErrorKind::PermissionDenied
        | ErrorKind::ReadOnlyFilesystem
        | ErrorKind::InvalidFilename
        | ErrorKind::InvalidInput
        | ErrorKind::NotADirectory
        | ErrorKind::IsADirectory
        | ErrorKind::CrossesDevices
        | ErrorKind::TooManyLinks => StepError::refused(reason),
        ErrorKind::Interrupted
        | ErrorKind::WouldBlock
        | ErrorKind::ResourceBusy
        | ErrorKind::OutOfMemory => StepError::retry_after(BUSY, reason),
        _ => match errno {
            Some(Errno::MFILE | Errno::NFILE) => StepError::retry_after(BUSY, reason),
            Some(Errno::LOOP) => StepError::refused(reason),
            _ => StepError::unknown(reason),
        },
    }
}

/// A flush, or something after the file may have changed, failed: nothing is certain.
pub(super) fn after(what: &str, error: &Error) -> StepError {
    StepError::unknown(format!("{what}: {error}"))
}

/// The folder itself cannot be looked at.
pub(super) fn looking(folder: &Path, error: &Error) -> StepError {
    StepError::refused(format!("cannot open {}: {error}", folder.display()))
}
