//! `isobar describe workflows`

use super::{Written, exit};
use crate::cli::workspace::{Findings, Workspace};
use crate::cli::{Context, Exit, Failure};
use crate::report::describe;
use crate::stacks;

/// The workflows that the repository has. Isobar runs none of them.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// How much of them.
    #[arg(short, long, value_enum, default_value = "list")]
    output: Much,
    #[command(flatten)]
    written: Written,
}

/// How much of the workflows is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Much {
    /// Each workflow with its file.
    List,
    /// Their names, by file.
    Map,
    /// The files as they are written.
    All,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let snapshot = Workspace::tree(context)?;
    let files = stacks::workflows(&snapshot);
    Findings::among(files.found.clone(), &snapshot).show(context);
    let much = match args.output {
        Much::List => describe::Workflows::List,
        Much::Map => describe::Workflows::Map,
        Much::All => describe::Workflows::All,
    };
    args.written.write(context, &describe::workflows(&files.value, much))?;
    Ok(exit(&files.found))
}
