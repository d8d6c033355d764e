//! Which stacks there are to keep, and where.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;

use super::ReconcileError;
use super::agent::{Agent, Repository};
use super::wanted::Wanted;
use crate::ids::{StackName, TargetName};

/// How long a target may take to say what is owned in it: whatever has to be done elsewhere does
/// not wait for one that does not answer, and not again for a while. The runs of its stacks go on asking.
const LEARN_TIME: Duration = Duration::from_secs(2);
const LEARN_AGAIN: Duration = Duration::from_secs(300);

/// Targets in which a stack has, or may have, left something: all but the one it names.
pub type Left = BTreeSet<TargetName>;

/// The stacks to keep: those of the branch that are this agent's, and those that left it and still
/// own something; each with the targets it has left something in.
///
/// A target that the database knows nothing of is learnt from its mark first, so that no lease is
/// taken with an epoch below the mark's, and so that what a stack left there is found.
pub async fn stacks_to_keep(
    agent: &Agent,
    repository: &Repository,
    wanted: &Wanted,
) -> Result<BTreeMap<StackName, Left>, ReconcileError> {
    let targets = repository.targets.known();
    let learn = targets.iter().map(async |target| {
        let now = agent.world.clock.monotonic();
        if !repository.targets.begin_asking(target.name(), now, LEARN_AGAIN) {
            return Ok(());
        }
        tokio::select! {
            biased;
            learnt = agent.learn(repository, &**target) => {
                repository.targets.has_answered(target.name());
                learnt
            }
            () = agent.world.clock.sleep(LEARN_TIME) => Ok(()),
        }
    });
    for learnt in join_all(learn).await {
        // A mark that cannot be read is reported by the runs of the stacks that live there.
        if let Err(error @ ReconcileError::Store(_)) = learnt {
            return Err(error);
        }
    }
    let mut known = agent.store.places_known(&repository.scope).await?;
    known.retain(|stack, _| repository.has(stack));
    let ours = wanted.desired.stacks.values().filter(|stack| repository.has(&stack.name));
    for stack in ours {
        if let Some(target) = &stack.target {
            known.entry(stack.name.clone()).or_default().remove(target);
        }
    }
    Ok(known)
}
