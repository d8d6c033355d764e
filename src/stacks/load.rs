//! Files into values: each file is read and parsed once, and every value knows its place.

use std::collections::BTreeMap;
use std::sync::Arc;

use yaml_span::schema::{Scalar, v3};
use yaml_span::{Document, Limits, NodeId, parse_first};

use super::function;
use super::include;
use super::merge::{self, Lists};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::ids::ContentId;
use crate::model::files::{File, Files};
use crate::model::policy::Strictness;
use crate::model::value::{Map, Node, Origin, Raw, Value};
use crate::source::{ReadError, Snapshot};

/// Reads a snapshot's files, each once.
pub(super) struct Library<'s> {
    pub(super) snapshot: &'s Snapshot,
    /// Folder that `!include` starts at.
    pub(super) base_path: String,
    /// What takes a plain key of a manifest apart: `a.b: 1` is `a: {b: 1}`.
    pub(super) key_delimiter: Option<Arc<str>>,
    /// What becomes of what is odd.
    pub(super) strictness: Strictness,
    /// Everything parsed so far.
    pub(super) files: Files,
    read: BTreeMap<Arc<str>, Option<Arc<Source>>>,
    tables: BTreeMap<Arc<str>, Arc<Source>>,
}

/// One parsed file.
pub(super) struct Source {
    /// From the repository's root.
    pub(super) path: Arc<str>,
    /// What the whole file says.
    pub(super) value: Value,
    /// Why it cannot be used.
    pub(super) faults: Vec<Diagnostic>,
}

impl<'s> Library<'s> {
    pub(super) fn new(snapshot: &'s Snapshot, base_path: &str) -> Self {
        let base_path = base_path.to_owned();
        Self {
            snapshot,
            base_path,
            key_delimiter: None,
            strictness: Strictness::default(),
            files: Files::default(),
            read: BTreeMap::new(),
            tables: BTreeMap::new(),
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
                let value = Value::computed(Node::Null);
                Some(Arc::new(Source { path: path.clone(), value, faults: vec![fault] }))
            }
        };
        self.read.insert(path, source.clone());
        source
    }

    /// The text of the file at `path`; `None` if there is no such file.
    pub(super) fn text(&self, path: &Arc<str>) -> Result<Option<Arc<str>>, Diagnostic> {
        self.snapshot.text(path).map_err(|error| {
            let code = match error {
                ReadError::TooLarge { .. } => Code::FileTooLarge,
                ReadError::Torn { .. } | ReadError::NotText { .. } => Code::FileUnreadable,
            };
            Diagnostic::error(code, Span::file(path.clone()), error.to_string())
        })
    }

    /// Parses `text` as a manifest. What a template was rendered to is parsed under its path.
    pub(super) fn parse(&mut self, path: &Arc<str>, text: Arc<str>) -> Source {
        self.parse_as(path, text, true)
    }

    /// The file at `path` with the content `text`, parsed as a plain table: tags mean nothing in
    /// it.
    pub(super) fn table(&mut self, path: &Arc<str>, text: Arc<str>) -> Arc<Source> {
        if let Some(known) = self.tables.get(path) {
            return known.clone();
        }
        let table = Arc::new(self.parse_as(path, text, false));
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
        let entries = file.document.entries_merged(NodeId(map.origin.node));
        let entry = entries.into_iter().find(|entry| file.document.text(entry.key) == key)?;
        Some(Span::new(&file.path, file.document.span(entry.key)))
    }

    fn parse_as(&mut self, path: &Arc<str>, text: Arc<str>, functions: bool) -> Source {
        let content = ContentId::of(text.as_bytes());
        let parsed = parse_first(text, &Limits::DEFAULT);
        let mut faults: Vec<_> =
            parsed.errors.iter().map(|error| Diagnostic::from_yaml(path, error)).collect();
        let document = Arc::new(parsed.document);
        let file = self.files.add(File { path: path.clone(), content, document: document.clone() });
        if !faults.is_empty() {
            return Source { path: path.clone(), value: Value::computed(Node::Null), faults };
        }
        let mut reading =
            Reading { library: self, path, document: &document, file, functions, faults: vec![] };
        let value = reading.value(document.root());
        faults.append(&mut reading.faults);
        Source { path: path.clone(), value, faults }
    }
}

/// One file on its way from a document to a value.
struct Reading<'l, 's> {
    library: &'l mut Library<'s>,
    path: &'l Arc<str>,
    document: &'l Document,
    file: u32,
    functions: bool,
    faults: Vec<Diagnostic>,
}

impl Reading<'_, '_> {
    fn value(&mut self, id: NodeId) -> Value {
        let document = self.document;
        let origin = Origin { file: self.file, node: id.0 };
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
                let span = Span::new(self.path, self.document.span(id));
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
            "!include" | "!include.raw" => {
                let span = Span::new(self.path, self.document.span(id));
                let arguments = self.document.text(id);
                let raw = name == "!include.raw";
                match include::include(self.library, self.path, arguments, raw, &span) {
                    Ok(value) => value,
                    Err(fault) => {
                        self.faults.push(*fault);
                        self.raw(id, None, origin)
                    }
                }
            }
            _ => self.raw(id, tag, origin),
        }
    }

    /// Keys are texts: what YAML reads as a number or truth value is spelled canonically.
    fn key(&self, id: NodeId) -> Arc<str> {
        match v3::scalar(self.document, id) {
            Ok(Scalar::Bool(value)) => value.to_string().into(),
            Ok(Scalar::Int(value)) => value.to_string().into(),
            Ok(Scalar::Uint(value)) => value.to_string().into(),
            Ok(Scalar::Float(value)) => value.to_string().into(),
            _ => self.document.text(id).into(),
        }
    }

    fn raw(&self, id: NodeId, tag: Option<&str>, origin: Origin) -> Value {
        let raw = Raw {
            text: self.document.text(id).into(),
            plain: self.document.is_plain(id),
            tag: tag.map(Arc::from),
        };
        Value { node: Node::Raw(raw), origin }
    }

    fn check_function(&mut self, id: NodeId, name: &str) -> bool {
        if function::is_known(name) {
            return true;
        }
        let span = self.document.tag(id).map_or(self.document.span(id), |tag| tag.span);
        self.faults.push(function::unknown(name, Span::new(self.path, span)));
        false
    }
}
