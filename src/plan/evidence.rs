//! Whether what is missing from the revision is really gone.

use std::collections::{BTreeMap, BTreeSet};

use crate::build::Rendered;
use crate::diagnostic::Diagnostic;
use crate::ids::{ComponentId, ResourceKey, StackName, TargetName};
use crate::model::desired::{Desired, Presence};

/// What is known about everything else that lives in a target. Gathered once per revision and
/// target, over all stacks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    /// What is missing before anything can be called gone, for people. Empty: nothing is.
    pub missing: Vec<String>,
    /// Which components of the revision want which resource: one, if nothing is wrong.
    pub claims: BTreeMap<ResourceKey, Vec<ComponentId>>,
}

impl Evidence {
    /// Looks at every stack that names `target` now or is `owning` something in it.
    ///
    /// `rendered` has to hold what all of their active components were built into; `narrowed`
    /// says how a person narrowed the selection, if one did.
    pub fn gather(
        desired: &Desired,
        target: &TargetName,
        owning: &BTreeSet<StackName>,
        rendered: &BTreeMap<ComponentId, Result<Rendered, Vec<Diagnostic>>>,
        narrowed: Option<&str>,
    ) -> Self {
        let mut evidence = Self::default();
        evidence.missing.extend(narrowed.map(|by| format!("everything outside of {by}")));
        let nameless = desired.nameless.iter();
        evidence.missing.extend(nameless.map(|file| format!("the stack of `{file}`")));
        evidence.missing.extend(desired.unsettled.iter().cloned());
        for stack in desired.stacks.values() {
            let names_target = stack.target.as_ref() == Some(target);
            // What cannot be resolved may name any target.
            let may_name = names_target || stack.target.is_none() && !stack.unresolved.is_empty();
            if !may_name && !owning.contains(&stack.name) {
                continue;
            }
            let unresolved = stack.unresolved.keys();
            evidence.missing.extend(
                unresolved.map(|(kind, name)| format!("`{}/{kind}/{name}` resolved", stack.name)),
            );
            let active = stack.components.values().filter(|c| c.presence == Presence::Active);
            for component in active {
                let claims = evidence.built(&component.id, rendered.get(&component.id));
                for resource in claims.filter(|_| names_target) {
                    let claimants = evidence.claims.entry(resource.clone());
                    let one = || Vec::with_capacity(1);
                    claimants.or_insert_with(one).push(component.id.clone());
                }
            }
        }
        evidence
    }

    fn built<'a>(
        &mut self,
        id: &ComponentId,
        rendered: Option<&'a Result<Rendered, Vec<Diagnostic>>>,
    ) -> impl Iterator<Item = &'a ResourceKey> + use<'a> {
        let rendered = rendered.and_then(|built| built.as_ref().ok());
        if rendered.is_none() {
            self.missing.push(format!("`{id}` built"));
        }
        rendered.into_iter().flat_map(|rendered| rendered.resources().keys())
    }

    /// A component other than `id` that wants the resource.
    pub(super) fn other_claim(
        &self,
        resource: &ResourceKey,
        id: &ComponentId,
    ) -> Option<&ComponentId> {
        self.claims.get(resource)?.iter().find(|claimant| *claimant != id)
    }
}
