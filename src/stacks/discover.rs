//! Which manifests are stacks of their own.

use std::sync::Arc;

use globset::{GlobSet, GlobSetBuilder};

use super::atmos_yaml::Dialect;
use super::path;
use crate::source::Snapshot;

/// The manifests that an include pattern names and no exclude pattern does, sorted by path.
pub(super) fn parents(snapshot: &Snapshot, dialect: &Dialect) -> Vec<Arc<str>> {
    let (included, excluded) = (set(&dialect.included), set(&dialect.excluded));
    let fits = |globs: &GlobSet, path: &str, below: &str| {
        globs.is_match(below) || (below != path && globs.is_match(path))
    };
    snapshot
        .below(&dialect.stacks)
        .map(|(path, _)| path)
        .filter(|path| {
            let below = path::below(path, &dialect.stacks);
            path::is_manifest(path) && fits(&included, path, below) && !fits(&excluded, path, below)
        })
        .cloned()
        .collect()
}

/// The patterns, each by itself, or with every extension a manifest may have if it names none.
fn set(patterns: &[String]) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for pattern in patterns {
        let extensions = if path::is_manifest(pattern) { &[""] } else { path::EXTENSIONS };
        // `atmos.yaml` was read with its patterns checked.
        for glob in extensions.iter().filter_map(|end| path::glob(&format!("{pattern}{end}")).ok())
        {
            set.add(glob.glob().clone());
        }
    }
    set.build().unwrap_or_default()
}
