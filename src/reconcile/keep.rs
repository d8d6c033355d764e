//! Keeps every stack of a branch what the branch says.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use futures_util::stream::{self, FuturesUnordered};
use tokio::sync::{Mutex, watch};
use tokio_util::sync::CancellationToken;

use super::agenda::{Agenda, interval};
use super::agent::{Agent, Repository};
use super::follow::Current;
use super::task::{Activity, Task};
use super::{Ended, Looks, Pass, ReconcileError, reconcile, stacks_to_keep};
use crate::ids::{ComponentId, StackName};
use crate::report::words;

/// Stacks that are worked on at a time. Each waits mostly for its target.
const STACKS_AT_ONCE: usize = 4;

/// The task that keeps one branch's stacks true.
pub struct Keep {
    agent: Arc<Agent>,
    repository: Arc<Repository>,
    current: Mutex<watch::Receiver<Option<Current>>>,
    /// With how often something was stirred when this was last active.
    stirred: Mutex<(watch::Receiver<u64>, u64)>,
    stop: CancellationToken,
    /// What has happened since it was last active.
    roused: std::sync::Mutex<Roused>,
    agenda: std::sync::Mutex<Agenda>,
}

/// The stacks that something has happened for.
#[derive(Debug)]
enum Roused {
    /// Any may have to be looked at.
    All,
    /// Their targets tell that something has changed.
    Some(BTreeSet<StackName>),
}

impl Roused {
    fn add(&mut self, woken: BTreeSet<ComponentId>) {
        if let Self::Some(stacks) = self {
            stacks.extend(woken.into_iter().map(|component| component.stack));
        }
    }

    /// Whether some stacks are the reason to look, and not all.
    fn is_some(&self) -> bool {
        matches!(self, Self::Some(stacks) if !stacks.is_empty())
    }

    fn has(&self, stack: &StackName) -> bool {
        match self {
            Self::All => true,
            Self::Some(stacks) => stacks.contains(stack),
        }
    }
}

impl Keep {
    /// Keeps what `current` says, until `stop`.
    pub fn new(
        agent: Arc<Agent>,
        repository: Arc<Repository>,
        current: watch::Receiver<Option<Current>>,
        stop: CancellationToken,
    ) -> Self {
        let (current, stirred) = (Mutex::new(current), Mutex::new((agent.stirred(), 0)));
        let (roused, agenda) = (std::sync::Mutex::new(Roused::All), std::sync::Mutex::default());
        Self { agent, repository, current, stirred, stop, roused, agenda }
    }

    /// What the branch says, and what has happened since this was last asked. What comes from here
    /// on counts for the next time.
    async fn news(&self) -> (Option<Current>, Roused) {
        let (mut current, mut stirred) = (self.current.lock().await, self.stirred.lock().await);
        let mut news = std::mem::replace(&mut *self.roused(), Roused::Some(BTreeSet::new()));
        let (stirred, seen) = &mut *stirred;
        let times = *stirred.borrow_and_update();
        // An agent that is gone tells nothing more.
        if current.has_changed().unwrap_or(false) | (times != *seen) {
            news = Roused::All;
        }
        *seen = times;
        (current.borrow_and_update().clone(), news)
    }

    fn roused(&self) -> std::sync::MutexGuard<'_, Roused> {
        self.roused.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn agenda(&self) -> std::sync::MutexGuard<'_, Agenda> {
        self.agenda.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Task for Keep {
    fn name(&self) -> String {
        format!("keep {}", self.repository.scope)
    }

    fn period(&self) -> Duration {
        self.agenda().pause(self.agent.world.clock.monotonic(), self.repository.interval)
    }

    async fn activate(&self) -> Activity {
        let (current, news) = self.news().await;
        let Some(current) = current else { return Activity::Idle };
        let stacks = match stacks_to_keep(&self.agent, &self.repository, &current.wanted).await {
            Ok(stacks) => stacks,
            Err(error) => return Activity::Failed { why: super::chain(&error) },
        };
        let now = self.agent.world.clock.monotonic();
        let due: Vec<_> = {
            let agenda = self.agenda();
            stacks
                .into_iter()
                .filter(|(stack, _)| news.has(stack) || agenda.is_due(stack, now, news.is_some()))
                .collect()
        };
        let pass = Pass {
            agent: &self.agent,
            repository: &self.repository,
            current: &current,
            stop: &self.stop,
            looks: Looks::default(),
        };
        let work = due.into_iter().map(|(stack, left)| {
            let pass = &pass;
            async move {
                let ended = reconcile(pass, &stack, &left).await;
                (stack, ended)
            }
        });
        let ended: Vec<_> = stream::iter(work).buffer_unordered(STACKS_AT_ONCE).collect().await;
        let usual = self.repository.interval;
        for (stack, ended) in &ended {
            let asked = current.wanted.desired.stacks.get(stack);
            let again = asked.and_then(|asked| interval(asked, usual));
            match ended {
                Ok(Ended::True | Ended::Applied(_)) => {
                    self.agenda().put(stack.clone(), now, again, usual);
                }
                // What waits for something may be free at any moment.
                _ => self.agenda().strike(stack),
            }
        }
        summary(ended)
    }

    async fn woken(&self) {
        let (mut current, mut stirred) = (self.current.lock().await, self.stirred.lock().await);
        let (stirred, seen) = &mut *stirred;
        let stirred_since = async { stirred.wait_for(|times| times != seen).await.map(drop) };
        let targets = self.repository.targets.all();
        let mut drifts: FuturesUnordered<_> = targets.iter().map(|target| target.wake()).collect();
        tokio::select! {
            Ok(()) = current.changed() => *self.roused() = Roused::All,
            Ok(()) = stirred_since => *self.roused() = Roused::All,
            Some(woken) = drifts.next() => self.roused().add(woken),
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
