//! Somebody is faster: between what was looked at and what is asked for, another object has taken its
//! name, with everything on it that says whose it is.

use super::proxy::{Fault, Proxy, Spoil};
use super::scene::Scene;
use crate::testbed::bed::bed;

/// One that is deleted, and one that is made anew.
const BOTH: &str = "
- { apiVersion: v1, kind: ConfigMap, metadata: { name: goes }, data: { a: b } }
- apiVersion: v1
  kind: ConfigMap
  metadata: { name: anew, annotations: { isobar.dev/replace: 'true' } }
  immutable: true
  data: { a: b }
";

/// What there is to do about each, alone.
const STORIES: [&str; 2] = ["goes", "anew"];

fn next(name: &str) -> String {
    match name {
        "goes" => BOTH.replace(
            "- { apiVersion: v1, kind: ConfigMap, metadata: { name: goes }, data: { a: b } }\n",
            "",
        ),
        _ => BOTH.replace("immutable: true\n  data: { a: b }", "immutable: true\n  data: { a: c }"),
    }
}

fn uid(scene: &Scene, name: &str) -> String {
    let name = format!("configmap/{name}");
    scene.kubectl(["get", &name, "--ignore-not-found", "--output=jsonpath={.metadata.uid}"])
}

/// Deletes an object, and makes it again as it was in all but its id.
fn swap(scene: &Scene, name: &str) -> String {
    let (object, old) = (format!("configmap/{name}"), uid(scene, name));
    let text = scene.kubectl(["get", &object, "--output=json"]);
    let mut again: serde_json::Value = serde_json::from_str(&text).expect("an object");
    let metadata = again["metadata"].as_object_mut().expect("a map");
    for field in ["uid", "resourceVersion", "creationTimestamp"] {
        metadata.remove(field);
    }
    scene.kubectl(["delete", &object]);
    scene.create(&again.to_string());
    let new = uid(scene, name);
    assert_ne!(new, old);
    new
}

/// Between the plan and the step.
#[test]
fn what_was_made_again_since_the_plan_stays() {
    for name in STORIES {
        let Some(scene) = Scene::new(&format!("since-{name}")) else { return };
        scene.wants(BOTH);
        scene.isobar(["apply", "--local", "--yes"]);
        scene.wants(&next(name));
        let mut running = scene.start(["apply", "--local", "--yes"], "effect.before");
        running.expect("paused at effect.before");
        let new = swap(&scene, name);
        running.signal("INT");
        let told = running.end().said();
        assert_eq!(uid(&scene, name), new, "{told}");
        assert!(told.contains("another object has its name by now"), "{told}");
    }
}

/// Between the last look of the step and its request: that names the object by its id.
#[test]
fn what_was_made_again_since_the_last_look_stays() {
    let Some(bed) = bed() else { return };
    let proxy = Proxy::before(&bed.folder().join("admin.kubeconfig"));
    for name in STORIES {
        let Some(scene) = Scene::behind(&format!("between-{name}"), &proxy) else { return };
        scene.wants(BOTH);
        scene.isobar(["apply", "--local", "--yes"]);
        scene.wants(&next(name));
        let (method, with) = ("DELETE", if name == "goes" { "/goes" } else { "/anew" });
        proxy.spoil(&[Spoil { method, with, without: "", fault: Fault::Held, times: 1 }]);
        let running = scene.begin(["apply", "--local", "--yes"]);
        proxy.until_spoilt(1);
        let new = swap(&scene, name);
        proxy.go_on();
        let told = running.end().said();
        assert_eq!(uid(&scene, name), new, "{told}");
        assert_eq!(proxy.spoilt(), 1, "{told}");
    }
}
