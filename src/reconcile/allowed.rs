//! What allows a plan: what people said is in the store, what became of pull requests at the forge.

use std::collections::{BTreeMap, BTreeSet};

use super::agent::{Agent, Repository};
use super::follow::Current;
use super::look::Look;
use super::wanted::Wanted;
use crate::forge::{PullRequest, PullState};
use crate::ids::{Actor, CommitId, ComponentId, PullNumber, StackName, TargetName};
use crate::model::plan::{Envelope, Hold, HoldReason, Plan};
use crate::plan::{self, Authorities, Earlier, ReviewInput};
use crate::store::{Rest, StoreError};

/// Plans what `look` saw of `wanted`, by the rules of what is `current`, and finds what allows each
/// step of the plan.
pub(super) async fn allowed(
    agent: &Agent,
    repository: &Repository,
    current: &Current,
    wanted: &Wanted,
    look: &Look,
) -> Result<(Plan, Authorities), StoreError> {
    let (scope, now) = (&repository.scope, agent.world.clock.now());
    let policy = current.policy();
    let plan = look.plan(scope, wanted, &policy, now);
    let digest = plan.digest();
    let approvals = agent.store.approvals(scope, digest).await?;
    let places = agent.store.shown(scope, digest).await?;
    let mut rests = Vec::new();
    if !plan.effect().steps.is_empty() {
        rests = agent.store.rests(&plan).await?;
    }
    let pulls = repository.pulls.borrow().clone();
    let merged = |(pull, head): &&(PullNumber, CommitId)| {
        let pull = pulls.get(pull).filter(|pull| pull.head == *head);
        pull.is_some_and(|pull| matches!(pull.state, PullState::Merged(_)))
    };
    let mut earlier = Vec::new();
    for rest in &rests {
        let pull = rest.shown.iter().find(merged).map(|(pull, _)| *pull);
        let (digest, approvals) = (rest.approved, rest.approvals.clone());
        if !approvals.is_empty() || pull.is_some() {
            let beyond = beyond((agent, repository), wanted, &plan, rest).await;
            earlier.push(Earlier { digest, approvals, pull, beyond });
        }
    }
    // That something left waiting is not what was asked for is worth a word; other plans that were
    // approved once are not.
    let left = rests.first().filter(|rest| rest.run.is_some()).map(|rest| rest.approved);
    let covers = earlier.iter().find(|one| one.beyond.is_none());
    let earlier = covers.or_else(|| earlier.iter().find(|one| Some(one.digest) == left));
    let shown_on = places.iter().chain(rests.iter().flat_map(|rest| &rest.shown));
    let authors = authors(&pulls, shown_on);
    let shown: BTreeMap<_, _> =
        places.iter().filter(merged).map(|(pull, _)| (digest, *pull)).collect();
    let input = ReviewInput {
        policy: &policy,
        stack: &look.stack,
        approvals: &approvals,
        authors: &authors,
        shown: &shown,
        earlier,
        rewritten_from: current.rewritten_from.as_ref(),
        now,
    };
    Ok(plan::review(plan, &input))
}

/// Whether people have let go since of all that the stack's last plan waited for, as far as that can be
/// told without a look: that plan was made of the same snapshot, and all that held it was that nobody
/// had approved it. What is planned under the lease decides.
pub(super) async fn is_let_go(
    agent: &Agent,
    repository: &Repository,
    wanted: &Wanted,
    (stack, target): (&StackName, &TargetName),
) -> Result<bool, StoreError> {
    let (store, scope) = (&agent.store, &repository.scope);
    let last = store.latest_envelope(scope, stack, target).await?;
    let Some((digest, Envelope { revision, holds, .. })) = last else { return Ok(false) };
    let needed = |hold: &Hold| match hold.reason {
        HoldReason::NotReviewed { approvals_needed, approvals, because: None } => {
            (approvals < approvals_needed).then_some(approvals_needed)
        }
        _ => None,
    };
    let needed = holds.iter().map(needed).collect::<Option<BTreeSet<_>>>().unwrap_or_default();
    let Some(needed) = needed.last().filter(|_| revision == *wanted.snapshot.revision()) else {
        return Ok(false);
    };
    let approvals = store.approvals(scope, digest).await?;
    if approvals.is_empty() {
        return Ok(false);
    }
    let shown = store.shown(scope, digest).await?;
    let authors = authors(&repository.pulls.borrow(), shown.iter());
    let by: BTreeSet<_> = approvals.into_iter().map(|approval| approval.by).collect();
    Ok(by.difference(&authors).count() >= *needed as usize)
}

/// Whose approvals do not count: who has made what is shown.
fn authors<'s>(
    pulls: &BTreeMap<PullNumber, PullRequest>,
    shown: impl Iterator<Item = &'s (PullNumber, CommitId)>,
) -> BTreeSet<Actor> {
    shown.filter_map(|(pull, _)| Some(pulls.get(pull)?.author.clone())).collect()
}

/// What `plan` does beyond what is left of an earlier one; `None`: it is that with the unknown
/// values filled in, and what waits is still made of what was approved. Whoever puts a value of
/// their own in the place of a question has changed the plan.
async fn beyond(
    (agent, repository): (&Agent, &Repository),
    wanted: &Wanted,
    plan: &Plan,
    rest: &Rest,
) -> Option<String> {
    let approved = rest.plan.effect();
    if let Err(beyond) = plan.effect().continues(approved, &rest.waiting) {
        return Some(beyond.to_string());
    }
    let waiting: BTreeSet<_> =
        rest.waiting.iter().map(|&at| &approved.steps[at].component).collect();
    let approved_of = |id: &&ComponentId| approved.inputs.get(*id);
    // What is still as it was approved, holes and all, needs no second look.
    let made_now = |id: &&ComponentId| plan.effect().inputs.get(*id);
    if waiting.iter().all(|id| made_now(id) == approved_of(id)) {
        return None;
    }
    let open = approved.unknown(&rest.waiting).into_values().flatten().collect();
    let unanswered = agent.wanted_without(repository, &wanted.snapshot, open).await;
    let made_of = |id| Some(unanswered.rendered.get(id)?.as_ref().ok()?.inputs());
    let other = waiting.into_iter().find(|id| made_of(*id).as_ref() != approved_of(id));
    other.map(|id| format!("{id} is made of something else"))
}
