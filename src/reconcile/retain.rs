//! Keeps what is remembered from growing for ever.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::agent::{Agent, Repository};
use super::task::{Activity, Task};

/// Days are counted, so an hour sooner or later is no matter.
const PERIOD: Duration = Duration::from_secs(3_600);

/// The task that lets go of what is older than the settings say.
pub struct Retain {
    agent: Arc<Agent>,
    repository: Arc<Repository>,
}

impl Retain {
    /// For the agent's database, in the name of one repository.
    pub fn new(agent: Arc<Agent>, repository: Arc<Repository>) -> Self {
        Self { agent, repository }
    }
}

#[async_trait]
impl Task for Retain {
    fn name(&self) -> String {
        format!("retain {}", self.repository.scope)
    }

    fn period(&self) -> Duration {
        PERIOD
    }

    async fn activate(&self) -> Activity {
        let Agent { store, retention, .. } = &*self.agent;
        match store.retain(&self.repository.scope, *retention).await {
            Ok(released) if released.journal_rows == 0 => Activity::Idle,
            Ok(released) => {
                let what = format!("{} rows of the journal let go", released.journal_rows);
                Activity::Did { what }
            }
            Err(error) => Activity::Failed { why: super::chain(&error) },
        }
    }

    async fn woken(&self) {
        std::future::pending().await
    }
}
