//! The journal: nobody changes it, and whoever does is found out.

use isobar::store::{Breach, StoreError};

use super::*;

/// A store whose journal has six rows: taken, claimed, intended, concluded, finished, released.
async fn with_history(bed: &Bed) -> Store {
    let store = bed.open().await;
    let lease = lease(&store, "a").await;
    let claim = claimed(&store, &lease, "run-1").await;
    let mut tx = store.begin().await.expect("a transaction");
    tx.intend(&lease, &claim, &[0, 1]).await.expect("claimed steps");
    tx.conclude(&lease, &claim, &[done(0), done(1)]).await.expect("steps of the plan");
    let outcome = outcome(&lease, &claim);
    tx.finish(&lease, claim, &outcome).await.expect("all steps");
    tx.commit().await.expect("a commit");
    store.release(lease).await.expect("it is held");
    store
}

#[tokio::test]
async fn an_untouched_journal_is_whole() {
    for bed in beds().await {
        let store = with_history(&bed).await;
        let head = store.journal_verify().await.expect("a whole journal");
        assert_eq!(head.seq, 6, "{}", bed.url);
        store.close().await;
        bed.open().await;
    }
}

#[tokio::test]
async fn the_database_refuses_to_change_it() {
    for bed in beds().await {
        with_history(&bed).await;
        assert!(bed.raw("UPDATE journal SET payload = '{}' WHERE seq = 2").await.is_err());
        assert!(bed.raw("DELETE FROM journal WHERE seq = 6").await.is_err());
        if !bed.is_sqlite() {
            assert!(bed.raw("TRUNCATE journal").await.is_err());
        }
    }
}

#[tokio::test]
async fn every_kind_of_tampering_is_found_at_the_next_start() {
    let cases: [(&str, &'static str, (i64, Breach)); 7] = [
        (
            "changed",
            "UPDATE journal SET payload = REPLACE(payload, 'done', 'fine') WHERE seq = 4",
            (4, Breach::Altered),
        ),
        (
            "moved to another stack",
            "UPDATE journal SET stack = 'x' WHERE seq = 2",
            (2, Breach::Altered),
        ),
        ("removed", "DELETE FROM journal WHERE seq = 3", (4, Breach::Gap)),
        ("cut off", "DELETE FROM journal WHERE seq = 6", (5, Breach::End)),
        (
            "added at the end",
            "INSERT INTO journal SELECT seq + 1, at, agent, repository, stack, run, epoch, kind, \
             version, payload, hash, hash FROM journal WHERE seq = 6",
            (7, Breach::Altered),
        ),
        (
            "added before the beginning",
            "INSERT INTO journal SELECT seq - 1, at, agent, repository, stack, run, epoch, kind, \
             version, payload, prev_hash, hash FROM journal WHERE seq = 1",
            (0, Breach::Gap),
        ),
        (
            "swapped",
            "UPDATE journal SET seq = -4 WHERE seq = 4; UPDATE journal SET seq = 4 WHERE seq = 3; \
             UPDATE journal SET seq = 3 WHERE seq = -4",
            (3, Breach::Altered),
        ),
    ];
    for (case, sql, expected) in cases {
        for bed in beds().await {
            let store = with_history(&bed).await;
            bed.unprotect().await;
            bed.raw(sql).await.expect("a change behind its back");
            let broken = match store.journal_verify().await {
                Err(StoreError::Journal(broken)) => broken,
                other => panic!("{case} on {}: {other:?}", bed.url),
            };
            assert_eq!((broken.seq, broken.why), expected, "{case} on {}", bed.url);
            store.close().await;
            let refused = Store::open(&bed.url, &bed.world()).await.err();
            assert!(
                matches!(&refused, Some(StoreError::Journal(found)) if *found == broken),
                "{case} on {}: {refused:?}",
                bed.url
            );
        }
    }
}

#[tokio::test]
async fn an_outcome_that_the_journal_does_not_tell_of_is_found_out() {
    for bed in beds().await {
        let store = with_history(&bed).await;
        assert_eq!(store.outcomes(&scope(), &stack(), 1).await.expect("an answer").len(), 1);
        bed.raw("UPDATE run SET outcome = REPLACE(outcome, 'done', 'failed')")
            .await
            .expect("a change behind its back");
        let read = store.outcomes(&scope(), &stack(), 1).await;
        assert!(matches!(read, Err(StoreError::Corrupt { .. })), "{read:?}");
    }
}

#[tokio::test]
async fn what_other_processes_write_is_news_and_once() {
    for bed in beds().await {
        let (ours, other) = (bed.open().await, bed.open().await);
        let news = async |store: &Store| store.others_wrote().await.expect("it can be asked");
        let held = lease(&ours, "a").await;
        news(&ours).await;
        ours.release(held).await.expect("it is held");
        assert!(!news(&ours).await, "{}: what it wrote itself is no news", bed.url);
        let held = lease(&other, "b").await;
        assert!(news(&ours).await, "{}", bed.url);
        assert!(!news(&ours).await, "{}: it is told once", bed.url);
        // Its own words after those of another do not hide them.
        other.release(held).await.expect("it is held");
        lease(&ours, "a").await;
        assert!(news(&ours).await, "{}", bed.url);
    }
}
