//! Files that are Go templates of the component: their names end in `.tmpl`. Any other stays as it is,
//! for many manifests hold `{{ }}` that others read.

use std::collections::BTreeSet;
use std::sync::Arc;

use gotmpl::{Error, FieldPath, Functions, Limits, MissingKey, Options, Template};
use yaml_span::parse_first;

use super::read::stream;
use crate::build::draft::Draft;
use crate::diagnostic::{Code, Diagnostic, Position, Span, closest};
use crate::model::cipher::{self, Cipher};
use crate::model::files::{File, TemplateText};
use crate::model::go_value::to_go;
use crate::model::value::{Map, Node, Origin, Value};
use crate::model::yaml;

/// What the name of such a file ends in, as in Atmos.
const END: &str = ".tmpl";

/// Sections that every template sees, empty at least.
const SECTIONS: &[&str] = &["vars", "settings", "env", "metadata"];

/// The file's name without what says that it is a template; `None`: it is none.
pub(super) fn stem(path: &str) -> Option<&str> {
    path.strip_suffix(END)
}

/// The documents that the template at `path` renders to, and what is encrypted in them. Values know the
/// place in the template that they come from.
pub(super) fn rendered(
    draft: &mut Draft<'_>,
    path: &Arc<str>,
    text: &Arc<str>,
) -> (Vec<Value>, Vec<Arc<Cipher>>) {
    let mut ciphers = Vec::new();
    let context = context(draft);
    let context = cipher::parts_taken(&context, &mut |cipher| ciphers.push(Arc::new(cipher)));
    let functions = Functions::gomplate().hidden_by(&Functions::sprig());
    let options = Options { functions: &functions, ..Options::default() };
    let template = match Template::parse(path, text, &options) {
        Ok(template) => template,
        Err(error) => {
            let known = error.unknown_function().and_then(|name| closest(name, functions.names()));
            let hint = known.map(|known| format!("did you mean `{known}`?"));
            return refused(draft, path, text, &error, hint);
        }
    };
    if !is_readable(draft, path, text, &template, &context) {
        return (Vec::new(), Vec::new());
    }
    let rendered = template.render_traced(&to_go(&context), &Limits::default(), MissingKey::Error);
    let rendered = match rendered {
        Ok(rendered) => rendered,
        Err(error) => return refused(draft, path, text, &error, None),
    };
    let origin = || TemplateText { text: text.clone(), trace: rendered.trace.clone() };
    let stream = stream(&rendered.text);
    if !stream.errors.is_empty() {
        let whole = Arc::new(parse_first(&*rendered.text, &yaml_span::Limits::DEFAULT).document);
        let file = File::rendered(path.clone(), whole, origin());
        let wrong = stream.errors.iter();
        let wrong = wrong.map(|error| Diagnostic::from_yaml_at(error, |span| file.place(span)));
        draft.found.extend(wrong);
        return (Vec::new(), Vec::new());
    }
    let mut values = Vec::new();
    for document in stream.documents {
        let document = Arc::new(document);
        let number = draft.add_file(File::rendered(path.clone(), document.clone(), origin()));
        let value = yaml::read_manifest(&document, document.root(), number);
        if !value.is_null() {
            values.push(value);
        }
    }
    (values, ciphers)
}

/// What templates see: the component's sections, and what it and its stack are called.
fn context(draft: &Draft<'_>) -> Value {
    let component = draft.component;
    let mut all: Map = SECTIONS.iter().map(|name| (Arc::from(*name), Value::empty_map())).collect();
    for (name, value) in component.sections.as_map().into_iter().flat_map(Map::iter) {
        all.insert(name.clone(), value.clone());
    }
    let stack = component.id.stack.as_str();
    for (name, text) in [
        ("atmos_component", component.id.name.as_str()),
        ("component", &component.code),
        ("atmos_stack", stack),
        ("stack", stack),
        ("component_type", component.id.kind.as_str()),
        ("workspace", &component.workspace),
    ] {
        all.insert(name, Value::text(text));
    }
    Value::computed(Node::Map(all))
}

/// Whether all that the template reads is known and may be shown; what is not is told at the action that
/// reads it.
fn is_readable(
    draft: &mut Draft<'_>,
    path: &Arc<str>,
    text: &str,
    template: &Template,
    context: &Value,
) -> bool {
    let by_action = template.references_by_action();
    let before = draft.found.len();
    let fields = template.references().fields;
    for field in &fields {
        let value = read(context, field);
        // What is below it is the same once more, and says more exactly where.
        let has_below = || fields.iter().any(|one| one != field && one.0.starts_with(&field.0));
        if matches!(value.node, Node::Unknown(_) | Node::Secret(_)) && has_below() {
            continue;
        }
        let mut open = BTreeSet::new();
        value.questions(&mut open);
        let at =
            by_action.iter().find(|(_, fields)| fields.contains(field)).map_or(0, |(at, _)| *at);
        let start = Position::of(text, at);
        let span = Span { file: path.clone(), start, end: start };
        if let Some(question) = open.into_iter().next() {
            let message = format!("`{field}` is not known yet: {question}");
            let found = Diagnostic::error(Code::BuildFailed, span, message);
            draft.found.push(found.hint("it is built once what it waits for has been applied"));
        } else if value.holds_secret() {
            let message = format!("`{field}` is a secret, which a text would show");
            let found = Diagnostic::error(Code::FunctionRefused, span, message);
            draft.found.push(found.hint("name it in the section `manifests`, where it stays one"));
        }
    }
    draft.found.len() == before
}

/// The value at `field`, or the last one on the way to it that has nothing below.
fn read<'v>(context: &'v Value, field: &FieldPath) -> &'v Value {
    let mut value = context;
    for step in &field.0 {
        match value.get(step) {
            Some(below) => value = below,
            None if value.as_map().is_some() => return &NOTHING,
            None => break,
        }
    }
    value
}

/// What a map says of a key that it does not have.
static NOTHING: Value = Value { node: Node::Null, origin: Origin::NONE };

fn refused(
    draft: &mut Draft<'_>,
    path: &Arc<str>,
    text: &str,
    error: &Error,
    hint: Option<String>,
) -> (Vec<Value>, Vec<Arc<Cipher>>) {
    let start = Position::of(text, error.offset);
    let span = Span { file: path.clone(), start, end: start };
    let found = Diagnostic::from_template(error, span);
    draft.found.push(match hint {
        Some(hint) => found.hint(hint),
        None => found,
    });
    (Vec::new(), Vec::new())
}
