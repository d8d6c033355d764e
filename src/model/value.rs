//! The one value type: what a manifest says, what a tool is handed, what a target holds.
//!
//! A scalar that an author wrote keeps its text and style ([`Raw`]) until a consumer's rules give
//! it a type, because consumers differ: the stack dialect follows yaml.v3 (`yes` is a text),
//! Kubernetes manifests follow go-yaml v2 (`yes` is true). [`Value::typed`] is that moment.
//! Every value knows where it was written ([`Origin`]); equality looks at content alone.

mod map;
mod weight;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

pub use map::Map;
pub use weight::TEXT_PART;

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
#[derive(Clone)]
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
    /// A scalar as it was written: what it means depends on who reads it.
    Raw(Arc<Raw>),
    /// A list.
    List(Arc<Vec<Value>>),
    /// A map in the author's order.
    Map(Map),
    /// Known only after the question is answered (an output of something not applied yet).
    Unknown(Arc<Question>),
    /// Exists and may not be shown.
    Secret(Arc<Secret>),
}

// A large repository holds a million values at once.
const _: () = assert!(size_of::<Value>() == 32);

/// A scalar as its author wrote it.
#[derive(Clone, Debug)]
pub struct Raw {
    /// The decoded text.
    pub text: Arc<str>,
    /// Whether it stood there without quotes or block style, and so may be more than a text.
    pub plain: bool,
    /// Its tag with the exclamation mark (`!env`, `!!int`), if it has one.
    pub tag: Option<Arc<str>>,
    /// What it means by [`Rules::Stack`], found once.
    typed: Node,
}

/// The tag of a list that continues the one below it. Such a list is a map whose only key is the
/// tag, so that it survives merge and `explain`.
pub const APPEND: &str = "!append";

/// The tag of a text that is to stay as it is.
pub const LITERAL: &str = "!literal";

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
            Node::Raw(raw) if raw.is_text() && !self.is_call() => Some(&raw.text),
            _ => None,
        }
    }

    /// The truth value, if it is one by the stack dialect's rules.
    pub fn as_bool(&self) -> Option<bool> {
        match self.meaning() {
            Node::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Whether it is explicitly nothing by the stack dialect's rules.
    pub fn is_null(&self) -> bool {
        matches!(self.meaning(), Node::Null)
    }

    /// What it is, a scalar by the stack dialect's rules: never a raw one.
    pub fn meaning(&self) -> &Node {
        match &self.node {
            Node::Raw(raw) => raw.meaning(),
            node => node,
        }
    }

    /// The value at `key`, if it is a map that has one.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.as_map()?.get(key)
    }

    /// The items of a list that continues the one below it.
    pub fn appended(&self) -> Option<&[Value]> {
        let map = self.as_map()?;
        (map.len() == 1).then(|| map.get(APPEND)).flatten()?.as_list()
    }

    /// The function or mark that a scalar is written with: `!env`, and no type like `!!int`.
    pub fn function(&self) -> Option<(&str, &Raw)> {
        let Node::Raw(raw) = &self.node else { return None };
        let tag = raw.tag.as_deref().filter(|tag| !tag.starts_with("!!"))?;
        Some((tag, raw))
    }

    /// Whether a function stands there whose text is not what it gives.
    fn is_call(&self) -> bool {
        self.function().is_some_and(|(tag, _)| tag != LITERAL)
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
            Node::Unknown(question) => drop(open.insert(Question::clone(question))),
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

    /// The same value with every scalar typed by `rules`, all the way down. What is typed already is
    /// shared with it.
    pub fn typed(&self, rules: Rules) -> Value {
        self.with_scalars(&|node| match node {
            Node::Raw(raw) => Some(raw.typed(rules)),
            _ => None,
        })
    }

    /// The same value with every scalar meaning what `rules` say: what [`Value::meaning`] gives of
    /// it. A raw one that means the same by [`Rules::Stack`] is left, so that most of a value is
    /// shared with it.
    pub fn settled(&self, rules: Rules) -> Value {
        self.with_scalars(&|node| match node {
            Node::Raw(raw) => {
                let typed = raw.typed(rules);
                (raw.tag.is_some() || typed != *raw.meaning()).then_some(typed)
            }
            _ => None,
        })
    }

    /// The same value with numbers as the Kubernetes API holds them, however they were written: whole
    /// ones in 64 bits with a sign as far as they fit, all others in double precision.
    pub fn held(&self) -> Value {
        #[expect(clippy::cast_precision_loss, reason = "that is how it is held")]
        let held = |node: &Node| match node {
            Node::Uint(number) => Some(Node::Float(*number as f64)),
            Node::Float(number) if number.fract() == 0.0 && number.abs() < 2f64.powi(63) =>
            {
                #[expect(clippy::cast_possible_truncation, reason = "it is whole, and fits")]
                Some(Node::Int(*number as i64))
            }
            _ => None,
        };
        self.with_scalars(&|node| match node {
            Node::Raw(raw) => held(raw.meaning()),
            node => held(node),
        })
    }

    /// The same value with what `change` makes of its scalars, all the way down; where it makes
    /// nothing of any, it is shared.
    fn with_scalars(&self, change: &impl Fn(&Node) -> Option<Node>) -> Value {
        self.with_others(change).unwrap_or_else(|| self.clone())
    }

    /// The same; `None`: it stays what it is.
    fn with_others(&self, change: &impl Fn(&Node) -> Option<Node>) -> Option<Value> {
        let node = match &self.node {
            Node::List(items) => Node::List(changed_items(items, |item| item.with_others(change))?),
            Node::Map(map) => Node::Map(map.changed(|_, value| value.with_others(change))?),
            scalar => change(scalar)?,
        };
        Some(Value { node, origin: self.origin })
    }
}

/// The same items with what `change` makes of them; `None` if it makes nothing of any.
pub fn changed_items(
    items: &[Value],
    mut change: impl FnMut(&Value) -> Option<Value>,
) -> Option<Arc<Vec<Value>>> {
    let mut changed: Option<Vec<Value>> = None;
    for (at, item) in items.iter().enumerate() {
        if let Some(new) = change(item) {
            changed.get_or_insert_with(|| items.to_vec())[at] = new;
        }
    }
    changed.map(Arc::new)
}

/// Equal content, wherever it was written.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.node == other.node
    }
}

/// A scalar that is not typed yet equals its like, and without a tag what it means.
impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(one), Self::Bool(other)) => one == other,
            (Self::Int(one), Self::Int(other)) => one == other,
            (Self::Uint(one), Self::Uint(other)) => one == other,
            (Self::Float(one), Self::Float(other)) => one == other,
            (Self::Str(one), Self::Str(other)) => one == other,
            (Self::Raw(one), Self::Raw(other)) => one == other,
            (Self::List(one), Self::List(other)) => one == other,
            (Self::Map(one), Self::Map(other)) => one == other,
            (Self::Unknown(one), Self::Unknown(other)) => one == other,
            (Self::Secret(one), Self::Secret(other)) => one == other,
            (Self::Raw(raw), typed) | (typed, Self::Raw(raw)) => {
                raw.tag.is_none() && raw.meaning() == typed
            }
            _ => false,
        }
    }
}

impl Raw {
    /// The scalar with this text; `plain` and `tag` as the fields say.
    pub fn new(text: Arc<str>, plain: bool, tag: Option<Arc<str>>) -> Self {
        let typed = typed(&text, plain, tag.as_deref(), Rules::Stack);
        Self { text, plain, tag, typed }
    }

    /// The typed scalar, by `rules`. A date stays the text its author wrote.
    pub fn typed(&self, rules: Rules) -> Node {
        match rules {
            Rules::Stack => self.typed.clone(),
            Rules::Kubernetes => typed(&self.text, self.plain, self.tag.as_deref(), rules),
        }
    }

    /// The typed scalar by [`Rules::Stack`]: never a raw one, a list or a map.
    pub fn meaning(&self) -> &Node {
        &self.typed
    }

    fn is_text(&self) -> bool {
        !self.plain || matches!(self.typed, Node::Str(_))
    }
}

/// Equal text, style and tag: what it means follows from them.
impl PartialEq for Raw {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.plain == other.plain && self.tag == other.tag
    }
}

impl Eq for Raw {}

fn typed(text: &Arc<str>, plain: bool, tag: Option<&str>, rules: Rules) -> Node {
    use yaml_span::schema::{Scalar, v2, v3};
    let scalar = match rules {
        Rules::Stack => v3::resolve(text, plain, tag),
        Rules::Kubernetes => v2::resolve(text, plain, tag),
    };
    match scalar {
        Ok(Scalar::Null) => Node::Null,
        Ok(Scalar::Bool(value)) => Node::Bool(value),
        Ok(Scalar::Int(value)) => Node::Int(value),
        Ok(Scalar::Uint(value)) => Node::Uint(value),
        Ok(Scalar::Float(value)) => Node::Float(value),
        Ok(Scalar::Str(Cow::Owned(decoded))) => Node::Str(decoded.into()),
        // A text that its tag does not fit was reported when the file was loaded.
        Ok(Scalar::Str(Cow::Borrowed(_)) | Scalar::Timestamp(_)) | Err(_) => {
            Node::Str(text.clone())
        }
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
