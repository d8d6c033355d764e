//! What became of what a merged pull request showed, as the store tells it.

use std::collections::BTreeMap;

use super::agent::{Agent, Repository};
use super::reviews::ReviewError;
use crate::forge::PullRequest;
use crate::ids::{CommitId, RunId};
use crate::model::outcome::{Outcome, StepEnd};
use crate::model::plan::Plan;
use crate::model::review::{Progress, PullReview, Review, Since};
use crate::source::FetchError;
use crate::store::{OpenRun, StoreError};

/// What is to be told about a merged pull request.
pub(super) struct Aftermath {
    /// Its plans, and what became of each.
    pub(super) review: Review,
    /// How runs of them ended, the oldest first.
    pub(super) outcomes: Vec<Outcome>,
    /// Whether nothing more can come of it.
    pub(super) is_settled: bool,
}

/// What became of `pull` since it was merged with `merge`; `None`: there is nothing to tell yet, or
/// it showed no plan. `tip` is what the branch says by now.
pub(super) async fn aftermath(
    agent: &Agent,
    repository: &Repository,
    pull: &PullRequest,
    merge: &CommitId,
    tip: &CommitId,
) -> Result<Option<Aftermath>, ReviewError> {
    let (store, scope) = (&agent.store, &repository.scope);
    let outcomes = store.outcomes_of(scope, pull.number, &pull.head).await?;
    let showing = store.showing(scope, pull.number).await?;
    let base = showing.filter(|showing| showing.head == pull.head).map(|showing| showing.base);
    let (mut plans, mut since, mut is_known) = (Vec::new(), BTreeMap::new(), false);
    for (digest, run) in store.shown_of(scope, pull.number, &pull.head).await? {
        let Some(mut plan) = store.plan(scope, digest).await? else { continue };
        let newest = newest(agent, repository, &plan).await?;
        let seen = newest.as_ref().and_then(|plan| plan.envelope.revision.commit()).unwrap_or(tip);
        let is_seen = contains(repository, seen, merge).await?;
        let progress = match run {
            Some(run) => Some(progress(agent, repository, &plan, &run, &outcomes).await?),
            None if is_seen && newest.as_ref().map(Plan::digest) != Some(digest) => {
                Some(Progress::Replaced)
            }
            None => {
                // What holds it now is what held it when its stack was last looked at.
                plan = newest.clone().filter(|_| is_seen).unwrap_or(plan);
                None
            }
        };
        is_known |= is_seen || progress.is_some();
        let applies = matches!(progress, Some(Progress::Applying { .. }));
        let left = newest.filter(|newest| !newest.is_empty() && !applies);
        since.extend(progress.map(|progress| (digest, Since { progress, left })));
        plans.push(plan);
    }
    if !is_known {
        return Ok(None);
    }
    let is_settled = plans.iter().all(|plan| since.get(&plan.digest()).is_some_and(is_over));
    let (number, title, head) = (pull.number, pull.title.clone(), pull.head.clone());
    let base = base.unwrap_or_else(|| merge.clone());
    let about =
        PullReview { number, title, head, base, merged: Some(merge.clone()), earlier: None };
    let review = Review::new(scope.clone(), Some(about), plans, Vec::new());
    Ok(Some(Aftermath { review: Review { since, ..review }, outcomes, is_settled }))
}

/// The newest plan of the same stack at the same target.
async fn newest(
    agent: &Agent,
    repository: &Repository,
    plan: &Plan,
) -> Result<Option<Plan>, StoreError> {
    let effect = plan.effect();
    let newest = agent.store.latest_plans(&repository.scope, &effect.stack).await?;
    Ok(newest.into_iter().find(|newest| newest.effect().target == effect.target))
}

async fn contains(
    repository: &Repository,
    tip: &CommitId,
    earlier: &CommitId,
) -> Result<bool, FetchError> {
    match tip == earlier {
        true => Ok(true),
        false => repository.source.contains(tip, earlier).await,
    }
}

async fn progress(
    agent: &Agent,
    repository: &Repository,
    plan: &Plan,
    run: &RunId,
    outcomes: &[Outcome],
) -> Result<Progress, StoreError> {
    if let Some(ended) = outcomes.iter().find(|outcome| outcome.run == *run) {
        return Ok(Progress::Ended(ended.clone()));
    }
    let open = agent.store.open_run(&repository.scope, &plan.effect().stack).await?;
    Ok(match open.filter(|open| open.run == *run) {
        Some(open) => under_way(&open),
        // It ended between two looks; the next one tells how.
        None => Progress::Applying { steps_done: 0, now: Vec::new() },
    })
}

fn under_way(open: &OpenRun) -> Progress {
    let ended = |end: &StepEnd| *end == StepEnd::Done;
    let traces = open.steps.values();
    let done = traces.filter(|trace| trace.outcome.as_ref().is_some_and(|o| ended(&o.end)));
    let now = open.steps.iter().filter(|(_, trace)| trace.intended && trace.outcome.is_none());
    let component = |at: usize| open.plan.effect().steps[at].component.clone();
    let mut now: Vec<_> = now.map(|(&at, _)| component(at)).collect();
    let steps_done = done.count();
    now.sort();
    now.dedup();
    Progress::Applying { steps_done, now }
}

/// Whether nothing more can come of a plan.
fn is_over(since: &Since) -> bool {
    match &since.progress {
        Progress::Ended(outcome) => outcome.is_done() || since.left.is_none(),
        Progress::Replaced => since.left.is_none(),
        Progress::Applying { .. } => false,
    }
}
