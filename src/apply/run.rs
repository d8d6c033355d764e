//! One run from its first write to its last.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _};
use tokio_util::sync::CancellationToken;

use super::journal::{self, Finished, Record};
use super::renew::Held;
use super::schedule::PARALLEL;
use super::step::{backoff, not_started};
use super::unwell::{self, Unwell};
use super::{ApplyContext, ApplyError, Patience};
use crate::backends::{Disposition, MarkEntries, StepError};
use crate::model::change::Change;
use crate::model::inventory::{Inventory, Owned};
use crate::model::outcome::{Outcome, StepEnd, StepOutcome};
use crate::model::plan::{Effect, HoldReason, Plan};
use crate::model::upkeep::Upkeep;
use crate::store::{Claim, Lease, OpenRun};
use crate::world::Point;

/// How often a mark is tried, and how long one try may take: a mark is one small object.
const MARK_ATTEMPTS: u32 = 5;
const MARK_TIME: Duration = Duration::from_secs(60);

/// One run of one plan.
pub(super) struct Run<'a> {
    pub(super) cx: &'a ApplyContext<'a>,
    pub(super) stop: &'a CancellationToken,
    pub(super) plan: &'a Plan,
    pub(super) claim: &'a Claim,
    pub(super) held: &'a Held,
    /// What was owned when the run began, or was taken up again.
    pub(super) before: Arc<Inventory>,
}

/// A run that did not end, and what is to be done about the steps that have not begun.
pub(super) struct Reopened<'a> {
    pub(super) run: &'a OpenRun,
    /// What is asked for by now; `None`: the same as when it began.
    pub(super) wanted: Option<&'a Effect>,
}

/// Runs, renews the lease beside it, and ends the run. Losing the lease drops all that is under
/// way.
pub(super) async fn under_lease(
    cx: &ApplyContext<'_>,
    plan: &Plan,
    lease: &mut Lease,
    claim: Claim,
    open: Option<&Reopened<'_>>,
    stop: &CancellationToken,
) -> Result<Outcome, ApplyError> {
    let held = Held::new(lease.clone());
    let ended = tokio::select! {
        biased;
        error = held.keep(cx) => {
            if error.is_loss() {
                cx.world.metrics.lost_lease(&lease.scope().repository);
            }
            Err(error)
        }
        ended = go(cx, plan, &claim, &held, open, stop) => ended,
    };
    *lease = held.now();
    let steps = ended?;
    let outcome = Outcome {
        run: claim.run().clone(),
        stack: plan.effect().stack.clone(),
        digest: plan.digest(),
        epoch: lease.epoch(),
        ended_at: cx.world.clock.now(),
        steps: steps.into_values().collect(),
    };
    let mut tx = cx.store.begin().await?;
    tx.finish(lease, claim, &outcome).await?;
    tx.commit().await?;
    cx.world.points.reach(Point::RunFinished).await;
    Ok(outcome)
}

/// The order of all writes: mark extended, inventory and intents, effects, outcomes, inventory
/// shrunk, mark shrunk. A crash anywhere leaves a mark and an inventory that name too much rather
/// than too little.
async fn go(
    cx: &ApplyContext<'_>,
    plan: &Plan,
    claim: &Claim,
    held: &Held,
    open: Option<&Reopened<'_>>,
    stop: &CancellationToken,
) -> Result<BTreeMap<usize, StepOutcome>, ApplyError> {
    let effect = plan.effect();
    let owned = cx.store.inventory(&effect.scope, &effect.target).await;
    let before = owned.map_err(ApplyError::Store)?.unwrap_or_default();
    let run = Run { cx, stop, plan, claim, held, before };

    let (mut ended, mut unwell) = (run.refused(), Unwell::planned(plan));
    let started = (0..effect.steps.len()).filter(|at| !ended.contains_key(at)).collect();
    if let Some(open) = open {
        // Nothing that is seen holds while another process could still write.
        run.mark(&MarkEntries::new()).await.map_err(ApplyError::Fence)?;
        run.take_up(open.run, &mut ended).await?;
        run.look_again(&ended, &mut unwell).await?;
        run.drop_superseded(open.wanted, &mut ended);
    }
    let mut extended = run.extended(&ended);
    if let Err(error) = run.mark(&extended).await {
        let why = format!("the target's mark cannot be written: {error}");
        run.give_up(&why, &mut ended);
        extended.clear();
    }
    cx.world.points.reach(Point::MarkExtended).await;
    run.steps(&mut ended, extended, &mut unwell).await?;
    run.settle_ownership(&ended, &started).await?;
    Ok(ended)
}

impl Run<'_> {
    /// The changes of a step.
    pub(super) fn changes(&self, at: usize) -> impl Iterator<Item = &Change> {
        let effect = self.plan.effect();
        effect.steps[at].changes.iter().map(|&change| &effect.changes[change])
    }

    /// What `work` gives, if it does so in time; else it is dropped.
    pub(super) async fn within<T>(
        &self,
        time: Duration,
        work: impl Future<Output = T>,
    ) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.cx.world.clock.sleep(time) => None,
        }
    }

    /// How long and how often a step is tried: what its resources say of themselves counts before what
    /// their component says.
    pub(super) fn patience(&self, at: usize) -> Patience {
        let component = &self.plan.effect().steps[at].component;
        let patience = self.cx.patience.get(component).copied().unwrap_or_default();
        let said = |change: &Change| Upkeep::of(change.intended.as_ref()?.value()).timeout;
        let longest = self.changes(at).filter_map(said).max();
        Patience { timeout: longest.unwrap_or(patience.timeout), ..patience }
    }

    /// Steps that may not start: nothing allows them, or something holds them. A hold for want of
    /// a review is over once the claim has an authority for the step.
    fn refused(&self) -> BTreeMap<usize, StepOutcome> {
        let held = |at: usize| {
            let mut holds = self.plan.holds_on(&self.plan.effect().steps[at]);
            holds.any(|hold| !matches!(hold.reason, HoldReason::NotReviewed { .. }))
        };
        let end = |at: usize| match (self.claim.authority(at), self.waits_for(at)) {
            (None, _) => Some(not_started("nothing allows it")),
            (Some(_), Some(why)) => Some(StepEnd::Waits { why }),
            (Some(_), None) => held(at).then(|| not_started("it is held")),
        };
        let steps = 0..self.plan.effect().steps.len();
        steps.filter_map(|at| Some((at, self.ended(at, end(at)?).outcome))).collect()
    }

    /// What a step, or what it depends on, waits for: values to be known, or others to do well.
    fn waits_for(&self, at: usize) -> Option<String> {
        let holds: Vec<_> = self.plan.holds_on(&self.plan.effect().steps[at]).collect();
        let depends = holds.iter().filter_map(|hold| match &hold.reason {
            HoldReason::Dependency { on } => Some(on),
            _ => None,
        });
        let depends: BTreeSet<_> = depends.collect();
        let all = &self.plan.envelope.holds;
        let above =
            all.iter().filter(|hold| hold.part.component().is_some_and(|id| depends.contains(id)));
        let (mut questions, mut unwell) = (BTreeSet::new(), None);
        for hold in holds.iter().copied().chain(above) {
            match &hold.reason {
                HoldReason::Unknown { questions: open } => {
                    questions.extend(open.iter().map(String::as_str));
                }
                HoldReason::Unwell { on, resource, why, .. } => {
                    unwell.get_or_insert_with(|| unwell::until(on, resource.as_ref(), why));
                }
                _ => {}
            }
        }
        let questions: Vec<_> = questions.into_iter().collect();
        let unknown = (!questions.is_empty()).then(|| format!("to know {}", questions.join(", ")));
        unknown.or(unwell)
    }

    /// Takes over what is known of a run that did not end, and finds out the rest.
    async fn take_up(
        &self,
        open: &OpenRun,
        ended: &mut BTreeMap<usize, StepOutcome>,
    ) -> Result<(), ApplyError> {
        let mut record = Record::default();
        // One look at a component is one at all its steps, however many there are.
        let mut begun: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for (&at, trace) in &open.steps {
            match (&trace.outcome, trace.intended) {
                (Some(outcome), _) => drop(ended.insert(at, outcome.clone())),
                (None, false) => {}
                (None, true) => {
                    let component = &self.plan.effect().steps[at].component;
                    begun.entry(component).or_default().push(at);
                }
            }
        }
        let looks = stream::iter(begun.into_values())
            .map(async |steps| (self.look(steps[0], &self.before).await, steps))
            .buffered(PARALLEL);
        let mut looks = std::pin::pin!(looks);
        while let Some((looked, steps)) = looks.next().await {
            let settled = steps.into_iter().filter_map(|at| self.settle(at, &looked));
            for Finished { outcome, after } in settled {
                record.inventory.extend(self.owned_after(&outcome, &after));
                record.outcomes.push(outcome.clone());
                ended.insert(outcome.step, outcome);
            }
        }
        self.write(&record).await
    }

    /// What nobody wants any more does not begin, though it was allowed once: the newest revision
    /// wins. What has begun has ended by now.
    fn drop_superseded(&self, wanted: Option<&Effect>, ended: &mut BTreeMap<usize, StepOutcome>) {
        let Some(wanted) = wanted else { return };
        let effect = self.plan.effect();
        for at in (0..effect.steps.len()).filter(|at| !wanted.asks_for(effect, *at)) {
            let why = "a newer revision does not ask for it";
            ended.entry(at).or_insert_with(|| self.ended(at, not_started(why)).outcome);
        }
    }

    fn give_up(&self, why: &str, ended: &mut BTreeMap<usize, StepOutcome>) {
        for at in 0..self.plan.effect().steps.len() {
            ended.entry(at).or_insert_with(|| self.ended(at, not_started(why)).outcome);
        }
    }

    /// What will be owned by the steps that may still start.
    fn extended(&self, ended: &BTreeMap<usize, StepOutcome>) -> MarkEntries {
        let epoch = self.held.now().epoch();
        let steps = (0..self.plan.effect().steps.len()).filter(|at| !ended.contains_key(at));
        let changes = steps.flat_map(|at| self.changes(at));
        changes
            .filter_map(|change| {
                let prior = self.before.get(&change.resource).map(AsRef::as_ref);
                let owned = journal::about(change, prior, self.keeps(change), epoch)?;
                Some((change.resource.clone(), Some(owned)))
            })
            .collect()
    }

    /// Writes the mark, even if no entry changes: its epoch fences whoever acted before.
    async fn mark(&self, entries: &MarkEntries) -> Result<(), StepError> {
        let mut attempt = 1;
        loop {
            let lease = self.held.good(self.cx).await;
            let written = self.cx.target.write_mark(&lease, entries);
            let late = || StepError::unknown("writing the mark took too long");
            let error = match self.within(MARK_TIME, written).await.unwrap_or_else(|| Err(late())) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let Disposition::RetryAfter(wanted) = error.disposition else { return Err(error) };
            if attempt >= MARK_ATTEMPTS {
                return Err(error);
            }
            let wait = backoff(attempt, self.cx.world.ids.jitter()).max(wanted);
            self.cx.world.clock.sleep(wait).await;
            attempt += 1;
        }
    }

    /// Brings the inventory in line with how every step ended, then the mark with the inventory.
    async fn settle_ownership(
        &self,
        ended: &BTreeMap<usize, StepOutcome>,
        started: &BTreeSet<usize>,
    ) -> Result<(), ApplyError> {
        let points = &self.cx.world.points;
        let not_done = |outcome: &&StepOutcome| {
            let is_open = matches!(outcome.end, StepEnd::Done | StepEnd::Indeterminate { .. });
            started.contains(&outcome.step) && !is_open
        };
        let restored = ended.values().filter(not_done).flat_map(|o| self.owned_after(o, &[]));
        self.write(&Record { inventory: restored.collect(), ..Record::default() }).await?;
        points.reach(Point::InventoryShrunk).await;

        let effect = self.plan.effect();
        let owned = self.cx.store.inventory(&effect.scope, &effect.target).await;
        let owned = owned.map_err(ApplyError::Store)?.unwrap_or_default();
        let touched =
            started.iter().flat_map(|&at| self.changes(at)).map(|change| &change.resource);
        let entries = touched
            .map(|key| (key.clone(), owned.get(key).map(|owned| Owned::clone(owned))))
            .collect();
        if let Err(error) = self.mark(&entries).await {
            // What it names too much is owned by the mark alone, and no delete follows from that.
            tracing::warn!(%error, target = %effect.target, "the mark could not be brought up to date");
        }
        points.reach(Point::MarkShrunk).await;
        Ok(())
    }
}
