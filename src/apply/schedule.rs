//! Which steps begin when: each as soon as those that it comes after are done and written down.
//!
//! Two futures side by side: one does steps, the other writes down how they end and says which are next.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use tokio::sync::mpsc::{self, Receiver, UnboundedSender};

use super::ApplyError;
use super::journal::{Finished, Record};
use super::next::next;
use super::run::Run;
use super::unwell::Unwell;
use crate::backends::MarkEntries;
use crate::model::outcome::{StepEnd, StepOutcome};
use crate::model::plan::Nature;
use crate::world::Point;

/// Steps under way at once: enough to hide a target's latency; a target has a bound of its own. An
/// API server of two cores makes 400 objects a second with 8 on their way, and 600 with 32.
pub(super) const PARALLEL: usize = 32;

/// Where fewer are under way, what may begin because others have ended does so at once.
const IDLE: usize = PARALLEL / 4;

/// How late an outcome may be written down otherwise: no flush stands between two effects, and what a
/// crash loses is looked at again.
const LATE: Duration = Duration::from_millis(100);

/// How many outcomes are written down together: some 300 KB of journal.
const TOGETHER: usize = 256;

/// A step that is no longer under way; `None`: it is left to whoever takes the run up.
type Told = (usize, Option<Finished>);

impl Run<'_> {
    /// Does all steps that may begin. `inventory` is what will be owned by them. How each ended is in
    /// `ended` once it is written down.
    pub(super) async fn steps(
        &self,
        ended: &mut BTreeMap<usize, StepOutcome>,
        inventory: MarkEntries,
        unwell: &mut Unwell,
    ) -> Result<(), ApplyError> {
        let (begin, mut begun) = mpsc::unbounded_channel();
        let (tell, told) = mpsc::channel(TOGETHER);
        let effects = async move {
            stream::poll_fn(move |cx| begun.poll_recv(cx))
                .map(async |at| Ok::<Told, ApplyError>((at, self.timed(at).await?)))
                .buffer_unordered(PARALLEL)
                .try_for_each(async |one| {
                    // Whoever is told lives until nothing more begins, unless it has failed itself.
                    let _ = tell.send(one).await;
                    Ok(())
                })
                .await
        };
        tokio::try_join!(effects, self.write_down(ended, inventory, unwell, begin, told))?;
        Ok(())
    }

    /// Has steps begun, and writes down how they end, until none is under way and none may begin.
    async fn write_down(
        &self,
        ended: &mut BTreeMap<usize, StepOutcome>,
        inventory: MarkEntries,
        unwell: &mut Unwell,
        begin: UnboundedSender<usize>,
        mut told: Receiver<Told>,
    ) -> Result<(), ApplyError> {
        let (cx, effect, clock) = (self.cx, self.plan.effect(), &self.cx.world.clock);
        let mut record = Record { inventory, ..Record::default() };
        // Those that have ended and are not written down, and when that is due.
        let (mut fresh, mut due) = (BTreeMap::<usize, StepOutcome>::new(), Duration::MAX);
        let mut going = BTreeSet::new();
        loop {
            let end = |at| ended.get(&at).or_else(|| fresh.get(&at)).map(|outcome| &outcome.end);
            let next = next(effect, end, &going, |at| unwell.keeps_waiting(cx, effect, at));
            let begins = if self.stop.is_cancelled() { &[][..] } else { &next.ready };
            let is_due = fresh.len() >= TOGETHER || going.is_empty() || due <= clock.monotonic();
            if !begins.is_empty() || is_due && !fresh.is_empty() {
                // One intent for all steps that can be repeated; the others write their own.
                let repeatable =
                    |at: &&usize| effect.steps[**at].nature == Nature::IdempotentByName;
                record.intents = begins.iter().filter(repeatable).copied().collect();
                record.outcomes = std::mem::take(&mut fresh).into_values().collect();
                self.record(&record, !begins.is_empty()).await?;
                let Record { outcomes, .. } = std::mem::take(&mut record);
                outcomes.iter().for_each(cx.hear);
                ended.extend(outcomes.into_iter().map(|outcome| (outcome.step, outcome)));
                due = Duration::MAX;
                going.extend(begins);
                // Who does them lives as long as this.
                for &at in begins {
                    let _ = begin.send(at);
                }
            }
            let never = next.never.into_iter();
            ended.extend(never.map(|(at, end)| (at, self.ended(at, end).outcome)));
            if going.is_empty() && next.ready.is_empty() {
                return Ok(());
            }
            if going.is_empty() {
                let done = ended.values().filter(|step| step.end == StepEnd::Done).count();
                return Err(ApplyError::Stopped { done, steps: effect.steps.len() });
            }
            let is_waited_for = ended.len() + fresh.len() + going.len() < effect.steps.len();
            let enough = if is_waited_for { IDLE } else { 1 };
            for (at, finished) in self.some(&mut told, going.len(), enough, due).await {
                going.remove(&at);
                let Some(Finished { outcome, after }) = finished else { continue };
                unwell.hear(cx, &outcome.component, &after);
                record.inventory.extend(self.owned_after(&outcome, &after));
                fresh.insert(at, outcome);
                due = due.min(clock.monotonic() + LATE);
            }
        }
    }

    /// Those of so many that are `going` that end until `due`, or until fewer than `enough` are left.
    async fn some(
        &self,
        told: &mut Receiver<Told>,
        going: usize,
        enough: usize,
        due: Duration,
    ) -> Vec<Told> {
        let clock = &self.cx.world.clock;
        let mut some = Vec::new();
        let due = match due {
            Duration::MAX => {
                some.extend(told.recv().await);
                clock.monotonic() + LATE
            }
            due => due,
        };
        let late = clock.sleep(due.saturating_sub(clock.monotonic()));
        tokio::pin!(late);
        loop {
            while some.len() < TOGETHER
                && let Ok(one) = told.try_recv()
            {
                some.push(one);
            }
            let left = going.saturating_sub(some.len());
            if some.len() >= TOGETHER || left == 0 || left < enough && !some.is_empty() {
                return some;
            }
            tokio::select! {
                biased;
                one = told.recv() => some.extend(one),
                () = &mut late => return some,
            }
        }
    }

    /// Makes the record durable, and passes what is to be seen of that.
    async fn record(&self, record: &Record, begins: bool) -> Result<(), ApplyError> {
        let points = &self.cx.world.points;
        let ends = !record.outcomes.is_empty();
        if ends {
            points.reach(Point::OutcomeBefore).await;
        }
        if begins {
            points.reach(Point::IntentBefore).await;
        }
        self.write(record).await?;
        if ends {
            points.reach(Point::OutcomeAfter).await;
        } else if !record.inventory.is_empty() {
            points.reach(Point::InventoryExtended).await;
        }
        if begins {
            points.reach(Point::IntentAfter).await;
        }
        Ok(())
    }
}
