//! The comment that stands in the plan's place when there is nothing to plan.

use std::fmt::Write as _;

use super::escape::code;
use super::marker;
use crate::ids::{CommitId, PullNumber, Scope};
use crate::report::words::several;

/// Most paths that are named.
const PATHS_MAX: usize = 20;

/// A head that cannot be merged into its base has no plan: these paths conflict.
pub fn conflict(scope: &Scope, pull: PullNumber, head: &CommitId, paths: &[String]) -> String {
    let mut out = marker("plan", scope);
    let head: String = head.as_str().chars().take(8).collect();
    let conflicts = several(paths.len(), "path");
    let _ = writeln!(out, "\n### \u{26d4} No plan: {conflicts} in conflict\n");
    let _ = writeln!(
        out,
        "{} cannot be merged as it is. Merge the base into {pull}; the plan follows.\n",
        code(&head)
    );
    for path in paths.iter().take(PATHS_MAX) {
        let _ = writeln!(out, "- {}", code(path));
    }
    if paths.len() > PATHS_MAX {
        let _ = writeln!(out, "- and {} more", paths.len() - PATHS_MAX);
    }
    out
}
