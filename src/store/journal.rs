//! The journal: everything that was allowed, begun and ended, each row chained to the one before.
//!
//! A row's hash is over all of it and the hash before, so a row that was changed, removed, put in
//! or moved breaks the chain. Whoever can rewrite the whole chain and its head leaves no trace
//! here; [`JournalHead`] is small enough to be written down elsewhere and compared.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};

use serde::{Deserialize, Serialize};

use super::db::{Arg, Link, Row};
use super::{Store, StoreError, Tx, args};
use crate::ids::{
    Actor, CommitId, ContentId, Digest, Epoch, HolderId, PullNumber, RunId, Scope, StackName,
    TargetName,
};
use crate::model::authority::{Approval, Authority};
use crate::model::outcome::StepOutcome;

/// The version of the payloads that this Isobar writes.
const VERSION: i64 = 1;

/// How many of the newest rows every start checks: 10 000 rows of about 1 KiB take some 50 ms.
const ROWS_AT_OPEN: i64 = 10_000;

/// How many rows the check holds in memory at once: 1 000 rows of at most some MiB, usually 1 KiB.
const ROWS_AT_ONCE: i64 = 1_000;

/// Where the journal ends, without waiting for who writes.
const HEAD: &str = "SELECT seq, hash FROM journal_head WHERE id = 1";

/// Where the journal ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalHead {
    /// The number of its last row; 0 if there is none.
    pub seq: i64,
    /// The hash of that row.
    pub hash: ContentId,
}

/// The chain is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("row {seq} {why}")]
pub struct JournalBroken {
    /// At which row.
    pub seq: i64,
    /// In which way.
    pub why: Breach,
}

/// In which way a chain is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Breach {
    /// What it says is not what its hash was taken of.
    #[error("was altered")]
    Altered,
    /// Its number does not follow the one before.
    #[error("is not the one that follows")]
    Gap,
    /// It follows another row than the one before it.
    #[error("follows another row than the one before it")]
    Unlinked,
    /// The journal does not end where its head says.
    #[error("is not where the journal ended")]
    End,
}

/// What can be written down. The name of a variant is the row's kind.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Event {
    LeaseAcquired { holder: HolderId },
    LeaseReleased { holder: HolderId },
    LeaseBroken { reason: String },
    Approved { approval: Approval },
    Revoked { digest: Digest, actor: Actor },
    Shown { pull: PullNumber, head: CommitId, digests: Vec<Digest> },
    Claimed { digest: Digest, steps: usize, authorities: BTreeMap<usize, Authority> },
    Carried { from: Digest, run: Option<RunId> },
    Resumed { from: Epoch },
    Intended { steps: Vec<usize> },
    Concluded { outcomes: Vec<StepOutcome> },
    Finished { done: bool, outcome: ContentId },
    OwnershipCompleted { target: TargetName, resources: usize, marked: usize },
    Released { until: i64, hash: ContentId },
    Rewritten { branch: String, from: CommitId, to: CommitId },
    Acknowledged { branch: String, from: CommitId, to: CommitId, by: Actor },
    InventoryRebuilt { target: TargetName, resources: usize, epoch: Epoch },
}

/// What a row is about.
#[derive(Clone, Copy)]
pub(super) struct About<'a> {
    pub(super) scope: &'a Scope,
    pub(super) stack: Option<&'a StackName>,
    pub(super) run: Option<&'a RunId>,
    pub(super) epoch: Option<Epoch>,
}

/// The journal's end inside a transaction, which nobody else can move meanwhile.
pub(super) struct Head {
    /// The last row when the transaction began.
    from: i64,
    at: JournalHead,
}

impl Store {
    /// Walks the whole journal; [`StoreError::Journal`] says where its chain is broken.
    pub async fn journal_verify(&self) -> Result<JournalHead, StoreError> {
        verify(&mut self.read().await?, i64::MAX).await
    }

    /// Whether another process may have written to the journal since this was last asked. What this
    /// store has written itself is no news.
    pub async fn others_wrote(&self) -> Result<bool, StoreError> {
        let row = self.read().await?.row(HEAD, Vec::new()).await?.ok_or_else(no_head)?;
        let seq = JournalHead::of(&row)?.seq;
        Ok(self.known.swap(seq, Ordering::SeqCst) != seq)
    }

    /// Walks the newest rows, as every start does.
    pub async fn journal_verify_end(&self) -> Result<JournalHead, StoreError> {
        verify(&mut self.read().await?, ROWS_AT_OPEN).await
    }
}

impl Tx {
    /// Writes a row; gives its number.
    pub(super) async fn append(
        &mut self,
        about: About<'_>,
        event: &Event,
    ) -> Result<i64, StoreError> {
        const INSERT: &str = "INSERT INTO journal \
            (seq, at, agent, repository, stack, run, epoch, kind, version, payload, prev_hash, hash) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
        let payload = serde_json::to_value(event).map_err(|error| {
            StoreError::conflict(format!("an event cannot be written down: {error}"))
        })?;
        let kind = payload.as_object().and_then(|event| event.keys().next());
        let line = Line {
            seq: self.head.at.seq + 1,
            at: self.now(),
            agent: about.scope.agent.as_str().to_owned(),
            repository: about.scope.repository.as_str().to_owned(),
            stack: about.stack.map(|stack| stack.as_str().to_owned()),
            run: about.run.map(|run| run.as_str().to_owned()),
            epoch: about.epoch.map(|epoch| epoch.0),
            kind: kind.expect("an event is a map with its kind as the only key").clone(),
            version: VERSION,
            payload: payload.to_string(),
            prev_hash: self.head.at.hash.to_string(),
        };
        let (seq, hash) = (line.seq, line.hash());
        self.link.execute(INSERT, line.into_args(hash)).await?;
        self.head.at = JournalHead { seq, hash };
        Ok(seq)
    }
}

impl Head {
    pub(super) fn seq(&self) -> i64 {
        self.at.seq
    }

    /// Waits for everybody who writes, then reads the end.
    pub(super) async fn lock(link: &mut Link) -> Result<Self, StoreError> {
        let row = link.lock_head().await?.ok_or_else(no_head)?;
        let at = JournalHead::of(&row)?;
        Ok(Self { from: at.seq, at })
    }

    /// Writes the end down, once per transaction.
    pub(super) async fn store(&self, link: &mut Link) -> Result<(), StoreError> {
        const UPDATE: &str = "UPDATE journal_head SET seq = $1, hash = $2 WHERE id = 1";
        if self.at.seq != self.from {
            link.execute(UPDATE, args![self.at.seq, self.at.hash.to_string()]).await?;
        }
        Ok(())
    }

    /// What was written here is known, unless others have written before it and nobody knows yet.
    pub(super) fn written(&self, known: &AtomicI64) {
        let (from, to) = (self.from, self.at.seq);
        let _ = known.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst);
    }
}

impl JournalHead {
    /// Where the part of the journal that is kept begins: the row before its first.
    pub(super) async fn anchor(link: &mut Link) -> Result<Self, StoreError> {
        const ANCHOR: &str = "SELECT seq, hash FROM journal_anchor WHERE id = 1";
        let row = link.row(ANCHOR, Vec::new()).await?;
        let missing = || StoreError::corrupt("the journal's anchor", "it is missing");
        Self::of(&row.ok_or_else(missing)?)
    }

    fn of(row: &Row) -> Result<Self, StoreError> {
        Ok(Self { seq: row.get(0)?, hash: row.id(1)? })
    }
}

fn no_head() -> StoreError {
    StoreError::corrupt("the journal's head", "it is missing")
}

/// All of a row but its own hash.
#[derive(Serialize)]
struct Line {
    seq: i64,
    at: i64,
    agent: String,
    repository: String,
    stack: Option<String>,
    run: Option<String>,
    epoch: Option<i64>,
    kind: String,
    version: i64,
    payload: String,
    prev_hash: String,
}

impl Line {
    fn of(row: &Row) -> Result<(Self, String), StoreError> {
        let line = Self {
            seq: row.get(0)?,
            at: row.get(1)?,
            agent: row.get(2)?,
            repository: row.get(3)?,
            stack: row.get(4)?,
            run: row.get(5)?,
            epoch: row.get(6)?,
            kind: row.get(7)?,
            version: row.get(8)?,
            payload: row.get(9)?,
            prev_hash: row.get(10)?,
        };
        Ok((line, row.get(11)?))
    }

    fn into_args(self, hash: ContentId) -> Vec<Arg> {
        args![
            self.seq,
            self.at,
            self.agent,
            self.repository,
            self.stack,
            self.run,
            self.epoch,
            self.kind,
            self.version,
            self.payload,
            self.prev_hash,
            hash.to_string(),
        ]
    }

    /// Over the row as JSON, fields in the order of the table: every value has one place and one
    /// form, so no two rows share a text.
    fn hash(&self) -> ContentId {
        ContentId::of(serde_json::to_vec(self).expect("numbers and texts have a form in JSON"))
    }
}

/// Follows the chain over the last `rows_max` rows to its end.
async fn verify(link: &mut Link, rows_max: i64) -> Result<JournalHead, StoreError> {
    let head = JournalHead::of(&link.row(HEAD, Vec::new()).await?.ok_or_else(no_head)?)?;
    let anchor = JournalHead::anchor(link).await?;
    let (chain, after) = match rows_max >= head.seq - anchor.seq {
        // Rows that should have gone are rows that somebody put there.
        true => (Chain::begin(anchor), i64::MIN),
        false => (Chain::in_the_middle(head.seq - rows_max), head.seq - rows_max),
    };
    let chain = walk(link, chain, after, i64::MAX).await?;
    chain.end(head).map_err(StoreError::Journal)
}

/// Follows the chain over the rows behind `anchor` up to the row `last`.
pub(super) async fn verify_rows(
    link: &mut Link,
    anchor: JournalHead,
    last: i64,
) -> Result<(), StoreError> {
    let chain = walk(link, Chain::begin(anchor), i64::MIN, last).await?;
    match chain.seq == last {
        true => Ok(()),
        false => Err(StoreError::Journal(JournalBroken { seq: chain.seq, why: Breach::End })),
    }
}

async fn walk(
    link: &mut Link,
    mut chain: Chain,
    mut after: i64,
    last: i64,
) -> Result<Chain, StoreError> {
    const ROWS: &str = "SELECT seq, at, agent, repository, stack, run, epoch, kind, version, \
        payload, prev_hash, hash FROM journal WHERE seq > $1 AND seq <= $2 ORDER BY seq LIMIT $3";
    loop {
        let rows = link.rows(ROWS, args![after, last, ROWS_AT_ONCE]).await?;
        for row in &rows {
            let (line, hash) = Line::of(row)?;
            after = line.seq;
            chain.follow(&line, &hash).map_err(StoreError::Journal)?;
        }
        if rows.is_empty() {
            return Ok(chain);
        }
    }
}

/// The part of the chain that has been followed.
struct Chain {
    seq: i64,
    /// Unknown when the walk begins in the middle.
    hash: Option<ContentId>,
}

impl Chain {
    fn begin(anchor: JournalHead) -> Self {
        Self { seq: anchor.seq, hash: Some(anchor.hash) }
    }

    fn in_the_middle(seq: i64) -> Self {
        Self { seq, hash: None }
    }

    fn follow(&mut self, line: &Line, stored: &str) -> Result<(), JournalBroken> {
        let broken = |why| Err(JournalBroken { seq: line.seq, why });
        let hash = line.hash();
        if line.seq != self.seq + 1 {
            return broken(Breach::Gap);
        }
        if hash.to_string() != stored {
            return broken(Breach::Altered);
        }
        if self.hash.is_some_and(|before| before.to_string() != line.prev_hash) {
            return broken(Breach::Unlinked);
        }
        *self = Self { seq: line.seq, hash: Some(hash) };
        Ok(())
    }

    fn end(self, head: JournalHead) -> Result<JournalHead, JournalBroken> {
        let ends_there = self.seq == head.seq && self.hash.is_none_or(|hash| hash == head.hash);
        match ends_there {
            true => Ok(head),
            false => Err(JournalBroken { seq: self.seq, why: Breach::End }),
        }
    }
}

#[cfg(test)]
mod tests;
