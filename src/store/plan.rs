//! Plans, by the digest of their effect.

use super::db::{Link, Row};
use super::{Store, StoreError, Tx, args};
use crate::ids::{Digest, Scope, StackName};
use crate::model::plan::Plan;

/// Longest effect or envelope as JSON: 64 MiB, for 10 000 resources of 5 KiB with their fields
/// before and after.
pub const PLAN_BYTES_MAX: usize = 64 << 20;

impl Store {
    /// The plan with this digest, in the envelope it was last seen in.
    pub async fn plan(&self, scope: &Scope, digest: Digest) -> Result<Option<Plan>, StoreError> {
        read(&mut self.read().await?, scope, digest).await
    }

    /// The newest plan of a stack, in the envelope it was put in; those of pull requests do not
    /// count.
    pub async fn latest_plan(
        &self,
        scope: &Scope,
        stack: &StackName,
    ) -> Result<Option<Plan>, StoreError> {
        const LATEST: &str = "SELECT plan.digest, plan.effect, plan_latest.envelope \
            FROM plan_latest JOIN plan ON plan.agent = plan_latest.agent \
                AND plan.repository = plan_latest.repository AND plan.digest = plan_latest.digest \
            WHERE plan_latest.agent = $1 AND plan_latest.repository = $2 \
                AND plan_latest.stack = $3";
        let mut link = self.read().await?;
        let args = args![&scope.agent, &scope.repository, stack];
        link.row(LATEST, args).await?.map(|row| assemble(&row)).transpose()
    }

    /// Every stack that was ever planned or owns anything, sorted.
    pub async fn stacks_known(&self, scope: &Scope) -> Result<Vec<StackName>, StoreError> {
        const STACKS: &str = "SELECT stack FROM plan_latest WHERE agent = $1 AND repository = $2 \
            UNION SELECT stack FROM inventory WHERE agent = $1 AND repository = $2";
        let mut link = self.read().await?;
        let rows = link.rows(STACKS, args![&scope.agent, &scope.repository]).await?;
        let mut stacks: Vec<StackName> =
            rows.iter().map(|row| row.id(0)).collect::<Result<_, _>>()?;
        stacks.sort();
        Ok(stacks)
    }
}

impl Tx {
    /// Stores a plan as the newest of its stack. The effect of a digest that is there already stays
    /// as it is; its envelope becomes this one.
    pub async fn put_plan(&mut self, plan: &Plan) -> Result<(), StoreError> {
        const LATEST: &str = "INSERT INTO plan_latest \
            (agent, repository, stack, digest, envelope) VALUES ($1, $2, $3, $4, $5) \
            ON CONFLICT (agent, repository, stack) DO UPDATE SET \
                digest = excluded.digest, envelope = excluded.envelope";
        self.put_shown_plan(plan).await?;
        let (scope, stack) = (&plan.effect().scope, &plan.effect().stack);
        let envelope = text("a plan's envelope", &plan.envelope)?;
        let args = args![&scope.agent, &scope.repository, stack, plan.digest(), envelope];
        self.link()?.execute(LATEST, args).await?;
        self.done(())
    }

    /// Stores what a pull request would do to a stack: the stack's own newest plan stays.
    pub async fn put_shown_plan(&mut self, plan: &Plan) -> Result<(), StoreError> {
        const PUT: &str = "INSERT INTO plan \
            (agent, repository, digest, stack, effect, envelope) VALUES ($1, $2, $3, $4, $5, $6) \
            ON CONFLICT (agent, repository, digest) DO UPDATE SET envelope = excluded.envelope";
        let (scope, stack) = (&plan.effect().scope, &plan.effect().stack);
        let effect = text("a plan", plan.effect())?;
        let envelope = text("a plan's envelope", &plan.envelope)?;
        let args = args![&scope.agent, &scope.repository, plan.digest(), stack, effect, envelope];
        self.link()?.execute(PUT, args).await?;
        self.done(())
    }
}

pub(super) async fn read(
    link: &mut Link,
    scope: &Scope,
    digest: Digest,
) -> Result<Option<Plan>, StoreError> {
    const PLAN: &str = "SELECT digest, effect, envelope FROM plan \
        WHERE agent = $1 AND repository = $2 AND digest = $3";
    let args = args![&scope.agent, &scope.repository, digest];
    link.row(PLAN, args).await?.map(|row| assemble(&row)).transpose()
}

/// Puts a plan together again; its seal is checked, so an altered effect is an error.
fn assemble(row: &Row) -> Result<Plan, StoreError> {
    let (digest, effect, envelope): (String, String, String) =
        (row.get(0)?, row.get(1)?, row.get(2)?);
    let json = format!(r#"{{"digest":"{digest}","effect":{effect},"envelope":{envelope}}}"#);
    serde_json::from_str(&json)
        .map_err(|error| StoreError::corrupt(format!("plan {digest}"), error))
}

fn text(what: &'static str, value: &impl serde::Serialize) -> Result<String, StoreError> {
    let text = serde_json::to_string(value)
        .map_err(|error| StoreError::conflict(format!("{what} cannot be stored: {error}")))?;
    within_bounds(what, text)
}

fn within_bounds(what: &'static str, text: String) -> Result<String, StoreError> {
    match text.len() {
        bytes if bytes > PLAN_BYTES_MAX => {
            Err(StoreError::TooLarge { what, bytes, bytes_max: PLAN_BYTES_MAX })
        }
        _ => Ok(text),
    }
}

#[cfg(test)]
mod tests;
