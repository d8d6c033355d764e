//! No resource has two owners.

use std::collections::BTreeMap;

use super::Rendered;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::ids::{ComponentId, ResourceKey};
use crate::model::desired::Desired;

/// Finds every resource that two components of one target want, of whatever stack. `rendered` is
/// what lives in that target; the component that comes first by name is taken for the rightful one.
pub fn claims<'a>(
    rendered: impl IntoIterator<Item = &'a Rendered>,
    desired: &Desired,
) -> Vec<Diagnostic> {
    let mut wanted: BTreeMap<&ResourceKey, Vec<&ComponentId>> = BTreeMap::new();
    for one in rendered {
        for key in one.resources().keys() {
            wanted.entry(key).or_default().push(one.component());
        }
    }
    let place = |id: &ComponentId| {
        let manifest = desired.component(id).map(|component| component.manifest.clone());
        Span::file(manifest.unwrap_or_default())
    };
    let mut found = Vec::new();
    for (key, mut components) in wanted {
        components.sort();
        let Some((first, others)) = components.split_first() else { continue };
        for other in others {
            let message = format!("{other} wants `{key}`, which {first} wants too");
            found.push(
                Diagnostic::error(Code::ResourceClaimed, place(other), message)
                    .related(place(first), format!("{first} is defined here"))
                    .hint("rename one of the two, or give their stacks different targets"),
            );
        }
    }
    found
}
