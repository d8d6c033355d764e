//! What a pull request showed before: an approval of that does not count for what it shows now.

use std::fmt::Write as _;

use super::Limits;
use super::escape::{code, prose};
use crate::ids::CommitId;
use crate::model::review::{Earlier, PullReview, Replaced};
use crate::report::words::several;

/// Most stacks that are named.
const STACKS_MAX: usize = 10;

/// Says what was shown before, where that is another plan now, and what changed it.
pub(super) fn write(out: &mut String, pull: &PullReview, limits: &Limits) {
    let Some(earlier) = &pull.earlier else { return };
    let voided = earlier.replaced.iter().any(|stack| stack.approvals > 0);
    if limits.alerts {
        let _ = writeln!(out, "> [!{}]", if voided { "WARNING" } else { "NOTE" });
    }
    let again = if voided { ", and what was approved asks again" } else { "" };
    let _ = writeln!(out, "> **Planned anew{again}:** {}", what_moved(earlier, pull));
    for stack in earlier.replaced.iter().take(STACKS_MAX) {
        let _ = writeln!(out, "> - {}", line(stack));
    }
    if earlier.replaced.len() > STACKS_MAX {
        let _ = writeln!(out, "> - and {} more", earlier.replaced.len() - STACKS_MAX);
    }
    out.push('\n');
}

fn what_moved(earlier: &Earlier, pull: &PullReview) -> String {
    let moved = |what: &str, from: &CommitId, to: &CommitId| {
        (from != to).then(|| format!("the {what} moved from {} to {}", short(from), short(to)))
    };
    let head = moved("head", &earlier.head, &pull.head);
    let base = moved("base", &earlier.base, &pull.base);
    let moved: Vec<_> = head.into_iter().chain(base).collect();
    match moved.is_empty() {
        true => "what runs is not what it was".to_owned(),
        false => moved.join(", and "),
    }
}

fn line(stack: &Replaced) -> String {
    let name = code(stack.stack.as_str());
    let digest = |digest: &crate::ids::Digest| code(&digest.short());
    let approved = match stack.approvals {
        0 => String::new(),
        count => format!(" with {}", several(count, "approval")),
    };
    match (&stack.before, &stack.after) {
        (Some(before), Some(after)) => {
            format!("{name}: {}{approved} \u{2192} {}", digest(before), digest(after))
        }
        (Some(before), None) => {
            format!("{name}: {}{approved} \u{2192} {}", digest(before), prose("nothing to do"))
        }
        (None, after) => {
            let after = after.as_ref().map(digest).unwrap_or_default();
            format!("{name}: nothing to do \u{2192} {after}")
        }
    }
}

/// The first eight digits.
pub(super) fn short(id: &CommitId) -> String {
    code(&id.as_str().chars().take(8).collect::<String>())
}
