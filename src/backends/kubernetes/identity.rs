//! What an object is called, in a manifest, in a key and in a request.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::ids::ResourceKey;

/// One object of a cluster: `Deployment.apps/shop/web`, `Namespace/shop`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Identity {
    pub(super) kind: String,
    /// The API group; empty for the oldest one.
    pub(super) group: String,
    /// `None`: it is not part of a namespace.
    pub(super) namespace: Option<String>,
    pub(super) name: String,
    /// Whether what is said about it may hold a part of a secret, whatever its kind is.
    #[serde(skip)]
    pub(super) has_secrets: bool,
}

/// The key is not one of an object.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` does not name an object: that is <Kind>.<group>/<namespace>/<name>")]
pub(super) struct NoIdentity(ResourceKey);

impl Identity {
    /// The object that a key names.
    pub(super) fn parse(key: &ResourceKey) -> Result<Self, NoIdentity> {
        let parts: Vec<_> = key.as_str().split('/').collect();
        let (kind, namespace, name) = match parts.as_slice() {
            [kind, name] => (kind, None, name),
            [kind, namespace, name] => (kind, Some((*namespace).to_owned()), name),
            _ => return Err(NoIdentity(key.clone())),
        };
        let (kind, group) = kind.split_once('.').unwrap_or((kind, ""));
        if [Some(kind), namespace.as_deref(), Some(name)].into_iter().flatten().any(str::is_empty) {
            return Err(NoIdentity(key.clone()));
        }
        let [kind, group, name] = [kind, group, name].map(str::to_owned);
        Ok(Self { kind, group, namespace, name, has_secrets: false })
    }

    /// Whether it defines a kind.
    pub(super) fn is_definition(&self) -> bool {
        self.group == "apiextensions.k8s.io" && self.kind == "CustomResourceDefinition"
    }

    /// Whether its metadata tells how it is doing: nobody writes a status of such a kind.
    pub(super) fn is_told_by_metadata(&self) -> bool {
        kube_health::is_told_by_metadata(&self.group, &self.kind)
    }

    /// Whether its content is never shown.
    pub(super) fn is_secret(&self) -> bool {
        self.group.is_empty() && self.kind == "Secret"
    }

    /// Whether what a server says about it is shown by the names of fields alone.
    pub(super) fn is_confidential(&self) -> bool {
        self.has_secrets || self.is_secret()
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if !self.group.is_empty() {
            write!(f, ".{}", self.group)?;
        }
        if let Some(namespace) = &self.namespace {
            write!(f, "/{namespace}")?;
        }
        write!(f, "/{}", self.name)
    }
}

/// The version of an object's API, as its manifest says it: `v1` of `apps/v1`.
pub(super) fn version(object: &Json) -> Option<&str> {
    let api_version = object.get("apiVersion")?.as_str()?;
    Some(api_version.rsplit_once('/').map_or(api_version, |(_, version)| version))
}

/// A text of `metadata`.
pub(super) fn metadata<'o>(object: &'o Json, field: &str) -> Option<&'o str> {
    object.get("metadata")?.get(field)?.as_str()
}

/// What is in a list; `None`: it is none. An empty page has `null` in the place of its items.
pub(super) fn items(list: &Json) -> Option<&[Json]> {
    match list.get("items")? {
        Json::Null => Some(&[]),
        items => items.as_array().map(Vec::as_slice),
    }
}

#[cfg(test)]
mod tests;
