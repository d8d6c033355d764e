//! What a rule is asked about, as JSON, and the way back to the line that says it.

use serde_json::{Map as Object, Value as Json, json};

use crate::model::canonical;
use crate::model::desired::{Component, Presence, Stack};
use crate::model::path::FieldPath;
use crate::model::value::{Node, Value};

/// What stands for a value that is not known yet: nothing is said about it.
const UNKNOWN: &str = "(computed)";

/// The component as `describe component` shows it: its sections and its names.
pub(super) fn component(component: &Component) -> Json {
    let mut all = Object::new();
    if let Some(sections) = component.sections.as_map() {
        all.extend(sections.iter().map(|(name, value)| (name.to_string(), plain(value))));
    }
    all.insert("atmos_component".to_owned(), json!(component.id.name));
    all.insert("atmos_stack".to_owned(), json!(component.id.stack));
    all.insert("atmos_stack_file".to_owned(), json!(component.manifest));
    all.insert("component".to_owned(), json!(component.code));
    all.insert("inheritance".to_owned(), json!(component.inheritance));
    all.insert("workspace".to_owned(), json!(component.workspace));
    Json::Object(all)
}

/// The stack: its name, and its active components, which `components` are, by kind and name.
pub(super) fn stack<'c>(
    stack: &Stack,
    components: impl Iterator<Item = (&'c Component, Json)>,
) -> Json {
    let mut kinds: Object<String, Json> = Object::new();
    for (component, input) in components {
        let kind = kinds.entry(component.id.kind.as_str()).or_insert_with(|| json!({}));
        kind[component.id.name.as_str()] = input;
    }
    let all = [("stack".to_owned(), json!(stack.name)), ("components".into(), Json::Object(kinds))];
    Json::Object(all.into_iter().collect())
}

/// What exists to be applied.
pub(super) fn active(stack: &Stack) -> impl Iterator<Item = &Component> {
    stack.components.values().filter(|component| component.presence == Presence::Active)
}

/// A place in a component.
pub(super) struct Found<'v> {
    /// How the author would write it.
    pub(super) path: FieldPath,
    /// What is there, or the deepest value on the way.
    pub(super) value: &'v Value,
    /// Whether the whole way is there.
    pub(super) whole: bool,
}

/// Follows the steps of a JSON path from the sections of a component.
pub(super) fn find<'v>(sections: &'v Value, steps: &[String]) -> Found<'v> {
    let mut found = Found { path: FieldPath::root(), value: sections, whole: true };
    for step in steps {
        let index = step.parse().ok().filter(|_| found.value.as_list().is_some());
        let next = match index {
            Some(index) => found.value.as_list().and_then(|items| items.get(index)),
            None => found.value.get(step),
        };
        found.path = match index {
            Some(index) => found.path.index(index),
            None => found.path.key(step.as_str()),
        };
        match next {
            Some(value) if found.whole => found.value = value,
            _ => found.whole = false,
        }
    }
    found
}

/// Whether nothing can be said about a value yet.
pub(super) fn is_open(value: &Value) -> bool {
    matches!(value.node, Node::Unknown(_) | Node::Secret(_))
}

/// Whether it stands for a value of which nothing can be said yet.
pub(super) fn stands_for_open(input: &Json) -> bool {
    input.as_str() == Some(UNKNOWN)
}

/// The same of it, or of anything in it.
pub(super) fn holds_open(input: &Json) -> bool {
    match input {
        Json::Array(items) => items.iter().any(holds_open),
        Json::Object(entries) => entries.values().any(holds_open),
        other => stands_for_open(other),
    }
}

fn plain(value: &Value) -> Json {
    match &value.node {
        Node::List(items) => items.iter().map(plain).collect(),
        Node::Map(map) => {
            Json::Object(map.iter().map(|(key, value)| (key.to_string(), plain(value))).collect())
        }
        Node::Unknown(_) | Node::Secret(_) => Json::from(UNKNOWN),
        Node::Str(text) => Json::from(text.as_ref()),
        Node::Bool(value) => Json::from(*value),
        _ => canonical::encode(value),
    }
}
