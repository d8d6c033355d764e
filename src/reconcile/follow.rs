//! Follows a tracked branch: what it says now is what is to be kept true.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use super::agent::{Agent, Repository};
use super::task::{Activity, Task};
use super::wanted::Wanted;
use crate::ids::CommitId;
use crate::model::policy::RepositoryPolicy;
use crate::model::revision::Revision;
use crate::report::words::several;
use crate::source::{FetchError, Tip};
use crate::store::{Rewrite, StoreError};

/// What a tracked branch says.
#[derive(Clone)]
pub struct Current {
    /// What its last good commit asks for.
    pub wanted: Arc<Wanted>,
    /// The commit that the branch does not contain any more. Until a person has said that this was
    /// meant, nothing but approvals counts for whatever is on it.
    pub rewritten_from: Option<CommitId>,
}

impl Current {
    /// The branch's own policy; but of a branch that was rewritten only what people approved.
    pub fn policy(&self) -> RepositoryPolicy {
        let mut policy = self.wanted.policy.clone();
        if self.rewritten_from.is_some() {
            policy.review = policy.review.at_least_one();
        }
        policy
    }
}

/// A branch cannot be followed now.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// It cannot be fetched.
    #[error(transparent)]
    Fetch(#[from] FetchError),
    /// It was never there.
    #[error("there is no branch `{0}`: `repositories.branch` in the agent's settings names it")]
    NoBranch(String),
    /// The database did not do it.
    #[error("the database did not do it")]
    Store(#[from] StoreError),
}

/// Fetches the tracked branch: where it stands and, while nobody has said that this was meant, the
/// commit it no longer contains. `None`: the branch is gone.
///
/// That it was rewritten is written down before the source counts it as told, so neither a crash
/// nor a later commit makes it be forgotten.
pub async fn follow(
    agent: &Agent,
    repository: &Repository,
) -> Result<Option<(Revision, Option<CommitId>)>, FollowError> {
    let (scope, branch) = (&repository.scope, repository.branch.as_str());
    let revision = match repository.source.fetch().await? {
        Tip::At(revision) => revision,
        Tip::Rewritten { from, to } => {
            let mut tx = agent.store.begin().await?;
            tx.rewritten(scope, branch, &Rewrite { from, to: to.clone() }).await?;
            tx.commit().await?;
            Revision::Commit(to)
        }
        Tip::Deleted { last: None } => return Err(FollowError::NoBranch(branch.to_owned())),
        Tip::Deleted { last: Some(_) } => return Ok(None),
    };
    let rewrite = agent.store.rewrite(scope, branch).await?;
    Ok(Some((revision, rewrite.map(|rewrite| rewrite.from))))
}

/// The task that follows one branch.
pub struct Follow {
    agent: Arc<Agent>,
    repository: Arc<Repository>,
    current: watch::Sender<Option<Current>>,
    trouble: Mutex<Heard>,
}

/// What is wrong with a branch.
#[derive(Default)]
struct Heard {
    /// With what it says.
    mistakes: Option<String>,
    /// What is remembered; `None`: what another process has left is.
    told: Option<Option<String>>,
}

impl Follow {
    /// Nothing is known of the branch yet.
    pub fn new(agent: Arc<Agent>, repository: Arc<Repository>) -> Self {
        Self { agent, repository, current: watch::Sender::new(None), trouble: Mutex::default() }
    }

    /// What the branch says, whenever that changes.
    pub fn current(&self) -> watch::Receiver<Option<Current>> {
        self.current.subscribe()
    }

    fn trouble(&self) -> MutexGuard<'_, Heard> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn remember(&self, activity: &Activity) -> Result<(), StoreError> {
        let why = match activity {
            Activity::Failed { why } => Some(why.clone()),
            Activity::Idle | Activity::Did { .. } => self.trouble().mistakes.clone(),
        };
        if self.trouble().told.as_ref() == Some(&why) {
            return Ok(());
        }
        remember_trouble(&self.agent, &self.repository, why.as_deref()).await?;
        self.trouble().told = Some(why);
        Ok(())
    }

    async fn look(&self) -> Result<Activity, FollowError> {
        let followed = follow(&self.agent, &self.repository).await;
        let world = &self.agent.world;
        let fetched = match &followed {
            Err(FollowError::Fetch(_) | FollowError::NoBranch(_)) => None,
            _ => Some(world.clock.now()),
        };
        world.metrics.fetched(&self.repository.scope.repository, fetched);
        let Some((revision, rewritten_from)) = followed? else {
            let branch = &self.repository.branch;
            let why = format!("the branch `{branch}` is gone; what it said last is kept true");
            return Ok(Activity::Failed { why });
        };
        let known = self.current.borrow().clone();
        let known = known
            .filter(|known| *known.wanted.snapshot.revision() == revision && !known.wanted.passing);
        let (wanted, what) = match known {
            Some(known) if known.rewritten_from == rewritten_from => return Ok(Activity::Idle),
            Some(known) => (known.wanted, format!("{revision}: its history counts by now")),
            None => {
                let snapshot = self.repository.source.snapshot(&revision).await?;
                let wanted = Arc::new(self.agent.wanted(&self.repository, &snapshot).await);
                let stacks = several(wanted.desired.stacks.len(), "stack");
                let mistakes = mistakes(&wanted);
                let what = match &mistakes {
                    Some(wrong) => format!("{revision}: {stacks}; {wrong}"),
                    None => format!("{revision}: {stacks}"),
                };
                self.trouble().mistakes = mistakes;
                wanted.rest();
                (wanted, what)
            }
        };
        self.repository.targets.judge_by(&wanted.policy);
        self.current.send_replace(Some(Current { wanted, rewritten_from }));
        Ok(Activity::Did { what })
    }
}

/// Remembers what is wrong with the branch that is followed, or that nothing is, for `status`.
pub async fn remember_trouble(
    agent: &Agent,
    repository: &Repository,
    why: Option<&str>,
) -> Result<(), StoreError> {
    let mut tx = agent.store.begin().await?;
    tx.put_trouble(&repository.scope, &repository.branch, why).await?;
    tx.commit().await
}

/// What is wrong with what a revision says, in one line: who reads the log hears of it.
pub fn mistakes(wanted: &Wanted) -> Option<String> {
    let found = wanted.diagnostics();
    let mut errors = found.iter().filter(|found| found.is_error());
    let first = errors.next()?;
    let more = match errors.count() {
        0 => String::new(),
        more => format!(", and {more} more"),
    };
    let (place, what) = (&first.span, &first.message);
    Some(format!("what is wrong stays as it was: {place}: {what}{more} (`isobar check` shows all)"))
}

#[async_trait]
impl Task for Follow {
    fn name(&self) -> String {
        format!("follow {} {}", self.repository.scope, self.repository.branch)
    }

    fn period(&self) -> Duration {
        self.repository.interval
    }

    async fn activate(&self) -> Activity {
        let activity = match self.look().await {
            Ok(activity) => activity,
            Err(error) => Activity::Failed { why: super::chain(&error) },
        };
        match self.remember(&activity).await {
            Ok(()) => activity,
            Err(error) => Activity::Failed { why: super::chain(&error) },
        }
    }

    async fn woken(&self) {
        self.repository.source.wake().await;
    }
}
