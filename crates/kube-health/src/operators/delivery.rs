//! What delivers: Argo's applications and rollouts, and operators that install operators.

use crate::conditions::{Conditions, Sign};
use crate::generic;
use crate::health::Health;
use crate::object::{Object, Status};
use crate::phases::Phases;

const OPERATION: Phases = Phases::at("/status/operationState/phase")
    .messages(&["/status/operationState/message"])
    .healthy(&["Succeeded"])
    .degraded(&["Failed", "Error"])
    .may_be_unset()
    .then(&APPLICATION);

const APPLICATION: Phases = Phases::at("/status/health/status")
    .messages(&["/status/health/message"])
    .healthy(&["Healthy"])
    .degraded(&["Degraded", "Missing"])
    .suspended(&["Suspended"]);

const ROLLOUT: Phases = Phases::at("/status/phase")
    .healthy(&["Healthy"])
    .degraded(&["Degraded"])
    .suspended(&["Paused"]);

const SUBSCRIPTION: Conditions = Conditions::required(&[]).signs(&[
    Sign::degraded("ResolutionFailed", Status::True),
    Sign::degraded("InstallPlanFailed", Status::True),
    Sign::degraded("CatalogSourcesUnhealthy", Status::True),
    Sign::suspended("InstallPlanPending", Status::True).because(&["RequiresApproval"]),
]);

const INSTALLED: Phases = Phases::at("/status/state")
    .healthy(&["AtLatestKnown", "UpgradeAvailable"])
    .degraded(&["UpgradeFailed"]);

/// The health that the application says of its objects; and what it could not apply.
pub(crate) fn application(object: Object<'_>) -> Health {
    let errors = object.list("/status/conditions").iter().find_map(|condition| {
        let name = condition.get("type")?.as_str().filter(|name| name.ends_with("Error"))?;
        let message = condition.get("message")?.as_str()?;
        Some(Health::degraded(format!("{name}: {message}")))
    });
    errors.unwrap_or_else(|| match OPERATION.judge(object) {
        Health::Healthy => sync(object),
        other => other,
    })
}

/// Without automation nobody but a person syncs, so it is no use to wait.
fn sync(object: Object<'_>) -> Health {
    match object.text("/status/sync/status") {
        Some("OutOfSync") if object.at("/spec/syncPolicy/automated").is_some() => {
            Health::progressing("status.sync.status is OutOfSync")
        }
        Some("Unknown") => Health::unknown("status.sync.status is Unknown"),
        _ => Health::Healthy,
    }
}

/// Versions before 1.0 have no phase but the conditions of a Deployment.
pub(crate) fn rollout(object: Object<'_>) -> Health {
    if object.is_true("/status/abort") {
        let message = object.text("/status/message").unwrap_or("no message");
        return Health::degraded(format!("the rollout was aborted: {message}"));
    }
    if object.has_status() && object.text("/status/phase").is_none() {
        return generic::judge(object);
    }
    ROLLOUT.judge(object)
}

pub(crate) fn subscription(object: Object<'_>) -> Health {
    match SUBSCRIPTION.judge(object) {
        Health::Healthy => INSTALLED.judge(object),
        other => other,
    }
}
