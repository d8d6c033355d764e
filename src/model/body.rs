//! A resource's content: a value and how it is written down.

use std::fmt;
use std::sync::OnceLock;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value as Json;

use super::value::{Node, Rules, Value};
use super::{canonical, yaml};
use crate::ids::ContentId;

/// What a resource holds, or is to hold.
#[derive(Clone, Serialize, Deserialize)]
pub struct Body {
    /// How it is written down.
    pub format: Format,
    value: Value,
    /// Found when it is first asked for: a plan and its apply ask for it again and again.
    #[serde(skip)]
    content: OnceLock<ContentId>,
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { format, value, .. } = self;
        f.debug_struct("Body").field("format", format).field("value", value).finish()
    }
}

impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        (self.format, &self.value) == (other.format, &other.value)
    }
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
    /// `value`, written down as `format` says. For [`Format::Text`] a single text.
    pub const fn new(format: Format, value: Value) -> Self {
        Self { format, value, content: OnceLock::new() }
    }

    /// What it says. For [`Format::Text`] a single text.
    pub const fn value(&self) -> &Value {
        &self.value
    }

    /// What it says, by content: equal ids mean that a target holds the same.
    pub fn content_id(&self) -> ContentId {
        *self.content.get_or_init(|| canonical::content_id(&self.value))
    }

    /// The bytes, if every part is known and none is secret.
    pub fn encode(&self) -> Result<Vec<u8>, EncodeError> {
        match (self.format, self.value.meaning()) {
            (Format::Text, Node::Str(text)) => Ok(text.as_bytes().to_vec()),
            (Format::Text, _) => {
                writable(&self.value)?;
                Err(EncodeError::Form("a text body holds one text".to_owned()))
            }
            (Format::Json, _) => {
                writable(&self.value)?;
                let mut text = Vec::with_capacity(canonical::USUAL_BYTES);
                serde_json::to_writer_pretty(
                    &mut text,
                    &Plain { value: &self.value, sorted: true },
                )
                .map_err(|error| EncodeError::Form(error.to_string()))?;
                text.push(b'\n');
                Ok(text)
            }
            (Format::Yaml, _) => Ok(yaml::write(&plain(&self.value)?).into_bytes()),
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
        Self::new(format, parsed.unwrap_or_else(text))
    }
}

/// The value as plain JSON in the author's order.
pub fn plain(value: &Value) -> Result<Json, EncodeError> {
    writable(value)?;
    serde_json::to_value(Plain { value, sorted: false })
        .map_err(|error| EncodeError::Form(error.to_string()))
}

/// Whether every part of `value` is known, none is secret and all have a form in JSON.
fn writable(value: &Value) -> Result<(), EncodeError> {
    match value.meaning() {
        Node::List(items) => items.iter().try_for_each(writable),
        Node::Map(map) => map.iter().try_for_each(|(_, value)| writable(value)),
        Node::Unknown(question) => Err(EncodeError::Unknown(question.to_string())),
        Node::Secret(_) => Err(EncodeError::Secret),
        Node::Float(number) if !number.is_finite() => {
            Err(EncodeError::Form(format!("{number} has no form in JSON")))
        }
        _ => Ok(()),
    }
}

/// A value that is [`writable`], written without the canonical form's marks.
struct Plain<'v> {
    value: &'v Value,
    /// Whether keys are sorted, or in the author's order.
    sorted: bool,
}

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let within = |value| Plain { value, sorted: self.sorted };
        match self.value.meaning() {
            Node::List(items) => serializer.collect_seq(items.iter().map(within)),
            Node::Map(map) if self.sorted => {
                let entries = map.sorted().into_iter();
                serializer.collect_map(entries.map(|(key, value)| (key.as_ref(), within(value))))
            }
            Node::Map(map) => {
                serializer.collect_map(map.iter().map(|(key, value)| (key.as_ref(), within(value))))
            }
            scalar => canonical::scalar(scalar, serializer),
        }
    }
}

#[cfg(test)]
mod tests;
