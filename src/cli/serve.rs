//! `isobar serve`

use std::sync::Arc;

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::workspace::{Workspace, refused, unopened};
use super::{Context, Exit, Failure};
use crate::http;
use crate::reconcile::{self, Activation, Activity, Agent, Reach};
use crate::report::words::several;
use crate::settings::{self, MetricsSettings};

/// Keep every stack of every repository what its branch says, until told to stop.
///
/// What it does is told on standard error, a line each; there is no result that --json could print.
#[derive(Debug, clap::Args)]
pub(super) struct Args {}

pub(super) async fn run(context: &Context, Args {}: &Args) -> Result<Exit, Failure> {
    let settings = Workspace::settings(context)?;
    let (name, metrics) = (settings.agent.clone(), settings.metrics);
    let agent = Agent::open(settings, context.world.clone(), Reach::Agent).await;
    let agent = agent.map_err(unopened)?.stopped_by(&context.stop);
    let _held = agent.store.hold(&name).map_err(|error| unopened(error.into()))?;
    let listener = match metrics {
        Some(metrics) => Some(listen(context, metrics).await?),
        None => None,
    };
    let output = context.output;
    let repositories = several(agent.repositories.len(), "repository");
    output.note(&format!("serving {repositories}; Ctrl-C stops"));
    let (mut beside, ended) = (JoinSet::new(), CancellationToken::new());
    if let Some(listener) = listener {
        if let Ok(place) = listener.local_addr() {
            output.note(&format!("metrics at http://{place}/metrics"));
        }
        beside.spawn(http::serve(listener, context.world.clone(), ended.clone()));
    }
    let tell = move |activation: Activation| match &activation.activity {
        Activity::Idle => {}
        Activity::Did { what } => output.note(&format!("{}: {what}", activation.task)),
        Activity::Failed { why } => output.note(&format!("{} failed: {why}", activation.task)),
    };
    // Until all that has begun is finished somebody may want to see how that goes.
    let agent = Arc::new(agent);
    reconcile::serve(agent.clone(), context.stop.clone(), tell).await;
    agent.told().await;
    ended.cancel();
    while beside.join_next().await.is_some() {}
    Ok(Exit::Done)
}

/// Listens where the settings say, or says at which place of them that cannot be.
async fn listen(context: &Context, metrics: MetricsSettings) -> Result<TcpListener, Failure> {
    http::listen(metrics.listen).await.map_err(|error| {
        let path = context.global.settings.as_deref();
        let message = format!("`metrics.listen`: nobody can listen at {}: {error}", metrics.listen);
        let hint = "name an address of this machine and a port that nobody else has";
        refused(settings::unusable(path, "/metrics/listen", message, hint))
    })
}
