//! What is rendered while a file is read: with the context it is imported with, and its locals.
//!
//! A file that can be parsed before it is rendered is rendered text by text, and a text that is one
//! reference and nothing else keeps the type of what it refers to. Only what is called a template
//! need not be one: then its text is rendered, and what comes out is parsed.
//!
//! A file that is imported with a context, or by a file with locals, has to have everything its
//! templates read: what is missing is a mistake. A file that only has locals of its own is
//! rendered as a whole, or but for such references not at all, and waits for the late templates.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gotmpl::FieldPath;

use super::load::Library;
use super::locals;
use super::made_of::Places;
use super::remote;
use super::template::{self, Missing, Moment, Rendering, Templates};
use crate::diagnostic::{Diagnostic, Position, Span};
use crate::ids::ContentId;
use crate::model::canonical;
use crate::model::files::{MadeOf, TemplateText};
use crate::model::go_value;
use crate::model::value::{Map, Node, Origin, Value};

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
    /// What its templates made values of.
    pub(super) made_of: MadeOf,
    pub(super) faults: Vec<Diagnostic>,
}

/// What a text that cannot be parsed before was rendered to.
pub(super) struct RenderedText {
    pub(super) text: Arc<str>,
    pub(super) template: TemplateText,
    /// What each of its actions reads.
    pub(super) actions: BTreeMap<usize, BTreeSet<FieldPath>>,
}

impl Early {
    /// A file that is parsed already, rendered with `context`; `number` is what the file is called
    /// where values come of that context.
    pub(super) fn of_value(
        (value, faults): (Value, Vec<Diagnostic>),
        number: Option<u32>,
        library: &Library,
        templates: &mut Templates,
        path: &Arc<str>,
        context: &Context,
    ) -> Self {
        let mut early =
            Self { value, values: context.values.clone(), made_of: MadeOf::default(), faults };
        let mut places = Places::default();
        if early.faults.is_empty() && !context.skip {
            early.locals(library, templates, path, &mut places);
            if !early.values.is_empty() || remote::is_template(path) {
                early.render(library, templates, path, context, &mut places);
            }
        }
        early.put_in_place();
        let from = early.value.origin.file;
        let to = number.unwrap_or(from);
        if to != from {
            let values = Value::computed(Node::Map(early.values.clone()));
            let values = places.renumbered(&values, from, to);
            early.values = values.as_map().cloned().unwrap_or_default();
            early.value = places.renumbered(&early.value, from, to);
        }
        early.made_of = places.into_table(from, to);
        early
    }

    /// The file's own locals, and its sections rendered with them, over what it was given. The
    /// locals of the file that imports it are not its own.
    fn locals(
        &mut self,
        library: &Library,
        templates: &mut Templates,
        path: &Arc<str>,
        places: &mut Places,
    ) {
        self.values.remove("locals");
        if !locals::are_in(&self.value) {
            return;
        }
        let (own, read, faults) = locals::resolved(library, templates, path, &self.value);
        places.extend(read);
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
            places.add(std::mem::take(&mut rendering.reads), &self.values);
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
        places: &mut Places,
    ) {
        let mut rendering =
            Rendering::new(templates, Moment::Import, context.missing(), scope(&self.values));
        rendering.twice = true;
        rendering.written = self.values.clone();
        let rendered = rendering.tree(&self.value);
        let (failures, reads) = (rendering.failures, rendering.reads);
        if failures.is_empty() {
            self.value = rendered.unwrap_or_else(|| self.value.clone());
            places.add(reads, &self.values);
        } else if !context.values.is_empty() {
            let spans =
                failures.iter().map(|f| f.diagnostic(&library.files, library.span(&f.at, path)));
            self.faults.extend(spans);
        } else {
            let scope = scope(&self.values);
            let mut rendering = Rendering::new(templates, Moment::Import, context.missing(), scope);
            rendering.references_only = true;
            rendering.written = self.values.clone();
            self.value = rendering.tree(&self.value).unwrap_or_else(|| self.value.clone());
            places.add(rendering.reads, &self.values);
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
            let values = Value::computed(Node::Map(values.clone()));
            // What comes of a context is to say where that is written.
            let mut places = Vec::new();
            put_places(&values, &mut places);
            ContentId::of([canonical::bytes(&values), flags, places].concat())
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
    ) -> Result<Option<RenderedText>, Box<Diagnostic>> {
        let given = !self.values.is_empty();
        self.values.remove("locals");
        match templates.traced(text, &scope(&self.values), self.missing()) {
            Ok((gotmpl::Rendered { text: rendered, trace }, actions)) => {
                let template = TemplateText { text: text.clone(), trace };
                Ok(Some(RenderedText { text: rendered.into(), template, actions }))
            }
            // Without a context its references are to the component, and wait for the late pass.
            Err(_) if !given => Ok(None),
            Err(error) => {
                let start = Position::of(text, error.offset);
                let span = Span { file: path.clone(), start, end: start };
                Err(Box::new(template::diagnostic(&error, span)))
            }
        }
    }

    fn missing(&self) -> Missing {
        if self.ignore_missing { Missing::Prints } else { Missing::Fails }
    }
}

/// Where each part of `value` is written, one behind the other.
fn put_places(value: &Value, into: &mut Vec<u8>) {
    let Origin { file, node } = value.origin;
    into.extend([file, node].into_iter().flat_map(u32::to_le_bytes));
    match &value.node {
        Node::List(items) => items.iter().for_each(|item| put_places(item, into)),
        Node::Map(map) => map.iter().for_each(|(_, child)| put_places(child, into)),
        _ => {}
    }
}

fn scope(values: &Map) -> gotmpl::Value {
    go_value::to_go(&Value::computed(Node::Map(values.clone())))
}
