//! The `isobar` binary: parse, run, map how it ended to an exit code.

use std::ffi::OsString;
use std::io::Write as _;
use std::process::ExitCode;

use isobar::cli::{self, Exit};

/// Values are many and small, and made and dropped on all cores at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Threads that wait for files in a command that soon ends. Each has pages of its own: more would
/// cost a short look more than they save.
const BLOCKING_THREADS_MAX: usize = 4;

fn main() -> ExitCode {
    let words: Vec<_> = std::env::args_os().collect();
    if let Some(exit) = cli::jailed(&words) {
        return exit.into();
    }
    let line = match cli::parse(&words) {
        Ok(line) => line,
        Err(exit) => return exit.into(),
    };
    #[cfg(unix)]
    if line.goes_on() {
        begin_frugally(&words);
    }
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    if !line.goes_on() {
        runtime.max_blocking_threads(BLOCKING_THREADS_MAX);
    }
    let runtime = match runtime.enable_all().build() {
        Ok(runtime) => runtime,
        Err(_) => return Exit::Unavailable.into(),
    };
    let exit = runtime.block_on(cli::run(line));
    // A blocking read of a child or a socket may never return: what has begun is recorded.
    runtime.shutdown_background();
    leave(exit)
}

/// Ends, and lets the kernel take back all memory at once instead of giving it back in pieces first.
fn leave(exit: Exit) -> ! {
    // Whoever reads it may be gone.
    let _ = std::io::stdout().flush();
    signal_hook::low_level::exit(exit.code().into())
}

/// What goes on for months gives memory back when it is free; a look that soon ends is quicker
/// without. The allocator asks only when a process begins,
/// so this one begins again. Whoever sets the variable knows better.
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "it becomes itself, before there is anything else")]
fn begin_frugally(words: &[OsString]) {
    use std::os::unix::process::CommandExt as _;

    const FRUGAL: (&str, &str) = ("MIMALLOC_PURGE_DELAY", "10");
    let is_set = std::env::var_os(FRUGAL.0).is_some();
    let (Ok(own), Some((name, rest))) = (std::env::current_exe(), words.split_first()) else {
        return;
    };
    if !is_set {
        // It comes back only if that fails, and then goes on as it is.
        let _ =
            std::process::Command::new(own).arg0(name).args(rest).env(FRUGAL.0, FRUGAL.1).exec();
    }
}
