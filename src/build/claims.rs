//! No resource has two owners.

use std::collections::BTreeMap;

use super::Rendered;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::ids::{ComponentId, ResourceKey, TargetName};
use crate::model::desired::Desired;

/// Finds every resource that two components want in the same target, of whatever stack. The
/// component that comes first by name is taken for the rightful one. What could not be built
/// claims nothing.
pub fn claims(
    desired: &Desired,
    rendered: &BTreeMap<ComponentId, Result<Rendered, Vec<Diagnostic>>>,
) -> Vec<Diagnostic> {
    let mut wanted: BTreeMap<(&TargetName, &ResourceKey), Vec<&ComponentId>> = BTreeMap::new();
    for (id, rendered) in rendered {
        let target = desired.stacks.get(&id.stack).and_then(|stack| stack.target.as_ref());
        let (Some(target), Ok(rendered)) = (target, rendered) else { continue };
        for key in rendered.resources().keys() {
            wanted.entry((target, key)).or_default().push(id);
        }
    }
    let place = |id: &ComponentId| {
        let manifest = desired.component(id).map(|component| component.manifest.clone());
        Span::file(manifest.unwrap_or_default())
    };
    let mut found = Vec::new();
    for ((_, key), components) in wanted {
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
