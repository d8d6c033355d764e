//! Lets other stages' tests say what was built, without building it.

use super::*;

/// A complete rendering of these resources.
pub(crate) fn rendered(
    component: ComponentId,
    resources: BTreeMap<ResourceKey, Piece>,
    inputs: ContentId,
) -> Rendered {
    let (files, ciphers) = (Arc::default(), Arc::new([]));
    Rendered { component, resources: resources.into(), inputs, files, ciphers }
}
