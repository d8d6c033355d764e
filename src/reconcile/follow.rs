//! Follows a tracked branch: what it says now is what is to be kept true.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;

use super::agent::{Agent, Repository};
use super::task::{Activity, Task};
use super::wanted::Wanted;
use crate::ids::CommitId;
use crate::model::revision::Revision;
use crate::report::words::several;
use crate::source::{FetchError, Tip};

/// What a tracked branch says.
#[derive(Clone)]
pub struct Current {
    /// What its last good commit asks for.
    pub wanted: Arc<Wanted>,
    /// The commit that this one took the place of without containing it. Until a person has
    /// approved something of it, only approvals count.
    pub rewritten_from: Option<CommitId>,
}

/// The task that follows one branch.
pub struct Follow {
    agent: Arc<Agent>,
    repository: Arc<Repository>,
    current: watch::Sender<Option<Current>>,
    rewritten: Mutex<Option<(CommitId, CommitId)>>,
}

impl Follow {
    /// Nothing is known of the branch yet.
    pub fn new(agent: Arc<Agent>, repository: Arc<Repository>) -> Self {
        let (current, rewritten) = (watch::Sender::new(None), Mutex::default());
        Self { agent, repository, current, rewritten }
    }

    /// What the branch says, whenever that changes.
    pub fn current(&self) -> watch::Receiver<Option<Current>> {
        self.current.subscribe()
    }

    async fn look(&self) -> Result<Activity, FetchError> {
        let (revision, from) = match self.repository.source.fetch().await? {
            Tip::At(revision) => (revision, None),
            Tip::Rewritten { from, to } => (Revision::Commit(to), Some(from)),
            Tip::Deleted { .. } => {
                let branch = &self.repository.branch;
                let why = format!("the branch `{branch}` is gone; what it said last is kept true");
                return Ok(Activity::Failed { why });
            }
        };
        let rewritten_from = self.rewritten_from(&revision, from);
        let known = self.current.borrow().as_ref().map(|c| c.wanted.snapshot.revision().clone());
        if known.as_ref() == Some(&revision) {
            return Ok(Activity::Idle);
        }
        let snapshot = self.repository.source.snapshot(&revision).await?;
        let wanted = Arc::new(self.agent.wanted(&snapshot));
        let what = format!("{revision}: {}", several(wanted.desired.stacks.len(), "stack"));
        self.current.send_replace(Some(Current { wanted, rewritten_from }));
        Ok(Activity::Did { what })
    }

    /// A branch that was rewritten stays so at that commit, however often it is looked at.
    fn rewritten_from(&self, revision: &Revision, from: Option<CommitId>) -> Option<CommitId> {
        let mut rewritten = self.rewritten.lock().unwrap_or_else(PoisonError::into_inner);
        if let (Some(from), Some(to)) = (from, revision.commit()) {
            *rewritten = Some((from, to.clone()));
        }
        let (from, to) = rewritten.as_ref()?;
        (revision.commit() == Some(to)).then(|| from.clone())
    }
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
        match self.look().await {
            Ok(activity) => activity,
            Err(error) => Activity::Failed { why: super::chain(&error) },
        }
    }

    async fn woken(&self) {
        self.repository.source.wake().await;
    }
}
