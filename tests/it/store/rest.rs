//! What was approved and waits for a value: its yes covers the later plan, once.

use isobar::ids::{Actor, CommitId, PullNumber};
use isobar::model::authority::Approval;
use isobar::model::change::{Action, FieldChange};
use isobar::model::path::FieldPath;
use isobar::model::question::Question;
use isobar::model::value::Node;
use isobar::store::{ClaimError, Rest};

use super::*;

/// A plan that creates `x` and `y`; `y` holds `value`.
fn creates(resources: &[(&str, &Value)]) -> Plan {
    let made = plan("x");
    let mut effect = made.effect().clone();
    let base = effect.changes[0].clone();
    effect.changes = resources
        .iter()
        .map(|(resource, value)| Change {
            resource: (*resource).to_owned().try_into().expect("a key"),
            action: Action::Create,
            cause: Cause::Wish,
            fields: vec![FieldChange {
                writer: None,
                made_up: false,
                path: FieldPath::root(),
                before: None,
                after: Some((*value).clone()),
                sensitive: false,
                origin: None,
            }],
            intended: Some(Body::new(Format::Text, (*value).clone())),
            precondition: Precondition::default(),
            ..base.clone()
        })
        .collect();
    let step = effect.steps[0].clone();
    let steps = (0..resources.len()).map(|at| Step { changes: vec![at], ..step.clone() });
    effect.steps = steps.collect();
    Plan::seal(effect, made.envelope)
}

fn unknown() -> Value {
    let question = Question { function: "output".into(), arguments: vec!["address".into()] };
    Value::computed(Node::Unknown(question.into()))
}

fn with_hole() -> Plan {
    creates(&[("x", &Value::text("1")), ("y", &unknown())])
}

fn filled(text: &str) -> Plan {
    creates(&[("y", &Value::text(text))])
}

fn ann() -> Actor {
    Actor::new("ann").expect("a name")
}

fn reviewed(plan: &Plan, steps: usize) -> BTreeMap<usize, Authority> {
    let authority = Authority::Reviewed { digest: plan.digest(), by: vec![ann()] };
    (0..steps).map(|step| (step, authority.clone())).collect()
}

fn merged(plan: &Plan, steps: usize) -> BTreeMap<usize, Authority> {
    let authority = Authority::Merged { digest: plan.digest(), pull: Some(PullNumber(7)) };
    (0..steps).map(|step| (step, authority.clone())).collect()
}

async fn put(store: &Store, plan: &Plan) {
    let mut tx = store.begin().await.expect("a transaction");
    tx.put_plan(plan).await.expect("a plan");
    tx.commit().await.expect("a commit");
}

async fn approve(bed: &Bed, store: &Store, plan: &Plan) {
    let mut tx = store.begin().await.expect("a transaction");
    let approval = Approval::of(plan.digest(), ann(), bed.clock.now());
    tx.approve(&scope(), &approval).await.expect("an approval");
    tx.commit().await.expect("a commit");
}

/// Runs a plan; the steps in `waiting` wait.
async fn try_run(
    store: &Store,
    lease: &Lease,
    plan: &Plan,
    name: &str,
    authorities: &BTreeMap<usize, Authority>,
    waiting: &[usize],
) -> Result<(), ClaimError> {
    put(store, plan).await;
    let mut tx = store.begin().await?;
    let claim = tx.claim(lease, plan, &run(name), authorities).await?;
    let end = |step: usize| match waiting.contains(&step) {
        true => StepEnd::Waits { why: "an address".to_owned() },
        false => StepEnd::Done,
    };
    let steps = (0..plan.effect().steps.len()).map(|step| StepOutcome {
        authority: authorities.get(&step).cloned(),
        end: end(step),
        ..done(step)
    });
    let outcome = Outcome { steps: steps.collect(), ..outcome(lease, &claim) };
    tx.finish(lease, claim, &outcome).await?;
    Ok(tx.commit().await?)
}

async fn rests(store: &Store, plan: &Plan) -> Vec<Rest> {
    store.rests(plan).await.expect("an answer")
}

#[tokio::test]
async fn a_yes_covers_what_its_run_left_waiting_once() {
    for bed in beds().await {
        let (store, approved, later) = (bed.open().await, with_hole(), filled("10.0.0.1"));
        let lease = lease(&store, "a").await;
        put(&store, &approved).await;
        approve(&bed, &store, &approved).await;
        let both = reviewed(&approved, 2);
        try_run(&store, &lease, &approved, "run-1", &both, &[1]).await.expect("it is approved");

        let left = rests(&store, &later).await;
        let [rest] = left.as_slice() else { panic!("{left:?}") };
        assert_eq!((rest.run.as_ref(), &rest.plan), (Some(&run("run-1")), &approved));
        assert_eq!(rest.waiting, [1].into());
        assert_eq!(rest.approvals.iter().map(|a| &a.by).collect::<Vec<_>>(), [&ann()]);

        let one = reviewed(&approved, 1);
        let more = creates(&[("y", &Value::text("10.0.0.1")), ("z", &Value::text("9"))]);
        let beyond = try_run(&store, &lease, &more, "run-2", &reviewed(&approved, 2), &[]).await;
        assert!(matches!(beyond, Err(ClaimError::NotCovered { .. })), "{beyond:?}");
        try_run(&store, &lease, &later, "run-2", &one, &[]).await.expect("it is covered");

        assert_eq!(rests(&store, &later).await, []);
        for plan in [&later, &filled("10.0.0.2")] {
            let again = try_run(&store, &lease, plan, "run-3", &one, &[]).await;
            assert!(matches!(again, Err(ClaimError::NotCovered { .. })), "{again:?}");
        }
        store.journal_verify().await.expect("a whole journal");
    }
}

#[tokio::test]
async fn a_yes_nothing_of_which_has_begun_covers_the_plan_with_the_hole_filled() {
    for bed in beds().await {
        let (store, approved) = (bed.open().await, creates(&[("y", &unknown())]));
        let lease = lease(&store, "a").await;
        put(&store, &approved).await;
        approve(&bed, &store, &approved).await;
        let later = filled("10.0.0.1");
        assert_eq!(rests(&store, &later).await.len(), 1);
        assert_eq!(rests(&store, &approved).await, [], "it is the plan itself");
        let covered = reviewed(&approved, 1);
        try_run(&store, &lease, &later, "run-1", &covered, &[]).await.expect("it is covered");
        assert_eq!(store.approvals(&scope(), approved.digest()).await.expect("an answer"), []);
        let again = try_run(&store, &lease, &later, "run-2", &covered, &[]).await;
        assert!(matches!(again, Err(ClaimError::NotApproved { .. })), "{again:?}");
    }
}

#[tokio::test]
async fn what_waits_twice_is_still_covered_and_an_expired_yes_is_not() {
    for bed in beds().await {
        let store = bed.open().await;
        let approved = creates(&[("x", &unknown()), ("y", &unknown())]);
        let lease = lease(&store, "a").await;
        put(&store, &approved).await;
        let until = bed.clock.now() + Duration::from_secs(60);
        let approval =
            Approval { until, ..Approval::of(approved.digest(), ann(), bed.clock.now()) };
        let mut tx = store.begin().await.expect("a transaction");
        tx.approve(&scope(), &approval).await.expect("an approval");
        tx.commit().await.expect("a commit");

        let half = creates(&[("x", &Value::text("1")), ("y", &unknown())]);
        let covered = reviewed(&approved, 2);
        try_run(&store, &lease, &half, "run-1", &covered, &[1]).await.expect("it is covered");
        let left = rests(&store, &filled("2")).await;
        assert_eq!(left[0].plan, half, "{left:?}");
        assert_eq!(left[0].approvals, [approval]);

        bed.clock.pass(Duration::from_secs(61));
        assert_eq!(rests(&store, &filled("2")).await[0].approvals, []);
        let late = reviewed(&approved, 1);
        let late = try_run(&store, &lease, &filled("2"), "run-2", &late, &[]).await;
        assert!(matches!(late, Err(ClaimError::NotApproved { .. })), "{late:?}");
    }
}

#[tokio::test]
async fn another_reviewed_run_ends_what_was_left() {
    for bed in beds().await {
        let (store, approved) = (bed.open().await, with_hole());
        let lease = lease(&store, "a").await;
        put(&store, &approved).await;
        approve(&bed, &store, &approved).await;
        let both = reviewed(&approved, 2);
        try_run(&store, &lease, &approved, "run-1", &both, &[1]).await.expect("it is approved");
        // Putting drift back is about something else.
        let drift = plan("x");
        try_run(&store, &lease, &drift, "run-2", &standing(), &[]).await.expect("it may stand");
        assert_eq!(rests(&store, &filled("1")).await.len(), 1);

        let other = creates(&[("z", &Value::text("1"))]);
        put(&store, &other).await;
        approve(&bed, &store, &other).await;
        let one = reviewed(&other, 1);
        try_run(&store, &lease, &other, "run-3", &one, &[]).await.expect("it is approved");
        assert_eq!(rests(&store, &filled("1")).await, []);
    }
}

#[tokio::test]
async fn what_a_merge_let_through_is_told_of_both_runs() {
    for bed in beds().await {
        let (store, approved, later) = (bed.open().await, with_hole(), filled("1"));
        let lease = lease(&store, "a").await;
        let (pull, head) = (PullNumber(7), CommitId::new("a1").expect("a commit"));
        let mut tx = store.begin().await.expect("a transaction");
        tx.put_shown_plan(&approved).await.expect("a plan");
        tx.show(&scope(), pull, &head, &[approved.digest()]).await.expect("shown");
        tx.commit().await.expect("a commit");
        let both = merged(&approved, 2);
        try_run(&store, &lease, &approved, "run-1", &both, &[1]).await.expect("it was shown");
        assert_eq!(rests(&store, &later).await[0].shown, [(pull, head.clone())]);
        let one = merged(&approved, 1);
        try_run(&store, &lease, &later, "run-2", &one, &[]).await.expect("it is covered");
        let told = store.outcomes_of(&scope(), pull, &head).await.expect("an answer");
        let runs: Vec<_> = told.iter().map(|outcome| outcome.run.as_str()).collect();
        assert_eq!(runs, ["run-1", "run-2"]);
        let again = try_run(&store, &lease, &later, "run-3", &one, &[]).await;
        assert!(matches!(again, Err(ClaimError::NotCovered { .. })), "{again:?}");
    }
}

/// What waits only for something to do well has no value to be filled in.
#[tokio::test]
async fn a_yes_covers_a_chain_to_its_last_link() {
    let known = Value::text("1");
    let links = [("x", &known), ("y", &known), ("z", &known)];
    for shown in [false, true] {
        for bed in beds().await {
            let (store, approved) = (bed.open().await, creates(&links));
            let lease = lease(&store, "a").await;
            let (pull, head) = (PullNumber(7), CommitId::new("a1").expect("a commit"));
            let authorities = match shown {
                true => merged(&approved, 3),
                false => reviewed(&approved, 3),
            };
            if shown {
                let mut tx = store.begin().await.expect("a transaction");
                tx.put_shown_plan(&approved).await.expect("a plan");
                tx.show(&scope(), pull, &head, &[approved.digest()]).await.expect("shown");
                tx.commit().await.expect("a commit");
            } else {
                put(&store, &approved).await;
                approve(&bed, &store, &approved).await;
            }
            let some = |count: usize| authorities.clone().into_iter().take(count).collect();
            let (second, third) = (creates(&links[1..]), creates(&links[2..]));
            let first = try_run(&store, &lease, &approved, "run-one", &some(3), &[1, 2]).await;
            first.expect("it is approved");
            let two = try_run(&store, &lease, &second, "run-two", &some(2), &[1]).await;
            two.expect("it is what waited");
            assert_eq!(rests(&store, &third).await[0].approved, approved.digest());
            let three = try_run(&store, &lease, &third, "run-three", &some(1), &[]).await;
            three.expect("it is what waited of what waited");
            let again = try_run(&store, &lease, &third, "run-four", &some(1), &[]).await;
            assert!(matches!(again, Err(ClaimError::NotCovered { .. })), "{again:?}");
        }
    }
}
