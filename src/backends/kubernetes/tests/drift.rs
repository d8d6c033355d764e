//! What an object costs that nobody changes, and what changes of it are seen.

use std::time::Duration;

use serde_json::{Value as Json, json};

use super::place::Corner;
use crate::backends::fixture::{body, component, key, name, scope};
use crate::backends::kubernetes::KubernetesTarget;
use crate::backends::{MarkEntries, Target};
use crate::build::{Piece, Rendered, fixture::rendered};
use crate::ids::{ContentId, Epoch, HolderId, ResourceKey, StackName};
use crate::model::change::{Action, Cause, Change, Precondition, Risk};
use crate::model::inventory::{Inventory, Owned};
use crate::model::observation::{Health, Observation, Observed, Seen};
use crate::model::plan::{Effect, Nature, Step};
use crate::store::{Lease, Store};
use crate::world::World;

/// How long a watch may take to tell: only one that never does takes it.
const NOTICE_MAX: Duration = Duration::from_secs(60);

/// A component with these objects, applied and seen.
struct Applied {
    target: std::sync::Arc<KubernetesTarget>,
    built: Rendered,
    owned: Inventory,
    lease: Lease,
}

impl Applied {
    async fn new(corner: &Corner, manifests: &[Json]) -> Self {
        let target = corner.target("one");
        let store = Store::open("sqlite::memory:", &World::real()).await.unwrap();
        let (stack, holder) = (StackName::new("prod").unwrap(), HolderId::new("one").unwrap());
        let lease = store.acquire(&scope("one"), &stack, &holder, Duration::from_secs(600)).await;
        let lease = lease.unwrap().unwrap();
        let owned = Owned {
            component: component("a"),
            applied: None,
            uid: None,
            kept: false,
            epoch: Epoch(1),
        };
        let pieces = manifests.iter().map(|manifest| {
            let piece = Piece::plain(body(manifest));
            (identity(manifest), piece)
        });
        let built = rendered(component("a"), pieces.collect(), ContentId::of("inputs"));
        let owned: Inventory =
            built.resources().keys().map(|key| (key.clone(), owned.clone())).collect();
        let applied = Self { target, built, owned, lease };
        let entries: MarkEntries =
            applied.owned.iter().map(|(key, owned)| (key.clone(), Some(owned.clone()))).collect();
        applied.target.write_mark(&applied.lease, &entries).await.unwrap();
        for (key, seen) in applied.look().await {
            let Seen::Compared(both) = seen else { panic!("{seen:?}") };
            let change = Change {
                component: component("a"),
                resource: key,
                action: Action::Create,
                risk: Risk::Reversible,
                cause: Cause::Wish,
                fields: Vec::new(),
                intended: both.intended,
                precondition: Precondition::default(),
            };
            applied.apply(change).await;
        }
        applied
    }

    async fn apply(&self, change: Change) {
        let step = Step {
            component: change.component.clone(),
            changes: vec![0],
            nature: Nature::IdempotentByName,
            after: Vec::new(),
            artifact: None,
        };
        let effect = Effect {
            scope: scope("one"),
            stack: self.lease.stack().clone(),
            target: name(),
            inputs: Default::default(),
            tools: Default::default(),
            changes: vec![change],
            steps: vec![step.clone()],
        };
        self.target.apply(&self.lease, &effect, &step).await.unwrap();
    }

    async fn observe(&self) -> Observation {
        let seen = self.target.observe(&component("a"), Some(&self.built), &self.owned).await;
        match seen {
            Observed::Complete(seen) => seen,
            other => panic!("{other:?}"),
        }
    }

    async fn look(&self) -> Vec<(ResourceKey, Seen)> {
        self.observe().await.resources.into_iter().collect()
    }

    async fn health(&self) -> Health {
        self.observe().await.health
    }

    /// Whether everything is as wanted, and how many requests it took to say so.
    async fn cost(&self) -> (bool, u64) {
        let before = self.target.requests();
        let seen = self.look().await;
        let same = seen.iter().all(|(_, seen)| matches!(seen, Seen::Same { .. }));
        (same, self.target.requests() - before)
    }

    /// Waits until the watches are up: then looking costs nothing.
    async fn settled(&self) {
        let settled = async {
            while self.cost().await != (true, 0) {
                // The watches are driven by whoever waits for them.
                let woken = tokio::time::timeout(Duration::from_millis(20), self.target.wake());
                drop(woken.await);
            }
        };
        tokio::time::timeout(NOTICE_MAX, settled).await.expect("it settles");
    }

    async fn woken(&self) {
        let woken = tokio::time::timeout(NOTICE_MAX, self.target.wake()).await;
        assert_eq!(woken.expect("somebody is woken"), [component("a")].into());
    }
}

fn identity(manifest: &Json) -> ResourceKey {
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    let (group, _) = manifest["apiVersion"].as_str().unwrap().split_once('/').unwrap_or_default();
    let dot = if group.is_empty() { "" } else { "." };
    let [kind, namespace, name] =
        [&manifest["kind"], &manifest["metadata"]["namespace"], &manifest["metadata"]["name"]]
            .map(text);
    key(&format!("{kind}{dot}{group}/{namespace}/{name}"))
}

fn deployment(namespace: &str) -> Json {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": "web:1"}]},
            },
        },
    })
}

fn settings(namespace: &str) -> Json {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "settings", "namespace": namespace},
        "data": {"size": "3"},
    })
}

#[tokio::test]
async fn what_nobody_changes_costs_no_request() {
    let Some(corner) = Corner::new().await else { return };
    let objects = [deployment(&corner.namespace), settings(&corner.namespace)];
    let applied = Applied::new(&corner, &objects).await;
    applied.settled().await;
    for _ in 0..3 {
        assert_eq!(applied.cost().await, (true, 0));
    }
}

#[tokio::test]
async fn what_others_scale_is_looked_at_and_left() {
    let Some(corner) = Corner::new().await else { return };
    let applied = Applied::new(&corner, &[deployment(&corner.namespace)]).await;
    applied.settled().await;
    let path = corner.path("apis/apps/v1", "deployments/web");
    corner.merge(path.clone(), "hand", json!({"spec": {"replicas": 2}})).await;
    applied.woken().await;
    applied.settled().await;
    let web = corner.get(path).await.unwrap();
    assert_eq!(web["spec"]["replicas"], 2);
}

#[tokio::test]
async fn a_change_of_what_is_ours_is_seen_with_who_made_it() {
    let Some(corner) = Corner::new().await else { return };
    let applied = Applied::new(&corner, &[settings(&corner.namespace)]).await;
    applied.settled().await;
    let path = corner.path("api/v1", "configmaps/settings");
    corner.merge(path, "hand", json!({"data": {"size": "7", "more": "x"}})).await;
    applied.woken().await;
    let seen = applied.look().await;
    let [(_, Seen::Compared(both))] = seen.as_slice() else { panic!("{seen:?}") };
    let size = crate::model::path::FieldPath::root().key("data").key("size");
    assert_eq!(both.writers.get(&size).map(String::as_str), Some("hand"));
    let live = both.live.as_ref().unwrap();
    assert_eq!(size.find(&live.value).and_then(|size| size.as_str()), Some("7"));
    assert!(live.value.get("data").unwrap().get("more").is_none(), "that is not ours");
}

#[tokio::test]
async fn the_order_of_a_list_is_looked_at() {
    let Some(corner) = Corner::new().await else { return };
    let mut two = deployment(&corner.namespace);
    let other = json!({"name": "other", "image": "other:1"});
    two["spec"]["template"]["spec"]["containers"].as_array_mut().unwrap().push(other);
    let applied = Applied::new(&corner, &[two]).await;
    applied.settled().await;
    let path = corner.path("apis/apps/v1", "deployments/web");
    let live = corner.get(path.clone()).await.unwrap();
    let mut containers = live["spec"]["template"]["spec"]["containers"].clone();
    containers.as_array_mut().unwrap().reverse();
    let turned = json!({"spec": {"template": {"spec": {"containers": containers}}}});
    corner.merge(path, "hand", turned).await;
    // Its controller writes its status meanwhile, and that wakes as well.
    let noticed = async {
        while applied.cost().await.0 {
            applied.woken().await
        }
    };
    tokio::time::timeout(NOTICE_MAX, noticed).await.expect("the order is what the manifest says");
}

#[tokio::test]
async fn a_rollout_is_followed_until_it_has_ended() {
    let Some(corner) = Corner::new().await else { return };
    let applied = Applied::new(&corner, &[deployment(&corner.namespace)]).await;
    let mut seen = vec![applied.health().await];
    let ended = async {
        while *seen.last().unwrap() != Health::Healthy {
            applied.woken().await;
            seen.push(applied.health().await);
        }
    };
    tokio::time::timeout(NOTICE_MAX, ended).await.expect("it becomes healthy");
    assert!(matches!(&seen[0], Health::Progressing(why) if why.contains("Deployment.apps/")));
    applied.settled().await;
}

#[tokio::test]
async fn a_label_that_is_taken_off_is_noticed() {
    let Some(corner) = Corner::new().await else { return };
    let applied = Applied::new(&corner, &[settings(&corner.namespace)]).await;
    applied.settled().await;
    let path = corner.path("api/v1", "configmaps/settings");
    corner.merge(path, "hand", json!({"metadata": {"labels": {"isobar.dev/owner": null}}})).await;
    applied.woken().await;
    assert!(!applied.cost().await.0, "it is nobody's");
}
