//! Snapshots, and backups of what is stored.

use crate::health::Health;
use crate::object::Object;

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
    match object.at("/status/applied").and_then(serde_json::Value::as_bool) {
        Some(true) => Health::Healthy,
        Some(false) => Health::degraded(format!("status.applied is false: {message}")),
        None => Health::progressing("status.applied is not reported yet"),
    }
}
