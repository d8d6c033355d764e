//! What of one component's objects, or of its stack, has to be there before an object.
//!
//! Only what the object itself names, by a field whose meaning the Kubernetes API defines. An
//! object that nobody makes now is no need: it is there, or the server says that it is not.

use std::collections::{BTreeMap, BTreeSet};

use super::object::Object;
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
    ("secretRef", "name", "Secret"),
    ("secretKeyRef", "name", "Secret"),
    ("imagePullSecrets", "name", "Secret"),
    ("persistentVolumeClaim", "claimName", "PersistentVolumeClaim"),
];

const BINDINGS: &[&str] = &["RoleBinding", "ClusterRoleBinding"];
const WEBHOOKS: &[&str] = &["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"];
const RBAC: &str = "rbac.authorization.k8s.io";

/// The objects of one component, as far as others may need them.
pub(super) struct Needs {
    /// By group and kind, the definition of it.
    definitions: BTreeMap<(String, String), String>,
    /// By service account (`ServiceAccount/<namespace>/<name>`), what gives it its rights.
    rights: BTreeMap<String, BTreeSet<String>>,
    /// By namespace, everything in it that runs pods.
    workloads: BTreeMap<String, BTreeSet<String>>,
}

impl Needs {
    pub(super) fn of(objects: &[Object]) -> Self {
        let mut needs = Self {
            definitions: BTreeMap::new(),
            rights: BTreeMap::new(),
            workloads: BTreeMap::new(),
        };
        for object in objects {
            if &*object.kind == "CustomResourceDefinition" {
                let spec = object.value.get("spec");
                let group = spec.and_then(|spec| spec.get("group")?.as_str());
                let kind = spec.and_then(|spec| spec.get("names")?.get("kind")?.as_str());
                if let (Some(group), Some(kind)) = (group, kind) {
                    needs.definitions.insert((group.to_owned(), kind.to_owned()), object.key());
                }
            }
            if is_rbac(object, BINDINGS) {
                for account in accounts(object) {
                    needs.rights.entry(account).or_default().insert(object.key());
                }
            }
            if pod_spec(object).is_some() {
                let namespace = object.namespace.as_deref().unwrap_or_default();
                needs.workloads.entry(namespace.to_owned()).or_default().insert(object.key());
            }
        }
        needs
    }

    /// The keys of what `object` needs.
    pub(super) fn before(&self, object: &Object) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        if let Some(namespace) = &object.namespace {
            found.insert(format!("Namespace/{namespace}"));
        }
        found.extend(
            self.definitions.get(&(object.group.to_string(), object.kind.to_string())).cloned(),
        );
        if let Some(spec) = pod_spec(object) {
            self.pods(object, spec, &mut found);
        }
        if is_rbac(object, BINDINGS) {
            found.extend(role(object));
            found.extend(accounts(object));
        }
        if &*object.kind == "PersistentVolumeClaim" {
            let class = object.value.get("spec").and_then(|s| s.get("storageClassName")?.as_str());
            found.extend(class.map(|class| format!("StorageClass.storage.k8s.io/{class}")));
        }
        if WEBHOOKS.contains(&&*object.kind) || &*object.kind == "APIService" {
            self.service(&object.value, &mut found);
        }
        found.remove(&object.key());
        found
    }

    fn pods(&self, object: &Object, spec: &Value, found: &mut BTreeSet<String>) {
        let inside = |kind: &str, name: &str| match &object.namespace {
            Some(namespace) => format!("{kind}/{namespace}/{name}"),
            None => format!("{kind}/{name}"),
        };
        walk(spec, &mut |key, value| {
            for (_, field, kind) in NAMED.iter().filter(|(within, ..)| *within == key) {
                let values = value.as_list().unwrap_or(std::slice::from_ref(value));
                let names = values.iter().filter_map(|value| value.get(field)?.as_str());
                found.extend(names.map(|name| inside(kind, name)));
            }
        });
        if let Some(account) = spec.get("serviceAccountName").and_then(Value::as_str) {
            let account = inside("ServiceAccount", account);
            found.extend(self.rights.get(&account).into_iter().flatten().cloned());
            found.insert(account);
        }
        if let Some(class) = spec.get("priorityClassName").and_then(Value::as_str) {
            found.insert(format!("PriorityClass.scheduling.k8s.io/{class}"));
        }
    }

    /// The services that are called, and whatever may be behind them.
    fn service(&self, value: &Value, found: &mut BTreeSet<String>) {
        walk(value, &mut |key, value| {
            let text = |field| value.get(field).and_then(Value::as_str);
            let (true, Some(namespace), Some(name)) =
                (key == "service", text("namespace"), text("name"))
            else {
                return;
            };
            found.insert(format!("Service/{namespace}/{name}"));
            found.extend(self.workloads.get(namespace).into_iter().flatten().cloned());
        });
    }
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
fn walk(value: &Value, visit: &mut impl FnMut(&str, &Value)) {
    for item in value.as_list().unwrap_or_default() {
        walk(item, visit);
    }
    for (key, value) in value.as_map().into_iter().flat_map(|map| map.iter()) {
        visit(key, value);
        walk(value, visit);
    }
}
