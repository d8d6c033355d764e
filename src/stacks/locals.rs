//! `locals`: names for values within one file, put in place while the file is read.

use std::sync::Arc;

use gotmpl::{Element, Map as Scope};

use super::load::Library;
use super::merge;
use super::sections::KINDS;
use super::template::{self, Failure, Missing, Moment, Rendering, Templates};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::value::{Map, Node, Raw, Value};

/// The manifest `root` of the file `path` with its locals put in place; unchanged if it has none.
///
/// A section at the top, or under a kind, is rendered whole or not at all: if anything in it needs
/// what is not known yet, it waits for the late templates. Components are rendered text by text.
/// In a file that is imported with a context nothing waits: what cannot be rendered is a finding.
pub(super) fn put_in_place(
    library: &Library<'_>,
    templates: &mut Templates,
    path: &Arc<str>,
    root: &Value,
    context: Option<&Value>,
) -> (Value, Vec<Diagnostic>) {
    // What a kind calls a local shadows what the file calls so, everywhere in the file.
    let levels = [root].into_iter().chain(KINDS.iter().filter_map(|kind| root.get(kind)));
    let levels: Vec<_> = levels.filter_map(|level| level.get("locals")).collect();
    if levels.is_empty() {
        return (root.clone(), Vec::new());
    }
    let mut faults = Vec::new();
    let mut all = Map::default();
    for level in levels {
        let Some(locals) = level.as_map() else {
            let span = library.span(level, path);
            faults.push(Diagnostic::error(Code::SectionType, span, "`locals` must be a map"));
            continue;
        };
        locals.iter().for_each(|(name, value)| all.insert(name.clone(), value.clone()));
    }
    let given = context.and_then(Value::as_map).into_iter().flat_map(Map::iter);
    let scope = Scope::from_iter(given.map(|(key, value)| (key.clone(), template::to_go(value))));
    for section in ["vars", "settings", "env"] {
        if let Some(value) = root.get(section) {
            scope.insert(section, template::to_go(value));
        }
    }
    let resolved = Scope::new(Element::Any);
    scope.insert("locals", resolved.clone().into());
    let mut locals =
        Locals { library, templates, path, all, resolved, scope, open: vec![], faults };
    for (name, _) in locals.all.clone().iter() {
        locals.resolve(name);
    }
    let strict = context.is_some();
    let rendered = locals.rest(root, strict);
    (rendered, locals.faults)
}

/// Whether the manifest has locals.
pub(super) fn are_in(root: &Value) -> bool {
    let mut levels = [root].into_iter().chain(KINDS.iter().filter_map(|kind| root.get(kind)));
    levels.any(|level| level.get("locals").is_some())
}

struct Locals<'l, 's> {
    library: &'l Library<'s>,
    templates: &'l mut Templates,
    path: &'l Arc<str>,
    all: Map,
    resolved: Scope,
    /// What templates of the file read; `resolved` is in it.
    scope: Scope,
    /// The locals that are being resolved, each for the one before it.
    open: Vec<Arc<str>>,
    faults: Vec<Diagnostic>,
}

impl Locals<'_, '_> {
    /// Resolves a local after those it refers to.
    fn resolve(&mut self, name: &Arc<str>) {
        if self.resolved.has(name) {
            return;
        }
        let Some(value) = self.all.get(name).cloned() else { return };
        if let Some(start) = self.open.iter().position(|open| open == name) {
            let ring = self.open[start..].iter().chain([name]).map(AsRef::as_ref);
            let message =
                format!("locals refer to each other: {}", ring.collect::<Vec<_>>().join(" -> "));
            let span = self.library.span(&value, self.path);
            self.faults.push(Diagnostic::error(Code::LocalsCycle, span, message));
            self.resolved.insert(name.clone(), gotmpl::Value::Nil);
            return;
        }
        self.open.push(name.clone());
        for other in self.references(&value) {
            self.resolve(&other);
        }
        self.open.pop();
        if self.resolved.has(name) {
            return;
        }
        let mut rendering = self.rendering();
        let rendered = rendering.tree(&value).unwrap_or_else(|| value.clone());
        let failures = std::mem::take(&mut rendering.failures);
        self.report(&failures);
        self.resolved.insert(name.clone(), template::to_go(&rendered));
    }

    /// The file's sections and components with templates rendered as far as they can be.
    fn rest(&mut self, root: &Value, strict: bool) -> Value {
        let Some(map) = root.as_map() else { return root.clone() };
        let mut rendered = Map::default();
        for (key, value) in map.iter() {
            let value = match key.as_ref() {
                "import" | "locals" => value.clone(),
                kind if KINDS.contains(&kind) => {
                    merge::rebuild(value, |section| self.section(section, true, strict))
                }
                "components" => self.section(value, false, strict),
                _ => self.section(value, true, strict),
            };
            rendered.insert(key.clone(), value);
        }
        Value { node: Node::Map(rendered), origin: root.origin }
    }

    fn section(&mut self, section: &Value, whole: bool, strict: bool) -> Value {
        let mut rendering = self.rendering();
        let rendered = rendering.tree(section).unwrap_or_else(|| section.clone());
        let failures = std::mem::take(&mut rendering.failures);
        if strict {
            self.report(&failures);
        }
        if whole && !failures.is_empty() { section.clone() } else { rendered }
    }

    fn report(&mut self, failures: &[Failure]) {
        for failure in failures {
            let span = self.library.span(&failure.at, self.path);
            self.faults.push(failure.diagnostic(&self.library.files, span));
        }
    }

    fn rendering(&mut self) -> Rendering<'_> {
        Rendering {
            templates: self.templates,
            moment: Moment::Import,
            missing: Missing::Fails,
            scope: self.scope.clone().into(),
            written: Map::default(),
            failures: Vec::new(),
            absent: Vec::new(),
        }
    }

    /// The locals that the templates in `value` read.
    fn references(&mut self, value: &Value) -> Vec<Arc<str>> {
        match &value.node {
            Node::Raw(Raw { text, .. }) | Node::Str(text) => {
                let fields = self.templates.fields(Moment::Import, text);
                let names = fields.iter().filter_map(|field| match field.0.as_slice() {
                    [section, name, ..] if section == "locals" => Some(Arc::from(name.as_str())),
                    _ => None,
                });
                names.collect()
            }
            Node::List(items) => items.iter().flat_map(|item| self.references(item)).collect(),
            Node::Map(map) => map.iter().flat_map(|(_, value)| self.references(value)).collect(),
            _ => Vec::new(),
        }
    }
}
