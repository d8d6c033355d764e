//! Branches whose history was rewritten, until a person says that this was meant.

use super::journal::{About, Event};
use super::{Store, StoreError, Tx, args};
use crate::ids::{Actor, CommitId, Scope};

/// A branch that no longer contains what it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrite {
    /// The commit that is no longer part of it.
    pub from: CommitId,
    /// Where it was when that was seen.
    pub to: CommitId,
}

impl Store {
    /// How the branch was rewritten, while nobody has said that this was meant.
    pub async fn rewrite(
        &self,
        scope: &Scope,
        branch: &str,
    ) -> Result<Option<Rewrite>, StoreError> {
        const REWRITE: &str = "SELECT from_commit, to_commit FROM rewrite \
            WHERE agent = $1 AND repository = $2 AND branch = $3";
        let mut link = self.read().await?;
        let row = link.row(REWRITE, args![&scope.agent, &scope.repository, branch]).await?;
        row.map(|row| Ok(Rewrite { from: row.id(0)?, to: row.id(1)? })).transpose()
    }
}

impl Tx {
    /// Records that a branch was rewritten; again before anybody has looked, it is still the first
    /// commit that is missed.
    pub async fn rewritten(
        &mut self,
        scope: &Scope,
        branch: &str,
        rewrite: &Rewrite,
    ) -> Result<(), StoreError> {
        const REWRITTEN: &str = "INSERT INTO rewrite \
            (agent, repository, branch, from_commit, to_commit, at) \
            VALUES ($1, $2, $3, $4, $5, $6) \
            ON CONFLICT (agent, repository, branch) DO UPDATE SET to_commit = excluded.to_commit \
            WHERE rewrite.to_commit <> excluded.to_commit";
        let now = self.now();
        let (agent, repository) = (&scope.agent, &scope.repository);
        let args = args![agent, repository, branch, &rewrite.from, &rewrite.to, now];
        if self.link()?.execute(REWRITTEN, args).await? > 0 {
            let Rewrite { from, to } = rewrite.clone();
            let event = Event::Rewritten { branch: branch.to_owned(), from, to };
            self.append(About::scope(scope), &event).await?;
        }
        self.done(())
    }

    /// A person says that the branch was meant to be rewritten; gives how it was, if it was.
    pub async fn acknowledge(
        &mut self,
        scope: &Scope,
        branch: &str,
        by: &Actor,
    ) -> Result<Option<Rewrite>, StoreError> {
        const ACKNOWLEDGE: &str = "DELETE FROM rewrite \
            WHERE agent = $1 AND repository = $2 AND branch = $3 \
            RETURNING from_commit, to_commit";
        let args = args![&scope.agent, &scope.repository, branch];
        let row = self.link()?.row(ACKNOWLEDGE, args).await?;
        let rewrite =
            row.map(|row| Ok::<_, StoreError>(Rewrite { from: row.id(0)?, to: row.id(1)? }));
        let rewrite = rewrite.transpose()?;
        if let Some(Rewrite { from, to }) = rewrite.clone() {
            let (branch, by) = (branch.to_owned(), by.clone());
            self.append(About::scope(scope), &Event::Acknowledged { branch, from, to, by }).await?;
        }
        self.done(rewrite)
    }
}
