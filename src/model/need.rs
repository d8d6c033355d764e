//! What has to be there before a resource.

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
