//! Inbox and outbox.

use isobar::store::{DELIVERY_BYTES_MAX, MESSAGE_BYTES_MAX, Message, StoreError};

use super::*;

async fn say(store: &Store, body: &str) {
    let mut tx = store.begin().await.expect("a transaction");
    tx.say(&scope(), "comment", "pull/7", body).await.expect("a message");
    tx.commit().await.expect("a commit");
}

async fn ready(bed: &Bed, store: &Store) -> Vec<Message> {
    store.outbox_ready(&scope(), bed.clock.now(), 10).await.expect("an answer")
}

async fn sent(store: &Store, message: &Message, reply: Option<&str>) {
    let mut tx = store.begin().await.expect("a transaction");
    tx.outbox_done(&scope(), message, reply).await.expect("an answer");
    tx.commit().await.expect("a commit");
}

#[tokio::test]
async fn the_newest_text_wins_and_edits_what_was_sent_before() {
    for bed in beds().await {
        let store = bed.open().await;
        say(&store, "one").await;
        say(&store, "two").await;
        let waiting = ready(&bed, &store).await;
        let [two] = waiting.as_slice() else { panic!("{waiting:?}") };
        assert_eq!((two.body.as_str(), two.generation, &two.reply), ("two", 2, &None));

        say(&store, "three").await;
        sent(&store, two, Some("comment-1")).await;
        let waiting = ready(&bed, &store).await;
        let [three] = waiting.as_slice() else { panic!("{waiting:?}") };
        assert_eq!((three.body.as_str(), three.reply.as_deref()), ("three", Some("comment-1")));

        sent(&store, three, None).await;
        sent(&store, two, Some("comment-2")).await;
        assert_eq!(ready(&bed, &store).await, [], "an older text that was late changes nothing");
        say(&store, "three").await;
        assert_eq!(ready(&bed, &store).await, [], "the same text is not said twice");
        say(&store, "four").await;
        assert_eq!(ready(&bed, &store).await[0].reply.as_deref(), Some("comment-1"));
    }
}

#[tokio::test]
async fn a_failed_message_waits_and_a_newer_text_does_not() {
    for bed in beds().await {
        let store = bed.open().await;
        say(&store, "one").await;
        let message = ready(&bed, &store).await.remove(0);
        let mut tx = store.begin().await.expect("a transaction");
        let next_at = bed.clock.now() + Duration::from_secs(60);
        tx.outbox_failed(&scope(), &message, next_at).await.expect("an answer");
        tx.commit().await.expect("a commit");
        assert_eq!(ready(&bed, &store).await, []);
        bed.clock.pass(Duration::from_secs(60));
        assert_eq!(ready(&bed, &store).await[0].attempts, 1);

        let mut tx = store.begin().await.expect("a transaction");
        let next_at = bed.clock.now() + Duration::from_secs(60);
        tx.outbox_failed(&scope(), &message, next_at).await.expect("an answer");
        tx.commit().await.expect("a commit");
        say(&store, "two").await;
        assert_eq!(ready(&bed, &store).await[0].attempts, 0);
    }
}

#[tokio::test]
async fn a_delivery_counts_once() {
    for bed in beds().await {
        let store = bed.open().await;
        let receive = async |provider: &str, delivery: &str| {
            let mut tx = store.begin().await.expect("a transaction");
            let fresh = tx.receive(&scope(), provider, delivery, "push").await.expect("an answer");
            tx.commit().await.expect("a commit");
            fresh
        };
        assert!(receive("github", "1").await);
        assert!(!receive("github", "1").await);
        assert!(receive("gitlab", "1").await);
        assert!(receive("github", "2").await);
    }
}

#[tokio::test]
async fn what_is_too_long_is_refused() {
    for bed in beds().await {
        let store = bed.open().await;
        say(&store, &"x".repeat(MESSAGE_BYTES_MAX)).await;
        let mut tx = store.begin().await.expect("a transaction");
        let long = tx.say(&scope(), "comment", "8", &"x".repeat(MESSAGE_BYTES_MAX + 1)).await;
        assert!(matches!(long, Err(StoreError::TooLarge { .. })), "{long:?}");
        let id = "x".repeat(DELIVERY_BYTES_MAX);
        assert!(tx.receive(&scope(), "github", &id, "push").await.expect("an answer"));
        let long = tx.receive(&scope(), "github", &format!("{id}x"), "push").await;
        assert!(matches!(long, Err(StoreError::TooLarge { .. })), "{long:?}");
        tx.commit().await.expect("a refusal before any write tears nothing");
    }
}
