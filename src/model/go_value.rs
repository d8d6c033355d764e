//! Values as templates see them, and what templates evaluate to as values.

use std::sync::Arc;

use super::value::{Node, Rules, Value};

/// The value as templates see it. A function that was not called yet is its text.
pub fn to_go(value: &Value) -> gotmpl::Value {
    to_go_with(value, &|node| match node {
        Node::Unknown(question) => Some(question.to_string().into()),
        _ => None,
    })
}

/// The same, but for what `other` makes of a node.
pub fn to_go_with(value: &Value, other: &impl Fn(&Node) -> Option<gotmpl::Value>) -> gotmpl::Value {
    use gotmpl::Value as Go;
    if let Some(other) = other(&value.node) {
        return other;
    }
    let item = |value: &Value| to_go_with(value, other);
    match &value.node {
        Node::Null | Node::Secret(_) | Node::Unknown(_) => Go::Nil,
        Node::Bool(value) => Go::Bool(*value),
        Node::Int(value) => Go::Int(*value),
        Node::Uint(value) => Go::Uint64(*value),
        Node::Float(value) => Go::Float(*value),
        Node::Str(text) => Go::Str(text.clone()),
        Node::Raw(raw) => match raw.tag.as_deref() {
            Some(tag) if !tag.starts_with("!!") => {
                Go::from(format!("{tag} {}", raw.text).trim_end())
            }
            _ => item(&Value::computed(raw.typed(Rules::Stack))),
        },
        Node::List(items) => Go::from(items.iter().map(item).collect::<Vec<_>>()),
        Node::Map(map) => {
            Go::Map(map.iter().map(|(key, value)| (key.clone(), item(value))).collect())
        }
    }
}

/// What a template evaluated to, as a value nobody wrote.
pub fn from_go(value: &gotmpl::Value) -> Node {
    use gotmpl::Value as Go;
    match value {
        Go::Absent | Go::Nil => Node::Null,
        Go::Bool(value) => Node::Bool(*value),
        Go::Int(value) | Go::Int64(value) => Node::Int(*value),
        Go::Uint8(value) => Node::Int(i64::from(*value)),
        Go::Uint64(value) => Node::Uint(*value),
        Go::Float(value) => Node::Float(*value),
        Go::Str(text) => Node::Str(text.clone()),
        Go::List(list) => {
            let items = list.items().iter().map(|item| Value::computed(from_go(item)));
            Node::List(Arc::new(items.collect()))
        }
        Go::Map(map) => {
            let entries = map.entries().into_iter();
            Node::Map(entries.map(|(key, value)| (key, Value::computed(from_go(&value)))).collect())
        }
        Go::Object(object) => Node::Str(object.text().into()),
    }
}
