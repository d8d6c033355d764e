//! The stage of the demo: a repository, an agent, a forge and targets in one folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use rust_embed::RustEmbed;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::cli::workspace::component;
use crate::cli::{Exit, Failure, mistake};
use crate::forge::local::{LocalForge, NewPull};
use crate::ids::{Actor, PullNumber};
use crate::model::authority::Approval;
use crate::model::outcome::Outcome;
use crate::model::path::FieldPath;
use crate::model::plan::Plan;
use crate::model::revision::Revision;
use crate::reconcile::{Activation, Activity, Agent, Reach, Repository, Tasks, resolved, serve};
use crate::source::write::{self, Author};
use crate::stacks::{Resolver, Selection};
use crate::world::World;
use crate::{report, settings};

/// The repository that the demo begins with.
#[derive(RustEmbed)]
#[folder = "examples-repo"]
struct Example;

/// The agent's settings, left in the folder to play with.
const SETTINGS: &str = include_str!("agent.yaml");

/// Stacks that depend on each other become true one round after the other.
const ROUNDS_MAX: usize = 8;

/// How long the correction of a drift is waited for: it takes a second, on a busy machine some.
const CORRECTION_MAX: Duration = Duration::from_secs(60);

pub(super) struct Scene {
    pub(super) files: usize,
    folder: PathBuf,
    world: World,
    agent: Arc<Agent>,
    repository: Arc<Repository>,
    /// `None` once the agent serves by itself.
    tasks: Option<Tasks>,
    forge: LocalForge,
    stop: CancellationToken,
}

impl Scene {
    pub(super) async fn set(
        world: &World,
        folder: &Path,
        stop: &CancellationToken,
    ) -> Result<Self, Failure> {
        std::fs::create_dir_all(folder)
            .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let git = folder.join("config.git");
        let changes: BTreeMap<String, Option<Vec<u8>>> = Example::iter()
            .filter_map(|path| {
                Some((path.to_string(), Some(Example::get(&path)?.data.into_owned())))
            })
            .collect();
        let files = changes.len();
        write::init(&git)?;
        let you = Actor::new("you")?;
        let author = Author { actor: &you, at: world.clock.now(), message: "Begin\n" };
        write::commit(&git, "main", None, &changes, &author)?;
        let path = folder.join("agent.yaml");
        std::fs::write(&path, SETTINGS)?;
        let agent = Agent::open(settings::read(&path)?, world.clone(), Reach::Agent).await?;
        let agent = Arc::new(agent);
        let repository = agent.repositories[0].clone();
        let tasks = Some(Tasks::of(&agent, &repository, stop));
        let user = Actor::new(repository.scope.agent.as_str())?;
        let forge = LocalForge::open(folder.join("forge"), &git, user, world.clone())?;
        let (folder, world, stop) = (folder.to_owned(), world.clone(), stop.clone());
        Ok(Self { files, folder, world, agent, repository, tasks, forge, stop })
    }

    /// Refuses to go on once somebody has said stop: what did not happen is not told.
    pub(super) fn goes_on(&self) -> Result<(), Failure> {
        if !self.stop.is_cancelled() {
            return Ok(());
        }
        let stopped = anyhow::anyhow!("stopped; {} stays as it is", self.folder.display());
        Err(Failure::Other(Exit::Interrupted, stopped))
    }

    /// One round of everything the agent does. Whether anything was done.
    pub(super) async fn pass(&self) -> Result<bool, Failure> {
        self.goes_on()?;
        let mut did = false;
        let Some(tasks) = &self.tasks else { return Ok(false) };
        let activations = tasks.pass().await;
        self.goes_on()?;
        for activation in activations {
            match activation.activity {
                Activity::Idle => {}
                Activity::Did { .. } => did = true,
                Activity::Failed { why } => {
                    return Err(anyhow::anyhow!("{}: {why}", activation.task).into());
                }
            }
        }
        Ok(did)
    }

    /// The plans that wait for somebody, and those that are only shown.
    pub(super) async fn waiting(&self) -> Result<(Vec<Plan>, Vec<Plan>), Failure> {
        let (store, scope) = (&self.agent.store, &self.repository.scope);
        let mut plans = Vec::new();
        for stack in store.stacks_known(scope).await? {
            plans.extend(
                store
                    .latest_plans(scope, &stack)
                    .await?
                    .into_iter()
                    .filter(|plan| !plan.is_empty()),
            );
        }
        Ok(plans.into_iter().partition(|plan| !plan.effect().steps.is_empty()))
    }

    pub(super) async fn approve(&self, plans: &[Plan]) -> Result<(), Failure> {
        let (by, at) = (Actor::new("you")?, self.world.clock.now());
        let mut tx = self.agent.store.begin().await?;
        for plan in plans {
            let approval = Approval::of(plan.digest(), by.clone(), at);
            tx.approve(&self.repository.scope, &approval).await?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// Rounds until nothing is left to do. How the last run of each stack ended.
    pub(super) async fn settle(&self) -> Result<Vec<Outcome>, Failure> {
        for _ in 0..ROUNDS_MAX {
            if !self.pass().await? {
                break;
            }
        }
        let (store, scope) = (&self.agent.store, &self.repository.scope);
        let mut outcomes = Vec::new();
        for stack in store.stacks_known(scope).await? {
            outcomes.extend(store.outcomes(scope, &stack, 1).await?);
        }
        Ok(outcomes)
    }

    pub(super) async fn open_pull(
        &self,
        path: &str,
        before: &str,
        after: &str,
    ) -> Result<PullNumber, Failure> {
        let git = self.folder.join("config.git");
        let base = write::branch_tip(&git, "main")?;
        let text = Example::get(path).map(|file| String::from_utf8_lossy(&file.data).into_owned());
        let text = text.filter(|text| text.contains(before));
        let Some(text) = text else { return Err(mistake(format!("{path} has no `{before}`"))) };
        let changed =
            BTreeMap::from([(path.to_owned(), Some(text.replace(before, after).into_bytes()))]);
        let ada = Actor::new("ada")?;
        let message = "Charge the shop to retail\n";
        let author = Author { actor: &ada, at: self.world.clock.now(), message };
        write::commit(&git, "charge-to-retail", base.as_ref(), &changed, &author)?;
        let (head, base) = ("charge-to-retail".to_owned(), "main".to_owned());
        let new = NewPull { title: message.trim().to_owned(), author: ada, head, base };
        Ok(self.forge.open_pull(&new)?)
    }

    pub(super) fn approve_and_merge(&self, pull: PullNumber) -> Result<(), Failure> {
        self.forge.approve(pull, &Actor::new("grace")?)?;
        self.forge.merge(pull, &Actor::new("ada")?)?;
        Ok(())
    }

    /// The agent's comment at `index`, the oldest first.
    pub(super) fn comment(&self, pull: PullNumber, index: usize) -> Result<String, Failure> {
        let comments = self.forge.show(pull)?.comments;
        let comment = comments.into_iter().nth(index);
        Ok(comment.ok_or_else(|| anyhow::anyhow!("{pull} has no comment {index}"))?.body)
    }

    /// Serves, edits a file by hand, and waits until that is corrected: after how long, and what
    /// the agent says about it.
    pub(super) async fn drift(&mut self, file: &str) -> Result<(Duration, String), Failure> {
        self.tasks = None;
        let stop = self.stop.child_token();
        let (tell, mut told) = mpsc::unbounded_channel();
        let watch = move |activation: Activation| {
            // Nobody listens any more once the correction was told.
            let _ = tell.send(activation);
        };
        let serving = serve(self.agent.clone(), stop.clone(), watch);
        let story = async {
            // Once everything was looked at, only the edit can wake the agent.
            let looked = |one: &Activation| one.task.starts_with("keep");
            while told.recv().await.is_some_and(|one| !looked(&one)) {}
            while told.recv().await.is_some_and(|one| !looked(&one)) {}
            self.goes_on()?;
            let path = self.folder.join("targets").join(file);
            let text = std::fs::read_to_string(&path)?;
            let edited = self.world.clock.monotonic();
            std::fs::write(&path, text.replace("minReplicas: 3", "minReplicas: 1"))?;
            while let Some(activation) = told.recv().await {
                if let (true, Activity::Did { what }) = (looked(&activation), activation.activity) {
                    let after = self.world.clock.monotonic().saturating_sub(edited);
                    stop.cancel();
                    return Ok((after, what));
                }
            }
            Err(Failure::from(anyhow::anyhow!("the agent stopped")))
        };
        let late = async {
            self.world.clock.sleep(CORRECTION_MAX).await;
            Err(Failure::from(anyhow::anyhow!("the edit of {file} was not corrected")))
        };
        let (told, ()) = tokio::join!(
            async {
                let told = tokio::select! { told = story => told, late = late => late };
                stop.cancel();
                told
            },
            serving
        );
        self.goes_on()?;
        told
    }

    pub(super) async fn explain(&self, id: &str, path: &str) -> Result<String, Failure> {
        let tip = write::branch_tip(&self.folder.join("config.git"), "main")?;
        let tip = tip.ok_or_else(|| anyhow::anyhow!("the branch is gone"))?;
        let snapshot = self.repository.source.snapshot(&Revision::Commit(tip)).await?;
        // What the agent applies does not know where it came from.
        let mut resolver = Resolver::new(&snapshot);
        let desired = resolved(&mut resolver, &Selection::all(), &Reach::Agent).desired;
        let component = component(&desired, id)?;
        let path = FieldPath::parse(path)?;
        let explained = crate::stacks::explain(component, &path);
        Ok(report::terminal::explain(component, &path, &explained, &desired.files))
    }
}
