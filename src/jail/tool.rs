//! What is run, and how it may end.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use super::Limits;

/// A program that is run once.
#[derive(Debug, Clone)]
pub struct Tool {
    /// The program's file.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// What it reads from standard input.
    pub input: Vec<u8>,
    /// The folder it is started in. It may read and write there, and keep there what it likes:
    /// its home and its temporary files are in it.
    pub folder: PathBuf,
    /// What else it may read.
    pub reads: Vec<PathBuf>,
    /// All that is in its environment besides its home.
    pub environment: Vec<(OsString, OsString)>,
    /// Whether it may use the network. One that renders may not.
    pub network: bool,
    /// What it may use up.
    pub limits: Limits,
    /// How long it may take.
    pub timeout: Duration,
}

/// Why a tool gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// It could not be started.
    #[error("`{program}` cannot be started")]
    Start {
        /// The program's name.
        program: String,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// It ended with a failure of its own.
    #[error("`{program}` ended with {status}: {said}")]
    Failed {
        /// The program's name.
        program: String,
        /// How it ended.
        status: std::process::ExitStatus,
        /// The end of what it wrote to standard error.
        said: String,
    },
    /// It took too long and was ended.
    #[error("`{program}` was ended after {} s", .timeout.as_secs())]
    TimedOut {
        /// The program's name.
        program: String,
        /// How long it might take.
        timeout: Duration,
    },
    /// It wrote more than is read of any tool.
    #[error("`{program}` wrote more than {bytes_max} bytes")]
    TooMuch {
        /// The program's name.
        program: String,
        /// How much is read.
        bytes_max: usize,
    },
    /// Whoever asked does not want to know any more.
    #[error("`{program}` was stopped")]
    Stopped {
        /// The program's name.
        program: String,
    },
}

impl Tool {
    /// What people call the program.
    pub(super) fn name(&self) -> String {
        let name = self.program.file_name().unwrap_or(self.program.as_os_str());
        name.to_string_lossy().into_owned()
    }
}
