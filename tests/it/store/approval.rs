//! Approvals and showings: each starts one run, ever.

use isobar::ids::{Actor, CommitId, Digest, PullNumber};
use isobar::model::authority::Approval;
use isobar::store::{ClaimError, StoreError};

use super::*;

const DAY: Duration = Duration::from_secs(86_400);

fn actor(name: &str) -> Actor {
    Actor::new(name).expect("a name")
}

fn head(text: &str) -> CommitId {
    CommitId::new(text).expect("a commit")
}

fn approval(bed: &Bed, digest: Digest, by: &str) -> Approval {
    let at = bed.clock.now();
    let pull = Some((PullNumber(7), head("a1")));
    Approval { until: at + DAY, pull, ..Approval::of(digest, actor(by), at) }
}

fn reviewed(digest: Digest, by: &[&str]) -> BTreeMap<usize, Authority> {
    [(0, Authority::Reviewed { digest, by: by.iter().map(|by| actor(by)).collect() })].into()
}

fn merged(digest: Digest) -> BTreeMap<usize, Authority> {
    [(0, Authority::Merged { digest, pull: Some(PullNumber(7)) })].into()
}

/// A store with the plan in it, a lease, and what the test does first.
async fn prepared(bed: &Bed, plan: &Plan, approvals: &[Approval]) -> (Store, Lease) {
    let store = bed.open().await;
    let lease = lease(&store, "a").await;
    let mut tx = store.begin().await.expect("a transaction");
    tx.put_plan(plan).await.expect("a plan");
    for approval in approvals {
        tx.approve(&scope(), approval).await.expect("an approval");
    }
    tx.commit().await.expect("a commit");
    (store, lease)
}

async fn try_run(
    store: &Store,
    lease: &Lease,
    plan: &Plan,
    name: &str,
    authorities: &BTreeMap<usize, Authority>,
) -> Result<(), ClaimError> {
    let mut tx = store.begin().await?;
    let claim = tx.claim(lease, plan, &run(name), authorities).await?;
    let outcome = outcome(lease, &claim);
    tx.finish(lease, claim, &outcome).await?;
    Ok(tx.commit().await?)
}

async fn show(store: &Store, on: &str, digests: &[Digest]) {
    let mut tx = store.begin().await.expect("a transaction");
    tx.show(&scope(), PullNumber(7), &head(on), digests).await.expect("shown");
    tx.commit().await.expect("a commit");
}

#[tokio::test]
async fn an_approval_starts_one_run_and_the_digest_needs_a_new_one_later() {
    for bed in beds().await {
        let plan = plan("x");
        let digest = plan.digest();
        let both = [approval(&bed, digest, "ann"), approval(&bed, digest, "bob")];
        let (store, lease) = prepared(&bed, &plan, &both).await;
        assert_eq!(store.approvals(&scope(), digest).await.expect("an answer"), both);

        let by_ann = reviewed(digest, &["ann"]);
        try_run(&store, &lease, &plan, "run-1", &by_ann).await.expect("it is approved");
        assert_eq!(store.approvals(&scope(), digest).await.expect("an answer"), []);
        for by in ["ann", "bob"] {
            let again = try_run(&store, &lease, &plan, "run-2", &reviewed(digest, &[by])).await;
            assert!(matches!(again, Err(ClaimError::NotApproved { .. })), "{by}: {again:?}");
        }

        let mut tx = store.begin().await.expect("a transaction");
        tx.approve(&scope(), &both[0]).await.expect("an approval");
        tx.commit().await.expect("a commit");
        try_run(&store, &lease, &plan, "run-2", &by_ann).await.expect("it is approved anew");
    }
}

/// Steps beside each other that rest on the same yes are looked up once, and no other with them.
#[tokio::test]
async fn each_step_rests_on_its_own_yes() {
    for bed in beds().await {
        let plan = plan("x");
        let digest = plan.digest();
        let (store, lease) = prepared(&bed, &plan, &[approval(&bed, digest, "ann")]).await;
        let by = |name: &str| reviewed(digest, &[name])[&0].clone();
        let ann = BTreeMap::from([(0, by("ann")), (1, by("ann"))]);
        for at in [0, 1] {
            let mut mixed = ann.clone();
            mixed.insert(at, by("eve"));
            let refused = try_run(&store, &lease, &plan, "run-1", &mixed).await;
            let eve =
                matches!(&refused, Err(ClaimError::NotApproved { by }) if *by == actor("eve"));
            assert!(eve, "{at}: {refused:?}");
        }
        try_run(&store, &lease, &plan, "run-1", &ann).await.expect("it is approved");
    }
}

#[tokio::test]
async fn an_approval_counts_until_it_expires_or_is_revoked() {
    for bed in beds().await {
        let plan = plan("x");
        let digest = plan.digest();
        let both = [approval(&bed, digest, "ann"), approval(&bed, digest, "bob")];
        let (store, lease) = prepared(&bed, &plan, &both).await;

        let mut tx = store.begin().await.expect("a transaction");
        assert!(tx.revoke(&scope(), digest, &actor("bob")).await.expect("an answer"));
        assert!(!tx.revoke(&scope(), digest, &actor("bob")).await.expect("an answer"));
        assert!(!tx.revoke(&scope(), digest, &actor("eve")).await.expect("an answer"));
        tx.commit().await.expect("a commit");
        assert_eq!(store.approvals(&scope(), digest).await.expect("an answer"), both[..1]);
        let bob = try_run(&store, &lease, &plan, "run-1", &reviewed(digest, &["ann", "bob"])).await;
        assert!(matches!(bob, Err(ClaimError::NotApproved { by }) if by == actor("bob")));

        bed.clock.pass(DAY);
        assert_eq!(store.approvals(&scope(), digest).await.expect("an answer"), []);
        // The lease is the database's business on one of them, the approval never is.
        let lease = match bed.is_sqlite() {
            true => super::lease(&store, "b").await,
            false => lease,
        };
        let ann = try_run(&store, &lease, &plan, "run-1", &reviewed(digest, &["ann"])).await;
        assert!(matches!(ann, Err(ClaimError::NotApproved { .. })), "{ann:?}");
    }
}

#[tokio::test]
async fn an_approval_written_behind_the_stores_back_starts_nothing() {
    const ADDED: &str = "INSERT INTO approval \
        (id, agent, repository, digest, actor, until, body) \
        SELECT id + 100, agent, repository, digest, 'mallory', until, \
        REPLACE(body, 'ann', 'mallory') FROM approval";
    const RENAMED: &str = "UPDATE approval SET actor = 'mallory'";
    const REWRITTEN: &str =
        "UPDATE approval SET actor = 'mallory', body = REPLACE(body, 'ann', 'mallory')";
    for sql in [ADDED, RENAMED, REWRITTEN] {
        for bed in beds().await {
            let plan = plan("x");
            let by_ann = approval(&bed, plan.digest(), "ann");
            let (store, lease) = prepared(&bed, &plan, &[by_ann]).await;
            bed.raw(sql).await.expect("a change behind its back");
            let by_mallory = reviewed(plan.digest(), &["mallory"]);
            let forged = try_run(&store, &lease, &plan, "run-1", &by_mallory).await;
            let corrupt = matches!(forged, Err(ClaimError::Store(StoreError::Corrupt { .. })));
            assert!(corrupt, "{sql}: {forged:?}");
        }
    }
}

#[tokio::test]
async fn a_yes_said_twice_is_one_yes_until_the_later_time() {
    for bed in beds().await {
        let plan = plan("x");
        let first = approval(&bed, plan.digest(), "ann");
        let second = Approval { until: first.until + DAY, ..first.clone() };
        let (store, _) = prepared(&bed, &plan, &[first, second.clone()]).await;
        assert_eq!(store.approvals(&scope(), plan.digest()).await.expect("an answer"), [second]);
    }
}

#[tokio::test]
async fn a_standing_authority_uses_up_no_approval() {
    for bed in beds().await {
        let plan = plan("x");
        let approval = approval(&bed, plan.digest(), "ann");
        let (store, lease) = prepared(&bed, &plan, std::slice::from_ref(&approval)).await;
        try_run(&store, &lease, &plan, "run-1", &standing()).await.expect("it may stand");
        assert_eq!(store.approvals(&scope(), plan.digest()).await.expect("an answer"), [approval]);
    }
}

#[tokio::test]
async fn a_claim_that_is_not_committed_uses_up_nothing() {
    for bed in beds().await {
        let plan = plan("x");
        let approval = approval(&bed, plan.digest(), "ann");
        let (store, lease) = prepared(&bed, &plan, std::slice::from_ref(&approval)).await;
        let mut tx = store.begin().await.expect("a transaction");
        let by_ann = reviewed(plan.digest(), &["ann"]);
        tx.claim(&lease, &plan, &run("run-1"), &by_ann).await.expect("it is approved");
        drop(tx);
        assert_eq!(store.open_run(&scope(), &stack()).await.expect("an answer"), None);
        assert_eq!(store.approvals(&scope(), plan.digest()).await.expect("an answer"), [approval]);
    }
}

#[tokio::test]
async fn what_is_shown_last_can_be_merged_once() {
    for bed in beds().await {
        let (old, new) = (plan("x"), plan("y"));
        let (store, lease) = prepared(&bed, &old, &[]).await;
        let mut tx = store.begin().await.expect("a transaction");
        tx.put_plan(&new).await.expect("a plan");
        tx.commit().await.expect("a commit");
        show(&store, "a1", &[old.digest()]).await;
        show(&store, "b2", &[new.digest()]).await;

        let shown = store.shown(&scope(), new.digest()).await.expect("an answer");
        assert_eq!(shown, [(PullNumber(7), head("b2"))]);
        assert_eq!(store.shown(&scope(), old.digest()).await.expect("an answer"), []);
        let shown_on = async |on: &str| {
            store.shown_on(&scope(), PullNumber(7), &head(on)).await.expect("an answer")
        };
        assert_eq!(shown_on("a1").await, []);
        assert_eq!(shown_on("b2").await, [new.digest()]);
        let stale = try_run(&store, &lease, &old, "run-1", &merged(old.digest())).await;
        assert!(matches!(stale, Err(ClaimError::NotShown { .. })), "{stale:?}");

        try_run(&store, &lease, &new, "run-1", &merged(new.digest())).await.expect("it is shown");
        assert_eq!(shown_on("b2").await, []);
        let outcomes = store.outcomes_of(&scope(), PullNumber(7), &head("b2")).await;
        let runs: Vec<_> =
            outcomes.expect("an answer").into_iter().map(|outcome| outcome.run).collect();
        assert_eq!(runs, [run("run-1")]);
        show(&store, "b2", &[new.digest()]).await;
        let again = try_run(&store, &lease, &new, "run-2", &merged(new.digest())).await;
        assert!(matches!(again, Err(ClaimError::NotShown { .. })), "{again:?}");
        show(&store, "c3", &[new.digest()]).await;
        try_run(&store, &lease, &new, "run-2", &merged(new.digest())).await.expect("a new head");
    }
}

#[tokio::test]
async fn showing_the_same_again_writes_nothing() {
    for bed in beds().await {
        let plan = plan("x");
        let (store, _) = prepared(&bed, &plan, &[]).await;
        show(&store, "a1", &[plan.digest()]).await;
        let before = store.journal_verify().await.expect("a whole journal");
        show(&store, "a1", &[plan.digest(), plan.digest()]).await;
        let after = store.journal_verify().await.expect("a whole journal");
        assert_eq!(before, after);
    }
}

#[tokio::test]
async fn another_agent_sees_none_of_it() {
    for bed in beds().await {
        let plan = plan("x");
        let approval = approval(&bed, plan.digest(), "ann");
        let (store, _) = prepared(&bed, &plan, &[approval]).await;
        show(&store, "a1", &[plan.digest()]).await;
        let other: Scope =
            serde_json::from_str(r#"{"agent": "there", "repository": "infra"}"#).expect("a scope");
        let nothing: Result<(), StoreError> = async {
            assert_eq!(store.plan(&other, plan.digest()).await?, None);
            assert_eq!(store.latest_plans(&other, &stack()).await?, []);
            assert_eq!(store.approvals(&other, plan.digest()).await?, []);
            assert_eq!(store.shown(&other, plan.digest()).await?, []);
            assert_eq!(store.stacks_known(&other).await?, []);
            Ok(())
        }
        .await;
        nothing.expect("an answer");
    }
}
