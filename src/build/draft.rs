//! What a kind's function works on: the component, the tree, and what has come of them so far.

use std::collections::BTreeMap;
use std::sync::Arc;

use yaml_span::{Limits, parse_first};

use super::{ClusterKinds, Naming, Piece, Pieces, Rendered, pin};
use crate::diagnostic::{Code, Diagnostic, Form, Span, closest};
use crate::ids::{ContentId, ResourceKey};
use crate::model::body::{Body, Format};
use crate::model::canonical;
use crate::model::chart::Charts;
use crate::model::cipher::Cipher;
use crate::model::desired::{Component, Desired};
use crate::model::errand::{Done, Errand, Supply};
use crate::model::files::{File, Files};
use crate::model::value::{Map, Node, Value};
use crate::model::yaml;
use crate::source::{ReadError, Snapshot};

/// Most files of one errand, and what they hold together: a hundred times what a kustomization or a
/// chart usually has (100 files, 160 KiB). All of them are written out for a run.
const FILES_MAX: usize = 10_000;
const BYTES_MAX: u64 = 16 << 20;

/// A component that is being built.
pub(super) struct Draft<'a> {
    pub(super) component: &'a Component,
    /// What is known of charts at other places.
    pub(super) charts: &'a Charts,
    pub(super) snapshot: &'a Snapshot,
    /// How the target calls its resources.
    pub(super) naming: Naming,
    /// The component's folder in the repository, without a final `/`.
    pub(super) folder: String,
    /// Everything that is wrong so far.
    pub(super) found: Vec<Diagnostic>,
    /// What has to be done by programs before it can be built.
    pub(super) errands: Vec<Errand>,
    /// What of it is encrypted.
    pub(super) ciphers: Vec<Arc<Cipher>>,
    /// Kinds that the rest of its stack puts beside all namespaces.
    pub(super) defined: &'a ClusterKinds,
    /// Those of its own.
    pub(super) defines: ClusterKinds,
    done: &'a Done,
    files: Arc<Files>,
    resources: Pieces,
    /// What goes into the hash of the inputs beside the resources, by name.
    inputs: BTreeMap<String, String>,
}

impl<'a> Draft<'a> {
    pub(super) fn new(
        component: &'a Component,
        desired: &'a Desired,
        snapshot: &'a Snapshot,
        naming: Naming,
        done: &'a Done,
        defined: &'a ClusterKinds,
    ) -> Self {
        Self {
            component,
            charts: &desired.charts,
            snapshot,
            naming,
            folder: desired.layout.folder(component),
            found: Vec::new(),
            errands: Vec::new(),
            ciphers: Vec::new(),
            defined,
            defines: ClusterKinds::new(),
            done,
            files: desired.files.clone(),
            resources: Pieces::new(),
            inputs: BTreeMap::new(),
        }
    }

    /// Where the component is defined.
    pub(super) fn place(&self) -> Span {
        self.component.at.clone()
    }

    /// Where `value` is written, or else where the component is defined.
    pub(super) fn span(&self, value: &Value) -> Span {
        self.files.span(value.origin).unwrap_or_else(|| self.place())
    }

    pub(super) fn fail(&mut self, code: Code, span: Span, message: impl Into<String>) {
        self.found.push(Diagnostic::error(code, span, message));
    }

    /// A file that values of a body come from. Gives its number.
    pub(super) fn add_file(&mut self, file: File) -> u32 {
        Arc::make_mut(&mut self.files).add(file)
    }

    /// What `errand` brought. `None`: it is not done yet, or failed, which is said of `span`.
    pub(super) fn brought(&mut self, errand: Errand, span: &Span) -> Option<Arc<str>> {
        let (code, why) = match self.done.get(&errand.id()) {
            Some(Ok(text)) => return Some(text.clone()),
            Some(Err(undone)) => (undone.code, undone.why.to_string()),
            None => (Code::BuildFailed, format!("`{}` was not run", errand.program)),
        };
        self.fail(code, span.clone(), why);
        self.errands.push(errand);
        None
    }

    /// Every file below `folders`, for an errand about `what`.
    pub(super) fn supplies<'f>(
        &mut self,
        what: &str,
        folders: impl IntoIterator<Item = &'f str>,
    ) -> Option<BTreeMap<Arc<str>, Supply>> {
        let (mut files, mut bytes) = (BTreeMap::new(), 0);
        for folder in folders {
            if self.fail_gaps(folder) {
                return None;
            }
            for (path, entry) in self.snapshot.below(folder) {
                let supply = Supply::File { path: path.clone(), id: entry.id.clone() };
                if files.insert(path.clone(), supply).is_none() {
                    bytes += entry.bytes;
                }
            }
        }
        if files.len() > FILES_MAX || bytes > BYTES_MAX {
            let message = format!(
                "`{what}` takes {} files with {bytes} bytes; the most are {FILES_MAX} with {BYTES_MAX}",
                files.len()
            );
            self.fail(Code::BuildFailed, self.place(), message);
            return None;
        }
        Some(files)
    }

    /// The text of the file at `path` of the repository; of what cannot be read it is said why.
    pub(super) fn text(&mut self, path: &Arc<str>) -> Option<Arc<str>> {
        match self.snapshot.text(path) {
            Ok(text) => return Some(text.unwrap_or_default()),
            // It may have been said already.
            Err(ReadError::Gap { .. }) => _ = self.fail_gaps(path),
            Err(error) => {
                self.fail(Code::FileUnreadable, Span::file(path.clone()), error.to_string());
            }
        }
        None
    }

    /// What the file at `path` of the repository says, as far as it is YAML.
    pub(super) fn file(&mut self, path: &Arc<str>) -> Option<Value> {
        let text = self.text(path)?;
        let parsed = parse_first(&*text, &Limits::DEFAULT);
        self.found.extend(parsed.errors.iter().map(|error| Diagnostic::from_yaml(path, error)));
        let document = Arc::new(parsed.document);
        let file = self.add_file(File::new(path.clone(), document.clone()));
        Some(yaml::read(&document, document.root(), file))
    }

    /// The section `name` as a map; empty if it is left out or null.
    pub(super) fn map_section(&mut self, name: &str) -> Map {
        match self.component.section(name) {
            Some(Value { node: Node::Map(map), .. }) => map.clone(),
            Some(value) if !value.is_null() => {
                let message = format!("`{name}` is not a map");
                let fault = Diagnostic::error(Code::SectionType, self.span(value), message);
                self.found.push(fault.hint(Form::Map.advice(name)));
                Map::default()
            }
            _ => Map::default(),
        }
    }

    /// The section `name` as a text, if the component has it.
    pub(super) fn text_section(&mut self, name: &str) -> Option<Arc<str>> {
        let value = self.component.section(name).filter(|value| !value.is_null())?;
        let text = value.as_str().filter(|text| !text.is_empty());
        if text.is_none() {
            let message = format!("`{name}` is not a text");
            let fault = Diagnostic::error(Code::SectionType, self.span(value), message);
            self.found.push(fault.hint(Form::Text.advice(name)));
        }
        text.map(Into::into)
    }

    /// Adds a resource with nothing sensitive in it, as the file `name` of the component's folder
    /// in the target.
    pub(super) fn add(&mut self, name: &str, format: Format, value: Value) {
        self.add_piece(name, Piece::plain(Body::new(format, value)));
    }

    /// Adds a resource as the file `name` of the component's folder in the target. Gives whether
    /// no other has that name.
    pub(super) fn add_piece(&mut self, name: &str, piece: Piece) -> bool {
        let path = format!("{}/{name}", self.component.id);
        match is_inside(&path) {
            true => self.add_resource(&path, piece),
            false => {
                self.fail(
                    Code::BuildFailed,
                    self.span(piece.body.value()),
                    format!("`{path}` is not a path inside a folder"),
                );
                true
            }
        }
    }

    /// Adds the resource that the target calls `key`. Gives whether no other has that name.
    pub(super) fn add_resource(&mut self, key: &str, piece: Piece) -> bool {
        match ResourceKey::new(key) {
            Ok(key) => self.resources.insert(key, piece.into()).is_none(),
            Err(error) => {
                let span = self.span(piece.body.value());
                self.fail(Code::BuildFailed, span, format!("`{key}`: {error}"));
                true
            }
        }
    }

    /// Counts a section's content among the inputs, if the component has it.
    pub(super) fn input_section(&mut self, name: &str) {
        if let Some(value) = self.component.section(name) {
            let content = canonical::content_id(value).to_string();
            self.inputs.insert(format!("section {name}"), content);
        }
    }

    /// Counts a text among the inputs.
    pub(super) fn input_text(&mut self, name: &str, text: &str) {
        self.inputs.insert(format!("text {name}"), text.to_owned());
    }

    /// Counts every file below `folder` among the inputs. Gives how many there are.
    pub(super) fn input_folder(&mut self, folder: &str) -> usize {
        let mut files = 0;
        for (path, entry) in self.snapshot.below(folder) {
            self.inputs.insert(format!("file {path}"), entry.id.to_string());
            files += 1;
        }
        files
    }

    /// Says what at or below `folder` cannot be read, if anything: there may be more in it.
    pub(super) fn fail_gaps(&mut self, folder: &str) -> bool {
        let mut gaps = self.snapshot.gaps(folder).peekable();
        let are_there = gaps.peek().is_some();
        for (path, why) in gaps {
            let message = format!("{path} cannot be read: {why}");
            let span = Span::file(path.clone());
            let found = Diagnostic::error(Code::FileUnreadable, span, message);
            let found = found.hint("objects may be in it: put them there, or take it out");
            if !self.found.contains(&found) {
                self.found.push(found);
            }
        }
        are_there
    }

    /// Says that the component's folder is not there, with the name it was probably meant to have.
    pub(super) fn fail_no_folder(&mut self) {
        let folder = self.folder.clone();
        if self.fail_gaps(&folder) {
            return;
        }
        let span = match self.component.section("metadata").and_then(|m| m.get("component")) {
            Some(value) => self.span(value),
            None => self.place(),
        };
        let message = format!("there is no file in `{}`", self.folder);
        let base = self.folder.strip_suffix(self.component.code.as_ref()).unwrap_or_default();
        let below = self.snapshot.below(base.trim_end_matches('/'));
        let names = below.filter_map(|(path, _)| path.strip_prefix(base)?.rsplit_once('/'));
        let hint = match closest(&self.component.code, names.map(|(folder, _)| folder)) {
            Some(name) => format!("did you mean `{name}`?"),
            None => "metadata.component names the folder below the kind's base path".to_owned(),
        };
        self.found.push(Diagnostic::error(Code::BuildFailed, span, message).hint(hint));
    }

    pub(super) fn finish(mut self) -> Result<Rendered, Vec<Diagnostic>> {
        if !self.found.is_empty() {
            self.found.sort_by(|a, b| a.span.cmp(&b.span));
            return Err(self.found);
        }
        for (key, piece) in &self.resources {
            // What was made up says nothing about what it is made of, and differs from run to run.
            let content = match piece.made_up.as_slice() {
                [] => piece.body.content_id(),
                made_up => canonical::content_id(&pin::known(piece.body.value(), made_up)),
            };
            self.inputs.insert(format!("resource {key}"), content.to_string());
        }
        Ok(Rendered {
            component: self.component.id.clone(),
            inputs: ContentId::of(serde_json::Value::from_iter(self.inputs).to_string()),
            resources: self.resources.into(),
            files: self.files,
            ciphers: self.ciphers.into(),
            defines: self.defines,
        })
    }
}

/// `path` below the folder `base`, with `.` and `..` taken away; `None` if it leads out of the
/// repository.
pub(super) fn join(base: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

fn is_inside(path: &str) -> bool {
    path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}
