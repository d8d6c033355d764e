//! Which manifests are stacks of their own.

use std::sync::Arc;

use globset::GlobMatcher;

use super::atmos_yaml::Dialect;
use super::path;
use crate::source::Snapshot;

/// The manifests that an include pattern names and no exclude pattern does, sorted by path.
pub(super) fn parents(snapshot: &Snapshot, dialect: &Dialect) -> Vec<Arc<str>> {
    let included: Vec<_> = dialect.included.iter().flat_map(|glob| with_extensions(glob)).collect();
    let excluded: Vec<_> = dialect.excluded.iter().flat_map(|glob| with_extensions(glob)).collect();
    let fits = |globs: &[GlobMatcher], path: &str, below: &str| {
        globs.iter().any(|glob| glob.is_match(below) || glob.is_match(path))
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

/// The pattern itself, or with every extension a manifest may have if it names none.
fn with_extensions(pattern: &str) -> Vec<GlobMatcher> {
    let patterns = if path::is_manifest(pattern) {
        vec![pattern.to_owned()]
    } else {
        path::EXTENSIONS.iter().map(|extension| format!("{pattern}{extension}")).collect()
    };
    // `atmos.yaml` was read with its patterns checked.
    patterns.iter().filter_map(|pattern| path::glob(pattern).ok()).collect()
}
