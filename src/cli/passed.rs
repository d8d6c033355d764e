//! Options of Atmos that scripts hand to every command, and that change no answer.
//!
//! They are understood so that such a script runs, and no more. An option that would change an answer
//! and is not known here stays a mistake.

/// The options. None of them is shown.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Args {
    /// The same as `--color never`.
    #[arg(long, global = true, hide = true)]
    pub(super) no_color: bool,
    /// How much Atmos logs.
    #[arg(long, global = true, hide = true, value_name = "LEVEL")]
    logs_level: Option<String>,
    /// Where Atmos logs to.
    #[arg(long, global = true, hide = true, value_name = "FILE")]
    logs_file: Option<String>,
    /// Where Atmos sends what its own subprocesses say.
    #[arg(long, global = true, hide = true, value_name = "FILE")]
    redirect_stderr: Option<String>,
    /// Whether Atmos pages what it prints.
    #[arg(long, global = true, hide = true, num_args = 0..=1, require_equals = true, value_name = "PAGER")]
    pager: Option<Option<String>>,
}
