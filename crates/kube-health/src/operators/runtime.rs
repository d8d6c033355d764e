//! What runs workloads on behalf of an operator and reports them in its own way.

use crate::generic;
use crate::health::Health;
use crate::object::Object;

/// A collector reports its pods as one text, `ready/all`; as a sidecar it has no pods.
pub(crate) fn collector(object: Object<'_>) -> Health {
    if object.text("/spec/mode") == Some("sidecar") {
        return Health::Healthy;
    }
    let Some(text) = object.text("/status/scale/statusReplicas") else {
        return Health::progressing("status.scale.statusReplicas is not reported yet");
    };
    let counts = text.split_once('/');
    let counts = counts.and_then(|(ready, all)| {
        Some((ready.trim().parse::<u32>().ok()?, all.trim().parse::<u32>().ok()?))
    });
    match counts {
        Some((ready, all)) if ready < all => {
            Health::progressing(format!("{ready} of {all} replicas are ready"))
        }
        Some(_) => Health::Healthy,
        None => Health::unknown(format!("status.scale.statusReplicas is {text}")),
    }
}

/// Instances of a pool against those that are there.
pub(crate) fn pooler(object: Object<'_>) -> Health {
    let wanted = object.number("/spec/instances").unwrap_or(1);
    let have = object.count("/status/instances");
    if have < wanted {
        return Health::progressing(format!("{have} of {wanted} instances are there"));
    }
    Health::Healthy
}

/// What [`provided`] reads of the spec.
pub(crate) const PROVIDED: &[&str] = &["/spec/replicas", "/spec/template"];

/// What a provider of Cluster API makes follows the conventions; its templates have no status.
pub(crate) fn provided(object: Object<'_>) -> Health {
    if !object.has_status() && object.at("/spec/template").is_none() {
        return Health::progressing("its status is not reported yet");
    }
    generic::judge(object)
}
