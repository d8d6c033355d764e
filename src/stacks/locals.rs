//! `locals`: names for values within one file.

use std::sync::Arc;

use gotmpl::Map as Scope;

use super::load::Library;
use super::made_of::{Places, Reads};
use super::merge::{self, Lists};
use super::template::{self, Missing, Moment, Rendering, Templates};
use crate::diagnostic::{Code, Diagnostic, Form};
use crate::model::go_value;
use crate::model::value::{Map, Node, Value};

/// The kinds that may have locals of their own, in the order in which they are resolved.
const KINDS: &[&str] = &["terraform", "helmfile", "packer"];

/// Whether the manifest has locals.
pub(super) fn are_in(root: &Value) -> bool {
    let mut levels = [root].into_iter().chain(KINDS.iter().filter_map(|kind| root.get(kind)));
    levels.any(|level| level.get("locals").is_some())
}

/// The locals of a manifest, by who says them.
pub(super) struct Levels {
    /// What the file says.
    pub(super) file: Map,
    /// What its kinds say.
    pub(super) kinds: Vec<(&'static str, Map)>,
    /// What their templates read.
    places: Places,
    pub(super) faults: Vec<Diagnostic>,
}

/// The locals of the manifest `root` of the file `path`, resolved: what the file says, and over
/// it what its kinds say. They read each other and the file's own sections as they are written.
pub(super) fn resolved(
    library: &Library,
    templates: &mut Templates,
    path: &Arc<str>,
    root: &Value,
) -> (Map, Places, Vec<Diagnostic>) {
    let Levels { file: mut all, kinds, places, faults } = levels(library, templates, path, root);
    let said = kinds.iter().flat_map(|(_, level)| level.iter());
    said.for_each(|(name, value)| all.insert(name.clone(), value.clone()));
    (all, places, faults)
}

/// The same, each level by itself.
pub(super) fn levels(
    library: &Library,
    templates: &mut Templates,
    path: &Arc<str>,
    root: &Value,
) -> Levels {
    let own = sections(root);
    let mut locals =
        Locals { library, templates, path, places: Places::default(), faults: Vec::new() };
    let file = locals.level(root, &own, &Map::default());
    let mut kinds = Vec::new();
    for (name, kind) in KINDS.iter().filter_map(|kind| Some((*kind, root.get(kind)?))) {
        let above = Value::computed(Node::Map(sections(kind)));
        let below = Value::computed(Node::Map(own.clone()));
        let seen = merge::merge(&below, &above, Lists::Replace);
        if kind.get("locals").is_some() {
            kinds.push((name, locals.level(kind, seen.as_map().unwrap_or(&own), &file)));
        }
    }
    Levels { file, kinds, places: locals.places, faults: locals.faults }
}

/// What locals may read beside each other.
fn sections(level: &Value) -> Map {
    let names = ["settings", "vars", "env"].into_iter();
    let found = names.filter_map(|name| Some((Arc::from(name), level.get(name)?.clone())));
    found.collect()
}

struct Locals<'l> {
    library: &'l Library,
    templates: &'l mut Templates,
    path: &'l Arc<str>,
    places: Places,
    faults: Vec<Diagnostic>,
}

impl Locals<'_> {
    /// What one level says, resolved; `parent` is what the level above it came to.
    fn level(&mut self, level: &Value, sections: &Map, parent: &Map) -> Map {
        let Some(said) = level.get("locals") else { return Map::default() };
        let Some(all) = said.as_map() else {
            let span = self.library.span(said, self.path);
            let fault = Diagnostic::error(Code::SectionType, span, "`locals` must be a map");
            self.faults.push(fault.hint(Form::Map.advice("locals")));
            return Map::default();
        };
        let inherited = parent.iter().filter(|(name, _)| all.get(name).is_none());
        let inherited = inherited.map(|(name, value)| (name.clone(), go_value::to_go(value)));
        let resolved = Scope::from_iter(inherited);
        let read = sections.iter().map(|(name, value)| (name.clone(), go_value::to_go(value)));
        let scope = Scope::from_iter(read);
        scope.insert("locals", resolved.clone().into());
        let mut level = Level {
            all,
            sections,
            parent,
            resolved,
            scope: scope.into(),
            open: Vec::new(),
            values: Map::default(),
            reads: Reads::new(),
        };
        let (library, path, faults) = (self.library, self.path, &mut self.faults);
        for (name, _) in all.iter() {
            level.resolve(self.templates, name, &mut |value, why| {
                let span = library.span(value, path);
                faults.push(match why {
                    Why::Ring(message) => Diagnostic::error(Code::LocalsCycle, span, message),
                    Why::Failed(error) => template::diagnostic(error, span),
                });
            });
        }
        let mut seen = sections.clone();
        let inherited = parent.iter().filter(|(name, _)| all.get(name).is_none());
        let locals = inherited.chain(level.values.iter());
        let locals = locals.map(|(name, value)| (name.clone(), value.clone())).collect();
        seen.insert("locals", Value::computed(Node::Map(locals)));
        self.places.add(level.reads, &seen);
        level.values
    }
}

/// Why a local has no value.
enum Why<'e> {
    Ring(String),
    Failed(&'e gotmpl::Error),
}

/// The locals of one level on their way.
struct Level<'a> {
    all: &'a Map,
    /// What they may read beside each other.
    sections: &'a Map,
    /// What the level above came to.
    parent: &'a Map,
    /// What templates read; it is in `scope`.
    resolved: Scope,
    scope: gotmpl::Value,
    /// The locals that are being resolved, each for the one before it.
    open: Vec<Arc<str>>,
    values: Map,
    /// What was rendered.
    reads: Reads,
}

impl Level<'_> {
    /// Resolves a local after those it refers to.
    fn resolve(
        &mut self,
        templates: &mut Templates,
        name: &Arc<str>,
        report: &mut dyn FnMut(&Value, Why<'_>),
    ) {
        if self.values.get(name).is_some() {
            return;
        }
        let Some(value) = self.all.get(name).cloned() else { return };
        if let Some(start) = self.open.iter().position(|open| open == name) {
            let ring = self.open[start..].iter().chain([name]).map(AsRef::as_ref);
            let ring = ring.collect::<Vec<_>>().join(" -> ");
            report(&value, Why::Ring(format!("locals refer to each other: {ring}")));
            return self.keep(name, value);
        }
        self.open.push(name.clone());
        let others = references(templates, &value);
        for other in &others {
            self.resolve(templates, other, report);
        }
        self.open.pop();
        if self.values.get(name).is_some() {
            return;
        }
        let mut rendering =
            Rendering::new(templates, Moment::Import, Missing::Fails, self.scope.clone());
        let known =
            |name: &Arc<str>| self.values.get(name).or_else(|| self.parent.get(name)).cloned();
        let known = others.iter().filter_map(|name| Some((name.clone(), known(name)?))).collect();
        rendering.written = self.sections.clone();
        rendering.written.insert("locals", Value::computed(Node::Map(known)));
        let rendered = rendering.tree(&value);
        let failures = std::mem::take(&mut rendering.failures);
        self.reads.append(&mut rendering.reads);
        failures.iter().for_each(|failure| report(&failure.at, Why::Failed(&failure.error)));
        self.keep(name, rendered.filter(|_| failures.is_empty()).unwrap_or(value));
    }

    fn keep(&mut self, name: &Arc<str>, value: Value) {
        self.resolved.insert(name.clone(), go_value::to_go(&value));
        self.values.insert(name.clone(), value);
    }
}

/// The locals that the templates in `value` read.
fn references(templates: &mut Templates, value: &Value) -> Vec<Arc<str>> {
    let mut in_text = |text: &Arc<str>| {
        let fields = templates.fields(Moment::Import, text);
        let names = fields.iter().filter_map(|field| match field.0.as_slice() {
            [section, name, ..] if section == "locals" => Some(Arc::from(name.as_str())),
            _ => None,
        });
        names.collect()
    };
    match &value.node {
        Node::Raw(raw) => in_text(&raw.text),
        Node::Str(text) => in_text(text),
        Node::List(items) => items.iter().flat_map(|item| references(templates, item)).collect(),
        Node::Map(map) => map.iter().flat_map(|(_, value)| references(templates, value)).collect(),
        _ => Vec::new(),
    }
}
