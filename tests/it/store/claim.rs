//! The claim: one run at a time, each started once, each visible until it ends.

use isobar::model::change::Risk;
use isobar::store::{ClaimError, StoreError};

use super::*;

#[tokio::test]
async fn of_a_hundred_that_claim_one_wins() {
    for bed in beds().await {
        let store = bed.open().await;
        let lease = lease(&store, "a").await;
        let plan = plan("x");
        let mut tx = store.begin().await.expect("a transaction");
        tx.put_plan(&plan).await.expect("a plan");
        tx.commit().await.expect("a commit");
        let mut tasks = tokio::task::JoinSet::new();
        for at in 0..100 {
            let (store, lease, plan) = (store.clone(), lease.clone(), plan.clone());
            tasks.spawn(async move {
                let mut tx = loop {
                    match store.begin().await {
                        Err(StoreError::Unavailable(_)) => {}
                        other => break other.expect("a transaction"),
                    }
                };
                let claim = tx.claim(&lease, &plan, &run(&format!("run-{at}")), &standing()).await;
                match claim {
                    Ok(_) => tx.commit().await.map(|()| true).expect("a commit"),
                    Err(ClaimError::Open { .. }) => false,
                    Err(error) => panic!("{error:?}"),
                }
            });
        }
        let won = tasks.join_all().await.into_iter().filter(|won| *won).count();
        assert_eq!(won, 1, "{}", bed.url);
    }
}

#[tokio::test]
async fn a_run_leads_from_claim_to_outcome() {
    for bed in beds().await {
        let store = bed.open().await;
        let lease = lease(&store, "a").await;
        let claim = claimed(&store, &lease, "run-1").await;
        let mut tx = store.begin().await.expect("a transaction");
        tx.intend(&lease, &claim, &[0, 1]).await.expect("claimed steps");
        tx.commit().await.expect("a commit");
        let mut tx = store.begin().await.expect("a transaction");
        tx.conclude(&lease, &claim, &[done(1), done(0)]).await.expect("steps of the plan");
        let outcome = outcome(&lease, &claim);
        tx.finish(&lease, claim, &outcome).await.expect("all steps");
        tx.commit().await.expect("a commit");
        assert_eq!(store.open_run(&scope(), &stack()).await.expect("an answer"), None);
        let outcomes = store.outcomes(&scope(), &stack(), 10).await.expect("an answer");
        assert_eq!(outcomes, [outcome]);
        claimed(&store, &lease, "run-2").await;
    }
}

#[tokio::test]
async fn a_crash_between_intent_and_outcome_shows_as_an_open_run() {
    for bed in beds().await {
        let store = bed.open().await;
        let old = lease(&store, "a").await;
        let claim = claimed(&store, &old, "run-1").await;
        let mut tx = store.begin().await.expect("a transaction");
        tx.intend(&old, &claim, &[0]).await.expect("a claimed step");
        tx.commit().await.expect("a commit");
        store.close().await;

        let store = bed.open().await;
        let open = store.open_run(&scope(), &stack()).await.expect("an answer").expect("a run");
        assert_eq!((&open.run, open.epoch), (claim.run(), old.epoch()));
        assert_eq!(open.plan, plan("x"));
        let intended: Vec<bool> = open.steps.values().map(|step| step.intended).collect();
        assert_eq!(intended, [true, false]);
        assert!(open.steps.values().all(|step| step.outcome.is_none()));

        let refused = store.begin().await.expect("a transaction");
        let (mut refused, plan) = (refused, plan("y"));
        refused.put_plan(&plan).await.expect("a plan");
        let refused = refused.claim(&old, &plan, &run("run-2"), &standing()).await;
        assert!(matches!(refused, Err(ClaimError::Open { run }) if run == open.run));
    }
}

#[tokio::test]
async fn resuming_fences_whoever_began_the_run() {
    for bed in beds().await {
        let store = bed.open().await;
        let old = lease(&store, "a").await;
        let claim = claimed(&store, &old, "run-1").await;
        let open = store.open_run(&scope(), &stack()).await.expect("an answer").expect("a run");
        store.break_lease(&scope(), &stack(), "it hangs").await.expect("an answer");
        let new = lease(&store, "b").await;

        let mut tx = store.begin().await.expect("a transaction");
        let early = tx.intend(&new, &claim, &[0]).await;
        assert!(matches!(early, Err(StoreError::Fenced { .. })), "not before it is resumed");
        drop(tx);

        let mut tx = store.begin().await.expect("a transaction");
        let resumed = tx.resume(&new, &open).await.expect("it is open");
        tx.intend(&new, &resumed, &[0]).await.expect("a claimed step");
        tx.commit().await.expect("a commit");
        assert_eq!((resumed.run(), resumed.epoch()), (claim.run(), new.epoch()));
        assert_eq!(resumed.authority(1), standing().get(&1));

        for (lease, claim) in [(&old, &claim), (&new, &claim), (&old, &resumed)] {
            let mut tx = store.begin().await.expect("a transaction");
            let late = tx.conclude(lease, claim, &[done(0)]).await;
            assert!(matches!(late, Err(StoreError::Fenced { .. })), "{late:?}");
        }
    }
}

#[tokio::test]
async fn a_claim_whose_end_was_not_committed_is_had_back_under_the_same_lease() {
    for bed in beds().await {
        let store = bed.open().await;
        let lease = lease(&store, "a").await;
        let claim = claimed(&store, &lease, "run-1").await;
        let outcome = outcome(&lease, &claim);
        let mut lost = store.begin().await.expect("a transaction");
        lost.finish(&lease, claim, &outcome).await.expect("all steps");
        drop(lost);
        let open = store.open_run(&scope(), &stack()).await.expect("an answer").expect("a run");
        let mut tx = store.begin().await.expect("a transaction");
        let claim = tx.resume(&lease, &open).await.expect("it is open");
        tx.finish(&lease, claim, &outcome).await.expect("all steps");
        tx.commit().await.expect("a commit");
        assert_eq!(store.outcomes(&scope(), &stack(), 9).await.expect("an answer"), [outcome]);
        let mut tx = store.begin().await.expect("a transaction");
        let ended = tx.resume(&lease, &open).await;
        assert!(matches!(ended, Err(StoreError::Conflict { .. })), "{ended:?}");
    }
}

#[tokio::test]
async fn an_authority_covers_what_it_can_and_no_more() {
    for bed in beds().await {
        let store = bed.open().await;
        let lease = lease(&store, "a").await;
        let plan = plan("x");
        let mut effect = plan.effect().clone();
        effect.changes[1].action = Action::Delete;
        effect.changes[1].risk = Risk::DataLoss;
        let deleting = Plan::seal(effect, plan.envelope.clone());
        let mut tx = store.begin().await.expect("a transaction");
        tx.put_plan(&plan).await.expect("a plan");
        tx.put_plan(&deleting).await.expect("a plan");
        tx.commit().await.expect("a commit");

        let reviewed = |digest, by: &[&str]| Authority::Reviewed {
            digest,
            by: by.iter().map(|by| (*by).to_owned().try_into().expect("a name")).collect(),
        };
        let other_digest = reviewed(deleting.digest(), &["ann"]);
        let cases = [
            ("a step that is not there", &plan, [(2, standing()[&0].clone())].into()),
            ("a delete", &deleting, standing()),
            ("another digest", &plan, [(0, other_digest)].into()),
            ("nobody's name", &plan, [(0, reviewed(plan.digest(), &[]))].into()),
        ];
        for (case, plan, authorities) in cases {
            let mut tx = store.begin().await.expect("a transaction");
            let refused = tx.claim(&lease, plan, &run("run-1"), &authorities).await;
            assert!(matches!(refused, Err(ClaimError::NotCovered { .. })), "{case}: {refused:?}");
        }
        let mut tx = store.begin().await.expect("a transaction");
        let refused = tx.claim(&lease, &plan, &run("run-1"), &BTreeMap::new()).await;
        assert!(matches!(refused, Err(ClaimError::Nothing)), "{refused:?}");
    }
}

#[tokio::test]
async fn what_contradicts_the_claim_is_refused() {
    for bed in beds().await {
        let store = bed.open().await;
        let lease = lease(&store, "a").await;
        let plan = plan("x");
        let mut tx = store.begin().await.expect("a transaction");
        tx.put_plan(&plan).await.expect("a plan");
        let first_only = [(0, standing()[&0].clone())].into();
        let claim = tx.claim(&lease, &plan, &run("run-1"), &first_only).await.expect("a claim");
        tx.commit().await.expect("a commit");

        let conflict = |result: Result<(), StoreError>, what: &str| {
            assert!(matches!(result, Err(StoreError::Conflict { .. })), "{what}: {result:?}");
        };
        let begin = async || store.begin().await.expect("a transaction");
        let mut tx = begin().await;
        conflict(tx.intend(&lease, &claim, &[1]).await, "a step that was not claimed");
        conflict(tx.intend(&lease, &claim, &[0]).await, "after a write has failed");
        conflict(tx.commit().await, "a commit after a write has failed");
        let beyond = done(2);
        conflict(begin().await.conclude(&lease, &claim, &[beyond]).await, "no such step");
        let mut short = outcome(&lease, &claim);
        short.steps.pop();
        conflict(begin().await.finish(&lease, claim, &short).await, "an outcome with a gap");
    }
}
