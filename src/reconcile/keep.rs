//! Keeps every stack of a branch what the branch says.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::{self, FuturesUnordered};
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;

use super::agent::{Agent, Repository};
use super::follow::Current;
use super::task::{Activity, Task};
use super::{Ended, ReconcileError, reconcile, stacks_to_keep};
use crate::ids::StackName;
use crate::report::words;

/// Stacks that are worked on at a time. Each waits mostly for its target.
const STACKS_AT_ONCE: usize = 4;

/// The task that keeps one branch's stacks true.
pub struct Keep {
    agent: Arc<Agent>,
    repository: Arc<Repository>,
    current: Mutex<watch::Receiver<Option<Current>>>,
    stirred: Mutex<watch::Receiver<()>>,
    stop: CancellationToken,
}

impl Keep {
    /// Keeps what `current` says, until `stop`.
    pub fn new(
        agent: Arc<Agent>,
        repository: Arc<Repository>,
        current: watch::Receiver<Option<Current>>,
        stop: CancellationToken,
    ) -> Self {
        let (current, stirred) = (Mutex::new(current), Mutex::new(agent.stirred()));
        Self { agent, repository, current, stirred, stop }
    }
}

#[async_trait]
impl Task for Keep {
    fn name(&self) -> String {
        format!("keep {}", self.repository.scope)
    }

    fn period(&self) -> Duration {
        self.repository.interval
    }

    async fn activate(&self) -> Activity {
        // What comes from here on counts as news for the next activation.
        self.stirred.lock().await.borrow_and_update();
        let current = self.current.lock().await.borrow_and_update().clone();
        let Some(current) = current else { return Activity::Idle };
        let stacks = match stacks_to_keep(&self.agent, &self.repository, &current.wanted).await {
            Ok(stacks) => stacks,
            Err(error) => return Activity::Failed { why: super::chain(&error) },
        };
        let work = stacks.into_iter().map(|(stack, left)| {
            let current = &current;
            async move {
                let (agent, repository) = (&self.agent, &self.repository);
                let ended = reconcile(agent, repository, current, &stack, &left, &self.stop).await;
                (stack, ended)
            }
        });
        let ended: Vec<_> = stream::iter(work).buffer_unordered(STACKS_AT_ONCE).collect().await;
        summary(ended)
    }

    async fn woken(&self) {
        let (mut current, mut stirred) = (self.current.lock().await, self.stirred.lock().await);
        let targets = self.repository.targets.all();
        let mut drifts: FuturesUnordered<_> = targets.iter().map(|target| target.wake()).collect();
        tokio::select! {
            Ok(()) = current.changed() => {}
            Ok(()) = stirred.changed() => {}
            Some(_) = drifts.next() => {}
            else => std::future::pending().await,
        }
    }
}

/// One bad stack never hides what became of the others.
fn summary(ended: Vec<(StackName, Result<Ended, ReconcileError>)>) -> Activity {
    let mut did = Vec::new();
    let mut failed = Vec::new();
    for (stack, ended) in ended {
        match ended {
            Ok(Ended::True | Ended::Held | Ended::Busy) => {}
            Ok(Ended::Applied(outcome)) => {
                let told = format!("{stack}: {}", words::outcome(&outcome));
                let well = outcome.is_done() || outcome.is_done_so_far();
                if well { did.push(told) } else { failed.push(told) }
            }
            Err(error) => failed.push(format!("{stack}: {}", super::chain(&error))),
        }
    }
    did.sort();
    failed.sort();
    match (did.is_empty(), failed.is_empty()) {
        (_, false) => Activity::Failed { why: failed.join("; ") },
        (false, true) => Activity::Did { what: did.join("; ") },
        (true, true) => Activity::Idle,
    }
}
