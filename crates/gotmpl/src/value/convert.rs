//! From Rust's types to values.

use std::sync::Arc;

use super::{Element, List, Map, Value};

impl From<bool> for Value {
    fn from(b: bool) -> Self {
        Self::Bool(b)
    }
}

impl From<i64> for Value {
    fn from(i: i64) -> Self {
        Self::Int(i)
    }
}

impl From<f64> for Value {
    fn from(f: f64) -> Self {
        Self::Float(f)
    }
}

impl From<&str> for Value {
    fn from(s: &str) -> Self {
        Self::Str(Arc::from(s))
    }
}

impl From<String> for Value {
    fn from(s: String) -> Self {
        Self::Str(Arc::from(s))
    }
}

impl From<Arc<str>> for Value {
    fn from(s: Arc<str>) -> Self {
        Self::Str(s)
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self::List(List::new(items))
    }
}

/// A `[]string`.
impl From<Vec<String>> for Value {
    fn from(items: Vec<String>) -> Self {
        Self::List(List::of(Element::Str, items.into_iter().map(Self::from).collect()))
    }
}

impl From<List> for Value {
    fn from(list: List) -> Self {
        Self::List(list)
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Self::Map(map)
    }
}

/// A `map[string]interface{}`.
impl<K: Into<Arc<str>>> FromIterator<(K, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (K, Value)>>(entries: I) -> Self {
        let map = Self::new(Element::Any);
        for (key, value) in entries {
            map.insert(key, value);
        }
        map
    }
}

/// Integers become `int` where they fit, then `uint64`, else floats: as Go's YAML decoders do.
impl From<&serde_json::Value> for Value {
    fn from(json: &serde_json::Value) -> Self {
        match json {
            serde_json::Value::Null => Self::Nil,
            serde_json::Value::Bool(b) => Self::Bool(*b),
            serde_json::Value::Number(n) => match (n.as_i64(), n.as_u64()) {
                (Some(i), _) => Self::Int(i),
                (None, Some(u)) => Self::Uint64(u),
                (None, None) => Self::Float(n.as_f64().unwrap_or(f64::NAN)),
            },
            serde_json::Value::String(s) => Self::from(s.as_str()),
            serde_json::Value::Array(items) => {
                Self::from(items.iter().map(Self::from).collect::<Vec<_>>())
            }
            serde_json::Value::Object(entries) => {
                Self::Map(entries.iter().map(|(k, v)| (k.as_str(), Self::from(v))).collect())
            }
        }
    }
}
