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
    /// The same as `--color always`.
    #[arg(long, global = true, hide = true, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    pub(super) force_color: Option<bool>,
    /// Whether Atmos takes every output for a terminal.
    #[arg(long, global = true, hide = true, num_args = 0..=1, require_equals = true, value_name = "BOOL")]
    force_tty: Option<Option<bool>>,
    /// Whether Atmos asks for what is missing.
    #[arg(long, global = true, hide = true, num_args = 0..=1, require_equals = true, value_name = "BOOL")]
    interactive: Option<Option<bool>>,
    /// Whether Atmos hides what looks like a secret. Here secrets are never shown.
    #[arg(long, global = true, hide = true, num_args = 0..=1, require_equals = true, value_name = "BOOL")]
    mask: Option<Option<bool>>,
    /// Whether Atmos shows how long its parts took.
    #[arg(long, global = true, hide = true, num_args = 0..=1, require_equals = true, value_name = "BOOL")]
    heatmap: Option<Option<bool>>,
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
