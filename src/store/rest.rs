//! What was approved and waits for a value: the approval covers it once the value is known.

use std::collections::BTreeSet;

use super::approval::place;
use super::db::{Link, Row};
use super::{Store, StoreError, Tx, args, plan, run};
use crate::ids::{CommitId, Digest, PullNumber, RunId, Scope, StackName};
use crate::model::authority::{Approval, Authority};
use crate::model::outcome::{Outcome, StepEnd};
use crate::model::plan::Plan;

/// Plans of one stack that are looked at for an approval that may cover a later one. Whoever
/// approves a plan has looked at it; more than these nobody has in mind.
const PLANS_MAX: i64 = 16;

/// A plan with unknown values that was approved, or shown and merged, and what is left of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Rest {
    /// The run that did the other steps; `None`: nothing of it has begun.
    pub run: Option<RunId>,
    /// What was approved, or shown and merged: the plan, or the first one that it is the rest of.
    pub approved: Digest,
    /// The plan.
    pub plan: Plan,
    /// Which of its steps wait.
    pub waiting: BTreeSet<usize>,
    /// The approvals that hold.
    pub approvals: Vec<Approval>,
    /// Where it was shown: pull requests and the heads they had then.
    pub shown: Vec<(PullNumber, CommitId)>,
}

impl Store {
    /// What is left of plans of this stack, that of the last run first. `plan` itself is not among
    /// them.
    pub async fn rests(&self, plan: &Plan) -> Result<Vec<Rest>, StoreError> {
        let now = self.world.clock.now().as_microsecond();
        let (scope, stack) = (&plan.effect().scope, &plan.effect().stack);
        let mut link = self.read().await?;
        let mut rests: Vec<_> = of_run(&mut link, scope, stack, now).await?.into_iter().collect();
        for digest in approved(&mut link, scope, stack, now).await? {
            if digest != plan.digest() {
                rests.extend(untouched(&mut link, scope, digest, now).await?);
            }
        }
        Ok(rests)
    }
}

impl Tx {
    /// What is left of the plan `digest`, if anything is.
    pub(super) async fn rest(
        &mut self,
        scope: &Scope,
        stack: &StackName,
        digest: Digest,
    ) -> Result<Option<Rest>, StoreError> {
        let now = self.now();
        match of_run(&mut self.link, scope, stack, now).await? {
            Some(rest) if rest.approved == digest => Ok(Some(rest)),
            _ => untouched(&mut self.link, scope, digest, now).await,
        }
    }
}

/// Whether a run that ended so leaves something to its approvals.
pub(super) fn is_left_by(outcome: &Outcome) -> bool {
    outcome.steps.iter().any(|step| {
        matches!(step.end, StepEnd::Waits { .. })
            && !matches!(step.authority, None | Some(Authority::Standing { .. }))
    })
}

async fn of_run(
    link: &mut Link,
    scope: &Scope,
    stack: &StackName,
    now: i64,
) -> Result<Option<Rest>, StoreError> {
    const RUN: &str = "SELECT run.outcome, journal.payload, 0, run.run FROM run JOIN journal \
            ON journal.agent = run.agent AND journal.repository = run.repository \
            AND journal.run = run.run AND journal.kind = 'finished' \
        WHERE run.agent = $1 AND run.repository = $2 AND run.stack = $3 AND run.rest = 1";
    const APPROVALS: &str = "SELECT body FROM approval WHERE agent = $1 AND repository = $2 \
        AND run = $3 AND revoked_at IS NULL AND until > $4 ORDER BY actor";
    const SHOWN: &str = "SELECT pull, head FROM shown \
        WHERE agent = $1 AND repository = $2 AND run = $3 ORDER BY pull, head";
    let (agent, repository) = (&scope.agent, &scope.repository);
    let Some(row) = link.row(RUN, args![agent, repository, stack]).await? else { return Ok(None) };
    let (outcome, run) = (run::ended(&row)?, row.id::<RunId>(3)?);
    let plan = plan::read(link, scope, outcome.digest).await?;
    let plan = plan.ok_or_else(|| StoreError::corrupt("a run's plan", "it is missing"))?;
    let waits = || outcome.steps.iter().filter(|step| matches!(step.end, StepEnd::Waits { .. }));
    let said = waits().find_map(|step| step.authority.as_ref()?.digest());
    let approved = said.unwrap_or(outcome.digest);
    let waiting = waits().map(|step| step.step).collect();
    let rows = link.rows(APPROVALS, args![agent, repository, &run, now]).await?;
    let approvals = approvals(&rows)?;
    let rows = link.rows(SHOWN, args![agent, repository, &run]).await?;
    let shown = rows.iter().map(place).collect::<Result<_, _>>()?;
    Ok(Some(Rest { run: Some(run), approved, plan, waiting, approvals, shown }))
}

/// Plans of the stack that somebody said yes to and no run has used.
async fn approved(
    link: &mut Link,
    scope: &Scope,
    stack: &StackName,
    now: i64,
) -> Result<Vec<Digest>, StoreError> {
    const APPROVED: &str = "SELECT plan.digest FROM plan \
        WHERE plan.agent = $1 AND plan.repository = $2 AND plan.stack = $3 AND ( \
            EXISTS (SELECT 1 FROM approval WHERE approval.agent = plan.agent \
                AND approval.repository = plan.repository AND approval.digest = plan.digest \
                AND approval.run IS NULL AND approval.revoked_at IS NULL \
                AND approval.until > $4) \
            OR EXISTS (SELECT 1 FROM shown WHERE shown.agent = plan.agent \
                AND shown.repository = plan.repository AND shown.digest = plan.digest \
                AND shown.run IS NULL)) \
        ORDER BY plan.digest LIMIT $5";
    let args = args![&scope.agent, &scope.repository, stack, now, PLANS_MAX];
    link.rows(APPROVED, args).await?.iter().map(|row| row.id(0)).collect()
}

/// A plan with unknown values of which nothing has begun.
async fn untouched(
    link: &mut Link,
    scope: &Scope,
    digest: Digest,
    now: i64,
) -> Result<Option<Rest>, StoreError> {
    const APPROVALS: &str = "SELECT body FROM approval WHERE agent = $1 AND repository = $2 \
        AND digest = $3 AND run IS NULL AND revoked_at IS NULL AND until > $4 ORDER BY actor";
    const SHOWN: &str = "SELECT pull, head FROM shown WHERE agent = $1 AND repository = $2 \
        AND digest = $3 AND run IS NULL ORDER BY pull, head";
    let Some(plan) = plan::read(link, scope, digest).await? else { return Ok(None) };
    let waiting: BTreeSet<usize> = (0..plan.effect().steps.len()).collect();
    if plan.effect().unknown(&waiting).is_empty() {
        return Ok(None);
    }
    let (agent, repository) = (&scope.agent, &scope.repository);
    let rows = link.rows(APPROVALS, args![agent, repository, digest, now]).await?;
    let approvals = approvals(&rows)?;
    let rows = link.rows(SHOWN, args![agent, repository, digest]).await?;
    let shown = rows.iter().map(place).collect::<Result<_, _>>()?;
    Ok(Some(Rest { run: None, approved: digest, plan, waiting, approvals, shown }))
}

fn approvals(rows: &[Row]) -> Result<Vec<Approval>, StoreError> {
    rows.iter().map(|row| row.json(0, "an approval")).collect()
}
