//! What the agent has to be allowed: each kind that it keeps, and nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use crate::build::Rendered;
use crate::model::upkeep::Upkeep;
use crate::model::value::Value;

/// What the agent does with objects of a kind that it keeps.
const KEEPS: &[&str] = &["get", "list", "watch", "create", "patch", "delete"];

/// The same where service accounts do what changes anything.
const LOOKS: &[&str] = &["get", "list", "watch"];

/// Kinds that give rights. Whoever makes one has to have the rights it gives, or these.
const GIVING: &[(&str, &str)] = &[
    ("roles", "escalate"),
    ("clusterroles", "escalate"),
    ("roles", "bind"),
    ("clusterroles", "bind"),
];

/// The API group of rights.
const RIGHTS: &str = "rbac.authorization.k8s.io";

/// Kinds of objects, and service accounts to act as.
#[derive(Debug, Default)]
pub(super) struct Rights {
    /// By API group, the resources of kinds, and whether the agent itself writes them.
    kinds: BTreeMap<String, BTreeMap<String, bool>>,
    /// By namespace, the accounts; `*`: all of it.
    accounts: BTreeMap<String, BTreeSet<String>>,
    /// Whether it tells of what happens to them.
    tells: bool,
    /// What kinds that are defined here are called, by group and kind.
    defined: BTreeMap<(String, String), String>,
}

impl Rights {
    /// Rights to `kinds`, each as `Deployment.apps`.
    pub(super) fn to(kinds: &[String]) -> Result<Self, String> {
        let mut rights = Self::default();
        for text in kinds {
            let (kind, group) = text.split_once('.').unwrap_or((text, ""));
            let is_kind = kind.starts_with(|c: char| c.is_ascii_uppercase())
                && kind.bytes().all(|byte| byte.is_ascii_alphanumeric());
            if !is_kind {
                return Err(format!(
                    "`{text}` is no kind: write `Deployment.apps`, or `ConfigMap`"
                ));
            }
            rights.keep(group, kind, true);
        }
        Ok(rights)
    }

    /// Rights to act as the service accounts that the settings let manifests name.
    pub(super) fn may_act_as(&mut self, accounts: &BTreeSet<String>) {
        for (namespace, name) in accounts.iter().filter_map(|account| account.split_once('/')) {
            self.accounts.entry(namespace.to_owned()).or_default().insert(name.to_owned());
        }
    }

    /// Rights to write Events, and not to read any.
    pub(super) fn may_tell(&mut self) {
        self.tells = true;
    }

    /// Rights to what a component has in the cluster.
    pub(super) fn add(&mut self, built: &Rendered) {
        for piece in built.resources().values() {
            self.define(piece.body.value());
        }
        for (key, piece) in built.resources() {
            let kind = key.as_str().split('/').next().unwrap_or_default();
            let (kind, group) = kind.split_once('.').unwrap_or((kind, ""));
            let annotations = piece.body.value().get("metadata").and_then(|m| m.get("annotations"));
            let acts_as = annotations.and_then(|all| all.get(Upkeep::ACCOUNT)).is_some();
            self.keep(group, kind, !acts_as);
        }
    }

    fn define(&mut self, value: &Value) {
        let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
        let spec = value.get("spec").filter(|_| {
            value.get("kind").and_then(Value::as_str) == Some("CustomResourceDefinition")
        });
        let Some((spec, names)) = spec.and_then(|spec| Some((spec, spec.get("names")?))) else {
            return;
        };
        if let (Some(group), Some(kind), Some(plural)) =
            (text(spec.get("group")), text(names.get("kind")), text(names.get("plural")))
        {
            self.defined.insert((group, kind), plural);
        }
    }

    fn keep(&mut self, group: &str, kind: &str, writes: bool) {
        let known = self.defined.get(&(group.to_owned(), kind.to_owned()));
        let resource = known.cloned().unwrap_or_else(|| plural(kind));
        *self.kinds.entry(group.to_owned()).or_default().entry(resource).or_default() |= writes;
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.kinds.is_empty()
    }

    /// The rules of a role for the whole cluster.
    pub(super) fn rules(&self, gives_rights: bool) -> Vec<Json> {
        let mut rules = Vec::new();
        for (group, resources) in &self.kinds {
            for (verbs, writes) in [(KEEPS, true), (LOOKS, false)] {
                let resources: Vec<_> =
                    resources.iter().filter(|(_, w)| **w == writes).map(|(name, _)| name).collect();
                if !resources.is_empty() {
                    rules.push(
                        json!({"apiGroups": [group], "resources": resources, "verbs": verbs}),
                    );
                }
            }
        }
        if self.tells {
            rules.push(json!({
                "apiGroups": ["events.k8s.io"],
                "resources": ["events"],
                "verbs": ["create", "patch"],
            }));
        }
        let kept = self.kinds.get(RIGHTS).filter(|_| gives_rights);
        for (resource, verb) in GIVING.iter().filter(|_| kept.is_some()) {
            rules.push(json!({"apiGroups": [RIGHTS], "resources": [resource], "verbs": [verb]}));
        }
        rules
    }

    /// By namespace, the rule of a role there that lets the agent act as accounts.
    pub(super) fn impersonation(&self) -> impl Iterator<Item = (&str, Json)> {
        self.accounts.iter().map(|(namespace, names)| {
            let mut rule =
                json!({"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["impersonate"]});
            if !names.contains("*") {
                rule["resourceNames"] = names.iter().cloned().collect();
            }
            (namespace.as_str(), rule)
        })
    }
}

/// What the API calls a kind, where no definition says so: the rule that its own kinds follow.
fn plural(kind: &str) -> String {
    let name = kind.to_lowercase();
    match name.as_bytes() {
        _ if name.ends_with("endpoints") => name,
        [.., b's'] => format!("{name}es"),
        [head @ .., b'y'] if !head.ends_with(b"a") && !head.ends_with(b"e") => {
            format!("{}ies", String::from_utf8_lossy(head))
        }
        _ => format!("{name}s"),
    }
}

#[cfg(test)]
mod tests;
