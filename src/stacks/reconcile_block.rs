//! The block `settings.reconcile`: how a component is kept true.

use std::sync::LazyLock;

use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value as Json;

use crate::diagnostic::{Code, Diagnostic, Span, closest};
use crate::model::path::FieldPath;
use crate::model::policy::Reconcile;
use crate::model::value::{Node, Rules, Value};
use crate::schema;

static SCHEMA: LazyLock<Json> = LazyLock::new(schema::of::<Reconcile>);
static VALIDATOR: LazyLock<Validator> =
    LazyLock::new(|| Validator::new(&SCHEMA).expect("the schema of a type of ours is valid"));

/// Reads the block; `span` finds the place of a value in it.
pub(super) fn read(
    block: &Value,
    span: impl Fn(&Value) -> Span,
) -> Result<Reconcile, Vec<Diagnostic>> {
    let json = json(block);
    let mut found = Vec::new();
    for error in VALIDATOR.iter_errors(&json) {
        let pointer = error.instance_path().to_string();
        let at = FieldPath::parse(&pointer).ok().and_then(|path| path.find(block)).unwrap_or(block);
        match error.kind() {
            Kind::AdditionalProperties { unexpected } => {
                found.extend(
                    unexpected.iter().map(|key| unknown(key, at.get(key).unwrap_or(at), &span)),
                );
            }
            _ => {
                let (message, hint) = schema::sentence(&error);
                let message = format!("`settings.reconcile`: {message}");
                let mistake = Diagnostic::error(Code::SettingsInvalid, span(at), message);
                found.push(match hint {
                    Some(hint) => mistake.hint(hint),
                    None => mistake,
                });
            }
        }
    }
    if !found.is_empty() {
        return Err(found);
    }
    serde_json::from_value(json).map_err(|error| {
        let message = format!("`settings.reconcile`: {error}");
        vec![Diagnostic::error(Code::SettingsInvalid, span(block), message)]
    })
}

fn unknown(key: &str, at: &Value, span: &impl Fn(&Value) -> Span) -> Diagnostic {
    let message = format!("`{key}` means nothing in `settings.reconcile`");
    let found = Diagnostic::error(Code::UnknownKey, span(at), message);
    let known = SCHEMA.get("properties").and_then(Json::as_object);
    match closest(key, known.into_iter().flat_map(|keys| keys.keys()).map(String::as_str)) {
        Some(name) => found.hint(format!("did you mean `{name}`?")),
        None => found,
    }
}

/// The block as JSON. What is not known yet is left out.
fn json(value: &Value) -> Json {
    match &value.node {
        Node::Null | Node::Unknown(_) | Node::Secret(_) => Json::Null,
        Node::Bool(value) => (*value).into(),
        Node::Int(value) => (*value).into(),
        Node::Uint(value) => (*value).into(),
        Node::Float(value) => (*value).into(),
        Node::Str(text) => text.as_ref().into(),
        Node::Raw(raw) => json(&Value::computed(raw.typed(Rules::Stack))),
        Node::List(items) => items.iter().map(json).collect(),
        Node::Map(map) => {
            let known = map.iter().filter(|(_, value)| !matches!(value.node, Node::Unknown(_)));
            Json::Object(known.map(|(key, value)| (key.as_ref().to_owned(), json(value))).collect())
        }
    }
}
