//! What the stacks of one pass have in common: each target as a whole, looked at once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

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
pub struct Looks(Mutex<BTreeMap<TargetName, Arc<OnceCell<Arc<TargetLook>>>>>);

impl Looks {
    /// The target, as it was at the first look since the last change. Who waits for one target
    /// holds up nobody who asks for another.
    pub(super) async fn of(
        &self,
        (agent, repository): (&Agent, &Repository),
        target: &Arc<dyn Target>,
        wanted: &Wanted,
    ) -> Result<Arc<TargetLook>, ReconcileError> {
        let known = self.lock().entry(target.name().clone()).or_default().clone();
        let look = async || TargetLook::now(agent, repository, target, wanted).await.map(Arc::new);
        known.get_or_try_init(look).await.cloned()
    }

    /// What is owned in a target has changed, or is about to.
    pub(super) fn forget(&self, target: &TargetName) {
        self.lock().remove(target);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<TargetName, Arc<OnceCell<Arc<TargetLook>>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
