//! What the stacks of one pass have in common: each target as a whole, looked at once.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::ReconcileError;
use super::agent::{Agent, Repository};
use super::look::TargetLook;
use super::wanted::Wanted;
use crate::backends::Target;
use crate::ids::TargetName;

/// The targets as they were when the first of several stacks was looked at, all for one snapshot.
///
/// This is good for finding out whether there is anything to do. What is done is planned from a
/// look of its own, under the lease.
#[derive(Default)]
pub struct Looks(Mutex<BTreeMap<TargetName, Arc<TargetLook>>>);

impl Looks {
    /// The target, as it was at the first look since the last change.
    pub(super) async fn of(
        &self,
        (agent, repository): (&Agent, &Repository),
        target: &Arc<dyn Target>,
        wanted: &Wanted,
    ) -> Result<Arc<TargetLook>, ReconcileError> {
        let mut known = self.0.lock().await;
        if let Some(look) = known.get(target.name()) {
            return Ok(look.clone());
        }
        let look = Arc::new(TargetLook::now(agent, repository, target, wanted).await?);
        known.insert(target.name().clone(), look.clone());
        Ok(look)
    }

    /// What is owned in a target has changed, or is about to.
    pub(super) async fn forget(&self, target: &TargetName) {
        self.0.lock().await.remove(target);
    }
}
