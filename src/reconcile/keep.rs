//! Keeps every stack of a branch what the branch says, each for itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, FuturesUnordered};
use futures_util::{Stream, StreamExt as _};
use tokio::sync::{Notify, watch};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::agenda::{Agenda, interval};
use super::agent::{Agent, Repository};
use super::follow::Current;
use super::glance::glance;
use super::task::{Activity, Task, backoff};
use super::{
    Ended, Left, Looks, Pass, ReconcileError, Runs, Seats, measure, reconcile, stacks_to_keep,
};
use crate::ids::{ComponentId, StackName};
use crate::report::words;

/// The task that keeps one branch's stacks true.
#[derive(Clone)]
pub struct Keep {
    agent: Arc<Agent>,
    repository: Arc<Repository>,
    stop: CancellationToken,
    state: Arc<Mutex<State>>,
    seats: Arc<Seats>,
    runs: Arc<Runs>,
    /// Rings when a stack for which something has happened is free again.
    freed: Arc<Notify>,
}

struct State {
    current: watch::Receiver<Option<Current>>,
    /// With how often something was stirred when this was last active.
    stirred: (watch::Receiver<u64>, u64),
    news: News,
    /// How often in a row it could not be found out which stacks there are.
    failures: u32,
    agenda: Agenda,
    /// The stacks that an activation has begun with, and what has happened to each since.
    begun: BTreeMap<StackName, Happened>,
}

/// To what of a stack something has happened.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
enum Happened {
    #[default]
    Nothing,
    /// To resources of these components.
    To(BTreeSet<ComponentId>),
    /// Any of it may have to be looked at.
    ToAny,
}

impl Happened {
    fn add(&mut self, more: Self) {
        match (&mut *self, more) {
            (Self::ToAny, _) | (_, Self::Nothing) => {}
            (Self::To(known), Self::To(more)) => known.extend(more),
            (_, more) => *self = more,
        }
    }
}

/// What has happened since this was last active.
#[derive(Debug)]
enum News {
    /// Any stack may have to be looked at.
    All,
    /// Something to these, or for those that wait for something.
    Some { stacks: BTreeMap<StackName, Happened>, waiting: bool },
}

impl News {
    fn nothing() -> Self {
        Self::Some { stacks: BTreeMap::new(), waiting: false }
    }

    /// This has happened to a stack.
    fn add(&mut self, stack: StackName, happened: Happened) {
        if let Self::Some { stacks, .. } = self {
            stacks.entry(stack).or_default().add(happened);
        }
    }

    /// What has happened to a stack.
    fn to(&self, stack: &StackName) -> Happened {
        match self {
            Self::All => Happened::ToAny,
            Self::Some { stacks, .. } => stacks.get(stack).cloned().unwrap_or_default(),
        }
    }

    /// What may have changed of that for which a stack was looked at.
    fn regards(&self, stack: &StackName) -> Happened {
        match self {
            Self::Some { waiting: true, .. } => Happened::ToAny,
            _ => self.to(stack),
        }
    }

    /// Whether some stacks are the reason to look, and not all.
    fn is_some(&self) -> bool {
        matches!(self, Self::Some { stacks, waiting } if *waiting || !stacks.is_empty())
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
        let state = State {
            current,
            stirred: (agent.stirred(), 0),
            news: News::All,
            failures: 0,
            agenda: Agenda::default(),
            begun: BTreeMap::new(),
        };
        let (state, seats) = (Arc::new(Mutex::new(state)), Arc::default());
        let (runs, freed) = (Arc::default(), Arc::default());
        Self { agent, repository, stop, state, seats, runs, freed }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.agent.world.clock.monotonic()
    }

    /// Begins with the stacks that are due. Each ends for itself, and is a task of its own: what is
    /// computed for one holds up no other.
    async fn begin(&self) -> Result<JoinSet<Activity>, Activity> {
        let (current, news) = self.state().news();
        let Some(current) = current else { return Err(Activity::Idle) };
        let stacks = stacks_to_keep(&self.agent, &self.repository, &current.wanted).await;
        let stacks = stacks.map_err(|error| {
            let state = &mut *self.state();
            (state.news, state.failures) = (News::All, state.failures + 1);
            Activity::Failed { why: super::chain(&error) }
        })?;
        let repository = &self.repository.scope.repository;
        self.agent.world.metrics.retain(repository, |stack| stacks.contains_key(stack));
        let begun = {
            let (now, mut state) = (self.now(), self.state());
            state.failures = 0;
            state.begin(stacks, &news, now)
        };
        let (looks, mut work) = (Arc::<Looks>::default(), JoinSet::new());
        for (stack, left, happened) in begun {
            let (keep, current, looks) = (self.clone(), current.clone(), looks.clone());
            work.spawn(async move { keep.keep((current, &looks), stack, left, happened).await });
        }
        Ok(work)
    }

    /// Makes a stack true that was begun with.
    async fn keep(
        &self,
        (current, looks): (Current, &Looks),
        stack: StackName,
        left: Left,
        happened: Happened,
    ) -> Activity {
        let pass = Pass {
            agent: &self.agent,
            repository: &self.repository,
            current,
            stop: &self.stop,
            looks,
            seats: &self.seats,
            runs: &self.runs,
            newest: Some(self.state().current.clone()),
        };
        if let Happened::To(components) = &happened
            // What goes wrong there, the look at all of it says.
            && Box::pin(glance(&pass, &stack, components)).await.unwrap_or(false)
        {
            // It stays as due as it was.
            self.end(&stack);
            return Activity::Idle;
        }
        let asked = pass.current.wanted.desired.stacks.get(&stack);
        let began = self.now();
        let ended = reconcile(&pass, &stack, &left).await;
        measure::ran(&pass, &stack, &ended, self.now().saturating_sub(began));
        let usual = self.repository.interval;
        let again = asked.and_then(|asked| interval(asked, usual));
        let jitter = self.agent.world.ids.jitter();
        {
            let agenda = &mut self.state().agenda;
            match &ended {
                Err(_) => agenda.fail(stack.clone(), self.now(), jitter),
                Ok(Ended::Applied { outcome, .. }) if !outcome.went_well() => {
                    agenda.fail(stack.clone(), self.now(), jitter);
                }
                Ok(Ended::True | Ended::Applied { settled: true, .. }) => {
                    agenda.put(stack.clone(), began, again, usual);
                }
                // It stays as due as it was.
                Ok(Ended::Old) => {}
                // What waits for something may be free at any moment.
                Ok(Ended::Held | Ended::Busy | Ended::Stopped { .. } | Ended::Applied { .. }) => {
                    agenda.strike(&stack);
                }
            }
        }
        self.end(&stack);
        told(&stack, &ended)
    }

    /// The stack is free. What has happened for it meanwhile counts.
    fn end(&self, stack: &StackName) {
        let mut state = self.state();
        let happened = state.begun.remove(stack).unwrap_or_default();
        if happened != Happened::Nothing {
            state.news.add(stack.clone(), happened);
            self.freed.notify_one();
        }
    }
}

impl State {
    /// What the branch says, and what has happened since this was last asked. What comes from here
    /// on counts for the next time.
    fn news(&mut self) -> (Option<Current>, News) {
        let mut news = std::mem::replace(&mut self.news, News::nothing());
        let (stirred, seen) = &mut self.stirred;
        let times = *stirred.borrow_and_update();
        if let News::Some { waiting, .. } = &mut news {
            *waiting |= times != *seen;
        }
        *seen = times;
        // An agent that is gone tells nothing more.
        if self.current.has_changed().unwrap_or(false) {
            news = News::All;
        }
        (self.current.borrow_and_update().clone(), news)
    }

    /// What tells that something has happened; `None`: first it has to be found out which stacks
    /// there are.
    fn listening(&self) -> Option<(watch::Receiver<Option<Current>>, watch::Receiver<u64>, u64)> {
        let (stirred, seen) = &self.stirred;
        (self.failures == 0).then(|| (self.current.clone(), stirred.clone(), *seen))
    }

    /// Those of `stacks` to begin with now. Others that something has happened for, and that are
    /// under way, come later.
    fn begin(
        &mut self,
        stacks: BTreeMap<StackName, Left>,
        news: &News,
        now: Duration,
    ) -> Vec<(StackName, Left, Happened)> {
        let Self { agenda, begun, .. } = self;
        let for_others = news.is_some() || agenda.has_come(now);
        let has_news = |stack: &StackName| match news {
            News::All => true,
            News::Some { stacks, .. } => {
                stacks.contains_key(stack) && !agenda.backs_off(stack, now)
            }
        };
        let mut free = Vec::new();
        for (stack, left) in stacks {
            let is_due = agenda.is_due(&stack, now, for_others);
            if !is_due && !has_news(&stack) {
                continue;
            }
            if let Some(since) = begun.get_mut(&stack) {
                since.add(news.regards(&stack));
                continue;
            }
            begun.insert(stack.clone(), Happened::Nothing);
            let happened = match is_due || !left.is_empty() {
                true => Happened::ToAny,
                false => news.to(&stack),
            };
            free.push((stack, left, happened));
        }
        free
    }
}

#[async_trait]
impl Task for Keep {
    fn name(&self) -> String {
        format!("keep {}", self.repository.scope)
    }

    fn period(&self) -> Duration {
        let (now, usual) = (self.now(), self.repository.interval);
        let state = self.state();
        match state.failures {
            0 => state.agenda.pause(now, usual),
            failures => backoff(failures, self.agent.world.ids.jitter()),
        }
    }

    async fn activate(&self) -> Activity {
        match self.begin().await {
            Ok(work) => Activity::of(work.join_all().await),
            Err(activity) => activity,
        }
    }

    fn activate_each(&self) -> Option<BoxStream<'_, Activity>> {
        let begun = stream::once(self.begin());
        let each = begun.flat_map(|begun| match begun {
            Ok(work) => each(work).boxed(),
            Err(activity) => stream::once(std::future::ready(activity)).boxed(),
        });
        Some(each.boxed())
    }

    async fn woken(&self) {
        loop {
            let Some((mut current, mut stirred, seen)) = self.state().listening() else {
                return std::future::pending().await;
            };
            let stirred_since = async { stirred.wait_for(|times| *times != seen).await.map(drop) };
            // Those that are open by now: a stack may have been the first to name one.
            let targets = self.repository.targets.all();
            let mut drifts: FuturesUnordered<_> = targets.iter().map(|t| t.wake()).collect();
            tokio::select! {
                Ok(()) = current.changed() => return,
                Ok(()) = stirred_since => return,
                Some(woken) = drifts.next() => {
                    self.runs.ring(&woken);
                    let news = &mut self.state().news;
                    for component in woken {
                        let stack = component.stack.clone();
                        news.add(stack, Happened::To(BTreeSet::from([component])));
                    }
                    return;
                }
                () = self.freed.notified() => {}
                else => std::future::pending().await,
            }
            if self.state().news.is_some() {
                return;
            }
        }
    }
}

/// What comes of each, as soon as that has ended.
fn each(mut work: JoinSet<Activity>) -> impl Stream<Item = Activity> {
    let broken = |error: JoinError| std::panic::resume_unwind(error.into_panic());
    stream::poll_fn(move |cx| {
        work.poll_join_next(cx).map(|ended| Some(ended?.unwrap_or_else(broken)))
    })
}

fn told(stack: &StackName, ended: &Result<Ended, ReconcileError>) -> Activity {
    match ended {
        Ok(Ended::True | Ended::Held | Ended::Busy | Ended::Old) => Activity::Idle,
        Ok(Ended::Stopped { done, steps }) => {
            Activity::Did { what: format!("{stack}: {}", words::stopped(*done, *steps)) }
        }
        Ok(Ended::Applied { outcome, .. }) => {
            let what = format!("{stack}: {}", words::outcome(outcome));
            match outcome.went_well() {
                true => Activity::Did { what },
                false => Activity::Failed { why: what },
            }
        }
        Err(error) => Activity::Failed { why: format!("{stack}: {}", super::chain(error)) },
    }
}

#[cfg(test)]
mod tests;
