//! The order of the work: read, follow imports, call the rolls, finish each stack, look for rings.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use globset::Glob;
use rayon::prelude::*;

use super::atmos_yaml::{self, Dialect};
use super::dependency::{self, Edges, Index};
use super::discover;
use super::engines::{Engines, Lent};
use super::finish::Finisher;
use super::identity::Identity;
use super::import::{Importer, manifests_of};
use super::layer::Memo;
use super::load::Library;
use super::lock::Lock;
use super::manifests::{Manifests, Quiet};
use super::narrow::Narrow;
use super::parent::Parent;
use super::path;
use super::policy_file;
use super::reconcile_block::Known;
use super::remote::Remotes;
use super::roll::{Caller, Sound};
use super::strict;
use super::template::Templates;
use super::whole::{self, Around, Members, Whole};
use super::{Resolution, Selection};
use crate::diagnostic::Diagnostic;
use crate::ids::StackName;
use crate::model::chart::Charts;
use crate::model::desired::{Desired, Layout, Stack};
use crate::model::files::Files;
use crate::model::question::Answers;
use crate::source::Snapshot;

/// Files that say how all others are read, also if they were not there before.
const STEERING: [&[&str]; 2] = [atmos_yaml::NAMES, &[policy_file::POLICY_PATH, Lock::PATH]];

/// A snapshot whose files are read and whose imports are followed, to be resolved with one set of
/// answers after the other. It goes on to the next snapshot and then does again only what the
/// difference touches.
pub struct Resolver {
    pub(super) library: Library,
    pub(super) dialect: Dialect,
    pub(super) identity: Identity,
    pub(super) templates: Templates,
    pub(super) engines: Engines,
    pub(super) manifests: Manifests,
    pub(super) parents: BTreeMap<Arc<str>, Arc<Parent>>,
    /// What is wrong with `atmos.yaml`, and with the lock.
    pub(super) found: Vec<Diagnostic>,
    /// Whether it is not known how the tree is to be read.
    misread: bool,
    /// What is odd about which manifests are stacks.
    pub(super) astray: Vec<Diagnostic>,
    charts: Arc<Charts>,
    last: Last,
    /// The part that is read, if it is not all.
    pub(super) narrow: Option<Narrow>,
}

/// What the last resolution came to.
#[derive(Default)]
struct Last {
    selection: Selection,
    answers: Answers,
    uncertain: bool,
    index: Index,
    stacks: BTreeMap<StackName, (Members, Arc<Whole>)>,
    /// What Atmos would refuse, if that was wanted.
    refused: Vec<Diagnostic>,
}

impl Resolver {
    /// Reads every top-level manifest of `snapshot`, and all that they import.
    pub fn new(snapshot: &Snapshot) -> Self {
        let (remotes, found) = Remotes::of(snapshot);
        Self::read(snapshot, remotes, found)
    }

    /// The same without the snapshot's lock: every remote import is asked for as it is now.
    pub fn unlocked(snapshot: &Snapshot) -> Self {
        Self::read(snapshot, Remotes::default(), Vec::new())
    }

    fn read(snapshot: &Snapshot, remotes: Remotes, found: Vec<Diagnostic>) -> Self {
        let mut resolver = Self::open(snapshot, remotes, found);
        resolver.follow(None);
        resolver
    }

    /// One that knows how the tree is to be read.
    pub(super) fn open(snapshot: &Snapshot, remotes: Remotes, mut found: Vec<Diagnostic>) -> Self {
        let mut library = Library::new(snapshot, "");
        library.remotes = remotes;
        let (dialect, mut wrong) = Dialect::read(&mut library);
        let mut templates = Templates::new(dialect.templates.clone());
        wrong.extend(Identity::fault(&dialect, &mut templates));
        let misread = wrong.iter().any(Diagnostic::is_error);
        found.extend(wrong);
        let repositories = dialect.chart_repositories.clone();
        let charts = Charts { locked: library.remotes.charts(), repositories };
        library.base_path = dialect.base_path.clone();
        library.key_delimiter = dialect.key_delimiter.clone();
        let identity = Identity::new(&dialect, &mut templates);
        Self {
            library,
            dialect,
            identity,
            templates,
            engines: Engines::default(),
            manifests: Manifests::default(),
            parents: BTreeMap::new(),
            found,
            misread,
            astray: Vec::new(),
            charts: charts.into(),
            last: Last::default(),
            narrow: None,
        }
    }

    /// One that goes on to `snapshot` from all that this one has read, beside it.
    pub fn beside(&self, snapshot: &Snapshot) -> Self {
        if self.narrow.is_some() {
            return Self::new(snapshot);
        }
        let mut beside = Self {
            manifests: self.manifests.clone(),
            parents: self.parents.clone(),
            astray: self.astray.clone(),
            ..self.again()
        };
        beside.advance(snapshot);
        beside
    }

    /// One that knows how the tree is to be read, and has read the same files, as this one.
    pub(super) fn again(&self) -> Self {
        Self {
            library: self.library.clone(),
            dialect: self.dialect.clone(),
            identity: self.identity.clone(),
            templates: self.templates.fresh(),
            engines: Engines::default(),
            manifests: Manifests::default(),
            parents: BTreeMap::new(),
            found: self.found.clone(),
            misread: self.misread,
            astray: Vec::new(),
            charts: self.charts.clone(),
            last: Last::default(),
            narrow: None,
        }
    }

    /// Goes on to `snapshot`: what is resolved from now on is resolved in it.
    pub fn advance(&mut self, snapshot: &Snapshot) {
        let before = self.library.snapshot.clone();
        let changed = changes(&before, snapshot);
        if changed.is_empty() {
            self.library.snapshot = snapshot.clone();
            return;
        }
        let imported: Vec<_> = self.dialect.imported.iter().map(Glob::compile_matcher).collect();
        // What is read to know how the tree is to be read.
        let steers = |path: &Arc<str>| {
            let is_manifest = path::below(path, &self.dialect.stacks) != path.as_ref();
            let is_setting = imported.iter().any(|glob| glob.is_match(path.as_ref()));
            let is_named = STEERING.iter().any(|names| names.contains(&path.as_ref()));
            is_setting || is_named || (!is_manifest && self.library.has_read(path))
        };
        let unread = self.found.iter().any(Diagnostic::is_error);
        if unread || self.narrow.is_some() || changed.iter().any(steers) {
            self.read_again(snapshot);
            return;
        }
        let here = |snapshot: &Snapshot, path: &Arc<str>| snapshot.entry(path).is_some();
        let moved = changed.iter().any(|path| here(&before, path) != here(snapshot, path));
        self.library.advance(snapshot, &changed);
        self.manifests.advance(&changed, moved);
        self.follow(Some((&changed, moved)));
        let live = self.library.numbers().chain(self.manifests.numbers()).collect();
        self.library.files.retain(&live);
    }

    /// Begins anew with `snapshot`, and with what is known of files at other places.
    fn read_again(&mut self, snapshot: &Snapshot) {
        let known = std::mem::take(&mut self.library.remotes);
        let (remotes, found) = match known.is_locked() {
            true => Remotes::of(snapshot),
            false => Default::default(),
        };
        *self = Self::read(snapshot, remotes.with(known), found);
    }

    /// Where the code of each kind lives.
    pub fn layout(&self) -> &Layout {
        &self.dialect.layout
    }

    /// Resolves the selected part; see [`super::resolve`].
    pub fn resolve(&mut self, selection: &Selection, answers: &Answers) -> Resolution {
        let (index, uncertain) = self.prepare(selection, answers);
        let tasks = self.tasks(&index, selection);
        let reusable = uncertain == self.last.uncertain && *selection == self.last.selection;
        let making = self.making(&index, uncertain, selection, answers);
        let made = tasks.into_iter().par_bridge().map_init(
            || making.tools(),
            |tools, (name, members)| {
                let before = self.before(&name, &members, &index).filter(|_| reusable);
                let is_same = |whole: &&Arc<Whole>| {
                    whole.consulting.is_empty() || *answers == self.last.answers
                };
                if let Some(whole) = before.filter(is_same) {
                    return (name, (members, whole.clone()));
                }
                let whole = making.whole(tools, &name, &members, before.map(AsRef::as_ref));
                (name, (members, Arc::new(whole)))
            },
        );
        let stacks: BTreeMap<_, _> = made.collect::<Vec<_>>().into_iter().collect();
        let (selection, answers) = (selection.clone(), answers.clone());
        let refused = self.refused(&selection);
        let last = Last { selection, answers, uncertain, index, stacks, refused };
        let resolution = self.resolution(&last);
        // A look at a part in between does not cost what is known of the whole.
        if last.selection.stacks.is_empty() && last.selection.components.is_empty() {
            self.last = last;
        }
        resolution
    }

    /// Learns of `answers` what bears on which stacks there are, and finds these; and whether there
    /// may be stacks that have no name.
    pub(super) fn prepare(&mut self, selection: &Selection, answers: &Answers) -> (Index, bool) {
        let is_beyond = self.narrow.as_ref().is_some_and(|part| part.selection != *selection);
        if self.library.remotes.learn(answers) || is_beyond {
            self.read_again(&self.library.snapshot.clone());
        }
        if self.identity.by_file != selection.named_by_file {
            self.identity.by_file = selection.named_by_file;
            if self.parents.values().any(|parent| parent.is_called()) {
                self.parents.clear();
                self.follow(None);
            }
        }
        self.call_rolls();
        let mut index = Index::default();
        self.parents.values().for_each(|parent| index.add(parent));
        let uncertain = self.parents.values().any(|parent| parent.roll().nameless);
        (index, uncertain)
    }

    /// What all stacks of a selection are made with.
    pub(super) fn making<'r>(
        &'r self,
        index: &'r Index,
        uncertain: bool,
        selection: &'r Selection,
        answers: &'r Answers,
    ) -> Making<'r> {
        let around = Around {
            identity: &self.identity,
            index,
            uncertain,
            unlinked: selection.unlinked,
            only_named: selection.only_named,
        };
        Making { resolver: self, around, selection, answers }
    }

    /// What Atmos would refuse, if that is wanted.
    pub(super) fn refused(&mut self, selection: &Selection) -> Vec<Diagnostic> {
        match selection.strict {
            true => strict::refused(&mut self.library, &self.dialect),
            false => Vec::new(),
        }
    }

    /// Finds what every top-level manifest is made of. `changed` is what differs from the last
    /// time, and whether files came or went.
    pub(super) fn follow(&mut self, changed: Option<(&BTreeSet<Arc<str>>, bool)>) {
        let snapshot = self.library.snapshot.clone();
        self.library.remotes.forget_asked();
        self.library.forget_looks();
        let all: Vec<_> = match &self.narrow {
            Some(part) => part.files.clone(),
            None => manifests_of(&snapshot, &self.dialect.stacks).cloned().collect(),
        };
        let engine = || self.engines.lend(&self.templates);
        let stacks = self.dialect.stacks.as_str();
        self.manifests.prefetch(&mut self.library, engine, stacks, &all);
        let paths = match (changed, &self.narrow) {
            (_, Some(part)) => part.parents.clone(),
            (Some((_, false)), _) => self.parents.keys().cloned().collect(),
            // By other settings the same manifests would be other stacks.
            _ if self.misread => Vec::new(),
            _ => {
                let parents = discover::parents(&snapshot, &self.dialect);
                self.astray = parents.found;
                parents.paths
            }
        };
        let before = std::mem::take(&mut self.parents);
        let quiet = match self.library.skim {
            Some(_) => self.manifests.quiet(&self.identity.fields),
            None => Quiet::default(),
        };
        let (library, templates) = (&mut self.library, &mut self.templates);
        let mut importer = Importer::new(library, templates, &self.dialect, &mut self.manifests);
        importer.quiet = quiet;
        let mut new = Vec::new();
        for path in paths {
            let known = before.get(&path);
            if let (Some(known), Some((changed, false))) = (known, changed)
                && known.closure.faults.is_empty()
                && !known.closure.touches(changed)
            {
                importer.count(&known.closure);
                self.parents.insert(path, known.clone());
                continue;
            }
            let closure = importer.closure(&path);
            match known.filter(|known| known.closure.is(&closure) && !known.looks_around()) {
                Some(known) => drop(self.parents.insert(path, known.clone())),
                None => new.push((path, closure)),
            }
        }
        let new = new.into_par_iter().map(|(path, closure)| Arc::new(Parent::new(path, closure)));
        let new: Vec<_> = new.collect();
        self.parents.extend(new.into_iter().map(|parent| (parent.path.clone(), parent)));
        let closures = self.parents.values().flat_map(|parent| &parent.closure.contributions);
        self.manifests.keep(closures.map(|from| &from.manifest));
    }

    /// Finds the names of all stacks.
    fn call_rolls(&self) {
        let uncalled: Vec<_> = self.parents.values().filter(|parent| !parent.is_called()).collect();
        uncalled.into_par_iter().for_each_init(
            || (self.engines.lend(&self.templates), Sound::default()),
            |(templates, sound), parent| {
                let Self { library, dialect, identity, .. } = self;
                let mut caller = Caller { library, dialect, identity, templates, sound };
                parent.call(|| caller.roll(parent));
            },
        );
    }

    /// The selected components of every stack that has any; the largest stacks first.
    pub(super) fn tasks(&self, index: &Index, selection: &Selection) -> Vec<(StackName, Members)> {
        let members = |name: &StackName, parents: &[Arc<Parent>]| {
            let keys = |parent: &Arc<Parent>| {
                let file = path::stem(path::below(&parent.path, &self.dialect.stacks));
                let keys = match selection.has_stack(name, file) {
                    true => &parent.roll().stacks[name],
                    false => return (parent.clone(), Arc::default()),
                };
                if selection.components.is_empty() {
                    return (parent.clone(), keys.clone());
                }
                let some = keys.iter().filter(|key| selection.has(key)).cloned();
                (parent.clone(), some.collect())
            };
            parents.iter().map(keys).filter(|(_, keys)| !keys.is_empty()).collect::<Members>()
        };
        let tasks = index.stacks().map(|(name, parents)| (name.clone(), members(name, parents)));
        let mut tasks: Vec<_> = tasks.filter(|(_, members)| !members.is_empty()).collect();
        // So that no worker is left with the longest at the end.
        let size = |members: &Members| members.iter().map(|(_, keys)| keys.len()).sum::<usize>();
        tasks.sort_by_key(|(_, members)| Reverse(size(members)));
        tasks
    }

    /// The stack as it was made the last time, if nothing but answers is different that bears on
    /// it.
    fn before(&self, name: &StackName, members: &Members, index: &Index) -> Option<&Arc<Whole>> {
        let (before, whole) = self.last.stacks.get(name)?;
        whole.holds((before, &self.last.index), (members, index)).then_some(whole)
    }

    /// What leaves it open which stacks there are, beside manifests.
    fn unsettled(&self) -> Vec<String> {
        let broken = self.found.iter().filter(|found| found.is_error());
        let files: BTreeSet<_> = broken.map(|found| &found.span.file).collect();
        let unread = files.into_iter().map(|file| format!("`{file}` without a mistake"));
        let astray = self.astray.iter().map(|found| {
            format!("the stacks that `{}:{}` is about", found.span.file, found.span.start.line)
        });
        unread.chain(astray).collect()
    }

    fn resolution(&self, last: &Last) -> Resolution {
        let wholes = || last.stacks.values().map(|(_, whole)| whole);
        let named = last.stacks.iter();
        let mut stacks: BTreeMap<StackName, Arc<Stack>> =
            named.map(|(name, (_, whole))| (name.clone(), whole.stack.clone())).collect();
        let rings = rings(last, &mut stacks);
        let own = wholes().flat_map(|whole| whole.found.iter().cloned()).chain(rings);
        let (found, tree) = self.findings(own, &last.refused);
        let files = Arc::new(self.library.files.clone());
        let desired = Desired { diagnostics: found, ..self.desired(stacks, files) };
        let questions = wholes().flat_map(|whole| whole.asked.iter().cloned());
        let questions = questions.chain(self.library.remotes.asked().iter().cloned()).collect();
        Resolution { desired, tree, questions }
    }

    /// What is wrong or odd, all of it and what of it is about the tree as such. `own` was found in
    /// stacks.
    pub(super) fn findings(
        &self,
        own: impl IntoIterator<Item = Diagnostic>,
        refused: &[Diagnostic],
    ) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
        let whole = [&self.found, &self.astray].into_iter().flatten();
        let (mut found, mut tree): (Vec<_>, Vec<_>) =
            whole.map(|found| (found.clone(), found.clone())).unzip();
        let mut odd = BTreeMap::new();
        for parent in self.parents.values() {
            found.extend(parent.closure.faults.iter().chain(&parent.roll().found).cloned());
            found.extend(parent.closure.odd.iter().cloned());
            tree.extend(parent.closure.faults.iter().cloned());
            tree.extend(parent.roll().wrong.values().flatten().cloned());
            let manifests = parent.closure.contributions.iter().map(|from| &from.manifest);
            let warned = manifests.filter(|manifest| !manifest.warnings.is_empty());
            odd.extend(warned.map(|manifest| (Arc::as_ptr(manifest).addr(), manifest)));
        }
        tree.retain(Diagnostic::is_error);
        found.extend(odd.values().flat_map(|manifest| manifest.warnings.iter().cloned()));
        found.extend(own);
        refuse(&mut found, refused);
        tree.extend(refused.iter().cloned());
        found.sort_by(|a, b| {
            (&a.span, a.code, &a.message, a.severity)
                .cmp(&(&b.span, b.code, &b.message, b.severity))
        });
        found.dedup();
        (found, tree)
    }

    /// `stacks` in the tree they are of.
    pub(super) fn desired(
        &self,
        stacks: BTreeMap<StackName, Arc<Stack>>,
        files: Arc<Files>,
    ) -> Desired {
        let nameless = self.parents.values().filter(|parent| parent.roll().nameless);
        Desired {
            stacks,
            nameless: nameless.map(|parent| parent.path.clone()).collect(),
            unsettled: self.unsettled(),
            diagnostics: Vec::new(),
            layout: self.dialect.layout.clone(),
            manifests: self.dialect.stacks.as_str().into(),
            files,
            charts: self.charts.clone(),
        }
    }
}

/// What all stacks are made with.
pub(super) struct Making<'r> {
    resolver: &'r Resolver,
    around: Around<'r>,
    selection: &'r Selection,
    answers: &'r Answers,
}

/// What one worker has for itself while it makes stacks.
pub(super) struct Tools<'r> {
    templates: Lent<'r>,
    memo: Memo,
    blocks: Known,
}

impl<'r> Making<'r> {
    pub(super) fn tools(&self) -> Tools<'r> {
        let templates = self.resolver.engines.lend(&self.resolver.templates);
        Tools { templates, memo: Memo::default(), blocks: Known::default() }
    }

    /// Makes one stack; see [`whole::whole`].
    pub(super) fn whole(
        &self,
        tools: &mut Tools<'_>,
        name: &StackName,
        members: &Members,
        before: Option<&Whole>,
    ) -> Whole {
        let Self { resolver, around, selection, answers } = self;
        let finisher = Finisher {
            library: &resolver.library,
            dialect: &resolver.dialect,
            templates: &mut tools.templates,
            memo: &mut tools.memo,
            blocks: &mut tools.blocks,
            answers,
            looking: selection.unlinked,
            evaluation: &selection.evaluation,
            explained: !selection.unexplained,
            to_apply: selection.to_apply,
            asked: BTreeSet::new(),
            consults: false,
            uncalled: None,
            reads: Vec::new(),
            warnings: Vec::new(),
        };
        whole::whole(finisher, around, name, members, before)
    }
}

/// Adds what Atmos would refuse. What is said of a place already is not said twice: an error
/// remains, and takes the place of a warning.
fn refuse(found: &mut Vec<Diagnostic>, refused: &[Diagnostic]) {
    let wrong: BTreeSet<_> =
        found.iter().filter(|found| found.is_error()).map(|found| found.span.clone()).collect();
    let refused: Vec<_> = refused.iter().filter(|more| !wrong.contains(&more.span)).collect();
    let places: BTreeSet<_> = refused.iter().map(|more| &more.span).collect();
    found.retain(|found| found.is_error() || !places.contains(&found.span));
    found.extend(refused.into_iter().cloned());
}

/// Gives up the components that depend on each other, and says so.
fn rings(last: &Last, stacks: &mut BTreeMap<StackName, Arc<Stack>>) -> Vec<Diagnostic> {
    let all = last.stacks.values().flat_map(|(_, whole)| &whole.edges);
    let edges: Edges<'_> = all.map(|(id, needs)| (id, needs.as_slice())).collect();
    let mut found = Vec::new();
    for ring in dependency::rings(&edges) {
        let Some(fault) = dependency::cycle(&edges, &ring) else { continue };
        for &id in &ring {
            if let Some(stack) = stacks.get_mut(&id.stack) {
                let key = (id.kind.clone(), id.name.clone());
                whole::give_up(Arc::make_mut(stack), key, vec![fault.clone()]);
            }
        }
        found.push(fault);
    }
    found
}

/// The paths at which two snapshots differ.
fn changes(before: &Snapshot, after: &Snapshot) -> BTreeSet<Arc<str>> {
    let gone = before.entries().filter(|(path, _)| after.entry(path).is_none());
    let new = after.entries().filter(|(path, entry)| before.entry(path) != Some(entry));
    gone.chain(new).map(|(path, _)| path.clone()).collect()
}
