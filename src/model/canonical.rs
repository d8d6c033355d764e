//! One text for one value: what digests are taken of, and how values are stored.
//!
//! JSON with sorted keys and no blanks. What JSON lacks is written as a map with one key that
//! starts with `$`; a key of the author's own that starts with `$` gets a second one. So the
//! encoding loses nothing but origins, and [`decode`] reads back what [`encode`] wrote.

use std::borrow::Cow;

use serde::Serialize as _;
use serde_json::{Map as Object, Value as Json, json};

use super::question::Question;
use super::value::{Map, Node, Value};
use crate::ids::ContentId;
use crate::secret::Secret;

/// The text is not a canonical encoding.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a canonical value: {0}")]
pub struct DecodeError(String);

/// Most values are shorter: a section, or a file of a component.
pub(super) const USUAL_BYTES: usize = 2 << 10;

/// The canonical form of `value`. Scalars that are not typed yet are typed by the stack rules.
pub fn encode(value: &Value) -> Json {
    serde_json::to_value(value).expect("texts, numbers, lists and maps with texts for keys")
}

/// The bytes a hash is taken of.
pub fn bytes(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(USUAL_BYTES);
    let written = serde_json::to_writer(&mut bytes, value);
    written.expect("texts, numbers, lists and maps with texts for keys");
    bytes
}

/// The id of a value's content.
pub fn content_id(value: &Value) -> ContentId {
    ContentId::of(bytes(value))
}

/// Reads what [`encode`] wrote.
pub fn decode(json: &Json) -> Result<Value, DecodeError> {
    let node = match json {
        Json::Null => Node::Null,
        Json::Bool(value) => Node::Bool(*value),
        Json::Number(number) => number_node(number),
        Json::String(text) => Node::Str(text.as_str().into()),
        Json::Array(items) => {
            Node::List(items.iter().map(decode).collect::<Result<Vec<_>, _>>()?.into())
        }
        Json::Object(object) => return decode_object(object),
    };
    Ok(Value::computed(node))
}

/// Takes plain JSON as a value: what a tool or a target wrote, where `$` means nothing.
pub fn from_json(json: &Json) -> Value {
    Value::computed(match json {
        Json::Null => Node::Null,
        Json::Bool(value) => Node::Bool(*value),
        Json::Number(number) => number_node(number),
        Json::String(text) => Node::Str(text.as_str().into()),
        Json::Array(items) => Node::List(items.iter().map(from_json).collect::<Vec<_>>().into()),
        Json::Object(object) => Node::Map(
            object.iter().map(|(key, value)| (key.as_str().into(), from_json(value))).collect(),
        ),
    })
}

fn number_node(number: &serde_json::Number) -> Node {
    match (number.as_i64(), number.as_u64()) {
        (Some(value), _) => Node::Int(value),
        (None, Some(value)) => Node::Uint(value),
        (None, None) => Node::Float(number.as_f64().unwrap_or(f64::NAN)),
    }
}

fn decode_object(object: &Object<String, Json>) -> Result<Value, DecodeError> {
    let error = || DecodeError(Json::Object(object.clone()).to_string());
    let special = object
        .iter()
        .next()
        .filter(|(key, _)| object.len() == 1 && key.starts_with('$') && !key.starts_with("$$"));
    let Some((key, inner)) = special else {
        let entries: Result<Map, DecodeError> =
            object.iter().map(|(key, value)| Ok((unescape(key).into(), decode(value)?))).collect();
        return Ok(Value::computed(Node::Map(entries?)));
    };
    let node = match key.as_str() {
        "$float" => Node::Float(inner.as_str().and_then(|t| t.parse().ok()).ok_or_else(error)?),
        "$unknown" => {
            let question: Question = serde_json::from_value(inner.clone()).map_err(|_| error())?;
            Node::Unknown(question.into())
        }
        "$secret" => {
            let text = |key: &str| inner.get(key).and_then(Json::as_str).ok_or_else(error);
            let state = ContentId::parse(text("state")?).map_err(|_| error())?;
            Node::Secret(Secret::new(text("handle")?, state).into())
        }
        _ => return Err(error()),
    };
    Ok(Value::computed(node))
}

fn escape(key: &str) -> Cow<'_, str> {
    if key.starts_with('$') { Cow::Owned(format!("${key}")) } else { Cow::Borrowed(key) }
}

fn unescape(key: &str) -> &str {
    if key.starts_with("$$") { &key[1..] } else { key }
}

impl serde::Serialize for Value {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.node {
            Node::Raw(raw) => scalar(raw.meaning(), serializer),
            Node::List(items) => serializer.collect_seq(items.iter()),
            Node::Map(map) => serializer
                .collect_map(map.sorted().into_iter().map(|(key, value)| (escape(key), value))),
            node => scalar(node, serializer),
        }
    }
}

impl<'de> serde::Deserialize<'de> for Value {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        decode(&Json::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// What is neither a list nor a map nor untyped.
pub(super) fn scalar<S: serde::Serializer>(node: &Node, serializer: S) -> Result<S::Ok, S::Error> {
    let special = |key: &str, inner: Json| json!({ key: inner });
    match node {
        Node::Bool(value) => serializer.serialize_bool(*value),
        Node::Int(value) => serializer.serialize_i64(*value),
        Node::Uint(value) => serializer.serialize_u64(*value),
        Node::Float(value) if value.is_finite() => serializer.serialize_f64(*value),
        Node::Float(value) => special("$float", json!(value.to_string())).serialize(serializer),
        Node::Str(text) => serializer.serialize_str(text),
        Node::Unknown(question) => {
            let inner = json!({ "arguments": question.arguments, "function": question.function });
            special("$unknown", inner).serialize(serializer)
        }
        Node::Secret(secret) => {
            let state = secret.state().to_string();
            let inner = json!({ "handle": secret.handle(), "state": state });
            special("$secret", inner).serialize(serializer)
        }
        Node::Null | Node::Raw(_) | Node::List(_) | Node::Map(_) => serializer.serialize_unit(),
    }
}

#[cfg(test)]
mod tests;
