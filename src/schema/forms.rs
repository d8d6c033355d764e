//! What is wrong where several forms may stand, and which of them was meant.

use jsonschema::ValidationError;
use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::Value as Json;

use super::known_keys;
use crate::diagnostic::closest;

/// What is wrong, in our words, and what may have been meant.
pub fn sentence(error: &ValidationError<'_>) -> (String, Option<String>) {
    said(error, &error.instance().to_string())
}

/// The same, where what was found is called `found`.
pub(super) fn said(error: &ValidationError<'_>, found: &str) -> (String, Option<String>) {
    let choices: Vec<&str> = match error.kind() {
        Kind::Enum { options } => words(options),
        Kind::OneOfNotValid { context } | Kind::AnyOf { context } => {
            context.iter().flatten().flat_map(choices).collect()
        }
        _ => return (error.masked_with(found).to_string(), None),
    };
    if choices.is_empty() || !error.instance().is_string() {
        return (format!("{found} has none of the forms that may stand here"), None);
    }
    let close = error.instance().as_str().and_then(|text| closest(text, choices.iter().copied()));
    let hint = close.map(|close| format!("did you mean `{close}`?"));
    let choices: Vec<_> = choices.iter().map(|choice| format!("{choice:?}")).collect();
    (format!("{found} is none of {}", choices.join(", ")), hint)
}

/// What is wrong: of several forms that may stand there, with the one that was meant.
pub fn causes<'e>(error: &'e ValidationError<'e>) -> Vec<&'e ValidationError<'e>> {
    match meant(error) {
        Some(meant) => meant.iter().flat_map(causes).collect(),
        None => vec![error],
    }
}

/// The keys that none of the forms has which may stand there, and the keys that they have.
pub(super) fn strange(schema: &Json, error: &ValidationError<'_>) -> (Vec<String>, Vec<String>) {
    let (mut strange, mut known) = (None::<Vec<String>>, Vec::new());
    for form in forms(error) {
        let mut here = form.iter().filter(|one| is_here(error, one));
        let keys = here.find_map(|one| match one.kind() {
            Kind::AdditionalProperties { unexpected } => Some((one, unexpected)),
            _ => None,
        });
        let Some((one, unexpected)) = keys else { return (Vec::new(), known) };
        known.extend(known_keys(schema, one));
        match &mut strange {
            Some(strange) => strange.retain(|key| unexpected.contains(key)),
            None => strange = Some(unexpected.clone()),
        }
    }
    (strange.unwrap_or_default(), known)
}

/// What is wrong with the one form that was meant: what was found has the type of no other, or lacks
/// something of every other.
fn meant<'e>(error: &'e ValidationError<'_>) -> Option<&'e [ValidationError<'e>]> {
    let forms = forms(error);
    let lacks = |form: &&[ValidationError<'_>]| {
        let is_missing = |one: &ValidationError<'_>| matches!(one.kind(), Kind::Required { .. });
        form.iter().any(|one| is_missing(one) && is_here(error, one))
    };
    let mut whole = forms.iter().filter(|form| !lacks(form));
    match (forms.as_slice(), whole.next(), whole.next()) {
        ([one], ..) | (_, Some(one), None) => Some(one),
        _ => None,
    }
}

/// What is wrong with each form of the type that was found.
fn forms<'e>(error: &'e ValidationError<'_>) -> Vec<&'e [ValidationError<'e>]> {
    let (Kind::OneOfNotValid { context } | Kind::AnyOf { context }) = error.kind() else {
        return Vec::new();
    };
    let fits = context.iter().filter(|form| !form.iter().any(|one| is_of_other_type(error, one)));
    fits.map(Vec::as_slice).collect()
}

/// Whether `one` says of what `error` is about that it has not the type.
fn is_of_other_type(error: &ValidationError<'_>, one: &ValidationError<'_>) -> bool {
    match one.kind() {
        Kind::Type { .. } => is_here(error, one),
        Kind::OneOfNotValid { .. } | Kind::AnyOf { .. } => {
            is_here(error, one) && forms(one).is_empty()
        }
        _ => false,
    }
}

fn is_here(error: &ValidationError<'_>, one: &ValidationError<'_>) -> bool {
    one.instance_path() == error.instance_path()
}

/// The words that one form takes.
fn choices<'e>(error: &'e ValidationError<'_>) -> Vec<&'e str> {
    match error.kind() {
        Kind::Constant { expected_value } => expected_value.as_str().into_iter().collect(),
        Kind::Enum { options } => words(options),
        Kind::OneOfNotValid { context } | Kind::AnyOf { context } => {
            context.iter().flatten().flat_map(choices).collect()
        }
        _ => Vec::new(),
    }
}

fn words(options: &Json) -> Vec<&str> {
    options.as_array().into_iter().flatten().filter_map(Json::as_str).collect()
}
