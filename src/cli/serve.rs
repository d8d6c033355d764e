//! `isobar serve`

use std::sync::Arc;

use super::workspace::{Workspace, unopened};
use super::{Context, Exit, Failure};
use crate::reconcile::{self, Activation, Activity, Agent, Reach};
use crate::report::words::several;

/// Keep every stack of every repository what its branch says, until told to stop.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) async fn run(context: &Context, Args {}: &Args) -> Result<Exit, Failure> {
    let settings = Workspace::settings(context)?;
    let name = settings.agent.clone();
    let agent = Agent::open(settings, context.world.clone(), Reach::Agent).await;
    let agent = agent.map_err(unopened)?.stopped_by(&context.stop);
    let _held = agent.store.hold(&name).map_err(|error| unopened(error.into()))?;
    let output = context.output;
    let repositories = several(agent.repositories.len(), "repository");
    output.note(&format!("serving {repositories}; Ctrl-C stops"));
    let tell = move |activation: Activation| match &activation.activity {
        Activity::Idle => {}
        Activity::Did { what } => output.note(&format!("{}: {what}", activation.task)),
        Activity::Failed { why } => output.note(&format!("{} failed: {why}", activation.task)),
    };
    reconcile::serve(Arc::new(agent), context.stop.clone(), tell).await;
    Ok(Exit::Done)
}
