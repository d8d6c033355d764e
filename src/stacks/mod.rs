//! Manifests into stacks.
