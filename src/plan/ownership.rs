//! What the inventory and the target's mark should say about a stack, and do not.
//!
//! This changes no resource, so no authority is needed for it. It never makes an owner of us: an
//! entry is only completed where the inventory names the resource already and the target does not
//! contradict it.

use super::diff::{diff, keep_ignored};
use super::{PlanInput, State};
use crate::ids::{ContentId, ResourceKey};
use crate::model::inventory::{Inventory, Mark, Owned};
use crate::model::observation::{Compared, Owner, Seen};
use crate::model::upkeep::Upkeep;

/// Entries to write to the inventory and to the mark.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Amends {
    /// The entries, as both should have them.
    pub entries: Inventory,
    /// How many of them the mark had lost.
    pub marked: usize,
}

/// Compares what is remembered with what `input` saw:
///
/// - A mark that was lost is written anew, where what is there is what was last applied. Later
///   deletes have both witnesses again.
/// - What an interrupted run left without its content gets it, where what is there is what is
///   wanted.
/// - Whether a resource outlives its component (`prune: false`) is taken down while the component
///   is there to say so.
pub fn ownership(input: &PlanInput<'_>) -> Amends {
    let mut amends = Amends::default();
    let Some(mark) = input.mark else { return amends };
    let ours = input.owned.iter().filter(|(_, owned)| {
        owned.component.stack == input.stack.name && input.acts_on(&owned.component)
    });
    for (key, owned) in ours {
        let observation = input.observation(&owned.component);
        let Some(seen) = observation.and_then(|o| o.resources.get(key)) else { continue };
        let marked = mark.resources.get(key);
        let known = marked.filter(|marked| marked.component == owned.component);
        let applied = owned.applied.or_else(|| as_wanted(input, owned, seen));
        let entry = Owned {
            kept: kept(input, owned),
            applied: applied.or_else(|| known.and_then(|marked| marked.applied)),
            ..Owned::clone(owned)
        };
        let lost = match marked {
            Some(marked) if marked.component != owned.component => continue,
            Some(marked) => {
                let agrees = (marked.kept, marked.applied) == (entry.kept, entry.applied);
                if entry == **owned && (agrees || marked.epoch > owned.epoch) {
                    continue;
                }
                false
            }
            None if is_lost(mark, owned) && is_what_was_applied(owned, seen) => true,
            None => continue,
        };
        amends.marked += usize::from(lost);
        amends.entries.insert(ResourceKey::clone(key), entry.into());
    }
    amends
}

/// Whether a mark lacks an entry because the mark itself was lost. One that was kept since before
/// the entry was written has it, unless somebody took it out.
fn is_lost(mark: &Mark, owned: &Owned) -> bool {
    let stack = &owned.component.stack;
    match mark.epochs.contains_key(stack) {
        true => mark.since.get(stack).is_some_and(|since| owned.epoch < *since),
        false => true,
    }
}

/// Whether the object is the one the inventory speaks of: it has the id that was written down, or
/// without one exactly the content.
fn is_what_was_applied(owned: &Owned, seen: &Seen) -> bool {
    match seen {
        Seen::Same { fingerprint } => owned.applied == Some(*fingerprint),
        Seen::Compared(both) if matches!(both.owner, Owner::This | Owner::Nobody) => {
            let content = both.live.as_ref().map(|live| live.content_id());
            match (&owned.uid, &both.uid) {
                (Some(known), Some(uid)) => known == uid && content.is_some(),
                _ => content.is_some() && content == owned.applied,
            }
        }
        Seen::Compared(_)
        | Seen::Absent
        | Seen::Unreadable { .. }
        | Seen::Refused { .. }
        | Seen::Ambiguous { .. } => false,
    }
}

/// What is there, if it is what the component wants.
fn as_wanted(input: &PlanInput<'_>, owned: &Owned, seen: &Seen) -> Option<ContentId> {
    let State::Wanted(component, _) = input.state(&owned.component) else { return None };
    match seen {
        Seen::Same { fingerprint } => Some(*fingerprint),
        Seen::Compared(both) => {
            let Compared { live: Some(live), intended: Some(intended), owner: Owner::This, .. } =
                &**both
            else {
                return None;
            };
            let mut ignore = Upkeep::of(intended.value()).ignore;
            ignore.extend_from_slice(&component.reconcile.ignore);
            let value = keep_ignored(intended.value(), live.value(), &ignore);
            let is_there = diff(Some(live.value()), Some(&value)).is_empty();
            is_there.then(|| intended.content_id())
        }
        Seen::Absent | Seen::Unreadable { .. } | Seen::Refused { .. } | Seen::Ambiguous { .. } => {
            None
        }
    }
}

/// What the component says now; what it said last, once it is gone.
fn kept(input: &PlanInput<'_>, owned: &Owned) -> bool {
    match input.state(&owned.component) {
        State::Wanted(component, _) => component.reconcile.outlives(),
        _ => owned.kept,
    }
}

#[cfg(test)]
mod tests;
