//! The lease: one holder, a growing epoch, a fence for everybody before.

use std::time::Duration;

use isobar::ids::Epoch;
use isobar::model::inventory::{Mark, Owned};
use isobar::store::{Lease, Store, StoreError};

use super::*;

#[tokio::test]
async fn of_two_holders_one_has_it() {
    for bed in beds().await {
        let (one, other) = (bed.open().await, bed.open().await);
        let (scope, stack) = (scope(), stack());
        let (a, b) = (holder("a"), holder("b"));
        let (a, b) = tokio::join!(
            one.acquire(&scope, &stack, &a, TTL),
            other.acquire(&scope, &stack, &b, TTL)
        );
        let (a, b) = (a.expect("an answer"), b.expect("an answer"));
        assert!(a.is_some() != b.is_some(), "{}: {a:?} {b:?}", bed.url);
    }
}

#[tokio::test]
async fn another_stack_repository_or_agent_is_another_lease() {
    for bed in beds().await {
        let store = bed.open().await;
        lease(&store, "a").await;
        let elsewhere: Scope =
            serde_json::from_str(r#"{"agent": "there", "repository": "infra"}"#).expect("a scope");
        let free = store.acquire(&elsewhere, &stack(), &holder("b"), TTL).await;
        assert!(matches!(free, Ok(Some(_))), "{free:?}");
    }
}

#[tokio::test]
async fn the_epoch_grows_with_every_acquisition_and_break_and_not_with_a_renewal() {
    for bed in beds().await {
        let store = bed.open().await;
        let mut first = lease(&store, "a").await;
        store.renew(&mut first, TTL).await.expect("it is held");
        assert_eq!(first.epoch(), Epoch(1));
        store.release(first).await.expect("it is held");
        assert_eq!(lease(&store, "a").await.epoch(), Epoch(2));
        let broken = store.break_lease(&scope(), &stack(), "its host is gone").await;
        assert_eq!(broken.expect("an answer"), Some(Epoch(3)));
        assert_eq!(lease(&store, "b").await.epoch(), Epoch(4));
    }
}

#[tokio::test]
async fn a_lease_that_ran_out_can_be_taken_and_not_renewed() {
    for bed in beds().await {
        let store = bed.open().await;
        let (scope, stack) = (scope(), stack());
        // A time to live of zero has run out by every clock.
        let short = store.acquire(&scope, &stack, &holder("a"), Duration::ZERO).await;
        let mut short = short.expect("an answer").expect("it is free");
        assert!(short.check(&*bed.clock, Duration::ZERO).is_err());
        let refused = store.renew(&mut short, TTL).await;
        assert!(matches!(refused, Err(StoreError::Fenced { .. })), "{refused:?}");
        let mut next = lease(&store, "b").await;
        store.renew(&mut next, TTL).await.expect("it is held");
        assert!(store.renew(&mut short, TTL).await.is_err(), "and not after that either");
    }
}

#[tokio::test]
async fn a_lease_runs_out_by_the_monotonic_clock_of_its_holder() {
    for bed in beds().await {
        let store = bed.open().await;
        let mut lease = lease(&store, "a").await;
        bed.clock.pass(TTL - Duration::from_secs(1));
        assert!(lease.check(&*bed.clock, Duration::ZERO).is_ok());
        assert!(lease.check(&*bed.clock, Duration::from_secs(1)).is_err());
        store.renew(&mut lease, TTL).await.expect("it is held");
        assert!(lease.check(&*bed.clock, Duration::from_secs(1)).is_ok());
    }
}

#[tokio::test]
async fn every_write_about_a_run_is_refused_under_an_older_epoch() {
    for bed in beds().await {
        let store = bed.open().await;
        for end in ["released", "broken", "taken over"] {
            let old = lease(&store, "a").await;
            let claim = claimed(&store, &old, &format!("run-{}", old.epoch())).await;
            if end == "released" {
                store.release(old.clone()).await.expect("it is held");
            } else {
                store.break_lease(&scope(), &stack(), end).await.expect("an answer");
            }
            if end == "taken over" {
                lease(&store, "b").await;
            }
            refuses_all(&store, &old, claim, end).await;

            store.break_lease(&scope(), &stack(), "next case").await.expect("an answer");
            let new = lease(&store, "c").await;
            finish_open_run(&store, &new).await;
            store.release(new).await.expect("it is held");
        }
    }
}

async fn refuses_all(store: &Store, old: &Lease, claim: Claim, end: &str) {
    let fenced = |result: Result<(), StoreError>, what: &str| {
        assert!(matches!(result, Err(StoreError::Fenced { .. })), "{end}, {what}: {result:?}");
    };
    let open = store.open_run(&scope(), &stack()).await.expect("an answer").expect("a run");
    let begin = async || store.begin().await.expect("a transaction");
    fenced(begin().await.intend(old, &claim, &[0]).await, "intend");
    fenced(begin().await.conclude(old, &claim, &[done(0)]).await, "conclude");
    fenced(begin().await.resume(old, &open).await.map(drop), "resume");
    let entries = [("a".to_owned().try_into().expect("a key"), None)].into();
    let target = "cluster".to_owned().try_into().expect("a name");
    fenced(begin().await.inventory_write(old, &target, &entries).await, "inventory");
    let claim_anew = begin().await.claim(old, &plan("x"), &run("anew"), &standing()).await;
    fenced(
        claim_anew.map(drop).map_err(|error| match error {
            isobar::store::ClaimError::Store(error) => error,
            other => panic!("{other:?}"),
        }),
        "claim",
    );
    fenced(store.renew(&mut old.clone(), TTL).await, "renew");
    let outcome = outcome(old, &claim);
    fenced(begin().await.finish(old, claim, &outcome).await, "finish");
    let after = store.open_run(&scope(), &stack()).await.expect("an answer");
    assert_eq!(after, Some(open), "nothing of it is there");
}

async fn finish_open_run(store: &Store, lease: &Lease) {
    let open = store.open_run(&scope(), &stack()).await.expect("an answer").expect("a run");
    let mut tx = store.begin().await.expect("a transaction");
    let claim = tx.resume(lease, &open).await.expect("it is open");
    let outcome = outcome(lease, &claim);
    tx.finish(lease, claim, &outcome).await.expect("it is ours");
    tx.commit().await.expect("a commit");
}

#[tokio::test]
async fn an_epoch_never_shrinks_even_by_hand() {
    for bed in beds().await {
        let store = bed.open().await;
        lease(&store, "a").await;
        assert!(bed.raw("UPDATE lease SET epoch = epoch - 1").await.is_err());
    }
}

#[tokio::test]
async fn after_the_database_was_lost_epochs_go_on_above_those_of_the_marks() {
    for bed in beds().await {
        let store = bed.open().await;
        let target = "cluster".to_owned().try_into().expect("a name");
        let owned = Owned {
            component: component(),
            applied: None,
            uid: None,
            kept: false,
            epoch: Epoch(56),
        };
        let mut mark = Mark::empty(scope(), target);
        mark.epochs.insert("a".to_owned().try_into().expect("a name"), Epoch(57));
        mark.resources.insert("a".to_owned().try_into().expect("a key"), owned.into());
        let mut tx = store.begin().await.expect("a transaction");
        assert!(tx.inventory_rebuild(&scope(), &mark.target, &mark).await.expect("its mark"));
        tx.commit().await.expect("a commit");
        assert_eq!(lease(&store, "a").await.epoch(), Epoch(58));
        let inventory = store.inventory(&scope(), &mark.target).await.expect("an answer");
        assert_eq!(inventory, Some(mark.resources.into()));
    }
}
