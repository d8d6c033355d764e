//! Where resources live: one folder per type of target.
//!
//! Takes: what a component wants ([`Rendered`]) and what is owned; at apply time one [`Step`] and
//! the [`Lease`] it runs under.
//! Gives: [`Observed`], live and intended side by side; after a step, what is there now.
//! Never: a diff, an order, a decision; a write without a lease; a write while observing.
//! Start at: [`Target`], then `files/mod.rs`.
//! How to add: one folder that implements [`Target`], one arm where the agent's settings are
//! opened, and `conforms!` in its tests: the laws of `fixture/conformance.rs`, which `files` keeps.

mod beside;
pub mod files;
pub mod kubernetes;

#[cfg(test)]
pub(crate) mod fixture;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::{self, StreamExt as _};

use crate::build::Rendered;
use crate::ids::{ComponentId, ResourceKey, TargetName};
use crate::model::body::Body;
use crate::model::inventory::{Inventory, Mark};
use crate::model::notice::Notice;
use crate::model::observation::{Health, Observed};
use crate::model::plan::{Effect, Step};
use crate::store::Lease;

/// One place resources live in. Owns its connections, watches and caches.
#[async_trait]
pub trait Target: Send + Sync {
    /// Its name in the agent's settings.
    fn name(&self) -> &TargetName;

    /// What the target itself says about what this agent and repository own in it; empty if it
    /// says nothing. A mark that cannot be read is an error, never an empty one.
    async fn mark(&self) -> Result<Arc<Mark>, StepError>;

    /// What is there for `component`, and what would be. `rendered` is `None` when the component
    /// wants nothing any more; `owned` is what it owns. Changes nothing.
    async fn observe(
        &self,
        component: &ComponentId,
        rendered: Option<&Rendered>,
        owned: &Inventory,
    ) -> Observed;

    /// The same for several components, all of them at about the same time. A target that looks at
    /// everything it has at once anyway does so once.
    async fn observe_all(&self, asked: Vec<Asked<'_>>) -> BTreeMap<ComponentId, Observed> {
        let mut looks = Vec::with_capacity(asked.len());
        for one in asked {
            looks.push(async move {
                let seen = self.observe(one.component, one.rendered, &one.owned).await;
                (one.component.clone(), seen)
            });
        }
        stream::iter(looks).buffer_unordered(ASKED_MAX).collect().await
    }

    /// Replaces the mark's entries for the resources named: `Some` is written before anything is
    /// created, `None` after a delete is confirmed. Refuses an epoch lower than the mark's.
    async fn write_mark(&self, lease: &Lease, entries: &MarkEntries) -> Result<(), StepError>;

    /// Does one step of `effect`, and tells for each of its changes what is there afterwards.
    /// Idempotent; refuses when a precondition no longer holds.
    async fn apply(
        &self,
        lease: &Lease,
        effect: &Effect,
        step: &Step,
    ) -> Result<Vec<After>, StepError>;

    /// Tells people at the target what has happened there, some time or never: nothing waits for it,
    /// and nothing depends on it. A target where nobody looks for such things keeps it to itself.
    fn tell(&self, _notices: Vec<Notice>) {}

    /// Returns when all of that is told, or will not be.
    async fn told(&self) {}

    /// Returns when something may have changed, with the components it may regard.
    async fn wake(&self) -> BTreeSet<ComponentId>;
}

/// About how many components a target is asked at once: enough that neither waits for the other. Of
/// those in a cluster that somebody has edited each has one object that takes two requests, and the
/// cluster takes 32 at a time. A target has a bound of its own.
const ASKED_MAX: usize = 16;

/// What a target is asked about one component, as [`Target::observe`] takes it.
pub struct Asked<'a> {
    /// Which component.
    pub component: &'a ComponentId,
    /// What it wants; `None` if it wants nothing any more.
    pub rendered: Option<&'a Rendered>,
    /// What it owns.
    pub owned: Inventory,
}

/// Entries of a mark to write (`Some`) or to take out (`None`).
pub type MarkEntries = BTreeMap<ResourceKey, Option<crate::model::inventory::Owned>>;

/// What is there after a change.
#[derive(Debug, Clone, PartialEq)]
pub struct After {
    /// Which resource.
    pub resource: ResourceKey,
    /// What it holds; `None`: it is not there.
    pub live: Option<Body>,
    /// The target's own id of it.
    pub uid: Option<String>,
    /// How it is doing, as far as the answer to the change tells.
    pub health: Health,
}

/// A step did not happen, or it is not known whether it did.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct StepError {
    /// What may be done about it. The engine branches on this and on nothing else.
    pub disposition: Disposition,
    /// What went wrong, for people.
    pub reason: String,
}

/// What may be done about a step that did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disposition {
    /// The target has moved: plan again.
    Stale,
    /// Try again after this long.
    RetryAfter(Duration),
    /// It will be refused again: a person or a commit has to change something.
    Refused,
    /// It is not known whether it happened: observe before anything else.
    Unknown,
}

impl StepError {
    /// The target has moved since the plan was made.
    pub fn stale(reason: impl Into<String>) -> Self {
        Self { disposition: Disposition::Stale, reason: reason.into() }
    }

    /// The target says no.
    pub fn refused(reason: impl Into<String>) -> Self {
        Self { disposition: Disposition::Refused, reason: reason.into() }
    }

    /// It is not known whether it happened.
    pub fn unknown(reason: impl Into<String>) -> Self {
        Self { disposition: Disposition::Unknown, reason: reason.into() }
    }

    /// The target is busy or away.
    pub fn retry_after(after: Duration, reason: impl Into<String>) -> Self {
        Self { disposition: Disposition::RetryAfter(after), reason: reason.into() }
    }

    /// The same for a step of which `done` of `all` changes are made already: then it is not known
    /// what may be done about the rest.
    fn behind(self, done: usize, all: usize) -> Self {
        match done {
            0 => self,
            _ => Self::unknown(format!("{done} of {all} changes are done, then: {self}")),
        }
    }
}
