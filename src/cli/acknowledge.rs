//! `isobar acknowledge`

use serde_json::json;

use super::approve::By;
use super::workspace::Workspace;
use super::{Context, Exit, Failure, mistake};
use crate::report;

/// Say that the tracked branch was meant to be rewritten: what is on it counts again.
///
/// A branch that no longer contains what it did may have lost reviewed commits. Until somebody
/// says that this was meant, each plan needs an approval, whatever `isobar.yaml` asks for.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    by: By,
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let workspace = Workspace::open(context)?;
    let store = workspace.store(context).await?;
    let by = args.by.actor()?;
    let branch = &workspace.repository().branch;
    let mut tx = store.begin().await?;
    let Some(rewrite) = tx.acknowledge(&workspace.scope, branch, &by).await? else {
        return Err(mistake(format!("the branch `{branch}` was not rewritten")));
    };
    tx.commit().await?;
    let (from, to) = (&rewrite.from, &rewrite.to);
    if context.output.json {
        let version = report::json::VERSION;
        let json =
            json!({ "version": version, "branch": branch, "from": from, "to": to, "by": by });
        context.output.print_json(&json)?;
        return Ok(Exit::Done);
    }
    let said = format!("The branch `{branch}` was rewritten from {from} to {to}: {by} knows.\n");
    context.output.print(&said)?;
    Ok(Exit::Done)
}
