//! How the process ends. The table stands in `docs/cli.md` and in `isobar --help`.

use std::process::ExitCode;

/// Why a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It did what was asked; nothing is left to do.
    Done,
    /// Something in the repository, the settings or the command line is wrong.
    Mistake,
    /// There are changes; only with `--detailed-exitcode`.
    Changes,
    /// Something is held, was not applied or is for a person to mend; it says what and why.
    Held,
    /// A defect of Isobar.
    Internal,
    /// Something it needs is away or busy: try again.
    Unavailable,
    /// Ctrl-C or SIGTERM. What had begun was finished and recorded.
    Interrupted,
}

impl Exit {
    /// Every end with its code and meaning, for the help text.
    pub const ALL: &[(Self, u8, &str)] = &[
        (Self::Done, 0, "done, nothing left to do"),
        (Self::Mistake, 1, "a mistake in the repository, the settings or the command line"),
        (Self::Changes, 2, "there are changes (only with --detailed-exitcode)"),
        (
            Self::Held,
            3,
            "something is held, was not applied or is for a person to mend; the output says why",
        ),
        (Self::Internal, 70, "a defect of Isobar; please report it"),
        (Self::Unavailable, 75, "something it needs is away or busy; try again"),
        (Self::Interrupted, 130, "interrupted; what had begun was finished and recorded"),
    ];

    /// The number the shell sees.
    pub fn code(self) -> u8 {
        Self::ALL.iter().find(|(exit, ..)| *exit == self).map_or(70, |(_, code, _)| *code)
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
