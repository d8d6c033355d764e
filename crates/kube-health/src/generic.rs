//! What can be said of a kind that no row names: by the conventions of conditions, of phases and
//! of replica counts.
//!
//! Words that tell of trouble weigh more than words that tell of success; an object that says
//! nothing of itself is healthy, for most kinds without a row never get a status.

use serde_json::Value;

use crate::conditions::{Conditions, outdated, worst};
use crate::health::Health;
use crate::object::{Condition, Object, Status, field};
use crate::phases::ends_in_failure;

/// Conditions that are trouble when true; so is every one whose name ends in one of these.
const TROUBLES: &[&str] =
    &["Degraded", "Failed", "Failure", "Error", "Errors", "Invalid", "Irreconcilable"];

/// Conditions of an object that is left alone when true.
const PAUSES: &[&str] = &["Paused", "Suspended", "ReconciliationPaused"];

/// Conditions that sum up the whole object when true.
const SUCCESSES: &[&str] = &[
    "Ready",
    "Available",
    "Healthy",
    "Succeeded",
    "Successful",
    "Complete",
    "Completed",
    "Synced",
    "Reconciled",
    "Established",
    "Accepted",
    "Programmed",
    "Installed",
    "Deployed",
    "Valid",
    "Serving",
];

/// Reasons of Progressing=True that stay when the work is done.
const DONE: &[&str] = &["NewReplicaSetAvailable", "Succeeded", "Completed", "AsExpected"];

/// Where a word for the whole object stands.
const WORDS_AT: &[&str] = &["/status/phase", "/status/state", "/status/status", "/status/health"];

const HEALTHY: &[&str] = &[
    "active",
    "available",
    "bound",
    "complete",
    "completed",
    "connected",
    "created",
    "deployed",
    "done",
    "enabled",
    "established",
    "finished",
    "green",
    "healthy",
    "installed",
    "ok",
    "online",
    "provisioned",
    "ready",
    "running",
    "succeeded",
    "success",
    "successful",
    "synced",
    "valid",
];
const DEGRADED: &[&str] = &[
    "broken",
    "crashloopbackoff",
    "degraded",
    "denied",
    "error",
    "failed",
    "failure",
    "faulted",
    "invalid",
    "lost",
    "offline",
    "red",
    "rejected",
    "unavailable",
    "unhealthy",
];
const SUSPENDED: &[&str] = &["disabled", "hibernated", "paused", "stopped", "suspended"];
const PROGRESSING: &[&str] = &[
    "inprogress",
    "in_progress",
    "new",
    "notready",
    "queued",
    "requested",
    "scheduled",
    "started",
    "submitted",
    "unknown",
    "yellow",
];

/// Booleans that sum up the whole object.
const FLAGS: &[&str] =
    &["/status/ready", "/status/healthy", "/status/valid", "/status/conditionStatus/ready"];

/// The parts of the spec that are read.
pub(crate) const READS: &[&str] = &["/spec/replicas"];

const RULE: Conditions = Conditions::required(&[]);

pub(crate) fn judge(object: Object<'_>) -> Health {
    let pause = object.conditions().find(|it| it.is_true() && PAUSES.contains(&it.name));
    if let Some(pause) = pause {
        return Health::suspended(pause.to_string());
    }
    let troubles = object.conditions().filter(|it| it.is_true() && is_trouble(it.name));
    let troubles = troubles.filter(|it| outdated(object, *it).is_none());
    let troubles = troubles.map(|it| Health::degraded(it.to_string()));
    let summed: Vec<_> = object.conditions().filter(|it| SUCCESSES.contains(&it.name)).collect();
    let summed_up = !summed.is_empty();
    let successes = summed.into_iter().map(|it| RULE.weigh(object, it));
    let progress = object.condition("Progressing").map(progress);
    let said = worst(troubles.chain(successes).chain(progress));
    if said != Health::Healthy {
        return said;
    }
    if let Some(health) = replicas(object) {
        return health;
    }
    // Conditions are newer than phases: where both are there, phases are what is left over.
    if summed_up { Health::Healthy } else { worded(object).unwrap_or(Health::Healthy) }
}

/// `NoError` and `NotFailed` are no trouble, `NodeFailure` is.
fn is_trouble(name: &str) -> bool {
    let denied = ["No", "Not"]
        .iter()
        .any(|no| name.strip_prefix(no).is_some_and(|rest| rest.starts_with(char::is_uppercase)));
    !denied && TROUBLES.iter().any(|trouble| name.ends_with(trouble))
}

fn progress(condition: Condition<'_>) -> Health {
    match condition.status {
        Status::True if !DONE.contains(&condition.reason) => {
            Health::progressing(condition.to_string())
        }
        Status::False if condition.reason.contains("Exceeded") => {
            Health::degraded(condition.to_string())
        }
        _ => Health::Healthy,
    }
}

fn replicas(object: Object<'_>) -> Option<Health> {
    let wanted = object.number("/spec/replicas")?;
    let ready = object.number("/status/readyReplicas")?;
    (ready < wanted).then(|| Health::progressing(format!("{ready} of {wanted} replicas are ready")))
}

fn worded(object: Object<'_>) -> Option<Health> {
    let is_false = |pointer: &&&str| object.at(pointer).and_then(Value::as_bool) == Some(false);
    if let Some(flag) = FLAGS.iter().find(is_false) {
        return Some(Health::progressing(format!("{} is false", field(flag))));
    }
    let at = WORDS_AT.iter().find(|pointer| object.text(pointer).is_some())?;
    let word = object.text(at)?;
    let lower = word.to_ascii_lowercase();
    let is_in = |words: &[&str]| words.contains(&lower.as_str());
    let field = field(at);
    let message = object.text("/status/message").or_else(|| object.text("/status/reason"));
    let reason = match message {
        None => format!("{field} is {word}"),
        Some(message) => format!("{field} is {word}: {message}"),
    };
    Some(if is_in(HEALTHY) {
        Health::Healthy
    } else if is_in(DEGRADED) || ends_in_failure(word) {
        Health::degraded(reason)
    } else if is_in(SUSPENDED) {
        Health::suspended(reason)
    } else if is_in(PROGRESSING) || lower.contains("pending") || lower.ends_with("ing") {
        Health::progressing(reason)
    } else {
        Health::unknown(format!("{reason}, and no rule knows this word"))
    })
}

#[cfg(test)]
mod tests;
