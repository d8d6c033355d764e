//! The one value type: what a manifest says, what a tool is handed, what a target holds.
//!
//! A scalar that an author wrote keeps its text and style ([`Raw`]) until a consumer's rules give
//! it a type, because consumers differ: the stack dialect follows yaml.v3 (`yes` is a text),
//! Kubernetes manifests follow go-yaml v2 (`yes` is true). [`Value::typed`] is that moment.
//! Every value knows where it was written ([`Origin`]); equality looks at content alone.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use super::question::Question;
use crate::secret::Secret;

/// A value and where it was written.
#[derive(Clone)]
pub struct Value {
    /// What it is.
    pub node: Node,
    /// Where the author wrote it; [`Origin::NONE`] if nobody did.
    pub origin: Origin,
}

/// What a value is.
#[derive(Clone, PartialEq)]
pub enum Node {
    /// Explicitly nothing: in the dialect a value like any other.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A whole number above `i64::MAX`.
    Uint(u64),
    /// A floating-point number.
    Float(f64),
    /// A text.
    Str(Arc<str>),
    /// A scalar as it was written, not typed yet.
    Raw(Raw),
    /// A list.
    List(Arc<Vec<Value>>),
    /// A map in the author's order.
    Map(Map),
    /// Known only after the question is answered (an output of something not applied yet).
    Unknown(Question),
    /// Exists and may not be shown.
    Secret(Secret),
}

/// A scalar as its author wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw {
    /// The decoded text.
    pub text: Arc<str>,
    /// Whether it stood there without quotes or block style, and so may be more than a text.
    pub plain: bool,
    /// Its tag with the exclamation mark (`!env`, `!!int`), if it has one.
    pub tag: Option<Arc<str>>,
}

/// Whose reading of plain scalars holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// Go's yaml.v3, as the stack dialect reads manifests.
    Stack,
    /// go-yaml v2, as the Kubernetes API machinery reads manifests.
    Kubernetes,
}

/// Where a value was written: a file of [`super::files::Files`] and a node of its document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin {
    /// Which file.
    pub file: u32,
    /// Which node of the file's document.
    pub node: u32,
}

impl Origin {
    /// Written by nobody: computed, or read from a target.
    pub const NONE: Self = Self { file: u32::MAX, node: u32::MAX };
}

impl Value {
    /// A value that nobody wrote.
    pub fn computed(node: Node) -> Self {
        Self { node, origin: Origin::NONE }
    }

    /// A text that nobody wrote.
    pub fn text(text: impl Into<Arc<str>>) -> Self {
        Self::computed(Node::Str(text.into()))
    }

    /// An empty map that nobody wrote.
    pub fn empty_map() -> Self {
        Self::computed(Node::Map(Map::default()))
    }

    /// The map, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.node {
            Node::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items, if it is a list.
    pub fn as_list(&self) -> Option<&[Value]> {
        match &self.node {
            Node::List(items) => Some(items),
            _ => None,
        }
    }

    /// The text, if it is one: typed as a text, or written with a text's style or text.
    pub fn as_str(&self) -> Option<&str> {
        match &self.node {
            Node::Str(text) => Some(text),
            Node::Raw(raw) if raw.is_text() => Some(&raw.text),
            _ => None,
        }
    }

    /// The truth value, if it is one by the stack dialect's rules.
    pub fn as_bool(&self) -> Option<bool> {
        match self.typed(Rules::Stack).node {
            Node::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// Whether it is explicitly nothing by the stack dialect's rules.
    pub fn is_null(&self) -> bool {
        matches!(self.typed_scalar(Rules::Stack), Some(Node::Null))
    }

    /// The value at `key`, if it is a map that has one.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    /// Whether it is a secret, or one is anywhere in it.
    pub fn holds_secret(&self) -> bool {
        match &self.node {
            Node::Secret(_) => true,
            Node::List(items) => items.iter().any(Self::holds_secret),
            Node::Map(map) => map.iter().any(|(_, value)| value.holds_secret()),
            _ => false,
        }
    }

    /// Everything that it, or anything in it, waits to know.
    pub fn questions(&self, open: &mut BTreeSet<Question>) {
        match &self.node {
            Node::Unknown(question) => drop(open.insert(question.clone())),
            Node::List(items) => items.iter().for_each(|item| item.questions(open)),
            Node::Map(map) => map.iter().for_each(|(_, value)| value.questions(open)),
            _ => {}
        }
    }

    /// Whether it, or anything in it, is not known yet.
    pub fn is_open(&self) -> bool {
        match &self.node {
            Node::Unknown(_) => true,
            Node::List(items) => items.iter().any(Self::is_open),
            Node::Map(map) => map.iter().any(|(_, value)| value.is_open()),
            _ => false,
        }
    }

    /// The same value with every scalar typed by `rules`, all the way down.
    pub fn typed(&self, rules: Rules) -> Value {
        let node = match &self.node {
            Node::List(items) => {
                Node::List(Arc::new(items.iter().map(|item| item.typed(rules)).collect()))
            }
            Node::Map(map) => {
                Node::Map(map.iter().map(|(k, v)| (k.clone(), v.typed(rules))).collect())
            }
            other => self.typed_scalar(rules).unwrap_or_else(|| other.clone()),
        };
        Value { node, origin: self.origin }
    }

    fn typed_scalar(&self, rules: Rules) -> Option<Node> {
        match &self.node {
            Node::Raw(raw) => Some(raw.typed(rules)),
            Node::List(_) | Node::Map(_) => None,
            scalar => Some(scalar.clone()),
        }
    }
}

/// Equal content, wherever it was written. A scalar that is not typed yet equals only its like.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

impl Raw {
    /// The typed scalar, by `rules`. A date stays the text its author wrote.
    pub fn typed(&self, rules: Rules) -> Node {
        use yaml_span::schema::{Scalar, v2, v3};
        let tag = self.tag.as_deref();
        let scalar = match rules {
            Rules::Stack => v3::resolve(&self.text, self.plain, tag),
            Rules::Kubernetes => v2::resolve(&self.text, self.plain, tag),
        };
        match scalar {
            Ok(Scalar::Null) => Node::Null,
            Ok(Scalar::Bool(value)) => Node::Bool(value),
            Ok(Scalar::Int(value)) => Node::Int(value),
            Ok(Scalar::Uint(value)) => Node::Uint(value),
            Ok(Scalar::Float(value)) => Node::Float(value),
            Ok(Scalar::Str(text)) => Node::Str(text.as_ref().into()),
            // A text that its tag does not fit was reported when the file was loaded.
            Ok(Scalar::Timestamp(_)) | Err(_) => Node::Str(self.text.clone()),
        }
    }

    fn is_text(&self) -> bool {
        !self.plain || matches!(self.typed(Rules::Stack), Node::Str(_))
    }
}

/// A map in the author's order. Cheap to clone; a changed copy shares what did not change.
#[derive(Clone, Default)]
pub struct Map(Arc<Vec<(Arc<str>, Value)>>);

impl Map {
    /// The value at `key`.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.iter().find(|(k, _)| k.as_ref() == key).map(|(_, value)| value)
    }

    /// Puts `value` at `key`: in the key's place if it is there, else at the end.
    pub fn insert(&mut self, key: impl Into<Arc<str>>, value: Value) {
        let key = key.into();
        let entries = Arc::make_mut(&mut self.0);
        match entries.iter_mut().find(|(k, _)| *k == key) {
            Some((_, old)) => *old = value,
            None => entries.push((key, value)),
        }
    }

    /// Takes `key` out.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let at = self.0.iter().position(|(k, _)| k.as_ref() == key)?;
        Some(Arc::make_mut(&mut self.0).remove(at).1)
    }

    /// Keys and values in the author's order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Arc<str>, &Value)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// Keys and values, sorted by key: the order of every canonical encoding.
    pub fn sorted(&self) -> Vec<(&Arc<str>, &Value)> {
        let mut entries: Vec<_> = self.iter().collect();
        entries.sort_by(|a, b| a.0.cmp(b.0));
        entries
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The last value of a key wins, in the first one's place.
impl FromIterator<(Arc<str>, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (Arc<str>, Value)>>(entries: I) -> Self {
        let unique: indexmap::IndexMap<Arc<str>, Value> = entries.into_iter().collect();
        Self(Arc::new(unique.into_iter().collect()))
    }
}

/// Equal keys and values; their order is the author's business.
impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
            || (self.len() == other.len()
                && self.iter().all(|(key, value)| other.get(key) == Some(value)))
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.node.fmt(f)
    }
}

/// Readable, and never the content of a secret.
impl fmt::Debug for Node {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Int(value) => write!(f, "{value}"),
            Self::Uint(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value:?}"),
            Self::Str(text) => write!(f, "{text:?}"),
            Self::Raw(raw) => write!(f, "raw({:?})", raw.text),
            Self::List(items) => f.debug_list().entries(items.iter()).finish(),
            Self::Map(map) => f.debug_map().entries(map.iter()).finish(),
            Self::Unknown(question) => write!(f, "unknown({question})"),
            Self::Secret(_) => f.write_str("secret"),
        }
    }
}

#[cfg(test)]
mod tests;
