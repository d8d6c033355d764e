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
        if let Some(number) = without_form(&value) {
            let hint = "quote it if the text was meant";
            return problem("a number that is not finite has no form in JSON", hint, Some(number));
        }
        if let Some(items) = value.get("items") {
            let hint =
                "`items` makes a list of any object, and a list holds none: give each a document";
            return problem("`items` is not a list of objects here", hint, Some(items));
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
        if let Some((message, odd)) = metadata.and_then(no_text) {
            return problem(message, "quote it, or write a map of texts", Some(odd));
        }
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

/// The objects of a list, or the one value itself. As with kubectl, whatever has a list of `items` is one,
/// and what does not say its kind in a list of that kind is of it.
pub(in crate::build) fn unlisted(value: &Value) -> Vec<Value> {
    let Some(kind) = text(value.get("kind")) else { return vec![value.clone()] };
    let Some(items) = value.get("items") else { return vec![value.clone()] };
    let is_named = || value.get("metadata").is_some_and(|m| m.get("name").is_some());
    let items = match items.as_list() {
        Some(items) => items,
        None if items.is_null() && kind.ends_with("List") && !is_named() => &[],
        None => return vec![value.clone()],
    };
    let api_version = value.get("apiVersion").and_then(Value::as_str).unwrap_or_default();
    let kind = kind.strip_suffix("List").unwrap_or(&kind);
    let is_of_kind =
        |item: &Value| !["kind", "apiVersion"].iter().any(|f| text(item.get(f)).is_some());
    let typed = |item: &Value| match item.as_map().filter(|_| is_of_kind(item)) {
        Some(fields) if !kind.is_empty() => {
            let said = [("apiVersion", api_version), ("kind", kind)];
            let said = said.map(|(field, name)| (Arc::from(field), Value::text(name)));
            let rest =
                fields.iter().filter(|(field, _)| !["kind", "apiVersion"].contains(&&***field));
            let rest = rest.map(|(field, value)| (field.clone(), value.clone()));
            Value { node: Node::Map(said.into_iter().chain(rest).collect()), origin: item.origin }
        }
        _ => item.clone(),
    };
    items.iter().map(typed).collect()
}

/// A number in it that JSON cannot say.
fn without_form(value: &Value) -> Option<&Value> {
    match &value.node {
        Node::List(items) => items.iter().find_map(without_form),
        Node::Map(map) => map.iter().find_map(|(_, value)| without_form(value)),
        _ => match value.meaning() {
            Node::Float(number) if !number.is_finite() => Some(value),
            _ => None,
        },
    }
}

/// What of the metadata is something else than the text that it has to be.
fn no_text(metadata: &Value) -> Option<(&'static str, &Value)> {
    let is_odd = |value: &&Value| {
        !matches!(value.meaning(), Node::Null | Node::Str(_) | Node::Unknown(_) | Node::Secret(_))
    };
    let within = |(field, message): (&str, &'static str)| {
        let all = metadata.get(field)?;
        let odd = match (&all.node, all.meaning()) {
            (Node::Map(map), _) => map.iter().map(|(_, value)| value).find(is_odd),
            (_, Node::Null | Node::Unknown(_) | Node::Secret(_)) => None,
            _ => Some(all),
        };
        odd.map(|odd| (message, odd))
    };
    let namespace = metadata.get("namespace").filter(is_odd);
    let maps =
        [("labels", "a label has to be a text"), ("annotations", "an annotation has to be a text")];
    let namespace = namespace.map(|odd| ("a namespace has to be a text", odd));
    namespace.or_else(|| maps.into_iter().find_map(within))
}

fn text(value: Option<&Value>) -> Option<Arc<str>> {
    value.and_then(Value::as_str).filter(|text| !text.is_empty()).map(Into::into)
}
