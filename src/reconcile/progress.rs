//! Who does well by now of a stack whose run is still under way.
//!
//! A run of thousands of steps takes a minute, and most of what it makes is ready long before that.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;

use super::{Pass, ReconcileError, Run, log};
use crate::backends::Asked;
use crate::ids::{ComponentId, Digest, StackName};
use crate::model::inventory::Inventory;
use crate::model::observation::{Health, Observation, Observed, Seen};
use crate::model::outcome::{StepEnd, StepOutcome};
use crate::model::plan::{Envelope, Plan, Why};
use crate::world::Clock;

/// For how long it is gathered whom something has happened to: what is said of them is written down
/// together.
const GATHER: Duration = Duration::from_millis(100);

/// The runs that are under way here.
#[derive(Default)]
pub struct Runs(Mutex<BTreeMap<StackName, Arc<Progress>>>);

/// One of them.
pub(super) struct Begun<'a> {
    runs: &'a Runs,
    progress: Arc<Progress>,
}

/// How far it is.
struct Progress {
    stack: StackName,
    /// Of its plan.
    digest: Digest,
    known: Mutex<Known>,
    bell: Notify,
}

struct Known {
    /// Steps of each component that are not done; none of a component that has no step.
    left: BTreeMap<ComponentId, usize>,
    /// The components to whose resources something has happened.
    rung: BTreeSet<ComponentId>,
}

impl Runs {
    /// A run of `plan` begins, and is over with what this gives.
    pub(super) fn begin(&self, plan: &Plan) -> Begun<'_> {
        let progress = Arc::new(Progress::of(plan));
        self.lock().insert(progress.stack.clone(), progress.clone());
        Begun { runs: self, progress }
    }

    /// Something has happened to resources of these.
    pub(super) fn ring(&self, woken: &BTreeSet<ComponentId>) {
        let runs = self.lock();
        for component in woken {
            if let Some(progress) = runs.get(&component.stack) {
                progress.ring(component);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<StackName, Arc<Progress>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Begun<'_> {
    /// Hears how a step has ended.
    pub(super) fn hear(&self, outcome: &StepOutcome) {
        self.progress.hear(outcome);
    }
}

impl Drop for Begun<'_> {
    fn drop(&mut self) {
        self.runs.lock().remove(&self.progress.stack);
    }
}

impl Progress {
    fn of(plan: &Plan) -> Self {
        let mut left = BTreeMap::new();
        for step in &plan.effect().steps {
            *left.entry(step.component.clone()).or_default() += 1;
        }
        let known = Mutex::new(Known { left, rung: BTreeSet::new() });
        let (stack, digest) = (plan.effect().stack.clone(), plan.digest());
        Self { stack, digest, known, bell: Notify::new() }
    }

    fn hear(&self, outcome: &StepOutcome) {
        if outcome.end == StepEnd::Done
            && let Some(left) = self.lock().left.get_mut(&outcome.component)
        {
            *left = left.saturating_sub(1);
        }
        self.bell.notify_one();
    }

    fn ring(&self, component: &ComponentId) {
        self.lock().rung.insert(component.clone());
        self.bell.notify_one();
    }

    /// The components to which something has happened, and of which everything is done.
    async fn news(&self, clock: &dyn Clock) -> BTreeSet<ComponentId> {
        loop {
            if self.lock().has_news() {
                clock.sleep(GATHER).await;
                return self.lock().news();
            }
            self.bell.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn is_done(&self, component: &ComponentId) -> bool {
        self.left.get(component).is_none_or(|left| *left == 0)
    }

    fn has_news(&self) -> bool {
        self.rung.iter().any(|component| self.is_done(component))
    }

    fn news(&mut self) -> BTreeSet<ComponentId> {
        let (news, rest) =
            std::mem::take(&mut self.rung).into_iter().partition(|it| self.is_done(it));
        self.rung = rest;
        news
    }
}

impl Run<'_> {
    /// What comes of a run, with how those components are doing said meanwhile that it is through
    /// with. What comes last, or goes wrong here, is said by the look behind the run.
    pub(super) async fn telling<T>(
        &self,
        begun: &Begun<'_>,
        run: Pin<Box<impl Future<Output = T>>>,
    ) -> T {
        let clock = &*self.pass.agent.world.clock;
        let tell = async {
            loop {
                let news = begun.progress.news(clock).await;
                let told = Box::pin(self.tell_of(begun.progress.digest, &news)).await;
                if let Err(error) = told {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(error, stack = %self.stack, "it is not said who does well by now");
                }
            }
        };
        tokio::select! {
            biased;
            ended = run => ended,
            never = tell => never,
        }
    }

    /// How these components are.
    pub(super) async fn see(
        &self,
        news: BTreeSet<&ComponentId>,
    ) -> Result<BTreeMap<ComponentId, Observed>, ReconcileError> {
        let Pass { agent, repository, current, .. } = self.pass;
        let mut owned: BTreeMap<&ComponentId, Inventory> = BTreeMap::new();
        let all = agent.owned(repository, &*self.target).await?;
        let ours = all.iter().filter(|(_, one)| one.component.stack == *self.stack);
        for (key, one) in ours.filter(|(_, one)| news.contains(&one.component)) {
            owned.entry(&one.component).or_default().insert(key.clone(), one.clone());
        }
        let asked = news.into_iter().map(|id| Asked {
            component: id,
            rendered: current.wanted.rendered.get(id).and_then(|built| built.as_ref().ok()),
            owned: owned.remove(id).unwrap_or_default(),
        });
        Ok(self.target.observe_all(asked.collect()).await)
    }

    /// Looks at these components alone. The newest plan of the stack stays what it is; what surrounds
    /// it says how they are.
    async fn tell_of(
        &self,
        digest: Digest,
        news: &BTreeSet<ComponentId>,
    ) -> Result<(), ReconcileError> {
        let Pass { agent, repository, .. } = self.pass;
        let place = (&repository.scope, self.stack, self.target.name());
        let last = agent.store.latest_envelope(place.0, place.1, place.2).await?;
        let Some((_, last)) = last.filter(|(newest, _)| *newest == digest) else { return Ok(()) };
        let known = news.iter().filter(|id| last.why.contains_key(*id)).collect();
        let seen = self.see(known).await?;
        let mut now = last.clone();
        seen.iter().for_each(|(id, seen)| see(&mut now, id, seen));
        if now != last {
            let mut tx = agent.store.begin().await?;
            tx.put_envelope(place, digest, &now).await?;
            tx.commit().await?;
            log::news(Some(&last), &now);
        }
        Ok(())
    }
}

/// How a component is of which everything is done that the plan says.
pub(super) fn see(now: &mut Envelope, id: &ComponentId, seen: &Observed) {
    let Observed::Complete(seen) = seen else { return };
    match &seen.health {
        Health::Healthy | Health::Missing => drop(now.health.remove(id)),
        unwell => drop(now.health.insert(id.clone(), unwell.clone())),
    }
    if let Some(why @ (Why::Changed | Why::Held)) = now.why.get_mut(id)
        && is_same(seen)
    {
        *why = Why::Unchanged;
    }
}

/// Whether everything of it is as it should be.
pub(super) fn is_same(seen: &Observation) -> bool {
    seen.resources.values().all(|one| matches!(one, Seen::Same { .. }))
}

#[cfg(test)]
mod tests;
