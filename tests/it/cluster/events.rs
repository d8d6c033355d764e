//! What people see in the cluster itself: Events on the objects that they are about.

use serde_json::Value as Json;

use super::STUCK;
use super::scene::{Scene, UNREVIEWED};

const MANIFESTS: &str = "
- { apiVersion: v1, kind: ConfigMap, metadata: { name: one }, data: { a: b } }
- { apiVersion: v1, kind: ConfigMap, metadata: { name: two }, data: { a: b } }
- { apiVersion: v1, kind: Secret, metadata: { name: key }, stringData: { password: winter } }
";

/// How often is looked for what comes when it comes: a minute and more.
const LOOKS_MAX: usize = 300;

/// Events in `namespace` whose reason is this.
fn events(scene: &Scene, namespace: &str, reason: &str) -> Vec<Json> {
    let space = format!("--namespace={namespace}");
    let told = scene.kubectl(["get", "events.events.k8s.io", &space, "--output=json"]);
    let told: Json = serde_json::from_str(&told).expect("a list");
    let all = told["items"].as_array().expect("a list").iter();
    let ours = all.filter(|event| event["reportingController"] == "isobar.dev/agent");
    ours.filter(|event| event["reason"] == reason).cloned().collect()
}

/// The same, once there are any that fit. Nothing waits for an Event, so it comes when it comes.
pub(super) fn until(scene: &Scene, reason: &str, fits: impl Fn(&Json) -> bool) -> Json {
    for _ in 0..LOOKS_MAX {
        if let Some(found) = events(scene, scene.namespace(), reason).into_iter().find(&fits) {
            return found;
        }
    }
    panic!("nothing is told: {:#?}", events(scene, scene.namespace(), reason));
}

fn patch(scene: &Scene, object: &str, data: &str) {
    scene.kubectl(["patch", object, "--type=merge", "--patch", &format!("{{\"data\":{data}}}")]);
}

fn uid(scene: &Scene, object: &str) -> String {
    scene.kubectl(["get", object, "--output=jsonpath={.metadata.uid}"])
}

#[test]
fn what_happens_to_an_object_is_told_on_it() {
    let Some(scene) = Scene::new("reported") else { return };
    scene.write("isobar.yaml", UNREVIEWED);
    scene.wants(MANIFESTS);
    scene.commit();
    let mut serving = scene.serve();
    serving.expect("prod: applied");
    // That three objects are new is told once, where the stack is.
    let mut looks = (0..LOOKS_MAX).map(|_| events(&scene, "reported-marks", "Applied"));
    let found = looks.find(|found| !found.is_empty()).expect("it is told");
    let [applied] = found.as_slice() else { panic!("{found:#?}") };
    let commit = applied["metadata"]["annotations"]["isobar.dev/revision"].clone();
    assert_eq!(commit.as_str().map(str::len), Some(40), "{applied:#}");
    assert!(
        applied["note"].as_str().is_some_and(|note| note.starts_with("prod: 3 of 3 steps done"))
    );
    let of_ours = scene.kubectl(["get", "events.events.k8s.io", "--output=json"]);
    assert!(!of_ours.contains("isobar.dev/agent"), "{of_ours}");

    // The same drift five times is one Event that counts.
    for _ in 0..5 {
        patch(&scene, "configmap/one", r#"{"a":"c"}"#);
        serving.expect("prod: applied");
    }
    let corrected = until(&scene, "Corrected", |event| event["series"]["count"] == 5);
    let note = corrected["note"].as_str().expect("a note");
    let short: String = commit.as_str().expect("a commit").chars().take(8).collect();
    assert_eq!(
        note,
        format!("put back as it is at commit {short}: `data.a`, written by kubectl-patch")
    );
    assert_eq!(corrected["regarding"]["uid"], uid(&scene, "configmap/one").as_str());
    assert_eq!(corrected["regarding"]["kind"], "ConfigMap");
    assert_eq!(corrected["metadata"]["annotations"]["isobar.dev/revision"], commit);
    assert_eq!(corrected["type"], "Normal");
    assert_eq!(events(&scene, "reported", "Corrected").len(), 1);
    // Where people look.
    let described = scene.kubectl(["describe", "configmap/one"]);
    assert!(described.contains("Corrected") && described.contains("kubectl-patch"), "{described}");

    // Of a Secret the field is named, and neither what it was nor what it is.
    patch(&scene, "secret/key", r#"{"password":"aHVudGVyMg=="}"#);
    serving.expect("prod: applied");
    let secret = until(&scene, "Corrected", |event| event["regarding"]["kind"] == "Secret");
    assert!(
        secret["note"].as_str().is_some_and(|note| note.contains("data.password")),
        "{secret:#}"
    );
    for value in ["hunter2", "aHVudGVyMg", "winter", "d2ludGVy"] {
        assert!(!secret.to_string().contains(value), "{secret:#}");
    }

    // A commit changes one, and takes one away.
    let two = uid(&scene, "configmap/two");
    let next = MANIFESTS.replacen("a: b", "a: d", 1).replace("name: two", "name: three");
    scene.wants(&next);
    scene.commit();
    serving.expect("prod: applied");
    let updated = until(&scene, "Updated", |_| true);
    assert_eq!(updated["regarding"]["name"], "one");
    assert_ne!(updated["metadata"]["annotations"]["isobar.dev/revision"], commit);
    let deleted = until(&scene, "Deleted", |_| true);
    assert_eq!(deleted["regarding"]["uid"], two.as_str(), "{deleted:#}");

    // What the server does not take is told where it would be.
    let bad = "- { apiVersion: v1, kind: ConfigMap, metadata: { name: bad }, dada: { a: b } }\n";
    scene.wants(&format!("{next}{bad}"));
    scene.commit();
    let refused = until(&scene, "Refused", |_| true);
    assert_eq!(refused["type"], "Warning");
    assert_eq!(refused["regarding"]["name"], "bad");
    assert!(refused["note"].as_str().is_some_and(|note| note.contains("dada")), "{refused:#}");
    serving.signal("TERM");
    assert_eq!(serving.end().code(), 0);
}

#[test]
fn who_no_longer_does_well_is_told_and_who_does_again() {
    let Some(scene) = Scene::new("turns") else { return };
    scene.write("isobar.yaml", UNREVIEWED);
    scene.wants(STUCK);
    scene.commit();
    let mut serving = scene.serve();
    let degraded = until(&scene, "Degraded", |_| true);
    assert_eq!(degraded["regarding"]["name"], "web");
    assert_eq!(degraded["regarding"]["apiVersion"], "apps/v1");
    assert_eq!(degraded["regarding"]["uid"], uid(&scene, "deployment/web").as_str());
    let note = degraded["note"].as_str().expect("a note");
    assert!(note.contains("ProgressDeadlineExceeded"), "{note}");
    scene.wants(&STUCK.replace("unready", "ready"));
    scene.commit();
    serving.expect("prod: applied");
    let recovered = until(&scene, "Recovered", |_| true);
    assert_eq!(recovered["regarding"]["name"], "web");
    serving.kill();
}

#[test]
fn who_may_write_no_event_applies_and_says_so_once() {
    let Some(scene) = Scene::new("untold") else { return };
    scene.wants(MANIFESTS);
    let settings = "agent: tester\nrepositories: { config: { url: . } }\n\
        targets: { bed: { kubernetes: { namespace: untold-marks, events: false } } }\n";
    scene.write("cluster.yaml", settings);
    let space = "--namespace=untold-agent";
    let printed = scene.run(["install", "--print", space, "--settings=cluster.yaml"]);
    assert!(printed.status.success(), "{}", printed.said());
    assert!(!printed.stdout.contains("events.k8s.io"), "{}", printed.stdout);
    scene.install(&printed.stdout);
    scene.becomes("untold-agent", "isobar");
    let says = |said: &str| said.matches("no Events are written").count();
    let apply = || {
        let ran = scene.run(["apply", "--local", "--yes"]);
        assert!(ran.status.success(), "{}", ran.said());
        says(&ran.stderr)
    };
    assert_eq!(apply(), 1);
    patch(&scene, "configmap/one", r#"{"a":"c"}"#);
    patch(&scene, "configmap/two", r#"{"a":"c"}"#);
    // Of three that are not taken only the first is asked for.
    assert_eq!(apply(), 1);
    let tried = |scene: &Scene| {
        let requests = scene.requests_of("untold-agent", "isobar");
        requests.iter().filter(|one| one["objectRef"]["resource"] == "events").count()
    };
    assert_eq!(tried(&scene), 2, "one for each process");
    let value = scene.kubectl(["get", "configmap/one", "--output=jsonpath={.data.a}"]);
    assert_eq!(value, "b");
    // Where it is not to tell anything, it does not even try.
    scene.change("agent.yaml", |text| {
        text.replace("    kubernetes:\n", "    kubernetes:\n      events: false\n")
    });
    patch(&scene, "configmap/one", r#"{"a":"c"}"#);
    assert_eq!(apply(), 0);
    assert_eq!(tried(&scene), 2);
}
