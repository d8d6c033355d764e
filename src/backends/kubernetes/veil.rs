//! What may not be seen of an object: in the place of it stand secrets, in what is there and in what
//! would be.
//!
//! A value that is there and is not the one that is wanted is only said to be another one: no plan
//! holds it, and no hash of it. So nobody is shown it, and a third one in its place makes nothing stale.

use super::look::Sight;
use crate::ids::ContentId;
use crate::model::body::Body;
use crate::model::cipher;
use crate::model::path::FieldPath;
use crate::model::upkeep::Upkeep;
use crate::model::value::{Node, Value};
use crate::secret::Secret;

/// What stands for a value that is there and not wanted.
const OTHER: &str = "another value";

/// What one object is to hold, with and without what may not be seen.
#[derive(Debug, Clone)]
pub(super) struct Veil {
    /// Its manifest, with secrets.
    hidden: Value,
    /// The same, for the server.
    clear: Value,
    /// The fields that have secrets in them.
    fields: Vec<FieldPath>,
}

impl Veil {
    /// Over a manifest with secrets and the same in the clear.
    pub(super) fn new(hidden: &Value, clear: Value) -> Self {
        Self { hidden: hidden.clone(), clear, fields: cipher::secret_fields(hidden) }
    }

    /// What the server is handed.
    pub(super) fn clear(&self, body: &Body) -> Body {
        Body::new(body.format, self.clear.clone())
    }

    /// Over both sides of an object.
    pub(super) fn over(&self, sight: Sight) -> Sight {
        let Some(outcome) = &sight.intended else { return sight };
        let intended = self.of_outcome(outcome);
        let live = sight.live.as_ref().map(|live| {
            let value = behind(live.value(), outcome.value(), intended.value(), &self.fields);
            Body::new(live.format, value)
        });
        Sight { live, intended: Some(intended), ..sight }
    }

    /// Over what is there after it was applied.
    pub(super) fn over_made(&self, made: &Body) -> Body {
        let value = behind(made.value(), &self.clear, &self.hidden, &self.fields);
        Body::new(made.format, value)
    }

    /// Over what the server makes of the manifest.
    fn of_outcome(&self, outcome: &Body) -> Body {
        let hide = |value: Value, field: &FieldPath| {
            let (Some(made), Some(hidden)) = (field.find(&value), field.find(&self.hidden)) else {
                return value;
            };
            let made = match (&hidden.node, field.find(&self.clear)) {
                (Node::Secret(_), _) => hidden.clone(),
                (_, Some(clear)) => among(made, clear, hidden),
                (_, None) => other(),
            };
            field.put(&value, Some(&made))
        };
        let value = self.fields.iter().fold(outcome.value().clone(), hide);
        Body::new(outcome.format, value)
    }
}

/// Over what is there in fields that its kind, or it itself, says are secret: what is `wanted` there is
/// seen, and nothing else.
pub(super) fn over_content(live: &Body, wanted: Option<&Body>, is_secret: bool) -> Body {
    let mut fields = declared(live.value());
    if is_secret {
        let keys = |field: &str| {
            let field = FieldPath::root().key(field);
            let map = field.find(live.value()).and_then(Value::as_map).cloned().unwrap_or_default();
            map.iter().map(|(key, _)| field.key(key.clone())).collect::<Vec<_>>()
        };
        fields.extend(["data", "stringData"].into_iter().flat_map(keys));
    }
    let nothing = Value::empty_map();
    let wanted = wanted.map_or(&nothing, |wanted| wanted.value());
    Body::new(live.format, behind(live.value(), wanted, wanted, &fields))
}

/// The fields that an object itself says are secret.
fn declared(value: &Value) -> Vec<FieldPath> {
    let annotations = value.get("metadata").and_then(|metadata| metadata.get("annotations"));
    let text = annotations.and_then(|all| all.get(Upkeep::SECRET)?.as_str());
    text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
}

/// What is there: in `fields` what is `clear` is what is `hidden`, and all else is another value.
fn behind(live: &Value, clear: &Value, hidden: &Value, fields: &[FieldPath]) -> Value {
    let hide = |value: Value, field: &FieldPath| match (field.find(&value), field.find(clear)) {
        (None, _) => value,
        (Some(there), Some(wanted)) if there == wanted => field.put(&value, field.find(hidden)),
        (Some(there), _) if matches!(there.node, Node::Secret(_)) => value,
        (Some(_), _) => field.put(&value, Some(&other())),
    };
    fields.iter().fold(live.clone(), hide)
}

/// A part of what the server makes, with a secret for each value that is one in the clear.
fn among(made: &Value, clear: &Value, hidden: &Value) -> Value {
    let mut pairs = Vec::new();
    cipher::secrets(&FieldPath::root(), hidden, &mut |path, secret| {
        if let Some(told) = path.find(clear) {
            pairs.push((told.node.clone(), Node::Secret(secret.clone())));
        }
    });
    let mut seen = vec![false; pairs.len()];
    let veiled = replaced(made, &pairs, &mut seen);
    // What the server writes in another form cannot be told from the rest. That one is there twice
    // says nothing of another.
    if seen.contains(&false) { other() } else { veiled }
}

fn replaced(value: &Value, pairs: &[(Node, Node)], seen: &mut [bool]) -> Value {
    let node = match &value.node {
        Node::Map(map) => {
            Node::Map(map.iter().map(|(k, v)| (k.clone(), replaced(v, pairs, seen))).collect())
        }
        Node::List(items) => {
            let items: Vec<_> = items.iter().map(|item| replaced(item, pairs, seen)).collect();
            Node::List(items.into())
        }
        scalar => match pairs.iter().find(|(told, _)| told == scalar) {
            Some((_, secret)) => {
                let same = pairs.iter().zip(seen).filter(|((told, _), _)| told == scalar);
                same.for_each(|(_, seen)| *seen = true);
                secret.clone()
            }
            None => scalar.clone(),
        },
    };
    Value { node, origin: value.origin }
}

fn other() -> Value {
    Value::computed(Node::Secret(Secret::new(OTHER, ContentId::of(OTHER)).into()))
}

#[cfg(test)]
mod tests;
