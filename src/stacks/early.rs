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
use super::remote;
use super::template::{self, Missing, Moment, Rendering, Templates};
use crate::diagnostic::{Diagnostic, Position, Span};
use crate::ids::ContentId;
use crate::model::canonical;
use crate::model::value::{Map, Node, Value};

/// The sections that a file with locals renders on their own, in that order: each may read those
/// before it.
const SECTIONS: &[&str] = &["settings", "vars", "env"];

/// What a file is rendered with.
#[derive(Clone, Default)]
pub(super) struct Context {
    pub(super) values: Map,
    /// Names values and flags. None: there is nothing to render with.
    pub(super) id: Option<ContentId>,
    /// What is missing prints `<no value>`.
    pub(super) ignore_missing: bool,
    /// Nothing is rendered.
    pub(super) skip: bool,
}

/// A file on its way.
pub(super) struct Early {
    pub(super) value: Value,
    /// What it is rendered with, and then the files it imports.
    pub(super) values: Map,
    pub(super) faults: Vec<Diagnostic>,
}

impl Early {
    /// A file that is parsed already, rendered with `context`.
    pub(super) fn of_value(
        (value, faults): (Value, Vec<Diagnostic>),
        library: &Library,
        templates: &mut Templates,
        path: &Arc<str>,
        context: &Context,
    ) -> Self {
        let mut early = Self { value, values: context.values.clone(), faults };
        if early.faults.is_empty() && !context.skip {
            early.locals(library, templates, path);
            if !early.values.is_empty() || remote::is_template(path) {
                early.render(library, templates, path, context);
            }
        }
        early.put_in_place();
        early
    }

    /// The file's own locals, and its sections rendered with them, over what it was given. The
    /// locals of the file that imports it are not its own.
    fn locals(&mut self, library: &Library, templates: &mut Templates, path: &Arc<str>) {
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
        library: &Library,
        templates: &mut Templates,
        path: &Arc<str>,
        context: &Context,
    ) {
        let mut rendering =
            Rendering::new(templates, Moment::Import, context.missing(), scope(&self.values));
        rendering.twice = true;
        let rendered = rendering.tree(&self.value);
        let failures = rendering.failures;
        if failures.is_empty() {
            self.value = rendered.unwrap_or_else(|| self.value.clone());
        } else if !context.values.is_empty() {
            let spans =
                failures.iter().map(|f| f.diagnostic(&library.files, library.span(&f.at, path)));
            self.faults.extend(spans);
        } else {
            let scope = scope(&self.values);
            let mut rendering = Rendering::new(templates, Moment::Import, context.missing(), scope);
            rendering.references_only = true;
            self.value = rendering.tree(&self.value).unwrap_or_else(|| self.value.clone());
        }
    }

    /// The sections that were rendered on their own take the place of those in the file, and so
    /// do, as in Atmos, those of a file with locals that imports it: its own are lost.
    pub(super) fn put_in_place(&mut self) {
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
    /// What a file is rendered with that nothing is handed to.
    pub(super) fn plain(templates: &Templates) -> Self {
        Self { ignore_missing: templates.ignores_missing(), ..Self::default() }
    }

    /// `values` and the flags of an import.
    pub(super) fn new(
        values: Map,
        ignore_missing: bool,
        skip: bool,
        templates: &Templates,
    ) -> Self {
        let plain = values.is_empty() && !ignore_missing && !skip;
        let id = (!plain).then(|| {
            let flags = format!("{ignore_missing}{skip}").into_bytes();
            let values = canonical::bytes(&Value::computed(Node::Map(values.clone())));
            ContentId::of([values, flags].concat())
        });
        let ignore_missing = ignore_missing || templates.ignores_missing();
        Self { values, id, ignore_missing, skip }
    }

    /// Renders the text of a file that cannot be parsed before, of which `None` is left where it
    /// has to wait. It has no locals of its own, and none of the file that imports it.
    pub(super) fn text(
        &mut self,
        templates: &mut Templates,
        path: &Arc<str>,
        text: &Arc<str>,
    ) -> Result<Option<Arc<str>>, Box<Diagnostic>> {
        let given = !self.values.is_empty();
        self.values.remove("locals");
        let rendered = templates.text(Moment::Import, text, &scope(&self.values), self.missing());
        match rendered {
            Ok(rendered) => Ok(Some(rendered.into())),
            // Without a context its references are to the component, and wait for the late pass.
            Err(_) if !given => Ok(None),
            Err(error) => Err(Box::new(template::diagnostic(&error, at(path, &error)))),
        }
    }

    fn missing(&self) -> Missing {
        if self.ignore_missing { Missing::Prints } else { Missing::Fails }
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
