//! What tests of targets, and of what works on targets, have in common to say.

pub(crate) mod conformance;

use std::collections::BTreeSet;

use serde_json::Value as Json;

use crate::ids::{AgentName, ComponentId, RepositoryName, ResourceKey, Scope, TargetName};
use crate::model::body::{Body, Format};
use crate::model::canonical;
use crate::model::change::{Action, Cause, Change, FieldChange, Precondition, Risk};
use crate::model::path::FieldPath;
use crate::model::value::Value;

/// The agent `agent` for the repository `config`.
pub(crate) fn scope(agent: &str) -> Scope {
    Scope {
        agent: AgentName::new(agent).unwrap(),
        repository: RepositoryName::new("config").unwrap(),
    }
}

/// The component `name` of the stack `prod`.
pub(crate) fn component(name: &str) -> ComponentId {
    let text = |text: &str| text.to_owned();
    ComponentId {
        stack: text("prod").try_into().unwrap(),
        kind: text("kubernetes").try_into().unwrap(),
        name: text(name).try_into().unwrap(),
    }
}

/// A resource.
pub(crate) fn key(path: &str) -> ResourceKey {
    ResourceKey::new(path).unwrap()
}

/// The target.
pub(crate) fn name() -> TargetName {
    TargetName::new("cluster").unwrap()
}

/// A YAML body.
pub(crate) fn body(json: &Json) -> Body {
    Body::new(Format::Yaml, canonical::from_json(json))
}

/// A change of `path` by the component `a`, planned on `before`, one field per key.
pub(crate) fn change(
    action: Action,
    path: &str,
    before: Option<&Json>,
    after: Option<&Json>,
) -> Change {
    let sides = [before, after].map(|side| side.map(canonical::from_json));
    let keys: BTreeSet<_> = sides
        .iter()
        .flatten()
        .flat_map(|side| side.as_map().unwrap().iter().map(|(key, _)| key.clone()))
        .collect();
    let at = |side: &Option<Value>, key: &str| side.as_ref().and_then(|s| s.get(key)).cloned();
    let fields = keys
        .into_iter()
        .map(|key| FieldChange {
            writer: None,
            made_up: false,
            before: at(&sides[0], &key),
            after: at(&sides[1], &key),
            path: FieldPath::root().key(key),
            sensitive: false,
            origin: None,
        })
        .filter(|field| field.before != field.after)
        .collect::<Vec<_>>();
    let hashes = fields.iter().filter(|_| before.is_some());
    let hashes =
        hashes.map(|f| (f.path.clone(), f.before.as_ref().map(canonical::content_id))).collect();
    Change {
        component: component("a"),
        resource: key(path),
        action,
        risk: Risk::Reversible,
        cause: Cause::Wish,
        fields,
        intended: after.map(body),
        precondition: Precondition { uid: None, fields: hashes, exists: before.is_some() },
    }
}
