//! Kinds whose versions come and go.

use serde_json::{Value as Json, json};

use super::applied::{Applied, NOTICE_MAX};
use super::place::Corner;
use crate::backends::kubernetes::connection::Call;
use crate::backends::kubernetes::kinds::Kind;
use crate::backends::kubernetes::look::{APPLY, Sight};
use crate::model::body::Body;
use crate::model::observation::Seen;
use crate::model::path::FieldPath;

/// A kind of one corner.
struct Widgets<'a> {
    corner: &'a Corner,
    group: String,
}

impl<'a> Widgets<'a> {
    /// In the version `v1alpha1`.
    async fn new(corner: &'a Corner) -> Self {
        let widgets = Self { corner, group: format!("{}.example.com", corner.namespace) };
        widgets.serve(&["v1alpha1"]).await;
        widgets
    }

    /// Serves these versions and knows no other, and stores the last one of them.
    async fn serve(&self, versions: &[&str]) {
        let group = &self.group;
        let text = json!({"type": "string"});
        let spec = json!({"type": "object", "properties": {"size": text, "colour": text}});
        let schema = json!({"openAPIV3Schema": {"type": "object", "properties": {"spec": spec}}});
        let version = |name: &&str| {
            let is_stored = versions.last() == Some(name);
            json!({"name": name, "served": true, "storage": is_stored, "schema": schema})
        };
        let name = format!("widgets.{group}");
        let definition = json!({
            "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
            "metadata": {"name": name},
            "spec": {
                "group": group,
                "scope": "Namespaced",
                "names": {"kind": "Widget", "plural": "widgets", "singular": "widget"},
                "versions": versions.iter().map(version).collect::<Vec<_>>(),
            },
        });
        let path = format!("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}");
        let stored = json!({"status": {"storedVersions": [versions.last()]}});
        let form = "application/merge-patch+json";
        // There is none of it at first.
        let _ = self.corner.send(Call::patch(format!("{path}/status"), form, stored)).await;
        let call = Call::patch(path, APPLY, definition).query("fieldManager", "hand");
        self.corner.send(call.query("force", "true")).await.unwrap();
        self.until(async || {
            let mut all = true;
            for version in ["v1alpha1", "v1"] {
                all &= self.is_served(version).await == versions.contains(&version);
            }
            all
        })
        .await;
    }

    async fn is_served(&self, version: &str) -> bool {
        let listed = self.corner.send(Call::get(self.path(version, ""))).await;
        listed.is_ok()
    }

    fn path(&self, version: &str, rest: &str) -> String {
        self.corner.path(&format!("apis/{}/{version}", self.group), &format!("widgets{rest}"))
    }

    /// One of them in a version.
    fn one(&self, version: &str, spec: &Json) -> Json {
        json!({
            "apiVersion": format!("{}/{version}", self.group), "kind": "Widget",
            "metadata": {"name": "one", "namespace": self.corner.namespace},
            "spec": spec,
        })
    }

    /// What it asks for, and for which version what we applied is written down.
    async fn state(&self) -> (Json, Json) {
        let one = self.corner.get(self.path("v1", "/one")).await.unwrap();
        let entries = one["metadata"]["managedFields"].as_array().unwrap();
        let ours: Vec<_> =
            entries.iter().filter(|entry| entry["manager"] == "isobar-one").collect();
        let [ours] = ours.as_slice() else { panic!("{entries:?}") };
        (one["spec"].clone(), ours["apiVersion"].clone())
    }

    async fn until(&self, is: impl AsyncFn() -> bool) {
        let until = async {
            while !is().await {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(NOTICE_MAX, until).await.expect("it comes to be so");
    }

    /// Waits until its target has heard of what is served.
    async fn compared(&self, applied: &Applied) {
        self.until(async || {
            let seen = applied.seen().await;
            seen.iter().any(|(_, seen)| matches!(seen, Seen::Compared(_)))
        })
        .await;
    }
}

/// The manifest names another version, and nothing else is new: from then on the fields are ours in that one,
/// before the old one goes.
#[tokio::test]
async fn a_newer_version_with_the_same_values_is_written_down() {
    let Some(corner) = Corner::new().await else { return };
    let widgets = Widgets::new(&corner).await;
    let values = json!({"size": "3", "colour": "green"});
    let mut applied = Applied::new(&corner, &[widgets.one("v1alpha1", &values)]).await;
    widgets.serve(&["v1alpha1", "v1"]).await;
    applied.wants(&[widgets.one("v1", &values)]);
    widgets.compared(&applied).await;
    applied.update(&["apiVersion"]).await.unwrap();
    let version: Json = format!("{}/v1", widgets.group).into();
    assert_eq!(widgets.state().await, (values, version.clone()));
    applied.settled().await;

    widgets.serve(&["v1"]).await;
    applied.wants(&[widgets.one("v1", &json!({"size": "3"}))]);
    applied.update(&["spec.colour"]).await.unwrap();
    assert_eq!(widgets.state().await, (json!({"size": "3"}), version));
    applied.settled().await;
}

/// What goes from the manifest together with its version goes from the object.
#[tokio::test]
async fn a_newer_version_with_less_leaves_nothing_of_the_old_one() {
    let Some(corner) = Corner::new().await else { return };
    let widgets = Widgets::new(&corner).await;
    let values = json!({"size": "3", "colour": "green"});
    let mut applied = Applied::new(&corner, &[widgets.one("v1alpha1", &values)]).await;
    let uid = async || {
        corner.get(widgets.path("v1alpha1", "/one")).await.unwrap()["metadata"]["uid"].clone()
    };
    let before = uid().await;
    widgets.serve(&["v1alpha1", "v1"]).await;
    applied.wants(&[widgets.one("v1", &json!({"size": "3"}))]);
    widgets.compared(&applied).await;
    applied.update(&["apiVersion", "spec.colour"]).await.unwrap();
    let version: Json = format!("{}/v1", widgets.group).into();
    assert_eq!(widgets.state().await, (json!({"size": "3"}), version));
    assert_eq!(uid().await, before);
    applied.settled().await;
}

/// Its fields have other names there: what the server keeps of the old ones is nobody's.
#[tokio::test]
async fn a_newer_version_with_other_names_is_one_entry() {
    let Some(corner) = Corner::new().await else { return };
    let scaler = |version: &str, more: Json| {
        let mut spec = json!({"maxReplicas": 3,
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}});
        spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({"apiVersion": format!("autoscaling/{version}"), "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "web", "namespace": corner.namespace}, "spec": spec})
    };
    let old = scaler("v1", json!({"minReplicas": 2, "targetCPUUtilizationPercentage": 50}));
    let mut applied = Applied::new(&corner, &[old]).await;
    applied.wants(&[scaler("v2", json!({"minReplicas": 2}))]);
    let update = applied.planned(&["apiVersion"]).await;
    applied.apply(update).await.unwrap();
    let path = corner.path("apis/autoscaling/v2", "horizontalpodautoscalers/web");
    let live = corner.get(path).await.unwrap();
    let ours: Vec<_> = live["metadata"]["managedFields"].as_array().unwrap().iter().collect();
    let ours: Vec<_> = ours.iter().filter(|entry| entry["manager"] == "isobar-one").collect();
    assert_eq!(ours.len(), 1, "{live:#}");
    assert_eq!(ours[0]["apiVersion"], "autoscaling/v2");
    assert!(ours[0]["fieldsV1"]["f:spec"].get("f:metrics").is_none(), "{live:#}");
    assert_eq!(live["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"], 50);
    applied.settled().await;
}

/// Where a server that converts makes something else of such a field, that is shown.
#[test]
fn what_becomes_another_with_the_version_is_shown() {
    let object = |version: &str, spec: Json| {
        let entry = json!({"manager": "isobar-one", "operation": "Apply", "apiVersion": version,
            "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:old": {}, "f:same": {}}}});
        json!({"apiVersion": "example.com/v2", "kind": "Widget",
            "metadata": {"name": "one", "uid": "1", "managedFields": [entry]}, "spec": spec})
    };
    let kind = json!({"root": "/apis/example.com/v2", "api_version": "example.com/v2", "version": "v2",
        "plural": "widgets", "is_namespaced": true});
    let kind = serde_json::from_value::<Kind>(kind).unwrap();
    let live = object("example.com/v1", json!({"new": [1], "same": 1, "else": 1}));
    let rehearsed = object("example.com/v2", json!({"new": [2], "same": 1, "else": 1}));
    let sight = Sight::both(kind, Some(live), &rehearsed, "isobar-one");
    let side = |body: &Option<Body>, path: &str| {
        let path = FieldPath::parse(path).unwrap();
        body.as_ref().and_then(|body| path.find(body.value())).cloned()
    };
    for (path, was) in [("spec.new", true), ("spec.same", true), ("spec.else", false)] {
        assert_eq!(side(&sight.live, path).is_some(), was, "{path}");
    }
}

/// The server refuses to apply anything to such an object, whatever it is.
#[tokio::test]
async fn what_is_written_down_for_a_version_that_is_gone_is_migrated() {
    let Some(corner) = Corner::new().await else { return };
    let widgets = Widgets::new(&corner).await;
    let old = widgets.one("v1alpha1", &json!({"size": "3", "colour": "green"}));
    let mut applied = Applied::new(&corner, std::slice::from_ref(&old)).await;
    widgets.serve(&["v1alpha1", "v1"]).await;
    // Whoever writes it has it stored anew. Two entries of one writer become one.
    for (version, label) in [("v1alpha1", "one"), ("v1", "two")] {
        let label = json!({"metadata": {"labels": {label: "x"}}});
        corner.merge(widgets.path(version, "/one"), "hand", label).await;
    }
    widgets.serve(&["v1"]).await;

    // What its manifest names is not there any more, and it is.
    widgets.until(async || applied.refused().await.is_some()).await;
    let why = applied.refused().await.unwrap();
    let group = &widgets.group;
    let told = format!("the cluster serves {group}/v1, not {group}/v1alpha1");
    assert!(why.starts_with(&told), "{why}");

    // Nor may another be made there.
    let mut other = old.clone();
    other["metadata"]["name"] = "two".into();
    applied.wants(&[other]);
    let why = applied.refused().await.expect("it is told");
    assert!(why.starts_with(&told), "{why}");

    applied.wants(&[widgets.one("v1", &json!({"size": "3"}))]);
    let update = applied.planned(&["apiVersion", "spec.colour"]).await;
    assert_eq!(update.fields[1].before.as_ref().and_then(|v| v.as_str()), Some("green"));
    applied.apply(update).await.unwrap();
    let version: Json = format!("{group}/v1").into();
    assert_eq!(widgets.state().await, (json!({"size": "3"}), version));
    applied.settled().await;
    let one = corner.get(widgets.path("v1", "/one")).await.unwrap();
    let entries = one["metadata"]["managedFields"].as_array().unwrap();
    let hand: Vec<_> = entries.iter().filter(|entry| entry["manager"] == "hand").collect();
    let [hand] = hand.as_slice() else { panic!("{entries:?}") };
    let labels = &hand["fieldsV1"]["f:metadata"]["f:labels"];
    assert!(labels.get("f:one").is_some() && labels.get("f:two").is_some(), "{hand}");
}
