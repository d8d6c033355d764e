//! What is owned: (agent, target, resource) -> component.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::ids::{ComponentId, ContentId, Epoch, ResourceKey, Scope, StackName, TargetName};

/// One resource that a component of ours owns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Owned {
    /// Whose it is.
    pub component: ComponentId,
    /// What was last applied, by content. `None`: it is about to be created.
    pub applied: Option<ContentId>,
    /// The target's own id of the object, where it has one; a new object has another.
    pub uid: Option<String>,
    /// Whether it is forgotten and never deleted when nobody wants it any more (`prune: false`, as
    /// its component said last).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub kept: bool,
    /// Under which lease that was written.
    pub epoch: Epoch,
}

/// What this agent owns in one target, by resource. Copies of it share their entries: each run holds on
/// to what was owned when it began.
pub type Inventory = BTreeMap<ResourceKey, Arc<Owned>>;

/// Lets entries that were just read have the name of their component in common: the thousands of a target
/// repeat the texts of a few.
pub fn share(read: &mut Inventory) {
    let mut known = BTreeSet::new();
    for owned in read.values_mut().filter_map(Arc::get_mut) {
        match known.get(&owned.component) {
            Some(component) => owned.component = ComponentId::clone(component),
            None => drop(known.insert(owned.component.clone())),
        }
    }
}

/// What a target itself says about who owns what: survives the loss of the database.
///
/// Several agents and repositories may share a target; each has its own mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// The version of the mark's format: 2. Version 1 had neither `since` nor `kept`.
    pub version: u32,
    /// Whose mark it is.
    pub scope: Scope,
    /// In which target it was found. A copy in another folder is not a mark.
    pub target: TargetName,
    /// By stack, the highest epoch that wrote here: a lower one is refused. Leases are taken stack
    /// by stack, so their epochs say nothing about each other.
    pub epochs: BTreeMap<StackName, Epoch>,
    /// By stack, the epoch from which on this mark was kept. It says nothing about what was owned
    /// before: then there was another one, and it was lost.
    #[serde(default)]
    pub since: BTreeMap<StackName, Epoch>,
    /// What is owned.
    pub resources: Inventory,
}

impl Mark {
    /// The format of this version of Isobar.
    pub const VERSION: u32 = 2;

    /// The oldest format that this version reads.
    pub const VERSION_MIN: u32 = 1;

    /// A mark that owns nothing.
    pub fn empty(scope: Scope, target: TargetName) -> Self {
        let resources = Inventory::new();
        let (epochs, since) = (BTreeMap::new(), BTreeMap::new());
        Self { version: Self::VERSION, scope, target, epochs, since, resources }
    }

    /// The highest epoch that wrote here for `stack`.
    pub fn epoch(&self, stack: &StackName) -> Epoch {
        self.epochs.get(stack).copied().unwrap_or_default()
    }

    /// The highest epoch that wrote here at all.
    pub fn epoch_max(&self) -> Epoch {
        self.epochs.values().copied().max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_one_component_share_its_name() {
        let entry = |key: &str, component: &str| {
            let json = serde_json::json!({
                "component": {"stack": "prod", "kind": "x", "name": component}, "applied": null, "uid": key, "epoch": 1,
            });
            (ResourceKey::new(key).unwrap(), Arc::new(serde_json::from_value(json).unwrap()))
        };
        let first: Inventory = [entry("a", "one"), entry("b", "two"), entry("c", "one")].into();
        let mut read = first.clone();
        // What somebody else holds stays as it is.
        share(&mut read);
        assert_eq!(read, first);
        drop(first);
        let before = read.iter().map(|(key, owned)| (key.clone(), Owned::clone(owned).into()));
        let before: Inventory = before.collect();
        share(&mut read);
        assert_eq!(read, before);
        let text = |key: &str| {
            let owned = &read[&ResourceKey::new(key).unwrap()];
            owned.component.name.as_str().as_ptr()
        };
        assert_eq!(text("a"), text("c"));
        assert_ne!(text("a"), text("b"));
    }
}
