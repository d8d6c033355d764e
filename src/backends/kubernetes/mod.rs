//! The target that is a Kubernetes cluster, 1.30 or later.
//!
//! Takes: a cluster that several agents, people and controllers write to.
//! Gives: what of each object is ours, live and as the server itself says it would be (a dry run
//! of server-side apply); after a step what it has become.
//! Never: merges by itself; takes a field that was not shown; deletes what does not carry our
//! label, or another object of the same name; takes an answer of somebody else for the API's.
//! Start at: [`KubernetesTarget`], then `look.rs` for one object and `step.rs` for one change.
//! How to add: what a server can refuse goes into `failure.rs`, with its disposition.

mod connection;
mod failure;
mod fields;
mod health;
mod identity;
mod kinds;
mod look;
mod mark;
mod observe;
mod owner;
mod step;
mod takeover;
mod truth;
mod watch;

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;

use self::connection::Connection;
use self::kinds::Kinds;
use self::look::Eyes;
use self::mark::Marks;
use self::truth::Truths;
use self::watch::Watches;
use super::{After, MarkEntries, StepError, Target};
use crate::build::Rendered;
use crate::ids::{ComponentId, Scope, TargetName};
use crate::model::inventory::{Inventory, Mark};
use crate::model::observation::Observed;
use crate::model::plan::{Effect, Step};
use crate::settings::KubernetesSettings;
use crate::store::Lease;
use crate::world::World;

/// The namespace of the marks where the settings name none.
const NAMESPACE: &str = "isobar";

/// A cluster as a target, for one agent and repository.
pub struct KubernetesTarget {
    name: TargetName,
    scope: Scope,
    /// The name our fields are written under.
    writer: String,
    connection: Arc<Connection>,
    kinds: Kinds,
    marks: Marks,
    truths: Arc<Truths>,
    watches: Watches,
}

impl KubernetesTarget {
    /// The cluster of `settings` as the target `name`. Nothing is asked of it yet.
    pub fn open(
        name: TargetName,
        scope: Scope,
        settings: KubernetesSettings,
        world: &World,
    ) -> Self {
        let namespace = settings.namespace.clone().unwrap_or_else(|| NAMESPACE.to_owned());
        let (writer, label) = (owner::writer(&scope), owner::label(&scope));
        let connection = Arc::new(Connection::new(settings, world.clone()));
        let truths = Arc::new(Truths::new(writer.clone()));
        Self {
            marks: Marks::new(scope.clone(), name.clone(), namespace),
            watches: Watches::new(connection.clone(), truths.clone(), label),
            kinds: Kinds::new(),
            writer,
            connection,
            truths,
            name,
            scope,
        }
    }

    /// How many requests have been sent since it was opened, watches aside: an object that did not
    /// change costs none.
    pub fn requests(&self) -> u64 {
        self.connection.requests()
    }

    fn eyes(&self) -> Eyes<'_> {
        Eyes { connection: &self.connection, kinds: &self.kinds, writer: &self.writer }
    }
}

#[async_trait]
impl Target for KubernetesTarget {
    fn name(&self) -> &TargetName {
        &self.name
    }

    async fn mark(&self) -> Result<Mark, StepError> {
        let all = self.marks.read(&self.connection).await?;
        Ok(self.marks.ours(&all))
    }

    async fn observe(
        &self,
        component: &ComponentId,
        rendered: Option<&Rendered>,
        owned: &Inventory,
    ) -> Observed {
        match self.marks.known(&self.connection).await {
            Ok(marks) => self.look_at_all(&marks, component, rendered, owned).await,
            Err(error) => Observed::Unreachable { reason: error.reason },
        }
    }

    async fn write_mark(&self, lease: &Lease, entries: &MarkEntries) -> Result<(), StepError> {
        self.marks.write(&self.connection, lease, entries, || self.write_time(lease)).await
    }

    async fn apply(
        &self,
        lease: &Lease,
        effect: &Effect,
        step: &Step,
    ) -> Result<Vec<After>, StepError> {
        let mut after = Vec::with_capacity(step.changes.len());
        for &at in &step.changes {
            match self.change(lease, &effect.changes[at]).await {
                Ok(one) => after.push(one),
                Err(error) if after.is_empty() => return Err(error),
                Err(error) => {
                    return Err(StepError::unknown(format!(
                        "{} of {} changes are done, then: {error}",
                        after.len(),
                        step.changes.len()
                    )));
                }
            }
        }
        Ok(after)
    }

    async fn wake(&self) -> BTreeSet<ComponentId> {
        self.watches.wake().await
    }
}

#[cfg(test)]
mod tests;
