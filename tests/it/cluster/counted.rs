//! What an agent counts while it keeps a cluster.

use super::scene::{Scene, UNREVIEWED};
use crate::cli::scraped::{Scrape, place};

/// Nobody but the test says how a gate is doing.
const DEFINITION: &str = "
- apiVersion: apiextensions.k8s.io/v1
  kind: CustomResourceDefinition
  metadata: { name: gates.doing.example.com, namespace: '' }
  spec:
    group: doing.example.com
    scope: Namespaced
    names: { kind: Gate, plural: gates, singular: gate }
    versions:
    - name: v1
      served: true
      storage: true
      subresources: { status: {} }
      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
";

const GATES: &str = "
- { apiVersion: doing.example.com/v1, kind: Gate, metadata: { name: one }, spec: { width: 3 } }
- { apiVersion: v1, kind: ConfigMap, metadata: { name: one }, data: { a: b } }
";

const MANIFESTS: &str = "
- { apiVersion: v1, kind: ConfigMap, metadata: { name: one }, data: { a: b } }
- { apiVersion: v1, kind: Secret, metadata: { name: one }, stringData: { password: winter } }
";

#[test]
fn requests_are_counted_by_what_they_ask() {
    let Some(scene) = Scene::new("counted") else { return };
    scene.write("isobar.yaml", UNREVIEWED);
    scene.change("agent.yaml", |text| format!("metrics: {{ listen: '127.0.0.1:0' }}\n{text}"));
    scene.wants(MANIFESTS);
    scene.commit();
    let mut serving = scene.serve();
    let place = place(&mut serving);
    serving.expect("prod: applied");
    let first = Scrape::of(place);
    let asked = |scrape: &Scrape, verb: &str| {
        let labels = [("target", "bed"), ("verb", verb), ("code", "2xx")];
        scrape.sum("isobar_kubernetes_requests_total", &labels).unwrap_or_default()
    };
    assert_eq!(asked(&first, "apply"), 2.0);
    assert!(asked(&first, "dry-run") >= 2.0 && asked(&first, "list") >= 1.0);
    let ready = [("target", "bed"), ("stack", "prod"), ("component", "shop"), ("state", "ready")];
    assert_eq!(first.sum("isobar_component_ready", &ready), Some(1.0));

    scene.change("stacks/deploy/prod.yaml", |text| text.replace("a: b", "a: c"));
    scene.commit();
    serving.expect("prod: applied");
    let second = Scrape::of(place);
    assert_eq!(asked(&second, "apply"), 3.0);
    assert!(asked(&second, "watch") >= 2.0, "two kinds are watched");
    let watched = [("target", "bed"), ("resource", "configmaps")];
    let heard = second.sum("isobar_watch_heard_timestamp_seconds", &watched);
    assert!(heard.is_some_and(|at| at > 1.7e9), "{heard:?}");
    assert!(second.sum("isobar_watch_lists_total", &watched) >= Some(1.0));
    let took = [("target", "bed"), ("verb", "apply")];
    let count = "isobar_kubernetes_request_duration_seconds_count";
    assert_eq!(second.sum(count, &took), Some(3.0));

    // What goes from the stack goes from what is told.
    scene.wants_all(&[("other", "", MANIFESTS)]);
    scene.commit();
    serving.expect("prod: applied");
    let third = Scrape::of(place);
    assert_eq!(third.sum("isobar_component_ready", &ready), None);
    let other = [("component", "other")];
    assert_eq!(third.sum("isobar_component_ready", &other), Some(1.0));
    assert!(!third.text().contains("winter"), "no secret is told");
    serving.kill();
}

/// A look at all of a stack lists the marks of its target.
#[test]
fn how_something_is_doing_is_told_without_a_look_at_all_of_its_stack() {
    let Some(scene) = Scene::new("doing") else { return };
    scene.write("isobar.yaml", UNREVIEWED);
    scene.change("agent.yaml", |text| format!("metrics: {{ listen: '127.0.0.1:0' }}\n{text}"));
    scene.wants_all(&[("definition", "", DEFINITION), ("gates", "", GATES)]);
    scene.commit();
    let mut serving = scene.serve_saying("isobar=info");
    let place = place(&mut serving);
    serving.expect("prod: applied");
    let says = |ready: &str| {
        let ready = format!(r#"[{{"type": "Ready", "status": "{ready}", "reason": "Told"}}]"#);
        let patch = format!(r#"--patch={{"status": {{"conditions": {ready}}}}}"#);
        scene.kubectl(["patch", "gate/one", "--subresource=status", "--type=merge", &patch]);
    };
    says("Unknown");
    serving.expect("component=prod/kubernetes/gates");
    let before = Scrape::of(place);
    let count = |scrape: &Scrape, verb: &str| {
        let labels = [("target", "bed"), ("verb", verb)];
        scrape.sum("isobar_kubernetes_requests_total", &labels).unwrap_or_default()
    };
    let ready = [("component", "gates"), ("state", "ready")];
    for _ in 0..3 {
        says("True");
        serving.expect("does well component=prod/kubernetes/gates");
        assert_eq!(Scrape::of(place).sum("isobar_component_ready", &ready), Some(1.0));
        says("Unknown");
        serving.expect("is progressing");
        assert_eq!(Scrape::of(place).sum("isobar_component_ready", &ready), None);
    }
    let after = Scrape::of(place);
    for verb in ["list", "get", "dry-run", "apply"] {
        assert_eq!(count(&after, verb), count(&before, verb), "{verb}");
    }
    assert!(scene.run(["status"]).stdout.contains("kubernetes/gates: progressing"));
    let gates = [("target", "bed"), ("resource", "gates.doing.example.com")];
    let told = after.sum("isobar_watch_lag_seconds_count", &gates);
    // The first may have been in the list that the watch goes on from.
    assert!(told >= Some(6.0), "each of them: {told:?}");
    assert!(after.sum("isobar_watch_lag_seconds_sum", &gates) < Some(60.0));

    // What is ours and drifts meanwhile is put back.
    says("True");
    let edit = "--patch={\"spec\": {\"width\": 7}}";
    scene.kubectl(["patch", "gate/one", "--type=merge", edit]);
    serving.expect("prod: applied");
    let width = ["get", "gate/one", "--output=jsonpath={.spec.width}"];
    assert_eq!(scene.kubectl(width), "3");
    // What is gone is made again.
    scene.kubectl(["delete", "configmap/one"]);
    serving.expect("prod: applied");
    assert_eq!(scene.kubectl(["get", "configmap/one", "--output=jsonpath={.data.a}"]), "b");
    serving.kill();
}

/// Most of them are said to do well by their controller when the run is over that has made them.
#[test]
fn of_a_hundred_that_come_to_do_well_each_is_told() {
    let Some(scene) = Scene::new("hundred") else { return };
    scene.write("isobar.yaml", UNREVIEWED);
    let deployment = |name: &str| {
        format!(
            "- apiVersion: apps/v1\n  kind: Deployment\n  metadata: {{ name: {name} }}\n  \
             spec:\n    replicas: 0\n    selector: {{ matchLabels: {{ app: {name} }} }}\n    \
             template:\n      metadata: {{ labels: {{ app: {name} }} }}\n      \
             spec: {{ containers: [{{ name: web, image: 'example.com/web:1' }}] }}\n"
        )
    };
    for stack in ["one", "two"] {
        let names: Vec<_> = (0..50).map(|number| format!("{stack}-{number:02}")).collect();
        let each: Vec<_> = names.iter().map(|name| (name, deployment(name))).collect();
        let each: Vec<_> =
            each.iter().map(|(name, manifest)| (name.as_str(), "", manifest.as_str())).collect();
        scene.wants_in(stack, &each);
    }
    scene.commit();
    let mut serving = scene.serve_saying("isobar=info");
    for _ in 0..100 {
        serving.expect("does well component=");
    }
    assert!(!scene.run(["status"]).stdout.contains("progressing"));
    serving.kill();
}
