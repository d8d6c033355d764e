//! How a review and a stack stand, in one word.

use super::ends::deviations;
use crate::model::change::Cause;
use crate::model::plan::{Hold, HoldReason, Plan};
use crate::model::review::{Progress, Review, Since};
use crate::model::revision::Revision;
use crate::model::status::StackStatus;

/// Where a review stands, in the order of how much it needs somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing would happen.
    NoEffect,
    /// What is shown is only observed.
    Observed,
    /// It was applied, and came out as predicted.
    Applied,
    /// Not all of it was applied, and by now nothing is to be done.
    Settled,
    /// It goes ahead when it is merged, or has been.
    Ready,
    /// People have approved it, and it is not merged.
    Approved,
    /// It is being applied, or a part of it waits for a value.
    Applying,
    /// It was applied, and not everything came out as predicted.
    Deviated,
    /// People have to approve it.
    NeedsApproval,
    /// Something is held for another reason than review.
    Held,
    /// It was merged, and something else is asked for by now.
    Stale,
    /// It was not applied, or not all of it.
    Failed,
    /// The configuration is wrong.
    Invalid,
}

impl Verdict {
    /// The worst that is true of any of its plans.
    pub fn of(review: &Review) -> Self {
        let invalid = review.diagnostics.iter().any(crate::diagnostic::Diagnostic::is_error);
        let worst = review.plans.iter().map(|plan| Self::of_shown(review, plan)).max();
        if invalid { Self::Invalid } else { worst.unwrap_or(Self::NoEffect) }
    }

    /// What is true of one plan of a review, with what became of it.
    pub fn of_shown(review: &Review, plan: &Plan) -> Self {
        review.since.get(&plan.digest()).map_or_else(|| Self::of_plan(plan), Self::of_since)
    }

    fn of_since(since: &Since) -> Self {
        match (&since.progress, &since.left) {
            (Progress::Applying { .. }, _) => Self::Applying,
            (Progress::Ended(outcome), _) if outcome.is_done() => match deviations(outcome) {
                0 => Self::Applied,
                _ => Self::Deviated,
            },
            (Progress::Ended(outcome), left) if outcome.is_done_so_far() => match left {
                Some(_) => Self::Applying,
                // A later run did what waited for a value.
                None => Self::Applied,
            },
            (Progress::Ended(_), Some(_)) => Self::Failed,
            (Progress::Replaced, Some(_)) => Self::Stale,
            (Progress::Ended(_) | Progress::Replaced, None) => Self::Settled,
        }
    }

    /// What is true of one plan. What is only observed has no steps, and
    /// counts only if nothing else has.
    pub fn of_plan(plan: &Plan) -> Self {
        let observed =
            |hold: &Hold| matches!(hold.reason, HoldReason::Observed { .. } | HoldReason::Locked);
        let acts = !plan.effect().steps.is_empty();
        if !plan.is_empty() && !acts && plan.envelope.holds.iter().any(observed) {
            return Self::Observed;
        }
        let on_pull = matches!(plan.envelope.revision, Revision::Merge { .. });
        let of = |hold: &Hold| match &hold.reason {
            HoldReason::NotReviewed { approvals_needed, approvals, .. }
                if approvals < approvals_needed =>
            {
                Self::NeedsApproval
            }
            HoldReason::NotReviewed { approvals_needed: 1.., .. } => Self::Approved,
            HoldReason::NotReviewed { .. } if !on_pull => Self::NeedsApproval,
            HoldReason::NotReviewed { .. } | HoldReason::Moving { .. } => Self::Ready,
            HoldReason::Observed { .. } | HoldReason::Locked => Self::NoEffect,
            HoldReason::Unresolved { .. } => Self::Invalid,
            _ => Self::Held,
        };
        let own = if plan.is_empty() { Self::NoEffect } else { Self::Ready };
        plan.envelope.holds.iter().map(of).fold(own, Self::max)
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::NoEffect => "No effect",
            Self::Observed => "Only observed",
            Self::Settled => "Settled",
            Self::Applied => "Applied as predicted",
            Self::Ready => "Ready",
            Self::Approved => "Approved",
            Self::Applying => "Applying",
            Self::Deviated => "Applied, not as predicted",
            Self::NeedsApproval => "Needs approval",
            Self::Held => "Held",
            Self::Stale => "Stale",
            Self::Failed => "Failed",
            Self::Invalid => "Invalid",
        }
    }
}

/// How a stack stands, in the order of how much it needs somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// As it should be.
    InSync,
    /// It differs and is only observed.
    Observed,
    /// It differs, because the configuration asks for something new.
    Waiting,
    /// It differs from what was last applied.
    Drifted,
    /// Something is held for another reason than review.
    Held,
    /// The last run did not end well.
    Failed,
}

impl State {
    /// How a stack stands.
    pub fn of(stack: &StackStatus) -> Self {
        let drifts = stack.plan.effect().changes.iter().any(|c| c.cause == Cause::Drift);
        let failed =
            stack.last.as_ref().is_some_and(|last| !last.is_done() && !last.is_done_so_far());
        match Verdict::of_plan(&stack.plan) {
            Verdict::NoEffect => Self::InSync,
            _ if failed => Self::Failed,
            Verdict::Held | Verdict::Invalid => Self::Held,
            Verdict::Observed => Self::Observed,
            _ if drifts => Self::Drifted,
            _ => Self::Waiting,
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::InSync => "in sync",
            Self::Observed => "observed",
            Self::Waiting => "waiting",
            Self::Drifted => "drifted",
            Self::Held => "held",
            Self::Failed => "failed",
        }
    }
}
