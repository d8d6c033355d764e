//! The comment for a head that was pushed and cannot be planned now.

use super::earlier::short;
use super::marker;
use crate::ids::{CommitId, Scope};

/// Says that what was shown before is not about `head`. Why it cannot be planned is for those who
/// run the agent: it may tell of their machines.
pub fn unplanned(scope: &Scope, head: &CommitId) -> String {
    format!(
        "{}\n### \u{26a0}\u{fe0f} Stale: {} is not planned yet\n\n\
         Nothing that was shown or approved here before is about it. It cannot be planned now; the \
         agent's log says why, and it is tried again by itself.\n",
        marker("plan", scope),
        short(head)
    )
}
