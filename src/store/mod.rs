//! What is remembered: SQLite by default, PostgreSQL when several processes share the work.
//!
//! Takes: plans, approvals, intents, outcomes, messages; a [`Lease`] with every write about a run.
//! Gives: them back; a [`Lease`] or a [`Claim`], each to one holder only.
//! Never: decides; forgets an intent without an outcome; writes under an older epoch.
//! Start at: `lease.rs` and `claim.rs` (the two witnesses), then `journal.rs`.
//! How to add: a migration for both databases, one file with the functions, SQL as constants; a
//! function that writes begins with `self.link()` and ends with `self.done(..)`.
//!
//! All writes go through a [`Tx`], one at a time in both databases: it holds the journal's head
//! from its beginning, so no two can deadlock, and what one reads no other changes meanwhile.

mod error;
mod db;
mod open;
mod journal;
mod lease;
mod plan;
mod approval;
mod showing;
mod trouble;
mod claim;
mod rest;
mod run;
mod inventory;
mod rewrite;
mod inbox;
mod outbox;
mod retain;
mod hold;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use db::{Db, Link, args};
use inventory::Inventories;
use journal::Head;
use open::WAIT;

use crate::world::{Clock, Work, World};

pub use claim::{Claim, ClaimError};
pub use error::StoreError;
pub use hold::Hold;
pub use inbox::DELIVERY_BYTES_MAX;
pub use journal::{Breach, JournalBroken, JournalHead};
pub use lease::{Lease, LeaseLost};
pub use outbox::{MESSAGE_BYTES_MAX, Message};
pub use plan::PLAN_BYTES_MAX;
pub use rest::Rest;
pub use retain::{Released, Retention};
pub use rewrite::Rewrite;
pub use run::{OpenRun, StepTrace};

/// An open store. Cheap to clone; all clones are one store.
#[derive(Clone)]
pub struct Store {
    db: Db,
    world: StoreWorld,
    /// Where the database is, if it is a file.
    file: Option<PathBuf>,
    /// The journal's last row, as far as whoever asks for news knows.
    known: Arc<AtomicI64>,
    inventories: Arc<Inventories>,
    read_only: bool,
}

/// What a store needs of the world.
#[derive(Clone)]
struct StoreWorld {
    clock: Arc<dyn Clock>,
    work: Work,
}

/// One transaction: all of it becomes durable at [`Tx::commit`], or none of it. Dropped without
/// it, or after a call of it has failed, nothing of it remains.
pub struct Tx {
    known: Arc<AtomicI64>,
    link: Link,
    clock: Arc<dyn Clock>,
    head: Head,
    whole: bool,
}

impl Store {
    /// Begins a transaction that writes. Others wait until it ends, five seconds at most
    /// ([`StoreError::Unavailable`]), so nothing but the store is awaited inside.
    ///
    /// A store in memory has a single connection: reads wait for the transaction, too.
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let mut link = self.write().await?;
        let head = Head::lock(&mut link).await?;
        let (known, clock) = (self.known.clone(), self.world.clock.clone());
        Ok(Tx { known, link, clock, head, whole: true })
    }

    /// Ends all connections once their transactions are over. A database in a file is whole then
    /// without what SQLite keeps beside it; nothing is lost if nobody does it.
    pub async fn close(&self) {
        self.db.close().await;
    }

    async fn write(&self) -> Result<Link, StoreError> {
        match self.read_only {
            true => Err(StoreError::ReadOnly),
            false => self.db.write(&self.world).await,
        }
    }

    async fn read(&self) -> Result<Link, StoreError> {
        self.db.read(&self.world).await
    }
}

impl StoreWorld {
    fn of(world: &World) -> Self {
        Self { clock: world.clock.clone(), work: world.work.clone() }
    }

    /// What `work` gives, unless it has to wait for longer than [`WAIT`] by the world's clock.
    async fn in_time<T>(&self, work: impl Future<Output = sqlx::Result<T>>) -> sqlx::Result<T> {
        tokio::select! {
            biased;
            done = work => done,
            () = self.clock.sleep(WAIT) => Err(sqlx::Error::PoolTimedOut),
        }
    }
}

impl Tx {
    /// Makes everything durable. [`StoreError::CommitUnknown`] is the one error after which it may
    /// have become so.
    pub async fn commit(mut self) -> Result<(), StoreError> {
        if !self.whole {
            return Err(StoreError::conflict("a write of this transaction has failed"));
        }
        self.head.store(&mut self.link).await?;
        self.link.commit().await?;
        self.head.written(&self.known);
        Ok(())
    }

    /// The link, for a write. Until [`Tx::done`] the transaction counts as torn, so that neither
    /// an error nor a dropped future leaves half a write to be committed.
    fn link(&mut self) -> Result<&mut Link, StoreError> {
        match std::mem::replace(&mut self.whole, false) {
            true => Ok(&mut self.link),
            false => Err(StoreError::conflict("a write of this transaction has failed")),
        }
    }

    fn done<T, E>(&mut self, value: T) -> Result<T, E> {
        self.whole = true;
        Ok(value)
    }

    fn now(&self) -> i64 {
        self.clock.now().as_microsecond()
    }
}
