//! What is wrong with branches that are followed, as long as it is.

use jiff::Timestamp;

use super::{Store, StoreError, Tx, args};
use crate::ids::Scope;
use crate::model::status::Trouble;

impl Store {
    /// What was last found to be wrong with a branch, if anything was.
    pub async fn trouble(
        &self,
        scope: &Scope,
        branch: &str,
    ) -> Result<Option<Trouble>, StoreError> {
        const TROUBLE: &str = "SELECT why, at FROM trouble \
            WHERE agent = $1 AND repository = $2 AND branch = $3";
        let mut link = self.read().await?;
        let row = link.row(TROUBLE, args![&scope.agent, &scope.repository, branch]).await?;
        let Some(row) = row else { return Ok(None) };
        let since = Timestamp::from_microsecond(row.get(1)?);
        let since = since.map_err(|error| StoreError::corrupt("a time", error))?;
        Ok(Some(Trouble { branch: branch.to_owned(), why: row.get(0)?, since }))
    }
}

impl Tx {
    /// Remembers what is wrong with a branch, or that nothing is. The same again changes nothing.
    pub async fn put_trouble(
        &mut self,
        scope: &Scope,
        branch: &str,
        why: Option<&str>,
    ) -> Result<(), StoreError> {
        const PUT: &str = "INSERT INTO trouble (agent, repository, branch, why, at) \
            VALUES ($1, $2, $3, $4, $5) \
            ON CONFLICT (agent, repository, branch) DO UPDATE SET \
                why = excluded.why, at = excluded.at WHERE trouble.why <> excluded.why";
        const OVER: &str =
            "DELETE FROM trouble WHERE agent = $1 AND repository = $2 AND branch = $3";
        let (agent, repository) = (&scope.agent, &scope.repository);
        let now = self.now();
        let link = self.link()?;
        match why {
            Some(why) => link.execute(PUT, args![agent, repository, branch, why, now]).await?,
            None => link.execute(OVER, args![agent, repository, branch]).await?,
        };
        self.done(())
    }
}
