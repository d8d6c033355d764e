//! One stack: its components finished, put together and linked to what they depend on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::component::Sources;
use super::dependency::{self, Edge, Index, Wanted, Where};
use super::evaluate::Uncalled;
use super::finish::{Finished, Finisher};
use super::identity::Identity;
use super::inherit::Place;
use super::manifest::Key;
use super::parent::{Bench, Parent};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::ids::{ComponentId, ComponentName, KindName, StackName, TargetName};
use crate::model::desired::{Component, Presence, Stack};
use crate::model::question::Question;

/// The target of a stack that names none, as in a repository that knows nothing of Isobar yet.
/// What it stands for is, like for every name, the agent's settings' business.
const DEFAULT_TARGET: &str = "default";

/// The selected components of a stack, by the manifests that have them, in order.
pub(super) type Members = Vec<(Arc<Parent>, Arc<[Key]>)>;

/// A stack with what was found on the way to it.
pub(super) struct Whole {
    pub(super) stack: Arc<Stack>,
    pub(super) found: Vec<Diagnostic>,
    pub(super) asked: BTreeSet<Question>,
    /// The components in it that depend on answers.
    pub(super) consulting: BTreeSet<Key>,
    /// Those of them whose calls can be called again by themselves.
    pub(super) uncalled: BTreeMap<Key, Uncalled>,
    /// The stacks that it depends on, itself among them: which components they have bears on it.
    pub(super) beside: BTreeSet<StackName>,
    /// What each component that may be part of a ring needs.
    pub(super) edges: BTreeMap<ComponentId, Vec<Edge>>,
}

impl Whole {
    /// Whether it, made of these members among these stacks, is what it would be of those: but for
    /// answers, and as long as it is as certain which stacks there are.
    pub(super) fn holds(
        &self,
        (own, index): (&Members, &Index),
        (members, others): (&Members, &Index),
    ) -> bool {
        // Hints guess among all names there are.
        self.stack.unresolved.is_empty()
            && own.len() == members.len()
            && own.iter().zip(members).all(|(a, b)| Arc::ptr_eq(&a.0, &b.0) && a.1 == b.1)
            && self.beside.iter().all(|stack| others.agrees(index, stack))
    }
}

/// A component that resolved, with what it still needs from the others.
struct Draft<'p> {
    component: Component,
    parent: &'p Parent,
    sources: Sources,
    wanted: Vec<Wanted>,
    reads: Vec<Edge>,
    /// What is wrong with it so far.
    faults: Vec<Diagnostic>,
}

/// What links need to know of all stacks.
pub(super) struct Around<'a> {
    pub(super) identity: &'a Identity,
    pub(super) index: &'a Index,
    /// Whether there may be stacks that have no name.
    pub(super) uncertain: bool,
    /// Whether dependencies do not matter.
    pub(super) unlinked: bool,
    /// Whether components do not matter at all.
    pub(super) only_named: bool,
}

/// Makes the stack `name` of its selected components. Nothing but answers is different from
/// `before`: only what depends on them is made again.
pub(super) fn whole(
    mut finisher: Finisher<'_>,
    around: &Around<'_>,
    name: &StackName,
    members: &Members,
    before: Option<&Whole>,
) -> Whole {
    // Nothing says whose a finding is.
    let before = before.filter(|before| before.found.is_empty());
    let mut work = Work {
        around,
        before,
        stack: Stack {
            name: name.clone(),
            manifests: Vec::new(),
            target: None,
            components: BTreeMap::new(),
            unresolved: BTreeMap::new(),
        },
        found: Vec::new(),
        consulting: BTreeSet::new(),
        uncalled: BTreeMap::new(),
        beside: match before {
            Some(before) => before.beside.clone(),
            None => BTreeSet::from([name.clone()]),
        },
        edges: BTreeMap::new(),
    };
    let mut drafts = Vec::new();
    for (parent, keys) in members {
        match around.only_named {
            true => work.takes_part(parent),
            false => work.parent(&mut finisher, parent, keys, &mut drafts),
        }
    }
    for draft in drafts {
        match around.unlinked {
            true => work.place(draft),
            false => work.link(&mut finisher, draft),
        }
    }
    work.peel();
    work.target();
    let Work { stack, mut found, consulting, uncalled, beside, edges, .. } = work;
    let Finisher { asked, warnings, .. } = finisher;
    found.extend(warnings);
    Whole { stack: Arc::new(stack), found, asked, consulting, uncalled, beside, edges }
}

struct Work<'w> {
    around: &'w Around<'w>,
    before: Option<&'w Whole>,
    stack: Stack,
    found: Vec<Diagnostic>,
    consulting: BTreeSet<Key>,
    uncalled: BTreeMap<Key, Uncalled>,
    beside: BTreeSet<StackName>,
    edges: BTreeMap<ComponentId, Vec<Edge>>,
}

impl Work<'_> {
    /// Finishes the components of one manifest.
    fn parent<'p>(
        &mut self,
        finisher: &mut Finisher<'_>,
        parent: &'p Parent,
        keys: &[Key],
        drafts: &mut Vec<Draft<'p>>,
    ) {
        let mut bench = Bench::new(parent, finisher.dialect.lists, finisher.dialect.lowest.clone());
        let place = Place { library: finisher.library, layout: &finisher.dialect.layout };
        let faults = &parent.closure.faults;
        for key in keys {
            if let Some(wrong) = Some(faults).filter(|faults| !faults.is_empty()) {
                self.unresolved(parent, key, wrong.clone());
                continue;
            }
            let wrong = parent.roll().wrong.get(key);
            if wrong.is_none()
                && (self.keep(finisher, parent, key) || self.call_again(finisher, parent, key))
            {
                continue;
            }
            let inherits = finisher.dialect.inherits_metadata;
            let sources = Sources::gather(&mut bench, &place, key, inherits);
            let drafted = match wrong {
                None => self.draft(finisher, parent, sources, &[]),
                Some(wrong) => self.broken(finisher, parent, sources, wrong),
            };
            match drafted {
                Ok(draft) => drafts.push(draft),
                Err(faults) => self.unresolved(parent, key, faults),
            }
        }
    }

    /// Finishes one component, with which `wrong` is wrong as such.
    fn draft<'p>(
        &mut self,
        finisher: &mut Finisher<'_>,
        parent: &'p Parent,
        sources: Sources,
        wrong: &[Diagnostic],
    ) -> Result<Draft<'p>, Vec<Diagnostic>> {
        let finished = finisher.finish(parent, &sources, &self.stack.name, wrong);
        self.note(finisher, &sources.key);
        let reads = std::mem::take(&mut finisher.reads);
        let Finished { component, mut faults } = finished?;
        let mut all = Vec::new();
        if !self.around.unlinked {
            let sections = component.sections.as_map().cloned().unwrap_or_default();
            let (wanted, odd) = dependency::wanted(&sections);
            all = wanted;
            let odd = odd.iter().map(|value| {
                let message = "a dependency names a `component`";
                let span = finisher.span(parent, &sources.key, value);
                let fault = Diagnostic::error(Code::SectionType, span, message);
                fault.hint("write `components: [{component: vpc}]`")
            });
            if component.presence != Presence::Abstract {
                faults.extend(odd);
            }
        }
        if !faults.is_empty() {
            all.retain(|wanted| !finisher.is_unsaid(&wanted.name));
        }
        Ok(Draft { component, parent, sources, wanted: all, reads, faults })
    }

    /// The same for one that is not going to resolve: it asks nobody anything.
    fn broken<'p>(
        &mut self,
        finisher: &mut Finisher<'_>,
        parent: &'p Parent,
        sources: Sources,
        wrong: &[Diagnostic],
    ) -> Result<Draft<'p>, Vec<Diagnostic>> {
        let asked = std::mem::take(&mut finisher.asked);
        let warnings = finisher.warnings.len();
        let draft = self.draft(finisher, parent, sources, wrong);
        finisher.asked = asked;
        finisher.warnings.truncate(warnings);
        draft
    }

    /// Notes what the component `key`, finished last, depends on.
    fn note(&mut self, finisher: &mut Finisher<'_>, key: &Key) {
        if finisher.consults {
            self.consulting.insert(key.clone());
        }
        if let Some(uncalled) = finisher.uncalled.take() {
            self.uncalled.insert(key.clone(), uncalled);
        }
    }

    /// Takes a component over as it was before, if it depends on no answer.
    fn keep(&mut self, finisher: &Finisher<'_>, parent: &Parent, key: &Key) -> bool {
        let before = self.before.filter(|before| !before.consulting.contains(key));
        match before.and_then(|before| component(&before.stack, key)) {
            // What depends on no answer reads nothing of others.
            Some(component) => {
                self.put_back(finisher, (parent, key), component.clone(), Vec::new());
            }
            None => return false,
        }
        true
    }

    /// Takes a component over of which only calls depend on answers, with these called again.
    fn call_again(&mut self, finisher: &mut Finisher<'_>, parent: &Parent, key: &Key) -> bool {
        let before = self.before.and_then(|before| {
            Some((component(&before.stack, key)?, before.uncalled.get(key)?.clone()))
        });
        let Some((before, uncalled)) = before else { return false };
        let called = finisher.call_again(parent, key, before, uncalled);
        self.note(finisher, key);
        match called {
            Ok(component) => {
                let reads = std::mem::take(&mut finisher.reads);
                self.put_back(finisher, (parent, key), component, reads);
            }
            Err(faults) => self.unresolved(parent, key, faults),
        }
        true
    }

    /// Puts a component into the stack that depends on what it depended on before.
    fn put_back(
        &mut self,
        finisher: &Finisher<'_>,
        (parent, key): (&Parent, &Key),
        component: Component,
        reads: Vec<Edge>,
    ) {
        self.needs(finisher, (parent, key), &component, reads);
        self.takes_part(parent);
        let id = &component.id;
        self.stack.components.insert((id.kind.clone(), id.name.clone()), component);
    }

    fn unresolved(&mut self, parent: &Parent, key: &Key, faults: Vec<Diagnostic>) {
        self.found.extend(faults.iter().cloned());
        self.takes_part(parent);
        // A roll holds no other names.
        let (Ok(kind), Ok(component)) = (KindName::new(&key.0), ComponentName::new(&key.1)) else {
            return;
        };
        give_up(&mut self.stack, (kind, component), faults);
    }

    fn takes_part(&mut self, parent: &Parent) {
        if !self.stack.manifests.contains(&parent.path) {
            self.stack.manifests.push(parent.path.clone());
        }
    }

    /// Finds what a component depends on, and puts it into the stack.
    fn link(&mut self, finisher: &mut Finisher<'_>, mut draft: Draft<'_>) {
        let id = draft.component.id.clone();
        let is_well = draft.faults.is_empty();
        if draft.component.presence != Presence::Abstract {
            for wanted in &draft.wanted {
                let span = finisher.span(draft.parent, &draft.sources.key, &wanted.at);
                let linked = self.stack_of(finisher, &draft, wanted, &span).and_then(|stack| {
                    let Around { index, uncertain, .. } = *self.around;
                    let linked = dependency::link(index, uncertain, &id, &stack, wanted, &span);
                    self.beside.insert(stack);
                    linked
                });
                match linked {
                    Ok(found) => draft.component.dependencies.extend(found),
                    Err(fault) => draft.faults.push(*fault),
                }
            }
        }
        draft.component.dependencies.dedup_by(|a, b| a.on == b.on);
        let reads = std::mem::take(&mut draft.reads);
        if is_well {
            self.needs(finisher, (draft.parent, &draft.sources.key), &draft.component, reads);
        }
        self.place(draft);
    }

    /// Notes what a component needs: what it depends on, and what it reads.
    fn needs(
        &mut self,
        finisher: &Finisher<'_>,
        (parent, key): (&Parent, &Key),
        component: &Component,
        reads: Vec<Edge>,
    ) {
        if self.around.unlinked {
            return;
        }
        let depends = component.dependencies.iter().map(|dependency| {
            let at = finisher.library.files.span(dependency.origin);
            let at = at.unwrap_or_else(|| parent.span(key));
            Edge { on: dependency.on.clone(), at, is_read: false }
        });
        self.edges.insert(component.id.clone(), depends.chain(reads).collect());
    }

    fn stack_of(
        &self,
        finisher: &mut Finisher<'_>,
        draft: &Draft<'_>,
        wanted: &Wanted,
        span: &Span,
    ) -> Result<StackName, Box<Diagnostic>> {
        match &wanted.stack {
            Where::Here => Ok(self.stack.name.clone()),
            Where::Named(name) => StackName::new(name).map_err(|error| {
                let (code, message) = (Code::DependencyMissing, error.to_string());
                Box::new(Diagnostic::error(code, span.clone(), message))
            }),
            Where::Like(vars) => {
                let find = |field: &gotmpl::FieldPath| match field.0.as_slice() {
                    [section, key] if section == "vars" && vars.get(key).is_some() => {
                        vars.get(key).cloned()
                    }
                    _ => draft.sources.find(field),
                };
                let Finisher { dialect, templates, .. } = finisher;
                self.around.identity.name(dialect, templates, None, &draft.parent.path, find)
            }
        }
    }

    /// Puts a component into the stack, unless anything is wrong with it.
    fn place(&mut self, draft: Draft<'_>) {
        match draft.faults.is_empty() {
            true => self.compose(draft),
            false => self.unresolved(draft.parent, &draft.sources.key, draft.faults),
        }
    }

    /// Puts a component into the stack. Several manifests may say the same about one component.
    fn compose(&mut self, draft: Draft<'_>) {
        let Draft { component, parent, sources, .. } = draft;
        let key = (component.id.kind.clone(), component.id.name.clone());
        self.takes_part(parent);
        let other = self.stack.components.get(&key).map(|other| {
            let both_abstract =
                [other, &component].iter().any(|c| c.presence == Presence::Abstract);
            (other.manifest.clone(), both_abstract || other.sections == component.sections)
        });
        match other {
            None if self.stack.unresolved.contains_key(&key) => {}
            None => drop(self.stack.components.insert(key, component)),
            Some((_, true)) => {}
            Some((manifest, false)) => {
                let message = format!(
                    "the component `{}` is also defined in `{manifest}`, and differently",
                    key.1
                );
                let span = parent.span(&sources.key);
                let fault = Diagnostic::error(Code::StackDuplicate, span, message);
                let hint = "define it in one of them, or give the stacks different names";
                let first = self.stack.components.get(&key).filter(|_| self.around.unlinked);
                let first = first.cloned();
                self.unresolved(parent, &sources.key, vec![fault.hint(hint)]);
                self.stack.components.extend(first.map(|first| (key, first)));
            }
        }
    }

    /// Takes the components out of the edges that can be part of no ring: those from which every
    /// way ends within the stack.
    fn peel(&mut self) {
        let mut open: BTreeMap<ComponentId, usize> = BTreeMap::new();
        let mut dependents: BTreeMap<&ComponentId, Vec<&ComponentId>> = BTreeMap::new();
        for (id, needs) in &self.edges {
            let counts =
                |on: &&ComponentId| on.stack != self.stack.name || self.edges.contains_key(*on);
            let on: Vec<_> = needs.iter().map(|edge| &edge.on).filter(counts).collect();
            open.insert(id.clone(), on.len());
            on.iter().for_each(|on| dependents.entry(*on).or_default().push(id));
        }
        let mut ends: Vec<_> =
            open.iter().filter(|(_, on)| **on == 0).map(|(id, _)| id).cloned().collect();
        while let Some(end) = ends.pop() {
            for dependent in dependents.get(&end).into_iter().flatten() {
                if let Some(on) = open.get_mut(*dependent) {
                    *on -= 1;
                    if *on == 0 {
                        ends.push((*dependent).clone());
                    }
                }
            }
        }
        self.edges.retain(|id, _| open.get(id).is_some_and(|on| *on > 0));
    }

    fn target(&mut self) {
        let stack = &mut self.stack;
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
            let span = Span::file(manifest.clone());
            let fault = Diagnostic::error(Code::TargetConflict, span, message);
            self.found.push(fault.hint("set `settings.reconcile.target` once, at the top"));
        }
    }
}

/// The component `key` of `stack`, if it resolved.
fn component<'s>(stack: &'s Stack, key: &Key) -> Option<&'s Component> {
    let key = (KindName::new(&key.0).ok()?, ComponentName::new(&key.1).ok()?);
    stack.components.get(&key)
}

/// Notes that a component cannot be resolved.
pub(super) fn give_up(stack: &mut Stack, key: (KindName, ComponentName), faults: Vec<Diagnostic>) {
    stack.components.remove(&key);
    stack.unresolved.entry(key).or_default().extend(faults);
}
