//! What of its stack has to be there before an object.
//!
//! Only what the object itself names, by a field whose meaning the Kubernetes API defines. An
//! object that nobody makes now is no need: it is there, or the server says that it is not.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::object::Object;
use super::{calls, scope};
use crate::ids::ResourceKey;
use crate::model::need::Need;
use crate::model::upkeep::Upkeep;
use crate::model::value::Value;

/// Kinds that run pods, and the way to what their pods are.
const POD_SPECS: &[(&str, &[&str])] = &[
    ("Pod", &["spec"]),
    ("Deployment", &["spec", "template", "spec"]),
    ("ReplicaSet", &["spec", "template", "spec"]),
    ("StatefulSet", &["spec", "template", "spec"]),
    ("DaemonSet", &["spec", "template", "spec"]),
    ("ReplicationController", &["spec", "template", "spec"]),
    ("Job", &["spec", "template", "spec"]),
    ("CronJob", &["spec", "jobTemplate", "spec", "template", "spec"]),
];

/// Fields of a pod that name an object: the field, what the name is called in it, and the kind.
const NAMED: &[(&str, &str, &str)] = &[
    ("configMap", "name", "ConfigMap"),
    ("configMapRef", "name", "ConfigMap"),
    ("configMapKeyRef", "name", "ConfigMap"),
    ("secret", "secretName", "Secret"),
    // That of a projected volume.
    ("secret", "name", "Secret"),
    ("secretRef", "name", "Secret"),
    ("secretKeyRef", "name", "Secret"),
    ("imagePullSecrets", "name", "Secret"),
    ("persistentVolumeClaim", "claimName", "PersistentVolumeClaim"),
];

const BINDINGS: &[&str] = &["RoleBinding", "ClusterRoleBinding"];
const RBAC: &str = "rbac.authorization.k8s.io";

/// What `object` needs.
pub(super) fn before(object: &Object) -> BTreeSet<Need> {
    let mut found = BTreeSet::new();
    if let Some(namespace) = &object.namespace {
        found.extend(named(format!("Namespace/{namespace}")));
    }
    if !scope::is_built_in(&object.group) {
        found.insert(definition(&object.group, &object.kind));
    }
    if let Some(spec) = pod_spec(object) {
        pods(object, spec, &mut found);
    }
    if is_rbac(object, BINDINGS) {
        found.extend(role(object).and_then(named));
        found.extend(accounts(object).into_iter().filter_map(named));
    }
    classes(object, &mut found);
    for (namespace, service) in calls::services(object) {
        found.extend(named(service));
        found.insert(Need::Workloads(namespace.into()));
    }
    found.extend(behalf(object));
    found
}

/// What others may need that `object` gives, beside itself.
pub(super) fn gives(object: &Object) -> Vec<Need> {
    let mut given = Vec::new();
    given.extend(object.defines().map(|(group, kind)| definition(&group, &kind)));
    if is_rbac(object, BINDINGS) {
        for account in accounts(object).into_iter().map(Arc::<str>::from) {
            given.extend([Need::Rights(account.clone()), Need::Behalf(account)]);
        }
    }
    if object.group.is_empty() && &*object.kind == "ServiceAccount" {
        given.push(Need::Behalf(object.key().into()));
    }
    if pod_spec(object).is_some() {
        given.push(Need::Workloads(object.namespace.as_deref().unwrap_or_default().into()));
    }
    given
}

/// The account whose rights count for the object, if its annotation names one.
fn behalf(object: &Object) -> Option<Need> {
    let annotations = object.value.get("metadata")?.get("annotations")?;
    let account = annotations.get(Upkeep::ACCOUNT)?.as_str()?;
    Some(Need::Behalf(format!("ServiceAccount/{account}").into()))
}

/// The object with this key. What is no key names no object that anybody could make.
fn named(key: String) -> Option<Need> {
    ResourceKey::new(key).ok().map(Need::Resource)
}

fn definition(group: &str, kind: &str) -> Need {
    Need::Definition(format!("{kind}.{group}").into())
}

fn pods(object: &Object, spec: &Value, found: &mut BTreeSet<Need>) {
    let inside = |kind: &str, name: &str| match &object.namespace {
        Some(namespace) => format!("{kind}/{namespace}/{name}"),
        None => format!("{kind}/{name}"),
    };
    walk(spec, &mut |key, value| {
        for (_, field, kind) in NAMED.iter().filter(|(within, ..)| *within == key) {
            let values = value.as_list().unwrap_or(std::slice::from_ref(value));
            let names = values.iter().filter_map(|value| value.get(field)?.as_str());
            found.extend(names.filter_map(|name| named(inside(kind, name))));
        }
    });
    if let Some(account) = spec.get("serviceAccountName").and_then(Value::as_str) {
        let account = inside("ServiceAccount", account);
        found.insert(Need::Rights(account.as_str().into()));
        found.extend(named(account));
    }
    let class = |field| spec.get(field).and_then(Value::as_str);
    let priority =
        class("priorityClassName").map(|it| format!("PriorityClass.scheduling.k8s.io/{it}"));
    let runtime = class("runtimeClassName").map(|it| format!("RuntimeClass.node.k8s.io/{it}"));
    found.extend(priority.into_iter().chain(runtime).filter_map(named));
}

/// The classes that `object` is of, or whose claims are.
fn classes(object: &Object, found: &mut BTreeSet<Need>) {
    let Some(spec) = object.value.get("spec") else { return };
    let claims = spec.get("volumeClaimTemplates").and_then(Value::as_list).unwrap_or_default();
    let (specs, field, kind) = match (&*object.group, &*object.kind) {
        ("", "PersistentVolumeClaim") => (vec![spec], "storageClassName", "StorageClass.storage"),
        ("apps", "StatefulSet") => {
            let specs = claims.iter().filter_map(|claim| claim.get("spec")).collect();
            (specs, "storageClassName", "StorageClass.storage")
        }
        ("networking.k8s.io", "Ingress") => {
            (vec![spec], "ingressClassName", "IngressClass.networking")
        }
        _ => return,
    };
    let names = specs.into_iter().filter_map(|spec| spec.get(field)?.as_str());
    found.extend(names.filter_map(|name| named(format!("{kind}.k8s.io/{name}"))));
}

fn is_rbac(object: &Object, kinds: &[&str]) -> bool {
    &*object.group == RBAC && kinds.contains(&&*object.kind)
}

fn pod_spec(object: &Object) -> Option<&Value> {
    let (_, path) = POD_SPECS.iter().find(|(kind, _)| *kind == &*object.kind)?;
    path.iter().try_fold(&object.value, |value, key| value.get(key))
}

/// The service accounts that a binding gives rights to.
fn accounts(object: &Object) -> Vec<String> {
    let subjects = object.value.get("subjects").and_then(Value::as_list).unwrap_or_default();
    let each = subjects.iter().filter_map(|subject| {
        let text = |field| subject.get(field).and_then(Value::as_str);
        let namespace = text("namespace").or(object.namespace.as_deref())?;
        (text("kind")? == "ServiceAccount")
            .then(|| format!("ServiceAccount/{namespace}/{}", text("name").unwrap_or_default()))
    });
    each.collect()
}

/// The role that a binding binds.
fn role(object: &Object) -> Option<String> {
    let role = object.value.get("roleRef")?;
    let (kind, name) = (role.get("kind")?.as_str()?, role.get("name")?.as_str()?);
    match (kind, &object.namespace) {
        ("Role", Some(namespace)) => Some(format!("Role.{RBAC}/{namespace}/{name}")),
        ("ClusterRole", _) => Some(format!("ClusterRole.{RBAC}/{name}")),
        _ => None,
    }
}

/// Shows every entry of every map in `value`.
pub(super) fn walk(value: &Value, visit: &mut impl FnMut(&str, &Value)) {
    for item in value.as_list().unwrap_or_default() {
        walk(item, visit);
    }
    for (key, value) in value.as_map().into_iter().flat_map(|map| map.iter()) {
        visit(key, value);
        walk(value, visit);
    }
}
