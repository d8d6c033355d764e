//! Vetoes: why something is not applied now. One file each.
//!
//! Takes: the input of a plan, and the changes and holds found so far.
//! Gives: holds; never a change, never a change less.
//! Never: lets a later veto hide an earlier one: a person sees all of them at once.
//! Start at: [`apply`].
//! How to add: one file with a `holds`, and one line in the table. `foreign`, `unreadable` and
//! `unresolved` are asked before there is a change, by `action.rs`.

mod dependency;
pub(super) mod foreign;
mod freeze;
mod managed;
mod mass_delete;
mod moving;
mod protected;
mod unknown;
pub(super) mod unreadable;
pub(super) mod unresolved;
mod unwell;

use super::{Draft, PlanInput};
use crate::model::plan::Hold;

/// A veto on what is about to be planned.
type Veto = fn(&PlanInput<'_>, &Draft) -> Vec<Hold>;

/// Adds what the vetoes say. The last one sees what the others have held.
pub(super) fn apply(input: &PlanInput<'_>, draft: &mut Draft) {
    const VETOES: [Veto; 8] = [
        managed::holds,
        freeze::holds,
        mass_delete::holds,
        moving::holds,
        protected::holds,
        unknown::holds,
        unwell::holds,
        dependency::holds,
    ];
    for veto in VETOES {
        let holds = veto(input, draft);
        draft.holds.extend(holds);
    }
}
