//! What is let go, so that a store does not grow for ever.
//!
//! The journal loses its oldest rows, in its order and only after they were checked once more. Its
//! anchor says where the rest begins and which hash that follows, so the chain can be verified
//! from there as before. What something still rests on stays: open runs, runs that wait for a
//! value, approvals that hold.

use super::journal::{About, Event, JournalHead, verify_rows};
use super::{Store, StoreError, Tx, args};
use crate::ids::Scope;

/// Rows that go in one transaction: some ten milliseconds, in which others wait.
const ROWS_AT_ONCE: i64 = 1_000;

/// Most deliveries that are remembered beside those of people: 1,000 a day for 100 days, 20 MB.
const DELIVERIES_MAX: i64 = 100_000;

/// For how long things are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// What is older than this may go.
    pub days: u32,
    /// The journal's newest rows that stay at most, however young.
    pub journal_rows: u64,
}

/// How much was let go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Released {
    /// Rows of the journal.
    pub journal_rows: u64,
    /// Everything else: runs and their plans, deliveries, messages.
    pub others: u64,
}

impl Store {
    /// Lets go of what is older than `retention` says. Stops with [`StoreError::Journal`] at rows
    /// that are not what was written: those are never let go.
    pub async fn retain(
        &self,
        scope: &Scope,
        retention: Retention,
    ) -> Result<Released, StoreError> {
        const MICROS_A_DAY: i64 = 24 * 3_600 * 1_000_000;
        let now = self.world.clock.now().as_microsecond();
        let before = now.saturating_sub(i64::from(retention.days) * MICROS_A_DAY);
        let rows_max = i64::try_from(retention.journal_rows).unwrap_or(i64::MAX);
        let mut released = Released::default();
        loop {
            let mut tx = self.begin().await?;
            let rows = tx.release_journal(scope, before, rows_max).await?;
            released.journal_rows += rows;
            released.others += tx.release_others(before).await?;
            tx.commit().await?;
            if rows < ROWS_AT_ONCE.unsigned_abs() {
                return Ok(released);
            }
        }
    }
}

impl Tx {
    /// Moves the anchor, and lets go of what stands before it.
    async fn release_journal(
        &mut self,
        scope: &Scope,
        before: i64,
        rows_max: i64,
    ) -> Result<u64, StoreError> {
        const OLD: &str = "SELECT COALESCE(MAX(seq), 0) FROM journal WHERE at < $1";
        const UNUSED: &str = "DELETE FROM approval WHERE id <= $1 AND run IS NULL";
        const PINNED: &str = "SELECT MIN(seq) FROM ( \
            SELECT MIN(journal.seq) AS seq FROM run JOIN journal ON journal.agent = run.agent \
                AND journal.repository = run.repository AND journal.run = run.run \
                WHERE run.ended_at IS NULL OR run.rest = 1 \
            UNION ALL SELECT MIN(approval.id) AS seq FROM approval \
                WHERE (approval.run IS NULL AND approval.revoked_at IS NULL \
                    AND approval.until > $1) \
                OR EXISTS (SELECT 1 FROM run WHERE run.agent = approval.agent \
                    AND run.repository = approval.repository AND run.run = approval.run \
                    AND (run.ended_at IS NULL OR run.rest = 1))) AS pins";
        const LAST: &str = "SELECT seq, hash, at FROM journal WHERE seq = $1";
        const ANCHOR: &str = "UPDATE journal_anchor SET seq = $1, hash = $2, at = $3 WHERE id = 1";
        const RELEASE: &str = "DELETE FROM journal WHERE seq <= $1";
        let (now, end) = (self.now(), self.head.seq());
        let link = self.link()?;
        let anchor = JournalHead::anchor(link).await?;
        let old: i64 = match link.row(OLD, args![before]).await? {
            Some(row) => row.get(0)?,
            None => 0,
        };
        // A yes that nobody used for so long was about something else.
        link.execute(UNUSED, args![old]).await?;
        let pinned = link.row(PINNED, args![now]).await?;
        let pinned: Option<i64> = pinned.map(|row| row.get(0)).transpose()?.flatten();
        let wanted = old.max(end.saturating_sub(rows_max)).min(anchor.seq + ROWS_AT_ONCE);
        let cut = wanted.min(pinned.unwrap_or(i64::MAX) - 1);
        if cut <= anchor.seq {
            return self.done(0);
        }
        verify_rows(link, anchor, cut).await?;
        let last = link.row(LAST, args![cut]).await?;
        let last = last.ok_or_else(|| StoreError::corrupt("the journal", "a row is missing"))?;
        let (hash, at): (String, i64) = (last.get(1)?, last.get(2)?);
        link.execute(ANCHOR, args![cut, hash, at]).await?;
        let rows = link.execute(RELEASE, args![cut]).await?;
        let event = Event::Released { until: cut, hash: last.id(1)? };
        self.append(About::scope(scope), &event).await?;
        self.done(rows)
    }

    /// Lets go of what nothing speaks of any more. The last run of each stack stays.
    async fn release_others(&mut self, before: i64) -> Result<u64, StoreError> {
        const APPROVALS: &str = "DELETE FROM approval \
            WHERE id <= (SELECT seq FROM journal_anchor WHERE id = 1)";
        const RUNS: &str = "DELETE FROM run WHERE ended_at < $1 AND rest = 0 AND EXISTS ( \
            SELECT 1 FROM run AS later WHERE later.agent = run.agent \
                AND later.repository = run.repository AND later.stack = run.stack \
                AND later.ended_at > run.ended_at)";
        const SHOWN: &str = "DELETE FROM shown WHERE run IS NOT NULL AND NOT EXISTS ( \
            SELECT 1 FROM run WHERE run.agent = shown.agent \
                AND run.repository = shown.repository AND run.run = shown.run)";
        const PLANS: &str = "DELETE FROM plan WHERE NOT EXISTS (SELECT 1 FROM plan_latest AS used \
                WHERE used.agent = plan.agent AND used.repository = plan.repository \
                AND used.digest = plan.digest) \
            AND NOT EXISTS (SELECT 1 FROM run AS used WHERE used.agent = plan.agent \
                AND used.repository = plan.repository AND used.digest = plan.digest) \
            AND NOT EXISTS (SELECT 1 FROM shown AS used WHERE used.agent = plan.agent \
                AND used.repository = plan.repository AND used.digest = plan.digest) \
            AND NOT EXISTS (SELECT 1 FROM approval AS used WHERE used.agent = plan.agent \
                AND used.repository = plan.repository AND used.digest = plan.digest)";
        const DELIVERIES: &str = "DELETE FROM inbox WHERE at < $1";
        // A person's yes is told again as long as it stands at the forge, and must not count twice.
        const MANY: &str = "DELETE FROM inbox WHERE kind <> 'approval' AND at < ( \
            SELECT at FROM inbox WHERE kind <> 'approval' ORDER BY at DESC LIMIT 1 OFFSET $1)";
        // A pull request that is looked at again is shown again.
        const SHOWING: &str = "DELETE FROM showing WHERE at < $1";
        const MESSAGES: &str = "DELETE FROM outbox WHERE sent >= generation AND next_at < $1";
        let link = self.link()?;
        let mut rows = link.execute(APPROVALS, args![]).await?;
        rows += link.execute(RUNS, args![before]).await?;
        rows += link.execute(SHOWN, args![]).await?;
        rows += link.execute(PLANS, args![]).await?;
        rows += link.execute(DELIVERIES, args![before]).await?;
        rows += link.execute(MANY, args![DELIVERIES_MAX]).await?;
        rows += link.execute(SHOWING, args![before]).await?;
        rows += link.execute(MESSAGES, args![before]).await?;
        self.done(rows)
    }
}
