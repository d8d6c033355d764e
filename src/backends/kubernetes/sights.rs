//! What was looked at a moment ago and is not as it is wanted.
//!
//! Drift is looked at by the plan that lets a lease be taken, by the plan under it, and before the
//! write. As long as the watch of its kind tells of nothing newer, these are one look: the write
//! names the version that was looked at, and is refused if it is another one by then.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::look::Sight;
use crate::ids::{ContentId, ResourceKey};

/// Sights that are kept at a time: an object is some 10 KB with both bodies, so these are 3 MB.
/// What drifts beyond that is looked at each time.
const SIGHTS_MAX: usize = 256;

/// The sights of one target.
#[derive(Default)]
pub(super) struct Sights(Mutex<BTreeMap<ResourceKey, (ContentId, Arc<Sight>)>>);

impl Sights {
    /// Keeps what came of looking at an object that `manifest` is wanted of.
    pub(super) fn keep(&self, key: &ResourceKey, manifest: ContentId, sight: &Arc<Sight>) {
        let mut kept = self.lock();
        if kept.len() < SIGHTS_MAX || kept.contains_key(key) {
            kept.insert(key.clone(), (manifest, sight.clone()));
        }
    }

    /// What came of looking at it with this manifest.
    pub(super) fn of(&self, key: &ResourceKey, manifest: ContentId) -> Option<Arc<Sight>> {
        let kept = self.lock();
        kept.get(key).filter(|(known, _)| *known == manifest).map(|(_, sight)| sight.clone())
    }

    /// Gives what is kept of it up.
    pub(super) fn take(&self, key: &ResourceKey) -> Option<Arc<Sight>> {
        self.lock().remove(key).map(|(_, sight)| sight)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<ResourceKey, (ContentId, Arc<Sight>)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
