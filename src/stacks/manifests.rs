//! Every manifest that was read, once per context it is imported with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gotmpl::FieldPath;
use memchr::{memchr2, memmem};
use rayon::prelude::*;

use super::early::{Context, Early};
use super::engines::Lent;
use super::load::{Library, Partial, Source};
use super::manifest::{self, Import, Manifest};
use super::outline::Outline;
use super::template::{self, Templates};
use crate::diagnostic::Diagnostic;
use crate::ids::ContentId;
use crate::model::files::File;
use crate::model::value::Value;

/// Manifests whose imports are followed one after the other: what many of them import is looked for
/// once for all of these.
const TOGETHER: usize = 256;

/// Manifests taken apart, once per context, and where their imports lead.
#[derive(Clone, Default)]
pub(super) struct Manifests {
    pub(super) apart: BTreeMap<(Arc<str>, Option<ContentId>), Arc<Manifest>>,
    /// By the manifest's place in memory, where each of its imports leads; `None` is not known.
    /// What is here is in `apart` too, so no place is another manifest's.
    goals: BTreeMap<usize, Vec<Option<Goals>>>,
}

/// The files that one import names, in the order in which they are merged.
pub(super) type Goals = Arc<[Goal]>;

/// Manifests, by their places in memory, that bear on nothing but components.
#[derive(Default)]
pub(super) struct Quiet(BTreeSet<usize>);

impl Quiet {
    pub(super) fn has(&self, manifest: &Arc<Manifest>) -> bool {
        self.0.contains(&place(manifest))
    }
}

/// A file that an import names.
#[derive(Clone)]
pub(super) struct Goal {
    pub(super) path: Arc<str>,
    /// The manifest without context, once it is known.
    pub(super) plain: Option<Arc<Manifest>>,
}

impl Manifests {
    /// Takes the manifests at `paths` apart on all cores, for imports without context, and follows
    /// those of their imports that name one file of the folder `stacks`.
    pub(super) fn prefetch<'e>(
        &mut self,
        library: &mut Library,
        engine: impl Fn() -> Lent<'e> + Sync + Send,
        stacks: &str,
        paths: &[Arc<str>],
    ) {
        let new = |path: &&Arc<str>| {
            !path.ends_with(".tmpl") && !self.apart.contains_key(&((*path).clone(), None))
        };
        let paths: Vec<_> = paths.iter().filter(new).cloned().collect();
        library.prefetch(&paths);
        let sources: Vec<_> = paths.iter().filter_map(|path| library.read(path)).collect();
        let shared = &*library;
        let take_apart = |templates: &mut Lent<'e>, source: &Arc<Source>| {
            let manifest = plain(shared, templates, source);
            ((source.path.clone(), None), source.number, manifest)
        };
        let apart: Vec<_> = sources.par_iter().map_init(engine, take_apart).collect();
        let apart = apart.into_iter().map(|(key, number, mut manifest)| {
            manifest.teach(library, number);
            (key, Arc::new(manifest))
        });
        self.apart.extend(apart);
        let all = self.apart.iter().filter(|((_, id), _)| id.is_none());
        let unknown: Vec<_> =
            all.filter(|(_, from)| !self.goals.contains_key(&place(from))).collect();
        let unknown = unknown.into_par_iter().with_min_len(TOGETHER);
        let goals = |import: &Import, from: &str| {
            let path = import.only_file(&library.snapshot, from, stacks)?;
            let plain = self.apart.get(&(path.clone(), None)).cloned();
            Some(Goals::from([Goal { path, plain }]))
        };
        let led = unknown.map_init(BTreeMap::new, |known, (_, from)| {
            let goals =
                from.imports.iter().map(|import| match import.means_the_same_in(&from.path) {
                    // Many files import the same ones.
                    true => known
                        .entry(import.path.as_ref())
                        .or_insert_with(|| goals(import, &from.path))
                        .clone(),
                    false => goals(import, &from.path),
                });
            (place(from), goals.collect())
        });
        let led: Vec<_> = led.collect();
        self.goals.extend(led);
    }

    /// Where the import at `at` of `from` leads, if it is known.
    pub(super) fn goals(&self, from: &Arc<Manifest>, at: usize) -> Option<Goals> {
        self.goals.get(&place(from))?.get(at)?.clone()
    }

    /// Where the import at `at` of `from` leads whenever it is asked again.
    pub(super) fn lead(&mut self, from: &Arc<Manifest>, at: usize, goals: Goals) {
        let all = self.goals.entry(place(from)).or_default();
        all.resize(from.imports.len().max(all.len()), None);
        if let Some(known) = all.get_mut(at) {
            *known = Some(goals);
        }
    }

    /// Remembers that the file that the import at `at` of `from` names as its `number`th is
    /// `manifest` where it is imported without context.
    pub(super) fn remember(
        &mut self,
        from: &Arc<Manifest>,
        at: usize,
        number: usize,
        manifest: &Arc<Manifest>,
    ) {
        let all = self.goals.get_mut(&place(from)).and_then(|all| all.get_mut(at)?.as_mut());
        if let Some(goal) = all.and_then(|goals| Arc::make_mut(goals).get_mut(number)) {
            goal.plain = Some(manifest.clone());
        }
    }

    /// Forgets what depends on `changed`, and what could not be read; `moved` is whether files came
    /// or went.
    pub(super) fn advance(&mut self, changed: &BTreeSet<Arc<str>>, moved: bool) {
        let stays =
            |manifest: &Arc<Manifest>| manifest.faults.is_empty() && !manifest.touches(changed);
        self.apart.retain(|_, manifest| stays(manifest));
        if moved {
            self.goals.clear();
            return;
        }
        self.forget_goals();
        for goals in self.goals.values_mut().flatten().flatten() {
            let is_gone = |goal: &Goal| goal.plain.as_ref().is_some_and(|known| !stays(known));
            if goals.iter().any(is_gone) {
                let known = Arc::make_mut(goals).iter_mut();
                known.filter(|goal| is_gone(goal)).for_each(|goal| goal.plain = None);
            }
        }
    }

    /// Forgets where manifests lead that are not here any more.
    fn forget_goals(&mut self) {
        let here: BTreeSet<_> = self.apart.values().map(place).collect();
        self.goals.retain(|place, _| here.contains(place));
    }

    /// Forgets manifests that no closure is made of, but for those without context.
    pub(super) fn keep<'c>(&mut self, used: impl Iterator<Item = &'c Arc<Manifest>>) {
        if self.apart.keys().all(|(_, id)| id.is_none()) {
            return;
        }
        let used: BTreeSet<_> = used.map(place).collect();
        let stays = |id: &Option<ContentId>, manifest: &Arc<Manifest>| {
            id.is_none() || used.contains(&place(manifest))
        };
        self.apart.retain(|(_, id), manifest| stays(id, manifest));
        self.forget_goals();
    }

    /// Those that say nothing but what components are, and import nothing that says more.
    pub(super) fn quiet(&self, fields: &[FieldPath]) -> Quiet {
        let mut importers: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let goals = |place: &usize| self.goals.get(place).map_or(&[][..], Vec::as_slice);
        let speaks = |manifest: &&Arc<Manifest>| {
            let goals = goals(&place(manifest));
            let leads = goals.len() == manifest.imports.len()
                && goals.iter().all(Option::is_some)
                && known(goals).all(|goal| goal.plain.is_some())
                && manifest.imports.iter().all(Import::is_plain);
            !leads || !manifest.is_quiet() || Outline::of(manifest, fields).names
        };
        let manifests: Vec<_> = self.apart.values().collect();
        let loud = manifests.par_iter().copied().filter(speaks).map(place);
        let mut loud: Vec<_> = loud.collect();
        let mut all = BTreeSet::new();
        for place in manifests.into_iter().map(place) {
            all.insert(place);
            for plain in known(goals(&place)).filter_map(|goal| goal.plain.as_ref()) {
                importers.entry(self::place(plain)).or_default().push(place);
            }
        }
        while let Some(place) = loud.pop() {
            if all.remove(&place) {
                loud.extend(importers.get(&place).into_iter().flatten());
            }
        }
        Quiet(all)
    }

    /// The paths of the manifests that those at `paths` are made of, as far as that is known.
    pub(super) fn reach(&self, paths: &[Arc<str>]) -> BTreeSet<Arc<str>> {
        let (mut open, mut reached) = (paths.to_vec(), BTreeSet::new());
        while let Some(path) = open.pop() {
            let manifest = self.apart.get(&(path.clone(), None));
            if !reached.insert(path) {
                continue;
            }
            let goals = manifest.and_then(|manifest| self.goals.get(&place(manifest)));
            let known = goals.into_iter().flatten().flatten().flat_map(|goals| goals.iter());
            open.extend(known.map(|goal| goal.path.clone()));
        }
        reached
    }

    /// The numbers of files that only these manifests hold on to.
    pub(super) fn numbers(&self) -> impl Iterator<Item = u32> {
        self.apart.values().filter_map(|manifest| manifest.rendered)
    }
}

/// The files that `goals` name, as far as that is known.
fn known(goals: &[Option<Goals>]) -> impl Iterator<Item = &Goal> {
    goals.iter().flatten().flat_map(|goals| goals.iter())
}

fn place(manifest: &Arc<Manifest>) -> usize {
    Arc::as_ptr(manifest).addr()
}

/// A file as a value, with what is wrong with it so far.
pub(super) struct Read<'r> {
    pub(super) path: &'r Arc<str>,
    pub(super) value: Value,
    pub(super) includes: &'r [Arc<str>],
    /// What is wrong with values of single components.
    pub(super) partial: &'r [Partial],
    /// What the file is called where values come of a context, if that is not its own number.
    pub(super) number: Option<u32>,
    pub(super) faults: Vec<Diagnostic>,
}

impl Read<'_> {
    /// The manifest, rendered with `context`.
    pub(super) fn rendered(
        self,
        library: &Library,
        templates: &mut Templates,
        context: &Context,
    ) -> Manifest {
        let (path, includes) = (self.path, self.includes);
        let read = (self.value, self.faults);
        let early = Early::of_value(read, self.number, library, templates, path, context);
        let mut manifest = taken_apart(early, library, templates, path, includes);
        manifest.break_parts(self.partial);
        manifest
    }
}

/// The manifest of a file that is imported without context.
pub(super) fn plain(library: &Library, templates: &mut Templates, source: &Source) -> Manifest {
    let (path, value) = (&source.path, source.value.clone());
    let faults = source.faults.clone();
    let (includes, partial) = (&source.includes, &source.partial);
    let read = Read { path, value, includes, partial, number: None, faults };
    let context = Context::plain(templates);
    read.rendered(library, templates, &context)
}

/// The manifest in what a file was rendered to.
pub(super) fn taken_apart(
    early: Early,
    library: &Library,
    templates: &Templates,
    path: &Arc<str>,
    includes: &[Arc<str>],
) -> Manifest {
    let open = templates.open();
    let text = library.files.get(early.value.origin.file).map(File::text);
    let is_bare = early.values.is_empty() && text.is_some_and(|text| is_bare(text, &open));
    let open = (!is_bare).then_some(&*open);
    let mut manifest = manifest::split(library, path, &early.value, open);
    manifest.faults.splice(0..0, early.faults);
    manifest.includes = includes.to_vec();
    manifest.given = early.values;
    manifest.made_of = early.made_of;
    manifest
}

/// Whether no value in what is written in `text` has a tag or a template. Escapes and quotes might
/// hide one.
pub(super) fn is_bare(text: &str, open: &str) -> bool {
    let is_hidden = |letter: char| letter.is_whitespace() || letter == '\'';
    let (text, is_usual) = (text.as_bytes(), open == template::OPEN);
    let has = |sign: &str| memmem::find(text, sign.as_bytes()).is_some();
    !open.contains(is_hidden)
        && memchr2(b'!', b'\\', text).is_none()
        && !has(template::OPEN)
        && (is_usual || !has(open))
}
