//! Sends what is to be said. What was written with the state it follows is said at least once,
//! and saying it twice changes nothing.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, watch};

use super::agent::{Agent, Repository};
use super::task::{Activity, Task};
use crate::forge::{Capabilities, Forge, ForgeError, Status};
use crate::ids::{CommitId, PullNumber};
use crate::report::markdown::Limits;
use crate::report::words::several;
use crate::store::{Message, StoreError};
use crate::world::Point;

/// A comment: its key is [`key`], its first line the marker that finds it again.
pub(super) const COMMENT: &str = "comment";

/// A status: its body is [`status`].
pub(super) const STATUS: &str = "status";

/// Messages sent in one activation: well below what a forge takes in a minute (80 writes).
const MESSAGES_MAX: u32 = 50;

/// The task that sends one repository's messages.
pub struct Messages {
    agent: Arc<Agent>,
    repository: Arc<Repository>,
    forge: Arc<dyn Forge>,
    stirred: Mutex<watch::Receiver<u64>>,
}

#[derive(Serialize, Deserialize)]
struct StatusMessage {
    commit: CommitId,
    status: Status,
}

/// A message was not sent.
#[derive(Debug, thiserror::Error)]
enum SendError {
    #[error("the message {0} is none of this version's")]
    Form(String),
    #[error(transparent)]
    Forge(#[from] ForgeError),
}

impl Messages {
    /// Sends to `forge`.
    pub fn new(agent: Arc<Agent>, repository: Arc<Repository>, forge: Arc<dyn Forge>) -> Self {
        let stirred = Mutex::new(agent.stirred());
        Self { agent, repository, forge, stirred }
    }

    async fn send_all(&self) -> Result<Activity, StoreError> {
        let scope = &self.repository.scope;
        let now = self.agent.world.clock.now();
        let mut failed = Vec::new();
        let mut sent = 0;
        for message in self.agent.store.outbox_ready(scope, now, MESSAGES_MAX).await? {
            let reply = self.send(&message).await;
            self.agent.world.points.reach(Point::OutboxSent).await;
            let mut tx = self.agent.store.begin().await?;
            match reply {
                Ok(reply) => {
                    sent += 1;
                    tx.outbox_done(scope, &message, reply.as_deref()).await?;
                }
                Err(error) => {
                    failed.push(format!("{}: {}", message.key, super::chain(&error)));
                    let pause = SignedDuration::from_secs(1 << message.attempts.min(9));
                    tx.outbox_failed(scope, &message, now.saturating_add(pause).unwrap_or(now))
                        .await?;
                }
            }
            tx.commit().await?;
        }
        let waiting = self.agent.store.outbox_waiting(scope).await?;
        self.agent.world.metrics.outbox(&scope.repository, waiting);
        Ok(match (sent, failed.is_empty()) {
            (_, false) => Activity::Failed { why: failed.join("; ") },
            (0, true) => Activity::Idle,
            (sent, true) => Activity::Did { what: several(sent, "message") },
        })
    }

    async fn send(&self, message: &Message) -> Result<Option<String>, SendError> {
        let form = || SendError::Form(format!("{} {}", message.kind, message.key));
        match message.kind.as_str() {
            COMMENT => {
                let number =
                    message.key.split_once('/').and_then(|(number, _)| number.parse().ok());
                let pull = PullNumber(number.ok_or_else(form)?);
                let marker = message.body.lines().next().unwrap_or_default();
                Ok(Some(self.forge.say(pull, marker, &message.body).await?))
            }
            STATUS => {
                let status: StatusMessage =
                    serde_json::from_str(&message.body).map_err(|_| form())?;
                self.forge.set_status(&status.commit, &status.status).await?;
                Ok(None)
            }
            _ => Err(form()),
        }
    }
}

#[async_trait]
impl Task for Messages {
    fn name(&self) -> String {
        format!("tell {}", self.repository.scope)
    }

    fn period(&self) -> Duration {
        self.repository.interval
    }

    async fn activate(&self) -> Activity {
        self.stirred.lock().await.borrow_and_update();
        match self.send_all().await {
            Ok(activity) => activity,
            Err(error) => Activity::Failed { why: super::chain(&error) },
        }
    }

    async fn woken(&self) {
        if self.stirred.lock().await.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// The key of a pull request's comment about `topic`.
pub(super) fn key(pull: PullNumber, topic: &str) -> String {
    format!("{}/{topic}", pull.0)
}

/// The key and body of a commit's status.
pub(super) fn status(commit: &CommitId, status: &Status) -> String {
    let message = StatusMessage { commit: commit.clone(), status: status.clone() };
    serde_json::to_string(&message).expect("texts have a form in JSON")
}

/// What a forge's comments can show, in the renderer's words.
pub(super) fn limits(capabilities: Capabilities) -> Limits {
    let Capabilities { comment_characters_max, folds, alerts, diagrams } = capabilities;
    Limits { characters_max: comment_characters_max, folds, alerts, diagrams }
}
