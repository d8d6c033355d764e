//! A manifest and everything it imports, as the ordered list of what they contribute.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::atmos_yaml::Dialect;
use super::early::{self, Context};
use super::load::Library;
use super::manifest::{self, Import, Manifest};
use super::merge::{self, Lists};
use super::path;
use super::slot;
use super::template::{self, Missing, Moment, Templates};
use crate::diagnostic::{Code, Diagnostic, closest};
use crate::ids::ContentId;
use crate::model::canonical;
use crate::model::value::{Node, Value};

/// How deep imports may be nested: hand-made trees stay below 10.
const DEPTH_MAX: usize = 64;

/// How many files one stack may be made of, repeated ones included. The largest tree known has
/// 203 imports in one file; without a bound, files that import two files each double per level.
const CONTRIBUTIONS_MAX: usize = 10_000;

/// One manifest's part in a stack.
#[derive(Clone)]
pub(super) struct Contribution {
    pub(super) manifest: Arc<Manifest>,
    /// The files from the stack's manifest down to this one.
    pub(super) imports: Arc<[Arc<str>]>,
    /// Whether it imports anything that says something: then it is merged with that, and marked
    /// lists in it continue what was imported, or nothing.
    pub(super) settles: bool,
    /// The `overrides` that reach its components, lowest precedence first.
    pub(super) overrides: Vec<Overriding>,
}

/// A manifest whose `overrides` reach further than itself.
#[derive(Clone)]
pub(super) struct Overriding {
    pub(super) manifest: Arc<Manifest>,
    pub(super) imports: Arc<[Arc<str>]>,
}

/// What a stack is made of, lowest precedence first.
#[derive(Default)]
pub(super) struct Closure {
    pub(super) contributions: Vec<Contribution>,
    /// Why it is not complete.
    pub(super) faults: Vec<Diagnostic>,
    /// How many contributions come before, or are, the last of which something is missing: what
    /// is missing could not change what the others say.
    pub(super) certain_from: usize,
}

impl Closure {
    fn fault(&mut self, faults: &[Diagnostic]) {
        if !faults.is_empty() {
            self.faults.extend_from_slice(faults);
            self.certain_from = self.contributions.len();
        }
    }

    /// Only the contributions that nothing missing could change.
    pub(super) fn certain(&self) -> Self {
        let contributions = self.contributions[self.certain_from..].to_vec();
        Self { contributions, faults: Vec::new(), certain_from: 0 }
    }
}

/// Follows imports. Manifests are taken apart once per context.
pub(super) struct Importer<'l, 's> {
    pub(super) library: &'l mut Library<'s>,
    pub(super) templates: &'l mut Templates,
    pub(super) dialect: &'l Dialect,
    manifests: BTreeMap<(Arc<str>, Option<ContentId>), Arc<Manifest>>,
    /// Every path below the stacks' folder, without extension: what a misspelt import may mean.
    known: Vec<Arc<str>>,
}

/// The way through one stack's imports.
struct Walk {
    closure: Closure,
    /// From the stack's manifest down to the file that is being read.
    chain: Vec<Arc<str>>,
    /// Of files read before: they reach what is read later.
    sideways: Vec<Overriding>,
}

impl<'l, 's> Importer<'l, 's> {
    pub(super) fn new(
        library: &'l mut Library<'s>,
        templates: &'l mut Templates,
        dialect: &'l Dialect,
    ) -> Self {
        let below = library.snapshot.below(&dialect.stacks).map(|(path, _)| path);
        let stem = |path: &Arc<str>| Arc::from(path::stem(path::below(path, &dialect.stacks)));
        let known = below.filter(|path| path::is_manifest(path)).map(stem).collect();
        Self { library, templates, dialect, manifests: BTreeMap::new(), known }
    }

    /// All that the manifest at `path` is made of.
    pub(super) fn closure(&mut self, path: &Arc<str>) -> Closure {
        let mut walk =
            Walk { closure: Closure::default(), chain: Vec::new(), sideways: Vec::new() };
        let ignore_missing = self.templates.ignores_missing();
        self.walk(&mut walk, path, &Context { ignore_missing, ..Context::default() }, &[]);
        walk.closure
    }

    /// What is odd in the manifests read so far.
    pub(super) fn warnings(&self) -> Vec<Diagnostic> {
        self.manifests.values().flat_map(|manifest| manifest.warnings.iter().cloned()).collect()
    }

    fn walk(&mut self, walk: &mut Walk, path: &Arc<str>, context: &Context, outer: &[Overriding]) {
        walk.chain.push(path.clone());
        let manifest = self.manifest(path, context);
        let imports: Arc<[Arc<str>]> = walk.chain.as_slice().into();
        let own = (!manifest.overrides.is_empty())
            .then(|| Overriding { manifest: manifest.clone(), imports: imports.clone() });
        let inner: Vec<_> = own.iter().chain(outer).cloned().collect();
        let first = walk.closure.contributions.len();
        for import in &manifest.imports {
            if let Err(fault) = self.import(walk, &manifest, import, &inner) {
                walk.closure.fault(&[*fault]);
            }
        }
        let overrides = walk.sideways.iter().chain(&inner).cloned().collect();
        let faults = manifest.faults.clone();
        let imported = &walk.closure.contributions[first..];
        let settles = imported.iter().any(|from| !from.manifest.is_empty);
        walk.closure.contributions.push(Contribution { manifest, imports, settles, overrides });
        walk.closure.fault(&faults);
        walk.sideways.extend(own);
        walk.chain.pop();
    }

    fn import(
        &mut self,
        walk: &mut Walk,
        from: &Manifest,
        import: &Import,
        overrides: &[Overriding],
    ) -> Result<(), Box<Diagnostic>> {
        let fault =
            |code, message: String| Box::new(Diagnostic::error(code, import.at.clone(), message));
        let context = self.context(from, import);
        let written = self.written(walk, import, &context)?;
        if is_remote(&written) {
            let fault = fault(Code::ImportRemote, format!("`{written}` is not in this repository"));
            return Err(Box::new(
                fault.hint("copy what it names into the repository and import it there"),
            ));
        }
        let found = self.find(&written, from);
        if found.is_empty() && !import.skip_if_missing {
            let fault = fault(Code::ImportNotFound, format!("`{written}` does not exist"));
            return Err(match closest(&written, self.known.iter().map(AsRef::as_ref)) {
                Some(name) => Box::new(fault.hint(format!("did you mean `{name}`?"))),
                None => fault,
            });
        }
        for path in &found {
            if let Some(start) = walk.chain.iter().position(|open| open == path) {
                let ring = walk.chain[start..].iter().chain([path]).map(AsRef::as_ref);
                let ring = ring.collect::<Vec<_>>().join(" -> ");
                let fault = fault(Code::ImportCycle, format!("files import each other: {ring}"));
                return Err(Box::new(fault.hint("remove one of these imports")));
            }
            if walk.chain.len() >= DEPTH_MAX
                || walk.closure.contributions.len() >= CONTRIBUTIONS_MAX
            {
                let message = format!(
                    "imports are nested deeper than {DEPTH_MAX}, or a stack is made of more than \
                     {CONTRIBUTIONS_MAX} files"
                );
                return Err(fault(Code::ImportDepth, message));
            }
            self.walk(walk, path, &context, overrides);
        }
        Ok(())
    }

    /// What an imported file is rendered with: its own context under what the importing file was
    /// rendered with.
    fn context(&self, from: &Manifest, import: &Import) -> Context {
        let given = Value::computed(Node::Map(from.given.clone()));
        let values = match &import.context {
            Some(own) => merge::merge(own, &given, Lists::Replace),
            None => given,
        };
        Context {
            values: values.as_map().cloned().unwrap_or_default(),
            ignore_missing: import.ignore_missing_values || self.templates.ignores_missing(),
            skip: import.skip_templates,
        }
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
        let scope = template::to_go(&values);
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
    fn find(&self, written: &str, from: &Manifest) -> Vec<Arc<str>> {
        let Some(path) = path::resolve(written, &from.path, &self.dialect.stacks) else {
            return Vec::new();
        };
        let snapshot = self.library.snapshot;
        if path::is_glob(&path) {
            let pattern = if path::is_manifest(&path) { path } else { format!("{path}.yaml") };
            let Ok(glob) = path::glob(&pattern) else { return Vec::new() };
            // A pattern may cover the file that holds it, and does not mean it.
            let fits = |path: &Arc<str>| glob.is_match(path.as_ref()) && *path != from.path;
            let entries = snapshot.entries().map(|(path, _)| path);
            let mut found: Vec<_> = entries.filter(|path| fits(path)).cloned().collect();
            // A folder's own files come before those of the folders in it.
            found.sort_by(|a, b| by_folder(a).cmp(by_folder(b)));
            return found;
        }
        let name = path.rsplit_once('/').map_or(path.as_str(), |(_, name)| name);
        let tried: Vec<String> = match name.contains('.') && !name.starts_with('.') {
            true => vec![format!("{path}.tmpl"), path],
            false => {
                path::EXTENSIONS.iter().map(|extension| format!("{path}{extension}")).collect()
            }
        };
        let found = tried.into_iter().find(|path| snapshot.entry(path).is_some());
        found.into_iter().map(Arc::from).collect()
    }

    fn manifest(&mut self, path: &Arc<str>, context: &Context) -> Arc<Manifest> {
        let id = (!context.values.is_empty()).then(|| {
            let flags = format!("{}{}", context.ignore_missing, context.skip);
            let values = Value::computed(Node::Map(context.values.clone()));
            ContentId::of([canonical::bytes(&values), flags.into_bytes()].concat())
        });
        let key = (path.clone(), id);
        if let Some(known) = self.manifests.get(&key) {
            return known.clone();
        }
        let manifest = Arc::new(self.read(path, context));
        self.manifests.insert(key, manifest.clone());
        manifest
    }

    fn read(&mut self, path: &Arc<str>, context: &Context) -> Manifest {
        let early = early::read(self.library, self.templates, path, context);
        let open = self.templates.open();
        let mut manifest = manifest::split(self.library, path, &early.value, &open);
        manifest.faults.splice(0..0, early.faults);
        manifest.given = early.values;
        manifest
    }
}

/// The folders on the way to a file, and at last the file itself.
fn by_folder(path: &str) -> impl Iterator<Item = (bool, &str)> {
    let (folders, file) = path.rsplit_once('/').unwrap_or(("", path));
    let folders = folders.split('/').filter(|step| !step.is_empty()).map(|step| (true, step));
    folders.chain([(false, file)])
}

fn is_remote(path: &str) -> bool {
    path.contains("://")
        || path.contains("::")
        || ["github.com/", "gitlab.com/", "bitbucket.org/"]
            .iter()
            .any(|host| path.starts_with(host))
}
