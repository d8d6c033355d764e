//! A look at those components of a stack to which something has happened, where all was as it should
//! be before.
//!
//! Most of what watches tell is how something is doing: a Deployment says so five times until it is
//! there. A stack of fifty components is not planned anew each time.

use std::collections::BTreeSet;

use super::progress::{is_same, see};
use super::wanted::Wanted;
use super::{Pass, ReconcileError, Run};
use crate::build::Rendered;
use crate::ids::{ComponentId, StackName};
use crate::model::observation::Observed;
use crate::model::plan::{Plan, Why};

/// Whether of these components of a stack still everything is as it should be. How they are doing is
/// remembered then. Nothing but that is decided here: where anything else may have changed, the stack
/// is looked at as a whole.
pub(super) async fn glance(
    pass: &Pass<'_>,
    stack: &StackName,
    news: &BTreeSet<ComponentId>,
) -> Result<bool, ReconcileError> {
    let Pass { agent, repository, current, .. } = pass;
    let wanted = &current.wanted;
    let named = wanted.desired.stacks.get(stack).and_then(|stack| stack.target.as_ref());
    let Some(named) = named else { return Ok(false) };
    let target = repository.targets.open(named, stack)?;
    let _seat = pass.seats.look(Some(named)).await;
    if pass.is_old() || pass.stop.is_cancelled() {
        return Ok(false);
    }
    if agent.store.open_run(&repository.scope, stack).await?.is_some() {
        return Ok(false);
    }
    let last = agent.store.latest_plan(&repository.scope, stack, named).await?;
    let Some(last) = last.filter(|last| says_still(last, wanted, news)) else { return Ok(false) };
    let run = Run { pass, stack, target, is_there: true };
    let seen = run.see(news.iter().collect()).await?;
    let mut now = last.envelope.clone();
    for id in news {
        match seen.get(id) {
            Some(Observed::Complete(one)) if is_same(one) && one.outputs.is_empty() => {
                see(&mut now, id, &Observed::Complete(one.clone()));
            }
            _ => return Ok(false),
        }
    }
    agent.remember(&last.with_envelope(now), &*run.target, false).await?;
    Ok(true)
}

/// Whether this plan was made of what is wanted now, and says that nothing is to be done and nothing
/// waits: what becomes of these components changes nothing of it but how they are doing.
fn says_still(plan: &Plan, wanted: &Wanted, news: &BTreeSet<ComponentId>) -> bool {
    let (effect, envelope) = (plan.effect(), &plan.envelope);
    let built = |id: &ComponentId| wanted.rendered.get(id)?.as_ref().ok().map(Rendered::inputs);
    let is_same = |id: &ComponentId| {
        let inputs = effect.inputs.get(id).copied();
        envelope.why.get(id) == Some(&Why::Unchanged) && inputs.is_some() && inputs == built(id)
    };
    plan.is_settled()
        && envelope.holds.is_empty()
        && envelope.revision == *wanted.snapshot.revision()
        && news.iter().all(is_same)
}
