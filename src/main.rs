//! The `isobar` binary: parse, run, map how it ended to an exit code.

use std::process::ExitCode;

use isobar::cli::{self, Exit};

/// Values are many and small, and made and dropped on all cores at once.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let line: Vec<_> = std::env::args_os().collect();
    if let Some(exit) = cli::jailed(&line) {
        return exit.into();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(_) => return Exit::Unavailable.into(),
    };
    let exit = runtime.block_on(cli::run(line));
    // A blocking read of a child or a socket may never return: what has begun is recorded.
    runtime.shutdown_background();
    exit.into()
}
