//! Who allowed which digest, and which digests were shown where.

use std::collections::{BTreeMap, BTreeSet};

use super::db::Row;
use super::journal::{About, Event};
use super::{Store, StoreError, Tx, args};
use crate::ids::{Actor, CommitId, Digest, PullNumber, Scope};
use crate::model::authority::Approval;

impl Store {
    /// The approvals that could start a run of this digest now: neither used up nor revoked nor
    /// expired; one per person, sorted by name.
    pub async fn approvals(
        &self,
        scope: &Scope,
        digest: Digest,
    ) -> Result<Vec<Approval>, StoreError> {
        const LIVE: &str = "SELECT body FROM approval \
            WHERE agent = $1 AND repository = $2 AND digest = $3 \
            AND run IS NULL AND revoked_at IS NULL AND until > $4";
        let now = self.world.clock.now().as_microsecond();
        let mut link = self.read().await?;
        let rows = link.rows(LIVE, args![&scope.agent, &scope.repository, digest, now]).await?;
        let mut approvals: Vec<Approval> =
            rows.iter().map(|row| row.json(0, "an approval")).collect::<Result<_, _>>()?;
        approvals.sort_by(|a, b| a.by.cmp(&b.by));
        Ok(approvals)
    }

    /// The same for every digest that has any.
    pub async fn approvals_live(
        &self,
        scope: &Scope,
    ) -> Result<BTreeMap<Digest, Vec<Approval>>, StoreError> {
        const LIVE: &str = "SELECT digest, body FROM approval \
            WHERE agent = $1 AND repository = $2 \
            AND run IS NULL AND revoked_at IS NULL AND until > $3";
        let now = self.world.clock.now().as_microsecond();
        let rows =
            self.read().await?.rows(LIVE, args![&scope.agent, &scope.repository, now]).await?;
        let mut live: BTreeMap<_, Vec<Approval>> = BTreeMap::new();
        for row in rows {
            live.entry(row.id(0)?).or_default().push(row.json(1, "an approval")?);
        }
        live.values_mut().for_each(|approvals| approvals.sort_by(|a, b| a.by.cmp(&b.by)));
        Ok(live)
    }

    /// Where this digest was last shown and no run has used that up: pull requests and the heads
    /// they had then, sorted.
    pub async fn shown(
        &self,
        scope: &Scope,
        digest: Digest,
    ) -> Result<Vec<(PullNumber, CommitId)>, StoreError> {
        const SHOWN: &str = "SELECT pull, head FROM shown \
            WHERE agent = $1 AND repository = $2 AND digest = $3 AND run IS NULL";
        let mut link = self.read().await?;
        let rows = link.rows(SHOWN, args![&scope.agent, &scope.repository, digest]).await?;
        let mut places: Vec<_> = rows.iter().map(place).collect::<Result<_, _>>()?;
        places.sort();
        Ok(places)
    }

    /// What a pull request shows for a head and no run has used up, sorted.
    pub async fn shown_on(
        &self,
        scope: &Scope,
        pull: PullNumber,
        head: &CommitId,
    ) -> Result<Vec<Digest>, StoreError> {
        const SHOWN: &str = "SELECT digest FROM shown WHERE agent = $1 AND repository = $2 \
            AND pull = $3 AND head = $4 AND run IS NULL";
        let mut link = self.read().await?;
        let rows = link.rows(SHOWN, args![&scope.agent, &scope.repository, pull, head]).await?;
        let mut digests: Vec<Digest> =
            rows.iter().map(|row| row.id(0)).collect::<Result<_, _>>()?;
        digests.sort();
        Ok(digests)
    }
}

impl Tx {
    /// Records one person's yes. Said again before a run used it up, it replaces the first.
    pub async fn approve(&mut self, scope: &Scope, approval: &Approval) -> Result<(), StoreError> {
        const APPROVE: &str = "INSERT INTO approval \
            (id, agent, repository, digest, actor, until, body) \
            VALUES ($1, $2, $3, $4, $5, $6, $7) \
            ON CONFLICT (agent, repository, digest, actor) \
                WHERE run IS NULL AND revoked_at IS NULL \
            DO UPDATE SET id = excluded.id, until = excluded.until, body = excluded.body";
        self.link()?;
        let event = Event::Approved { approval: approval.clone() };
        let id = self.append(About::scope(scope), &event).await?;
        let body = serde_json::to_string(approval)
            .map_err(|error| StoreError::conflict(format!("no approval: {error}")))?;
        let (digest, until) = (approval.digest, approval.until.as_microsecond());
        let args = args![id, &scope.agent, &scope.repository, digest, &approval.by, until, body];
        self.link.execute(APPROVE, args).await?;
        self.done(())
    }

    /// Takes a person's yes back; gives whether there was one to take back.
    pub async fn revoke(
        &mut self,
        scope: &Scope,
        digest: Digest,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        const REVOKE: &str = "UPDATE approval SET revoked_at = $5 \
            WHERE agent = $1 AND repository = $2 AND digest = $3 AND actor = $4 \
            AND run IS NULL AND revoked_at IS NULL";
        let now = self.now();
        let args = args![&scope.agent, &scope.repository, digest, actor, now];
        let revoked = self.link()?.execute(REVOKE, args).await? > 0;
        if revoked {
            let event = Event::Revoked { digest, actor: actor.clone() };
            self.append(About::scope(scope), &event).await?;
        }
        self.done(revoked)
    }

    /// Records what a pull request shows for its head, in place of what it showed before.
    ///
    /// What a run has used up stays used up: showing the same digest for the same head again does
    /// not allow a second run.
    pub async fn show(
        &mut self,
        scope: &Scope,
        pull: PullNumber,
        head: &CommitId,
        digests: &[Digest],
    ) -> Result<(), StoreError> {
        const BEFORE: &str = "SELECT digest, head FROM shown \
            WHERE agent = $1 AND repository = $2 AND pull = $3 AND (run IS NULL OR head = $4)";
        const FORGET: &str = "DELETE FROM shown WHERE agent = $1 AND repository = $2 \
            AND pull = $3 AND run IS NULL";
        const SHOW: &str = "INSERT INTO shown (agent, repository, pull, head, digest) \
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
        let mut digests = digests.to_vec();
        digests.sort();
        digests.dedup();
        let (agent, repository) = (&scope.agent, &scope.repository);
        let link = self.link()?;
        let rows = link.rows(BEFORE, args![agent, repository, pull, head]).await?;
        let before: BTreeSet<(Digest, CommitId)> = rows
            .iter()
            .map(|row| Ok((row.id(0)?, row.id(1)?)))
            .collect::<Result<_, StoreError>>()?;
        if before.into_iter().eq(digests.iter().map(|digest| (*digest, head.clone()))) {
            return self.done(());
        }
        link.execute(FORGET, args![agent, repository, pull]).await?;
        for &digest in &digests {
            link.execute(SHOW, args![agent, repository, pull, head, digest]).await?;
        }
        let event = Event::Shown { pull, head: head.clone(), digests };
        self.append(About::scope(scope), &event).await?;
        self.done(())
    }
}

/// The pull request and the head in the first two columns.
pub(super) fn place(row: &Row) -> Result<(PullNumber, CommitId), StoreError> {
    let number: String = row.get(0)?;
    let number = number.parse().map_err(|e| StoreError::corrupt("a pull request", e))?;
    Ok((PullNumber(number), row.id(1)?))
}

/// Refuses an approval that nobody gave through Isobar: the journal has to tell of the same one.
/// Takes its body and the payload of the journal's row with its number.
pub(super) fn check(row: &Row, digest: Digest, by: &Actor) -> Result<(), StoreError> {
    let forged = || StoreError::corrupt("an approval", "the journal does not tell of it");
    let approved: Approval = row.json(0, "an approval")?;
    let told: Option<String> = row.get(1)?;
    match serde_json::from_str(&told.ok_or_else(forged)?) {
        Ok(Event::Approved { approval })
            if approval == approved && (approval.digest, &approval.by) == (digest, by) =>
        {
            Ok(())
        }
        _ => Err(forged()),
    }
}
