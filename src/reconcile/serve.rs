//! All tasks of an agent, side by side until told to stop.

use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::agent::{Agent, Repository};
use super::task::{Activation, Task, drive};
use super::{Follow, Keep, Listen, Messages, Retain, Reviews};

/// The tasks of one repository, in the order one pass goes through them.
pub struct Tasks {
    agent: Arc<Agent>,
    all: Vec<Arc<dyn Task>>,
    stop: CancellationToken,
}

impl Tasks {
    /// The tasks of `repository`. `stop` keeps them from beginning anything new.
    pub fn of(agent: &Arc<Agent>, repository: &Arc<Repository>, stop: &CancellationToken) -> Self {
        let follow = Follow::new(agent.clone(), repository.clone());
        let (kept, reviewed) = (follow.current(), follow.current());
        let keep = Keep::new(agent.clone(), repository.clone(), kept, stop.clone());
        let mut all: Vec<Arc<dyn Task>> = vec![Arc::new(follow)];
        if let Some(forge) = &repository.forge {
            let reviews = Reviews::new(agent.clone(), repository.clone(), forge.clone(), reviewed);
            all.push(Arc::new(reviews));
            all.push(Arc::new(keep));
            all.push(Arc::new(Messages::new(agent.clone(), repository.clone(), forge.clone())));
        } else {
            all.push(Arc::new(keep));
        }
        all.push(Arc::new(Retain::new(agent.clone(), repository.clone())));
        Self { agent: agent.clone(), all, stop: stop.clone() }
    }

    /// Activates each task once, until told to stop.
    pub async fn pass(&self) -> Vec<Activation> {
        let mut activations = Vec::new();
        for task in &self.all {
            if self.stop.is_cancelled() {
                break;
            }
            let activity = task.activate().await;
            let at = self.agent.world.clock.now();
            activations.push(Activation { task: task.name(), at, activity });
        }
        activations
    }
}

/// Runs every task of every repository until `stop`; what has begun is finished.
pub async fn serve(
    agent: Arc<Agent>,
    stop: CancellationToken,
    watch: impl Fn(Activation) + Clone + Send + 'static,
) {
    let mut tasks: Vec<Arc<dyn Task>> = vec![Arc::new(Listen::new(agent.clone()))];
    for repository in &agent.repositories {
        tasks.extend(Tasks::of(&agent, repository, &stop).all);
    }
    let mut running = JoinSet::new();
    for task in tasks {
        let (world, stop, watch) = (agent.world.clone(), stop.clone(), watch.clone());
        running.spawn(async move { drive(world, &*task, stop, watch).await });
    }
    while let Some(ended) = running.join_next().await {
        // A task that panics takes the agent down: whoever started it starts it again, and the
        // next run begins with what is there.
        if let Err(error) = ended
            && error.is_panic()
        {
            tracing::error!(%error, "a task panicked");
            stop.cancel();
        }
    }
}
