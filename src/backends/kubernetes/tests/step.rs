//! Single changes, and what tries to make them do harm.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value as Json, json};

use super::applied::{Applied, NOTICE_MAX, deployment, identity, settings};
use super::place::Corner;
use crate::backends::fixture::{body, component};
use crate::backends::kubernetes::connection::Call;
use crate::backends::{Disposition, MarkEntries, StepError, Target};
use crate::ids::Epoch;
use crate::model::canonical;
use crate::model::change::{Action, Cause, Change, FieldChange, Precondition, Risk};
use crate::model::inventory::Owned;
use crate::model::path::FieldPath;

/// A change of one object, planned on it as it is now, that shows these of its fields.
pub(super) async fn change(
    corner: &Corner,
    manifest: &Json,
    action: Action,
    after: Option<&Json>,
    shown: &[&str],
) -> Change {
    let live = corner.get(path(corner, manifest)).await.unwrap();
    let value = canonical::from_json(&live);
    let fields = shown.iter().map(|path| FieldPath::parse(path).unwrap());
    let fields: Vec<_> = fields
        .map(|path| FieldChange {
            before: path.find(&value).cloned(),
            after: after.and_then(|after| path.find(&canonical::from_json(after)).cloned()),
            path,
            sensitive: false,
            origin: None,
            writer: None,
            made_up: false,
        })
        .collect();
    let planned = fields
        .iter()
        .map(|field| (field.path.clone(), field.before.as_ref().map(canonical::content_id)));
    Change {
        component: component("a"),
        resource: identity(manifest),
        action,
        risk: Risk::Reversible,
        cause: Cause::Wish,
        precondition: Precondition {
            uid: live["metadata"]["uid"].as_str().map(str::to_owned),
            fields: planned.collect(),
            exists: true,
        },
        fields,
        intended: after.map(body),
    }
}

pub(super) fn path(corner: &Corner, manifest: &Json) -> String {
    let name = manifest["metadata"]["name"].as_str().unwrap();
    match manifest["kind"].as_str().unwrap() {
        "ConfigMap" => corner.path("api/v1", &format!("configmaps/{name}")),
        _ => corner.path("apis/apps/v1", &format!("deployments/{name}")),
    }
}

fn stale(refused: Result<crate::backends::After, StepError>) -> String {
    let error = refused.expect_err("it is refused");
    assert_eq!(error.disposition, Disposition::Stale, "{error}");
    error.reason
}

#[tokio::test]
async fn another_object_of_the_name_is_not_deleted() {
    let Some(corner) = Corner::new().await else { return };
    let manifest = settings(&corner.namespace);
    let applied = Applied::new(&corner, std::slice::from_ref(&manifest)).await;
    let delete = change(&corner, &manifest, Action::Delete, None, &["data.size"]).await;
    let mut twin = corner.get(path(&corner, &manifest)).await.unwrap();
    corner.send(Call::delete(path(&corner, &manifest), json!({}))).await.unwrap();
    for field in ["uid", "resourceVersion", "creationTimestamp", "managedFields"] {
        twin["metadata"].as_object_mut().unwrap().remove(field);
    }
    corner.send(Call::post(corner.path("api/v1", "configmaps"), twin)).await.unwrap();
    let why = stale(applied.apply(delete).await);
    assert!(why.ends_with("another object has its name by now"), "{why}");
    assert!(corner.get(path(&corner, &manifest)).await.is_some());
}

#[tokio::test]
async fn what_does_not_carry_our_label_is_not_deleted() {
    let Some(corner) = Corner::new().await else { return };
    let manifest = settings(&corner.namespace);
    let applied = Applied::new(&corner, std::slice::from_ref(&manifest)).await;
    for label in [Json::Null, json!("somebody.else")] {
        let delete = change(&corner, &manifest, Action::Delete, None, &["data.size"]).await;
        let patch = json!({"metadata": {"labels": {"isobar.dev/owner": label}}});
        corner.merge(path(&corner, &manifest), "hand", patch).await;
        stale(applied.apply(delete).await);
        assert!(corner.get(path(&corner, &manifest)).await.is_some());
    }
}

#[tokio::test]
async fn what_was_not_shown_is_not_overwritten() {
    let Some(corner) = Corner::new().await else { return };
    let mut manifest = settings(&corner.namespace);
    manifest["data"]["colour"] = "green".into();
    let applied = Applied::new(&corner, std::slice::from_ref(&manifest)).await;
    let mut wanted = manifest.clone();
    wanted["data"]["size"] = "5".into();
    let update = change(&corner, &manifest, Action::Update, Some(&wanted), &["data.size"]).await;
    let patch = json!({"data": {"colour": "red"}});
    corner.merge(path(&corner, &manifest), "hand", patch).await;
    let why = stale(applied.apply(update).await);
    assert!(why.contains("`data.colour` has changed"), "{why}");
    let live = corner.get(path(&corner, &manifest)).await.unwrap();
    assert_eq!(live["data"], json!({"size": "3", "colour": "red"}));
}

/// What was looked at is what is written over, or nothing is.
#[tokio::test]
async fn drift_is_put_back_with_one_request() {
    let Some(corner) = Corner::new().await else { return };
    let manifest = settings(&corner.namespace);
    let applied = Applied::new(&corner, std::slice::from_ref(&manifest)).await;
    applied.settled().await;
    let drift = async |size: &str| {
        let drift = json!({"data": {"size": size}});
        corner.merge(path(&corner, &manifest), "hand", drift).await;
    };
    let live = async || corner.get(path(&corner, &manifest)).await.unwrap()["data"].clone();
    let seen = async || {
        applied.woken().await;
        applied.look().await;
        change(&corner, &manifest, Action::Update, Some(&manifest), &["data.size"]).await
    };
    drift("7").await;
    let update = seen().await;
    let before = applied.target.requests();
    applied.apply(update).await.unwrap();
    assert_eq!(applied.target.requests() - before, 1);
    assert_eq!(live().await, json!({"size": "3"}));

    drift("8").await;
    let update = seen().await;
    drift("9").await;
    let why = stale(applied.apply(update).await);
    assert!(why.contains("`data.size` has changed"), "{why}");
    assert_eq!(live().await, json!({"size": "9"}));
}

/// Its status, its replicas and what somebody else has put beside move all the time, and none of that is
/// in the plan.
#[tokio::test]
async fn a_plan_for_what_rolls_out_and_is_scaled_stays_applicable() {
    let Some(corner) = Corner::new().await else { return };
    let mut manifest = deployment(&corner.namespace);
    manifest["spec"]["minReadySeconds"] = 1.into();
    let stays = json!({"testbed.isobar.test/stay": "pending"});
    manifest["spec"]["template"]["metadata"]["annotations"] = stays;
    let applied = Applied::new(&corner, std::slice::from_ref(&manifest)).await;
    let path = path(&corner, &manifest);
    let planned = async |seconds: u32| {
        let mut wanted = manifest.clone();
        wanted["spec"]["minReadySeconds"] = seconds.into();
        change(&corner, &manifest, Action::Update, Some(&wanted), &["spec.minReadySeconds"]).await
    };
    let scaled = async |range: std::ops::RangeInclusive<u32>| {
        for replicas in range {
            let scale = json!({"spec": {"replicas": replicas}});
            corner.merge(format!("{path}/scale"), "hand", scale).await;
        }
    };
    let update = planned(2).await;
    let side = json!([{"name": "side", "image": "side:1"}]);
    let side = json!({"spec": {"template": {"spec": {"containers": side}}}});
    let call = Call::patch(path.clone(), "application/strategic-merge-patch+json", side);
    corner.send(call.query("fieldManager", "hand")).await.unwrap();
    scaled(2..=4).await;
    let (made, ()) = tokio::join!(applied.apply(update), scaled(5..=8));
    made.unwrap();
    let web = corner.get(path.clone()).await.unwrap();
    let containers = web["spec"]["template"]["spec"]["containers"].as_array().unwrap();
    let images: BTreeSet<_> = containers.iter().map(|one| one["image"].as_str()).collect();
    assert_eq!(images, [Some("web:1"), Some("side:1")].into());
    assert_eq!((&web["spec"]["minReadySeconds"], &web["spec"]["replicas"]), (&json!(2), &json!(8)));

    let update = planned(3).await;
    corner.merge(path.clone(), "hand", json!({"spec": {"minReadySeconds": 7}})).await;
    scaled(2..=3).await;
    let why = stale(applied.apply(update).await);
    assert!(why.contains("`spec.minReadySeconds` has changed"), "{why}");
    let web = corner.get(path.clone()).await.unwrap();
    assert_eq!((&web["spec"]["minReadySeconds"], &web["spec"]["replicas"]), (&json!(7), &json!(3)));
}

#[tokio::test]
async fn a_create_takes_nothing_from_what_is_there_by_now() {
    let Some(corner) = Corner::new().await else { return };
    let applied = Applied::new(&corner, &[]).await;
    let manifest = settings(&corner.namespace);
    let owned =
        Owned { component: component("a"), applied: None, uid: None, kept: false, epoch: Epoch(1) };
    let entries: MarkEntries = [(identity(&manifest), Some(owned))].into();
    applied.target.write_mark(&applied.lease, &entries).await.unwrap();
    for data in [json!({"size": "7"}), json!({"other": "x"})] {
        let mut theirs = manifest.clone();
        theirs["data"] = data.clone();
        let folder = corner.path("api/v1", "configmaps");
        corner.send(Call::post(folder, theirs).query("fieldManager", "hand")).await.unwrap();
        let create = Change {
            component: component("a"),
            resource: identity(&manifest),
            action: Action::Create,
            risk: Risk::Reversible,
            cause: Cause::Wish,
            fields: Vec::new(),
            intended: Some(body(&manifest)),
            precondition: Precondition::default(),
        };
        stale(applied.apply(create).await);
        let live = corner.get(path(&corner, &manifest)).await.unwrap();
        for (key, value) in data.as_object().unwrap() {
            assert_eq!(live["data"][key], *value, "what was there stays");
        }
        corner.send(Call::delete(path(&corner, &manifest), json!({}))).await.unwrap();
    }
}

#[tokio::test]
async fn an_object_that_is_written_all_the_time_is_updated_all_the_same() {
    let Some(corner) = Corner::new().await else { return };
    let manifest = deployment(&corner.namespace);
    let applied = Applied::new(&corner, std::slice::from_ref(&manifest)).await;
    let mut wanted = manifest.clone();
    wanted["spec"]["minReadySeconds"] = 1.into();
    let shown = ["spec.minReadySeconds"];
    let update = change(&corner, &manifest, Action::Update, Some(&wanted), &shown).await;
    let writes = async {
        for count in 0.. {
            let note = json!({"metadata": {"annotations": {"count": count.to_string()}}});
            corner.merge(path(&corner, &manifest), "hand", note).await;
        }
    };
    let updated = async {
        loop {
            match applied.apply(update.clone()).await {
                Err(StepError { disposition: Disposition::RetryAfter(_), .. }) => {}
                other => return other,
            }
        }
    };
    let updated = async {
        tokio::select! { () = writes => unreachable!(), done = updated => done }
    };
    let updated = tokio::time::timeout(NOTICE_MAX, updated).await.expect("it gets through");
    updated.unwrap();
    let live = corner.get(path(&corner, &manifest)).await.unwrap();
    assert_eq!(live["spec"]["minReadySeconds"], 1);
    assert!(live["metadata"]["annotations"]["count"].is_string(), "what others wrote stays");
}

#[tokio::test]
async fn handing_over_changes_the_annotation_and_no_ownership() {
    let Some(corner) = Corner::new().await else { return };
    let manifest = settings(&corner.namespace);
    let applied = Applied::new(&corner, std::slice::from_ref(&manifest)).await;
    let before = corner.get(path(&corner, &manifest)).await.unwrap();
    let from = component("a");
    let moved =
        change(&corner, &manifest, Action::Move { from: from.clone() }, Some(&manifest), &[]).await;
    let moved = Change { component: component("b"), ..moved };
    stale(applied.apply(moved.clone()).await);
    let owned = Owned { component: component("b"), ..applied.entry(&manifest) };
    let entries: MarkEntries = [(identity(&manifest), Some(owned))].into();
    applied.target.write_mark(&applied.lease, &entries).await.unwrap();
    applied.apply(moved).await.unwrap();
    let after = corner.get(path(&corner, &manifest)).await.unwrap();
    let named = &after["metadata"]["annotations"]["isobar.dev/component"];
    assert_eq!(named, &json!("prod/kubernetes/b"));
    let fields = |object: &Json| object["metadata"]["managedFields"][0]["fieldsV1"].clone();
    assert_eq!(fields(&before), fields(&after));
    assert_eq!(before["metadata"]["uid"], after["metadata"]["uid"]);
}

#[tokio::test]
async fn what_is_forgotten_keeps_all_but_our_marks() {
    let Some(corner) = Corner::new().await else { return };
    let manifest = settings(&corner.namespace);
    let applied = Applied::new(&corner, std::slice::from_ref(&manifest)).await;
    let forget = change(&corner, &manifest, Action::Forget, None, &[]).await;
    applied.apply(forget.clone()).await.unwrap();
    let left = corner.get(path(&corner, &manifest)).await.unwrap();
    assert_eq!(left["data"], manifest["data"]);
    assert!(
        left["metadata"].get("labels").is_none() && left["metadata"].get("annotations").is_none()
    );
    applied.apply(forget).await.unwrap();
}

#[tokio::test]
async fn an_object_that_waits_for_a_finalizer_is_not_gone() {
    let Some(corner) = Corner::new().await else { return };
    let manifest = settings(&corner.namespace);
    let applied = Applied::new(&corner, std::slice::from_ref(&manifest)).await;
    let held = json!({"metadata": {"finalizers": ["example.com/hold"]}});
    corner.merge(path(&corner, &manifest), "hand", held).await;
    let delete = change(&corner, &manifest, Action::Delete, None, &["data.size"]).await;
    let error = applied.apply(delete.clone()).await.expect_err("it waits");
    assert!(matches!(error.disposition, Disposition::RetryAfter(wait) if wait > Duration::ZERO));
    assert!(error.reason.contains("example.com/hold"), "{error}");
    let free = json!({"metadata": {"finalizers": null}});
    corner.merge(path(&corner, &manifest), "hand", free).await;
    assert_eq!(applied.apply(delete).await.unwrap().live, None);
}
