//! A resource's content: a value and how it is written down.

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::value::{Map, Node, Rules, Value};
use super::{canonical, yaml};
use crate::ids::ContentId;

/// What a resource holds, or is to hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// How it is written down.
    pub format: Format,
    /// What it says. For [`Format::Text`] a single text.
    pub value: Value,
}

/// How a body is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// JSON, two blanks per level, keys sorted, a final newline.
    Json,
    /// YAML as the Kubernetes API machinery and helm read it, keys in the author's order.
    Yaml,
    /// The text itself.
    Text,
}

/// A body cannot be written down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    /// A part is not known yet.
    #[error("`{0}` is not known yet")]
    Unknown(String),
    /// A part is a secret, and this place may not hold one.
    #[error("a secret may not be written here")]
    Secret,
    /// A part has no form in this format.
    #[error("{0}")]
    Form(String),
}

impl Body {
    /// What it says, by content: equal ids mean that a target holds the same.
    pub fn content_id(&self) -> ContentId {
        canonical::content_id(&self.value)
    }

    /// The bytes, if every part is known and none is secret.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        let json = plain(&self.value)?;
        match self.format {
            Format::Text => match json {
                Json::String(text) => Ok(text.into_bytes()),
                _ => Err(EncodeError::Form("a text body holds one text".to_owned())),
            },
            Format::Json => {
                let mut text = serde_json::to_vec_pretty(&sorted(json))
                    .map_err(|error| EncodeError::Form(error.to_string()))?;
                text.push(b'\n');
                Ok(text)
            }
            Format::Yaml => Ok(yaml::write(&json).into_bytes()),
        }
    }

    /// What `bytes` say in `format`; bytes that do not parse are a text, so that any content can
    /// be compared with any other.
    pub fn decode(format: Format, bytes: &[u8]) -> Self {
        let text = || Value::text(String::from_utf8_lossy(bytes));
        let parsed = match format {
            Format::Text => None,
            Format::Json => {
                serde_json::from_slice(bytes).ok().map(|json| canonical::from_json(&json))
            }
            Format::Yaml => std::str::from_utf8(bytes)
                .ok()
                .and_then(|text| yaml::parse(text, Rules::Kubernetes)),
        };
        Self { format, value: parsed.unwrap_or_else(text) }
    }
}

/// The value as plain JSON in the author's order.
pub fn plain(value: &Value) -> Result<Json, EncodeError> {
    Ok(match &value.node {
        Node::List(items) => Json::Array(items.iter().map(plain).collect::<Result<_, _>>()?),
        Node::Map(map) => object(map)?,
        Node::Unknown(question) => return Err(EncodeError::Unknown(question.to_string())),
        Node::Secret(_) => return Err(EncodeError::Secret),
        Node::Float(number) if !number.is_finite() => {
            return Err(EncodeError::Form(format!("{number} has no form in JSON")));
        }
        Node::Raw(raw) => plain(&Value::computed(raw.typed(Rules::Stack)))?,
        _ => canonical::encode(value),
    })
}

fn object(map: &Map) -> Result<Json, EncodeError> {
    let entries: Result<_, EncodeError> =
        map.iter().map(|(key, value)| Ok((key.as_ref().to_owned(), plain(value)?))).collect();
    Ok(Json::Object(entries?))
}

fn sorted(json: Json) -> Json {
    match json {
        Json::Array(items) => Json::Array(items.into_iter().map(sorted).collect()),
        Json::Object(object) => {
            let mut entries: Vec<_> = object.into_iter().collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            Json::Object(entries.into_iter().map(|(key, value)| (key, sorted(value))).collect())
        }
        scalar => scalar,
    }
}

#[cfg(test)]
mod tests;
