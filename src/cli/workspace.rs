//! What most commands begin with: the settings, the repository, and what it asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::mem::ManuallyDrop;
use std::path::Path;
use std::sync::Arc;

use super::{Context, Exit, Failure, mistake};
use crate::diagnostic::{self, Diagnostic, closest};
use crate::ids::{Scope, StackName};
use crate::model::desired::{Component, Desired, Layout};
use crate::model::files::Files;
use crate::model::revision::Revision;
use crate::reconcile::{
    Asked, Errands, OpenError, Person, Reach, Wanted, asked, resolved, resolved_each,
    resolved_pairs,
};
use crate::report;
use crate::settings::{self, AgentSettings, RepositorySettings, SettingsError};
use crate::source::{self, FetchError, Imports, Snapshot};
use crate::stacks::{Found, Lock, Resolution, Resolver, SETTINGS_NAMES, Selection};
use crate::store::{Store, StoreError};
use crate::world::World;

/// The settings, and the repository the command is about.
#[derive(Clone)]
pub(super) struct Workspace {
    pub(super) settings: Arc<AgentSettings>,
    pub(super) scope: Scope,
}

/// Mistakes with places, and the texts to show them in.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) texts: BTreeMap<Arc<str>, Arc<str>>,
}

impl Workspace {
    /// Reads the settings the command line names, or those of someone who has none.
    pub(super) fn settings(context: &Context) -> Result<AgentSettings, Failure> {
        let settings = match &context.global.settings {
            Some(path) => settings::read(path),
            None => {
                let folder = &context.global.folder;
                settings::for_folder(folder, source::main_branch(folder))
            }
        };
        settings.map_err(refused)
    }

    /// The same, for a command that is about one repository.
    pub(super) fn open(context: &Context) -> Result<Self, Failure> {
        let settings = Self::settings(context)?;
        let mut names = settings.repositories.keys();
        let (Some(repository), None) = (names.next().cloned(), names.next()) else {
            return Err(mistake(
                "the settings name no repository or several, and this command is about one",
            ));
        };
        let scope = Scope { agent: settings.agent.clone(), repository };
        Ok(Self { settings: Arc::new(settings), scope })
    }

    /// The commit that is looked at; without one the folder as it stands, uncommitted edits
    /// included.
    pub(super) fn tree(context: &Context) -> Result<Snapshot, Failure> {
        if let Some(revision) = &context.at.rev {
            return Self::commit(context, revision);
        }
        let folder = &context.global.folder;
        if context.said.settings.is_empty() {
            is_root(folder)?;
        }
        Ok(source::folder_snapshot(folder).map_err(unread)?.to_be_read(context.said.clone()))
    }

    /// A commit of the repository around the folder.
    pub(super) fn commit(context: &Context, revision: &str) -> Result<Snapshot, Failure> {
        let tree = source::commit_snapshot(&context.global.folder, revision).map_err(unread)?;
        Ok(tree.to_be_read(context.said.clone()))
    }

    /// What `asked` comes to, with what programs make of it.
    pub(super) async fn made(&self, context: &Context, asked: Asked) -> Wanted {
        let world = context.world.clone();
        let errands = Errands::new(&self.settings, world, context.stop.clone());
        asked.made(&self.settings.clusters(), &errands).await
    }

    /// The settings of the repository.
    pub(super) fn repository(&self) -> &RepositorySettings {
        &self.settings.repositories[&self.scope.repository]
    }

    /// The database, made if it is not there.
    pub(super) async fn store(&self, context: &Context) -> Result<Store, Failure> {
        let store = Store::open(&self.settings.store, &context.world);
        let store = context.output.progress(&context.world, "opening the database", store).await;
        store.map_err(|error| unopened(error.into()))
    }

    /// The database for reading, beside an agent that may be running; `None` without one.
    pub(super) async fn store_to_read(&self, world: &World) -> Result<Option<Store>, Failure> {
        let store = Store::open_read_only(&self.settings.store, world).await;
        store.map_err(|error| unopened(error.into()))
    }

    /// What the folder asks for, with everything answered that a person may ask.
    pub(super) async fn wanted(
        context: &Context,
        selection: &Selection,
    ) -> Result<Wanted, Failure> {
        let asked = Self::asked(context, selection)?;
        let settings = Self::settings(context)?;
        let errands = Errands::new(&settings, context.world.clone(), context.stop.clone());
        Ok(asked.made(&settings.clusters(), &errands).await)
    }

    /// The same, not built yet.
    pub(super) fn asked(context: &Context, selection: &Selection) -> Result<Asked, Failure> {
        Self::resolved(context, &Self::tree(context)?, selection)
    }

    /// What `snapshot` resolves to, with everything answered that a person may ask.
    pub(super) fn evaluated(
        context: &Context,
        snapshot: &Snapshot,
        selection: &Selection,
    ) -> Result<Resolution, Failure> {
        let reach = Self::reach(context, Some(snapshot))?;
        let _busy = context.output.busy("resolving");
        Ok(resolved(kept(Resolver::looking(snapshot, selection)), selection, &reach))
    }

    /// The same stack after stack, by name: each is given to `make` by itself, and what comes of it to
    /// `put`.
    pub(super) fn each<T: Send>(
        context: &Context,
        snapshot: &Snapshot,
        selection: &Selection,
        make: impl Fn(&Desired) -> io::Result<T> + Sync,
        mut put: impl FnMut(T) -> io::Result<()> + Send,
    ) -> Result<Found, Failure> {
        let reach = Self::reach(context, Some(snapshot))?;
        let mut busy = Some(context.output.busy("resolving"));
        let resolver = kept(Resolver::looking(snapshot, selection));
        let put = |made| {
            // From here on the answer itself shows that something goes on.
            drop(busy.take());
            put(made)
        };
        Ok(resolved_each(resolver, selection, &reach, make, put)?)
    }

    /// The same for two trees that have much in common: what they share is resolved once.
    pub(super) fn both(
        context: &Context,
        trees: [&Snapshot; 2],
        selection: &Selection,
    ) -> Result<Both, Failure> {
        let [first, second] = trees;
        let persons = [Self::person(context, Some(first))?, Self::person(context, Some(second))?];
        // What a command of one of them prints could not be held against what one of the other would.
        let runs = persons.iter().all(|person| person.runs);
        let reaches = persons.map(|person| Reach::Person(Person { runs, ..person }));
        let _busy = context.output.busy("resolving");
        let resolver = kept(Resolver::new(first));
        Ok(Both { resolver, second: second.clone(), reaches, selection: selection.clone() })
    }

    /// What a person may ask of the world.
    ///
    /// Settings are only read if `snapshot` may import anything by them: a look at a component should
    /// not wait for them.
    pub(super) fn reach(context: &Context, snapshot: Option<&Snapshot>) -> Result<Reach, Failure> {
        Ok(Reach::Person(Self::person(context, snapshot)?))
    }

    fn person(context: &Context, snapshot: Option<&Snapshot>) -> Result<Person, Failure> {
        let (environment, folder) = (settings::environment(), context.global.folder.clone());
        let imports = match snapshot.is_none_or(|tree| tree.entry(Lock::PATH).is_some()) {
            true => Self::imports(context)?,
            false => Imports::default(),
        };
        let runs = match snapshot.map(Snapshot::revision) {
            None | Some(Revision::Folder(_)) => true,
            Some(Revision::Commit(commit)) => source::checked_out(&folder).as_ref() == Some(commit),
            Some(Revision::Merge { .. }) => false,
        };
        Ok(Person { environment, folder, imports, runs })
    }

    /// The places that a person lets a repository import from: those of the command line, and those
    /// of the repository in their settings.
    pub(super) fn imports(context: &Context) -> Result<Imports, Failure> {
        let settings = Self::settings(context)?;
        let mut allowed: BTreeSet<_> = context.global.allow_imports.iter().cloned().collect();
        if let Some(odd) = allowed.iter().find(|place| !settings::is_place(place)) {
            return Err(mistake(format!(
                "--allow-imports: `{odd}` is no place; write `https://` and a host"
            )));
        }
        let mut repositories = settings.repositories.values();
        if let (Some(one), None) = (repositories.next(), repositories.next()) {
            allowed.extend(one.allow.imports.iter().cloned());
        }
        Ok(Imports::new(allowed, &settings))
    }

    fn resolved(
        context: &Context,
        snapshot: &Snapshot,
        selection: &Selection,
    ) -> Result<Asked, Failure> {
        let (reach, open) = (Self::reach(context, Some(snapshot))?, BTreeSet::new());
        let _busy = context.output.busy("resolving");
        Ok(asked(|| kept(Resolver::new(snapshot)), snapshot, selection, &reach, open))
    }
}

/// A resolver that is never given back: the process ends soon after, and piece by piece it would
/// only take time.
fn kept(resolver: Resolver) -> &'static mut Resolver {
    Box::leak(Box::new(resolver))
}

/// Two trees that have much in common.
pub(super) struct Both {
    /// At the first of them.
    resolver: &'static mut Resolver,
    second: Snapshot,
    reaches: [Reach; 2],
    selection: Selection,
}

impl Both {
    /// Both stack by stack: each is given to `make` as the trees have it. What comes of that, by name,
    /// and what was found in each tree; `None` if stacks have to know of each other.
    pub(super) fn pairs<T: Send>(
        &mut self,
        context: &Context,
        make: impl Fn([&Desired; 2]) -> T + Sync,
    ) -> Option<(Vec<T>, [Found; 2])> {
        let _busy = context.output.busy("resolving");
        let beside = kept(self.resolver.beside(&self.second));
        let [reach, others] = &self.reaches;
        let trees = [(&mut *self.resolver, reach), (beside, others)];
        resolved_pairs(trees, &self.selection, make)
    }

    /// Where the code is by the first of them.
    pub(super) fn layout(&self) -> &Layout {
        self.resolver.layout()
    }

    /// Both as a whole. Like what [`kept`] holds, neither is given back.
    pub(super) fn whole(self, context: &Context) -> [ManuallyDrop<Resolution>; 2] {
        let _busy = context.output.busy("resolving");
        let Self { resolver, second, reaches: [reach, others], selection } = self;
        let first = resolved(resolver, &selection, &reach);
        resolver.advance(&second);
        [first, resolved(resolver, &selection, &others)].map(ManuallyDrop::new)
    }
}

impl Findings {
    /// The findings of `wanted` with the files they are in.
    pub(super) fn of(wanted: &Wanted) -> Self {
        Self::among(wanted.diagnostics(), &wanted.snapshot).and_of(&wanted.desired.files)
    }

    /// `diagnostics` with the files of `snapshot` they are in.
    pub(super) fn among(mut diagnostics: Vec<Diagnostic>, snapshot: &Snapshot) -> Self {
        diagnostic::without_consequences(&mut diagnostics);
        let spans = diagnostics.iter().flat_map(|found| {
            std::iter::once(&found.span).chain(found.related.iter().map(|(span, _)| span))
        });
        let text = |file: &Arc<str>| Some((file.clone(), snapshot.text(file).ok()??));
        let texts = spans.filter_map(|span| text(&span.file)).collect();
        Self { diagnostics, texts }
    }

    /// With the texts that are in `files` and in no snapshot: what was fetched from other places.
    pub(super) fn and_of(mut self, files: &Files) -> Self {
        for found in &self.diagnostics {
            let path = &found.span.file;
            let fetched = || files.at(path).next();
            if !self.texts.contains_key(path)
                && let Some(file) = fetched()
            {
                self.texts.insert(path.clone(), file.text().clone());
            }
        }
        self
    }

    /// All of them in a few words.
    pub(super) fn summary(&self) -> String {
        match self.diagnostics.as_slice() {
            [one] => one.message.clone(),
            all => report::words::several(all.len(), "finding"),
        }
    }

    /// Shows all of them to people, the text of the places included.
    pub(super) fn show(&self, context: &Context) {
        if !self.diagnostics.is_empty() {
            context.output.note(&report::terminal::diagnostics(&self.diagnostics, |file| {
                self.texts.get(file).cloned()
            }));
        }
    }
}

/// The stack called `name`, or a mistake that names the closest one.
pub(super) fn stack_name(desired: &Desired, name: &str) -> Result<StackName, Failure> {
    stack_among(desired.stacks.keys(), name)
}

/// The same among these.
pub(super) fn stack_among<'n>(
    all: impl IntoIterator<Item = &'n StackName, IntoIter: Clone>,
    name: &str,
) -> Result<StackName, Failure> {
    let all = all.into_iter();
    match all.clone().find(|stack| stack.as_str() == name) {
        Some(stack) => Ok(stack.clone()),
        None => Err(unknown("stack", name, closest(name, all.map(StackName::as_str)))),
    }
}

/// The component `stack/kind/name`, or a mistake that names the closest one.
pub(super) fn component<'a>(desired: &'a Desired, id: &str) -> Result<&'a Component, Failure> {
    let all: Vec<_> = desired.components().map(|c| (c.id.to_string(), c)).collect();
    match all.iter().find(|(known, _)| known == id) {
        Some((_, component)) => Ok(component),
        None => {
            // Nothing but the kind is missing. Terraform's comes first, as in Atmos.
            let is_it = |one: &Component| format!("{}/{}", one.id.stack, one.id.name) == id;
            let kindless = all.iter().filter(|(_, one)| is_it(one));
            let kindless = kindless.min_by_key(|(_, one)| one.id.kind.as_str() != "terraform");
            let known = kindless.map(|(known, _)| known.as_str());
            let close = known.or_else(|| closest(id, all.iter().map(|(known, _)| known.as_str())));
            Err(unknown("component", id, close))
        }
    }
}

/// Refuses a folder that is no root of a config repository.
pub(super) fn is_root(folder: &Path) -> Result<(), Failure> {
    if SETTINGS_NAMES.iter().any(|name| folder.join(name).is_file()) {
        return Ok(());
    }
    Err(mistake(format!(
        "{} has no `atmos.yaml`: go to the root of a config repository, or name it with -C",
        folder.display()
    )))
}

/// A name that there is none of, with the closest one there is.
pub(super) fn unknown(what: &str, name: &str, close: Option<&str>) -> Failure {
    match close {
        Some(close) => mistake(format!("there is no {what} `{name}`; did you mean `{close}`?")),
        None => mistake(format!("there is no {what} `{name}`; `isobar list {what}s` has them all")),
    }
}

pub(super) fn refused(error: SettingsError) -> Failure {
    match error {
        SettingsError::Invalid { path, text, diagnostics } => {
            let texts = BTreeMap::from([(Arc::from(path.as_str()), Arc::from(text))]);
            Failure::Found(Findings { diagnostics, texts }, None)
        }
        error @ SettingsError::Io { .. } => Failure::Other(Exit::Mistake, error.into()),
    }
}

/// An agent does not start. A database that is not what was written is no matter of waiting.
pub(super) fn unopened(error: OpenError) -> Failure {
    let exit = match &error {
        OpenError::Store(StoreError::Settings { .. }) => Exit::Mistake,
        OpenError::Store(StoreError::Journal(_) | StoreError::Corrupt { .. }) => Exit::Held,
        OpenError::Source { cause, .. } => fetching(cause),
        _ => Exit::Unavailable,
    };
    let advice = match &error {
        OpenError::Store(error) => error.advice(),
        _ => None,
    };
    Failure::Other(
        exit,
        match advice {
            Some(advice) => anyhow::Error::from(error).context(advice),
            None => error.into(),
        },
    )
}

/// A tree cannot be read: for what was typed, or for what lies there.
pub(super) fn unread(error: FetchError) -> Failure {
    Failure::Other(fetching(&error), error.into())
}

fn fetching(error: &FetchError) -> Exit {
    let typed = match error {
        FetchError::NoRevision { .. }
        | FetchError::Refused { .. }
        | FetchError::Unusable { .. }
        | FetchError::TooLarge { .. } => true,
        FetchError::Io { cause, .. } => cause.kind() == io::ErrorKind::NotFound,
        FetchError::Untrusted { .. }
        | FetchError::Unreachable { .. }
        | FetchError::Incomplete { .. }
        | FetchError::Cancelled => false,
    };
    if typed { Exit::Mistake } else { Exit::Unavailable }
}

/// What is needed is away, busy or broken.
pub(super) fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> Failure {
    Failure::Other(Exit::Unavailable, error.into())
}
