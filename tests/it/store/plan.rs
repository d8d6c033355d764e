//! Plans by digest, and the inventory.

use std::collections::BTreeSet;

use isobar::ids::{Epoch, ResourceKey, StackName, TargetName};
use isobar::model::inventory::{Inventory, Mark, Owned};
use isobar::model::plan::{Hold, HoldReason, Part};
use isobar::store::StoreError;

use super::*;

async fn put(store: &Store, plan: &Plan) {
    let mut tx = store.begin().await.expect("a transaction");
    tx.put_plan(plan).await.expect("a plan");
    tx.commit().await.expect("a commit");
}

#[tokio::test]
async fn a_plan_reads_back_as_it_was_put() {
    for bed in beds().await {
        let store = bed.open().await;
        let plan = plan("x");
        put(&store, &plan).await;
        put(&store, &plan).await;
        let read = store.plan(&scope(), plan.digest()).await.expect("an answer");
        assert_eq!(read.as_ref(), Some(&plan));
        assert_eq!(store.latest_plans(&scope(), &stack()).await.expect("an answer"), [plan]);
        assert_eq!(store.stacks_known(&scope()).await.expect("an answer"), [stack()]);
    }
}

#[tokio::test]
async fn the_latest_plan_has_its_newest_envelope_and_is_no_pull_requests() {
    for bed in beds().await {
        let store = bed.open().await;
        let first = plan("x");
        put(&store, &first).await;
        let mut envelope = first.envelope.clone();
        envelope.holds.push(Hold { part: Part::Plan, reason: HoldReason::Locked });
        let held = first.clone().with_envelope(envelope);
        put(&store, &held).await;
        let mut tx = store.begin().await.expect("a transaction");
        tx.put_shown_plan(&first).await.expect("a plan");
        tx.put_shown_plan(&plan("y")).await.expect("a plan");
        tx.commit().await.expect("a commit");
        assert!(store.plan(&scope(), plan("y").digest()).await.expect("an answer").is_some());
        let latest = store.latest_plans(&scope(), &stack()).await.expect("an answer");
        let (target, digest) = (&held.effect().target, held.digest());
        let envelope = store.latest_envelope(&scope(), &stack(), target).await.expect("an answer");
        assert_eq!(envelope, Some((digest, held.envelope.clone())));
        assert_eq!(latest, [held]);
    }
}

/// What is said of a run's components is said of its own plan, and not of the one that came after it.
#[tokio::test]
async fn another_envelope_is_put_around_the_newest_plan_alone() {
    for bed in beds().await {
        let store = bed.open().await;
        let (first, next) = (plan("x"), plan("y"));
        put(&store, &first).await;
        let mut envelope = first.envelope.clone();
        envelope.holds.push(Hold { part: Part::Plan, reason: HoldReason::Locked });
        let about = async |plan: &Plan| {
            let (scope, stack) = (scope(), stack());
            let mut tx = store.begin().await.expect("a transaction");
            let place = (&scope, &stack, &plan.effect().target);
            tx.put_envelope(place, plan.digest(), &envelope).await.expect("an envelope");
            tx.commit().await.expect("a commit");
            store.latest_plans(&scope, &stack).await.expect("an answer")
        };
        assert_eq!(about(&next).await.first(), Some(&first));
        assert_eq!(about(&first).await, [first.clone().with_envelope(envelope.clone())]);
        put(&store, &next).await;
        assert_eq!(about(&first).await, [next]);
    }
}

#[tokio::test]
async fn a_plan_altered_in_the_database_is_no_plan() {
    for bed in beds().await {
        let store = bed.open().await;
        let plan = plan("good");
        put(&store, &plan).await;
        bed.raw("UPDATE plan SET effect = REPLACE(effect, 'good', 'evil')")
            .await
            .expect("a change behind its back");
        let read = store.plan(&scope(), plan.digest()).await;
        assert!(matches!(read, Err(StoreError::Corrupt { .. })), "{read:?}");
    }
}

#[tokio::test]
async fn a_dropped_transaction_leaves_nothing() {
    for bed in beds().await {
        let store = bed.open().await;
        let plan = plan("x");
        let mut tx = store.begin().await.expect("a transaction");
        tx.put_plan(&plan).await.expect("a plan");
        tx.say(&scope(), "comment", "7", "hello").await.expect("a message");
        drop(tx);
        assert_eq!(store.plan(&scope(), plan.digest()).await.expect("an answer"), None);
        let ready = store.outbox_ready(&scope(), bed.clock.now(), 9).await.expect("an answer");
        assert_eq!(ready, []);
    }
}

fn owned(epoch: i64) -> Owned {
    Owned { component: component(), applied: None, uid: None, kept: false, epoch: Epoch(epoch) }
}

fn key(name: &str) -> ResourceKey {
    ResourceKey::new(name).expect("a key")
}

#[tokio::test]
async fn the_inventory_holds_what_was_written_last() {
    for bed in beds().await {
        let store = bed.open().await;
        let lease = lease(&store, "a").await;
        let target = TargetName::new("cluster").expect("a name");
        assert_eq!(store.inventory(&scope(), &target).await.expect("an answer"), None);
        let mut tx = store.begin().await.expect("a transaction");
        let first = [(key("a"), Some(owned(1))), (key("b"), Some(owned(1)))].into();
        tx.inventory_write(&lease, &target, &first).await.expect("it is ours");
        let second = [(key("a"), None), (key("b"), Some(owned(2))), (key("c"), None)].into();
        tx.inventory_write(&lease, &target, &second).await.expect("it is ours");
        tx.commit().await.expect("a commit");
        let inventory = store.inventory(&scope(), &target).await.expect("an answer");
        assert_eq!(inventory, Some(Inventory::from([(key("b"), owned(2).into())]).into()));
    }
}

/// A target of which nothing is owned any more is known, and one that nobody wrote of is not.
#[tokio::test]
async fn all_inventories_are_what_each_of_them_is() {
    for bed in beds().await {
        let store = bed.open().await;
        let lease = lease(&store, "a").await;
        assert_eq!(store.inventories(&scope()).await.expect("an answer"), BTreeMap::new());
        let targets = ["east", "west", "none"].map(|name| TargetName::new(name).expect("a name"));
        let written = [vec![("a", 1), ("b", 2)], vec![("a", 3)], vec![]];
        let mut wanted = BTreeMap::new();
        let mut tx = store.begin().await.expect("a transaction");
        for (target, written) in targets.iter().zip(&written) {
            let entries = written.iter().map(|(name, epoch)| (key(name), Some(owned(*epoch))));
            tx.inventory_write(&lease, target, &entries.collect()).await.expect("it is ours");
            let all = written.iter().map(|(name, epoch)| (key(name), owned(*epoch).into()));
            wanted.insert(target.clone(), Arc::new(all.collect::<Inventory>()));
        }
        tx.commit().await.expect("a commit");
        assert_eq!(store.inventories(&scope()).await.expect("an answer"), wanted);
        for (target, owned) in wanted {
            let one = store.inventory(&scope(), &target).await.expect("an answer");
            assert_eq!(one, Some(owned));
        }
    }
}

/// All entries of a write are one statement, whatever they are called.
#[tokio::test]
async fn an_inventory_of_thousands_is_written_at_once() {
    for bed in beds().await {
        let store = bed.open().await;
        let lease = lease(&store, "a").await;
        let target = TargetName::new("cluster").expect("a name");
        let odd = ["1", "null", "[]", "\"", "a\\b", "it's", "Grüße/🦊", "{\"a\":1}", "$1"];
        let names = (0..4_500).map(|number| format!("ConfigMap/a/{number}"));
        let names: Vec<_> = names.chain(odd.map(str::to_owned)).collect();
        let mut wanted = Inventory::new();
        for epoch in 1..=2 {
            let entries = names.iter().map(|name| (key(name), Some(owned(epoch)))).collect();
            let mut tx = store.begin().await.expect("a transaction");
            tx.inventory_write(&lease, &target, &entries).await.expect("it is ours");
            tx.commit().await.expect("a commit");
            wanted = names.iter().map(|name| (key(name), owned(epoch).into())).collect();
            let inventory = store.inventory(&scope(), &target).await.expect("an answer");
            assert_eq!(inventory.as_deref(), Some(&wanted));
        }
        assert_eq!(wanted.len(), 4_509);
    }
}

/// Whoever has read an inventory reads only what was written since, whoever wrote it.
#[tokio::test]
async fn what_others_write_into_an_inventory_is_seen() {
    for bed in beds().await {
        let (reader, writer) = (bed.open().await, bed.open().await);
        let lease = lease(&writer, "a").await;
        let target = TargetName::new("cluster").expect("a name");
        let mut wanted = Inventory::new();
        type Write = (&'static str, Option<(i64, &'static str)>);
        let writes: &[&[Write]] = &[
            &[("a", Some((1, "one"))), ("b", Some((1, "one"))), ("c", Some((1, "two")))],
            &[("b", Some((2, "three")))],
            &[],
            &[("a", None)],
            &[("d", Some((3, "three"))), ("c", None)],
            &[("a", Some((4, "two")))],
        ];
        for (at, writes) in writes.iter().enumerate() {
            let mut entries = BTreeMap::new();
            for (name, by) in *writes {
                let owned = by.map(|(epoch, stack)| {
                    let mut owned = owned(epoch);
                    owned.component.stack = StackName::new(stack).expect("a name");
                    owned
                });
                match owned.clone() {
                    Some(owned) => drop(wanted.insert(key(name), owned.into())),
                    None => drop(wanted.remove(&key(name))),
                }
                entries.insert(key(name), owned);
            }
            let mut tx = writer.begin().await.expect("a transaction");
            tx.inventory_write(&lease, &target, &entries).await.expect("it is ours");
            tx.commit().await.expect("a commit");
            let stacks = wanted.values().map(|owned| owned.component.stack.clone());
            let owning: BTreeSet<_> = stacks.collect();
            // One read of two is left out now and then: then two writes are read at once.
            for store in [&writer, &reader].into_iter().take(1 + at % 2) {
                let inventory = store.inventory(&scope(), &target).await.expect("an answer");
                assert_eq!(inventory.as_deref(), Some(&wanted), "after write {at}");
                let places = store.places_known(&scope()).await.expect("an answer");
                assert_eq!(places.into_keys().collect::<BTreeSet<_>>(), owning, "after write {at}");
            }
        }
    }
}

#[tokio::test]
async fn a_mark_teaches_only_a_database_that_knows_nothing_of_its_target() {
    for bed in beds().await {
        let store = bed.open().await;
        let lease = lease(&store, "a").await;
        let target = TargetName::new("cluster").expect("a name");
        let mut mark = Mark::empty(scope(), target.clone());
        mark.resources.insert(key("a"), owned(1).into());

        let mut tx = store.begin().await.expect("a transaction");
        tx.inventory_write(&lease, &target, &BTreeMap::new()).await.expect("it is ours");
        assert!(!tx.inventory_rebuild(&scope(), &target, &mark).await.expect("its mark"));
        tx.commit().await.expect("a commit");
        let inventory = store.inventory(&scope(), &target).await.expect("an answer");
        assert_eq!(inventory, Some(Inventory::new().into()), "owning nothing is knowing something");

        let other = TargetName::new("elsewhere").expect("a name");
        let mut tx = store.begin().await.expect("a transaction");
        let copied = tx.inventory_rebuild(&scope(), &other, &mark).await;
        assert!(matches!(copied, Err(StoreError::Conflict { .. })), "a mark of another target");
    }
}
