//! Lists of what there is, a row each.

use std::collections::BTreeMap;

use super::section;
use super::shown::Shown;
use crate::model::desired::{Desired, Presence};

/// The stacks.
pub fn stack_rows(desired: &Desired) -> Shown<'_> {
    let rows =
        desired.stacks.keys().map(|name| Shown::map([("Stack", Shown::text(name.as_str()))]));
    Shown::List(rows.collect())
}

/// The components by name and kind, each with the number of stacks that have it. The abstract
/// ones are left out.
pub fn component_rows(desired: &Desired) -> Shown<'_> {
    let mut stacks: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for one in desired.components() {
        let kind = one.id.kind.as_str();
        if one.presence != Presence::Abstract && section::KINDS.contains(&kind) {
            *stacks.entry((one.id.name.as_str(), kind)).or_default() += 1;
        }
    }
    let rows = stacks.into_iter().map(|((name, kind), stacks)| {
        Shown::map([
            ("Component", Shown::text(name)),
            ("Stacks", Shown::text(stacks.to_string())),
            ("Type", Shown::text(kind)),
        ])
    });
    Shown::List(rows.collect())
}
