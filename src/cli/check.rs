//! `isobar check`

use super::workspace::{Findings, Workspace};
use super::{At, Context, Exit, Failure, any_error};
use crate::report;
use crate::stacks::Selection;

/// Find every mistake in the repository: nothing is observed, nothing is changed.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) at: At,
}

pub(super) async fn run(context: &Context) -> Result<Exit, Failure> {
    let wanted = Workspace::wanted(context, &Selection::default()).await?;
    let findings =
        Findings::among(wanted.checked(), &wanted.snapshot).and_of(&wanted.desired.files);
    let exit = if any_error(&findings.diagnostics) { Exit::Mistake } else { Exit::Done };
    if context.output.json {
        context.output.print_json(&report::json::findings(&findings.diagnostics))?;
        return Ok(exit);
    }
    findings.show(context);
    let summary = report::terminal::checked(&wanted.desired, &findings.diagnostics);
    context.output.print(&summary)?;
    Ok(exit)
}
