//! What is rendered while a file is read: with the context it is imported with, and its locals.
//!
//! A file that can be parsed before it is rendered is rendered text by text, and a text that is one
//! reference and nothing else keeps the type of what it refers to. Only what is called a template
//! need not be one: then its text is rendered, and what comes out is parsed.
//!
//! A file that is imported with a context, or by a file with locals, has to have everything its
//! templates read: what is missing is a mistake. A file that only has locals of its own is
//! rendered as a whole, or but for such references not at all, and waits for the late templates.

use std::sync::Arc;

use super::load::Library;
use super::locals;
use super::template::{self, Missing, Moment, Rendering, Templates};
use crate::diagnostic::{Diagnostic, Position, Span};
use crate::model::value::{Map, Node, Value};

/// The sections that a file with locals renders on their own, in that order: each may read those
/// before it.
const SECTIONS: &[&str] = &["settings", "vars", "env"];

/// What a file is rendered with.
#[derive(Clone, Default)]
pub(super) struct Context {
    pub(super) values: Map,
    /// What is missing prints `<no value>`.
    pub(super) ignore_missing: bool,
    /// Nothing is rendered.
    pub(super) skip: bool,
}

/// A file as it was read.
pub(super) struct Early {
    pub(super) value: Value,
    /// What the files it imports are rendered with.
    pub(super) values: Map,
    pub(super) faults: Vec<Diagnostic>,
}

/// Reads the file at `path`.
pub(super) fn read(
    library: &mut Library<'_>,
    templates: &mut Templates,
    path: &Arc<str>,
    context: &Context,
) -> Early {
    let is_template = path.ends_with(".tmpl");
    let (raw, faults) = match is_template {
        true => raw_template(library, path),
        false => match library.read(path) {
            Some(source) => (source.value.clone(), source.faults.clone()),
            None => (Value::computed(Node::Null), Vec::new()),
        },
    };
    let values = context.values.clone();
    let mut early = Early { value: raw, values, faults };
    if !early.faults.is_empty() && !is_template {
        return early;
    }
    if !context.skip {
        early.locals(library, templates, path);
        if is_template && early.value.is_null() {
            early.faults.clear();
            early.render_text(library, templates, path, context);
        } else if is_template || !early.values.is_empty() {
            early.render(library, templates, path, context);
        }
    }
    early.put_in_place();
    early
}

impl Early {
    /// The file's own locals, and its sections rendered with them, over what it was given. The
    /// locals of the file that imports it are not its own.
    fn locals(&mut self, library: &Library<'_>, templates: &mut Templates, path: &Arc<str>) {
        self.values.remove("locals");
        if !locals::are_in(&self.value) {
            return;
        }
        let (own, faults) = locals::resolved(library, templates, path, &self.value);
        self.faults.extend(faults);
        self.values.insert("locals", Value::computed(Node::Map(own)));
        for name in SECTIONS {
            let Some(section) = self.value.get(name).filter(|section| section.as_map().is_some())
            else {
                continue;
            };
            let scope = scope(&self.values);
            let mut rendering = Rendering::new(templates, Moment::Import, Missing::Fails, scope);
            let rendered = rendering.tree(section).filter(|_| rendering.failures.is_empty());
            self.values.insert(*name, rendered.unwrap_or_else(|| section.clone()));
        }
    }

    /// Renders the file, text by text.
    fn render(
        &mut self,
        library: &Library<'_>,
        templates: &mut Templates,
        path: &Arc<str>,
        context: &Context,
    ) {
        let mut rendering =
            Rendering::new(templates, Moment::Import, context.missing(), scope(&self.values));
        let rendered = rendering.tree(&self.value);
        let failures = rendering.failures;
        if failures.is_empty() {
            self.value = rendered.unwrap_or_else(|| self.value.clone());
        } else if !context.values.is_empty() {
            let spans = failures.iter().map(|f| f.diagnostic(library.span(&f.at, path)));
            self.faults.extend(spans);
        } else {
            let scope = scope(&self.values);
            let mut rendering = Rendering::new(templates, Moment::Import, context.missing(), scope);
            rendering.references_only = true;
            self.value = rendering.tree(&self.value).unwrap_or_else(|| self.value.clone());
        }
    }

    /// Renders the text of the file, and parses what comes out.
    fn render_text(
        &mut self,
        library: &mut Library<'_>,
        templates: &mut Templates,
        path: &Arc<str>,
        context: &Context,
    ) {
        let text = match library.text(path) {
            Ok(text) => text.unwrap_or_default(),
            Err(fault) => return self.faults.push(fault),
        };
        let (missing, scope) = (context.missing(), scope(&self.values));
        let text = match templates.text(Moment::Import, &text, &scope, missing) {
            Ok(rendered) => rendered.into(),
            // Without a context its references are to the component, and wait for the late pass.
            Err(_) if context.values.is_empty() => text,
            Err(error) => return self.faults.push(template::diagnostic(&error, at(path, &error))),
        };
        let source = library.parse(path, text);
        self.faults.extend(source.faults);
        self.value = source.value;
    }

    /// The sections that were rendered on their own take the place of those in the file, and so
    /// do, as in Atmos, those of a file with locals that imports it: its own are lost.
    fn put_in_place(&mut self) {
        let Node::Map(mut map) = self.value.node.clone() else { return };
        for name in SECTIONS {
            let given = self.values.get(name).and_then(Value::as_map);
            if let Some(given) = given.filter(|given| !given.is_empty()) {
                let origin = self.values.get(name).map_or(self.value.origin, |v| v.origin);
                map.insert(*name, Value { node: Node::Map(given.clone()), origin });
            }
        }
        self.value = Value { node: Node::Map(map), origin: self.value.origin };
    }
}

impl Context {
    fn missing(&self) -> Missing {
        if self.ignore_missing { Missing::Prints } else { Missing::Fails }
    }
}

/// A template as it stands, if it can be parsed at all.
fn raw_template(library: &mut Library<'_>, path: &Arc<str>) -> (Value, Vec<Diagnostic>) {
    match library.text(path) {
        Ok(text) => {
            let source = library.parse(path, text.unwrap_or_default());
            (source.value, source.faults)
        }
        Err(fault) => (Value::computed(Node::Null), vec![fault]),
    }
}

fn scope(values: &Map) -> gotmpl::Value {
    template::to_go(&Value::computed(Node::Map(values.clone())))
}

/// Where in the file `path`, which is a template itself, the error is.
fn at(path: &Arc<str>, error: &gotmpl::Error) -> Span {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let start = Position { line: count(error.line), column: count(error.column) };
    Span { file: path.clone(), start, end: start }
}
