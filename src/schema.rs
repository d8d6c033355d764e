//! Typed YAML files, all mistakes at once.
//!
//! Takes: the text of a settings file and the Rust type it is read into.
//! Gives: the value; or every mistake with its place, its code and a hint.
//! Never: reads a file, stops at the first mistake, or shows what may be a credential.
//!
//! The type's own JSON Schema does the checking, so that the schema an editor uses and the one
//! Isobar uses are the same.

mod credentials;
mod forms;
mod places;

use std::any::TypeId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::{ValidationError, Validator};
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::{Map as Object, Value as Json};
use yaml_span::schema::{Scalar, v3};
use yaml_span::{Document, Limits, NodeId, parse_first};

pub use credentials::veiled;
pub use forms::{causes, sentence};
use forms::{said, strange};
pub use places::Places;
use places::{LeftOut, steps};

use crate::diagnostic::{Code, Diagnostic, Span, closest};

/// Most readings of one file. Each value that fits the schema and cannot be read costs one, and one
/// more if what it is in is nothing without it.
const READINGS_MAX: usize = 100;

/// What a credential is called where it would be shown.
const VEILED: &str = "the credential";

/// The JSON Schema of `T`, draft 2020-12.
pub fn of<T: JsonSchema>() -> Json {
    schemars::schema_for!(T).to_value()
}

/// A value from elsewhere that wins over a file's.
pub struct Overlay {
    /// What it is called where it comes from: a variable's name.
    pub name: String,
    /// Its place: keys in lower case, with `_` for what is neither letter nor digit.
    pub path: Vec<String>,
    /// Its value, as YAML.
    pub text: String,
}

/// Reads `text`, the content of the file `path`, as a `T`. An empty file is an empty map.
pub fn read<T: DeserializeOwned + JsonSchema + 'static>(
    path: &str,
    text: &str,
) -> Result<T, Vec<Diagnostic>> {
    read_with(path, text, &[], |_, _| Vec::new())
}

/// The same, with values from elsewhere laid over it first. `more` is wrong with what fits the
/// type: it looks at all that could be read, and what could not is left out, as if nobody had
/// written it.
pub fn read_with<T: DeserializeOwned + JsonSchema + 'static>(
    path: &str,
    text: &str,
    overlays: &[Overlay],
    more: impl FnOnce(&T, &Places<'_>) -> Vec<Diagnostic>,
) -> Result<T, Vec<Diagnostic>> {
    let path: Arc<str> = path.into();
    let parsed = parse_first(text, &Limits::DEFAULT);
    if !parsed.errors.is_empty() {
        let mistakes = parsed.errors.iter().map(|error| Diagnostic::from_yaml(&path, error));
        return Err(mistakes.collect());
    }
    let document = parsed.document;
    let mut json = match to_json(&document, document.root()) {
        Json::Null => Json::Object(Object::new()),
        json => json,
    };
    overlays.iter().for_each(|overlay| lay(&mut json, &overlay.path, &overlay.text));
    // Where nothing is said nothing can be wrong, and most people have no settings.
    if json.as_object().is_some_and(Object::is_empty)
        && let Ok(value) = serde_json::from_value(json.clone())
    {
        return Ok(value);
    }
    let checked = Checked { path, document, shape: Shape::of::<T>(), overlays };
    let mut found = Vec::new();
    let mut left_out = LeftOut::default();
    for error in checked.shape.validator.iter_errors(&json) {
        found.extend(checked.diagnostics(&error));
        for way in ways(&error) {
            left_out.add(way);
        }
    }
    let value = checked.readable(&json, &mut left_out, &mut found);
    if let Some(value) = &value {
        found.extend(more(value, &Places { checked: &checked, left_out: &left_out }));
    }
    match value {
        Some(value) if found.is_empty() => Ok(value),
        _ => {
            found.sort_by(|a, b| a.span.cmp(&b.span));
            Err(found)
        }
    }
}

/// What is wrong by `error`, as ways from the top.
fn ways(error: &ValidationError<'_>) -> impl Iterator<Item = Vec<String>> {
    let at = steps(&error.instance_path().to_string());
    match error.kind() {
        Kind::AdditionalProperties { unexpected } => {
            let way = |key: &String| at.iter().chain([key]).cloned().collect();
            unexpected.iter().map(way).collect::<Vec<_>>()
        }
        _ => vec![at],
    }
    .into_iter()
}

/// What `value`, found at `way`, is called: what a credential is and what may have one in it is not
/// shown.
fn shown(way: &[String], value: &Json) -> String {
    match value {
        Json::Object(_) => "a map".to_owned(),
        Json::Array(_) => "a list".to_owned(),
        Json::String(text) if credentials::in_url(text).is_some() => VEILED.to_owned(),
        _ if is_credential(way) => VEILED.to_owned(),
        value => value.to_string(),
    }
}

fn is_credential(way: &[String]) -> bool {
    way.iter().any(|key| credentials::is_name(key))
}

/// The document as JSON, scalars typed by the stack rules.
pub fn to_json(document: &Document, node: NodeId) -> Json {
    if document.is_mapping(node) {
        let entry = |(key, value)| (document.text(key).to_owned(), to_json(document, value));
        return Json::Object(document.entries(node).map(entry).collect());
    }
    if document.is_sequence(node) {
        return document.items(node).iter().map(|&item| to_json(document, item)).collect();
    }
    match v3::scalar(document, node) {
        Ok(Scalar::Null) => Json::Null,
        Ok(Scalar::Bool(value)) => value.into(),
        Ok(Scalar::Int(value)) => value.into(),
        Ok(Scalar::Uint(value)) => value.into(),
        Ok(Scalar::Float(value)) => value.into(),
        Ok(Scalar::Str(_) | Scalar::Timestamp(_)) | Err(_) => document.text(node).into(),
    }
}

/// Puts `text` at `path`. A key that is spelled otherwise in the file is found all the same.
fn lay(json: &mut Json, path: &[String], text: &str) {
    let Some((key, rest)) = path.split_first() else {
        let parsed = parse_first(text, &Limits::DEFAULT);
        *json = to_json(&parsed.document, parsed.document.root());
        return;
    };
    if !json.is_object() {
        *json = Json::Object(Object::new());
    }
    let Some(object) = json.as_object_mut() else { return };
    let spelled = object.keys().find(|known| flat(known) == *key).cloned();
    let entry = object.entry(spelled.unwrap_or_else(|| key.clone())).or_insert(Json::Null);
    lay(entry, rest, text);
}

fn flat(key: &str) -> String {
    key.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_")
}

/// What a type is checked by.
struct Shape {
    schema: Json,
    validator: Validator,
}

impl Shape {
    /// The shape of `T`, made once: an agent reads the same settings at every commit.
    fn of<T: JsonSchema + 'static>() -> Arc<Self> {
        type Once = Arc<OnceLock<Arc<Shape>>>;
        static KNOWN: Mutex<BTreeMap<TypeId, Once>> = Mutex::new(BTreeMap::new());

        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        let once = known.entry(TypeId::of::<T>()).or_default().clone();
        drop(known);
        let make = || {
            let schema = of::<T>();
            let validator = Validator::new(&schema).expect("the schema of a type of ours is valid");
            Arc::new(Self { schema, validator })
        };
        once.get_or_init(make).clone()
    }
}

struct Checked<'o> {
    path: Arc<str>,
    document: Document,
    shape: Arc<Shape>,
    overlays: &'o [Overlay],
}

impl Checked<'_> {
    /// What can be read of `json`. What cannot although the schema has nothing against it, a name
    /// with a control character or a date that is none, is found and left out, too.
    fn readable<T: DeserializeOwned>(
        &self,
        json: &Json,
        left_out: &mut LeftOut,
        found: &mut Vec<Diagnostic>,
    ) -> Option<T> {
        for _ in 0..READINGS_MAX {
            let error = match serde_path_to_error::deserialize(left_out.rest(json)) {
                Ok(value) => return Some(value),
                Err(error) => error,
            };
            let way = left_out.way(error.path());
            // What lacks something that was left out is not wrong once more.
            if !left_out.any_in(&way) {
                let message = match is_credential(&way) {
                    true => format!("{VEILED} cannot be read"),
                    false => error.inner().to_string(),
                };
                found.push(self.wrong(&way, message));
            }
            if !left_out.add(way) {
                return None;
            }
        }
        None
    }

    fn diagnostics(&self, error: &ValidationError<'_>) -> Vec<Diagnostic> {
        causes(error).into_iter().flat_map(|cause| self.of_cause(cause)).collect()
    }

    fn of_cause(&self, error: &ValidationError<'_>) -> Vec<Diagnostic> {
        let way = steps(&error.instance_path().to_string());
        match error.kind() {
            Kind::AdditionalProperties { unexpected } => {
                let known = known_keys(&self.shape.schema, error);
                unexpected.iter().map(|key| self.unknown_key(&way, key, &known)).collect()
            }
            Kind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                let found = self.wrong(&way, format!("`{name}` is missing"));
                vec![found.hint(format!("add `{name}:` here"))]
            }
            _ => {
                let (strange, known) = strange(&self.shape.schema, error);
                if !strange.is_empty() {
                    return strange.iter().map(|key| self.unknown_key(&way, key, &known)).collect();
                }
                let (message, hint) = said(error, &shown(&way, error.instance()));
                let found = self.wrong(&way, message);
                vec![match hint {
                    Some(hint) => found.hint(hint),
                    None => found,
                }]
            }
        }
    }

    fn unknown_key(&self, map: &[String], key: &str, known: &[String]) -> Diagnostic {
        let way: Vec<_> = map.iter().map(String::as_str).chain([key]).collect();
        let map = deepest(&self.document, map);
        let entry = self.document.entries(map).find(|&(k, _)| self.document.text(k) == key);
        let place = entry.map_or(map, |(key, _)| key);
        let message = format!("`{key}` means nothing here");
        let found = Diagnostic { code: Code::UnknownKey, ..self.said(&way, place, message) };
        match closest(key, known.iter().map(String::as_str)) {
            Some(name) => found.hint(format!("did you mean `{name}`?")),
            None if known.is_empty() => found,
            None => found.hint(format!("what may stand here: {}", known.join(", "))),
        }
    }

    fn wrong(&self, way: &[String], message: String) -> Diagnostic {
        self.said(way, deepest(&self.document, way), message)
    }

    /// A mistake at `way`, which is at `place` if it is of the file. What was said elsewhere is at
    /// the name that it has there.
    fn said(&self, way: &[impl AsRef<str>], place: NodeId, message: String) -> Diagnostic {
        let laid = laid(&self.document, self.overlays, way);
        let span = laid.unwrap_or_else(|| Span::new(&self.path, self.document.span(place)));
        Diagnostic::error(Code::SettingsInvalid, span, message)
    }
}

/// Where the value is said to which a JSON pointer leads: in one of `overlays`, or in `text`, the
/// content of the file `path`.
pub fn place(path: &str, text: &str, overlays: &[Overlay], pointer: &str) -> Span {
    let document = parse_first(text, &Limits::DEFAULT).document;
    let of_file = || Span::new(&path.into(), document.span(find(&document, pointer)));
    laid(&document, overlays, &steps(pointer)).unwrap_or_else(of_file)
}

/// What was laid over `document` at `way`, by its name: what is there is in it, or is there because
/// of it.
fn laid(document: &Document, overlays: &[Overlay], way: &[impl AsRef<str>]) -> Option<Span> {
    let is_made = || {
        let mut way = way.iter();
        way.try_fold(document.root(), |node, step| document.get(node, step.as_ref())).is_none()
    };
    let is_at = |overlay: &&Overlay| {
        let shared = overlay.path.iter().zip(way).all(|(a, b)| *a == flat(b.as_ref()));
        shared && (overlay.path.len() <= way.len() || is_made())
    };
    overlays.iter().find(is_at).map(|overlay| Span::file(overlay.name.as_str()))
}

/// The node of `document` a JSON pointer leads to, or the deepest one on the way.
pub fn find(document: &Document, pointer: &str) -> NodeId {
    deepest(document, &steps(pointer))
}

/// The node of `document` at `way`, or the deepest one on it.
fn deepest(document: &Document, way: &[String]) -> NodeId {
    way.iter().fold(document.root(), |node, step| below(document, node, step))
}

fn below(document: &Document, node: NodeId, segment: &str) -> NodeId {
    let next = match segment.parse::<usize>() {
        Ok(index) if document.is_sequence(node) => document.items(node).get(index).copied(),
        _ => document.get(node, segment),
    };
    next.unwrap_or(node)
}

/// The keys that the schema has where `error` came up.
pub fn known_keys(schema: &Json, error: &ValidationError<'_>) -> Vec<String> {
    let keyword = error.schema_path().to_string();
    let place = keyword.rsplit_once('/').map_or("", |(place, _)| place);
    let properties = schema.pointer(&format!("{place}/properties")).and_then(Json::as_object);
    properties.map(|keys| keys.keys().cloned().collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
