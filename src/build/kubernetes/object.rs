//! One object: who it is, and what its kind implies.

use std::sync::Arc;

use super::scope::{self, ClusterKinds, Scope};
use super::{Moment, filled};
use crate::model::cipher;
use crate::model::observation::STATEFUL_KINDS;
use crate::model::path::FieldPath;
use crate::model::value::{Map, Node, Rules, Value};

/// An object with a kind and a name, typed.
pub(super) struct Object {
    pub(super) kind: Arc<str>,
    pub(super) name: Arc<str>,
    pub(super) namespace: Option<Arc<str>>,
    /// The API group; empty for the oldest one.
    pub(super) group: Arc<str>,
    pub(super) value: Value,
    /// Fields of it that a program has made up.
    pub(super) made_up: Vec<FieldPath>,
    /// When it is made.
    pub(super) moment: Moment,
}

/// What objects have that do not say otherwise.
pub(super) struct Defaults {
    pub(super) namespace: Option<String>,
    pub(super) labels: Map,
    pub(super) annotations: Map,
}

/// Why a value is not an object.
pub(super) struct Problem {
    pub(super) message: String,
    pub(super) hint: &'static str,
    /// The part that is wrong; `None`: all of it.
    pub(super) at: Option<Value>,
}

impl Object {
    pub(super) fn read(value: &Value) -> Result<Self, Problem> {
        let value = value.settled(Rules::Kubernetes).held();
        let problem = |message: &str, hint, at: Option<&Value>| {
            Err(Problem { message: message.to_owned(), hint, at: at.cloned() })
        };
        if value.as_map().is_none() {
            return problem("this is not an object", "write a map with kind and metadata", None);
        }
        let Some(kind) = text(value.get("kind")) else {
            return problem("the object has no kind", "add `kind:`", value.get("kind"));
        };
        let Some(api_version) = text(value.get("apiVersion")) else {
            let at = value.get("apiVersion");
            return problem("the object has no apiVersion", "add `apiVersion:`", at);
        };
        let group = api_version.split_once('/').map_or("", |(group, _)| group).into();
        if &*kind == "Kustomization" && value.get("metadata").is_none() {
            let hint = "a kustomization is built if it is called `kustomization.yaml`";
            return problem("a kustomization is not an object", hint, None);
        }
        let metadata = value.get("metadata");
        let Some(name) = text(metadata.and_then(|m| m.get("name"))) else {
            let hint = "add `metadata.name`: a generated name cannot be found again";
            return problem("the object has no name", hint, metadata);
        };
        let namespace = text(metadata.and_then(|m| m.get("namespace")));
        Ok(Self { kind, name, namespace, group, value, made_up: Vec::new(), moment: Moment::Amid })
    }

    /// The same object with the component's namespace and labels where it has none, and without a
    /// namespace if its kind is part of none.
    pub(super) fn completed(mut self, defaults: &Defaults, defined: &ClusterKinds) -> Self {
        let Some(own) = self.value.get("metadata").and_then(Value::as_map) else { return self };
        let mut metadata = own.clone();
        let said = own.get("namespace").and_then(Value::as_str);
        let given = defaults.namespace.as_deref().filter(|_| self.namespace.is_none());
        match (scope::of(&self.group, &self.kind, defined), given, said) {
            (Scope::Cluster, ..) => self.namespace = None,
            (Scope::LikelyCluster, ..) | (Scope::LikelyNamespace, _, Some("")) => {}
            (_, Some(given), _) => {
                metadata.insert("namespace", Value::text(given));
                self.namespace = Some(given.into());
            }
            (_, None, _) => {}
        }
        if self.namespace.is_none() && metadata.get("namespace").is_some() {
            metadata.remove("namespace");
        }
        for (field, given) in [("labels", &defaults.labels), ("annotations", &defaults.annotations)]
        {
            if !given.is_empty() {
                let own = metadata.get(field).and_then(Value::as_map).cloned().unwrap_or_default();
                let given = Value::computed(Node::Map(given.clone())).settled(Rules::Kubernetes);
                let all = given.as_map().map(|given| filled(&own, given)).unwrap_or(own);
                metadata.insert(field, Value::computed(Node::Map(all)));
            }
        }
        if metadata.is(own) {
            return self;
        }
        let mut whole = self.value.as_map().cloned().unwrap_or_default();
        let origin = self.value.get("metadata").map_or(self.value.origin, |m| m.origin);
        whole.insert("metadata", Value { node: Node::Map(metadata), origin });
        self.value.node = Node::Map(whole);
        self
    }

    /// `<Kind>.<namespace>.<name>.yaml`; without a namespace that part is left out.
    pub(super) fn file_name(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{}.{namespace}.{}.yaml", self.kind, self.name),
            None => format!("{}.{}.yaml", self.kind, self.name),
        }
    }

    /// What the object is called in a cluster: `Deployment.apps/shop/web`, `Namespace/shop`. The
    /// version of its API is no part of it: another version shows the same object.
    pub(super) fn key(&self) -> String {
        let kind = match &*self.group {
            "" => self.kind.to_string(),
            group => format!("{}.{group}", self.kind),
        };
        match &self.namespace {
            Some(namespace) => format!("{kind}/{namespace}/{}", self.name),
            None => format!("{kind}/{}", self.name),
        }
    }

    /// The group and kind that it defines, if it is a definition: its name is `<plural>.<group>`.
    pub(super) fn defines(&self) -> Option<(Arc<str>, Arc<str>)> {
        let is_definition =
            &*self.kind == "CustomResourceDefinition" && &*self.group == "apiextensions.k8s.io";
        let (_, group) = self.name.split_once('.').filter(|_| is_definition)?;
        let kind = text(self.value.get("spec")?.get("names")?.get("kind"))?;
        Some((group.into(), kind))
    }

    /// Whether none of its names would be read as two.
    pub(super) fn has_plain_names(&self) -> bool {
        let namespace = self.namespace.as_deref().unwrap_or_default();
        [&*self.kind, &*self.group, namespace, &*self.name].iter().all(|name| !name.contains('/'))
    }

    /// Fields whose content is never shown.
    pub(super) fn sensitive(&self) -> Vec<FieldPath> {
        let is_secret = &*self.kind == "Secret"
            && self.value.get("apiVersion").and_then(Value::as_str) == Some("v1");
        let fields: &[&str] = if is_secret { &["data", "stringData"] } else { &[] };
        let fields = fields.iter().map(|&field| FieldPath::root().key(field));
        fields.chain(cipher::secret_fields(&self.value)).collect()
    }

    pub(super) fn is_stateful(&self) -> bool {
        STATEFUL_KINDS.contains(&self.kind.as_ref())
    }
}

/// The objects of a `List`, or the one value itself.
pub(in crate::build) fn unlisted(value: &Value) -> Vec<Value> {
    let is_list = value.get("kind").and_then(Value::as_str).is_some_and(|kind| {
        kind.ends_with("List") && value.get("metadata").and_then(|m| m.get("name")).is_none()
    });
    match value.get("items").and_then(Value::as_list).filter(|_| is_list) {
        Some(items) => items.to_vec(),
        None => vec![value.clone()],
    }
}

fn text(value: Option<&Value>) -> Option<Arc<str>> {
    value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(Into::into)
}
