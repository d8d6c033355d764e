//! Runs, as the journal tells them: what was let through, begun and ended.

use std::collections::BTreeMap;

use super::db::{Link, Row};
use super::journal::Event;
use super::{Store, StoreError, args, plan};
use crate::ids::{CommitId, ContentId, Digest, Epoch, PullNumber, RunId, Scope, StackName};
use crate::model::authority::Authority;
use crate::model::outcome::{Outcome, StepOutcome};
use crate::model::plan::Plan;

/// A run that has begun and not ended: somebody is at it, or crashed.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenRun {
    /// Which one.
    pub run: RunId,
    /// The epoch it is bound to.
    pub epoch: Epoch,
    /// What it runs.
    pub plan: Plan,
    /// Every step that was let through, by its index in the plan.
    pub steps: BTreeMap<usize, StepTrace>,
}

/// What is known of one step.
#[derive(Debug, Clone, PartialEq)]
pub struct StepTrace {
    /// What let it through.
    pub authority: Authority,
    /// Whether it was about to begin. Then it may have happened.
    pub intended: bool,
    /// How it ended, if that was written down.
    pub outcome: Option<StepOutcome>,
}

impl Store {
    /// The run of a stack that has not ended, if there is one.
    pub async fn open_run(
        &self,
        scope: &Scope,
        stack: &StackName,
    ) -> Result<Option<OpenRun>, StoreError> {
        let mut link = self.read().await?;
        let Some(Opened { run, digest, epoch }) = open(&mut link, scope, stack).await? else {
            return Ok(None);
        };
        let plan = plan::read(&mut link, scope, digest).await?;
        let plan = plan.ok_or_else(|| StoreError::corrupt("a run's plan", "it is missing"))?;
        let steps = story(&mut link, scope, &run).await?.steps;
        Ok(Some(OpenRun { run, epoch, plan, steps }))
    }

    /// How the last runs of a stack ended, the newest first; each is the one the journal tells of.
    pub async fn outcomes(
        &self,
        scope: &Scope,
        stack: &StackName,
        limit: u32,
    ) -> Result<Vec<Outcome>, StoreError> {
        const OUTCOMES: &str = "SELECT run.outcome, journal.payload, \
                (SELECT COUNT(*) FROM journal_anchor WHERE at >= run.ended_at) \
            FROM run LEFT JOIN journal \
                ON journal.agent = run.agent AND journal.repository = run.repository \
                AND journal.run = run.run AND journal.kind = 'finished' \
            WHERE run.agent = $1 AND run.repository = $2 AND run.stack = $3 \
                AND run.ended_at IS NOT NULL \
            ORDER BY run.ended_at DESC, journal.seq DESC LIMIT $4";
        let mut link = self.read().await?;
        let args = args![&scope.agent, &scope.repository, stack, i64::from(limit)];
        link.rows(OUTCOMES, args).await?.iter().map(ended).collect()
    }

    /// How the runs ended that applied what a pull request showed for a head, the oldest first.
    pub async fn outcomes_of(
        &self,
        scope: &Scope,
        pull: PullNumber,
        head: &CommitId,
    ) -> Result<Vec<Outcome>, StoreError> {
        const OUTCOMES: &str = "SELECT run.outcome, journal.payload, \
                (SELECT COUNT(*) FROM journal_anchor WHERE at >= run.ended_at) \
            FROM shown JOIN run \
                ON run.agent = shown.agent AND run.repository = shown.repository \
                AND run.run = shown.run \
            LEFT JOIN journal ON journal.agent = run.agent AND journal.repository = run.repository \
                AND journal.run = run.run AND journal.kind = 'finished' \
            WHERE shown.agent = $1 AND shown.repository = $2 AND shown.pull = $3 \
                AND shown.head = $4 AND run.ended_at IS NOT NULL ORDER BY journal.seq";
        let mut link = self.read().await?;
        let args = args![&scope.agent, &scope.repository, pull, head];
        link.rows(OUTCOMES, args).await?.iter().map(ended).collect()
    }
}

/// The outcome in the first column, if it is the one that the journal tells of in the second; the
/// third is 1 for a run that ended before the part of the journal that is kept.
pub(super) fn ended(row: &Row) -> Result<Outcome, StoreError> {
    let body: String = row.get(0)?;
    let told: Option<String> = row.get(1)?;
    if told.is_none() {
        let released: i64 = row.get(2)?;
        return match released {
            1 => row.json(0, "an outcome"),
            _ => Err(StoreError::corrupt("an outcome", "the journal does not tell of it")),
        };
    }
    match row.json(1, "a journal row")? {
        Event::Finished { outcome, .. } if outcome == ContentId::of(&body) => {
            row.json(0, "an outcome")
        }
        event => Err(StoreError::corrupt("an outcome", format!("the journal says {event:?}"))),
    }
}

/// The row of a run that has not ended.
pub(super) struct Opened {
    pub(super) run: RunId,
    digest: Digest,
    epoch: Epoch,
}

pub(super) async fn open(
    link: &mut Link,
    scope: &Scope,
    stack: &StackName,
) -> Result<Option<Opened>, StoreError> {
    const OPEN: &str = "SELECT run, digest, epoch FROM run \
        WHERE agent = $1 AND repository = $2 AND stack = $3 AND ended_at IS NULL";
    let row = link.row(OPEN, args![&scope.agent, &scope.repository, stack]).await?;
    let opened =
        |row: Row| Ok(Opened { run: row.id(0)?, digest: row.id(1)?, epoch: Epoch(row.get(2)?) });
    row.map(opened).transpose()
}

/// What the journal tells about a run.
pub(super) struct Story {
    pub(super) digest: Digest,
    pub(super) steps_total: usize,
    pub(super) steps: BTreeMap<usize, StepTrace>,
}

pub(super) async fn story(
    link: &mut Link,
    scope: &Scope,
    run: &RunId,
) -> Result<Story, StoreError> {
    const EVENTS: &str = "SELECT payload FROM journal \
        WHERE agent = $1 AND repository = $2 AND run = $3 ORDER BY seq";
    let mut story = None;
    for row in link.rows(EVENTS, args![&scope.agent, &scope.repository, run]).await? {
        let event = row.json(0, "a journal row")?;
        match (event, &mut story) {
            (Event::Claimed { digest, steps, authorities }, None) => {
                story = Some(begun(digest, steps, authorities));
            }
            (Event::Intended { steps }, Some(story)) => {
                for step in steps {
                    story.trace(step)?.intended = true;
                }
            }
            (Event::Concluded { outcomes }, Some(story)) => {
                for outcome in outcomes {
                    // A step that nothing let through can end, too: not started, and why.
                    if let Some(trace) = story.steps.get_mut(&outcome.step) {
                        trace.outcome = Some(outcome);
                    }
                }
            }
            (Event::Carried { .. } | Event::Resumed { .. } | Event::Finished { .. }, Some(_)) => {}
            (event, _) => return Err(out_of_place(&event)),
        }
    }
    story.ok_or_else(|| StoreError::corrupt("a run", "the journal does not know it"))
}

fn begun(digest: Digest, steps_total: usize, authorities: BTreeMap<usize, Authority>) -> Story {
    let trace = |authority| StepTrace { authority, intended: false, outcome: None };
    let steps = authorities.into_iter().map(|(step, by)| (step, trace(by))).collect();
    Story { digest, steps_total, steps }
}

fn out_of_place(event: &Event) -> StoreError {
    StoreError::corrupt("a run", format!("out of place in the journal: {event:?}"))
}

impl Story {
    fn trace(&mut self, step: usize) -> Result<&mut StepTrace, StoreError> {
        let missing = || StoreError::corrupt("a run", format!("step {step} was not let through"));
        self.steps.get_mut(&step).ok_or_else(missing)
    }
}
