//! A value on its way to JSON or YAML.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::ser::{Error as _, SerializeMap as _};
use serde::{Serialize, Serializer};

use crate::model::value::{Node, Rules, Value};

/// What stands for a value that is not known yet.
pub(super) const COMPUTED: &str = "(computed)";
/// What stands for one that may not be shown.
pub(super) const SECRET: &str = "(secret)";

/// Something that is shown.
#[derive(Debug, Clone)]
pub enum Shown<'d> {
    /// Explicitly nothing.
    Null,
    /// A truth value.
    Bool(bool),
    /// A text.
    Text(Cow<'d, str>),
    /// A value of the component's.
    Value(&'d Value),
    /// A list.
    List(Vec<Shown<'d>>),
    /// A map.
    Map(BTreeMap<Cow<'d, str>, Shown<'d>>),
}

impl<'d> Shown<'d> {
    /// A text.
    pub fn text(text: impl Into<Cow<'d, str>>) -> Self {
        Self::Text(text.into())
    }

    /// A map with nothing in it.
    pub fn empty() -> Self {
        Self::Map(BTreeMap::new())
    }

    /// A list of texts.
    pub fn texts(texts: impl IntoIterator<Item = &'d str>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    /// A map of these.
    pub fn map(entries: impl IntoIterator<Item = (&'d str, Self)>) -> Self {
        Self::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// The same as a value, for queries into it: maps sorted by key, as they are written.
    pub fn value(&self) -> Value {
        let list = |items: Vec<Value>| Value::computed(Node::List(items.into()));
        match self {
            Self::Null => Value::computed(Node::Null),
            Self::Bool(value) => Value::computed(Node::Bool(*value)),
            Self::Text(text) => Value::text(text.as_ref()),
            Self::Value(value) => plain(value),
            Self::List(items) => list(items.iter().map(Self::value).collect()),
            Self::Map(entries) => {
                let entries =
                    entries.iter().map(|(key, value)| (key.as_ref().into(), value.value()));
                Value::computed(Node::Map(entries.collect()))
            }
        }
    }
}

/// A value as it is shown, typed and sorted. What is not known or may not be shown stays what it is:
/// a query over its word would count letters.
fn plain(value: &Value) -> Value {
    Value::computed(match &value.node {
        Node::Raw(raw) => raw.typed(Rules::Stack),
        Node::List(items) => Node::List(items.iter().map(plain).collect::<Vec<_>>().into()),
        Node::Map(map) => {
            let entries = map.sorted().into_iter().map(|(key, value)| (key.clone(), plain(value)));
            Node::Map(entries.collect())
        }
        scalar => scalar.clone(),
    })
}

/// An answer as YAML. Texts that any reader would take for something else are quoted.
///
/// # Errors
/// If it holds a number that JSON has no word for.
pub fn to_yaml(answer: &impl Serialize) -> serde_json::Result<String> {
    serde_json::to_value(answer).map(|json| crate::model::yaml::write(&json))
}

impl Serialize for Shown<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => to.serialize_none(),
            Self::Bool(value) => to.serialize_bool(*value),
            Self::Text(text) => to.serialize_str(text),
            Self::Value(value) => write(value, to),
            Self::List(items) => to.collect_seq(items),
            Self::Map(entries) => to.collect_map(entries),
        }
    }
}

fn write<S: Serializer>(value: &Value, to: S) -> Result<S::Ok, S::Error> {
    match &value.node {
        Node::Raw(raw) => write_scalar(&raw.typed(Rules::Stack), to),
        Node::List(items) => to.collect_seq(items.iter().map(Shown::Value)),
        Node::Map(map) => {
            let mut out = to.serialize_map(Some(map.len()))?;
            for (key, value) in map.sorted() {
                out.serialize_entry(key.as_ref(), &Shown::Value(value))?;
            }
            out.end()
        }
        scalar => write_scalar(scalar, to),
    }
}

fn write_scalar<S: Serializer>(scalar: &Node, to: S) -> Result<S::Ok, S::Error> {
    match scalar {
        Node::Bool(value) => to.serialize_bool(*value),
        Node::Int(value) => to.serialize_i64(*value),
        Node::Uint(value) => to.serialize_u64(*value),
        Node::Float(value) if !value.is_finite() => {
            Err(S::Error::custom(format!("`{value}` is a number that JSON has no word for")))
        }
        Node::Float(value) => to.serialize_f64(*value),
        Node::Str(text) => to.serialize_str(text),
        Node::Unknown(_) => to.serialize_str(COMPUTED),
        Node::Secret(_) => to.serialize_str(SECRET),
        _ => to.serialize_none(),
    }
}
