//! What a pull request shows by now, and what that replaced.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::ids::{CommitId, Digest, StackName, TargetName};
use crate::model::plan::Plan;

/// What a pull request shows: the plans of one head onto one base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Showing {
    /// Its last commit.
    pub head: CommitId,
    /// The tip of the branch it goes into.
    pub base: CommitId,
    /// The plans, by stack and target.
    pub plans: Vec<ShownPlan>,
    /// What was shown before, where that was something else.
    pub earlier: Option<Earlier>,
}

/// One plan that is shown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ShownPlan {
    /// Of which stack.
    pub stack: StackName,
    /// Where.
    pub target: TargetName,
    /// Which one.
    pub digest: Digest,
}

/// What was shown last before the plans of now. Approvals of it do not count for them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// The head it was shown for.
    pub head: CommitId,
    /// The base it was shown for.
    pub base: CommitId,
    /// What differs, by stack.
    pub replaced: Vec<Replaced>,
}

/// One stack's plan then and now. At least one of the two is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replaced {
    /// Which stack.
    pub stack: StackName,
    /// What was shown; `None`: nothing was to be done.
    pub before: Option<Digest>,
    /// What is shown; `None`: nothing is to be done any more.
    pub after: Option<Digest>,
    /// How many people had approved what was shown.
    pub approvals: usize,
}

impl Showing {
    /// `plans` for `head` onto `base`, with nothing before.
    pub fn new<'a>(
        head: CommitId,
        base: CommitId,
        plans: impl IntoIterator<Item = &'a Plan>,
    ) -> Self {
        let shown = |plan: &Plan| {
            let effect = plan.effect();
            let (stack, target) = (effect.stack.clone(), effect.target.clone());
            ShownPlan { stack, target, digest: plan.digest() }
        };
        let mut plans: Vec<_> = plans.into_iter().map(shown).collect();
        plans.sort();
        Self { head, base, plans, earlier: None }
    }

    /// The same after `before`, whose digests had so many `approvals`. The same plans for another
    /// head or base are no news: what they replaced stays what it was.
    pub fn after(self, before: Self, approvals: &BTreeMap<Digest, usize>) -> Self {
        if before.plans == self.plans {
            return Self { earlier: before.earlier, ..self };
        }
        let mut pairs: BTreeMap<_, [Option<Digest>; 2]> = BTreeMap::new();
        for (side, plans) in [&before.plans, &self.plans].into_iter().enumerate() {
            for plan in plans {
                pairs.entry((&plan.stack, &plan.target)).or_default()[side] = Some(plan.digest);
            }
        }
        let differing = pairs.into_iter().filter(|(_, [before, after])| before != after);
        let replaced = differing.map(|((stack, _), [before, after])| {
            let approvals = before.and_then(|digest| approvals.get(&digest).copied());
            Replaced { stack: stack.clone(), before, after, approvals: approvals.unwrap_or(0) }
        });
        let replaced = replaced.collect();
        let Self { head, base, .. } = before;
        Self { earlier: Some(Earlier { head, base, replaced }), ..self }
    }
}

#[cfg(test)]
mod tests;
