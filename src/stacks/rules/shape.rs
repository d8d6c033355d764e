//! The shape of manifests, as a JSON Schema: for editors, and to point at what has another shape.
//!
//! Resolving takes a manifest as it comes where the dialect does. What is said here is what an
//! author should know all the same: a label that is a number, a flag that is a text.

use std::collections::BTreeSet;
use std::sync::Arc;

use jsonschema::error::ValidationErrorKind as Kind;
use serde_json::{Map as Object, Value as Json, json};

use super::{declared, input, json_schema};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::model::canonical;
use crate::model::policy::{Reconcile, RepositoryPolicy};
use crate::model::value::{Node, Rules, Value};
use crate::schema;
use crate::source::Snapshot;
use crate::stacks::atmos_yaml::Dialect;
use crate::stacks::load::Library;
use crate::stacks::sections::{self, Shape};
use crate::stacks::{Lists, merge, path, template};

/// What stands for the result of a function: it fits everywhere.
const CALL: &str = "{{ }}";

/// The JSON Schema of a manifest, draft 2020-12.
pub fn manifest_schema() -> Json {
    let mut top = Object::new();
    top.insert("import".to_owned(), reference("imports"));
    top.insert("name".to_owned(), json!({ "type": "string" }));
    top.insert("components".to_owned(), components());
    top.insert("metadata".to_owned(), metadata(sections::METADATA_GLOBAL));
    for rule in sections::RULES.iter().filter(|rule| rule.global && rule.name != "metadata") {
        top.insert(rule.name.to_owned(), section(rule.name));
    }
    for name in ["overrides", "locals", "workflows", "stores"] {
        top.insert(name.to_owned(), json!({ "type": "object" }));
    }
    for kind in sections::KINDS {
        let known = sections::component_keys().map(|name| (name.to_owned(), section(name)));
        let known: Object<String, Json> = known.collect();
        let kind_schema = json!({
            "type": "object", "properties": known, "additionalProperties": false,
        });
        top.insert((*kind).to_owned(), kind_schema);
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Stack manifest",
        "description": "A file of a stack: what it imports, what it sets for all, and its components.",
        "type": ["object", "null"],
        "properties": top,
        "patternProperties": { "^(x-|_|\\.)": true },
        "additionalProperties": { "type": "object" },
        "$defs": definitions(),
    })
}

/// What has another shape in the manifests of `snapshot`, as warnings in the order of files. Nothing
/// is said about a line on which something is `known` to be wrong.
pub fn manifests(
    snapshot: &Snapshot,
    policy: &RepositoryPolicy,
    known: &[Diagnostic],
) -> Vec<Diagnostic> {
    let line = |found: &Diagnostic| (found.span.file.clone(), found.span.start.line);
    let known: BTreeSet<_> = known.iter().map(line).collect();
    let mut library = Library::new(snapshot, "");
    let (dialect, _) = Dialect::read(&mut library);
    let rules = match &policy.schemas.base_path {
        Some(folder) => folder.clone(),
        None => format!("{}/_globals/schemas", dialect.stacks),
    };
    let (schemas, mut found) = schemas(snapshot, &dialect);
    let files = snapshot.below(&dialect.stacks).map(|(path, _)| path.clone());
    let manifests = files.filter(|path| {
        path::is_manifest(path)
            && !path.ends_with(".tmpl")
            && path::below(path, &rules) == path.as_ref()
    });
    for path in manifests.collect::<Vec<_>>() {
        let Some(source) = library.read(&path) else { continue };
        if !source.faults.is_empty() {
            continue;
        }
        // A list that continues another one is a list like any other.
        let value = merge::settle(&source.value);
        let instance = plain(&value, &dialect);
        for (at, (schema, validator)) in schemas.iter().enumerate() {
            for error in validator.iter_errors(&instance) {
                // Taking a manifest apart says that already, as strictly as it is asked to.
                if at == 0 && matches!(error.kind(), Kind::AdditionalProperties { .. }) {
                    continue;
                }
                for violation in json_schema::violations(schema, &error) {
                    let place = input::find(&value, &violation.path);
                    if is_call(place.value, &dialect) {
                        continue;
                    }
                    let at = library.span(place.value, &path);
                    found.push(diagnostic(&place.path.to_string(), &violation, at));
                }
            }
        }
    }
    found.retain(|found| !known.contains(&line(found)));
    found
}

fn diagnostic(path: &str, violation: &super::Violation, at: Span) -> Diagnostic {
    let path = if path.is_empty() { "the manifest".to_owned() } else { format!("`{path}`") };
    let message = format!("{path}: {}", violation.message);
    let found = Diagnostic::warning(Code::ManifestShape, at, message);
    match &violation.hint {
        Some(hint) => found.hint(hint.clone()),
        None => found,
    }
}

/// Our schema, and the repository's own if `atmos.yaml` names a file of it.
fn schemas(
    snapshot: &Snapshot,
    dialect: &Dialect,
) -> (Vec<(Json, jsonschema::Validator)>, Vec<Diagnostic>) {
    let ours = manifest_schema();
    let validator = jsonschema::Validator::new(&ours).expect("a schema of ours is valid");
    let mut all = vec![(ours, validator)];
    let own = dialect.schemas.manifest.as_deref().filter(|path| !path.contains("://"));
    let Some(own) = own else { return (all, Vec::new()) };
    let file: Arc<str> =
        path::normal(&format!("{}/{own}", dialect.base_path)).unwrap_or_default().into();
    let text = match snapshot.text(&file) {
        Ok(Some(text)) => text,
        Ok(None) => {
            let message = format!("`schemas.atmos.manifest` names `{own}`, which does not exist");
            let at = Span::file("atmos.yaml");
            return (all, vec![Diagnostic::error(Code::RuleMissing, at, message)]);
        }
        Err(error) => {
            let fault =
                Diagnostic::error(Code::FileUnreadable, Span::file(file), error.to_string());
            return (all, vec![fault]);
        }
    };
    match json_schema::JsonSchema::compile(snapshot, &file, &text) {
        Ok(compiled) => {
            all.push((compiled.schema, compiled.validator));
            (all, Vec::new())
        }
        Err(found) => (all, found),
    }
}

/// Whether a function or a template has to be asked what a value is.
fn is_call(value: &Value, dialect: &Dialect) -> bool {
    let open = dialect.templates.delimiters.0.as_ref();
    matches!(&value.node, Node::Raw(raw) if raw.text.contains(open)
        || raw.text.contains(template::OPEN)
        || raw.tag.as_deref().is_some_and(|tag| !tag.starts_with("!!")))
}

/// The manifest as JSON. What a function or a template will give is not known, and fits.
fn plain(value: &Value, dialect: &Dialect) -> Json {
    match &value.node {
        _ if is_call(value, dialect) => CALL.into(),
        Node::Map(map) => {
            let entries = map.iter().map(|(key, value)| (key.to_string(), plain(value, dialect)));
            Json::Object(entries.collect())
        }
        Node::List(items) => items.iter().map(|item| plain(item, dialect)).collect(),
        Node::Raw(raw) => canonical::encode(&Value::computed(raw.typed(Rules::Stack))),
        _ => canonical::encode(value),
    }
}

fn components() -> Json {
    let known = sections::KINDS.iter().map(|kind| {
        ((*kind).to_owned(), json!({ "additionalProperties": reference("component") }))
    });
    json!({
        "type": "object",
        "properties": known.collect::<Object<_, _>>(),
        "additionalProperties": { "type": "object", "additionalProperties": { "type": "object" } },
    })
}

fn section(name: &str) -> Json {
    match name {
        "settings" | "dependencies" | "env" | "retry" => reference(name),
        "metadata" => metadata(sections::METADATA),
        "overrides" => json!({ "type": "object" }),
        name => match sections::rule_of(name).shape {
            Shape::Map => json!({ "type": "object" }),
            Shape::Text => json!({ "type": "string" }),
            Shape::Any => json!(true),
        },
    }
}

fn metadata(keys: &[&str]) -> Json {
    let of = |key: &str| match key {
        "inherits" | "tags" => reference("texts"),
        "labels" => json!({ "type": "object", "additionalProperties": { "type": "string" } }),
        "custom" => json!({ "type": "object" }),
        "enabled" | "locked" => reference("flag"),
        "type" => or_template(&json!({ "enum": ["abstract", "real"] })),
        _ => json!({ "type": "string" }),
    };
    let properties: Object<String, Json> =
        keys.iter().map(|key| ((*key).to_owned(), of(key))).collect();
    json!({ "type": "object", "properties": properties, "additionalProperties": false })
}

fn definitions() -> Json {
    let component: Object<String, Json> =
        sections::component_keys().map(|name| (name.to_owned(), section(name))).collect();
    let import: Object<String, Json> =
        sections::IMPORT.iter().map(|key| ((*key).to_owned(), import_key(key))).collect();
    json!({
        "template": { "type": "string", "pattern": "\\{\\{" },
        "flag": or_template(&json!({ "type": "boolean" })),
        "texts": or_template(&json!({ "type": "array", "items": { "type": "string" } })),
        "imports": {
            "type": ["array", "null"],
            "items": {
                "anyOf": [
                    { "type": "string", "minLength": 1 },
                    {
                        "type": "object", "required": ["path"], "properties": import,
                        "additionalProperties": false,
                    },
                ],
            },
        },
        "component": {
            "type": "object", "properties": component, "additionalProperties": false,
        },
        "env": {
            "type": "object",
            "additionalProperties": { "type": ["string", "number", "boolean", "null"] },
        },
        "settings": settings(),
        "rule": {
            "type": "object",
            "properties": declared::KEYS.iter().map(|key| ((*key).to_owned(), rule_key(key)))
                .collect::<Object<_, _>>(),
            "additionalProperties": false,
        },
        "reconcile": reconcile(),
        "dependency": {
            "type": "object",
            "properties": sections::DEPENDENCY.iter().map(|key| ((*key).to_owned(), json!(true)))
                .collect::<Object<_, _>>(),
            "additionalProperties": false,
        },
        "dependencies": {
            "type": "object",
            "properties": {
                "components": or_template(&json!({ "type": "array", "items": reference("dependency") })),
            },
        },
        "retry": {
            "type": "object",
            "properties": { "max_attempts": or_template(&json!({ "type": "integer", "minimum": 1 })) },
        },
    })
}

/// The block's own schema, which refers to parts of itself.
fn reconcile() -> Json {
    let mut schema = schema::of::<Reconcile>();
    schema["$id"] = "urn:isobar:reconcile".into();
    schema
}

fn settings() -> Json {
    json!({
        "type": "object",
        "properties": {
            "validation": { "type": "object", "additionalProperties": reference("rule") },
            "depends_on": { "type": "object", "additionalProperties": reference("dependency") },
            "reconcile": reference("reconcile"),
            "list_merge_strategy": or_template(&json!({
                "anyOf": [
                    { "enum": Lists::WORDS },
                    { "type": "string", "pattern": format!("^{} *[^ ]", Lists::MERGE_BY.trim_end()) },
                ],
            })),
        },
    })
}

fn import_key(key: &str) -> Json {
    match key {
        "path" => json!({ "type": "string", "minLength": 1 }),
        "context" => json!({ "type": "object" }),
        "ttl" => json!({ "type": ["string", "integer"] }),
        "nested_imports" => json!(true),
        _ => reference("flag"),
    }
}

fn rule_key(key: &str) -> Json {
    let words = super::Language::WORDS.iter().map(|(word, _)| *word).collect::<Vec<_>>();
    match key {
        "schema_type" => or_template(&json!({ "enum": words })),
        "module_paths" => reference("texts"),
        "disabled" => reference("flag"),
        "timeout" => json!({ "type": "integer", "minimum": 0 }),
        "level" => json!({ "enum": ["allow", "warn", "deny"] }),
        _ => json!({ "type": "string" }),
    }
}

/// What a template comes to is not known while one is typed.
fn or_template(schema: &Json) -> Json {
    json!({ "if": reference("template"), "else": schema })
}

fn reference(name: &str) -> Json {
    json!({ "$ref": format!("#/$defs/{name}") })
}
