//! Files into values: each file is read and parsed once, and every value knows its place.

use std::cell::LazyCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use globset::Glob;
use rayon::prelude::*;
use yaml_span::schema::{Scalar, v3};
use yaml_span::{Document, Kind, Limits, NodeId, parse_first, parse_ordinary};

use super::function;
use super::include;
use super::manifest::Key;
use super::merge::{self, Lists};
use super::path;
use super::policy_file;
use super::remote::{self, Remotes};
use super::skim::Skim;
use super::texts::Texts;
use crate::diagnostic::{Code, Diagnostic, Span, closest};
use crate::model::files::{File, Files, TemplateText};
use crate::model::policy::Strictness;
use crate::model::value::{Map, Node, Origin, Raw, Value};
use crate::source::{ReadError, Snapshot};

/// How many paths may be held against what imports and includes name: two thousand patterns in ten
/// times the largest tree known (9,600 files), at 50 ns each a second. Without a bound, each of the
/// hundred thousand imports that a file has room for would look at every file.
const LOOKS_MAX: usize = 20_000_000;

/// What it costs to see how close a path is to a name, in looks.
const CLOSE_LOOKS: usize = 20;

/// Reads a snapshot's files, each once.
#[derive(Clone)]
pub(super) struct Library {
    pub(super) snapshot: Snapshot,
    /// Folder that `!include` starts at.
    pub(super) base_path: String,
    /// What takes a plain key of a manifest apart: `a.b: 1` is `a: {b: 1}`.
    pub(super) key_delimiter: Option<Arc<str>>,
    /// What becomes of what is odd, once anything is.
    strictness: OnceLock<Strictness>,
    /// Files at other places.
    pub(super) remotes: Remotes,
    /// How manifests are read of which only the stack's name is wanted.
    pub(super) skim: Option<Skim>,
    /// How many paths were held against names so far.
    looks: usize,
    /// Everything parsed so far.
    pub(super) files: Files,
    read: BTreeMap<Arc<str>, Option<Arc<Source>>>,
    tables: BTreeMap<Arc<str>, Arc<Source>>,
}

/// One parsed file.
pub(super) struct Source {
    /// From the repository's root.
    pub(super) path: Arc<str>,
    /// Its number among the files, if it could be read.
    pub(super) number: Option<u32>,
    /// What the whole file says.
    pub(super) value: Value,
    /// Other files that are part of it.
    pub(super) includes: Vec<Arc<str>>,
    /// Why it cannot be used.
    pub(super) faults: Vec<Diagnostic>,
    /// Why only some of its components cannot be.
    pub(super) partial: Vec<Partial>,
}

/// What is wrong with one value of one component.
#[derive(Clone)]
pub(super) struct Partial {
    pub(super) component: Key,
    /// Where in the component, from the section on.
    pub(super) path: Vec<String>,
    pub(super) fault: Diagnostic,
}

/// A text that is parsed, and not read as a value yet.
struct Parsed {
    file: File,
    faults: Vec<Diagnostic>,
}

impl Library {
    pub(super) fn new(snapshot: &Snapshot, base_path: &str) -> Self {
        Self {
            snapshot: snapshot.clone(),
            base_path: base_path.to_owned(),
            key_delimiter: None,
            strictness: OnceLock::new(),
            remotes: Remotes::default(),
            skim: None,
            looks: 0,
            files: Files::default(),
            read: BTreeMap::new(),
            tables: BTreeMap::new(),
        }
    }

    /// What becomes of what is odd. Most repositories have nothing odd, and never wait for it.
    pub(super) fn strictness(&self) -> &Strictness {
        self.strictness.get_or_init(|| policy_file::policy(&self.snapshot).0.strictness)
    }

    /// Goes on with another snapshot, in which `changed` is what is new, gone or different: what
    /// does not depend on it is not read again. What could not be read is tried again.
    pub(super) fn advance(&mut self, snapshot: &Snapshot, changed: &BTreeSet<Arc<str>>) {
        self.snapshot = snapshot.clone();
        let stays = |path: &Arc<str>, source: &Source| {
            source.faults.is_empty()
                && source.partial.is_empty()
                && !changed.contains(path)
                && source.includes.iter().all(|path| !changed.contains(path))
        };
        self.read.retain(|path, source| source.as_ref().is_some_and(|source| stays(path, source)));
        self.tables.retain(|path, source| stays(path, source));
    }

    /// Whether the file at `path` was looked for, as a manifest or as a table.
    pub(super) fn has_read(&self, path: &str) -> bool {
        self.read.contains_key(path) || self.tables.contains_key(path)
    }

    /// The numbers of the files that this library would give again.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
        let read = self.read.values().flatten().chain(self.tables.values());
        read.filter_map(|source| source.number)
    }

    /// Reads the manifests at `paths` on all cores, so that [`Self::read`] has them at hand.
    pub(super) fn prefetch(&mut self, paths: &[Arc<str>]) {
        let wanted: Vec<_> = paths.iter().filter(|path| !self.read.contains_key(*path)).collect();
        let parse = |path: &&Arc<str>| {
            let text = self.text(path).ok().flatten()?;
            let skimmed = self.skim.as_ref().and_then(|skim| skimmed(path, &text, skim));
            Some(skimmed.unwrap_or_else(|| parse(path, text, None)))
        };
        let parsed: Vec<_> = wanted.par_iter().filter_map(parse).collect();
        let numbered: Vec<_> = parsed
            .into_iter()
            .map(|parsed| (self.files.add(parsed.file.clone()), parsed))
            .collect();
        let (alone, including): (Vec<_>, Vec<_>) = numbered
            .into_iter()
            .partition(|(_, parsed)| !parsed.file.text().contains(include::TAG));
        let alone: Vec<_> = alone
            .into_par_iter()
            .map_init(
                || self.empty(),
                |library, (number, parsed)| {
                    (parsed.file.path.clone(), library.source(number, parsed, true))
                },
            )
            .collect();
        for (path, source) in alone {
            self.read.insert(path, Some(Arc::new(source)));
        }
        for (number, parsed) in including {
            let path = parsed.file.path.clone();
            let source = self.source(number, parsed, true);
            self.read.insert(path, Some(Arc::new(source)));
        }
    }

    /// The file at `path`, parsed as a manifest; `None` if there is no such file.
    pub(super) fn read(&mut self, path: &str) -> Option<Arc<Source>> {
        if let Some(known) = self.read.get(path) {
            return known.clone();
        }
        let path: Arc<str> = path.into();
        let source = match self.text(&path) {
            Ok(None) => None,
            Ok(Some(text)) => Some(Arc::new(self.parse(&path, text))),
            Err(fault) => {
                let (path, value) = (path.clone(), Value::computed(Node::Null));
                let (number, includes, faults) = (None, Vec::new(), vec![fault]);
                let partial = Vec::new();
                Some(Arc::new(Source { path, number, value, includes, faults, partial }))
            }
        };
        self.read.insert(path, source.clone());
        source
    }

    /// The paths below `folder` that fit `pattern`; `None` if too many paths were looked at already.
    pub(super) fn fitting(&mut self, folder: &str, pattern: &Glob) -> Option<Vec<Arc<str>>> {
        let matcher = LazyCell::new(|| pattern.compile_matcher());
        let mut found = Vec::new();
        for (path, _) in self.snapshot.below(folder) {
            self.looks += 1;
            if self.looks > LOOKS_MAX {
                return None;
            }
            if matcher.is_match(path.as_ref()) {
                found.push(path.clone());
            }
        }
        Some(found)
    }

    /// Which manifest below `stacks` was probably meant by `text`, as imports name it.
    pub(super) fn closest_manifest(&mut self, text: &str, stacks: &str) -> Option<String> {
        let paths = self.guesses()?.below(stacks).map(|(path, _)| path.as_ref());
        let manifests = paths.filter(|path| path::is_manifest(path));
        closest(text, manifests.map(|path| path::stem(path::below(path, stacks))))
            .map(str::to_owned)
    }

    /// Which file was probably meant by `text`.
    pub(super) fn closest_file(&mut self, text: &str) -> Option<String> {
        let paths = self.guesses()?.entries().map(|(path, _)| path.as_ref());
        closest(text, paths).map(str::to_owned)
    }

    /// All paths, to guess among them; `None` if too many were looked at already.
    fn guesses(&mut self) -> Option<&Snapshot> {
        self.looks = self.looks.saturating_add(self.snapshot.entries().len() * CLOSE_LOOKS);
        (self.looks <= LOOKS_MAX).then_some(&self.snapshot)
    }

    /// Begins anew with what may be looked at.
    pub(super) fn forget_looks(&mut self) {
        self.looks = 0;
    }

    /// The text of the file at `path`; `None` if there is no such file.
    pub(super) fn text(&self, path: &Arc<str>) -> Result<Option<Arc<str>>, Diagnostic> {
        if remote::is_url(path) {
            return Ok(self.remotes.text(path));
        }
        self.snapshot.text(path).map_err(|error| {
            let code = match &error {
                ReadError::TooLarge { .. } => Code::FileTooLarge,
                ReadError::Torn { .. } | ReadError::NotText { .. } | ReadError::Gap { .. } => {
                    Code::FileUnreadable
                }
            };
            let found = Diagnostic::error(code, Span::file(path.clone()), error.to_string());
            match error {
                ReadError::Gap { .. } => {
                    found.hint("let it lead to a file of this repository, or take it out")
                }
                _ => found,
            }
        })
    }

    /// Parses `text` as a manifest.
    pub(super) fn parse(&mut self, path: &Arc<str>, text: Arc<str>) -> Source {
        self.add(parse(path, text, None), true)
    }

    /// Parses `text` as a manifest, which the template at `path` was rendered to.
    pub(super) fn parse_rendered(
        &mut self,
        path: &Arc<str>,
        text: Arc<str>,
        template: TemplateText,
    ) -> Source {
        self.add(parse(path, text, Some(template)), true)
    }

    fn add(&mut self, parsed: Parsed, functions: bool) -> Source {
        let number = self.files.add(parsed.file.clone());
        self.source(number, parsed, functions)
    }

    /// The file at `path` with the content `text`, parsed as a plain table: tags mean nothing in
    /// it.
    pub(super) fn table(&mut self, path: &Arc<str>, text: Arc<str>) -> Arc<Source> {
        if let Some(known) = self.tables.get(path) {
            return known.clone();
        }
        let table = Arc::new(self.add(parse(path, text, None), false));
        self.tables.insert(path.clone(), table.clone());
        table
    }

    /// Where a value was written; the head of `path` for a value nobody wrote.
    pub(super) fn span(&self, value: &Value, path: &Arc<str>) -> Span {
        self.files.span(value.origin).unwrap_or_else(|| Span::file(path.clone()))
    }

    /// Where the key of an entry was written.
    pub(super) fn key_span(&self, map: &Value, key: &str) -> Option<Span> {
        let file = self.files.get(map.origin.file)?;
        let document = file.document();
        let entries = document.entries_merged(NodeId(map.origin.node));
        let entry = entries.into_iter().find(|entry| document.text(entry.key) == key)?;
        Some(file.place(document.span(entry.key)))
    }

    /// One that reads the same way and has read nothing.
    fn empty(&self) -> Self {
        let (key_delimiter, strictness) = (self.key_delimiter.clone(), self.strictness.clone());
        Self { key_delimiter, strictness, ..Self::new(&self.snapshot, &self.base_path) }
    }

    fn source(&mut self, number: u32, parsed: Parsed, functions: bool) -> Source {
        let Parsed { file, mut faults } = parsed;
        let (mut value, mut includes) = (Value::computed(Node::Null), Vec::new());
        let mut partial = Vec::new();
        if faults.is_empty() {
            let document = file.document();
            let mut reading = Reading {
                library: self,
                document: &document,
                file: &file,
                number,
                functions,
                texts: Texts::default(),
                includes: Vec::new(),
                faults: Vec::new(),
                partial: Vec::new(),
            };
            value = reading.value(document.root());
            (includes, faults) = (reading.includes, reading.faults);
            partial = reading.partial;
        }
        Source { path: file.path, number: Some(number), value, includes, faults, partial }
    }
}

/// The component that the value `id` is of, and where in it: below a section other than `metadata`,
/// which says what the component is. A value that is referred to may be part of several.
fn owner(document: &Document, id: NodeId) -> Option<(Key, Vec<String>)> {
    if document.ids().any(|id| matches!(document.kind(id), Kind::Alias(_))) {
        return None;
    }
    let (mut way, mut at) = (Vec::new(), document.root());
    // Ids ascend in the order of the source: of the entries, the last that does not begin behind.
    while document.is_mapping(at) && at != id {
        let (key, value) = document.entries(at).take_while(|(key, _)| *key <= id).last()?;
        way.push(document.text(key).to_owned());
        at = value;
    }
    let ["components", kind, name, section, _, ..] =
        way.iter().map(String::as_str).collect::<Vec<_>>()[..]
    else {
        return None;
    };
    let component = (kind.into(), name.into());
    (section != "metadata").then(|| (component, way.split_off(3)))
}

fn parse(path: &Arc<str>, text: Arc<str>, template: Option<TemplateText>) -> Parsed {
    let parsed = parse_first(text, &Limits::DEFAULT);
    let document = Arc::new(parsed.document);
    let file = match template {
        None => File::new(path.clone(), document),
        Some(template) => File::rendered(path.clone(), document, template),
    };
    let fault = |error| Diagnostic::from_yaml_at(error, |span| file.place(span));
    let faults = parsed.errors.iter().map(fault).collect();
    Parsed { file, faults }
}

/// The file without its components, if `skim` lets them be left unread.
fn skimmed(path: &Arc<str>, text: &str, skim: &Skim) -> Option<Parsed> {
    let head = skim.head(text)?;
    let document = Arc::new(parse_ordinary(head, &Limits::DEFAULT)?);
    Some(Parsed { file: File::new(path.clone(), document), faults: Vec::new() })
}

/// One file on its way from a document to a value.
struct Reading<'l> {
    library: &'l mut Library,
    document: &'l Document,
    file: &'l File,
    number: u32,
    functions: bool,
    texts: Texts<'l>,
    includes: Vec<Arc<str>>,
    faults: Vec<Diagnostic>,
    partial: Vec<Partial>,
}

impl Reading<'_> {
    /// What is wrong with the value `id`: a fault of the component that alone has it, or else of
    /// the file.
    fn wrong(&mut self, id: NodeId, fault: Diagnostic) {
        match owner(self.document, id) {
            Some((component, path)) => self.partial.push(Partial { component, path, fault }),
            None => self.faults.push(fault),
        }
    }

    fn value(&mut self, id: NodeId) -> Value {
        let document = self.document;
        let origin = Origin { file: self.number, node: id.0 };
        let tag = document.tag(id).map(|tag| tag.text).filter(|tag| *tag != "!");
        let node = if document.is_mapping(id) {
            Node::Map(self.map(id, origin))
        } else if document.is_sequence(id) {
            Node::List(Arc::new(document.items(id).iter().map(|&item| self.value(item)).collect()))
        } else {
            return self.scalar(id, tag, origin);
        };
        let value = Value { node, origin };
        match tag {
            Some(merge::APPEND) if self.functions && value.as_list().is_some() => {
                merge::mark(value.node.clone(), &value)
            }
            Some(merge::UNSET) if self.functions => self.raw(id, tag, origin),
            Some(tag) if self.functions && !tag.starts_with("!!") => {
                self.check_function(id, tag);
                value
            }
            _ => value,
        }
    }

    fn map(&mut self, id: NodeId, origin: Origin) -> Map {
        let document = self.document;
        let delimiter = self.library.key_delimiter.clone().filter(|_| self.functions);
        let mut entries = Vec::new();
        let mut nested = Vec::new();
        for entry in document.entries_merged(id) {
            let (key, value) = (self.key(entry.key), self.value(entry.value));
            match &delimiter {
                Some(by) if document.is_plain(entry.key) && key.contains(by.as_ref()) => {
                    nested.push((key, value));
                }
                _ => entries.push((key, value)),
            }
        }
        let map: Map = entries.into_iter().collect();
        let Some(by) = delimiter else { return map };
        let mut all = Value { node: Node::Map(map), origin };
        for (key, value) in nested {
            let steps: Vec<_> = key.split(by.as_ref()).collect();
            let inner = steps.into_iter().rev().fold(value, |value, step| {
                let map = [(Arc::from(step), value)].into_iter().collect();
                Value { node: Node::Map(map), origin }
            });
            all = merge::merge(&all, &inner, Lists::Replace);
        }
        all.as_map().cloned().unwrap_or_default()
    }

    fn scalar(&mut self, id: NodeId, tag: Option<&str>, origin: Origin) -> Value {
        let Some(name) = tag else { return self.raw(id, None, origin) };
        if name.starts_with("!!") {
            if let Err(error) = v3::scalar(self.document, id) {
                let span = self.file.place(self.document.span(id));
                self.faults.push(Diagnostic::error(Code::YamlSyntax, span, error.to_string()));
            }
            return self.raw(id, tag, origin);
        }
        if !self.functions || !self.check_function(id, name) {
            return self.raw(id, None, origin);
        }
        match name {
            // Over anything but a list the mark means nothing.
            merge::APPEND => self.raw(id, None, origin),
            // It only keeps its text from being read as something else.
            "!literal" => {
                let raw = Raw::new(self.document.text(id).into(), false, None);
                Value { node: Node::Raw(raw.into()), origin }
            }
            "!include" | "!include.raw" => {
                let span = self.file.place(self.document.span(id));
                let arguments = self.document.text(id);
                let raw = name == "!include.raw";
                let included =
                    include::include(self.library, &self.file.path, arguments, raw, &span);
                self.includes.extend(included.file);
                match included.value {
                    Ok(value) => value,
                    Err(fault) => {
                        self.wrong(id, *fault);
                        self.raw(id, None, origin)
                    }
                }
            }
            _ => self.raw(id, tag, origin),
        }
    }

    /// Keys are texts: what YAML reads as a number or truth value is spelled canonically.
    fn key(&mut self, id: NodeId) -> Arc<str> {
        let document = self.document;
        match v3::scalar(document, id) {
            Ok(Scalar::Bool(value)) => value.to_string().into(),
            Ok(Scalar::Int(value)) => value.to_string().into(),
            Ok(Scalar::Uint(value)) => value.to_string().into(),
            Ok(Scalar::Float(value)) => value.to_string().into(),
            _ => self.texts.text(document.text(id)),
        }
    }

    fn raw(&mut self, id: NodeId, tag: Option<&str>, origin: Origin) -> Value {
        let document = self.document;
        let (text, plain) = (document.text(id), document.is_plain(id));
        let raw = match tag {
            None => self.texts.scalar(text, plain),
            Some(tag) => Raw::new(self.texts.text(text), plain, Some(tag.into())).into(),
        };
        Value { node: Node::Raw(raw), origin }
    }

    fn check_function(&mut self, id: NodeId, name: &str) -> bool {
        if function::act(name).is_some() {
            return true;
        }
        let span = self.document.tag(id).map_or(self.document.span(id), |tag| tag.span);
        let fault = function::unknown(name, self.file.place(span));
        self.wrong(id, fault);
        false
    }
}

#[cfg(test)]
mod tests;
