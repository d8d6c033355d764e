//! Components into what their tools are handed: variables and backend files, manifests, values.
//!
//! Takes: a resolved [`Component`] and the [`Snapshot`] it came from.
//! Gives: [`Rendered`], complete; or every reason why not, as diagnostics.
//! Never: a credential, the network, a clock; a partial result.
//! Start at: [`render`].
//! How to add: one file per kind with one function, and one line in [`render`].

#[cfg(test)]
pub(crate) mod fixture;

use std::collections::BTreeMap;

use crate::ids::{ComponentId, ContentId, ResourceKey};
use crate::model::body::Body;
use crate::model::path::FieldPath;

/// Everything a component wants to exist. Holding one is the proof that nothing is left out:
/// only then does a resource that is not in it count as no longer wanted.
#[derive(Debug, Clone, PartialEq)]
pub struct Rendered {
    component: ComponentId,
    resources: BTreeMap<ResourceKey, Piece>,
    inputs: ContentId,
}

/// One resource, as the component wants it. Values may be unknown still.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    /// What it is to hold; origins lead back to the manifests.
    pub body: Body,
    /// Fields whose content is never shown.
    pub sensitive: Vec<FieldPath>,
    /// Whether what it holds at the target is lost with it.
    pub stateful: bool,
}

impl Rendered {
    /// Whose it is.
    pub fn component(&self) -> &ComponentId {
        &self.component
    }

    /// What is wanted, by resource.
    pub fn resources(&self) -> &BTreeMap<ResourceKey, Piece> {
        &self.resources
    }

    /// All that went into it, by content: values, and the files of charts, modules, manifests.
    pub fn inputs(&self) -> ContentId {
        self.inputs
    }
}
