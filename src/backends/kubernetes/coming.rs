//! What gives accounts their rights, and defines kinds, in a stack that is looked at.

use std::collections::BTreeMap;

use crate::build::{Piece, Rendered};
use crate::ids::ResourceKey;
use crate::model::need::Need;

/// By what somebody needs who acts on behalf of an account, or is of a kind that others define, what of the
/// stack gives it: it may not be there yet. Empty for most stacks.
pub(super) struct Coming<'a>(BTreeMap<&'a Need, Vec<&'a ResourceKey>>);

impl<'a> Coming<'a> {
    pub(super) fn of(all: &(impl Iterator<Item = &'a Rendered> + Clone)) -> Self {
        let pieces = || all.clone().flat_map(Rendered::resources);
        let may_come = |need: &&Need| matches!(need, Need::Behalf(_) | Need::Definition(_));
        let needs = pieces().flat_map(|(_, piece)| piece.needs.iter().filter(may_come));
        let mut coming: BTreeMap<_, Vec<_>> = needs.map(|need| (need, Vec::new())).collect();
        if !coming.is_empty() {
            for (key, piece) in pieces() {
                for given in &piece.gives {
                    if let Some(givers) = coming.get_mut(given) {
                        givers.push(key);
                    }
                }
            }
        }
        Self(coming)
    }

    /// Whether the stack defines the kind of an object.
    pub(super) fn defines(&self, piece: &Piece) -> bool {
        let mut needs = piece.needs.iter().filter(|need| matches!(need, Need::Definition(_)));
        needs.any(|need| !self.givers(need).is_empty())
    }

    /// What gives it, for whoever needs it.
    pub(super) fn givers(&self, need: &Need) -> &[&'a ResourceKey] {
        self.0.get(need).map(Vec::as_slice).unwrap_or_default()
    }
}
