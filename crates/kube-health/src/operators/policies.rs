//! What is enforced by every replica of a policy engine on its own.

use serde_json::Value;

use crate::health::Health;
use crate::object::Object;

/// Healthy once it is compiled and no replica refuses it.
pub(crate) fn constraint_template(object: Object<'_>) -> Health {
    if let Some(error) = refused(object) {
        return error;
    }
    if object.is_true("/status/created") {
        return Health::Healthy;
    }
    Health::progressing("status.created is not true yet")
}

/// Healthy once every replica that reports enforces it.
pub(crate) fn constraint(object: Object<'_>) -> Health {
    if let Some(error) = refused(object) {
        return error;
    }
    let replicas = object.list("/status/byPod");
    let enforced =
        |replica: &&Value| replica.get("enforced").and_then(Value::as_bool) == Some(true);
    let (enforcing, all) = (replicas.iter().filter(enforced).count(), replicas.len());
    if all > 0 && enforcing == all {
        return Health::Healthy;
    }
    if all == 0 {
        return Health::progressing("no replica has reported on it yet");
    }
    Health::progressing(format!("{enforcing} of {all} replicas that report enforce it"))
}

fn refused(object: Object<'_>) -> Option<Health> {
    object.list("/status/byPod").iter().find_map(|replica| {
        let error = replica.pointer("/errors/0")?;
        let message = error.get("message").and_then(Value::as_str).unwrap_or("no message");
        let id = replica.get("id").and_then(Value::as_str).unwrap_or("without a name");
        Some(Health::degraded(format!("replica {id} refuses it: {message}")))
    })
}
