//! The side of the child: it gives up what it does not need and becomes the program.

use std::ffi::OsString;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use landlock::{LandlockStatus, RulesetStatus};
use rustix::process::{Pid, Signal, getppid, set_parent_process_death_signal};
use rustix::thread::set_no_new_privs;

use super::Limits;
use super::{calls, paths};

/// What the child may do, and what it becomes.
#[derive(Debug, Clone, clap::Parser)]
#[command(name = "isobar jail")]
pub struct Cell {
    /// The process that waits for it: without it the child ends.
    #[arg(long)]
    pub parent: u32,
    /// May be read.
    #[arg(long = "read")]
    pub reads: Vec<PathBuf>,
    /// May be read and written.
    #[arg(long = "write")]
    pub writes: Vec<PathBuf>,
    /// May use the network.
    #[arg(long)]
    pub network: bool,
    /// What it may use up.
    #[command(flatten)]
    pub limits: Limits,
    /// The program and its arguments.
    #[arg(last = true, required = true)]
    pub program: Vec<OsString>,
}

/// Becomes the program of `cell`. Comes back only with the reason why not.
///
/// It has to be called in the only thread there is. What the kernel lacks is left out; [`lacks`]
/// tells it to people before.
pub fn enter(cell: &Cell) -> anyhow::Error {
    match restricted(cell) {
        Ok(mut program) => anyhow::Error::new(program.exec()).context("it cannot be started"),
        Err(error) => error,
    }
}

fn restricted(cell: &Cell) -> anyhow::Result<Command> {
    use anyhow::Context as _;
    set_parent_process_death_signal(Some(Signal::KILL))
        .context("its end cannot be tied to ours")?;
    let parent = getppid().map(Pid::as_raw_pid).map(i32::unsigned_abs);
    anyhow::ensure!(parent == Some(cell.parent), "nobody waits for it any more");
    let (name, arguments) = cell.program.split_first().context("there is no program")?;
    set_no_new_privs(true).context("it could gain rights")?;
    cell.limits.put_on().context("its limits cannot be set")?;
    paths::restrict(Path::new(name), &cell.reads, &cell.writes, cell.network)
        .context("its paths cannot be limited")?;
    calls::restrict(cell.network).context("its system calls cannot be limited")?;
    #[expect(clippy::disallowed_methods, reason = "what it becomes is what it was started for")]
    let mut program = Command::new(name);
    program.args(arguments);
    Ok(program)
}

/// What the kernel lacks of the means to hold a child. Nothing: all of them are there.
///
/// It limits the thread that asks, so it has to be one that ends after that.
pub fn lacks() -> Vec<String> {
    let mut lacking = Vec::new();
    match paths::restrict(Path::new("/"), &[], &[], false) {
        Ok(status) if status.ruleset == RulesetStatus::FullyEnforced => {}
        Ok(status) => lacking.push(match status.landlock {
            LandlockStatus::NotEnabled => "Landlock is not enabled".to_owned(),
            LandlockStatus::NotImplemented => "Landlock is not built in (Linux 5.13)".to_owned(),
            LandlockStatus::Available { effective_abi, .. } => {
                format!("Landlock is of version {effective_abi:?}; all of it is used from 6.15 on")
            }
        }),
        Err(error) => lacking.push(format!("Landlock cannot be used: {error}")),
    }
    if let Err(error) = calls::restrict(false) {
        lacking.push(format!("system calls cannot be filtered: {error}"));
    }
    lacking
}
