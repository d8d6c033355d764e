//! A failure that may pass, of an object that says nothing more: it counts once it has lasted.

use std::time::Duration;

use isobar::world::{Clock as _, SystemClock};

use super::events::until;
use super::scene::{Scene, UNREVIEWED};
use super::{AFTER_DB, APP};
use crate::cli::scraped::{Scrape, place};

/// How long a failure of these kinds may last, and how much of that is left when it is told.
const PATIENCE: Duration = Duration::from_secs(60);
const LEFT: Duration = Duration::from_secs(10);

/// How long it takes at most until it counts, on however busy a machine.
const TIME_MAX: Duration = Duration::from_secs(25);

/// A kind of a group, as its operator installs it. Nobody but the test says how one is doing.
fn definition(group: &str, kind: &str) -> String {
    let one = kind.to_lowercase();
    format!(
        "- apiVersion: apiextensions.k8s.io/v1
  kind: CustomResourceDefinition
  metadata: {{ name: {one}s.{group}, namespace: '' }}
  spec:
    group: {group}
    scope: Namespaced
    names: {{ kind: {kind}, plural: {one}s, singular: {one} }}
    versions:
    - name: v1
      served: true
      storage: true
      subresources: {{ status: {{}} }}
      schema: {{ openAPIV3Schema: {{ type: object, x-kubernetes-preserve-unknown-fields: true }} }}
"
    )
}

fn object(group: &str, kind: &str) -> String {
    format!(
        "- {{ apiVersion: {group}/v1, kind: {kind}, metadata: {{ name: one }}, spec: {{ a: b }} }}\n"
    )
}

/// Says once, as its controller would, that the object has failed for a while.
fn fails(scene: &Scene, object: &str, clock: &SystemClock) {
    let since = clock.now() - (PATIENCE - LEFT);
    let ready = serde_json::json!({
        "type": "Ready", "status": "False", "reason": "SyncError", "message": "no answer",
        "lastTransitionTime": format!("{since:.0}"),
    });
    let status = serde_json::json!({"status": {"conditions": [ready]}});
    let patch = format!("--patch={status}");
    scene.kubectl(["patch", object, "--subresource=status", "--type=merge", &patch]);
}

#[test]
fn a_failure_that_lasts_is_told_though_its_object_has_fallen_silent() {
    let Some(scene) = Scene::new("lasting") else { return };
    let (group, kind) = ("external-secrets.io", "ExternalSecret");
    scene.write("isobar.yaml", UNREVIEWED);
    scene.change("agent.yaml", |text| format!("metrics: {{ listen: '127.0.0.1:0' }}\n{text}"));
    let (definition, object) = (definition(group, kind), object(group, kind));
    scene.wants_all(&[("definition", "", &definition), ("secret", "", &object)]);
    scene.commit();
    let mut serving = scene.serve_saying("isobar=info");
    let place = place(&mut serving);
    serving.expect("prod: applied");
    let clock = SystemClock::default();
    fails(&scene, "externalsecret/one", &clock);
    serving
        .expect("is progressing: ExternalSecret.external-secrets.io/lasting/one: Ready is False");
    let before = Scrape::of(place);
    serving.expect("is degraded: ExternalSecret.external-secrets.io/lasting/one: Ready is False");
    assert!(clock.monotonic() < TIME_MAX, "{:?}", clock.monotonic());
    let degraded = until(&scene, "Degraded", |_| true);
    assert_eq!(degraded["regarding"]["name"], "one");
    assert!(degraded["note"].as_str().is_some_and(|note| note.contains("SyncError")));
    assert!(scene.run(["status"]).stdout.contains("kubernetes/secret: degraded"));

    // Nobody had to ask for that.
    let after = Scrape::of(place);
    for verb in ["get", "dry-run"] {
        let count = |scrape: &Scrape| {
            scrape.sum("isobar_kubernetes_requests_total", &[("target", "bed"), ("verb", verb)])
        };
        assert_eq!(count(&after), count(&before), "{verb}");
    }
    serving.kill();
}

#[test]
fn who_waits_for_what_has_failed_for_long_enough_waits_no_longer() {
    let Some(scene) = Scene::new("patience") else { return };
    let (group, kind) = ("cert-manager.io", "Issuer");
    let (definition, object) = (definition(group, kind), object(group, kind));
    let those = [("definition", "", definition.as_str()), ("db", "", object.as_str())];
    for there in 1..=those.len() {
        scene.wants_all(&those[..there]);
        scene.isobar(["apply", "--local", "--yes"]);
    }
    scene.wants_all(&[those[0], those[1], ("app", AFTER_DB, APP)]);
    let clock = SystemClock::default();
    fails(&scene, "issuer/one", &clock);
    let told = scene.holds(["apply", "--local", "--yes"]);
    let why = "it waits for kubernetes/db to do well, which is degraded: \
               Issuer.cert-manager.io/patience/one: Ready is False: SyncError: no answer";
    assert!(told.contains(why), "{told}");
    assert!(clock.monotonic() < TIME_MAX, "{:?}", clock.monotonic());
}
