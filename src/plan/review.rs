//! What allows each step of a plan: reviewed, merged, or standing. There is no fourth.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::ids::{Actor, CommitId, Digest, PullNumber, ResourceKey};
use crate::model::authority::{Approval, Authority};
use crate::model::desired::Stack;
use crate::model::plan::{Envelope, Hold, HoldReason, Part, Plan, Step};
use crate::model::policy::{Manage, RepositoryPolicy, RequiredReview, Review};
use crate::model::revision::Revision;

/// What decides whether a plan may start.
#[derive(Debug, Clone, Copy)]
pub struct ReviewInput<'a> {
    /// The policy of the base branch.
    pub policy: &'a RepositoryPolicy,
    /// The stack as it was planned: how its components are managed.
    pub stack: &'a Stack,
    /// Every approval that was ever given for the plan's stack.
    pub approvals: &'a [Approval],
    /// Whose approvals do not count: the authors of what is planned.
    pub authors: &'a BTreeSet<Actor>,
    /// The digests last shown for heads that were then merged, and on which pull request.
    pub shown: &'a BTreeMap<Digest, PullNumber>,
    /// What was said about a plan of the stack that had unknown values in it.
    pub earlier: Option<&'a Earlier>,
    /// The commit that the branch no longer contains, while nobody has said that this was meant.
    pub rewritten_from: Option<&'a CommitId>,
    /// What time it is.
    pub now: Timestamp,
}

/// What was said about a plan with unknown values, and whether it covers the plan at hand.
#[derive(Debug, Clone, PartialEq)]
pub struct Earlier {
    /// Which plan.
    pub digest: Digest,
    /// Every approval of it.
    pub approvals: Vec<Approval>,
    /// The pull request it was shown on for the head that was then merged.
    pub pull: Option<PullNumber>,
    /// What the plan at hand does beyond it, for people; `None`: it is that plan with the unknown
    /// values filled in.
    pub beyond: Option<String>,
}

/// What allows a step, by its index. A step that is not in it may not start; one that is may
/// still be held for another reason.
pub type Authorities = BTreeMap<usize, Authority>;

/// Finds what allows each step, and holds those that nothing allows as not reviewed. What the
/// approvals that hold let go by name is no longer held for being many, or for good.
///
/// A plan of what a pull request would bring starts nothing, whoever approved it: it is merged
/// first.
pub fn review(plan: Plan, input: &ReviewInput<'_>) -> (Plan, Authorities) {
    let earlier = input.earlier.filter(|earlier| earlier.beyond.is_none());
    let said = Said::of(&plan, input);
    let said = match earlier.filter(|_| !said.is_enough(input.policy)) {
        Some(earlier) => Said::of_earlier(earlier, input).or(said, input.policy),
        None => said,
    };
    let whole = match &plan.envelope.revision {
        Revision::Merge { .. } => None,
        Revision::Commit(_) | Revision::Folder(_) => said.authority(input.policy),
    };
    let authority = |at: usize, step: &Step| {
        let standing = || stands(&plan, step, input).then(|| standing(step));
        Some((at, whole.clone().or_else(standing)?))
    };
    let steps = plan.effect().steps.iter().enumerate();
    let authorities: Authorities = steps.filter_map(|(at, step)| authority(at, step)).collect();
    let approvals_needed = required(input.policy).map_or(0, |required| required.approvals);
    let reason = HoldReason::NotReviewed {
        approvals_needed,
        approvals: u32::try_from(said.by.len()).unwrap_or(u32::MAX),
        because: because(input),
    };
    let mut holds = lifted(&plan, &said.approvals);
    holds.extend(
        unallowed(&plan, &authorities)
            .into_iter()
            .map(|part| Hold { part, reason: reason.clone() }),
    );
    holds.sort();
    let envelope = Envelope { holds, ..plan.envelope.clone() };
    (plan.with_envelope(envelope), authorities)
}

/// What people said about one digest, as far as it counts now.
struct Said<'a> {
    digest: Digest,
    approvals: Vec<&'a Approval>,
    by: BTreeSet<Actor>,
    pull: Option<PullNumber>,
}

impl<'a> Said<'a> {
    fn of(plan: &Plan, input: &ReviewInput<'a>) -> Self {
        let digest = plan.digest();
        Self::about(digest, input.approvals, input.shown.get(&digest).copied(), input)
    }

    fn of_earlier(earlier: &'a Earlier, input: &ReviewInput<'a>) -> Self {
        Self::about(earlier.digest, &earlier.approvals, earlier.pull, input)
    }

    /// The approvals of exactly this digest that hold now.
    fn about(
        digest: Digest,
        approvals: &'a [Approval],
        pull: Option<PullNumber>,
        input: &ReviewInput<'a>,
    ) -> Self {
        let hours = required(input.policy).map_or(i64::MAX, |r| i64::from(r.approval_hours));
        let holds = |approval: &&Approval| {
            let age = input.now.duration_since(approval.at);
            approval.digest == digest
                && !input.authors.contains(&approval.by)
                && age >= SignedDuration::ZERO
                && age.as_hours() < hours
                && input.now < approval.until
        };
        let approvals: Vec<_> = approvals.iter().filter(holds).collect();
        let by = approvals.iter().map(|approval| approval.by.clone()).collect();
        Self { digest, approvals, by, pull }
    }

    /// This, if it is enough; else the other.
    fn or(self, other: Self, policy: &RepositoryPolicy) -> Self {
        if self.is_enough(policy) { self } else { other }
    }

    fn is_enough(&self, policy: &RepositoryPolicy) -> bool {
        match required(policy) {
            None => true,
            Some(RequiredReview { approvals: 0, .. }) => self.pull.is_some() || !self.by.is_empty(),
            Some(required) => self.by.len() >= required.approvals as usize,
        }
    }

    /// What allows the whole plan.
    fn authority(&self, policy: &RepositoryPolicy) -> Option<Authority> {
        let digest = self.digest;
        self.is_enough(policy).then(|| match required(policy) {
            None => Authority::Merged { digest, pull: None },
            Some(RequiredReview { approvals: 0, .. }) if self.pull.is_some() => {
                Authority::Merged { digest, pull: self.pull }
            }
            Some(_) => Authority::Reviewed { digest, by: self.by.iter().cloned().collect() },
        })
    }
}

/// Why what was said or merged before does not count.
fn because(input: &ReviewInput<'_>) -> Option<String> {
    let rewritten = input.rewritten_from.map(|from| {
        format!("the branch no longer contains {from}: `isobar acknowledge`, if that was meant")
    });
    let beyond = input.earlier.and_then(|earlier| {
        let beyond = earlier.beyond.as_ref()?;
        Some(format!("the yes to {} does not cover it: {beyond}", earlier.digest.short()))
    });
    let all: Vec<_> = rewritten.into_iter().chain(beyond).collect();
    (!all.is_empty()).then(|| all.join("; "))
}

/// The holds that are left after what the approvals let go by name.
fn lifted(plan: &Plan, approvals: &[&Approval]) -> Vec<Hold> {
    let named =
        |key: &ResourceKey| approvals.iter().any(|approval| approval.overrides.contains(key));
    let (acted, _) = plan.effect().acted_on();
    let going = acted.into_iter().filter(|change| change.action.is_destructive());
    let unnamed = going.filter(|change| !named(&change.resource)).count();
    let mut holds = plan.envelope.holds.clone();
    holds.retain(|hold| match (&hold.reason, &hold.part) {
        (HoldReason::Protected, Part::Resource(_, key)) => !named(key),
        (HoldReason::MassDelete { deletes_max, .. }, _) => unnamed > *deletes_max,
        _ => true,
    });
    // What waited only for something that is held no longer waits no longer.
    let own = |hold: &&Hold| !matches!(hold.reason, HoldReason::Dependency { .. });
    let held: BTreeSet<_> =
        holds.iter().filter(own).filter_map(|hold| hold.part.component().cloned()).collect();
    holds.retain(|hold| match &hold.reason {
        HoldReason::Dependency { on } => held.contains(on),
        _ => true,
    });
    holds
}

fn required(policy: &RepositoryPolicy) -> Option<&RequiredReview> {
    match &policy.review {
        Review::Unreviewed(_) => None,
        Review::Required(required) => Some(required),
    }
}

/// Whether `manage: correct` covers the step: it restores what was last applied.
fn stands(plan: &Plan, step: &Step, input: &ReviewInput<'_>) -> bool {
    let rule = input.policy.manage(&input.stack.name);
    let key = (step.component.kind.clone(), step.component.name.clone());
    let component = input.stack.components.get(&key);
    !matches!(plan.envelope.revision, Revision::Merge { .. })
        && component.is_some_and(|component| component.manage(rule) == Manage::Correct)
        && Authority::may_stand(plan.effect(), step)
}

fn standing(step: &Step) -> Authority {
    Authority::Standing { component: step.component.clone() }
}

/// The parts that nothing allows, as large as they can be said.
fn unallowed(plan: &Plan, authorities: &Authorities) -> Vec<Part> {
    let effect = plan.effect();
    let held: Vec<_> =
        effect.steps.iter().enumerate().filter(|(at, _)| !authorities.contains_key(at)).collect();
    if authorities.is_empty() && !held.is_empty() {
        return vec![Part::Plan];
    }
    let allowed: BTreeSet<_> = authorities.keys().map(|&at| &effect.steps[at].component).collect();
    let parts = held.into_iter().flat_map(|(_, step)| {
        let component = &step.component;
        match allowed.contains(component) {
            false => vec![Part::Component(component.clone())],
            true => {
                let resources = step.changes.iter().map(|&at| &effect.changes[at].resource);
                resources.map(|key| Part::Resource(component.clone(), key.clone())).collect()
            }
        }
    });
    let parts: BTreeSet<_> = parts.collect();
    parts.into_iter().collect()
}
