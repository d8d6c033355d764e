//! Rules as JSON Schemas. What they refer to lies in the snapshot too.

use std::sync::Arc;

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{PatternOptions, Retrieve, Uri, ValidationError, Validator};
use serde_json::Value as Json;

use super::{Violation, input};
use crate::diagnostic::{Code, Diagnostic, Position, Span, closest};
use crate::schema;
use crate::source::Snapshot;

/// What the files of a snapshot are called among schemas.
const ROOT: &str = "repository:///";

/// Longest message of a violation, in characters: it may quote a whole section.
const MESSAGE_CHARS_MAX: usize = 240;

/// A compiled schema.
pub(super) struct JsonSchema {
    pub(super) validator: Validator,
    pub(super) schema: Json,
}

/// Finds what a schema refers to.
struct InSnapshot(Snapshot);

impl JsonSchema {
    /// Reads `text`, the content of `file`.
    pub(super) fn compile(
        snapshot: &Snapshot,
        file: &Arc<str>,
        text: &str,
    ) -> Result<Self, Vec<Diagnostic>> {
        let schema = read(file, text)?;
        // A linear engine for patterns: a schema may come with a pull request.
        let options = jsonschema::options()
            .with_base_uri(format!("{ROOT}{file}"))
            .with_retriever(InSnapshot(snapshot.clone()))
            .with_pattern_options(PatternOptions::regex());
        match options.build(&schema) {
            Ok(validator) => Ok(Self { validator, schema }),
            Err(error) => {
                let at = place(file, text, &error.instance_path().to_string());
                let message = format!("this is no valid JSON Schema: {}", short(&error));
                Err(vec![Diagnostic::error(Code::RuleInvalid, at, message)])
            }
        }
    }

    /// Every way in which `input` breaks it, whatever what is not known yet will be.
    pub(super) fn violations(&self, input: &Json) -> Vec<Violation> {
        let errors = self.validator.iter_errors(input).filter(|error| is_certain(input, error));
        errors.flat_map(|error| violations(&self.schema, &error)).collect()
    }
}

/// Whether an error stays one whatever the parts of `input` are that are not known yet.
fn is_certain(input: &Json, error: &ValidationError<'_>) -> bool {
    if condition(input, error).is_some_and(input::holds_open) {
        return false;
    }
    match error.kind() {
        // Of each alternative something has to be certain.
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            context.iter().all(|errors| errors.iter().any(|error| is_certain(input, error)))
        }
        Kind::Constant { .. }
        | Kind::Contains
        | Kind::Enum { .. }
        | Kind::Not { .. }
        | Kind::OneOfMultipleValid { .. }
        | Kind::UnevaluatedItems { .. }
        | Kind::UnevaluatedProperties { .. }
        | Kind::UniqueItems => !input::holds_open(error.instance()),
        _ => !input::stands_for_open(error.instance()),
    }
}

/// What was looked at to find that a `then` or an `else` is asked at all, if the error is below one:
/// the outermost has all others in it.
fn condition<'i>(input: &'i Json, error: &ValidationError<'_>) -> Option<&'i Json> {
    let mut keywords = error.evaluation_path().as_str().split('/').skip(1).peekable();
    let mut depth = 0;
    loop {
        match keywords.next()? {
            "then" | "else" => break,
            "properties" | "patternProperties" | "prefixItems" => {
                keywords.next();
                depth += 1;
            }
            "items" => {
                keywords.next_if(|next| next.bytes().all(|byte| byte.is_ascii_digit()));
                depth += 1;
            }
            "additionalItems"
            | "additionalProperties"
            | "contains"
            | "unevaluatedItems"
            | "unevaluatedProperties" => depth += 1,
            "allOf" | "anyOf" | "oneOf" | "dependentSchemas" | "dependencies" => {
                keywords.next();
            }
            _ => {}
        }
    }
    let path = error.instance_path().as_str();
    let end = path.match_indices('/').nth(depth).map_or(path.len(), |(at, _)| at);
    input.pointer(&path[..end])
}

/// What one error of a schema means, in our words.
pub(super) fn violations(schema: &Json, error: &ValidationError<'_>) -> Vec<Violation> {
    let pointer = error.instance_path().to_string();
    let steps = pointer.split('/').skip(1);
    let path: Vec<_> = steps.map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    let one = |message, hint| vec![Violation { path: path.clone(), message, hint }];
    match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            let known = schema::known_keys(schema, error);
            let violation = |key: &String| Violation {
                path: path.iter().chain([key]).cloned().collect(),
                message: "this key means nothing here".to_owned(),
                hint: closest(key, known.iter().map(String::as_str))
                    .map(|name| format!("did you mean `{name}`?")),
            };
            unexpected.iter().map(violation).collect()
        }
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            one(format!("`{name}` is missing"), None)
        }
        Kind::AnyOf { .. } | Kind::OneOfNotValid { .. } | Kind::Enum { .. } => {
            let (message, hint) = schema::sentence(error);
            one(cut(&message), hint)
        }
        _ => one(short(error), None),
    }
}

/// A schema as JSON, or as YAML.
fn read(file: &Arc<str>, text: &str) -> Result<Json, Vec<Diagnostic>> {
    if !file.ends_with(".json") {
        let parsed = yaml_span::parse_first(text, &yaml_span::Limits::DEFAULT);
        if !parsed.errors.is_empty() {
            let found = parsed.errors.iter().map(|error| Diagnostic::from_yaml(file, error));
            return Err(found.collect());
        }
        return Ok(schema::to_json(&parsed.document, parsed.document.root()));
    }
    serde_json::from_str(text).map_err(|error| {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).max(1);
        let start = Position { line: count(error.line()), column: count(error.column()) };
        let at = Span { file: file.clone(), start, end: start };
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        vec![Diagnostic::error(Code::RuleInvalid, at, format!("this is no JSON: {message}"))]
    })
}

/// Where in a schema's file a JSON pointer leads.
fn place(file: &Arc<str>, text: &str, pointer: &str) -> Span {
    let parsed = yaml_span::parse_first(text, &yaml_span::Limits::DEFAULT);
    if !parsed.errors.is_empty() {
        return Span::file(file.clone());
    }
    let document = parsed.document;
    let node = schema::find(&document, pointer);
    Span::new(file, document.span(node))
}

fn short(error: &ValidationError<'_>) -> String {
    cut(&error.to_string())
}

fn cut(message: &str) -> String {
    match message.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &message[..end]),
        None => message.to_owned(),
    }
}

impl Retrieve for InSnapshot {
    fn retrieve(
        &self,
        uri: &Uri<String>,
    ) -> Result<Json, Box<dyn std::error::Error + Send + Sync>> {
        let path = uri.as_str().strip_prefix(ROOT);
        let path = path.ok_or_else(|| format!("`{uri}` is not in this repository"))?;
        let text = self.0.text(path)?.ok_or_else(|| format!("there is no file `{path}`"))?;
        read(&path.into(), &text).map_err(|found| {
            let message = found.first().map(|found| found.message.clone());
            format!("`{path}`: {}", message.unwrap_or_default()).into()
        })
    }
}

#[cfg(test)]
mod tests;
