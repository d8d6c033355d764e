//! The `isobar` binary: parse, run, map how it ended to an exit code.

use std::ffi::OsString;
use std::io::Write as _;
use std::num::NonZero;
use std::process::ExitCode;

use isobar::cli::{self, Exit};

/// Values are many and small, and made and dropped on all cores at once.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Threads that wait for files in a command that soon ends. Each has pages of its own: more would
/// cost a short look more than they save.
const BLOCKING_THREADS_MAX: usize = 4;

/// The most threads that an agent's requests, watches and timers share. They compute little: what
/// does has threads of its own.
const AGENT_THREADS_MAX: usize = 4;

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
    if line.goes_on() {
        runtime.worker_threads(agent_threads());
    } else {
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

/// Half as many as there are cores: an answer that wakes another thread costs more than what is done
/// with it (on two cores a fifth of all that 4,000 applies cost).
fn agent_threads() -> usize {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    (cores / 2).clamp(1, AGENT_THREADS_MAX)
}

/// Ends, and lets the kernel take back all memory at once instead of giving it back in pieces first.
fn leave(exit: Exit) -> ! {
    // Whoever reads it may be gone.
    let _ = std::io::stdout().flush();
    signal_hook::low_level::exit(exit.code().into())
}

/// What goes on for months has one heap for all threads, and gives memory back as soon as it is free;
/// a look that soon ends is quicker without. The allocator asks only when a process begins, so this
/// one begins again. What somebody says in the same variable comes after that, and holds.
#[cfg(unix)]
#[expect(clippy::disallowed_methods, reason = "it becomes itself, before there is anything else")]
fn begin_frugally(words: &[OsString]) {
    use std::os::unix::process::CommandExt as _;

    const VARIABLE: &str = "MALLOC_CONF";
    const FRUGAL: &str = "narenas:1,dirty_decay_ms:0,muzzy_decay_ms:0";
    let said = std::env::var(VARIABLE).unwrap_or_default();
    let (Ok(own), Some((name, rest))) = (std::env::current_exe(), words.split_first()) else {
        return;
    };
    if !said.starts_with(FRUGAL) {
        // It comes back only if that fails, and then goes on as it is.
        let frugal = match &*said {
            "" => FRUGAL.to_owned(),
            said => format!("{FRUGAL},{said}"),
        };
        let _ = std::process::Command::new(own).arg0(name).args(rest).env(VARIABLE, frugal).exec();
    }
}
