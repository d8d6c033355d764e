//! A single pod.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::health::Health;
use crate::object::{Object, Status};

/// How long the scheduler may need, in seconds from creation: a node may be starting up.
const SCHEDULING_SECONDS: i64 = 15;

/// Why a container waits that nothing but a change of the pod or of its image will end.
const STUCK: &[&str] = &[
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImageNeverPull",
    "InvalidImageName",
    "CreateContainerError",
    "RunContainerError",
];

/// A pod that failed is degraded, though others wait no longer for it: it says that it failed.
pub(crate) fn pod(object: Object<'_>) -> Health {
    let phase = object.text("/status/phase").unwrap_or_default();
    let ready = object.condition("Ready");
    let done = ready.is_some_and(|it| it.reason == "PodCompleted");
    match phase {
        "Succeeded" => return Health::Healthy,
        "Running" if done || object.holds("Ready").is_some() => return Health::Healthy,
        "Failed" => return Health::degraded(failure(object)),
        _ => {}
    }
    let waiting: Vec<_> = waiting(object).collect();
    if let Some((_, text)) = waiting.iter().find(|(reason, _)| STUCK.contains(reason)) {
        return Health::degraded(text.as_str());
    }
    if let Some(health) = unschedulable(object) {
        return health;
    }
    // An ordinary start says nothing that the phase does not say.
    let telling = |reason: &str| !["ContainerCreating", "PodInitializing"].contains(&reason);
    let waits = waiting.into_iter().find(|(reason, _)| telling(reason));
    let reason = match (phase, waits, ready) {
        (_, Some((_, text)), _) => text,
        ("", ..) => "its phase is not reported yet".to_owned(),
        ("Running", _, Some(ready)) => ready.to_string(),
        _ => format!("its phase is {phase}"),
    };
    Health::progressing(reason)
}

fn failure(object: Object<'_>) -> String {
    let said = object.text("/status/message").or_else(|| object.text("/status/reason"));
    let ended = || {
        statuses(object).find_map(|(name, status)| {
            let code = status.pointer("/state/terminated/exitCode")?.as_i64()?;
            (code != 0).then(|| format!("container {name} ended with exit code {code}"))
        })
    };
    match said.map(str::to_owned).or_else(ended) {
        None => "its phase is Failed".to_owned(),
        Some(said) => format!("its phase is Failed: {said}"),
    }
}

fn unschedulable(object: Object<'_>) -> Option<Health> {
    let scheduled = object.condition("PodScheduled")?;
    if scheduled.status != Status::False || scheduled.reason != "Unschedulable" {
        return None;
    }
    let created: Option<Timestamp> =
        object.text("/metadata/creationTimestamp").and_then(|text| text.parse().ok());
    let grace = SignedDuration::from_secs(SCHEDULING_SECONDS);
    let until = created.and_then(|created| created.checked_add(grace).ok());
    Some(match until.filter(|until| *until > object.now) {
        None => Health::degraded(scheduled.to_string()),
        until => Health::Progressing { reason: scheduled.to_string().into(), until },
    })
}

/// Reason and sentence of every container that waits.
fn waiting(object: Object<'_>) -> impl Iterator<Item = (&str, String)> {
    statuses(object).filter_map(|(name, status)| {
        let text = |key: &str| status.pointer(&format!("/state/waiting/{key}"))?.as_str();
        let reason = text("reason")?;
        let sentence = match text("message") {
            None => format!("container {name} waits: {reason}"),
            Some(message) => format!("container {name} waits: {reason}: {message}"),
        };
        Some((reason, sentence))
    })
}

fn statuses(object: Object<'_>) -> impl Iterator<Item = (&str, &Value)> {
    let first = object.list("/status/initContainerStatuses");
    first.iter().chain(object.list("/status/containerStatuses")).map(|status| {
        (status.get("name").and_then(Value::as_str).unwrap_or("without a name"), status)
    })
}
