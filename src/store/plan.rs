//! Plans, by the digest of their effect.

use std::collections::{BTreeMap, BTreeSet};

use super::db::{Link, Row};
use super::{Store, StoreError, Tx, args};
use crate::ids::{Digest, Scope, StackName, TargetName};
use crate::model::plan::{Effect, Envelope, Plan};

/// Longest effect or envelope as JSON: 64 MiB, for 10 000 resources of 5 KiB with their fields
/// before and after.
pub const PLAN_BYTES_MAX: usize = 64 << 20;

impl Store {
    /// The plan with this digest, in the envelope it was last seen in.
    pub async fn plan(&self, scope: &Scope, digest: Digest) -> Result<Option<Plan>, StoreError> {
        read(&mut self.read().await?, scope, digest).await
    }

    /// The newest plan of a stack at each target, in the envelope it was put in, sorted by target;
    /// those of pull requests do not count. There are several while a stack leaves something
    /// behind.
    pub async fn latest_plans(
        &self,
        scope: &Scope,
        stack: &StackName,
    ) -> Result<Vec<Plan>, StoreError> {
        const LATEST: &str = "SELECT plan.digest, plan.effect, plan_latest.envelope \
            FROM plan_latest JOIN plan ON plan.agent = plan_latest.agent \
                AND plan.repository = plan_latest.repository AND plan.digest = plan_latest.digest \
            WHERE plan_latest.agent = $1 AND plan_latest.repository = $2 \
                AND plan_latest.stack = $3 ORDER BY plan_latest.target";
        let mut link = self.read().await?;
        let args = args![&scope.agent, &scope.repository, stack];
        link.rows(LATEST, args).await?.iter().map(assemble).collect()
    }

    /// The newest plan of a stack at one target, in the envelope it was put in.
    pub async fn latest_plan(
        &self,
        scope: &Scope,
        stack: &StackName,
        target: &TargetName,
    ) -> Result<Option<Plan>, StoreError> {
        let plans = self.latest_plans(scope, stack).await?;
        Ok(plans.into_iter().find(|plan| plan.effect().target == *target))
    }

    /// The digest and the envelope of the newest plan of a stack at one target.
    pub async fn latest_envelope(
        &self,
        scope: &Scope,
        stack: &StackName,
        target: &TargetName,
    ) -> Result<Option<(Digest, Envelope)>, StoreError> {
        const LATEST: &str = "SELECT digest, envelope FROM plan_latest \
            WHERE agent = $1 AND repository = $2 AND stack = $3 AND target = $4";
        let mut link = self.read().await?;
        let row = link.row(LATEST, args![&scope.agent, &scope.repository, stack, target]).await?;
        row.map(|row| Ok((row.id(0)?, row.json(1, "a plan's envelope")?))).transpose()
    }

    /// Every stack that was ever planned or owns anything, sorted.
    pub async fn stacks_known(&self, scope: &Scope) -> Result<Vec<StackName>, StoreError> {
        Ok(self.places_known(scope).await?.into_keys().collect())
    }

    /// The same, each with the targets in which it is planned or owns something.
    pub async fn places_known(
        &self,
        scope: &Scope,
    ) -> Result<BTreeMap<StackName, BTreeSet<TargetName>>, StoreError> {
        const PLANNED: &str = "SELECT stack, target FROM plan_latest \
            WHERE agent = $1 AND repository = $2";
        let mut places: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
        let of = args![&scope.agent, &scope.repository];
        for row in self.read().await?.rows(PLANNED, of).await? {
            places.entry(row.id(0)?).or_default().insert(row.id(1)?);
        }
        for (target, stacks) in self.owning(scope).await? {
            for stack in stacks {
                places.entry(stack).or_default().insert(target.clone());
            }
        }
        Ok(places)
    }
}

impl Tx {
    /// Stores a plan as the newest of its stack at its target. The effect of a digest that is there already stays
    /// as it is; its envelope becomes this one.
    pub async fn put_plan(&mut self, plan: &Plan) -> Result<(), StoreError> {
        const LATEST: &str = "INSERT INTO plan_latest \
            (agent, repository, stack, target, digest, envelope) \
            VALUES ($1, $2, $3, $4, $5, $6) \
            ON CONFLICT (agent, repository, stack, target) DO UPDATE SET \
                digest = excluded.digest, envelope = excluded.envelope";
        self.put_shown_plan(plan).await?;
        let Effect { scope, stack, target, .. } = plan.effect();
        let envelope = text("a plan's envelope", &plan.envelope)?;
        let args = args![&scope.agent, &scope.repository, stack, target, plan.digest(), envelope];
        self.link()?.execute(LATEST, args).await?;
        self.done(())
    }

    /// Puts another envelope around a plan, if it still is the newest of its stack at its target.
    pub async fn put_envelope(
        &mut self,
        (scope, stack, target): (&Scope, &StackName, &TargetName),
        digest: Digest,
        envelope: &Envelope,
    ) -> Result<(), StoreError> {
        const PUT: &str = "UPDATE plan_latest SET envelope = $6 \
            WHERE agent = $1 AND repository = $2 AND stack = $3 AND target = $4 AND digest = $5";
        let envelope = text("a plan's envelope", envelope)?;
        let args = args![&scope.agent, &scope.repository, stack, target, digest, envelope];
        self.link()?.execute(PUT, args).await?;
        self.done(())
    }

    /// Forgets which plan was the newest: nothing of the stack is at the target any more.
    pub async fn forget_plan(
        &mut self,
        scope: &Scope,
        stack: &StackName,
        target: &TargetName,
    ) -> Result<(), StoreError> {
        const FORGET: &str = "DELETE FROM plan_latest \
            WHERE agent = $1 AND repository = $2 AND stack = $3 AND target = $4";
        let args = args![&scope.agent, &scope.repository, stack, target];
        self.link()?.execute(FORGET, args).await?;
        self.done(())
    }

    /// Stores what a pull request would do to a stack: the stack's own newest plan stays.
    pub async fn put_shown_plan(&mut self, plan: &Plan) -> Result<(), StoreError> {
        const PUT: &str = "INSERT INTO plan \
            (agent, repository, digest, stack, effect, envelope) VALUES ($1, $2, $3, $4, $5, $6) \
            ON CONFLICT (agent, repository, digest) DO UPDATE SET envelope = excluded.envelope";
        const AGAIN: &str = "UPDATE plan SET envelope = $4 \
            WHERE agent = $1 AND repository = $2 AND digest = $3";
        let (scope, stack) = (&plan.effect().scope, &plan.effect().stack);
        let (agent, repository, digest) = (&scope.agent, &scope.repository, plan.digest());
        let envelope = text("a plan's envelope", &plan.envelope)?;
        // An effect is a kilobyte per object, and is nearly always there when its envelope changes.
        let args = args![agent, repository, digest, envelope.clone()];
        let again = self.link()?.execute(AGAIN, args).await?;
        self.done::<_, StoreError>(())?;
        if again == 0 {
            let effect = text("a plan", plan.effect())?;
            let args = args![agent, repository, digest, stack, effect, envelope];
            self.link()?.execute(PUT, args).await?;
        }
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
