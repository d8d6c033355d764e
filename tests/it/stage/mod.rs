//! A stage: the real engine on a real repository, database, forge and folders, in a simulated
//! world. Scenarios and laws play on it.
//!
//! An agent's life is a runtime of its own. When the life ends, all that was under way is dropped
//! and what already touches a file ends first: as if the process had been killed.

mod memory;
mod world;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use isobar::forge::local::LocalForge;
use isobar::ids::{Actor, AgentName, CommitId, HolderId, RepositoryName, Scope, StackName};
use isobar::model::authority::Approval;
use isobar::model::plan::Plan;
use isobar::pattern::StackPattern;
use isobar::reconcile::{Activation, Activity, Agent, Reach, Repository, Tasks};
use isobar::settings::{
    AgentSettings, AllowSettings, ForgeSettings, LocalForgeSettings, ProgramSettings,
    RepositorySettings, RetentionSettings,
};
use isobar::source::write::{self, Author};
use isobar::store::{Lease, Rewrite, Store};
use isobar::world::{Clock as _, Point};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

pub(crate) use memory::Event;
pub(crate) use world::Simulation;

/// How long a lease lasts here: as long as by default.
pub(crate) const LEASE: jiff::SignedDuration = jiff::SignedDuration::from_secs(30);

/// A pass that takes longer hangs: thousands of times what it takes.
const PASS_MAX: Duration = Duration::from_secs(600);

/// Rounds in which a stage has to come to rest.
const ROUNDS_MAX: usize = 12;

/// Files and what they become; `None`: they go.
pub(crate) type Changes = BTreeMap<String, Option<Vec<u8>>>;

pub(crate) struct Stage {
    life: Option<Life>,
    pub(crate) simulation: Simulation,
    /// Whether waiting inside a pass makes time pass.
    pub(crate) time_flows: bool,
    folder: TempDir,
}

/// One process. The runtime is dropped last and waits for what touches a file.
struct Life {
    tasks: Arc<Tasks>,
    agent: Arc<Agent>,
    repository: Arc<Repository>,
    runtime: Runtime,
}

/// What came of one round of all tasks.
pub(crate) enum Pass {
    Ended(Vec<Activation>),
    Crashed(Point),
}

impl Stage {
    /// An empty repository, and nobody who looks at it yet.
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().expect("a folder");
        let simulation = Simulation::new();
        write::init(&folder.path().join("config.git")).expect("a repository");
        Self { life: None, simulation, time_flows: false, folder }
    }

    /// The same state in another folder, to go on from on its own.
    pub(crate) fn fork(&mut self) -> Self {
        self.end();
        let folder = TempDir::new().expect("a folder");
        copy(self.folder.path(), folder.path());
        // Copies of the repository are made anew from where it is now.
        let _ = fs::remove_dir_all(folder.path().join("cache"));
        let simulation = self.simulation.fork();
        Self { life: None, simulation, time_flows: self.time_flows, folder }
    }

    pub(crate) fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub(crate) fn git(&self) -> PathBuf {
        self.path("config.git")
    }

    /// A file or folder of a target.
    pub(crate) fn target(&self, path: &str) -> PathBuf {
        self.path("targets").join(path)
    }

    fn settings(&self) -> AgentSettings {
        let forge = LocalForgeSettings { path: self.path("forge") };
        let repository = RepositorySettings {
            url: self.git().display().to_string(),
            branch: "main".to_owned(),
            path: String::new(),
            stacks: vec![StackPattern::all()],
            interval: jiff::SignedDuration::from_secs(60),
            auth: None,
            forge: Some("local".to_owned()),
            allow: AllowSettings::default(),
            sops: None,
        };
        let scope = scope();
        AgentSettings {
            agent: scope.agent,
            store: format!("sqlite:{}", self.path("isobar.db").display()),
            cache: self.path("cache"),
            lease: LEASE,
            retention: RetentionSettings::default(),
            repositories: BTreeMap::from([(scope.repository, repository)]),
            targets: BTreeMap::new(),
            authorities: BTreeMap::new(),
            metrics: None,
            programs: ProgramSettings::default(),
            targets_folder: Some(self.path("targets")),
            forges: BTreeMap::from([("local".to_owned(), ForgeSettings::Local(forge))]),
        }
    }

    /// The agent, started if it does not run.
    fn life(&mut self) -> &Life {
        if self.life.is_none() {
            let rest = self.simulation.rest.clone();
            let runtime = builder().on_thread_park(move || rest.parked()).build();
            let runtime = runtime.expect("a runtime");
            let opened = Agent::open(self.settings(), self.simulation.world(), Reach::Agent);
            let agent = Arc::new(runtime.block_on(opened).expect("the agent opens"));
            let repository = agent.repositories[0].clone();
            let tasks = Arc::new(Tasks::of(&agent, &repository, &CancellationToken::new()));
            self.life = Some(Life { tasks, agent, repository, runtime });
        }
        self.life.as_ref().expect("it has just begun")
    }

    /// Ends the agent; the next use starts it again.
    pub(crate) fn end(&mut self) {
        if let Some(Life { runtime, agent, tasks, .. }) = self.life.take() {
            let store = agent.store.clone();
            drop((tasks, agent));
            runtime.block_on(store.close());
        }
    }

    /// Activates every task once. When a trap has sprung, everybody else goes on as far as they
    /// can without time, and then the agent ends.
    pub(crate) fn pass(&mut self) -> Pass {
        let Simulation { clock, trap, rest, .. } = self.simulation.clone();
        let flows = self.time_flows;
        let life = self.life();
        let tasks = life.tasks.clone();
        let playing = async {
            // A task of its own: whatever wakes it, the runtime does not rest before it has run.
            let mut pass = life.runtime.spawn(async move { tasks.pass().await });
            loop {
                tokio::select! {
                    biased;
                    ended = &mut pass => return trap.take().ok_or(ended.expect("it ends")),
                    () = rest.reached(&clock) => {}
                }
                match trap.take() {
                    Some(point) => return Ok(point),
                    None if flows && clock.pass_to_next() => {}
                    None => panic!("a pass waits for what does not come"),
                }
            }
        };
        let guarded = async { tokio::time::timeout(PASS_MAX, playing).await };
        match life.runtime.block_on(guarded).expect("a pass hangs") {
            Err(ended) => Pass::Ended(ended),
            Ok(point) => {
                self.life = None;
                Pass::Crashed(point)
            }
        }
    }

    /// Rounds until nothing is done any more. Everything that was done or failed, each once.
    pub(crate) fn settle(&mut self) -> Vec<Activation> {
        let mut all: Vec<Activation> = Vec::new();
        for _ in 0..ROUNDS_MAX {
            let Pass::Ended(activations) = self.pass() else { panic!("a trap is set") };
            let did = activations.iter().any(|a| matches!(a.activity, Activity::Did { .. }));
            for activation in activations {
                let same = |known: &Activation| {
                    (&known.task, &known.activity) == (&activation.task, &activation.activity)
                };
                let failed = matches!(activation.activity, Activity::Failed { .. });
                if activation.activity != Activity::Idle && !(failed && all.iter().any(same)) {
                    all.push(activation);
                }
            }
            if !did {
                return all;
            }
        }
        let last: Vec<_> = all.iter().rev().take(6).collect();
        panic!("it does not come to rest: {last:?}");
    }

    /// Asks the running agent's store.
    pub(crate) fn ask<T>(&mut self, question: impl AsyncFnOnce(&Store, &Scope) -> T) -> T {
        let life = self.life();
        life.runtime.block_on(question(&life.agent.store, &life.repository.scope))
    }

    /// The newest plan of every stack that was ever planned, sorted by name.
    pub(crate) fn plans(&mut self) -> Vec<Plan> {
        self.ask(async |store, scope| {
            let mut plans = Vec::new();
            for stack in store.stacks_known(scope).await.expect("it can be read") {
                plans.extend(store.latest_plans(scope, &stack).await.expect("it can be read"));
            }
            plans
        })
    }

    /// Says yes to a digest, as `isobar approve` does.
    pub(crate) fn approve(&mut self, approval: &Approval) {
        self.ask(async |store, scope| {
            let mut tx = store.begin().await.expect("a transaction");
            tx.approve(scope, approval).await.expect("it is written");
            tx.commit().await.expect("it is durable");
        });
    }

    /// Says that a branch was meant to be rewritten, as `isobar acknowledge` does.
    pub(crate) fn acknowledge(&mut self, branch: &str, by: &Actor) -> Option<Rewrite> {
        self.ask(async |store, scope| {
            let mut tx = store.begin().await.expect("a transaction");
            let rewrite = tx.acknowledge(scope, branch, by).await.expect("it is written");
            tx.commit().await.expect("it is durable");
            rewrite
        })
    }

    /// Takes the lease on a stack for another process.
    pub(crate) fn occupy(&mut self, stack: &StackName, ttl: Duration) -> Option<Lease> {
        let holder = HolderId::new("somebody-else").expect("a name");
        self.ask(async |store, scope| {
            store.acquire(scope, stack, &holder, ttl).await.expect("it can be asked")
        })
    }

    /// What people do at the forge.
    pub(crate) fn forge(&self) -> LocalForge {
        let world = self.simulation.world();
        let forge = LocalForge::open(self.path("forge"), self.git(), actor("isobar"), world);
        forge.expect("the forge opens")
    }

    /// Commits onto a branch; a new one begins at `main`.
    pub(crate) fn commit(
        &self,
        branch: &str,
        by: &str,
        message: &str,
        changes: &Changes,
    ) -> CommitId {
        let tip = self.tip(branch).or_else(|| self.tip("main"));
        self.commit_on(tip.as_ref(), branch, by, message, changes)
    }

    fn commit_on(
        &self,
        parent: Option<&CommitId>,
        branch: &str,
        by: &str,
        message: &str,
        changes: &Changes,
    ) -> CommitId {
        let (by, at) = (actor(by), self.simulation.clock.now());
        let message = format!("{message}\n");
        let author = Author { actor: &by, at, message: &message };
        write::commit(&self.git(), branch, parent, changes, &author).expect("it is committed")
    }

    /// Makes the branch forget its last `back` commits and puts another in their place.
    pub(crate) fn force_push(
        &self,
        branch: &str,
        back: usize,
        by: &str,
        changes: &Changes,
    ) -> CommitId {
        let mut base = self.tip(branch).expect("there is such a branch");
        for _ in 0..back {
            base = parent(&self.git(), &base);
        }
        fs::write(self.git().join("refs/heads").join(branch), format!("{base}\n"))
            .expect("it is moved");
        self.commit_on(Some(&base), branch, by, "Begin anew", changes)
    }

    pub(crate) fn delete_branch(&self, branch: &str) {
        fs::remove_file(self.git().join("refs/heads").join(branch))
            .expect("there is such a branch");
    }

    pub(crate) fn tip(&self, branch: &str) -> Option<CommitId> {
        write::branch_tip(&self.git(), branch).expect("the repository can be read")
    }

    /// The text of a file on a branch.
    pub(crate) fn file(&self, branch: &str, path: &str) -> Option<String> {
        let tip = self.tip(branch).or_else(|| self.tip("main"))?;
        let repository = gix::open(self.git()).expect("a repository");
        let tree = find(&repository, &tip).tree().expect("a tree");
        let entry = tree.lookup_entry_by_path(path).expect("a tree")?;
        let blob = entry.object().expect("a blob");
        Some(String::from_utf8(blob.data.clone()).expect("a text"))
    }

    /// Every text file on a branch, by path.
    pub(crate) fn tree(&self, branch: &str) -> BTreeMap<String, String> {
        let Some(tip) = self.tip(branch) else { return BTreeMap::new() };
        let repository = gix::open(self.git()).expect("a repository");
        let tree = find(&repository, &tip).tree().expect("a tree");
        let entries = tree.traverse().breadthfirst.files().expect("all of the tree");
        let text = |entry: gix::traverse::tree::recorder::Entry| {
            let blob = repository.find_blob(entry.oid).expect("a blob");
            let text = String::from_utf8(blob.data.clone()).expect("a text");
            (entry.filepath.to_string(), text)
        };
        entries.into_iter().filter(|entry| entry.mode.is_blob()).map(text).collect()
    }

    /// Takes the database away.
    pub(crate) fn lose_database(&mut self) {
        self.end();
        for file in ["isobar.db", "isobar.db-wal", "isobar.db-shm"] {
            let lost = fs::remove_file(self.path(file));
            assert!(file != "isobar.db" || lost.is_ok(), "there is no database to lose");
        }
    }

    /// Every file in every target but Isobar's own, by path.
    pub(crate) fn files(&self) -> BTreeMap<String, String> {
        let mut files = BTreeMap::new();
        read(&self.path("targets"), "", &mut files);
        files.retain(|path, _| !path.split('/').any(|part| part == ".isobar"));
        files
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.end();
    }
}

pub(crate) fn actor(name: &str) -> Actor {
    Actor::new(name).expect("a name")
}

pub(crate) fn scope() -> Scope {
    Scope {
        agent: AgentName::new("isobar").expect("a name"),
        repository: RepositoryName::new("platform").expect("a name"),
    }
}

/// One thread for what waits; files are read and written by others.
fn runtime() -> Runtime {
    builder().build().expect("a runtime")
}

fn builder() -> Builder {
    let mut builder = Builder::new_current_thread();
    builder.enable_all();
    builder
}

fn find<'r>(repository: &'r gix::Repository, commit: &CommitId) -> gix::Commit<'r> {
    let id = gix::ObjectId::from_hex(commit.as_str().as_bytes()).expect("an id");
    repository.find_commit(id).expect("a commit")
}

fn parent(git: &Path, commit: &CommitId) -> CommitId {
    let repository = gix::open(git).expect("a repository");
    let commit = find(&repository, commit);
    let parent = commit.parent_ids().next().expect("it has one").detach();
    CommitId::new(parent.to_string()).expect("an id")
}

fn read(folder: &Path, path: &str, files: &mut BTreeMap<String, String>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let entry = entry.expect("an entry");
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if path.is_empty() { name } else { format!("{path}/{name}") };
        match entry.path().is_dir() {
            true => read(&entry.path(), &path, files),
            false => drop(files.insert(path, fs::read_to_string(entry.path()).expect("a text"))),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        match entry.path().is_dir() {
            true => {
                fs::create_dir(&to).expect("a folder");
                copy(&entry.path(), &to);
            }
            false => drop(fs::copy(entry.path(), &to).expect("a file")),
        }
    }
}
