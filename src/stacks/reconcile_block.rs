//! The block `settings.reconcile`: how a component is kept true.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jiff::SignedDuration;
use jsonschema::Validator;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value as Json;
use serde_path_to_error::Segment;

use crate::diagnostic::{Code, Diagnostic, Span, closest};
use crate::model::path::FieldPath;
use crate::model::policy::Reconcile;
use crate::model::value::{Node, Rules, Value};
use crate::schema;

static SCHEMA: LazyLock<Json> = LazyLock::new(schema::of::<Reconcile>);
static VALIDATOR: LazyLock<Validator> =
    LazyLock::new(|| Validator::new(&SCHEMA).expect("the schema of a type of ours is valid"));

/// How many blocks are remembered: a stack has a handful of different ones.
const KNOWN_MAX: usize = 32;

/// Blocks that were read: most components of a stack have one in common.
#[derive(Default)]
pub(super) struct Known(Vec<(Value, Reconcile)>);

impl Known {
    /// The same as [`read`], once for all blocks that say the same.
    pub(super) fn read(
        &mut self,
        block: &Value,
        is_written: impl Fn(&str) -> bool,
        span: impl Fn(&Value) -> Span,
    ) -> Result<Reconcile, Vec<Diagnostic>> {
        if is_left_out(block, &is_written) {
            return read(block, is_written, span);
        }
        if let Some((_, known)) = self.0.iter().rev().find(|(known, _)| known == block) {
            return Ok(known.clone());
        }
        let reconcile = read(block, is_written, span)?;
        if self.0.len() == KNOWN_MAX {
            self.0.clear();
        }
        self.0.push((block.clone(), reconcile.clone()));
        Ok(reconcile)
    }
}

/// Reads the block; `span` finds the place of a value in it. Settings of which anything is not known
/// yet are left out, and those with a text in them that `is_written` only.
fn read(
    block: &Value,
    is_written: impl Fn(&str) -> bool,
    span: impl Fn(&Value) -> Span,
) -> Result<Reconcile, Vec<Diagnostic>> {
    let json = match block.as_map() {
        Some(map) => {
            let known = map.iter().filter(|(_, value)| !is_left_out(value, &is_written));
            known.map(|(key, value)| (key.as_ref().to_owned(), json(value))).collect()
        }
        None if is_left_out(block, &is_written) => return Ok(Reconcile::default()),
        None => json(block),
    };
    let mut found = Vec::new();
    let mut wrong = BTreeSet::new();
    let errors: Vec<_> = VALIDATOR.iter_errors(&json).collect();
    for error in errors.iter().flat_map(schema::causes) {
        let pointer = error.instance_path().to_string();
        wrong.extend(pointer.split('/').nth(1).map(str::to_owned));
        let at = FieldPath::parse(&pointer).ok().and_then(|path| path.find(block)).unwrap_or(block);
        match error.kind() {
            Kind::AdditionalProperties { unexpected } => {
                wrong.extend(unexpected.iter().cloned());
                found.extend(
                    unexpected.iter().map(|key| unknown(key, at.get(key).unwrap_or(at), &span)),
                );
            }
            _ => {
                let (message, hint) = schema::sentence(error);
                let mistake = invalid(span(at), &message);
                found.push(match hint {
                    Some(hint) => mistake.hint(hint),
                    None => mistake,
                });
            }
        }
    }
    // Each by itself, so that one that cannot be read does not hide the others.
    for (key, value) in json.as_object().into_iter().flatten() {
        if !wrong.contains(key) {
            found.extend(alone(block, key, value, &span));
        }
    }
    match found.is_empty() {
        true => serde_json::from_value(json)
            .map_err(|error| vec![invalid(span(block), &error.to_string())]),
        false => Err(found),
    }
}

/// What is wrong with the setting `key`, whose form is right.
fn alone(
    block: &Value,
    key: &str,
    value: &Json,
    span: &impl Fn(&Value) -> Span,
) -> Option<Diagnostic> {
    let said = block.get(key).unwrap_or(block);
    let one: Json = [(key.to_owned(), value.clone())].into_iter().collect();
    let read: Reconcile = match serde_path_to_error::deserialize(one) {
        Ok(read) => read,
        Err(error) => {
            let at = error.path().iter().skip(1).try_fold(said, |at, segment| match segment {
                Segment::Map { key } => at.get(key),
                Segment::Seq { index } => at.as_list()?.get(*index),
                Segment::Enum { .. } | Segment::Unknown => Some(at),
            });
            return Some(invalid(span(at.unwrap_or(said)), &error.inner().to_string()));
        }
    };
    let time = read.interval.or(read.timeout)?;
    (time <= SignedDuration::ZERO).then(|| {
        let found = invalid(span(said), &format!("`{key}` is no time at all"));
        found.hint(format!("write a time: `{key}: 10m`"))
    })
}

fn is_left_out(value: &Value, is_written: &impl Fn(&str) -> bool) -> bool {
    match &value.node {
        Node::Unknown(_) => true,
        Node::List(items) => items.iter().any(|item| is_left_out(item, is_written)),
        Node::Map(map) => map.iter().any(|(_, value)| is_left_out(value, is_written)),
        _ => value.as_str().is_some_and(is_written),
    }
}

fn invalid(at: Span, message: &str) -> Diagnostic {
    let message = format!("`settings.reconcile`: {message}");
    Diagnostic::error(Code::SettingsInvalid, at, message)
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

/// The block as JSON.
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
            map.iter().map(|(key, value)| (key.as_ref().to_owned(), json(value))).collect()
        }
    }
}

#[cfg(test)]
mod tests;
