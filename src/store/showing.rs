//! What pull requests show by now, what that replaced, and which runs came of it.

use super::{Store, StoreError, Tx, args};
use crate::ids::{CommitId, Digest, PullNumber, RunId, Scope};
use crate::model::review::Showing;

impl Store {
    /// What a pull request showed last, if it ever showed a plan.
    pub async fn showing(
        &self,
        scope: &Scope,
        pull: PullNumber,
    ) -> Result<Option<Showing>, StoreError> {
        const SHOWING: &str = "SELECT body FROM showing \
            WHERE agent = $1 AND repository = $2 AND pull = $3";
        let mut link = self.read().await?;
        let row = link.row(SHOWING, args![&scope.agent, &scope.repository, pull]).await?;
        row.map(|row| row.json(0, "what a pull request shows")).transpose()
    }

    /// Every digest that a pull request showed for a head, with the run that used it up, if one
    /// has; sorted.
    pub async fn shown_of(
        &self,
        scope: &Scope,
        pull: PullNumber,
        head: &CommitId,
    ) -> Result<Vec<(Digest, Option<RunId>)>, StoreError> {
        const SHOWN: &str = "SELECT digest, COALESCE(run, '') FROM shown \
            WHERE agent = $1 AND repository = $2 AND pull = $3 AND head = $4 ORDER BY digest";
        let mut link = self.read().await?;
        let rows = link.rows(SHOWN, args![&scope.agent, &scope.repository, pull, head]).await?;
        let shown = rows.iter().map(|row| {
            let run: String = row.get(1)?;
            let run = if run.is_empty() { None } else { Some(row.id(1)?) };
            Ok((row.id(0)?, run))
        });
        shown.collect()
    }
}

impl Tx {
    /// Remembers what a pull request shows, in place of what it showed before. The same again
    /// changes nothing.
    pub async fn put_showing(
        &mut self,
        scope: &Scope,
        pull: PullNumber,
        showing: &Showing,
    ) -> Result<(), StoreError> {
        const PUT: &str = "INSERT INTO showing (agent, repository, pull, body, at) \
            VALUES ($1, $2, $3, $4, $5) \
            ON CONFLICT (agent, repository, pull) DO UPDATE SET \
                body = excluded.body, at = excluded.at WHERE showing.body <> excluded.body";
        let body = serde_json::to_string(showing)
            .map_err(|error| StoreError::conflict(format!("it cannot be stored: {error}")))?;
        let args = args![&scope.agent, &scope.repository, pull, body, self.now()];
        self.link()?.execute(PUT, args).await?;
        self.done(())
    }
}
