//! What a stack is made of: the manifests that its own one imports, in order.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::manifest::Manifest;
use crate::diagnostic::Diagnostic;

/// One manifest's part in a stack.
#[derive(Clone)]
pub(super) struct Contribution {
    pub(super) manifest: Arc<Manifest>,
    /// The files from the stack's manifest down to this one.
    pub(super) imports: Arc<[Arc<str>]>,
    /// Whether it imports anything that says something: then it is merged with that, and marked
    /// lists in it continue what was imported, or nothing.
    pub(super) settles: bool,
    /// How many of [`Closure::sideways`] reach its components.
    pub(super) sideways: usize,
    /// The `overrides` that reach its components from itself and from above, behind those.
    pub(super) inner: Arc<[Overriding]>,
}

/// A manifest whose `overrides` reach further than itself.
#[derive(Clone)]
pub(super) struct Overriding {
    pub(super) manifest: Arc<Manifest>,
    pub(super) imports: Arc<[Arc<str>]>,
}

/// What a stack is made of, lowest precedence first.
#[derive(Default)]
pub(super) struct Closure {
    pub(super) contributions: Vec<Contribution>,
    /// Files with `overrides`, in the order in which they are read: they reach what is read later.
    pub(super) sideways: Vec<Overriding>,
    /// Why it is not complete.
    pub(super) faults: Vec<Diagnostic>,
    /// What is odd, and leaves it complete.
    pub(super) odd: Vec<Diagnostic>,
    /// How many contributions come before, or are, the last of which something is missing: what
    /// is missing could not change what the others say.
    pub(super) certain_from: usize,
}

impl Closure {
    pub(super) fn fault(&mut self, faults: &[Diagnostic]) {
        if !faults.is_empty() {
            self.faults.extend_from_slice(faults);
            self.certain_from = self.contributions.len();
        }
    }

    /// Only the contributions that nothing missing could change.
    pub(super) fn certain(&self) -> Self {
        let contributions = self.contributions[self.certain_from..].to_vec();
        let sideways = self.sideways.clone();
        Self { contributions, sideways, faults: Vec::new(), odd: Vec::new(), certain_from: 0 }
    }

    /// The `overrides` that reach the components of `contribution`, lowest precedence first.
    pub(super) fn overriding<'c>(
        &'c self,
        contribution: &'c Contribution,
    ) -> impl Iterator<Item = &'c Overriding> + Clone {
        self.sideways[..contribution.sideways].iter().chain(contribution.inner.iter())
    }

    /// Whether both are made of the very same manifests, reached the same way.
    pub(super) fn is(&self, other: &Self) -> bool {
        let pairs = self.contributions.iter().zip(&other.contributions);
        self.faults.is_empty()
            && other.faults.is_empty()
            && self.odd == other.odd
            && self.contributions.len() == other.contributions.len()
            && pairs
                .into_iter()
                .all(|(a, b)| Arc::ptr_eq(&a.manifest, &b.manifest) && a.imports == b.imports)
    }

    /// Whether any of `changed` is part of it.
    pub(super) fn touches(&self, changed: &BTreeSet<Arc<str>>) -> bool {
        self.contributions.iter().any(|from| from.manifest.touches(changed))
    }
}
