//! One manifest, taken apart into what it imports, sets for all, and declares.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use super::by_name::ByName;
use super::function;
use super::load::{Library, Partial};
use super::marks::Marks;
use super::outline::Outline;
use super::sections::{self, Rule, Shape};
use crate::diagnostic::{Code, Diagnostic, Form, Span, closest};
use crate::model::files::MadeOf;
use crate::model::value::{Map, Node, Rules, Value};

/// A kind and a component's name.
pub(super) type Key = (Arc<str>, Arc<str>);

/// Sections by name.
pub(super) type Parts = ByName<Part>;

/// What one place of one manifest says about one section.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) value: Value,
    pub(super) marks: Marks,
}

/// One manifest.
#[derive(Default)]
pub(super) struct Manifest {
    pub(super) path: Arc<str>,
    /// Other files that are part of what it says.
    pub(super) includes: Vec<Arc<str>>,
    /// The number of the text it was rendered to, if it was.
    pub(super) rendered: Option<u32>,
    pub(super) imports: Vec<Import>,
    /// The stack's name, if it is said.
    pub(super) name: Option<Arc<str>>,
    pub(super) globals: Parts,
    pub(super) kinds: BTreeMap<Arc<str>, Parts>,
    pub(super) components: BTreeMap<Key, Declared>,
    /// By kind; a kind's own come behind those for every kind.
    pub(super) overrides: BTreeMap<Arc<str>, Vec<Parts>>,
    /// What the files it imports are rendered with.
    pub(super) given: Map,
    /// What its templates made values of, until the files know it.
    pub(super) made_of: MadeOf,
    /// Whether it says nothing at all.
    pub(super) is_empty: bool,
    /// Why nothing that imports it can be resolved.
    pub(super) faults: Vec<Diagnostic>,
    /// The key at its top that is probably meant to be another.
    pub(super) misspelt: Option<Diagnostic>,
    /// What is odd, and holds nothing back.
    pub(super) warnings: Vec<Diagnostic>,
    /// What every roll that it is on asks of it.
    pub(super) outline: OnceLock<Outline>,
}

/// What one manifest says about one component.
#[derive(Debug)]
pub(super) struct Declared {
    pub(super) parts: Parts,
    /// Where its name is written.
    pub(super) at: Span,
    /// Why the component cannot be resolved.
    pub(super) faults: Vec<Diagnostic>,
    /// Where values of it are that could not be read, from the section on.
    pub(super) broken: Vec<Vec<String>>,
}

/// One item of `import`.
#[derive(Debug, Clone)]
pub(super) struct Import {
    pub(super) path: Arc<str>,
    pub(super) at: Span,
    pub(super) context: Option<Value>,
    pub(super) skip_if_missing: bool,
    pub(super) ignore_missing_values: bool,
    pub(super) skip_templates: bool,
}

impl Manifest {
    /// Adds what is wrong with values of single components.
    pub(super) fn break_parts(&mut self, partial: &[Partial]) {
        for Partial { component, path, fault } in partial {
            match self.components.get_mut(component) {
                Some(declared) => {
                    declared.faults.push(fault.clone());
                    declared.broken.push(path.clone());
                }
                None => self.faults.push(fault.clone()),
            }
        }
    }

    /// Tells the files what the templates of the file `number` made values of.
    pub(super) fn teach(&mut self, library: &mut Library, number: Option<u32>) {
        let made_of = std::mem::take(&mut self.made_of);
        if let Some(number) = number {
            library.files.learn(number, made_of);
        }
    }

    /// Whether it says nothing but what components are.
    pub(super) fn is_quiet(&self) -> bool {
        self.name.is_none()
            && self.globals.is_empty()
            && self.kinds.is_empty()
            && self.overrides.is_empty()
            && self.faults.is_empty()
    }

    /// Whether any of `changed` is part of it.
    pub(super) fn touches(&self, changed: &BTreeSet<Arc<str>>) -> bool {
        changed.contains(&self.path) || self.includes.iter().any(|path| changed.contains(path))
    }
}

impl Import {
    /// Whether nothing about it changes what the imported file is rendered with.
    pub(super) fn is_plain(&self) -> bool {
        self.context.is_none() && !self.ignore_missing_values && !self.skip_templates
    }
}

/// Takes `root`, what the file `path` says, apart. `open` is what a template begins with; `None` if
/// there are no templates and no tags in it.
pub(super) fn split(
    library: &Library,
    path: &Arc<str>,
    root: &Value,
    open: Option<&str>,
) -> Manifest {
    let is_empty = root.is_null() || root.as_map().is_some_and(Map::is_empty);
    let manifest = Manifest { path: path.clone(), is_empty, ..Manifest::default() };
    let mut splitter = Splitter { library, manifest, open };
    if !root.is_null() {
        splitter.root(root);
    }
    splitter.finish()
}

struct Splitter<'l> {
    library: &'l Library,
    manifest: Manifest,
    open: Option<&'l str>,
}

impl Splitter<'_> {
    fn root(&mut self, root: &Value) {
        let Some(map) = root.as_map() else {
            let fault = self.fault(Code::SectionType, root, "a manifest must be a map");
            let hint = "begin each section at the start of a line: `vars:`, `components:`";
            self.manifest.faults.push(fault.hint(hint));
            return;
        };
        for (key, value) in map.iter() {
            match key.as_ref() {
                "import" => self.imports(value),
                "name" if function::called_at(value).is_some() => {
                    let message = "a function is not called here: it decides which stack this is";
                    let fault = self.fault(Code::FunctionRefused, value, message);
                    self.manifest.faults.push(fault.hint("write the name"));
                }
                "name" => {
                    self.manifest.name = value.as_str().filter(|n| !n.is_empty()).map(Arc::from)
                }
                "components" => self.components(value),
                "overrides" => {
                    for kind in sections::OVERRIDDEN_KINDS {
                        self.overrides(kind, value, 0);
                    }
                }
                "locals" => {}
                "metadata" => self.global_metadata(value),
                name if sections::KINDS.contains(&name) => self.kind(key, value),
                name => {
                    match sections::RULES.iter().find(|rule| rule.global && rule.name == name) {
                        Some(rule) => self.global(rule, value),
                        None => self.other_top_key(root, key, value),
                    }
                }
            }
        }
    }

    fn global(&mut self, rule: &Rule, value: &Value) {
        self.closed(rule.name, value);
        match self.part(rule, value) {
            Ok(part) => {
                self.manifest.globals.insert(rule.name.into(), part);
            }
            Err(fault) => self.manifest.faults.push(*fault),
        }
    }

    fn global_metadata(&mut self, value: &Value) {
        for (key, child) in value.as_map().into_iter().flat_map(|map| map.iter()) {
            if !sections::METADATA_GLOBAL.contains(&key.as_ref()) {
                let message = format!("`metadata.{key}` may stand under a component only");
                let fault = self.fault(Code::SectionType, child, &message);
                let hint = format!("move `{key}` to the `metadata` of each component it is for");
                self.manifest.faults.push(fault.hint(hint));
            }
        }
        self.global(sections::rule_of("metadata"), value);
    }

    fn kind(&mut self, kind: &Arc<str>, value: &Value) {
        let Some(map) = value.as_map() else {
            let message = format!("`{kind}` must be a map of sections");
            let fault = self.fault(Code::SectionType, value, &message);
            self.manifest.faults.push(or_empty(fault, kind, value));
            return;
        };
        let mut parts = Vec::with_capacity(map.len());
        for (key, child) in map.iter() {
            match key.as_ref() {
                "overrides" if sections::OVERRIDDEN_KINDS.contains(&kind.as_ref()) => {
                    self.overrides(kind, child, usize::MAX);
                }
                "overrides" | "locals" => {}
                name => match self.part(sections::rule_of(name), child) {
                    Ok(part) => {
                        let known = sections::component_keys();
                        self.unknown(value, key, known, &format!("under `{kind}`"));
                        self.closed(key, child);
                        parts.push((key.clone(), part));
                    }
                    Err(fault) => self.manifest.faults.push(*fault),
                },
            }
        }
        self.manifest.kinds.insert(kind.clone(), parts.into_iter().collect());
    }

    fn overrides(&mut self, kind: &str, value: &Value, at: usize) {
        let Some(map) = value.as_map() else {
            let fault =
                self.fault(Code::SectionType, value, "`overrides` must be a map of sections");
            self.manifest.faults.push(or_empty(fault, "overrides", value));
            return;
        };
        let mut parts = Vec::with_capacity(map.len());
        for (key, child) in map.iter() {
            let rule = sections::rule_of(key);
            if !rule.overridden {
                let known = sections::RULES.iter().filter(|r| r.overridden).map(|rule| rule.name);
                self.unknown(value, key, known, "in `overrides`");
            }
            let rule = if rule.overridden { rule } else { &sections::OTHER };
            match self.part(rule, child) {
                Ok(part) => parts.push((key.clone(), part)),
                Err(fault) => self.manifest.faults.push(*fault),
            }
        }
        let levels = self.manifest.overrides.entry(kind.into()).or_default();
        levels.insert(at.min(levels.len()), parts.into_iter().collect());
    }

    fn components(&mut self, value: &Value) {
        let Some(kinds) = value.as_map() else {
            let fault = self.fault(Code::SectionType, value, "`components` must be a map of kinds");
            self.manifest.faults.push(or_empty(fault, "components", value));
            return;
        };
        for (kind, components) in kinds.iter() {
            let Some(map) = components.as_map() else {
                let message = format!("`components.{kind}` must be a map of components");
                let fault = self.fault(Code::SectionType, components, &message);
                self.manifest.faults.push(or_empty(fault, kind, components));
                continue;
            };
            for (name, component) in map.iter() {
                let declared = self.component(kind, name, component, components);
                self.manifest.components.insert((kind.clone(), name.clone()), declared);
            }
        }
    }

    fn component(
        &mut self,
        kind: &Arc<str>,
        name: &Arc<str>,
        value: &Value,
        all: &Value,
    ) -> Declared {
        let at = self.key_span(all, name);
        let (faults, broken) = (Vec::new(), Vec::new());
        let mut declared = Declared { parts: Parts::default(), at, faults, broken };
        let Some(map) = value.as_map() else {
            let message = format!("the component `{name}` must be a map of sections");
            let fault = self.fault(Code::SectionType, value, &message);
            declared.faults.push(or_empty(fault, name, value));
            return declared;
        };
        let mut parts = Vec::with_capacity(map.len());
        let custom = !sections::KINDS.contains(&kind.as_ref());
        let odd = self.manifest.warnings.len();
        for (key, child) in map.iter() {
            self.closed(key, child);
            if !custom {
                self.unknown(value, key, sections::component_keys(), "in a component");
            }
            if key.as_ref() == "metadata" {
                for (key, _) in child.as_map().into_iter().flat_map(|map| map.iter()) {
                    let known = sections::METADATA.iter().copied();
                    self.unknown(child, key, known, "in `metadata`");
                }
            }
            let rule = if custom { &sections::OTHER } else { sections::rule_of(key) };
            match self.part(rule, child) {
                Ok(part) => parts.push((key.clone(), part)),
                Err(fault) => declared.faults.push(*fault),
            }
        }
        declared.parts = parts.into_iter().collect();
        // What is forbidden in a component is that component's alone.
        let odd = self.manifest.warnings.split_off(odd);
        let (faults, odd): (Vec<_>, Vec<_>) = odd.into_iter().partition(Diagnostic::is_error);
        declared.faults.extend(faults);
        self.manifest.warnings.extend(odd);
        declared
    }

    fn imports(&mut self, value: &Value) {
        if value.is_null() {
            return;
        }
        let Some(items) = value.as_list() else {
            let fault = self.fault(Code::ImportForm, value, "`import` must be a list");
            self.manifest.faults.push(fault.hint("write `import:` and below it `- catalog/vpc`"));
            return;
        };
        for item in items {
            match self.import(item) {
                Ok(import) => self.manifest.imports.push(import),
                Err(fault) => self.manifest.faults.push(*fault),
            }
        }
    }

    fn import(&mut self, item: &Value) -> Result<Import, Box<Diagnostic>> {
        let path = item.get("path").unwrap_or(item);
        let Some(text) = path.as_str().filter(|text| !text.is_empty()) else {
            let fault =
                self.fault(Code::ImportForm, item, "an import is a path, or a map with `path`");
            return Err(Box::new(fault.hint("write `- catalog/vpc` or `- path: catalog/vpc`")));
        };
        let known = sections::IMPORT.iter().copied();
        for (key, _) in item.as_map().into_iter().flat_map(|map| map.iter()) {
            self.unknown(item, key, known.clone(), "in an import");
        }
        if let Some(nested) = item.get("nested_imports").filter(|v| v.as_str() == Some("remote")) {
            let message = "what a file of another place imports is of this repository";
            let fault = self.fault(Code::ImportForm, nested, message);
            let hint = "import each of them by its own url, or name it there with `./`";
            return Err(Box::new(fault.hint(hint)));
        }
        let flag = |key: &str| item.get(key).and_then(Value::as_bool).unwrap_or(false);
        Ok(Import {
            path: text.into(),
            at: self.span(path),
            context: item
                .get("context")
                .filter(|c| c.as_map().is_some_and(|m| !m.is_empty()))
                .cloned(),
            skip_if_missing: flag("skip_if_missing"),
            ignore_missing_values: flag("ignore_missing_template_values"),
            skip_templates: flag("skip_templates_processing"),
        })
    }

    fn part(&self, rule: &Rule, value: &Value) -> Result<Part, Box<Diagnostic>> {
        let fits = match rule.shape {
            Shape::Map => value.as_map().is_some(),
            Shape::Text => matches!(value.typed(Rules::Stack).node, Node::Str(_)),
            Shape::Any => true,
        };
        if !fits {
            let wanted = if rule.shape == Shape::Map { "a map" } else { "a text" };
            let message = format!("`{}` must be {wanted}", rule.name);
            let fault = self.fault(Code::SectionType, value, &message);
            return Err(Box::new(match rule.shape {
                Shape::Map => or_empty(fault, rule.name, value),
                Shape::Text | Shape::Any => fault.hint(Form::Text.advice(rule.name)),
            }));
        }
        let marks = self.open.map(|open| Marks::of(value, open)).unwrap_or_default();
        Ok(Part { value: value.clone(), marks })
    }

    /// Keys for anchors (`x-...`, `_...`, `....`) mean nothing on purpose.
    fn other_top_key(&mut self, root: &Value, key: &Arc<str>, value: &Value) {
        if key.starts_with(['.', '_']) || key.starts_with("x-") {
            return;
        }
        let global = sections::RULES.iter().filter(|rule| rule.global).map(|rule| rule.name);
        let known: Vec<_> =
            global.chain(sections::TOP.iter().chain(sections::KINDS).copied()).collect();
        // A map of that name may be the section of a custom kind.
        if value.as_map().is_some() && closest(key, known.iter().copied()).is_none() {
            return;
        }
        let before = self.manifest.warnings.len();
        self.unknown(root, key, known.into_iter(), "at the top of a manifest");
        if self.manifest.misspelt.is_none() {
            self.manifest.misspelt = self.manifest.warnings.get(before).cloned();
        }
    }

    /// The keys of maps further down that are known.
    fn closed(&mut self, section: &str, value: &Value) {
        for (way, place, keys) in sections::CLOSED.iter().filter(|(way, ..)| way[0] == section) {
            let mut maps = vec![value];
            for step in &way[1..] {
                maps = maps.into_iter().flat_map(|map| below(map, step)).collect();
            }
            for map in maps {
                for (key, _) in map.as_map().into_iter().flat_map(|map| map.iter()) {
                    self.unknown(map, key, keys.iter().copied(), place);
                }
            }
        }
    }

    /// Says that `key` is none of the known ones, if it is not.
    fn unknown<'k>(
        &mut self,
        map: &Value,
        key: &Arc<str>,
        known: impl Iterator<Item = &'k str> + Clone,
        place: &str,
    ) {
        if known.clone().any(|name| name == key.as_ref()) {
            return;
        }
        let message = format!("`{key}` means nothing {place}");
        let found = Diagnostic::error(Code::UnknownKey, self.key_span(map, key), message);
        let Some(found) = self.library.strictness().unknown_keys.of(found) else { return };
        self.manifest.warnings.push(match closest(key, known) {
            Some(name) => found.hint(format!("did you mean `{name}`?")),
            None => found,
        });
    }

    /// What is forbidden at the top regards all that imports the manifest.
    fn finish(mut self) -> Manifest {
        let odd = std::mem::take(&mut self.manifest.warnings);
        let (faults, odd): (Vec<_>, Vec<_>) = odd.into_iter().partition(Diagnostic::is_error);
        self.manifest.faults.extend(faults);
        self.manifest.warnings = odd;
        self.manifest
    }

    fn fault(&self, code: Code, value: &Value, message: &str) -> Diagnostic {
        Diagnostic::error(code, self.span(value), message)
    }

    fn span(&self, value: &Value) -> Span {
        self.library.span(value, &self.manifest.path)
    }

    /// Where `key` is written in `map`.
    fn key_span(&self, map: &Value, key: &str) -> Span {
        self.library.key_span(map, key).unwrap_or_else(|| self.span(map))
    }
}

/// A section that is there and says nothing is a mistake in this dialect.
fn or_empty(fault: Diagnostic, key: &str, value: &Value) -> Diagnostic {
    match value.is_null() {
        true => fault.hint(format!("remove the empty `{key}:`, or write `{key}: {{}}`")),
        false => fault.hint(Form::Map.advice(key)),
    }
}

/// The values one step below; `*` steps into all of them.
fn below<'v>(value: &'v Value, step: &str) -> Vec<&'v Value> {
    match step {
        "*" => {
            let entries = value.as_map().into_iter().flat_map(|map| map.iter());
            let items = value.as_list().unwrap_or_default();
            entries.map(|(_, value)| value).chain(items).collect()
        }
        key => value.get(key).into_iter().collect(),
    }
}
