//! What pull requests show, and which runs came of it.

use isobar::ids::{CommitId, Digest, PullNumber};
use isobar::model::review::{Earlier, Replaced, Showing, ShownPlan};
use isobar::store::Retention;

use super::*;

const PULL: PullNumber = PullNumber(7);

fn showing(head: &str, content: &str, earlier: Option<Earlier>) -> Showing {
    let commit = |text: &str| CommitId::new(text.repeat(40)).expect("an id");
    let target = isobar::ids::TargetName::new("sandbox").expect("a name");
    let digest = Digest::of_canonical(content.as_bytes());
    let plans = vec![ShownPlan { stack: stack(), target, digest }];
    Showing { head: commit(head), base: commit("f"), plans, earlier }
}

async fn put(store: &Store, showing: &Showing) {
    let mut tx = store.begin().await.expect("a transaction");
    tx.put_showing(&scope(), PULL, showing).await.expect("it is written");
    tx.commit().await.expect("a commit");
}

#[tokio::test]
async fn the_newest_is_remembered_with_what_it_replaced() {
    for bed in beds().await {
        let store = bed.open().await;
        let shown = async || store.showing(&scope(), PULL).await.expect("an answer");
        assert_eq!(shown().await, None);
        let first = showing("a", "one", None);
        put(&store, &first).await;
        assert_eq!(shown().await.as_ref(), Some(&first));
        let before = Some(first.plans[0].digest);
        let replaced = vec![Replaced { stack: stack(), before, after: None, approvals: 2 }];
        let (head, base) = (first.head, first.base);
        let second = showing("b", "two", Some(Earlier { head, base, replaced }));
        put(&store, &second).await;
        assert_eq!(shown().await.as_ref(), Some(&second));

        let month = Retention { days: 30, journal_rows: 1_000_000 };
        store.retain(&scope(), month).await.expect("it is done");
        assert_eq!(shown().await, Some(second), "it is young");
        bed.clock.pass(Duration::from_secs(31 * 86_400));
        store.retain(&scope(), month).await.expect("it is done");
        assert_eq!(shown().await, None);
    }
}

#[tokio::test]
async fn what_was_shown_is_told_with_the_run_that_used_it() {
    for bed in beds().await {
        let store = bed.open().await;
        let head = CommitId::new("a".repeat(40)).expect("an id");
        let mut digests = ["one", "two"].map(|text| Digest::of_canonical(text.as_bytes())).to_vec();
        digests.sort();
        let mut tx = store.begin().await.expect("a transaction");
        tx.show(&scope(), PULL, &head, &digests).await.expect("it is written");
        tx.commit().await.expect("a commit");
        let used = "UPDATE shown SET run = 'run-1' WHERE digest = '";
        bed.raw(format!("{used}{}'", digests[0]).leak()).await.expect("a change");
        let shown = store.shown_of(&scope(), PULL, &head).await.expect("an answer");
        assert_eq!(shown, [(digests[0], Some(run("run-1"))), (digests[1], None)]);
        let open = store.shown_on(&scope(), PULL, &head).await.expect("an answer");
        assert_eq!(open, [digests[1]]);
    }
}
