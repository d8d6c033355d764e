//! Lets other stages' tests say what was built, without building it.

use super::*;

/// A complete rendering of these resources.
pub(crate) fn rendered(
    component: ComponentId,
    resources: BTreeMap<ResourceKey, impl Into<Box<Piece>>>,
    inputs: ContentId,
) -> Rendered {
    let (files, ciphers) = (Arc::default(), Arc::new([]));
    let resources: Pieces = resources.into_iter().map(|(k, p)| (k, p.into())).collect();
    let (resources, defines) = (resources.into(), ClusterKinds::new());
    Rendered { component, resources, inputs, files, ciphers, defines }
}
