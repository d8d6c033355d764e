//! What stays as it is in components that change, because a program makes it up anew each time.

use std::collections::{BTreeMap, BTreeSet};

use super::{PlanInput, State};
use crate::ids::ResourceKey;
use crate::model::change::{Action, Change};
use crate::model::observation::Seen;
use crate::model::plan::Kept;
use crate::model::upkeep::{Hands, Upkeep};

/// Where nothing of a component changes, nobody has to be told what would not.
pub(super) fn all(input: &PlanInput<'_>, changes: &[Change]) -> Vec<Kept> {
    let by_key: BTreeMap<&ResourceKey, &Change> =
        changes.iter().map(|change| (&change.resource, change)).collect();
    let differ = changes.iter().filter(|change| change.action != Action::Keep);
    let components: BTreeSet<_> = differ.map(|change| &change.component).collect();
    let mut kept = Vec::new();
    for component in components {
        let State::Wanted(_, rendered) = input.state(component) else { continue };
        let Some(observation) = input.observation(component) else { continue };
        for (resource, piece) in rendered.resources() {
            let is_there = match observation.resources.get(resource) {
                Some(Seen::Same { .. }) => true,
                Some(Seen::Compared(both)) => both.live.is_some(),
                _ => false,
            };
            if !is_there || Upkeep::of(piece.body.value()).hands != Hands::On {
                continue;
            }
            // What is among the changes is told there.
            let fields = by_key.get(resource).map_or(&[][..], |change| &change.fields);
            let told = |path| {
                fields.iter().any(|field| field.path.is_under(path) || path.is_under(&field.path))
            };
            kept.extend(piece.kept().filter(|path| !told(path)).map(|field| Kept {
                component: component.clone(),
                resource: resource.clone(),
                field: field.clone(),
            }));
        }
    }
    kept
}
