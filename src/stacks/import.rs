//! A manifest and everything it imports, as the ordered list of what they contribute.

use std::sync::Arc;

use super::atmos_yaml::Dialect;
use super::closure::{Closure, Contribution, Overriding};
use super::early::{Context, Early, RenderedText};
use super::load::{Library, Source};
use super::made_of;
use super::manifest::{Import, Manifest};
use super::manifests::{Goal, Goals, Manifests, Quiet, Read, taken_apart};
use super::merge::{self, Lists};
use super::path;
use super::remote;
use super::slot;
use super::template::{self, Missing, Moment, Templates};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::model::files::MadeOf;
use crate::model::go_value;
use crate::model::value::{Node, Value};
use crate::source::Snapshot;

/// How deep imports may be nested: hand-made trees stay below 10.
const DEPTH_MAX: usize = 64;

/// How many files one stack may be made of, repeated ones included. The largest tree known has
/// 203 imports in one file; without a bound, files that import two files each double per level.
const CONTRIBUTIONS_MAX: usize = 10_000;

/// How many files all stacks of a repository may be made of: 64 bytes each, so 128 MB at most. A
/// repository of ten times the largest size known has 250,000.
const CONTRIBUTIONS_ALL_MAX: usize = 2_000_000;

/// Follows imports.
pub(super) struct Importer<'l> {
    library: &'l mut Library,
    templates: &'l mut Templates,
    dialect: &'l Dialect,
    manifests: &'l mut Manifests,
    /// What is not followed, because only names of stacks are wanted.
    pub(super) quiet: Quiet,
    /// How many contributions all closures have so far.
    contributions: usize,
}

/// The way through one stack's imports.
struct Walk {
    closure: Closure,
    /// From the stack's manifest down to the file that is being read.
    chain: Vec<Arc<str>>,
    /// Where each of them but the first is imported.
    ways: Vec<Span>,
}

impl Walk {
    /// The ring that an import of the file at `start` of the chain closes, at `closing`. It begins
    /// with the first of its files by name and is told where that is imported, so that it is the
    /// same wherever somebody comes upon it.
    fn ring(&self, start: usize, closing: &Span) -> Diagnostic {
        let files = &self.chain[start..];
        let first = (0..files.len()).min_by_key(|at| &files[*at]).unwrap_or_default();
        let ring = files[first..].iter().chain(&files[..=first]).map(AsRef::as_ref);
        let message = format!("files import each other: {}", ring.collect::<Vec<_>>().join(" -> "));
        let at = if first == 0 { closing } else { &self.ways[start + first - 1] };
        let fault = Diagnostic::error(Code::ImportCycle, at.clone(), message);
        fault.hint("remove one of these imports")
    }
}

impl<'l> Importer<'l> {
    pub(super) fn new(
        library: &'l mut Library,
        templates: &'l mut Templates,
        dialect: &'l Dialect,
        manifests: &'l mut Manifests,
    ) -> Self {
        let quiet = Quiet::default();
        Self { library, templates, dialect, manifests, quiet, contributions: 0 }
    }

    /// Counts what is made already, for the bound over all stacks.
    pub(super) fn count(&mut self, closure: &Closure) {
        self.contributions += closure.contributions.len();
    }

    /// All that the manifest at `path` is made of.
    pub(super) fn closure(&mut self, path: &Arc<str>) -> Closure {
        let mut walk = Walk { closure: Closure::default(), chain: Vec::new(), ways: Vec::new() };
        let manifest = self.manifest(path, &Context::plain(self.templates));
        self.walk(&mut walk, &manifest, &Arc::default());
        walk.closure
    }

    fn walk(&mut self, walk: &mut Walk, manifest: &Arc<Manifest>, outer: &Arc<[Overriding]>) {
        walk.chain.push(manifest.path.clone());
        let imports: Arc<[Arc<str>]> = walk.chain.as_slice().into();
        let own = (!manifest.overrides.is_empty())
            .then(|| Overriding { manifest: manifest.clone(), imports: imports.clone() });
        let inner = match &own {
            Some(own) => [own].into_iter().chain(outer.iter()).cloned().collect(),
            None => outer.clone(),
        };
        let plain = self.context(manifest, None);
        let first = walk.closure.contributions.len();
        for at in 0..manifest.imports.len() {
            if let Err(fault) = self.import(walk, manifest, at, &plain, &inner) {
                walk.closure.fault(&[*fault]);
            }
        }
        let sideways = walk.closure.sideways.len();
        let manifest = manifest.clone();
        let faults = manifest.faults.clone();
        let imported = &walk.closure.contributions[first..];
        let settles = imported.iter().any(|from| !from.manifest.is_empty);
        let contribution = Contribution { manifest, imports, settles, sideways, inner };
        walk.closure.contributions.push(contribution);
        self.contributions += 1;
        walk.closure.fault(&faults);
        walk.closure.sideways.extend(own);
        walk.chain.pop();
    }

    fn import(
        &mut self,
        walk: &mut Walk,
        from: &Arc<Manifest>,
        at: usize,
        plain: &Context,
        overrides: &Arc<[Overriding]>,
    ) -> Result<(), Box<Diagnostic>> {
        let import = &from.imports[at];
        let fault =
            |code, message: String| Box::new(Diagnostic::error(code, import.at.clone(), message));
        let context = match import.is_plain() {
            true => plain.clone(),
            false => self.context(from, Some(import)),
        };
        let goals = self.goals(walk, from, at, &context)?;
        for (number, goal) in goals.iter().enumerate() {
            let path = &goal.path;
            if let Some(start) = walk.chain.iter().position(|open| open == path) {
                match self.library.strictness().import_cycles.of(walk.ring(start, &import.at)) {
                    Some(fault) if fault.is_error() => return Err(Box::new(fault)),
                    odd => walk.closure.odd.extend(odd),
                }
                continue;
            }
            if walk.chain.len() >= DEPTH_MAX
                || walk.closure.contributions.len() >= CONTRIBUTIONS_MAX
                || self.contributions >= CONTRIBUTIONS_ALL_MAX
            {
                let message = format!(
                    "imports are nested deeper than {DEPTH_MAX}, or a stack is made of more than \
                     {CONTRIBUTIONS_MAX} files, or all stacks of more than {CONTRIBUTIONS_ALL_MAX}"
                );
                return Err(fault(Code::ImportDepth, message));
            }
            let manifest = match (&goal.plain, context.id.is_none()) {
                (Some(manifest), true) if self.quiet.has(manifest) => continue,
                (Some(manifest), true) => manifest.clone(),
                (None, true) => {
                    let manifest = self.manifest(path, &context);
                    self.manifests.remember(from, at, number, &manifest);
                    manifest
                }
                (_, false) => self.manifest(path, &context),
            };
            walk.ways.push(import.at.clone());
            self.walk(walk, &manifest, overrides);
            walk.ways.pop();
        }
        Ok(())
    }

    /// The files that an import names, in the order in which they are merged.
    fn goals(
        &mut self,
        walk: &Walk,
        from: &Arc<Manifest>,
        at: usize,
        context: &Context,
    ) -> Result<Goals, Box<Diagnostic>> {
        if let Some(known) = self.manifests.goals(from, at) {
            return Ok(known);
        }
        let import = &from.imports[at];
        let fault =
            |code, message: String| Box::new(Diagnostic::error(code, import.at.clone(), message));
        let written = self.written(walk, import, context)?;
        let url = remote::url(&written, &from.path);
        if let Some(url) = &url {
            self.library.remotes.find(url, &import.at)?;
        }
        let found = match url {
            Some(url) => vec![url],
            None => self.find(&written, from).ok_or_else(|| {
                fault(
                    Code::ImportDepth,
                    "imports name more patterns than are looked for".to_owned(),
                )
            })?,
        };
        if found.is_empty() && !import.skip_if_missing {
            let fault = fault(Code::ImportNotFound, format!("`{written}` does not exist"));
            return Err(match self.library.closest_manifest(&written, &self.dialect.stacks) {
                Some(name) => Box::new(fault.hint(format!("did you mean `{name}`?"))),
                None => fault,
            });
        }
        let goals: Goals = found.into_iter().map(|path| Goal { path, plain: None }).collect();
        // Where a template leads depends on the values around it.
        if !import.path.contains(template::OPEN) {
            self.manifests.lead(from, at, goals.clone());
        }
        Ok(goals)
    }

    /// What an imported file is rendered with: its own context under what the importing file was
    /// rendered with.
    fn context(&self, from: &Manifest, import: Option<&Import>) -> Context {
        let values = match import.and_then(|import| import.context.as_ref()) {
            Some(own) => {
                let given = Value::computed(Node::Map(from.given.clone()));
                let merged = merge::merge(own, &given, Lists::Replace);
                merged.as_map().cloned().unwrap_or_default()
            }
            None => from.given.clone(),
        };
        let ignore_missing = import.is_some_and(|import| import.ignore_missing_values);
        let skip = import.is_some_and(|import| import.skip_templates);
        Context::new(values, ignore_missing, skip, self.templates)
    }

    /// The import's path, rendered if it is a template: over what was imported before.
    fn written(
        &mut self,
        walk: &Walk,
        import: &Import,
        context: &Context,
    ) -> Result<Arc<str>, Box<Diagnostic>> {
        if !import.path.contains(template::OPEN) || self.templates.evaluations() == 0 {
            return Ok(import.path.clone());
        }
        let globals = ["vars", "settings", "env"].into_iter().map(|name| {
            let slot = slot::global(&walk.closure.contributions, name, self.dialect.lists);
            (Arc::from(name), slot.map_or_else(Value::empty_map, |slot| slot.value))
        });
        let mut values = Value::computed(Node::Map(globals.collect()));
        let given = Value::computed(Node::Map(context.values.clone()));
        values = merge::merge(&values, &given, Lists::Replace);
        let missing = if context.ignore_missing { Missing::Prints } else { Missing::Fails };
        let scope = go_value::to_go(&values);
        match self.templates.text(Moment::Import, &import.path, &scope, missing) {
            Ok(text) => Ok(text.replace("<no value>", "").into()),
            Err(error) => {
                let fault = template::diagnostic(&error, import.at.clone());
                Err(Box::new(
                    fault.hint("only values of files imported before this one are known here"),
                ))
            }
        }
    }

    /// The files that `written` names in `from`, in the order in which they are merged.
    /// `None` if there are more patterns than are looked for.
    fn find(&mut self, written: &str, from: &Manifest) -> Option<Vec<Arc<str>>> {
        let Some(path) = path::resolve(written, &from.path, &self.dialect.stacks) else {
            return Some(Vec::new());
        };
        if path::is_glob(&path) {
            let pattern = if path::is_manifest(&path) { path } else { format!("{path}.yaml") };
            let Ok(glob) = path::glob(&pattern) else { return Some(Vec::new()) };
            let mut found = self.library.fitting(path::literal_folder(&pattern), &glob)?;
            // A pattern may cover the file that holds it, and does not mean it.
            found.retain(|path| *path != from.path);
            // A folder's own files come before those of the folders in it.
            found.sort_by(|a, b| by_folder(a).cmp(by_folder(b)));
            return Some(found);
        }
        Some(manifest_at(&self.library.snapshot, &path).into_iter().collect())
    }

    fn manifest(&mut self, path: &Arc<str>, context: &Context) -> Arc<Manifest> {
        let key = (path.clone(), context.id);
        if let Some(known) = self.manifests.apart.get(&key) {
            return known.clone();
        }
        let manifest = Arc::new(self.read(path, context));
        self.manifests.apart.insert(key, manifest.clone());
        manifest
    }

    fn read(&mut self, path: &Arc<str>, context: &Context) -> Manifest {
        if remote::is_template(path) && !context.skip {
            return self.template(path, context);
        }
        let Some(source) = self.library.read(path) else {
            return Manifest { path: path.clone(), ..Manifest::default() };
        };
        let (value, faults) = (source.value.clone(), source.faults.clone());
        // With another context the same text comes to other values.
        let file = source.number.filter(|_| context.id.is_some());
        let file = file.and_then(|number| self.library.files.get(number).cloned());
        let number = file.map(|file| self.library.files.add(file.unlearned()));
        let (includes, partial) = (&source.includes, &source.partial);
        let read = Read { path, value, includes, partial, number, faults };
        let mut manifest = read.rendered(self.library, self.templates, context);
        manifest.teach(self.library, number.or(source.number));
        Manifest { rendered: number, ..manifest }
    }

    /// A file that is a template may be no YAML before it is rendered.
    fn template(&mut self, path: &Arc<str>, context: &Context) -> Manifest {
        let broken =
            |fault| Manifest { path: path.clone(), faults: vec![fault], ..Manifest::default() };
        let text = match self.library.text(path) {
            Ok(text) => text.unwrap_or_default(),
            Err(fault) => return broken(fault),
        };
        let raw = self.library.parse(path, text.clone());
        let (source, manifest) = if raw.faults.is_empty() {
            let (value, faults) = (raw.value.clone(), Vec::new());
            let (includes, partial) = (&raw.includes, &raw.partial);
            let read = Read { path, value, includes, partial, number: None, faults };
            let manifest = read.rendered(self.library, self.templates, context);
            (raw, manifest)
        } else {
            let mut context = context.clone();
            let (source, made_of) = match context.text(self.templates, path, &text) {
                Ok(Some(rendered)) => self.rendered(path, rendered, &context),
                Ok(None) => (raw, MadeOf::default()),
                Err(fault) => return broken(*fault),
            };
            let (value, faults) = (source.value.clone(), source.faults.clone());
            let mut early = Early { value, values: context.values, made_of, faults };
            early.put_in_place();
            let mut manifest =
                taken_apart(early, self.library, self.templates, path, &source.includes);
            manifest.break_parts(&source.partial);
            (source, manifest)
        };
        let mut manifest = Manifest { rendered: source.number, ..manifest };
        manifest.teach(self.library, source.number);
        manifest
    }

    /// What the template at `path` was rendered to, with what its values were made of.
    fn rendered(
        &mut self,
        path: &Arc<str>,
        RenderedText { text, template, actions }: RenderedText,
        context: &Context,
    ) -> (Source, MadeOf) {
        let source = self.library.parse_rendered(path, text, template);
        let file = source.number.and_then(|number| self.library.files.get(number));
        let made_of = file.and_then(|file| {
            let trace = &file.template()?.trace;
            Some(made_of::of_rendered(&file.document(), trace, &actions, &context.values))
        });
        (source, made_of.unwrap_or_default())
    }
}

/// Every file below the stacks' folder that may be a manifest, sorted.
pub(super) fn manifests_of<'s>(
    snapshot: &'s Snapshot,
    stacks: &str,
) -> impl Iterator<Item = &'s Arc<str>> {
    snapshot.below(stacks).map(|(path, _)| path).filter(|path| path::is_manifest(path))
}

/// The file that an import names as `path`, which may leave its extension out.
fn manifest_at(snapshot: &Snapshot, path: &str) -> Option<Arc<str>> {
    let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
    let extensions = match name.contains('.') && !name.starts_with('.') {
        true => &[".tmpl", ""],
        false => path::EXTENSIONS,
    };
    let mut tried = String::with_capacity(path.len() + ".yaml.tmpl".len());
    extensions.iter().find_map(|extension| {
        tried.clear();
        tried.extend([path, extension]);
        snapshot.path(&tried).cloned()
    })
}

impl Import {
    /// Whether its path leads from the file `from` where it leads from every other file.
    pub(super) fn means_the_same_in(&self, from: &str) -> bool {
        !self.path.starts_with('.') && !remote::is_url(from)
    }

    /// The one file in the repository that it names in the file `from`, if that follows from its
    /// path alone: it is no pattern and no template.
    pub(super) fn only_file(
        &self,
        snapshot: &Snapshot,
        from: &str,
        stacks: &str,
    ) -> Option<Arc<str>> {
        if self.path.contains(template::OPEN) || remote::url(&self.path, from).is_some() {
            return None;
        }
        let path = path::resolve(&self.path, from, stacks)?;
        if path::is_glob(&path) { None } else { manifest_at(snapshot, &path) }
    }
}

/// The folders on the way to a file, and at last the file itself.
fn by_folder(path: &str) -> impl Iterator<Item = (bool, &str)> {
    let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
    let folders = folders.split('/').filter(|step| !step.is_empty()).map(|step| (true, step));
    folders.chain([(false, file)])
}

#[cfg(test)]
mod tests;
