//! The comment in each state a pull request goes through, as people read it.

use std::path::Path;

use expect_test::expect_file;

use super::FORGE;
use crate::ids::*;
use crate::model::authority::Authority;
use crate::model::change::{Action, Change, Risk};
use crate::model::outcome::{Comparison, Deviation, Outcome, StepEnd, StepOutcome};
use crate::model::path::FieldPath;
use crate::model::plan::{Hold, HoldReason, Part, Plan};
use crate::model::review::{Earlier, Progress, Replaced, Review, Since};
use crate::report::markdown::comment;
use crate::report::tests::fixture::{self, PRODUCTION, RECOVERY, change, component, plan, value};
use crate::report::words::Verdict;

fn check(name: &str, verdict: Verdict, review: &Review) {
    assert_eq!(Verdict::of(review), verdict, "{name}");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/report/comment");
    let text = comment(review, &FORGE);
    expect_file![root.join(format!("{name}.md"))].assert_eq(&text);
    super::bare(&text);
}

fn changes() -> Vec<Change> {
    let update = |name: &str, fields: &[&str]| {
        let file = format!("{name}/terraform.tfvars.json");
        change(&component(PRODUCTION, name), Action::Update, Risk::Reversible, &file, fields)
    };
    let days = "log_retention_days: 30 -> 90 @ stacks/mixins/accounts/production.yaml:12";
    let legacy = component(PRODUCTION, "terraform/rds-legacy");
    vec![
        update("terraform/kms", &["rotation: false -> true"]),
        update("terraform/s3", &[days]),
        update("terraform/sqs", &[days]),
        change(
            &legacy,
            Action::Delete,
            Risk::DataLoss,
            "terraform/rds-legacy/instance",
            &["engine: \"postgres\" -> -"],
        ),
    ]
}

fn reviewed(approvals: u32) -> Hold {
    let reason = HoldReason::NotReviewed { approvals_needed: 2, approvals, because: None };
    Hold { part: Part::Plan, reason }
}

/// Two stacks, one of which loses a database.
fn review(holds: &[Hold]) -> Review {
    let id = component(RECOVERY, "terraform/s3");
    let s3 = change(&id, Action::Update, Risk::Reversible, "s3", &["days: 30 -> 90"]);
    let plans =
        [plan(PRODUCTION, changes(), holds.to_vec()), plan(RECOVERY, vec![s3], holds.to_vec())];
    Review { pull: fixture::review().pull, ..Review::new(fixture::scope(), None, plans, vec![]) }
}

fn merged(since: impl IntoIterator<Item = (usize, Since)>) -> Review {
    let mut review = review(&[]);
    let digests: Vec<_> = review.plans.iter().map(Plan::digest).collect();
    review.since = since.into_iter().map(|(at, since)| (digests[at], since)).collect();
    let pull = review.pull.as_mut().unwrap();
    pull.merged = Some(fixture::commit("c0ffee00c0ffee00"));
    review
}

/// How a run of the plan at `at` ended, given the end of each of its steps.
fn ended(at: usize, ends: &[StepEnd]) -> Outcome {
    let plan = &review(&[]).plans[at];
    let effect = plan.effect();
    let authority = Authority::Merged { digest: plan.digest(), pull: Some(PullNumber(42)) };
    let step = |(step, end): (usize, &StepEnd)| {
        let resource = effect.changes[step].resource.clone();
        let done = *end == StepEnd::Done;
        let comparisons = vec![Comparison { resource, predicted: 10, deviations: vec![] }];
        StepOutcome {
            step,
            component: effect.steps[step].component.clone(),
            authority: Some(authority.clone()),
            end: end.clone(),
            comparisons: if done { comparisons } else { vec![] },
        }
    };
    Outcome {
        run: RunId::new(format!("0199-{at}")).unwrap(),
        stack: effect.stack.clone(),
        digest: plan.digest(),
        epoch: Epoch(3),
        ended_at: fixture::now(),
        steps: ends.iter().enumerate().map(step).collect(),
    }
}

fn since(progress: Progress, left: Option<Plan>) -> Since {
    Since { progress, left }
}

fn done(at: usize) -> Since {
    let steps = if at == 0 { 1 } else { 4 };
    since(Progress::Ended(ended(at, &vec![StepEnd::Done; steps])), None)
}

/// What is left to do in production, waiting for an approval of its own.
fn left(changes: Vec<Change>) -> Plan {
    let mut left = plan(PRODUCTION, changes, vec![fixture::not_reviewed()]);
    left.envelope.revision =
        crate::model::revision::Revision::Commit(fixture::commit("c0ffee00c0ffee00"));
    left
}

#[test]
fn planned_it_asks_for_approvals() {
    check("planned", Verdict::NeedsApproval, &review(&[reviewed(1)]));
}

#[test]
fn held_it_says_why() {
    let protected = Hold {
        part: Part::Resource(
            component(PRODUCTION, "terraform/rds-legacy"),
            ResourceKey::new("terraform/rds-legacy/instance").unwrap(),
        ),
        reason: HoldReason::Protected,
    };
    let mut held = review(&[reviewed(2)]);
    held.plans[1].envelope.holds.push(protected);
    check("held", Verdict::Held, &held);
}

#[test]
fn approved_it_says_what_merging_does() {
    check("approved", Verdict::Approved, &review(&[reviewed(2)]));
}

#[test]
fn planned_anew_it_says_what_moved_and_whose_approval_is_void() {
    let mut anew = review(&[reviewed(0)]);
    let (before, after) = (left(changes()[..2].to_vec()).digest(), anew.plans[1].digest());
    let replaced = |stack: &str, before, after, approvals| Replaced {
        stack: StackName::new(stack).unwrap(),
        before,
        after,
        approvals,
    };
    let earlier = Earlier {
        head: fixture::commit("0ddba11c0ddba11c"),
        base: fixture::commit("5ca1ab1e5ca1ab1e"),
        replaced: vec![
            replaced(RECOVERY, None, Some(anew.plans[0].digest()), 0),
            replaced(PRODUCTION, Some(before), Some(after), 2),
            replaced(fixture::HUB, Some(before), None, 0),
        ],
    };
    anew.pull.as_mut().unwrap().earlier = Some(earlier);
    check("planned-anew", Verdict::NeedsApproval, &anew);
}

#[test]
fn applying_it_says_how_far_it_is() {
    let now = vec![component(PRODUCTION, "terraform/s3")];
    let applying = since(Progress::Applying { steps_done: 2, now }, None);
    check("applying", Verdict::Applying, &merged([(0, done(0)), (1, applying)]));
}

#[test]
fn applied_it_says_that_it_came_out_as_predicted() {
    check("applied", Verdict::Applied, &merged([(0, done(0)), (1, done(1))]));
}

#[test]
fn applied_otherwise_it_names_the_deviation() {
    let mut outcome = ended(1, &vec![StepEnd::Done; 4]);
    outcome.steps[1].comparisons[0].deviations.push(Deviation {
        path: FieldPath::parse("log_retention_days").unwrap(),
        predicted: Some(value("90")),
        actual: Some(value("30")),
        sensitive: false,
    });
    let otherwise = since(Progress::Ended(outcome), None);
    check("applied-otherwise", Verdict::Deviated, &merged([(0, done(0)), (1, otherwise)]));
}

fn failed(left: Option<Plan>) -> Review {
    let why = "the bucket's policy is refused: AccessDenied (attempt 3 of 3)".to_owned();
    let after = "it comes after `terraform/s3/terraform.tfvars.json`, which failed".to_owned();
    let ends =
        [StepEnd::Done, StepEnd::Failed { why }, StepEnd::NotStarted { why: after }, StepEnd::Done];
    merged([(0, done(0)), (1, since(Progress::Ended(ended(1, &ends)), left))])
}

#[test]
fn failed_it_says_what_is_done_what_is_not_and_what_to_do() {
    let rest = left(changes()[1..3].to_vec());
    check("failed", Verdict::Failed, &failed(Some(rest)));
}

#[test]
fn settled_it_says_that_nothing_is_left() {
    check("settled", Verdict::Settled, &failed(None));
}

#[test]
fn stale_it_says_what_took_its_place() {
    let other = left(changes()[..1].to_vec());
    let replaced = since(Progress::Replaced, Some(other));
    check("stale", Verdict::Stale, &merged([(0, done(0)), (1, replaced)]));
}

#[test]
fn waiting_for_a_value_it_says_for_which() {
    let why = "to know terraform.output vpc subnet_ids".to_owned();
    let ends = [StepEnd::Done, StepEnd::Done, StepEnd::Waits { why }, StepEnd::Done];
    let mut rest = left(changes()[2..3].to_vec());
    let questions = vec!["terraform.output vpc subnet_ids".to_owned()];
    let part = Part::Component(component(PRODUCTION, "terraform/sqs"));
    rest.envelope.holds = vec![Hold { part, reason: HoldReason::Unknown { questions } }];
    let waits = since(Progress::Ended(ended(1, &ends)), Some(rest));
    check("applied-so-far", Verdict::Applying, &merged([(0, done(0)), (1, waits)]));
}
