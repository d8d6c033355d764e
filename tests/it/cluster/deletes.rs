//! Every path on which an object could go, tried on objects that have to stay.
//! `docs/kubernetes.md` has the table of the paths, the evidence and the tests.

use super::scene::Scene;

const PAIR: &str = "
- { apiVersion: v1, kind: ConfigMap, metadata: { name: one }, data: { a: b } }
- { apiVersion: v1, kind: ConfigMap, metadata: { name: two }, data: { a: b } }
";

const ONE: &str = "
- { apiVersion: v1, kind: ConfigMap, metadata: { name: one }, data: { a: b } }
";

const TWO: &str = "
- { apiVersion: v1, kind: ConfigMap, metadata: { name: two }, data: { a: b } }
";

/// What holds other things, or what nobody can make again.
const HOLDING: &str = "
- { apiVersion: v1, kind: Namespace, metadata: { name: held-own, namespace: '' } }
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata: { name: disk }
  spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
- apiVersion: apiextensions.k8s.io/v1
  kind: CustomResourceDefinition
  metadata: { name: helds.example.com, namespace: '' }
  spec:
    group: example.com
    scope: Namespaced
    names: { kind: Held, plural: helds, singular: held }
    versions:
    - { name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }
- { apiVersion: v1, kind: ConfigMap, metadata: { name: one }, data: { a: b } }
";

/// The scene's ConfigMaps with their ids.
fn there(scene: &Scene) -> Vec<String> {
    let each = "jsonpath={range .items[*]}{.metadata.name} {.metadata.uid}{'\\n'}{end}";
    let all = scene.kubectl(["get", "configmaps", "--output", each]);
    all.lines().filter(|line| !line.starts_with("kube-root-ca")).map(str::to_owned).collect()
}

#[test]
fn a_renamed_component_keeps_the_objects() {
    let Some(scene) = Scene::new("renamed") else { return };
    scene.wants_all(&[("shop", "", PAIR)]);
    scene.isobar(["apply", "--local", "--yes"]);
    let before = there(&scene);
    scene.wants_all(&[("store", "", PAIR)]);
    scene.isobar(["apply", "--local", "--yes"]);
    assert_eq!(there(&scene), before);
    // It is the other component's by now: what that gives up goes, and nothing else.
    scene.wants_all(&[("store", "", ONE)]);
    scene.isobar(["apply", "--local", "--yes"]);
    assert_eq!(there(&scene), before[..1]);
}

#[test]
fn an_object_that_moves_between_components_stays() {
    let Some(scene) = Scene::new("handed") else { return };
    scene.wants_all(&[("first", "", PAIR)]);
    scene.isobar(["apply", "--local", "--yes"]);
    let before = there(&scene);
    scene.wants_all(&[("first", "", ONE), ("second", "", TWO)]);
    scene.isobar(["apply", "--local", "--yes"]);
    assert_eq!(there(&scene), before);
}

/// The mark is written anew from the database, for the very objects that were applied.
#[test]
fn what_took_the_place_of_an_object_whose_mark_is_lost_stays() {
    let Some(scene) = Scene::new("unnamed") else { return };
    scene.wants(PAIR);
    scene.isobar(["apply", "--local", "--yes"]);
    scene.kubectl(["delete", "configmap/two"]);
    scene.create(
        "{ apiVersion: v1, kind: ConfigMap, data: { a: b }, metadata: { name: two, \
         namespace: unnamed, labels: { isobar.dev/owner: tester.config } } }",
    );
    let before = there(&scene);
    scene.kubectl(["delete", "configmaps", "--namespace=unnamed-marks", "--all"]);
    scene.wants(ONE);
    let ran = scene.run(["apply", "--local", "--yes"]);
    assert_eq!(there(&scene), before, "{}", ran.said());
}

#[test]
fn what_neither_the_database_nor_the_mark_names_stays() {
    let Some(scene) = Scene::new("forgotten") else { return };
    scene.wants(PAIR);
    scene.isobar(["apply", "--local", "--yes"]);
    let before = there(&scene);
    scene.kubectl(["delete", "configmaps", "--namespace=forgotten-marks", "--all"]);
    scene.lose_database();
    scene.wants(ONE);
    scene.run(["apply", "--local", "--yes"]);
    assert_eq!(there(&scene), before);
}

#[test]
fn what_holds_other_things_goes_only_by_its_name() {
    let Some(scene) = Scene::new("held") else { return };
    scene.wants(HOLDING);
    scene.isobar(["apply", "--local", "--yes"]);
    scene.wants(ONE);
    let ran = scene.run(["apply", "--local", "--yes"]);
    assert_eq!(ran.status.code(), Some(3), "{}", ran.said());
    for object in ["namespace/held-own", "pvc/disk", "crd/helds.example.com", "configmap/one"] {
        assert!(scene.can(["get", object]), "{object}: {}", ran.said());
    }
}

#[test]
fn a_name_lets_go_what_it_names_and_nothing_else() {
    let Some(scene) = Scene::new("named") else { return };
    let holding = HOLDING.replace("held", "named");
    scene.wants(&holding);
    scene.isobar(["apply", "--local", "--yes"]);
    scene.wants(ONE);
    // Nobody here takes away what protects a claim that is not in use.
    let free = r#"{"metadata": {"finalizers": null}}"#;
    scene.kubectl(["patch", "pvc/disk", "--type=merge", "--patch", free]);
    let left = || {
        let all = ["namespace/named-own", "pvc/disk", "crd/nameds.example.com", "configmap/one"];
        all.into_iter().filter(|object| scene.can(["get", object])).collect::<Vec<_>>()
    };
    let names = [
        "Namespace/named-own",
        "PersistentVolumeClaim/named/disk",
        "CustomResourceDefinition.apiextensions.k8s.io/nameds.example.com",
    ];
    let mut there = left();
    for (at, name) in names.into_iter().enumerate() {
        let ran = scene.run(["apply", "--local", "--yes", "--allow-delete", name]);
        let held = if at + 1 < names.len() { 3 } else { 0 };
        assert_eq!(ran.status.code(), Some(held), "{}", ran.said());
        there.remove(0);
        assert_eq!(left(), there, "{}", ran.said());
    }
}

/// A delete that the server has taken up is none yet: until the object is gone, the mark names it.
#[test]
fn what_waits_for_somebody_else_to_let_it_go_stays_ours() {
    let Some(scene) = Scene::new("finalized") else { return };
    let marks = || {
        let marks = "--namespace=finalized-marks";
        let all = scene.kubectl(["get", "configmaps", marks, "--output=jsonpath={.items[*].data}"]);
        all.matches("ConfigMap/finalized/two").count()
    };
    let once = "settings: { reconcile: { retry: { max_attempts: 1 } } }";
    let hold = "{ name: two, finalizers: [testbed.isobar.test/held] }";
    let held = PAIR.replace("{ name: two }", hold);
    scene.wants_all(&[("shop", once, &held)]);
    scene.isobar(["apply", "--local", "--yes"]);
    let before = there(&scene);
    scene.wants_all(&[("shop", once, ONE)]);
    let ran = scene.run(["apply", "--local", "--yes"]);
    let why = "ConfigMap/finalized/two is going, and waits for [\"testbed.isobar.test/held\"]";
    assert!(!ran.status.success() && ran.said().contains(why), "{}", ran.said());
    assert_eq!((there(&scene), marks()), (before, 1), "{}", ran.said());
    let free = r#"{"metadata": {"finalizers": null}}"#;
    scene.kubectl(["patch", "configmap/two", "--type=merge", "--patch", free]);
    scene.isobar(["apply", "--local", "--yes"]);
    assert_eq!((there(&scene).len(), marks()), (1, 0));
}

#[test]
fn what_another_agent_owns_is_neither_taken_nor_deleted() {
    let Some(scene) = Scene::new("theirs") else { return };
    scene.create(
        "{ apiVersion: v1, kind: ConfigMap, data: { a: theirs }, metadata: { name: one, \
         namespace: theirs, labels: { isobar.dev/owner: other.config } } }",
    );
    let before = there(&scene);
    scene.wants(PAIR);
    scene.run(["apply", "--local", "--yes"]);
    assert_eq!(scene.kubectl(["get", "configmap/one", "--output=jsonpath={.data.a}"]), "theirs");
    scene.wants(TWO);
    scene.run(["apply", "--local", "--yes"]);
    assert!(there(&scene).contains(&before[0]));
}

/// Whatever it is that renders nothing. Who means it takes the component out.
#[test]
fn a_component_that_renders_nothing_loses_nothing() {
    let Some(scene) = Scene::new("empty") else { return };
    scene.wants_all(&[("shop", "", PAIR)]);
    scene.isobar(["apply", "--local", "--yes"]);
    let before = there(&scene);
    scene.write("components/kubernetes/shop/nothing.yaml", "# { kind: ConfigMap }\n---\n");
    for nothing in ["manifests: []", "paths: [nothing.yaml]"] {
        scene.wants("[]");
        let file = |text: String| text.replace("manifests:\n        []", nothing);
        scene.change("stacks/deploy/prod.yaml", file);
        let ran = scene.run(["apply", "--local", "--yes"]);
        assert_eq!(ran.status.code(), Some(3), "{nothing}: {}", ran.said());
        let told = ran.said().matches("missing: anything that its component renders").count();
        assert_eq!(told, 2, "{nothing}: {}", ran.said());
        assert_eq!(there(&scene), before, "{nothing}: {}", ran.said());
    }
    scene.wants_all(&[("other", "", ONE.replace("one", "three").as_str())]);
    scene.isobar(["apply", "--local", "--yes"]);
    assert_eq!(there(&scene).len(), 1);
}
