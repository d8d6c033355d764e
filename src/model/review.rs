//! What people look at: the stack plans of one pull-request head, or of one command.

use super::change::Action;
use super::plan::Plan;
use crate::diagnostic::Diagnostic;
use crate::ids::{CommitId, PullNumber, Scope, StackName};

/// The set of stack plans that are decided about together. Approving it approves the digests it
/// lists, each for itself: a stack that changes later voids only itself.
///
/// It has no serialized form: plans hold what is never shown, and `report::json` leaves it out.
#[derive(Debug, Clone, PartialEq)]
pub struct Review {
    /// Whose plans they are.
    pub scope: Scope,
    /// Where they are decided about, if that is a pull request.
    pub pull: Option<PullReview>,
    /// The plans that have something to show, in the order of stack names.
    pub plans: Vec<Plan>,
    /// Stacks for which there is nothing to do.
    pub unchanged_stacks: Vec<StackName>,
    /// What is wrong with the configuration, in the order of files and positions.
    pub diagnostics: Vec<Diagnostic>,
}

/// The pull request a review belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullReview {
    /// Its number.
    pub number: PullNumber,
    /// Its title. Hostile text.
    pub title: String,
    /// Its last commit.
    pub head: CommitId,
    /// The tip of the branch it goes into.
    pub base: CommitId,
}

impl Review {
    /// Sorts plans into those that have something to show and those that have not.
    pub fn new(
        scope: Scope,
        pull: Option<PullReview>,
        plans: impl IntoIterator<Item = Plan>,
        diagnostics: Vec<Diagnostic>,
    ) -> Self {
        let shows =
            |plan: &Plan| !plan.effect().changes.is_empty() || !plan.envelope.holds.is_empty();
        let (mut plans, unchanged): (Vec<_>, Vec<_>) = plans.into_iter().partition(shows);
        plans.sort_by(|a, b| a.effect().stack.cmp(&b.effect().stack));
        let mut unchanged_stacks: Vec<_> =
            unchanged.into_iter().map(|plan| plan.effect().stack.clone()).collect();
        unchanged_stacks.sort();
        Self { scope, pull, plans, unchanged_stacks, diagnostics }
    }

    /// How many changes of an action all plans have together.
    pub fn count(&self, counts: impl Fn(&Action) -> bool) -> usize {
        let changes = self.plans.iter().flat_map(|plan| &plan.effect().changes);
        changes.filter(|change| counts(&change.action)).count()
    }
}
