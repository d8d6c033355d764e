//! What became of plans after the merge: what happened, what did not, and what to do now.

use std::fmt::Write as _;

use super::escape::{code, prose};
use super::outcome::{self, LINES_MAX};
use crate::model::outcome::{Outcome, StepEnd};
use crate::model::plan::Plan;
use crate::model::review::{Progress, Review};
use crate::report::words::{self, Verdict, several};

/// Most stacks that are told about, and most components that are named as done.
const STACKS_MAX: usize = 10;
const DONE_MAX: usize = 10;

/// What happened in each stack where it is not all as predicted, the worst first.
pub(super) fn write(out: &mut String, review: &Review) {
    let mut told: Vec<String> = Vec::new();
    for plan in words::plans_by_severity(review) {
        let Some(since) = review.since.get(&plan.digest()) else { continue };
        let verdict = Verdict::of_shown(review, plan);
        match &since.progress {
            Progress::Ended(outcome) if verdict != Verdict::Applied => told.push(ended(outcome)),
            Progress::Replaced => told.push(replaced(plan, since.left.as_ref())),
            Progress::Ended(_) | Progress::Applying { .. } => {}
        }
    }
    if told.is_empty() {
        return;
    }
    out.push_str("**What happened**\n\n");
    for stack in told.iter().take(STACKS_MAX) {
        out.push_str(stack);
        out.push('\n');
    }
    if told.len() > STACKS_MAX {
        let _ = writeln!(out, "and {}\n", several(told.len() - STACKS_MAX, "more stack"));
    }
}

fn ended(ended: &Outcome) -> String {
    let mut out = outcome::outcome(ended);
    let done = ended.steps.iter().filter(|step| step.end == StepEnd::Done);
    let mut names: Vec<_> = done.map(|step| words::component(&step.component)).collect();
    names.dedup();
    let unfinished = !ended.is_done() && ended.steps.len() <= LINES_MAX;
    if unfinished && !names.is_empty() {
        let shown: Vec<_> = names.iter().take(DONE_MAX).map(|name| code(name)).collect();
        let more = match names.len().saturating_sub(DONE_MAX) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let _ = writeln!(out, "- done: {}{more}", shown.join(", "));
    }
    out
}

fn replaced(plan: &Plan, left: Option<&Plan>) -> String {
    let stack = code(plan.effect().stack.as_str());
    let shown = code(&plan.digest().short());
    match left {
        Some(left) => {
            let (now, counts) = (code(&left.digest().short()), words::plan_counts(left));
            let counts = prose(&counts);
            format!(
                "\u{26a0}\u{fe0f} {stack}: {shown} was shown, and {now} is asked for: {counts}\n"
            )
        }
        None => format!("\u{2705} {stack}: {shown} was shown, and nothing is left to do\n"),
    }
}
