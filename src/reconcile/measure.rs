//! What is counted of stacks: how each is when it is planned, and how its runs end.

use std::time::Duration;

use super::{Ended, Pass, ReconcileError};
use crate::ids::{ComponentId, StackName};
use crate::metrics::StackState;
use crate::model::change::Cause;
use crate::model::observation::Health;
use crate::model::outcome::{Outcome, StepEnd};
use crate::model::plan::{Envelope, HoldReason, Plan, Why};
use crate::world::World;

/// A stack was planned. `gone`: nothing of it is there, or will be.
pub(super) fn planned(world: &World, plan: &Plan, gone: bool) {
    let effect = plan.effect();
    let state = (!gone || !plan.is_empty()).then(|| state(plan));
    world.metrics.planned(&effect.scope.repository, &effect.stack, &effect.target, state);
}

fn state(plan: &Plan) -> StackState {
    let envelope = &plan.envelope;
    let state =
        |id: &ComponentId| Some(((id.kind.clone(), id.name.clone()), component(envelope, id)?));
    let drifted = plan.effect().changes.iter().filter(|change| change.cause == Cause::Drift);
    let waits = |reason: &HoldReason| matches!(reason, HoldReason::NotReviewed { .. });
    StackState {
        components: envelope.why.keys().filter_map(state).collect(),
        drifted: drifted.map(|change| change.resource.clone()).collect(),
        waits: envelope.holds.iter().any(|hold| waits(&hold.reason)),
    }
}

/// How a component is, and whether that is as it should be; `None`: nobody wants it to be there.
fn component(envelope: &Envelope, id: &ComponentId) -> Option<(&'static str, bool)> {
    let cannot_be_seen = |reason: &HoldReason| matches!(reason, HoldReason::Unreadable { .. });
    let mut holds = envelope.holds.iter().filter(|hold| hold.part.component() == Some(id));
    let health = match envelope.health.get(id) {
        Some(Health::Degraded(_)) => Some("degraded"),
        Some(Health::Missing) => Some("missing"),
        Some(Health::Unknown(_)) => Some("unknown"),
        Some(Health::Progressing(_)) => Some("progressing"),
        Some(Health::Suspended(_)) => Some("suspended"),
        Some(Health::Healthy) | None => None,
    };
    Some(match (envelope.why.get(id)?, health) {
        (Why::Inactive { .. }, _) => return None,
        (Why::Unchanged, Some("suspended")) => ("suspended", true),
        (_, Some(word)) if word != "suspended" => (word, false),
        (Why::Held, _) if holds.any(|hold| cannot_be_seen(&hold.reason)) => ("unknown", false),
        (Why::Held, _) => ("held", false),
        (Why::Changed, _) => ("changing", false),
        (Why::Unchanged, _) => ("ready", true),
    })
}

/// A look at a stack has ended.
pub(super) fn ran(
    pass: &Pass<'_>,
    stack: &StackName,
    ended: &Result<Ended, ReconcileError>,
    took: Duration,
) {
    let metrics = &pass.agent.world.metrics;
    let repository = &pass.repository.scope.repository;
    let outcome = match ended {
        Ok(Ended::True) => "true",
        Ok(Ended::Held) => "held",
        Ok(Ended::Busy) => "busy",
        Ok(Ended::Stopped { .. }) => "stopped",
        // Nothing was looked at.
        Ok(Ended::Old) => return,
        Ok(Ended::Applied { outcome, .. }) if outcome.went_well() => "applied",
        Ok(Ended::Applied { .. }) => "incomplete",
        Err(_) => "failed",
    };
    if ended.is_err() {
        metrics.unsure(repository, stack);
    }
    metrics.ran(repository, outcome, took);
}

/// A plan was applied.
pub(super) fn applied(world: &World, plan: &Plan, outcome: &Outcome, took: Duration) {
    let effect = plan.effect();
    world.metrics.applied(&effect.target, took);
    let done = outcome.steps.iter().filter(|step| step.end == StepEnd::Done);
    let changes = done.flat_map(|step| &effect.steps[step.step].changes);
    let corrected = changes.filter(|at| effect.changes[**at].cause == Cause::Drift).count();
    world.metrics.corrected(&effect.scope.repository, &effect.target, corrected as u64);
}
