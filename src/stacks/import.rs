//! A manifest and everything it imports, as the ordered list of what they contribute.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::atmos_yaml::Dialect;
use super::load::Library;
use super::locals;
use super::manifest::{self, Import, Manifest};
use super::merge::{self, Lists};
use super::path;
use super::slot;
use super::template::{self, Missing, Moment, Rendering, Templates};
use crate::diagnostic::{Code, Diagnostic, Span, closest};
use crate::ids::ContentId;
use crate::model::canonical;
use crate::model::value::{Map, Node, Value};

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
    /// What is odd about how files import each other.
    odd: Vec<Diagnostic>,
    /// Every path below the stacks' folder, without extension: what a misspelt import may mean.
    known: Vec<Arc<str>>,
}

/// What a file is rendered with.
#[derive(Clone, Default)]
struct Context {
    values: Option<Value>,
    ignore_missing: bool,
    skip: bool,
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
        Self { library, templates, dialect, manifests: BTreeMap::new(), odd: Vec::new(), known }
    }

    /// All that the manifest at `path` is made of.
    pub(super) fn closure(&mut self, path: &Arc<str>) -> Closure {
        let mut walk =
            Walk { closure: Closure::default(), chain: Vec::new(), sideways: Vec::new() };
        self.walk(&mut walk, path, &Context::default(), &[]);
        walk.closure
    }

    /// What is odd in the manifests read so far.
    pub(super) fn warnings(&self) -> Vec<Diagnostic> {
        let odd = self.manifests.values().flat_map(|manifest| &manifest.warnings);
        odd.chain(&self.odd).cloned().collect()
    }

    fn walk(&mut self, walk: &mut Walk, path: &Arc<str>, context: &Context, outer: &[Overriding]) {
        walk.chain.push(path.clone());
        let manifest = self.manifest(path, context);
        let imports: Arc<[Arc<str>]> = walk.chain.as_slice().into();
        let own = (!manifest.overrides.is_empty())
            .then(|| Overriding { manifest: manifest.clone(), imports: imports.clone() });
        let inner: Vec<_> = own.iter().chain(outer).cloned().collect();
        for import in &manifest.imports {
            if let Err(fault) = self.import(walk, &manifest, import, context, &inner) {
                walk.closure.fault(&[*fault]);
            }
        }
        let overrides = walk.sideways.iter().chain(&inner).cloned().collect();
        let faults = manifest.faults.clone();
        walk.closure.contributions.push(Contribution { manifest, imports, overrides });
        walk.closure.fault(&faults);
        walk.sideways.extend(own);
        walk.chain.pop();
    }

    fn import(
        &mut self,
        walk: &mut Walk,
        from: &Manifest,
        import: &Import,
        outer: &Context,
        overrides: &[Overriding],
    ) -> Result<(), Box<Diagnostic>> {
        let fault =
            |code, message: String| Box::new(Diagnostic::error(code, import.at.clone(), message));
        let context = self.context(from, import, outer);
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
                let fault = fault.hint("remove one of these imports");
                match self.library.strictness.import_cycles.of(fault) {
                    Some(fault) if fault.is_error() => return Err(Box::new(fault)),
                    odd => self.odd.extend(odd),
                }
                continue;
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

    /// What an imported file is rendered with: its own context under the importing file's, and
    /// the sections of an importing file that has locals.
    fn context(&self, from: &Manifest, import: &Import, outer: &Context) -> Context {
        let mut layers: Vec<Value> = import.context.iter().cloned().collect();
        if from.has_locals {
            let globals = ["vars", "settings", "env"].into_iter();
            let map: Map = globals
                .map(|name| match from.globals.get(name) {
                    Some(part) => (name.into(), part.value.clone()),
                    None => (name.into(), Value::empty_map()),
                })
                .collect();
            layers.push(Value::computed(Node::Map(map)));
        }
        layers.extend(outer.values.iter().cloned());
        Context {
            values: layers
                .into_iter()
                .reduce(|low, high| merge::merge(&low, &high, Lists::Replace)),
            ignore_missing: import.ignore_missing_values || outer.ignore_missing,
            skip: import.skip_templates || outer.skip,
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
        if let Some(context) = &context.values {
            values = merge::merge(&values, context, Lists::Replace);
        }
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
            return snapshot.entries().map(|(path, _)| path).filter(|p| fits(p)).cloned().collect();
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
        let id = context.values.as_ref().map(|values| {
            let flags = format!("{}{}", context.ignore_missing, context.skip);
            ContentId::of([canonical::bytes(values), flags.into_bytes()].concat())
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
        let mut faults = Vec::new();
        let value = match path.ends_with(".tmpl") && !context.skip {
            true => self.rendered_file(path, context, &mut faults),
            false => match self.library.read(path) {
                Some(source) => {
                    faults.extend(source.faults.iter().cloned());
                    self.rendered_texts(&source.value, path, context, &mut faults)
                }
                None => Value::computed(Node::Null),
            },
        };
        let given = context.values.as_ref();
        let (value, wrong) =
            locals::put_in_place(self.library, self.templates, path, &value, given);
        faults.extend(wrong);
        let mut manifest = manifest::split(self.library, path, &value, &self.templates.open());
        manifest.faults.splice(0..0, faults);
        manifest
    }

    /// A file that is a template is rendered before it is parsed.
    fn rendered_file(
        &mut self,
        path: &Arc<str>,
        context: &Context,
        faults: &mut Vec<Diagnostic>,
    ) -> Value {
        let text = match self.library.text(path) {
            Ok(text) => text.unwrap_or_default(),
            Err(fault) => {
                faults.push(fault);
                return Value::computed(Node::Null);
            }
        };
        let nothing = gotmpl::Map::new(gotmpl::Element::Any).into();
        let scope = context.values.as_ref().map_or(nothing, template::to_go);
        let missing = if context.ignore_missing { Missing::Prints } else { Missing::Fails };
        let text = match self.templates.text(Moment::Import, &text, &scope, missing) {
            Ok(rendered) => rendered.into(),
            // Without a context its references are to the component, and wait for the late pass.
            Err(error)
                if context.values.is_none() && error.kind == gotmpl::ErrorKind::MissingKey =>
            {
                text
            }
            Err(error) => {
                faults.push(template::diagnostic(&error, at(path, &error)));
                return Value::computed(Node::Null);
            }
        };
        let source = self.library.parse(path, text);
        faults.extend(source.faults);
        source.value
    }

    /// A plain file is rendered text by text, if there is anything to render it with.
    fn rendered_texts(
        &mut self,
        value: &Value,
        path: &Arc<str>,
        context: &Context,
        faults: &mut Vec<Diagnostic>,
    ) -> Value {
        let given = context.values.as_ref().filter(|_| !context.skip && !locals::are_in(value));
        let Some(given) = given else {
            return value.clone();
        };
        let mut rendering = Rendering {
            templates: self.templates,
            moment: Moment::Import,
            missing: if context.ignore_missing { Missing::Prints } else { Missing::Fails },
            scope: template::to_go(given),
            written: Map::default(),
            failures: Vec::new(),
            absent: Vec::new(),
        };
        let rendered = rendering.tree(value).unwrap_or_else(|| value.clone());
        let spans = rendering.failures.iter();
        faults.extend(spans.map(|failure| {
            failure.diagnostic(&self.library.files, self.library.span(&failure.at, path))
        }));
        rendered
    }
}

/// Where in the file `path`, which is a template itself, the error is.
fn at(path: &Arc<str>, error: &gotmpl::Error) -> Span {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let start =
        crate::diagnostic::Position { line: count(error.line), column: count(error.column) };
    Span { file: path.clone(), start, end: start }
}

fn is_remote(path: &str) -> bool {
    path.contains("://")
        || path.contains("::")
        || ["github.com/", "gitlab.com/", "bitbucket.org/"]
            .iter()
            .any(|host| path.starts_with(host))
}
