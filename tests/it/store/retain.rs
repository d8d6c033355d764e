//! What is let go, what stays, and that the chain is whole from there on.

use isobar::ids::Actor;
use isobar::model::authority::Approval;
use isobar::store::{Breach, Released, Retention, StoreError};

use super::*;

const DAY: Duration = Duration::from_secs(86_400);

const MONTH: Retention = Retention { days: 30, journal_rows: 1_000_000 };

/// One run of the stack from the lease to its end: four rows.
async fn ran_at(bed: &Bed, store: &Store, name: &str) {
    let lease = lease(store, name).await;
    let claim = claimed(store, &lease, name).await;
    let outcome = Outcome { ended_at: bed.clock.now(), ..outcome(&lease, &claim) };
    let mut tx = store.begin().await.expect("a transaction");
    tx.finish(&lease, claim, &outcome).await.expect("an end");
    tx.commit().await.expect("a commit");
    store.release(lease).await.expect("it is given back");
}

/// Rows about another stack.
async fn ran_other(bed: &Bed, store: &Store) {
    let other = StackName::new("fnx-dev").expect("a name");
    for _ in 0..9 {
        let lease = store.acquire(&scope(), &other, &holder("c"), TTL).await.expect("an answer");
        store.release(lease.expect("it is free")).await.expect("it is given back");
    }
    bed.clock.pass(Duration::from_secs(1));
}

async fn rows(bed: &Bed) -> i64 {
    let store = bed.open().await;
    let head = store.journal_verify().await.expect("a whole journal");
    store.close().await;
    head.seq
}

async fn retain(store: &Store, retention: Retention) -> Released {
    store.retain(&scope(), retention).await.expect("it is done")
}

#[tokio::test]
async fn what_is_old_goes_and_the_rest_can_still_be_verified() {
    for bed in beds().await {
        let store = bed.open().await;
        ran_at(&bed, &store, "run-1").await;
        bed.clock.pass(DAY * 31);
        ran_at(&bed, &store, "run-2").await;
        let released = retain(&store, MONTH).await;
        assert_eq!(released.journal_rows, 4, "lease, claim, end, lease of the first run");
        let left = store.outcomes(&scope(), &stack(), 9).await.expect("an answer");
        assert_eq!(left.iter().map(|o| o.run.as_str()).collect::<Vec<_>>(), ["run-2"]);
        assert_eq!(retain(&store, MONTH).await, Released::default(), "once is enough");
        let head = store.journal_verify().await.expect("a whole journal");
        store.close().await;
        assert_eq!(rows(&bed).await, head.seq, "the next start finds it whole");
    }
}

#[tokio::test]
async fn the_last_run_of_a_quiet_stack_is_told_although_its_journal_went() {
    for bed in beds().await {
        let store = bed.open().await;
        ran_at(&bed, &store, "run-1").await;
        bed.clock.pass(DAY * 31);
        assert!(retain(&store, MONTH).await.journal_rows > 0);
        let left = store.outcomes(&scope(), &stack(), 9).await.expect("an answer");
        assert_eq!(left.iter().map(|o| o.run.as_str()).collect::<Vec<_>>(), ["run-1"]);
    }
}

#[tokio::test]
async fn many_rows_go_however_young() {
    for bed in beds().await {
        let store = bed.open().await;
        for at in 0..9 {
            ran_at(&bed, &store, &format!("run-{at}")).await;
        }
        let released = retain(&store, Retention { days: 30, journal_rows: 10 }).await;
        assert_eq!(released.journal_rows, 26, "of 36, ten stay");
        store.journal_verify().await.expect("a whole journal");
    }
}

#[tokio::test]
async fn what_something_rests_on_stays() {
    for bed in beds().await {
        let store = bed.open().await;
        ran_at(&bed, &store, "run-1").await;
        let held = lease(&store, "b").await;
        drop(claimed(&store, &held, "run-2").await);
        ran_other(&bed, &store).await;
        let least = Retention { days: 30, journal_rows: 0 };
        assert_eq!(retain(&store, least).await.journal_rows, 5, "up to the claim that is open");
        let open = store.open_run(&scope(), &stack()).await.expect("an answer");
        assert_eq!(open.expect("it is open").run, run("run-2"));
    }
}

#[tokio::test]
async fn a_yes_that_holds_stays_and_one_that_nobody_used_for_long_goes() {
    for bed in beds().await {
        let store = bed.open().await;
        ran_at(&bed, &store, "run-1").await;
        let ann = Actor::new("ann").expect("a name");
        let approval = Approval::of(plan("x").digest(), ann, bed.clock.now());
        let mut tx = store.begin().await.expect("a transaction");
        tx.approve(&scope(), &approval).await.expect("an approval");
        tx.commit().await.expect("a commit");
        ran_other(&bed, &store).await;
        let least = Retention { days: 30, journal_rows: 0 };
        assert_eq!(retain(&store, least).await.journal_rows, 4);
        let digest = approval.digest;
        assert_eq!(store.approvals(&scope(), digest).await.expect("an answer"), [approval]);
        bed.clock.pass(DAY * 31);
        retain(&store, MONTH).await;
        assert_eq!(store.approvals(&scope(), digest).await.expect("an answer"), []);
    }
}

#[tokio::test]
async fn rows_that_are_not_what_was_written_are_never_let_go() {
    for bed in beds().await {
        let store = bed.open().await;
        ran_at(&bed, &store, "run-1").await;
        bed.clock.pass(DAY * 31);
        bed.unprotect().await;
        bed.raw("UPDATE journal SET stack = 'x' WHERE seq = 2").await.expect("behind its back");
        let refused = store.retain(&scope(), MONTH).await;
        let Err(StoreError::Journal(broken)) = refused else { panic!("{refused:?}") };
        assert_eq!((broken.seq, broken.why), (2, Breach::Altered));
    }
}

#[tokio::test]
async fn the_database_lets_nothing_go_behind_the_anchor() {
    for bed in beds().await {
        let store = bed.open().await;
        ran_at(&bed, &store, "run-1").await;
        bed.clock.pass(DAY * 31);
        ran_at(&bed, &store, "run-2").await;
        retain(&store, MONTH).await;
        assert!(bed.raw("DELETE FROM journal WHERE seq = 6").await.is_err());
        assert!(bed.raw("UPDATE journal_anchor SET seq = 0").await.is_err());
        // Whoever moves the anchor on hides rows, and leaves a chain that does not fit.
        bed.unprotect().await;
        bed.raw("UPDATE journal_anchor SET seq = 6; DELETE FROM journal WHERE seq <= 6")
            .await
            .expect("behind its back");
        let refused = store.journal_verify().await;
        let Err(StoreError::Journal(broken)) = refused else { panic!("{refused:?}") };
        assert_eq!((broken.seq, broken.why), (7, Breach::Unlinked));
    }
}

#[tokio::test]
async fn deliveries_and_what_was_said_go_and_what_is_to_be_said_stays() {
    for bed in beds().await {
        let store = bed.open().await;
        let mut tx = store.begin().await.expect("a transaction");
        assert!(tx.receive(&scope(), "forge", "1", "push").await.expect("an answer"));
        tx.say(&scope(), "comment", "old", "said").await.expect("a message");
        tx.say(&scope(), "comment", "open", "to be said").await.expect("a message");
        tx.commit().await.expect("a commit");
        let waiting = store.outbox_ready(&scope(), bed.clock.now(), 9).await.expect("an answer");
        let mut tx = store.begin().await.expect("a transaction");
        tx.outbox_done(&scope(), &waiting[0], None).await.expect("an answer");
        tx.commit().await.expect("a commit");
        assert_eq!(retain(&store, MONTH).await, Released::default(), "it is young");
        bed.clock.pass(DAY * 31);
        assert_eq!(retain(&store, MONTH).await, Released { journal_rows: 0, others: 2 });
        let waiting = store.outbox_ready(&scope(), bed.clock.now(), 9).await.expect("an answer");
        assert_eq!(waiting.iter().map(|m| m.key.as_str()).collect::<Vec<_>>(), ["open"]);
        let mut tx = store.begin().await.expect("a transaction");
        assert!(tx.receive(&scope(), "forge", "1", "push").await.expect("an answer"));
    }
}
