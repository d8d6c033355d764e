//! The answer that a reader came for: the verdict in one line, and what it means in another.

use std::collections::BTreeSet;

use super::verdict::Verdict;
use super::{component, counts, decided, deviation, deviations, part, reason, several, step_end};
use super::{plans_by_severity, visible};
use crate::model::outcome::{Outcome, StepEnd};
use crate::model::plan::{Hold, HoldReason, Part, Plan};
use crate::model::review::{Progress, Review};

/// Most components that are named as being under way.
const NOW_MAX: usize = 3;

/// The verdict and what it is about, in one line.
pub fn headline(review: &Review) -> String {
    let verdict = Verdict::of(review);
    let changes = decided(review);
    let stacks: BTreeSet<_> = changes.iter().map(|change| &change.component.stack).collect();
    let errors = review.diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    match verdict {
        Verdict::Invalid if errors > 0 => {
            let errors = several(errors, "error");
            format!("{}: {errors} in the configuration", verdict.word())
        }
        Verdict::NoEffect => format!("{}: no stack changes", verdict.word()),
        Verdict::Held if stacks.is_empty() => {
            let in_doubt = review.plans.iter().filter(|plan| plan.is_in_doubt());
            let in_doubt: BTreeSet<_> = in_doubt.map(|plan| &plan.effect().stack).collect();
            let stacks = several(in_doubt.len(), "stack");
            format!("{}: no changes, and {stacks} in doubt", verdict.word())
        }
        _ => {
            let counts = counts(changes.iter().copied());
            let how = progress(review, verdict).unwrap_or_else(|| verdict.word().to_owned());
            format!("{how}: {counts} in {}", several(stacks.len(), "stack"))
        }
    }
}

/// The verdict with its figures, where it has any.
fn progress(review: &Review, verdict: Verdict) -> Option<String> {
    let (predicted, right) = outcomes(review)
        .map(Outcome::fields_as_predicted)
        .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    match verdict {
        Verdict::Applied => Some(format!("{} {right}/{predicted}", verdict.word())),
        Verdict::Deviated => {
            let otherwise = several(predicted - right, "field");
            Some(format!("Applied, and {otherwise} of {predicted} came out otherwise"))
        }
        Verdict::Applying | Verdict::Failed => {
            let (done, all) = review
                .plans
                .iter()
                .map(|plan| steps(review, plan))
                .fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            Some(format!("{}, {done} of {} done", verdict.word(), several(all, "step")))
        }
        _ => None,
    }
}

/// How many steps of a plan are done, of how many.
fn steps(review: &Review, plan: &Plan) -> (usize, usize) {
    let all = plan.effect().steps.len();
    match review.since.get(&plan.digest()).map(|since| &since.progress) {
        Some(Progress::Applying { steps_done, .. }) => (*steps_done, all),
        Some(Progress::Ended(outcome)) => {
            (outcome.steps.iter().filter(|step| step.end == StepEnd::Done).count(), all)
        }
        Some(Progress::Replaced) | None => (0, all),
    }
}

/// How one plan of a review stands: "applied as predicted 41/41", "failed 2/4", "held".
pub fn stands(review: &Review, plan: &Plan) -> String {
    let verdict = Verdict::of_shown(review, plan);
    let (done, all) = steps(review, plan);
    let word = verdict.word().to_lowercase();
    match review.since.get(&plan.digest()).map(|since| &since.progress) {
        Some(Progress::Ended(outcome)) if outcome.is_done() => super::outcome(outcome),
        Some(Progress::Applying { .. } | Progress::Ended(_)) => format!("{word} {done}/{all}"),
        Some(Progress::Replaced) | None => word,
    }
}

/// What the verdict means for whoever reads it, in a sentence or two; `None` where the headline
/// says all. What is between backticks is a name.
pub fn answer(review: &Review) -> Option<String> {
    let is_merged = review.pull.as_ref().is_some_and(|pull| pull.merged.is_some());
    let said = match (Verdict::of(review), is_merged) {
        (Verdict::NoEffect | Verdict::Applied, _) => return None,
        (Verdict::Observed, _) => "Nothing is applied: what is shown is only observed.".to_owned(),
        (Verdict::Settled, _) => {
            "What was shown did not all happen so; by now nothing is left to do.".to_owned()
        }
        (Verdict::Ready | Verdict::Approved, true) => "It is merged, and applied next.".to_owned(),
        (Verdict::Ready | Verdict::Approved, false) => {
            "Merging it applies exactly this.".to_owned()
        }
        (Verdict::NeedsApproval, is_merged) => needs_approval(review, is_merged)?,
        (Verdict::Applying, _) => under_way(review)?,
        (Verdict::Deviated, _) => first_deviation(review)?,
        (Verdict::Held, _) => held(review)?,
        (Verdict::Stale, _) => {
            "It was merged, and not applied: by now something else is asked for.".to_owned()
        }
        (Verdict::Failed, _) => first_failure(review)?,
        (Verdict::Invalid, _) => "Correct what is listed; then it is planned again.".to_owned(),
    };
    Some(said)
}

fn needs_approval(review: &Review, is_merged: bool) -> Option<String> {
    let mut holds = review.plans.iter().flat_map(|plan| &plan.envelope.holds);
    let missing = |hold: &Hold| match hold.reason {
        HoldReason::NotReviewed { approvals_needed, approvals, .. } => {
            approvals_needed.max(1).checked_sub(approvals).filter(|missing| *missing > 0)
        }
        _ => None,
    };
    let (hold, missing) = holds.find_map(|hold| Some((hold, missing(hold)?)))?;
    let then = if is_merged { "it is applied" } else { "merging it applies exactly this" };
    let why = sentence(&reason(&hold.reason));
    Some(match hold.reason {
        HoldReason::NotReviewed { approvals_needed: 0, .. } => format!("{why}."),
        _ => format!("{why}. With {missing} more, {then}."),
    })
}

fn under_way(review: &Review) -> Option<String> {
    let now: Vec<_> = plans_by_severity(review)
        .into_iter()
        .filter_map(|plan| match &review.since.get(&plan.digest())?.progress {
            Progress::Applying { now, .. } => Some(now),
            Progress::Ended(_) | Progress::Replaced => None,
        })
        .flatten()
        .collect();
    if now.is_empty() {
        return outcomes(review).find_map(|outcome| failure(outcome, true));
    }
    let named = now.iter().map(|id| format!("`{}` of `{}`", component(id), id.stack));
    Some(format!("Now: {}.", few(named)))
}

/// The first of those that are under way, and how many more there are.
pub fn few(names: impl ExactSizeIterator<Item = String>) -> String {
    let more = names.len().saturating_sub(NOW_MAX);
    let named = names.take(NOW_MAX).collect::<Vec<_>>().join(", ");
    if more == 0 { named } else { format!("{named} and {more} more") }
}

fn first_deviation(review: &Review) -> Option<String> {
    let comparisons = || outcomes(review).flat_map(|o| &o.steps).flat_map(|s| &s.comparisons);
    let deviating = comparisons().find(|comparison| !comparison.deviations.is_empty())?;
    let first = deviation(deviating.deviations.first()?);
    let more = outcomes(review).map(deviations).sum::<usize>() - 1;
    let more = if more == 0 { String::new() } else { format!(" And {more} more.") };
    Some(format!("`{}` `{first}`.{more}", visible(deviating.resource.as_str())))
}

fn held(review: &Review) -> Option<String> {
    let blocks = |hold: &&Hold| {
        !matches!(
            hold.reason,
            HoldReason::NotReviewed { .. }
                | HoldReason::Observed { .. }
                | HoldReason::Locked
                | HoldReason::Dependency { .. }
        )
    };
    let plans = plans_by_severity(review);
    let holds = |plan: &&Plan| plan.envelope.holds.iter().filter(blocks).count();
    let all: usize = plans.iter().map(holds).sum();
    let (plan, hold) = plans
        .iter()
        .find_map(|plan| Some((plan, plan.envelope.holds.iter().find(blocks)?)))
        .or_else(|| plans.iter().find_map(|plan| Some((plan, plan.envelope.holds.first()?))))?;
    let stack = visible(plan.effect().stack.as_str());
    let what = match &hold.part {
        Part::Plan => format!("`{stack}`"),
        on => format!("`{}` of `{stack}`", part(on)),
    };
    let more = match all.saturating_sub(1) {
        0 => String::new(),
        more => format!(" And {more} more."),
    };
    Some(format!("{what}: {}.{more}", reason(&hold.reason)))
}

fn first_failure(review: &Review) -> Option<String> {
    outcomes(review).find_map(|outcome| failure(outcome, false))
}

/// The first step that did not happen as it should: one that waits for a value, or another one.
fn failure(outcome: &Outcome, waits: bool) -> Option<String> {
    // What never began follows from something else, if there is something else.
    let rank = |end: &StepEnd| match end {
        StepEnd::Done => 9,
        StepEnd::Waits { .. } => {
            if waits {
                0
            } else {
                9
            }
        }
        StepEnd::Failed { .. } | StepEnd::Indeterminate { .. } => 1,
        StepEnd::Stale { .. } => 2,
        StepEnd::NotStarted { .. } => 3,
    };
    let first = outcome.steps.iter().min_by_key(|step| rank(&step.end))?;
    let end = step_end(&first.end).filter(|_| rank(&first.end) < 9)?;
    let stack = visible(outcome.stack.as_str());
    Some(format!("`{}` of `{stack}` {end}.", component(&first.component)))
}

fn outcomes(review: &Review) -> impl Iterator<Item = &Outcome> {
    plans_by_severity(review).into_iter().filter_map(|plan| {
        match &review.since.get(&plan.digest())?.progress {
            Progress::Ended(outcome) => Some(outcome),
            Progress::Applying { .. } | Progress::Replaced => None,
        }
    })
}

/// The clause with a capital.
fn sentence(clause: &str) -> String {
    let mut letters = clause.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    first + letters.as_str()
}
