//! Kubernetes: a server-side dry run says what would be, each object is a step, and an object that
//! was made anew under the same name is another object.

use std::collections::BTreeMap;

use expect_test::expect;

use crate::build::Piece;
use crate::build::fixture::rendered;
use crate::ids::*;
use crate::model::body::{Body, Format};
use crate::model::change::Action;
use crate::model::inventory::Owned;
use crate::model::observation::{Compared, Health, Observation, Observed, Owner, Seen};
use crate::model::plan::{HoldReason, Nature};
use crate::model::status::StackStatus;
use crate::plan::audit;
use crate::plan::tests::fixture::{World, id, key, value, world};
use crate::report::terminal;

const DEPLOYMENT: &str = "apps/Deployment/shop/web";
const SECRET: &str = "Secret/shop/web";
const NAMESPACE: &str = "Namespace/shop-old";
const CONFIG: &str = "ConfigMap/shop/web";

fn plain(styled: &str) -> String {
    anstream::adapter::strip_str(styled).to_string()
}

fn yaml(json: &str) -> Body {
    Body::new(Format::Yaml, value(json))
}

/// The object as it is, and as the dry run returns it: with the server's defaults on both sides,
/// without status and managed fields, which the backend leaves out because nobody wishes them.
fn object(live: Option<&str>, intended: Option<&str>, uid: &str) -> Seen {
    Seen::Compared(Box::new(Compared {
        writers: BTreeMap::new(),
        live: live.map(yaml),
        intended: intended.map(yaml),
        must_replace: Vec::new(),
        sensitive: Vec::new(),
        stateful: false,
        uid: live.map(|_| uid.to_owned()),
        owner: if live.is_some() { Owner::This } else { Owner::Nobody },
        lost: Vec::new(),
    }))
}

fn cluster() -> World {
    let mut world = world("component web");
    let wishes = [
        (DEPLOYMENT, r#"{"spec": {"replicas": 3, "image": "web:2"}}"#),
        (
            SECRET,
            r#"{"data": {"token": {"$secret": {"handle": "vault:web",
            "state": "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}}}}"#,
        ),
        (CONFIG, r#"{"data": {"mode": "fast"}}"#),
    ];
    let piece = |json| Piece::plain(yaml(json));
    let pieces: BTreeMap<_, _> =
        wishes.iter().map(|(name, json)| (key(name), piece(json))).collect();
    for name in pieces.keys() {
        world.evidence.claims.insert(name.clone(), [id("web")].into());
    }
    world.rendered.insert(id("web"), Ok(rendered(id("web"), pieces, ContentId::of("chart"))));
    for (name, uid) in [(DEPLOYMENT, "uid-1"), (SECRET, "uid-2"), (NAMESPACE, "uid-3")] {
        let uid = Some(uid.to_owned());
        let owned =
            Owned { component: id("web"), applied: None, uid, kept: false, epoch: Epoch(1) };
        world.owned.insert(key(name), owned.clone().into());
        world.mark.as_mut().expect("it is there").resources.insert(key(name), owned.into());
    }
    let deployment = object(
        Some(
            r#"{"spec": {"replicas": 3, "image": "web:1", "strategy": {"type": "RollingUpdate"}}}"#,
        ),
        Some(
            r#"{"spec": {"replicas": 3, "image": "web:2", "strategy": {"type": "RollingUpdate"}}}"#,
        ),
        "uid-1",
    );
    let secret = object(Some(r#"{"data": {"token": "canary"}}"#), Some(wishes[1].1), "uid-2");
    let mut namespace = object(Some(r#"{"spec": {"finalizers": ["kubernetes"]}}"#), None, "uid-3");
    let Seen::Compared(both) = &mut namespace else { panic!() };
    both.stateful = true;
    let config = object(None, Some(wishes[2].1), "");
    let observation = Observation {
        component: id("web"),
        resources: [
            (key(DEPLOYMENT), deployment),
            (key(SECRET), secret),
            (key(NAMESPACE), namespace),
            (key(CONFIG), config),
        ]
        .into(),
        health: Health::Progressing("1 of 3 pods is ready".to_owned()),
        unwell: BTreeMap::new(),
        outputs: BTreeMap::new(),
        artifact: None,
        tools: BTreeMap::from([("kubernetes".to_owned(), "1.34".to_owned())]),
    };
    world.observed.insert(id("web"), Observed::Complete(observation));
    world
}

#[test]
fn each_object_is_a_step_that_names_it() {
    let world = cluster();
    let plan = world.plan();
    assert_eq!(audit(&plan, &world.input()), []);
    expect![[r#"
        prod at box
          plan 62df19617c57 from 4f2a91c0, observed 2026-11-20 09:30:00 UTC

          terraform/web
            - delete Namespace/shop-old                         data loss
                spec.finalizers: ["kubernetes"]
            ~ update Secret/shop/web
                data.token: (secret changed)
            ~ update apps/Deployment/shop/web
                spec.image: "web:1" -> "web:2"
            + create ConfigMap/shop/web
                data.mode: "fast"

          Not well
            terraform/web: progressing: 1 of 3 pods is ready

          Held
            Namespace/shop-old: what it holds would be lost for good
              $ isobar approve prod 62df19617c57 --allow-delete Namespace/shop-old

          Held: 1 delete, 2 update, 1 create
    "#]]
    .assert_eq(&plain(&terminal::plan(&plan)));
    let effect = plan.effect();
    assert_eq!(effect.steps.len(), effect.changes.len());
    let natures = effect.steps.iter().map(|step| step.nature);
    assert!(natures.into_iter().all(|nature| nature == Nature::IdempotentByName));
    let update = effect
        .changes
        .iter()
        .find(|change| change.resource == key(DEPLOYMENT))
        .expect("it is there");
    assert_eq!(update.precondition.uid.as_deref(), Some("uid-1"));
    let fields: Vec<_> = update.precondition.fields.keys().map(ToString::to_string).collect();
    assert_eq!(fields, ["spec.image"], "a field that does not change makes no plan stale");
}

/// Somebody deleted the object and made another of the same name: it was never ours to delete.
#[test]
fn an_object_made_anew_by_somebody_else_is_kept() {
    let mut world = cluster();
    let Some(Observed::Complete(seen)) = world.observed.get_mut(&id("web")) else { panic!() };
    let Some(Seen::Compared(namespace)) = seen.resources.get_mut(&key(NAMESPACE)) else { panic!() };
    namespace.uid = Some("uid-9".to_owned());
    let plan = world.plan();
    assert_eq!(audit(&plan, &world.input()), []);
    let change =
        plan.effect().changes.iter().find(|c| c.resource == key(NAMESPACE)).expect("it is there");
    assert_eq!(change.action, Action::Keep);
    let unproven = |reason: &HoldReason| matches!(reason, HoldReason::NotProvenGone { .. });
    assert!(plan.envelope.holds.iter().any(|hold| unproven(&hold.reason)));
}

/// An object that another controller has taken over is left to it.
#[test]
fn an_object_with_anothers_mark_is_not_touched() {
    let mut world = cluster();
    let Some(Observed::Complete(seen)) = world.observed.get_mut(&id("web")) else { panic!() };
    let Some(Seen::Compared(deployment)) = seen.resources.get_mut(&key(DEPLOYMENT)) else {
        panic!()
    };
    deployment.owner = Owner::Foreign("agent away".to_owned());
    let plan = world.plan();
    assert!(plan.effect().changes.iter().all(|change| change.resource != key(DEPLOYMENT)));
    let foreign = |reason: &HoldReason| matches!(reason, HoldReason::Foreign { .. });
    assert!(plan.envelope.holds.iter().any(|hold| foreign(&hold.reason)));
}

#[test]
fn health_is_shown_and_not_planned() {
    let mut world = cluster();
    let plan = world.plan();
    let Some(Observed::Complete(seen)) = world.observed.get_mut(&id("web")) else { panic!() };
    let health = BTreeMap::from([(id("web"), seen.health.clone())]);
    let status = StackStatus { plan: plan.clone(), health, last: None };
    assert!(plain(&terminal::status(&[status])).contains("progressing: 1 of 3 pods is ready"));
    seen.health = Health::Healthy;
    assert_eq!(world.plan().digest(), plan.digest());
}

/// Nothing differs and nothing was asked: the fingerprint said so.
#[test]
fn an_object_that_is_the_same_by_its_fingerprint_is_no_change() {
    let mut world = cluster();
    let Some(Observed::Complete(seen)) = world.observed.get_mut(&id("web")) else { panic!() };
    let same = Seen::Same { fingerprint: ContentId::of("web:2") };
    seen.resources.insert(key(DEPLOYMENT), same);
    let plan = world.plan();
    assert_eq!(audit(&plan, &world.input()), []);
    assert!(plan.effect().changes.iter().all(|change| change.resource != key(DEPLOYMENT)));
}
