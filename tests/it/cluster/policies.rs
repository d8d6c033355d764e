//! What a component says of all of its objects: who waits for them, for how long, whether they may be made
//! anew, and what of them is nobody's business.

use super::scene::Scene;
use super::{AFTER_DB, APP, STUCK};

const APPLY: [&str; 3] = ["apply", "--local", "--yes"];

fn app_is_there(scene: &Scene) -> bool {
    !scene.kubectl(["get", "configmap/app", "--ignore-not-found", "--output=name"]).is_empty()
}

/// A workload that gets nowhere, and never says that it failed.
fn pending() -> String {
    STUCK.replace("unready", "pending").replace("DeadlineSeconds: 1", "DeadlineSeconds: 3600")
}

#[test]
fn a_component_that_says_so_keeps_nobody_waiting() {
    let Some(scene) = Scene::new("nowait") else { return };
    let line = "settings: { reconcile: { wait: false } }";
    scene.wants_all(&[("db", line, &pending()), ("app", AFTER_DB, APP)]);
    let ran = scene.run(APPLY);
    assert!(app_is_there(&scene), "{}", ran.said());
    assert!(!ran.said().contains("waits"), "{}", ran.said());
    // How it is doing is told all the same.
    let told = scene.run(["status"]).stdout;
    assert!(told.contains("kubernetes/db: progressing"), "{told}");
}

#[test]
fn an_object_that_says_so_keeps_nobody_waiting_and_the_others_do() {
    let Some(scene) = Scene::new("nomatter") else { return };
    let lines = "settings: { reconcile: { timeout: 5s } }";
    let free = "metadata: { name: web, annotations: { isobar.dev/wait: 'false' } }";
    let free = pending().replacen("metadata: { name: web }", free, 1);
    // Beside another one that does not say it.
    let other = pending().replace("name: web", "name: other").replace("app: web", "app: other");
    let both = format!("{}\n{}", free.trim(), other.trim());
    scene.wants_all(&[("db", lines, &both), ("app", AFTER_DB, APP)]);
    let told = scene.holds(APPLY);
    assert!(told.contains("Deployment.apps/nomatter/other is progressing"), "{told}");
    assert!(!told.contains("Deployment.apps/nomatter/web is progressing"), "{told}");
    assert!(!app_is_there(&scene), "{told}");
    scene.wants_all(&[("db", lines, &free), ("app", AFTER_DB, APP)]);
    // What the other one was goes by a yes, and nobody waits any more.
    let ran = scene.run(APPLY);
    assert!(app_is_there(&scene), "{}", ran.said());
}

#[test]
fn a_wait_that_runs_out_says_why_and_what_gets_well_later_ends_it() {
    let Some(scene) = Scene::new("runsout") else { return };
    let line = "settings: { reconcile: { timeout: 5s } }";
    scene.wants_all(&[("db", line, &pending()), ("app", AFTER_DB, APP)]);
    let ran = scene.run(APPLY);
    assert_eq!(ran.status.code(), Some(3), "{}", ran.said());
    let gave_up = "gave up waiting for prod/kubernetes/db: `timeout` is 5 s\n";
    assert!(ran.stderr.contains(gave_up), "{}", ran.said());
    let told = ran.stdout;
    let why = "kubernetes/app: it waits for kubernetes/db to do well, which is progressing: \
               Deployment.apps/runsout/web";
    assert!(told.contains("1 step waits") && told.contains(why), "{told}");
    assert!(!app_is_there(&scene), "{told}");
    // Nothing of what is wanted changes: the pod gets well by itself.
    let stay = "testbed.isobar.test/stay-";
    scene.kubectl(["annotate", "pods", "--selector=app=web", stay]);
    scene.kubectl(["rollout", "status", "deployment/web", "--timeout=60s"]);
    let told = scene.isobar(APPLY);
    assert!(app_is_there(&scene), "{told}");
    assert!(told.contains("No effect: no stack changes") || told.contains("applied"), "{told}");
}

#[test]
fn an_object_says_how_long_it_may_take() {
    let Some(scene) = Scene::new("slow") else { return };
    let line = "settings: { reconcile: { timeout: 1s } }";
    let slow = "metadata: { name: web, annotations: { isobar.dev/timeout: 3s } }";
    let slow = pending().replacen("metadata: { name: web }", slow, 1);
    scene.wants_all(&[("db", line, &slow), ("app", AFTER_DB, APP)]);
    let ran = scene.run(APPLY);
    let gave_up = "gave up waiting for prod/kubernetes/db: `timeout` is 3 s\n";
    assert!(ran.stderr.contains(gave_up), "{}", ran.said());
    assert!(!app_is_there(&scene), "{}", ran.said());
}

/// An object whose data cannot change.
fn fixed(data: &str) -> String {
    format!(
        "- apiVersion: v1\n  kind: ConfigMap\n  metadata: {{ name: fixed }}\n  immutable: true\n  \
         data: {{ a: {data} }}\n"
    )
}

#[test]
fn what_cannot_change_is_made_anew_for_a_component_that_says_so() {
    let Some(scene) = Scene::new("forced") else { return };
    let uid = || scene.kubectl(["get", "configmap/fixed", "--output=jsonpath={.metadata.uid}"]);
    let data = || scene.kubectl(["get", "configmap/fixed", "--output=jsonpath={.data.a}"]);
    scene.wants_all(&[("shop", "", &fixed("one"))]);
    scene.isobar(APPLY);
    let first = uid();
    // Without a word it stays, and so does whoever says `false`.
    for line in ["", "settings: { kubernetes: { force: false } }"] {
        scene.wants_all(&[("shop", line, &fixed("two"))]);
        let told = scene.holds(APPLY);
        let why = "field is immutable when `immutable` is set";
        assert!(told.contains("ConfigMap/forced/fixed: the target refuses it"), "{told}");
        assert!(told.contains(why), "{told}");
        assert!(told.contains("> ask for what the target takes; until then all stays"), "{told}");
        assert_eq!((uid(), data().as_str()), (first.clone(), "one"));
    }
    // One that could not be made stays, too.
    let force = "settings: { kubernetes: { force: true } }";
    scene.wants_all(&[("shop", force, &fixed("two").replace("a: two", "'no key': two"))]);
    let told = scene.holds(APPLY);
    assert!(told.contains("ConfigMap/forced/fixed: the target refuses it"), "{told}");
    assert_eq!((uid(), data().as_str()), (first.clone(), "one"));

    scene.wants_all(&[("shop", force, &fixed("two"))]);
    let told = scene.isobar(["plan"]);
    assert!(told.contains("! replace ConfigMap/forced/fixed"), "{told}");
    scene.isobar(APPLY);
    assert_ne!(uid(), first);
    assert_eq!(data(), "two");
    // What is as it should be is not made anew, whatever others have written beside it.
    scene.kubectl(["label", "configmap/fixed", "team=theirs"]);
    let second = uid();
    let told = scene.isobar(APPLY);
    assert!(told.contains("no stack changes"), "{told}");
    assert_eq!(uid(), second);
}

#[test]
fn what_a_component_ignores_is_nobodys_business() {
    let Some(scene) = Scene::new("ignored") else { return };
    let line = "settings: { reconcile: { ignore: [data.a, /data/b.c, metadata.labels] } }";
    let wanted = "
- apiVersion: v1
  kind: ConfigMap
  metadata: { name: one, labels: { team: ours } }
  data: { a: ours, b.c: ours, d: ours }
- { apiVersion: v1, kind: ConfigMap, metadata: { name: other }, data: { a: ours } }
";
    let value = |name: &str, path: &str| {
        scene.kubectl(["get", name, &format!("--output=jsonpath={{{path}}}")])
    };
    scene.wants_all(&[("shop", line, wanted)]);
    scene.isobar(APPLY);
    assert_eq!(value("configmap/one", ".data.a"), "ours", "what is made is made whole");
    let theirs = r#"{"metadata": {"labels": {"team": "theirs"}},
        "data": {"a": "theirs", "b.c": "theirs", "d": "theirs"}}"#;
    scene.kubectl(["patch", "configmap/one", "--type=merge", "--patch", theirs]);
    let patch = r#"{"data": {"a": "theirs"}}"#;
    scene.kubectl(["patch", "configmap/other", "--type=merge", "--patch", patch]);
    let told = scene.isobar(["plan"]);
    assert!(told.contains(r#"data.d: "theirs" -> "ours""#), "{told}");
    for field in ["data.a", "b.c", "team", "ConfigMap/ignored/other"] {
        assert!(!told.contains(&format!("{field}: ")), "{field}: {told}");
    }
    scene.isobar(APPLY);
    let now = [".data.a", r".data.b\.c", ".data.d", ".metadata.labels.team"];
    let now = now.map(|path| value("configmap/one", path));
    assert_eq!(now, ["theirs", "theirs", "ours", "theirs"]);
    assert_eq!(value("configmap/other", ".data.a"), "theirs");
    // Once nobody says it any more, it is ours again.
    scene.wants_all(&[("shop", "", wanted)]);
    // One is a wish that needs a yes, the other drift that needs none: a yes lets both through.
    let told = scene.isobar(APPLY);
    assert!(told.contains("No effect: no stack changes"), "{told}");
    let now = [".data.a", r".data.b\.c", ".data.d", ".metadata.labels.team"];
    assert_eq!(now.map(|path| value("configmap/one", path)), ["ours"; 4]);
    assert_eq!(value("configmap/other", ".data.a"), "ours");
}

#[test]
fn what_a_component_does_not_prune_outlives_it() {
    let Some(scene) = Scene::new("outlives") else { return };
    let line = "settings: { reconcile: { prune: false } }";
    let one = "- { apiVersion: v1, kind: ConfigMap, metadata: { name: one }, data: { a: b } }\n";
    let two = one.replace("name: one", "name: two");
    let all = || scene.kubectl(["get", "configmaps", "--output=name"]);
    scene.wants_all(&[("shop", line, &format!("{one}{two}")), ("app", "", APP)]);
    scene.isobar(APPLY);
    let made = all();
    assert_eq!(made, "configmap/app\nconfigmap/kube-root-ca.crt\nconfigmap/one\nconfigmap/two\n");
    // One of two, the component whose word it was, and what was known of it.
    scene.wants_all(&[("shop", line, one), ("app", "", APP)]);
    let told = scene.isobar(["plan"]);
    assert!(told.contains("forget ConfigMap/outlives/two"), "{told}");
    scene.isobar(APPLY);
    assert_eq!(all(), made);
    scene.wants_all(&[("app", "", APP)]);
    scene.lose_database();
    let told = scene.isobar(["plan"]);
    assert!(told.contains("forget ConfigMap/outlives/one"), "{told}");
    scene.isobar(APPLY);
    assert_eq!(all(), made);
    assert!(scene.isobar(["plan"]).contains("No effect"));
}
