//! The comment for a pull request that cannot be planned, because it cannot be merged.

use std::fmt::Write as _;

use super::escape::code;
use super::marker;
use crate::ids::Scope;

/// Most paths that are named.
const PATHS_MAX: usize = 20;

/// Says which paths have to be settled before there is anything to plan.
pub fn conflict(scope: &Scope, paths: &[String]) -> String {
    let mut out = format!(
        "{}\n### \u{26d4} Conflict: this cannot be merged, so there is nothing to plan\n\n",
        marker("plan", scope)
    );
    for path in paths.iter().take(PATHS_MAX) {
        let _ = writeln!(out, "- {}", code(path));
    }
    if paths.len() > PATHS_MAX {
        let _ = writeln!(out, "- and {} more", paths.len() - PATHS_MAX);
    }
    out.push_str(
        "\nMerge the base branch into this one and settle them; then it is planned again.\n",
    );
    out
}
