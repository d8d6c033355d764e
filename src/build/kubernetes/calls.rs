//! What the API server calls, and what answers.
//!
//! Once a webhook or an API is registered, each request that it is for is refused until it answers. So
//! what runs behind its service does well first.

use super::needs::walk;
use super::object::Object;
use crate::ids::ResourceKey;
use crate::model::need::{Call, Labels};
use crate::model::value::Value;

/// Kinds that make the API server call a service. A definition with a webhook for its versions is not
/// one: what answers there mostly needs the definition itself.
const CALLERS: &[(&str, &str)] = &[
    ("admissionregistration.k8s.io", "ValidatingWebhookConfiguration"),
    ("admissionregistration.k8s.io", "MutatingWebhookConfiguration"),
    ("apiregistration.k8s.io", "APIService"),
];

/// Kinds that run pods for as long as they are there.
const RUNNING: &[(&str, &str)] = &[
    ("apps", "Deployment"),
    ("apps", "ReplicaSet"),
    ("apps", "StatefulSet"),
    ("apps", "DaemonSet"),
    ("", "ReplicationController"),
];

/// The services that the API server calls once `object` is there.
pub(super) fn made(object: &Object) -> Option<Call> {
    let called = services(object).into_iter();
    let called = called.filter_map(|(_, service)| ResourceKey::new(service).ok());
    Some(Call::Makes(called.collect())).filter(|call| *call != Call::Makes([].into()))
}

/// Which part an object has in calls that others make it part of: read where somebody makes one, for most
/// stacks make none.
pub(in crate::build) fn part(object: &Value) -> Option<Call> {
    let text = |field| object.get(field).and_then(Value::as_str).unwrap_or_default();
    let group = text("apiVersion").split_once('/').map_or("", |(group, _)| group);
    let field = |path: &[&str]| path.iter().try_fold(object, |value, key| value.get(key));
    let namespace = field(&["metadata", "namespace"]).and_then(Value::as_str).unwrap_or_default();
    let labels = |path: &[&str]| labels(namespace, field(path));
    match (group, text("kind")) {
        ("", "Service") => Some(Call::Leads(labels(&["spec", "selector"]))),
        ("", "Pod") => Some(Call::Answers(labels(&["metadata", "labels"]))),
        kind if RUNNING.contains(&kind) => {
            Some(Call::Answers(labels(&["spec", "template", "metadata", "labels"])))
        }
        _ => None,
    }
}

/// The services that `object` makes the API server call: the namespace of each, and its key.
pub(super) fn services(object: &Object) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if !CALLERS.contains(&(&*object.group, &*object.kind)) {
        return found;
    }
    walk(&object.value, &mut |key, value| {
        let text = |field| value.get(field).and_then(Value::as_str);
        if let (true, Some(namespace), Some(name)) =
            (key == "service", text("namespace"), text("name"))
        {
            found.push((namespace.to_owned(), format!("Service/{namespace}/{name}")));
        }
    });
    found
}

fn labels(namespace: &str, labels: Option<&Value>) -> Labels {
    let pairs = labels.and_then(Value::as_map).into_iter().flat_map(|map| map.iter());
    let pairs = pairs.filter_map(|(key, value)| Some(((&**key).into(), value.as_str()?.into())));
    Labels { namespace: namespace.into(), pairs: pairs.collect() }
}
