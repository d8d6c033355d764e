//! The order of the work: read, gather, name, finish, compose, link.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::atmos_yaml::Dialect;
use super::component::Sources;
use super::dependency::{self, Index, Wanted, Where};
use super::discover;
use super::finish::Finisher;
use super::identity::Identity;
use super::import::Importer;
use super::inherit::Place;
use super::load::Library;
use super::manifest::Key;
use super::parent::{Bench, Parent};
use super::policy_file;
use super::template::Templates;
use super::{Resolution, Selection};
use crate::diagnostic::{Code, Diagnostic};
use crate::ids::{ComponentId, ComponentName, KindName, StackName, TargetName};
use crate::model::desired::{Component, Desired, Layout, Presence, Stack};
use crate::model::files::Files;
use crate::model::question::{Answers, Question};
use crate::model::value::Value;
use crate::source::Snapshot;

/// The target of a stack that names none, as in a repository that knows nothing of Isobar yet.
/// What it stands for is, like for every name, the agent's settings' business.
const DEFAULT_TARGET: &str = "default";

/// A snapshot whose files are read and whose imports are followed, to be resolved with one set of
/// answers after the other.
pub struct Resolver<'s> {
    library: Library<'s>,
    dialect: Dialect,
    templates: Templates,
    parents: Vec<Parent>,
    found: Vec<Diagnostic>,
}

impl<'s> Resolver<'s> {
    /// Reads every top-level manifest of `snapshot`, and all that they import.
    pub fn new(snapshot: &'s Snapshot) -> Self {
        let mut library = Library::new(snapshot, "");
        let (dialect, found) = Dialect::read(&mut library);
        library.base_path = dialect.base_path.clone();
        library.key_delimiter = dialect.key_delimiter.clone();
        library.strictness = policy_file::policy(snapshot).0.strictness;
        let mut templates = Templates::new(dialect.templates.clone());
        let mut work = Work { found, ..Work::default() };
        let parents = read(&mut work, &mut library, &mut templates, &dialect);
        Self { library, dialect, templates, parents, found: work.found }
    }

    /// Resolves the selected part; see [`super::resolve`].
    pub fn resolve(&mut self, selection: &Selection, answers: &Answers) -> Resolution {
        let mut work = Work { found: self.found.clone(), ..Work::default() };
        let identity = Identity::new(&self.dialect, &mut self.templates);
        let mut finisher = Finisher {
            library: &self.library,
            dialect: &self.dialect,
            templates: &mut self.templates,
            answers,
            asked: BTreeSet::new(),
            warnings: Vec::new(),
        };
        let mut drafts = Vec::new();
        for parent in &self.parents {
            work.parent(&mut finisher, &identity, parent, selection, &mut drafts);
        }
        match selection.unlinked {
            true => drafts.into_iter().for_each(|draft| work.compose(draft)),
            false => work.link(&finisher, &identity, drafts),
        }
        let Finisher { asked, warnings, .. } = finisher;
        work.found.extend(warnings);
        work.tree.extend(self.found.iter().filter(|found| found.is_error()).cloned());
        let places = (self.dialect.layout.clone(), self.dialect.stacks.as_str().into());
        work.resolution(self.library.files.clone(), places, asked)
    }
}

/// Every top-level manifest with what it is made of.
fn read(
    work: &mut Work,
    library: &mut Library<'_>,
    templates: &mut Templates,
    dialect: &Dialect,
) -> Vec<Parent> {
    let paths = discover::parents(library.snapshot, dialect);
    let mut importer = Importer::new(library, templates, dialect);
    let parents: Vec<_> = paths
        .into_iter()
        .map(|path| {
            let closure = importer.closure(&path);
            work.found.extend(closure.faults.iter().cloned());
            Parent::new(path, closure)
        })
        .collect();
    work.found.extend(importer.warnings());
    parents
}

/// A component that resolved, with what it still needs from the others.
struct Draft<'p> {
    component: Component,
    parent: &'p Parent,
    sources: Sources,
    wanted: Vec<Wanted>,
}

/// What has come out so far.
#[derive(Default)]
struct Work {
    found: Vec<Diagnostic>,
    /// Those of the findings that depend on no value.
    tree: Vec<Diagnostic>,
    stacks: BTreeMap<StackName, Stack>,
    nameless: BTreeSet<Arc<str>>,
    index: Index,
    /// The last name made, and what it was made of.
    named: Option<(NameParts, StackName)>,
}

/// What a name is made of: the manifest, and the values its rule reads.
type NameParts = (Arc<str>, Vec<Option<Value>>);

impl Work {
    /// Names the components of one manifest and finishes those that are selected.
    fn parent<'p>(
        &mut self,
        finisher: &mut Finisher<'_, '_>,
        identity: &Identity,
        parent: &'p Parent,
        selection: &Selection,
        drafts: &mut Vec<Draft<'p>>,
    ) {
        let mut bench = Bench::new(parent, finisher.dialect.lists, finisher.dialect.lowest.clone());
        let place = Place { library: finisher.library, layout: &finisher.dialect.layout };
        let broken = !parent.closure.faults.is_empty();
        let certain = broken.then(|| Parent::new(parent.path.clone(), parent.closure.certain()));
        let mut named = false;
        for key in parent.keys() {
            let inherits = finisher.dialect.inherits_metadata;
            let sources = Sources::gather(&mut bench, &place, key, inherits);
            let wrong = finisher.wrong(parent, &sources);
            self.tree.extend(wrong.iter().cloned());
            let stack = match self.name(finisher, identity, parent, &sources) {
                Ok(stack) => stack,
                Err(fault) => {
                    self.found.push(*fault);
                    self.nameless.insert(parent.path.clone());
                    continue;
                }
            };
            named = true;
            if let Some(certain) = &certain
                && self.certain_name(finisher, identity, certain, key).as_ref() != Some(&stack)
            {
                self.nameless.insert(parent.path.clone());
            }
            self.index.entry(stack.clone()).or_default().insert(key.clone());
            if !selection.has(&stack, finisher.file(parent), key) {
                continue;
            }
            let finished = match (broken, wrong.is_empty()) {
                (true, _) => Err(parent.closure.faults.clone()),
                (false, false) => Err(wrong),
                (false, true) => finisher.finish(parent, &sources, &stack),
            };
            match finished {
                Ok(component) if selection.unlinked => {
                    drafts.push(Draft { component, parent, sources, wanted: Vec::new() });
                }
                Ok(component) => {
                    let sections = component.sections.as_map().cloned().unwrap_or_default();
                    let (wanted, wrong) = dependency::wanted(&sections);
                    let wrong = wrong.iter().map(|value| {
                        let message = "a dependency names a `component`";
                        let span = finisher.span(parent, &sources, value);
                        Diagnostic::error(Code::SectionType, span, message)
                    });
                    let wrong: Vec<_> = wrong.collect();
                    if wrong.is_empty() || component.presence == Presence::Abstract {
                        drafts.push(Draft { component, parent, sources, wanted });
                    } else {
                        self.unresolved(&stack, parent, key, wrong);
                    }
                }
                Err(faults) => self.unresolved(&stack, parent, key, faults),
            }
        }
        // A broken manifest without a component would look like one that asks for nothing.
        if broken && !named {
            self.nameless.insert(parent.path.clone());
        }
    }

    /// The stack of a component as far as what was read decides it.
    fn certain_name(
        &mut self,
        finisher: &mut Finisher<'_, '_>,
        identity: &Identity,
        certain: &Parent,
        key: &Key,
    ) -> Option<StackName> {
        let place = Place { library: finisher.library, layout: &finisher.dialect.layout };
        let lowest = finisher.dialect.lowest.clone();
        let mut bench = Bench::new(certain, finisher.dialect.lists, lowest);
        let sources = Sources::gather(&mut bench, &place, key, true);
        self.name(finisher, identity, certain, &sources).ok()
    }

    /// The stack of a component. Components of one manifest mostly have one name.
    fn name(
        &mut self,
        finisher: &mut Finisher<'_, '_>,
        identity: &Identity,
        parent: &Parent,
        sources: &Sources,
    ) -> Result<StackName, Box<Diagnostic>> {
        let values = identity.fields.iter().map(|field| sources.find(field)).collect();
        let parts = (parent.path.clone(), values);
        if let Some((known, name)) = &self.named
            && *known == parts
        {
            return Ok(name.clone());
        }
        let said = parent.name.as_ref();
        let find = |field: &gotmpl::FieldPath| sources.find(field);
        let name = identity.name(finisher.dialect, finisher.templates, said, &parent.path, find)?;
        self.named = Some((parts, name.clone()));
        Ok(name)
    }

    fn stack(&mut self, name: &StackName, manifest: &Arc<str>) -> &mut Stack {
        let stack = self.stacks.entry(name.clone()).or_insert_with(|| Stack {
            name: name.clone(),
            manifests: Vec::new(),
            target: None,
            components: BTreeMap::new(),
            unresolved: BTreeMap::new(),
        });
        if !stack.manifests.contains(manifest) {
            stack.manifests.push(manifest.clone());
        }
        stack
    }

    fn unresolved(
        &mut self,
        name: &StackName,
        parent: &Parent,
        key: &Key,
        faults: Vec<Diagnostic>,
    ) {
        self.found.extend(faults.iter().cloned());
        let (Ok(kind), Ok(component)) = (KindName::new(&key.0), ComponentName::new(&key.1)) else {
            self.nameless.insert(parent.path.clone());
            return;
        };
        let stack = self.stack(name, &parent.path);
        stack.components.remove(&(kind.clone(), component.clone()));
        stack.unresolved.entry((kind, component)).or_default().extend(faults);
    }

    /// Finds what every component depends on, and puts the components into their stacks.
    fn link(&mut self, finisher: &Finisher<'_, '_>, identity: &Identity, drafts: Vec<Draft<'_>>) {
        let uncertain = !self.nameless.is_empty();
        let mut templates = Templates::new(finisher.dialect.templates.clone());
        let mut edges = BTreeMap::new();
        let mut places = BTreeMap::new();
        for mut draft in drafts {
            let id = draft.component.id.clone();
            let mut faults = Vec::new();
            if draft.component.presence != Presence::Abstract {
                for wanted in &draft.wanted {
                    let span = finisher.span(draft.parent, &draft.sources, &wanted.at);
                    let linked = self
                        .target(finisher, identity, &mut templates, &draft, wanted)
                        .and_then(|stack| {
                            dependency::link(&self.index, uncertain, &id, &stack, wanted, &span)
                        });
                    match linked {
                        Ok(found) => draft.component.dependencies.extend(found),
                        Err(fault) => faults.push(*fault),
                    }
                }
            }
            draft.component.dependencies.dedup_by(|a, b| a.on == b.on);
            let on = draft.component.dependencies.iter().map(|dependency| dependency.on.clone());
            edges.insert(id.clone(), on.collect::<Vec<_>>());
            places.insert(id, (draft.parent, draft.parent.span(&draft.sources.key)));
            match faults.is_empty() {
                true => self.compose(draft),
                false => self.unresolved(
                    &draft.component.id.stack,
                    draft.parent,
                    &draft.sources.key,
                    faults,
                ),
            }
        }
        for ring in dependency::rings(&edges) {
            self.ring(&ring, &places);
        }
    }

    fn target(
        &self,
        finisher: &Finisher<'_, '_>,
        identity: &Identity,
        templates: &mut Templates,
        draft: &Draft<'_>,
        wanted: &Wanted,
    ) -> Result<StackName, Box<Diagnostic>> {
        match &wanted.stack {
            Where::Here => Ok(draft.component.id.stack.clone()),
            Where::Named(name) => StackName::new(name).map_err(|error| {
                let span = finisher.span(draft.parent, &draft.sources, &wanted.at);
                Box::new(Diagnostic::error(Code::DependencyMissing, span, error.to_string()))
            }),
            Where::Like(vars) => {
                let find = |field: &gotmpl::FieldPath| match field.0.as_slice() {
                    [section, key] if section == "vars" && vars.get(key).is_some() => {
                        vars.get(key).cloned()
                    }
                    _ => draft.sources.find(field),
                };
                identity.name(finisher.dialect, templates, None, &draft.parent.path, find)
            }
        }
    }

    /// Puts a component into its stack. Several manifests may say the same about one component.
    fn compose(&mut self, draft: Draft<'_>) {
        let Draft { component, parent, sources, .. } = draft;
        let name = component.id.stack.clone();
        let key = (component.id.kind.clone(), component.id.name.clone());
        let stack = self.stack(&name, &parent.path);
        let other = stack.components.get(&key).map(|other| {
            let both_abstract =
                [other, &component].iter().any(|c| c.presence == Presence::Abstract);
            (other.manifest.clone(), both_abstract || other.sections == component.sections)
        });
        match other {
            _ if stack.unresolved.contains_key(&key) => {}
            None => drop(stack.components.insert(key, component)),
            Some((_, true)) => {}
            Some((manifest, false)) => {
                let message = format!(
                    "the component `{}` is also defined in `{manifest}`, and differently",
                    key.1
                );
                let span = parent.span(&sources.key);
                let fault = Diagnostic::error(Code::StackDuplicate, span, message);
                let hint = "define it in one of them, or give the stacks different names";
                self.unresolved(&name, parent, &sources.key, vec![fault.hint(hint)]);
            }
        }
    }

    fn ring(
        &mut self,
        ring: &[ComponentId],
        places: &BTreeMap<ComponentId, (&Parent, crate::diagnostic::Span)>,
    ) {
        let names = ring.iter().chain(ring.first()).map(ToString::to_string);
        let message =
            format!("components depend on each other: {}", names.collect::<Vec<_>>().join(" -> "));
        let Some((_, span)) = ring.first().and_then(|first| places.get(first)) else { return };
        let fault = Diagnostic::error(Code::DependencyCycle, span.clone(), message);
        for id in ring {
            if let Some((parent, _)) = places.get(id) {
                let key = (Arc::from(id.kind.as_str()), Arc::from(id.name.as_str()));
                self.unresolved(&id.stack, parent, &key, vec![fault.clone()]);
            }
        }
    }

    fn resolution(
        mut self,
        files: Files,
        (layout, manifests): (Layout, Arc<str>),
        questions: BTreeSet<Question>,
    ) -> Resolution {
        for stack in self.stacks.values_mut() {
            stack.manifests.sort();
            let active = stack.components.values().filter(|c| c.presence == Presence::Active);
            let active: Vec<_> = active.collect();
            let targets: BTreeSet<_> =
                active.iter().filter_map(|c| c.reconcile.target.clone()).collect();
            if targets.is_empty() && !active.is_empty() {
                stack.target = TargetName::new(DEFAULT_TARGET).ok();
            } else if let [one] = targets.iter().collect::<Vec<_>>().as_slice() {
                stack.target = Some((*one).clone());
            } else if let Some(manifest) = stack.manifests.first().filter(|_| !targets.is_empty()) {
                let names = targets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
                let message =
                    format!("the components of `{}` name several targets: {names}", stack.name);
                let span = crate::diagnostic::Span::file(manifest.clone());
                let fault = Diagnostic::error(Code::TargetConflict, span, message);
                self.found.push(fault.hint("set `settings.reconcile.target` once, at the top"));
            }
        }
        self.found.sort_by(|a, b| {
            (&a.span, a.code, &a.message, a.severity)
                .cmp(&(&b.span, b.code, &b.message, b.severity))
        });
        self.found.dedup();
        let desired = Desired {
            stacks: self.stacks,
            nameless: self.nameless.into_iter().collect(),
            diagnostics: self.found,
            layout,
            manifests,
            files: Arc::new(files),
        };
        Resolution { desired, tree: self.tree, questions }
    }
}
