//! What is to be said: comments, statuses, notifications. Of each, only the newest text.
//!
//! A message is written with the state it follows, in one transaction. It is sent at least once;
//! whoever sends finds what a lost reply left behind by the message's key.

use jiff::Timestamp;

use super::db::Row;
use super::{Store, StoreError, Tx, args};
use crate::ids::Scope;

/// Longest message: 1 MiB, above the longest comment that any forge takes (1 000 000 characters).
pub const MESSAGE_BYTES_MAX: usize = 1 << 20;

/// A text that is to be said, or said anew.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What kind of thing says it: `comment`, `check`, ...
    pub kind: String,
    /// Which one: unique in its kind, and the same for each newer text.
    pub key: String,
    /// Grows with each newer text.
    pub generation: i64,
    /// The text.
    pub body: String,
    /// What the forge called it when an earlier text was sent: edit that one.
    pub reply: Option<String>,
    /// How often sending this text has failed.
    pub attempts: u32,
}

impl Store {
    /// Messages that may be sent now, the longest waiting first.
    pub async fn outbox_ready(
        &self,
        scope: &Scope,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Message>, StoreError> {
        const READY: &str = "SELECT kind, key, generation, body, reply, attempts FROM outbox \
            WHERE agent = $1 AND repository = $2 AND sent < generation AND next_at <= $3 \
            ORDER BY next_at, kind, key LIMIT $4";
        let mut link = self.read().await?;
        let (now, limit) = (now.as_microsecond(), i64::from(limit));
        let rows = link.rows(READY, args![&scope.agent, &scope.repository, now, limit]).await?;
        rows.iter().map(Message::of).collect()
    }
}

impl Store {
    /// How many messages are not sent yet.
    pub async fn outbox_waiting(&self, scope: &Scope) -> Result<u64, StoreError> {
        const WAITING: &str = "SELECT COUNT(*) FROM outbox \
            WHERE agent = $1 AND repository = $2 AND sent < generation";
        let mut link = self.read().await?;
        let row = link.row(WAITING, args![&scope.agent, &scope.repository]).await?;
        let count: i64 = row.map_or(Ok(0), |row| row.get(0))?;
        Ok(u64::try_from(count).unwrap_or_default())
    }
}

impl Tx {
    /// Says something: in place of what was said under this key before. The same text again
    /// changes nothing; gives whether it is news.
    pub async fn say(
        &mut self,
        scope: &Scope,
        kind: &str,
        key: &str,
        body: &str,
    ) -> Result<bool, StoreError> {
        const SAY: &str = "INSERT INTO outbox \
            (agent, repository, kind, key, generation, sent, body, attempts, next_at) \
            VALUES ($1, $2, $3, $4, 1, 0, $5, 0, $6) \
            ON CONFLICT (agent, repository, kind, key) DO UPDATE SET \
                generation = outbox.generation + 1, body = excluded.body, attempts = 0, \
                next_at = excluded.next_at \
            WHERE outbox.body <> excluded.body";
        let bytes = body.len();
        if bytes > MESSAGE_BYTES_MAX {
            let bytes_max = MESSAGE_BYTES_MAX;
            return Err(StoreError::TooLarge { what: "a message", bytes, bytes_max });
        }
        let now = self.now();
        let args = args![&scope.agent, &scope.repository, kind, key, body, now];
        let news = self.link()?.execute(SAY, args).await? > 0;
        self.done(news)
    }

    /// The message was sent, and the forge calls it `reply`. A newer text stays to be sent.
    pub async fn outbox_done(
        &mut self,
        scope: &Scope,
        message: &Message,
        reply: Option<&str>,
    ) -> Result<(), StoreError> {
        const DONE: &str = "UPDATE outbox SET sent = $5, reply = COALESCE($6, reply) \
            WHERE agent = $1 AND repository = $2 AND kind = $3 AND key = $4 AND sent < $5";
        let Message { kind, key, generation, .. } = message;
        let (agent, repository) = (&scope.agent, &scope.repository);
        let args = args![agent, repository, kind.as_str(), key.as_str(), *generation, reply];
        self.link()?.execute(DONE, args).await?;
        self.done(())
    }

    /// The message could not be sent; not before `next_at` again, unless a newer text replaces it.
    pub async fn outbox_failed(
        &mut self,
        scope: &Scope,
        message: &Message,
        next_at: Timestamp,
    ) -> Result<(), StoreError> {
        const FAILED: &str = "UPDATE outbox SET attempts = attempts + 1, next_at = $6 \
            WHERE agent = $1 AND repository = $2 AND kind = $3 AND key = $4 AND generation = $5";
        let Message { kind, key, generation, .. } = message;
        let (agent, repository) = (&scope.agent, &scope.repository);
        let next_at = next_at.as_microsecond();
        let args = args![agent, repository, kind.as_str(), key.as_str(), *generation, next_at];
        self.link()?.execute(FAILED, args).await?;
        self.done(())
    }
}

impl Message {
    fn of(row: &Row) -> Result<Self, StoreError> {
        let attempts: i64 = row.get(5)?;
        Ok(Self {
            kind: row.get(0)?,
            key: row.get(1)?,
            generation: row.get(2)?,
            body: row.get(3)?,
            reply: row.get(4)?,
            attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        })
    }
}
