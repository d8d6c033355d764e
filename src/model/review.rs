//! What people look at: the stack plans of one pull-request head, or of one command.

mod showing;

use std::collections::BTreeMap;

use super::change::Action;
use super::outcome::Outcome;
use super::plan::Plan;
use crate::diagnostic::Diagnostic;
use crate::ids::{CommitId, ComponentId, Digest, PullNumber, Scope, StackName};

pub use showing::{Earlier, Replaced, Showing, ShownPlan};

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
    /// What became of plans once they were merged, by their digests. A plan that is not in it is
    /// still to be decided about, or waits for its run.
    pub since: BTreeMap<Digest, Since>,
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
    /// The commit it is part of its base with, if it is merged.
    pub merged: Option<CommitId>,
    /// What it showed before, where that is another plan now.
    pub earlier: Option<Earlier>,
}

/// What became of a plan that was shown and merged.
#[derive(Debug, Clone, PartialEq)]
pub struct Since {
    /// How far it came.
    pub progress: Progress,
    /// What its stack asks for now, if there is anything to do.
    pub left: Option<Plan>,
}

/// How far a plan came.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// Its run goes on.
    Applying {
        /// How many steps are done.
        steps_done: usize,
        /// The components whose steps are under way, sorted.
        now: Vec<ComponentId>,
    },
    /// Its run has ended.
    Ended(Outcome),
    /// Nothing of it has begun, and its stack asks for something else.
    Replaced,
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
        let since = BTreeMap::new();
        Self { scope, pull, plans, unchanged_stacks, diagnostics, since }
    }

    /// How many changes of an action all plans have together.
    pub fn count(&self, counts: impl Fn(&Action) -> bool) -> usize {
        let changes = self.plans.iter().flat_map(|plan| &plan.effect().changes);
        changes.filter(|change| counts(&change.action)).count()
    }
}
