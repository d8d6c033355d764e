//! How a review and a stack stand, in one word.

use crate::model::change::Cause;
use crate::model::plan::{Hold, HoldReason, Plan};
use crate::model::review::Review;
use crate::model::status::StackStatus;

/// Where a review stands, in the order of how much it needs somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing would happen.
    NoEffect,
    /// What is shown is only observed.
    Observed,
    /// It goes ahead when it is merged, or has been.
    Ready,
    /// People have to approve it.
    NeedsApproval,
    /// Something is held for another reason than review.
    Held,
    /// The configuration is wrong.
    Invalid,
}

impl Verdict {
    /// The worst that is true of any of its plans.
    pub fn of(review: &Review) -> Self {
        let invalid = review.diagnostics.iter().any(crate::diagnostic::Diagnostic::is_error);
        let worst = review.plans.iter().map(Self::of_plan).max().unwrap_or(Self::NoEffect);
        if invalid { Self::Invalid } else { worst }
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
        let of = |hold: &Hold| match &hold.reason {
            HoldReason::NotReviewed { approvals_needed, approvals, .. }
                if approvals < approvals_needed =>
            {
                Self::NeedsApproval
            }
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
            Self::Ready => "Ready",
            Self::NeedsApproval => "Needs approval",
            Self::Held => "Held",
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
            Verdict::Ready | Verdict::NeedsApproval if drifts => Self::Drifted,
            Verdict::Ready | Verdict::NeedsApproval => Self::Waiting,
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
