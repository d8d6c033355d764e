//! One running agent: what it remembers, and the repositories it acts for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::ReconcileError;
use super::answer::{Allowed, Reach};
use super::errands::Errands;
use super::targets::Targets;
use super::wanted::{Asked, Wanted, asked};
use super::{log, measure};
use crate::backends::Target;
use crate::forge::local::LocalForge;
use crate::forge::{Forge, PullRequest};
use crate::ids::{
    Actor, Digest, HolderId, IdError, PullNumber, RepositoryName, Scope, StackName, TargetName,
};
use crate::model::inventory::Inventory;
use crate::model::plan::{Envelope, Plan};
use crate::model::question::Question;
use crate::pattern::StackPattern;
use crate::report::notices;
use crate::settings::{self, AgentSettings, ForgeSettings, RepositorySettings, RetentionSettings};
use crate::source::{FetchError, FolderSource, GitSettings, GitSource, Snapshot, Source};
use crate::stacks::{Resolver, Selection};
use crate::store::{Retention, Store, StoreError};
use crate::world::{Point, World};

/// One running agent.
pub struct Agent {
    /// Clock, ids and crash points.
    pub world: World,
    /// What is remembered.
    pub store: Store,
    /// Who holds the leases: this process.
    pub holder: HolderId,
    /// How long a lease lasts without being renewed.
    pub lease_ttl: Duration,
    /// For how long it is remembered what happened.
    pub retention: Retention,
    /// What questions of a repository may reach.
    pub reach: Reach,
    /// What programs of others do for it.
    pub errands: Errands,
    /// The repositories it acts for.
    pub repositories: Vec<Arc<Repository>>,
    stirred: watch::Sender<u64>,
    /// Who does not do well, by repository and target, so that it is told when that is over.
    ill: Mutex<BTreeMap<(Scope, TargetName), notices::Ill>>,
}

/// How often a folder is looked at without a reason.
const FOLDER_PERIOD: Duration = Duration::from_secs(10);

/// How long the end of a process waits for what is told on the side: a hundred Events on a server
/// that is near take one second.
const TELL_TIME: Duration = Duration::from_secs(3);

/// One config repository under one agent.
pub struct Repository {
    /// What everything about it is filed under.
    pub scope: Scope,
    /// Where snapshots come from.
    pub source: Arc<dyn Source>,
    /// The branch that is kept true.
    pub branch: String,
    /// How often it is looked at without a reason.
    pub interval: Duration,
    /// Where people review, if anywhere.
    pub forge: Option<Arc<dyn Forge>>,
    /// Where its stacks' resources may live.
    pub targets: Targets,
    /// What functions in its manifests may ask of the agent.
    pub allowed: Arc<Allowed>,
    /// Its pull requests, as they were at the last look.
    pub pulls: watch::Sender<BTreeMap<PullNumber, PullRequest>>,
    stacks: Vec<StackPattern>,
    /// What it took to resolve the last snapshot: most of it holds for the next.
    resolver: Mutex<Option<Resolver>>,
}

/// An agent cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Its database cannot be used.
    #[error("the database cannot be opened")]
    Store(#[from] StoreError),
    /// A repository cannot be used.
    #[error("the repository `{name}` cannot be opened")]
    Source {
        /// Which one.
        name: RepositoryName,
        /// What went wrong.
        #[source]
        cause: FetchError,
    },
    /// A forge cannot be used.
    #[error("the forge of `{name}` cannot be opened: {why}")]
    Forge {
        /// Whose.
        name: RepositoryName,
        /// What went wrong.
        why: String,
    },
    /// An id cannot be made.
    #[error("an id of the world is none")]
    Id(#[from] IdError),
}

impl Agent {
    /// Opens everything the settings name. Nothing is fetched.
    pub async fn open(
        settings: AgentSettings,
        world: World,
        reach: Reach,
    ) -> Result<Self, OpenError> {
        let settings = Arc::new(settings);
        let open = |(name, repository): (&RepositoryName, &RepositorySettings)| {
            Repository::open(&settings, name, repository, &world).map(Arc::new)
        };
        let repositories = settings.repositories.iter().map(open).collect::<Result<_, _>>()?;
        Self::with(&settings, world, reach, repositories).await
    }

    /// The same for a folder as it stands, in place of the repositories that the settings name.
    pub async fn for_folder(
        settings: AgentSettings,
        world: World,
        reach: Reach,
        folder: &Path,
    ) -> Result<Self, OpenError> {
        let settings = Arc::new(settings);
        let repository = Repository::of_folder(&settings, folder, &world)?;
        Self::with(&settings, world, reach, vec![Arc::new(repository)]).await
    }

    async fn with(
        settings: &AgentSettings,
        world: World,
        reach: Reach,
        repositories: Vec<Arc<Repository>>,
    ) -> Result<Self, OpenError> {
        let store = Store::open(&settings.store, &world).await?;
        let holder = HolderId::new(world.ids.unique())?;
        let lease_ttl = settings.lease.unsigned_abs();
        let RetentionSettings { days, journal_rows } = settings.retention;
        let retention = Retention { days, journal_rows };
        let stirred = watch::Sender::new(0);
        let errands = Errands::new(settings, world.clone(), CancellationToken::new());
        Ok(Self {
            world,
            store,
            holder,
            lease_ttl,
            retention,
            reach,
            errands,
            repositories,
            stirred,
            ill: Mutex::default(),
        })
    }

    /// Tells all tasks that something is remembered that may regard them.
    pub fn stir(&self) {
        self.stirred.send_modify(|times| *times += 1);
    }

    /// Tells those who show what is remembered. Nothing may begin by it that could not before.
    pub(super) fn tell(&self) {
        self.stirred.send_modify(|_| {});
    }

    /// Hears of everything that is told from now on. The number grows with every [`Agent::stir`].
    pub fn stirred(&self) -> watch::Receiver<u64> {
        self.stirred.subscribe()
    }

    /// Waits a little until people at the targets are told what has happened there.
    pub async fn told(&self) {
        let targets = self.repositories.iter().flat_map(|repository| repository.targets.all());
        let targets: Vec<_> = targets.collect();
        let all = join_all(targets.iter().map(|target| target.told()));
        tokio::select! {
            _ = all => {}
            () = self.world.clock.sleep(TELL_TIME) => {}
        }
    }

    /// What this agent owns in a target.
    pub(super) async fn owned(
        &self,
        repository: &Repository,
        target: &dyn Target,
    ) -> Result<Arc<Inventory>, ReconcileError> {
        if let Some(owned) = self.store.inventory(&repository.scope, target.name()).await? {
            return Ok(owned);
        }
        self.learn(repository, target).await?;
        let owned = self.store.inventory(&repository.scope, target.name()).await?;
        Ok(owned.unwrap_or_default())
    }

    /// Makes sure the database knows what is owned in a target: after its loss, the target's mark
    /// does. A mark that cannot be read is an error, never an empty one.
    pub(super) async fn learn(
        &self,
        repository: &Repository,
        target: &dyn Target,
    ) -> Result<(), ReconcileError> {
        if !self.store.knows(&repository.scope, target.name()).await? {
            let mark = target.mark().await?;
            let mut tx = self.store.begin().await?;
            tx.inventory_rebuild(&repository.scope, target.name(), &mark).await?;
            tx.commit().await?;
        }
        Ok(())
    }

    /// Remembers a plan, unless the last one of its stack and target is the same, held for the same,
    /// and of components that did as well. `gone`: nothing of the stack is there, or will be.
    pub(super) async fn remember(
        &self,
        plan: &Plan,
        target: &dyn Target,
        gone: bool,
    ) -> Result<(), StoreError> {
        let effect = plan.effect();
        measure::planned(&self.world, plan, gone);
        let last = self.store.latest_envelope(&effect.scope, &effect.stack, &effect.target).await?;
        let same = |(digest, last): &(Digest, Envelope)| {
            let Envelope { holds, why, health, kept, revision, observed_at: _ } = &plan.envelope;
            *digest == plan.digest()
                && (&last.holds, &last.health, &last.revision) == (holds, health, revision)
                && (&last.why, &last.kept) == (why, kept)
        };
        if gone && plan.is_empty() {
            if last.is_some() {
                let mut tx = self.store.begin().await?;
                tx.forget_plan(&effect.scope, &effect.stack, &effect.target).await?;
                tx.commit().await?;
                self.tell();
            }
            return Ok(());
        }
        if !last.as_ref().is_some_and(same) {
            let mut tx = self.store.begin().await?;
            tx.put_plan(plan).await?;
            tx.commit().await?;
            self.world.points.reach(Point::PlanStored).await;
            let last = last.as_ref().map(|(_, last)| last);
            log::news(last, &plan.envelope);
            let told = {
                let mut ill = self.ill.lock().unwrap_or_else(PoisonError::into_inner);
                let ill = ill.entry((effect.scope.clone(), effect.target.clone())).or_default();
                notices::of_plan(last, plan, ill)
            };
            target.tell(told);
            self.tell();
        }
        Ok(())
    }

    /// The same, with programs that end when `stop` is cancelled.
    pub fn stopped_by(self, stop: &CancellationToken) -> Self {
        Self { errands: self.errands.stopped_by(stop), ..self }
    }

    /// What `snapshot` asks for, with its questions answered as far as this agent may.
    pub async fn wanted(&self, repository: &Repository, snapshot: &Snapshot) -> Wanted {
        let asked = self.asked(repository, snapshot);
        asked.made(&repository.targets.clusters(), &self.errands).await
    }

    fn asked(&self, repository: &Repository, snapshot: &Snapshot) -> Asked {
        let mut kept = repository.resolver.lock().unwrap_or_else(PoisonError::into_inner);
        // Put back only where nothing went wrong with it.
        let mut resolver = kept.take();
        let reach = self.reach.of(&repository.allowed, snapshot.revision());
        let (selection, open) = (Selection::to_apply(), BTreeSet::new());
        let known = &mut resolver;
        let come = || match known {
            Some(known) => {
                known.advance(snapshot);
                known
            }
            none => none.insert(Resolver::new(snapshot)),
        };
        let asked = asked(come, snapshot, &selection, &reach, open);
        *kept = resolver;
        asked
    }

    /// The same as if nobody knew the answers to the questions in `open` yet.
    pub async fn wanted_without(
        &self,
        repository: &Repository,
        snapshot: &Snapshot,
        open: BTreeSet<Question>,
    ) -> Wanted {
        let reach = self.reach.of(&repository.allowed, snapshot.revision());
        let selection = Selection::to_apply();
        let asked = asked(|| Resolver::new(snapshot), snapshot, &selection, &reach, open);
        asked.made(&repository.targets.clusters(), &self.errands).await
    }
}

impl Repository {
    /// The folder `folder` as it stands: nothing is reviewed there but by whoever applies it.
    fn of_folder(
        settings: &Arc<AgentSettings>,
        folder: &Path,
        world: &World,
    ) -> Result<Self, OpenError> {
        let name = settings.repositories.keys().next().cloned();
        let name = name.unwrap_or(RepositoryName::new("this")?);
        let scope = Scope { agent: settings.agent.clone(), repository: name };
        Ok(Self {
            targets: Targets::new(scope.clone(), settings.clone(), world.clone()),
            allowed: Arc::default(),
            pulls: watch::Sender::default(),
            scope,
            source: Arc::new(FolderSource::new(folder, FOLDER_PERIOD, world.clone())),
            branch: folder.display().to_string(),
            interval: FOLDER_PERIOD,
            forge: None,
            stacks: vec![StackPattern::all()],
            resolver: Mutex::default(),
        })
    }

    fn open(
        settings: &Arc<AgentSettings>,
        name: &RepositoryName,
        repository: &RepositorySettings,
        world: &World,
    ) -> Result<Self, OpenError> {
        let scope = Scope { agent: settings.agent.clone(), repository: name.clone() };
        let git = GitSettings {
            url: repository.url.clone(),
            branch: repository.branch.clone(),
            folder: repository.path.clone(),
            cache_folder: settings.cache.clone(),
            period: repository.interval.unsigned_abs(),
            credential: repository.auth.clone(),
            authorities: settings.authorities_for(&repository.url).map(Path::to_owned),
        };
        let source = GitSource::open(git, world.clone())
            .map_err(|cause| OpenError::Source { name: name.clone(), cause })?;
        let forge = repository.forge.as_ref().and_then(|forge| settings.forges.get(forge));
        let forge = forge.map(|forge| open_forge(forge, repository, &scope, world)).transpose();
        let forge = forge.map_err(|why| OpenError::Forge { name: name.clone(), why })?;
        Ok(Self {
            targets: Targets::new(scope.clone(), settings.clone(), world.clone()),
            allowed: Arc::new(Allowed::new(&repository.allow, settings, settings::environment())),
            pulls: watch::Sender::default(),
            scope,
            source: Arc::new(source),
            branch: repository.branch.clone(),
            interval: repository.interval.unsigned_abs(),
            forge,
            stacks: repository.stacks.clone(),
            resolver: Mutex::default(),
        })
    }

    /// Whether a stack is this agent's.
    pub fn has(&self, stack: &StackName) -> bool {
        self.stacks.iter().any(|pattern| pattern.fits(stack))
    }
}

fn open_forge(
    forge: &ForgeSettings,
    repository: &RepositorySettings,
    scope: &Scope,
    world: &World,
) -> Result<Arc<dyn Forge>, String> {
    let ForgeSettings::Local(local) = forge;
    let url = repository.url.strip_prefix("file://").unwrap_or(&repository.url);
    let agent = Actor::new(scope.agent.as_str()).map_err(|error| error.to_string())?;
    let forge = LocalForge::open(&local.path, Path::new(url), agent, world.clone());
    Ok(Arc::new(forge.map_err(|error| error.to_string())?))
}
