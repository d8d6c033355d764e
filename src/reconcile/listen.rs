//! Hears what other processes write: an approval beside a running agent counts at once.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::agent::Agent;
use super::task::{Activity, Task};

/// How often it is asked: one row of one table, the same on both databases, and 0.1 ms. Whoever has
/// just approved something watches what comes of it.
const PERIOD: Duration = Duration::from_millis(250);

/// The task that tells the others when another process has written something down.
pub struct Listen {
    agent: Arc<Agent>,
}

impl Listen {
    /// Listens to the agent's database.
    pub fn new(agent: Arc<Agent>) -> Self {
        Self { agent }
    }
}

#[async_trait]
impl Task for Listen {
    fn name(&self) -> String {
        "listen".to_owned()
    }

    fn period(&self) -> Duration {
        PERIOD
    }

    async fn activate(&self) -> Activity {
        match self.agent.store.others_wrote().await {
            Ok(true) => self.agent.stir(),
            Ok(false) => {}
            Err(error) => return Activity::Failed { why: super::chain(&error) },
        }
        Activity::Idle
    }

    async fn woken(&self) {
        std::future::pending().await
    }
}
