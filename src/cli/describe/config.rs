//! `isobar describe config`

use super::{Format, Part, exit};
use crate::cli::workspace::{Findings, Workspace};
use crate::cli::{Context, Exit, Failure};
use crate::report::describe::Shown;
use crate::stacks;

/// How the tree is read: `atmos.yaml`.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// How to write it.
    #[arg(short, long, value_enum, default_value = "json")]
    format: Format,
    #[command(flatten)]
    part: Part,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let snapshot = Workspace::tree(context)?;
    let written = stacks::settings(&snapshot);
    Findings::among(written.found.clone(), &snapshot).show(context);
    args.part.write(context, args.format, &Shown::Value(&written.value))?;
    Ok(exit(&written.found))
}
