//! `isobar status`

use super::workspace::{Workspace, unavailable};
use super::{Context, Exit, Failure};
use crate::model::status::StackStatus;
use crate::pattern::StackPattern;
use crate::report;

/// Show how every stack stands: what differs, what is held and why, how the last run ended.
///
/// Reads what a running agent remembers; nothing is observed anew.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only the stacks that fit one of these patterns: `fnx-*`.
    stacks: Vec<StackPattern>,
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let workspace = Workspace::open(context)?;
    let scope = &workspace.scope;
    let mut stacks = Vec::new();
    if let Some(store) = workspace.store_to_read(context).await? {
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
    match (context.output.json, stacks.is_empty()) {
        (true, _) => context.output.print_json(&report::json::status(&stacks))?,
        (false, true) => {
            context.output.print("Nothing is remembered yet; `isobar plan` looks without it.\n")?;
        }
        (false, false) => context.output.print(&report::terminal::status(&stacks))?,
    }
    let held = stacks.iter().any(|stack| !stack.plan.is_settled());
    Ok(if held { Exit::Held } else { Exit::Done })
}
