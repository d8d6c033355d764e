//! `isobar status`

use super::workspace::{Workspace, is_root, unavailable, unopened};
use super::{Context, Exit, Failure};
use crate::model::status::StackStatus;
use crate::pattern::StackPattern;
use crate::report;
use crate::store::Store;

/// Show how every stack stands: what differs, what is held and why, how the last run ended.
///
/// Reads what a running agent remembers; nothing is observed anew.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only the stacks that fit one of these patterns: `fnx-*`.
    stacks: Vec<StackPattern>,
    /// Say only whether an agent serves here: for whoever starts it again if none does. With
    /// --json `true` or `false`.
    #[arg(long, conflicts_with = "stacks")]
    serving: bool,
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    if args.serving {
        return serving(context).await;
    }
    let workspace = Workspace::open(context)?;
    let scope = &workspace.scope;
    let (mut stacks, mut trouble) = (Vec::new(), None);
    let store = workspace.store_to_read(&context.world);
    let store = context.output.progress(&context.world, "opening the database", store).await?;
    if store.is_none() && context.global.settings.is_none() {
        is_root(&context.global.folder)?;
    }
    if let Some(store) = store {
        store.journal_verify_end().await.map_err(|error| unopened(error.into()))?;
        let branch = &workspace.repository().branch;
        trouble = store.trouble(scope, branch).await.map_err(unavailable)?;
        for stack in store.stacks_known(scope).await.map_err(unavailable)? {
            if !super::plan::fits_any(&args.stacks, &stack) {
                continue;
            }
            let last = store.outcomes(scope, &stack, 1).await.map_err(unavailable)?.pop();
            for plan in store.latest_plans(scope, &stack).await.map_err(unavailable)? {
                let health = plan.envelope.health.clone();
                stacks.push(StackStatus { plan, health, last: last.clone() });
            }
        }
    }
    if let (false, Some(trouble)) = (context.output.json, &trouble) {
        context.output.print(&report::terminal::trouble(trouble))?;
    }
    match (context.output.json, stacks.is_empty()) {
        (true, _) => context.output.print_json(&report::json::status(trouble.as_ref(), &stacks))?,
        (false, true) => {
            context.output.print("Nothing is remembered yet; `isobar plan` looks without it.\n")?;
        }
        (false, false) => context.output.print(&report::terminal::status(&stacks))?,
    }
    let rests = stacks.iter().all(|stack| stack.plan.is_at_rest());
    Ok(if !rests || trouble.is_some() { Exit::Held } else { Exit::Done })
}

/// Whether an agent holds the database, and the database answers.
async fn serving(context: &Context) -> Result<Exit, Failure> {
    let settings = Workspace::settings(context)?;
    let store = Store::open_read_only(&settings.store, &context.world).await;
    let serves = store.map_err(unavailable)?.is_some_and(|store| store.is_held());
    match context.output.json {
        true => context.output.print_json(&serves)?,
        false if serves => context.output.print("An agent serves here.\n")?,
        false => context.output.print("No agent serves here.\n")?,
    }
    Ok(if serves { Exit::Done } else { Exit::Unavailable })
}
