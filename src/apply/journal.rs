//! What is written down, and when: always in one transaction with the inventory it belongs to.

use super::run::Run;
use super::{ApplyError, step};
use crate::backends::{After, MarkEntries};
use crate::ids::Epoch;
use crate::model::change::{Action, Change};
use crate::model::inventory::Owned;
use crate::model::outcome::{StepEnd, StepOutcome};
use crate::store::StoreError;

/// One transaction.
#[derive(Default)]
pub(super) struct Record {
    /// Entries of the inventory that change.
    pub(super) inventory: MarkEntries,
    /// Steps that are about to begin.
    pub(super) intents: Vec<usize>,
    /// Steps that have ended.
    pub(super) outcomes: Vec<StepOutcome>,
}

/// A step that has ended, and what its target said is there.
pub(super) struct Finished {
    pub(super) outcome: StepOutcome,
    pub(super) after: Vec<After>,
}

impl Run<'_> {
    /// Makes the record durable. While the store cannot be reached it is tried again: the run is
    /// stopped by its lease, not by us.
    pub(super) async fn write(&self, record: &Record) -> Result<(), ApplyError> {
        let empty =
            record.inventory.is_empty() && record.intents.is_empty() && record.outcomes.is_empty();
        for attempt in 1.. {
            if empty {
                break;
            }
            match self.try_write(record).await {
                Ok(()) => break,
                // Writing the same again after an unknown commit changes nothing.
                Err(error @ (StoreError::Unavailable(_) | StoreError::CommitUnknown(_))) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "write again");
                    let wait = step::backoff(attempt, self.cx.world.ids.jitter());
                    self.cx.world.clock.sleep(wait).await;
                }
                Err(error) => return Err(ApplyError::Store(error)),
            }
        }
        Ok(())
    }

    async fn try_write(&self, record: &Record) -> Result<(), StoreError> {
        let (lease, target) = (self.held.now(), &self.plan.effect().target);
        let mut tx = self.cx.store.begin().await?;
        if !record.inventory.is_empty() {
            tx.inventory_write(&lease, target, &record.inventory).await?;
        }
        if !record.intents.is_empty() {
            tx.intend(&lease, self.claim, &record.intents).await?;
        }
        if !record.outcomes.is_empty() {
            tx.conclude(&lease, self.claim, &record.outcomes).await?;
        }
        tx.commit().await
    }

    /// What the inventory says once a step has ended so.
    pub(super) fn owned_after(&self, outcome: &StepOutcome, after: &[After]) -> MarkEntries {
        let epoch = self.held.now().epoch();
        let changes = self.changes(outcome.step);
        changes
            .filter_map(|change| {
                let prior = self.before.get(&change.resource).map(AsRef::as_ref);
                let after = after.iter().find(|after| after.resource == change.resource);
                let entry = match &outcome.end {
                    StepEnd::Done => done(change, prior, after, self.keeps(change), epoch),
                    StepEnd::Indeterminate { .. } => None,
                    _ => not_done(change, prior),
                };
                Some((change.resource.clone(), entry?))
            })
            .collect()
    }
}

impl Run<'_> {
    /// Whether the change's resource outlives its component.
    pub(super) fn keeps(&self, change: &Change) -> bool {
        self.cx.kept.contains(&change.component)
    }
}

/// What is owned from just before a change on. It names what will be there, not that it is.
pub(super) fn about(
    change: &Change,
    prior: Option<&Owned>,
    kept: bool,
    epoch: Epoch,
) -> Option<Owned> {
    match change.action {
        Action::Forget | Action::Keep => None,
        _ => Some(Owned {
            component: change.component.clone(),
            applied: prior.and_then(|owned| owned.applied),
            uid: prior.and_then(|owned| owned.uid.clone()),
            kept,
            epoch,
        }),
    }
}

/// The entry after the change; `None`: it stays as it is.
fn done(
    change: &Change,
    prior: Option<&Owned>,
    after: Option<&After>,
    kept: bool,
    epoch: Epoch,
) -> Option<Option<Owned>> {
    let applied = match change.action {
        Action::Keep => return None,
        Action::Delete | Action::Forget => return Some(None),
        Action::Move { .. } => prior.and_then(|owned| owned.applied),
        _ => change.intended.as_ref().map(crate::model::body::Body::content_id),
    };
    let uid = after.and_then(|after| after.uid.clone());
    let uid = uid.or_else(|| prior.and_then(|owned| owned.uid.clone()));
    Some(Some(Owned { component: change.component.clone(), applied, uid, kept, epoch }))
}

/// The entry when the change certainly did not happen: as it was before the run. `prior` may be
/// the one that was written just before the change, when a crash came between.
fn not_done(change: &Change, prior: Option<&Owned>) -> Option<Option<Owned>> {
    let prior = prior.cloned();
    match &change.action {
        Action::Forget | Action::Keep => None,
        Action::Create | Action::Adopt => Some(prior.filter(|owned| owned.applied.is_some())),
        Action::Move { from } => {
            Some(prior.map(|owned| Owned { component: from.clone(), ..owned }))
        }
        Action::Update | Action::Replace | Action::Delete => Some(prior),
    }
}
