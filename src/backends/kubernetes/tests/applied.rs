//! A component with objects in a corner of the test bed.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::place::Corner;
use crate::backends::fixture::{body, component, key, name, scope};
use crate::backends::kubernetes::KubernetesTarget;
use crate::backends::{After, MarkEntries, StepError, Target};
use crate::build::{Piece, Rendered, fixture::rendered};
use crate::ids::{ContentId, Epoch, HolderId, ResourceKey, StackName};
use crate::model::body::Body;
use crate::model::canonical;
use crate::model::change::{Action, Cause, Change, FieldChange, Precondition, Risk};
use crate::model::inventory::{Inventory, Owned};
use crate::model::observation::{Health, Observation, Observed, Seen};
use crate::model::path::FieldPath;
use crate::model::plan::{Effect, Nature, Step};
use crate::store::{Lease, Store};
use crate::world::World;

/// How long a watch may take to tell: only one that never does takes it.
pub(super) const NOTICE_MAX: Duration = Duration::from_secs(60);

/// A component with these objects, applied and seen.
pub(super) struct Applied {
    pub(super) target: Arc<KubernetesTarget>,
    built: Rendered,
    owned: Inventory,
    pub(super) lease: Lease,
}

impl Applied {
    pub(super) async fn new(corner: &Corner, manifests: &[Json]) -> Self {
        Self::of(corner.target("one"), manifests).await
    }

    /// The same by a target of the agent `one`.
    pub(super) async fn of(target: Arc<KubernetesTarget>, manifests: &[Json]) -> Self {
        let store = Store::open("sqlite::memory:", &World::real()).await.unwrap();
        let (stack, holder) = (StackName::new("prod").unwrap(), HolderId::new("one").unwrap());
        let lease =
            store.acquire(&scope("one"), &stack, &holder, Duration::from_secs(86_400)).await;
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
            built.resources().keys().map(|key| (key.clone(), owned.clone().into())).collect();
        let applied = Self { target, built, owned, lease };
        let entries: MarkEntries = applied
            .owned
            .iter()
            .map(|(key, owned)| (key.clone(), Some(Owned::clone(owned))))
            .collect();
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
            applied.apply(change).await.unwrap();
        }
        applied
    }

    /// Makes the component want these of its objects.
    pub(super) fn wants(&mut self, manifests: &[Json]) {
        let pieces = manifests.iter().map(|one| (identity(one), Piece::plain(body(one))));
        let inputs = ContentId::of(serde_json::to_vec(manifests).unwrap());
        self.built = rendered(component("a"), pieces.collect(), inputs);
    }

    /// Updates the only object that is not as wanted, with these of its fields shown.
    pub(super) async fn update(&self, shown: &[&str]) -> Result<After, StepError> {
        self.apply(self.planned(shown).await).await
    }

    /// The same, planned only.
    pub(super) async fn planned(&self, shown: &[&str]) -> Change {
        let mut seen = self.look().await;
        seen.retain(|(_, seen)| !matches!(seen, Seen::Same { .. }));
        let [(key, Seen::Compared(both))] = seen.as_slice() else { panic!("{seen:?}") };
        let found = |body: &Option<Body>, path: &FieldPath| {
            body.as_ref().and_then(|body| path.find(body.value())).cloned()
        };
        let field = |path: &&str| {
            let path = FieldPath::parse(path).unwrap();
            let (before, after) = (found(&both.live, &path), found(&both.intended, &path));
            let (sensitive, origin, writer, made_up) = (false, None, None, false);
            FieldChange { path, before, after, sensitive, origin, writer, made_up }
        };
        let fields: Vec<_> = shown.iter().map(field).collect();
        let planned = fields
            .iter()
            .map(|field| (field.path.clone(), field.before.as_ref().map(canonical::content_id)));
        let precondition =
            Precondition { uid: both.uid.clone(), fields: planned.collect(), exists: true };
        Change {
            component: component("a"),
            resource: key.clone(),
            action: Action::Update,
            risk: Risk::Reversible,
            cause: Cause::Wish,
            fields,
            intended: both.intended.clone(),
            precondition,
        }
    }

    /// What the mark says of an object.
    pub(super) fn entry(&self, manifest: &Json) -> Owned {
        Owned::clone(&self.owned[&identity(manifest)])
    }

    /// One step of one change.
    pub(super) async fn apply(&self, change: Change) -> Result<After, StepError> {
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
        let mut after = self.target.apply(&self.lease, &effect, &step).await?;
        Ok(after.remove(0))
    }

    pub(super) async fn observe(&self) -> Observation {
        let seen = self.target.observe(&component("a"), Some(&self.built), &self.owned).await;
        match seen {
            Observed::Complete(seen) => seen,
            other => panic!("{other:?}"),
        }
    }

    /// What is seen, refused or not.
    pub(super) async fn seen(&self) -> Vec<(ResourceKey, Seen)> {
        match self.target.observe(&component("a"), Some(&self.built), &self.owned).await {
            Observed::Complete(seen) | Observed::Partial(seen) => {
                seen.resources.into_iter().collect()
            }
            other => panic!("{other:?}"),
        }
    }

    /// Why its only object is refused, if it is.
    pub(super) async fn refused(&self) -> Option<String> {
        match self.seen().await.pop() {
            Some((_, Seen::Refused { reason })) => Some(reason),
            _ => None,
        }
    }

    pub(super) async fn look(&self) -> Vec<(ResourceKey, Seen)> {
        self.observe().await.resources.into_iter().collect()
    }

    pub(super) async fn health(&self) -> Health {
        self.observe().await.health
    }

    /// Whether everything is as wanted, and how many requests it took to say so.
    pub(super) async fn cost(&self) -> (bool, u64) {
        let before = self.target.requests();
        let seen = self.look().await;
        let same = seen.iter().all(|(_, seen)| matches!(seen, Seen::Same { .. }));
        (same, self.target.requests() - before)
    }

    /// Waits until the watches are up, and nobody is woken by what was: then looking costs nothing.
    pub(super) async fn settled(&self) {
        let settled = async {
            loop {
                // The watches are driven by whoever waits for them.
                let woken = tokio::time::timeout(Duration::from_millis(20), self.target.wake());
                if woken.await.is_err() && self.cost().await == (true, 0) {
                    return;
                }
            }
        };
        tokio::time::timeout(NOTICE_MAX, settled).await.expect("it settles");
    }

    pub(super) async fn woken(&self) {
        let woken = tokio::time::timeout(NOTICE_MAX, self.target.wake()).await;
        assert_eq!(woken.expect("somebody is woken"), [component("a")].into());
    }
}

/// What the object is called.
pub(super) fn identity(manifest: &Json) -> ResourceKey {
    let text = |value: &Json| value.as_str().unwrap().to_owned();
    let (group, _) = manifest["apiVersion"].as_str().unwrap().split_once('/').unwrap_or_default();
    let dot = if group.is_empty() { "" } else { "." };
    let [kind, namespace, name] =
        [&manifest["kind"], &manifest["metadata"]["namespace"], &manifest["metadata"]["name"]]
            .map(text);
    key(&format!("{kind}{dot}{group}/{namespace}/{name}"))
}

pub(super) fn deployment(namespace: &str) -> Json {
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

pub(super) fn settings(namespace: &str) -> Json {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "settings", "namespace": namespace},
        "data": {"size": "3"},
    })
}
