//! What is stored, and the databases in it.

use serde_json::Value;

use crate::health::Health;
use crate::object::Object;
use crate::phases::Phases;

const CEPH: Phases =
    Phases::at("/status/phase").healthy(&["Ready", "Connected"]).degraded(&["Failure"]);

/// Healthy once its operator is done and Ceph itself warns of nothing.
pub(crate) fn ceph_cluster(object: Object<'_>) -> Health {
    match (CEPH.judge(object), object.text("/status/ceph/health")) {
        (Health::Healthy, Some(health)) if health != "HEALTH_OK" => {
            let checks = object.at("/status/ceph/details").and_then(Value::as_object);
            let checks = checks.into_iter().flatten().map(|(name, check)| {
                let message = check.get("message").and_then(Value::as_str).unwrap_or_default();
                format!("; {name}: {message}")
            });
            Health::degraded(format!("ceph is {health}{}", checks.collect::<String>()))
        }
        (health, _) => health,
    }
}

/// Snapshots, their contents and groups of them.
pub(crate) fn snapshot(object: Object<'_>) -> Health {
    if let Some(message) = object.text("/status/error/message") {
        return Health::degraded(format!("status.error: {message}"));
    }
    if object.is_true("/status/readyToUse") {
        return Health::Healthy;
    }
    Health::progressing("status.readyToUse is not true yet")
}

/// Databases, publications and subscriptions inside a CloudNativePG cluster.
pub(crate) fn applied(object: Object<'_>) -> Health {
    let message = object.text("/status/message").unwrap_or("no message");
    match object.at("/status/applied").and_then(Value::as_bool) {
        Some(true) => Health::Healthy,
        Some(false) => Health::degraded(format!("status.applied is false: {message}")),
        None => Health::progressing("status.applied is not reported yet"),
    }
}

/// Healthy once every set of instances has all of them ready.
pub(crate) fn postgres_cluster(object: Object<'_>) -> Health {
    let sets = object.list("/status/instances");
    if sets.is_empty() {
        return Health::progressing("status.instances is not reported yet");
    }
    let short = sets.iter().find_map(|set| {
        let count = |key: &str| set.get(key).and_then(Value::as_i64).unwrap_or(0);
        let (ready, all) = (count("readyReplicas"), count("replicas"));
        let name = set.get("name").and_then(Value::as_str).unwrap_or("without a name");
        (ready < all).then(|| format!("{ready} of {all} instances of set {name} are ready"))
    });
    short.map_or(Health::Healthy, Health::progressing)
}
