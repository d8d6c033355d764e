//! What the cluster itself is made of.

use crate::conditions::{Conditions, Sign};
use crate::health::Health;
use crate::object::{Object, Status};

const NODE: Conditions = Conditions::required(&["Ready"]).strict().signs(&[
    Sign::degraded("MemoryPressure", Status::True),
    Sign::degraded("DiskPressure", Status::True),
    Sign::degraded("PIDPressure", Status::True),
    Sign::degraded("NetworkUnavailable", Status::True),
    Sign::degraded("Ready", Status::Unknown),
]);

/// A node that takes no new pods is suspended, unless it is worse.
pub(crate) fn node(object: Object<'_>) -> Health {
    match NODE.judge(object) {
        Health::Healthy if object.is_true("/spec/unschedulable") => {
            Health::suspended("spec.unschedulable is true: it takes no new pods")
        }
        health => health,
    }
}

/// As the libraries of others, it does not wait for an external address: not every cluster gives
/// one.
pub(crate) fn service(object: Object<'_>) -> Health {
    let balanced = object.text("/spec/type") == Some("LoadBalancer");
    if balanced && object.text("/spec/clusterIP").is_none() {
        return Health::progressing("it has no cluster address yet");
    }
    Health::Healthy
}

const CLAIM: Conditions = Conditions::required(&[]).signs(&[
    Sign::degraded("ControllerResizeError", Status::True),
    Sign::degraded("NodeResizeError", Status::True),
    Sign::degraded("ModifyVolumeError", Status::True),
]);

/// Whether its class binds at once or with the first pod stands in the class alone.
pub(crate) fn persistent_volume_claim(object: Object<'_>) -> Health {
    match object.text("/status/phase") {
        Some("Bound") => CLAIM.judge(object),
        Some("Lost") => Health::degraded("the volume that it was bound to is gone"),
        _ => Health::progressing(
            "it is not bound to a volume yet; a class that waits for the first consumer binds it \
             when a pod uses it",
        ),
    }
}

pub(crate) fn custom_resource_definition(object: Object<'_>) -> Health {
    let names = object.condition("NamesAccepted").filter(|it| it.status == Status::False);
    if let Some(refused) = names {
        return Health::degraded(refused.to_string());
    }
    match object.condition("Established") {
        None => Health::progressing("its condition Established is not reported yet"),
        Some(established) if established.is_true() => Health::Healthy,
        Some(refused) if refused.status == Status::False && refused.reason != "Installing" => {
            Health::degraded(refused.to_string())
        }
        Some(installing) => Health::progressing(installing.to_string()),
    }
}

pub(crate) fn certificate_signing_request(object: Object<'_>) -> Health {
    if let Some(refused) = object.holds("Denied").or_else(|| object.holds("Failed")) {
        return Health::degraded(refused.to_string());
    }
    if object.text("/status/certificate").is_some() {
        return Health::Healthy;
    }
    Health::progressing(match object.holds("Approved") {
        None => "it is not approved yet: kubectl certificate approve does so",
        Some(_) => "it is approved, its signer has not issued the certificate yet",
    })
}

pub(crate) fn volume_attachment(object: Object<'_>) -> Health {
    let error = ["attachError", "detachError"].into_iter().find_map(|name| {
        let message = object.text(&format!("/status/{name}/message"))?;
        Some(format!("status.{name}: {message}"))
    });
    match error {
        Some(error) => Health::degraded(error),
        None if object.is_true("/status/attached") => Health::Healthy,
        None => Health::progressing("the volume is not attached yet"),
    }
}
