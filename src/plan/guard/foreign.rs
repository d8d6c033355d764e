//! Somebody else's: another agent's mark, or another component's claim.

use crate::ids::{ComponentId, ResourceKey};
use crate::model::observation::{Compared, Owner};
use crate::model::plan::HoldReason;
use crate::plan::PlanInput;

/// Why the component may not have a resource that it wants.
pub(in crate::plan) fn veto(
    input: &PlanInput<'_>,
    id: &ComponentId,
    resource: &ResourceKey,
    compared: &Compared,
) -> Option<HoldReason> {
    if let Owner::Foreign(owner) = &compared.owner {
        return Some(HoldReason::Foreign { owner: owner.clone() });
    }
    let owner = input.owned.get(resource).map(|owned| &owned.component);
    let is_ours = owner == Some(id);
    let marked = match &compared.owner {
        Owner::Other(other) => Some(other),
        _ => None,
    };
    // The inventory says one thing and the object another: neither is believed.
    if let Some(other) = marked.filter(|_| is_ours) {
        return Some(HoldReason::Foreign { owner: other.to_string() });
    }
    let claimed = input.evidence.other_claim(resource, id).filter(|_| !is_ours);
    // Whoever owns it may still want it, if not everything could be resolved.
    let other = marked.or(owner).filter(|owner| *owner != id);
    let unproven = other.filter(|_| !input.evidence.missing.is_empty());
    claimed.or(unproven).map(|by| HoldReason::Claimed { by: by.clone() })
}
