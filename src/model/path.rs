//! Where in a value: `vars.subnets[0].cidr`.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::value::{Node, Value};

/// A way from the root of a value to one of its parts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FieldPath(pub Vec<Segment>);

/// One step down.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Segment {
    /// Into a map.
    Key(Arc<str>),
    /// Into a list, counted from 0.
    Index(usize),
}

/// The text is not a field path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a field path: write `a.b[0].c`, with \"quotes\" around a key that has dots")]
pub struct PathError(pub String);

impl FieldPath {
    /// The root itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// One step further, into a map.
    pub fn key(&self, key: impl Into<Arc<str>>) -> Self {
        self.step(Segment::Key(key.into()))
    }

    /// One step further, into a list.
    pub fn index(&self, index: usize) -> Self {
        self.step(Segment::Index(index))
    }

    /// Whether `self` is `other` or leads through it.
    pub fn is_under(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// What is there in `value`, if anything is.
    pub fn find<'a>(&self, value: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(value, |value, segment| match segment {
            Segment::Key(key) => value.get(key),
            Segment::Index(index) => value.as_list()?.get(*index),
        })
    }

    /// `value` with `there` at this place, or with nothing there. A list is not made longer.
    pub fn put(&self, value: &Value, there: Option<&Value>) -> Value {
        put(value, &self.0, there)
    }

    /// Reads what [`FieldPath`]'s `Display` writes, or a JSON pointer (`/a/b/0`, RFC 6901). The
    /// empty text is the root.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        if let Some(pointer) = text.strip_prefix('/') {
            return Ok(Self(pointer.split('/').map(pointed).collect()));
        }
        let error = || PathError(text.to_owned());
        let mut path = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('[') {
                let (number, behind) = inner.split_once(']').ok_or_else(error)?;
                path.push(Segment::Index(number.parse().map_err(|_| error())?));
                rest = behind;
                continue;
            }
            if !path.is_empty() {
                rest = rest.strip_prefix('.').ok_or_else(error)?;
            }
            let (key, behind) = key(rest).ok_or_else(error)?;
            path.push(Segment::Key(key.into()));
            rest = behind;
        }
        Ok(Self(path))
    }

    fn step(&self, segment: Segment) -> Self {
        // No longer than it is: a plan of many changes holds a path for every field.
        let mut path = Vec::with_capacity(self.0.len() + 1);
        path.extend_from_slice(&self.0);
        path.push(segment);
        Self(path)
    }
}

fn put(value: &Value, path: &[Segment], there: Option<&Value>) -> Value {
    let Some((segment, rest)) = path.split_first() else {
        return there.cloned().unwrap_or_else(|| value.clone());
    };
    let node = match (&value.node, segment) {
        (Node::Map(map), Segment::Key(key)) => {
            let mut map = map.clone();
            match (rest, there) {
                ([], None) => drop(map.remove(key)),
                _ => {
                    let inner = map.get(key).cloned().unwrap_or_else(Value::empty_map);
                    map.insert(key.clone(), put(&inner, rest, there));
                }
            }
            Node::Map(map)
        }
        (Node::List(items), Segment::Index(index)) if *index < items.len() => {
            let mut items = items.as_ref().clone();
            items[*index] = put(&items[*index], rest, there);
            Node::List(items.into())
        }
        (other, _) => other.clone(),
    };
    Value { node, origin: value.origin }
}

/// One step of a JSON pointer. A number is an index: a map with such a key needs the other form.
fn pointed(segment: &str) -> Segment {
    match segment.parse() {
        Ok(index) => Segment::Index(index),
        Err(_) => Segment::Key(segment.replace("~1", "/").replace("~0", "~").into()),
    }
}

/// The key at the head of `text` and what is behind it.
fn key(text: &str) -> Option<(String, &str)> {
    if text.starts_with('"') {
        let mut stream = serde_json::Deserializer::from_str(text).into_iter::<String>();
        let key = stream.next()?.ok()?;
        return Some((key, &text[stream.byte_offset()..]));
    }
    let end = text.find(['.', '[']).unwrap_or(text.len());
    (end > 0).then(|| (text[..end].to_owned(), &text[end..]))
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Index(index) => write!(f, "[{index}]")?,
                Segment::Key(key) => {
                    if at > 0 {
                        f.write_str(".")?;
                    }
                    if is_plain(key) {
                        f.write_str(key)?;
                    } else {
                        write!(f, "{}", serde_json::Value::from(key.as_ref()))?;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Whether a key needs no quotes.
fn is_plain(key: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    !key.is_empty()
        && (key.bytes().all(is_word)
            || !key.starts_with('/')
                && !key.contains(['.', '[', '"', '\\'])
                && !key.chars().any(char::is_control))
}

impl TryFrom<String> for FieldPath {
    type Error = PathError;

    fn try_from(text: String) -> Result<Self, PathError> {
        Self::parse(&text)
    }
}

impl From<FieldPath> for String {
    fn from(path: FieldPath) -> String {
        path.to_string()
    }
}

#[cfg(test)]
mod tests;
