//! In which order the parts of an object are asked.

use jiff::Timestamp;
use serde_json::Value;

use crate::generic;
use crate::health::Health;
use crate::object::{Object, field};
use crate::table::{self, Rule};

/// Booleans of the spec that say "leave this alone".
pub(crate) const PAUSED: &[&str] =
    &["/spec/paused", "/spec/suspend", "/spec/suspended", "/spec/pause"];

/// Annotations that say the same, with the value they need; none means any.
const PAUSED_BY: &[(&str, Option<&str>)] = &[
    ("argocd.argoproj.io/skip-reconcile", Some("true")),
    ("autoscaling.keda.sh/paused", Some("true")),
    ("autoscaling.keda.sh/paused-replicas", None),
    ("cluster.x-k8s.io/paused", None),
    ("cnpg.io/hibernation", Some("on")),
    ("crossplane.io/paused", Some("true")),
    ("eck.k8s.elastic.co/managed", Some("false")),
    ("strimzi.io/pause-reconciliation", Some("true")),
];

/// Conditions of a namespace that tell what holds up its deletion.
const LEFT: &[&str] = &[
    "NamespaceFinalizersRemaining",
    "NamespaceContentRemaining",
    "NamespaceDeletionContentFailure",
    "NamespaceDeletionDiscoveryFailure",
    "NamespaceDeletionGroupVersionParsingFailure",
];

/// The state of an object of this group (empty for the oldest kinds) and kind, in any version.
///
/// Asked in this order: is it being deleted; is it paused (before its generation, which nobody
/// observes while it is paused); has its controller seen this generation; does it say that it is
/// reconciling or stalled; the rule of its kind, or the conventions of conditions.
pub fn judge(group: &str, kind: &str, object: &Value, now: Timestamp) -> Health {
    if !object.is_object() {
        return Health::unknown("this is not a Kubernetes object");
    }
    let before = judge_any(object, now);
    let object = Object::new(object, now);
    if let Some(health) = before.or_else(|| marked(object)) {
        return health;
    }
    match table::rule(group, kind) {
        None | Some(Rule::Exists) => generic::judge(object),
        Some(Rule::Conditions(rule)) => rule.judge(object),
        Some(Rule::Phases(rule)) => rule.judge(object),
        Some(Rule::Code(rule)) => rule(object),
    }
}

/// What holds for an object of any kind, whoever has the rule for it: that it is being deleted, that
/// it is paused, or that its controller has not seen this generation. `None`: none of that is so.
pub fn judge_any(object: &Value, now: Timestamp) -> Option<Health> {
    let object = Object::new(object, now);
    deleted(object).or_else(|| paused(object)).or_else(|| unobserved(object))
}

fn deleted(object: Object<'_>) -> Option<Health> {
    let since = object.at("/metadata/deletionTimestamp")?;
    let since = since.as_str().unwrap_or("an unknown time");
    let names: Vec<_> =
        object.list("/metadata/finalizers").iter().filter_map(Value::as_str).collect();
    let waits = match names.as_slice() {
        [] => String::new(),
        names => format!(", waits for its finalizers {}", names.join(", ")),
    };
    let left = object.conditions().find(|it| it.is_true() && LEFT.contains(&it.name));
    let left = left.map(|it| format!("; {it}")).unwrap_or_default();
    Some(Health::progressing(format!("it is being deleted since {since}{waits}{left}")))
}

fn paused(object: Object<'_>) -> Option<Health> {
    let flag = PAUSED
        .iter()
        .find(|pointer| object.is_true(pointer))
        .map(|pointer| format!("{} is true", field(pointer)));
    let by_annotation = || {
        PAUSED_BY.iter().find_map(|(name, needed)| {
            let value = object.annotation(name)?;
            let applies = needed.is_none_or(|needed| needed == value);
            applies.then(|| format!("annotation {name} is {value:?}"))
        })
    };
    flag.or_else(by_annotation).map(Health::suspended)
}

fn unobserved(object: Object<'_>) -> Option<Health> {
    let generation = object.number("/metadata/generation")?;
    let observed = object.number("/status/observedGeneration")?;
    (observed != generation).then(|| {
        Health::progressing(format!(
            "generation {generation} is not observed yet, the status is of {observed}"
        ))
    })
}

fn marked(object: Object<'_>) -> Option<Health> {
    let reconciling = object.holds("Reconciling").map(|it| Health::progressing(it.to_string()));
    reconciling.or_else(|| object.holds("Stalled").map(|it| Health::degraded(it.to_string())))
}

#[cfg(test)]
mod tests;
