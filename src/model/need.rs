//! What has to be there before a resource, and what has to answer before it is made.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::ids::ResourceKey;

/// What has to be there before a resource, as far as its stack makes or changes it: in any component.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// The resource that is called so.
    Resource(ResourceKey),
    /// The definition of a kind: `Site.example.com`.
    Definition(Arc<str>),
    /// What gives a service account its rights: `ServiceAccount/shop/web`.
    Rights(Arc<str>),
    /// Everything in a namespace that runs pods.
    Workloads(Arc<str>),
    /// The service account on whose behalf the resource is made, and what gives it its rights. It may
    /// be that these need the resource: then they come after it.
    Behalf(Arc<str>),
}

/// Which part a resource has in calls that a target makes of what runs in it, and without whose answer
/// it does nothing more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// Once it is there, these are called.
    Makes(BTreeSet<ResourceKey>),
    /// It leads a call to what has all of these labels; to nothing that is known, if it names none.
    Leads(Labels),
    /// It runs what has these labels.
    Answers(Labels),
}

/// Labels in one namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    /// Which one.
    pub namespace: Arc<str>,
    /// Each with its value.
    pub pairs: BTreeSet<(Arc<str>, Arc<str>)>,
}

impl Labels {
    /// Whether a call that is led to these comes to something with `those`.
    pub fn select(&self, those: &Self) -> bool {
        self.namespace == those.namespace
            && !self.pairs.is_empty()
            && self.pairs.is_subset(&those.pairs)
    }
}
