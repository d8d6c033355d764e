//! What runs pods: the rules that `kubectl`'s own library and Flux wait by, in their order.

use crate::health::Health;
use crate::object::Object;

/// What `progressDeadlineSeconds` is where there is no deadline.
const NO_DEADLINE: i64 = i32::MAX as i64;

pub(crate) fn deployment(object: Object<'_>) -> Health {
    let progress = object.condition("Progressing");
    if let Some(late) = progress.filter(|it| it.reason == "ProgressDeadlineExceeded") {
        return Health::degraded(because(object, late.to_string()));
    }
    let wanted = wanted(object);
    let pods = object.count("/status/replicas");
    let updated = object.count("/status/updatedReplicas");
    let short = of(pods, wanted, "created")
        .or_else(|| of(updated, wanted, "updated"))
        .or_else(|| left_over(pods, wanted))
        .or_else(|| of(object.count("/status/availableReplicas"), updated, "available"))
        .or_else(|| of(object.count("/status/readyReplicas"), wanted, "ready"));
    if let Some(short) = short {
        return Health::progressing(because(object, short));
    }
    let deadline = object.number("/spec/progressDeadlineSeconds").unwrap_or(NO_DEADLINE);
    let arrived = progress.is_some_and(|it| it.is_true() && it.reason == "NewReplicaSetAvailable");
    if deadline != NO_DEADLINE && !arrived {
        return Health::progressing(progress.map_or_else(
            || "its condition Progressing is not reported yet".to_owned(),
            |progress| progress.to_string(),
        ));
    }
    available(object)
}

fn available(object: Object<'_>) -> Health {
    match object.condition("Available") {
        Some(available) if available.is_true() => Health::Healthy,
        Some(available) => Health::progressing(available.to_string()),
        None => Health::progressing("its condition Available is not reported yet"),
    }
}

pub(crate) fn replica_set(object: Object<'_>) -> Health {
    if object.holds("ReplicaFailure").is_some() {
        return Health::progressing(because(object, "pods cannot be created".to_owned()));
    }
    let wanted = wanted(object);
    let short = of(object.count("/status/fullyLabeledReplicas"), wanted, "labelled")
        .or_else(|| of(object.count("/status/availableReplicas"), wanted, "available"))
        .or_else(|| of(object.count("/status/readyReplicas"), wanted, "ready"))
        .or_else(|| left_over(object.count("/status/replicas"), wanted));
    short.map_or(Health::Healthy, Health::progressing)
}

pub(crate) fn stateful_set(object: Object<'_>) -> Health {
    if object.text("/spec/updateStrategy/type") == Some("OnDelete") {
        return Health::Healthy;
    }
    let wanted = wanted(object);
    let pods = object.count("/status/replicas");
    let short = of(pods, wanted, "created")
        .or_else(|| of(object.count("/status/readyReplicas"), wanted, "ready"))
        .or_else(|| left_over(pods, wanted));
    if let Some(short) = short {
        return Health::progressing(short);
    }
    if let Some(partition) = object.number("/spec/updateStrategy/rollingUpdate/partition") {
        let updated = object.count("/status/updatedReplicas");
        let short = of(updated, wanted.saturating_sub(partition), "updated");
        return short.map_or(Health::Healthy, Health::progressing);
    }
    if let Some(short) = of(object.count("/status/currentReplicas"), wanted, "current") {
        return Health::progressing(short);
    }
    let revision = |name: &str| object.text(&format!("/status/{name}")).unwrap_or_default();
    let (current, update) = (revision("currentRevision"), revision("updateRevision"));
    if current == update {
        Health::Healthy
    } else {
        Health::progressing(format!("revision {update} is to take the place of {current}"))
    }
}

/// Beyond the rule of others: with `OnDelete` outdated pods are not waited for, since they stay
/// until somebody deletes them.
pub(crate) fn daemon_set(object: Object<'_>) -> Health {
    let observed = object.number("/status/observedGeneration");
    if observed.is_none() || object.number("/metadata/generation").is_none() {
        return Health::progressing("its generation is not observed yet");
    }
    let Some(wanted) = object.number("/status/desiredNumberScheduled") else {
        return Health::progressing("status.desiredNumberScheduled is not reported yet");
    };
    let by_hand = object.text("/spec/updateStrategy/type") == Some("OnDelete");
    let updated = object.count("/status/updatedNumberScheduled");
    let short = of(object.count("/status/currentNumberScheduled"), wanted, "scheduled")
        .or_else(|| of(updated, wanted, "updated").filter(|_| !by_hand))
        .or_else(|| of(object.count("/status/numberAvailable"), wanted, "available"))
        .or_else(|| of(object.count("/status/numberReady"), wanted, "ready"));
    short.map_or(Health::Healthy, Health::progressing)
}

/// Healthy once complete, as a component that waits for it wants it.
pub(crate) fn job(object: Object<'_>) -> Health {
    if object.holds("Complete").is_some() {
        return Health::Healthy;
    }
    if let Some(failed) = object.holds("Failed").or_else(|| object.holds("FailureTarget")) {
        return Health::degraded(failed.to_string());
    }
    if object.at("/status/startTime").is_none() {
        return Health::progressing("it has not started yet");
    }
    let active = object.count("/status/active");
    let failed = object.count("/status/failed");
    let done = object.count("/status/succeeded");
    let of = match object.number("/spec/completions") {
        Some(wanted) => format!("{done} of {wanted} pods have succeeded"),
        None => format!("{done} pods have succeeded"),
    };
    Health::progressing(format!("{of}, {active} are active, {failed} have failed"))
}

fn wanted(object: Object<'_>) -> i64 {
    object.number("/spec/replicas").unwrap_or(1)
}

fn of(have: i64, wanted: i64, what: &str) -> Option<String> {
    (have < wanted).then(|| format!("{have} of {wanted} replicas are {what}"))
}

fn left_over(pods: i64, wanted: i64) -> Option<String> {
    let text = || format!("{pods} replicas exist for {wanted}: old ones are still to end");
    (pods > wanted).then(text)
}

/// Adds why pods cannot be created, which no count tells.
fn because(object: Object<'_>, what: String) -> String {
    match object.holds("ReplicaFailure") {
        None => what,
        Some(failure) => format!("{what}; {failure}"),
    }
}
