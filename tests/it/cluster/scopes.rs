//! What is in a namespace, and what is not.

use std::fmt::Write as _;

use expect_test::expect;

use super::scene::Scene;

/// Whether a kind is part of a namespace is known for every one that Kubernetes itself has: the
/// server tells which those are.
#[test]
fn of_every_kind_of_kubernetes_it_is_known_whether_it_is_in_a_namespace() {
    let Some(scene) = Scene::new("every-kind") else { return };
    let listed = scene.kubectl(["api-resources", "--no-headers"]);
    let (mut manifests, mut expected) = (String::new(), Vec::new());
    for line in listed.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        let [.., version, namespaced, kind] = words[..] else { panic!("what is {line:?}?") };
        let group = version.split_once('/').map_or("", |(group, _)| group);
        // The others are those of other tests.
        if group.contains('.') && !group.ends_with(".k8s.io") {
            continue;
        }
        for (name, said) in [("one", ""), ("two", ", namespace: ''")] {
            writeln!(
                manifests,
                "- {{ apiVersion: {version}, kind: {kind}, metadata: {{ name: {name}{said} }} }}"
            )
            .expect("a text");
            let called = [kind, group].join(if group.is_empty() { "" } else { "." });
            let space = if namespaced == "true" { "every-kind/" } else { "" };
            expected.push(format!("{called}/{space}{name}"));
        }
    }
    assert!(expected.len() > 100, "{listed}");
    scene.wants(&manifests);
    let ran = scene.run(["plan"]);
    for key in expected {
        assert!(
            ran.stdout.contains(&format!("{key}\n")) || ran.stdout.contains(&format!("{key}:")),
            "{key}\n{}",
            ran.said()
        );
    }
    for wrong in ["is not part of a namespace", "it has no namespace"] {
        assert!(!ran.stdout.contains(wrong), "{}", ran.said());
    }
}

/// A definition of a kind that is not part of a namespace.
fn definition(group: &str, kind: &str) -> String {
    let plural = format!("{}s", kind.to_lowercase());
    format!(
        "
- apiVersion: apiextensions.k8s.io/v1
  kind: CustomResourceDefinition
  metadata: {{ name: {plural}.{group} }}
  spec:
    group: {group}
    scope: Cluster
    names: {{ kind: {kind}, plural: {plural} }}
    versions:
    - name: v1
      served: true
      storage: true
      schema: {{ openAPIV3Schema: {{ type: object, x-kubernetes-preserve-unknown-fields: true }} }}
"
    )
}

const THEIRS: &str = "
- { apiVersion: cert-manager.io/v1, kind: ClusterIssuer, metadata: { name: theirs } }
- { apiVersion: wide.example.com/v1, kind: Region, metadata: { name: theirs, namespace: '' } }
- apiVersion: rbac.authorization.k8s.io/v1
  kind: ClusterRole
  metadata: { name: wide-theirs, namespace: wide }
  rules: []
";

const OURS: &str = "
- { apiVersion: own.wide.example.com/v1, kind: Land, metadata: { name: ours } }
";

#[test]
fn what_somebody_else_defines_for_the_whole_cluster_can_be_made() {
    let Some(scene) = Scene::new("wide") else { return };
    for (group, kind) in [("cert-manager.io", "ClusterIssuer"), ("wide.example.com", "Region")] {
        let manifest = definition(group, kind);
        let manifest: String = manifest.trim().lines().map(|l| format!("{}\n", &l[2..])).collect();
        scene.apply("somebody", &manifest);
    }
    for name in ["clusterissuers.cert-manager.io", "regions.wide.example.com"] {
        scene.kubectl(["wait", "--for=condition=Established", &format!("crd/{name}")]);
    }
    // Whatever a kind is of that nobody knows, it may be said.
    scene.wants("- { apiVersion: wide.example.com/v1, kind: Region, metadata: { name: theirs } }");
    expect![[r#"
        Held: no changes, and 1 stack in doubt

        prod at bed
          plan (digest) from this folder, observed (time)

          Not well
            kubernetes/shop: unknown: Region.wide.example.com/wide/theirs: its kind is not part of a namespace, and it is in one: say `namespace: ''` in its metadata

          Held
            Region.wide.example.com/wide/theirs: it cannot be looked at: its kind is not part of a namespace, and it is in one: say `namespace: ''` in its metadata
              > make the target answer; it is looked at again

          Held: no changes
    "#]]
    .assert_eq(&scene.holds(["plan"]));

    scene.wants_all(&[
        ("definitions", "", &definition("own.wide.example.com", "Land")),
        ("objects", "", THEIRS),
    ]);
    expect![[r#"
        prod: applied as predicted 22/22
          run (run), plan (digest), ended (time)
        No effect: no stack changes
    "#]]
    .assert_eq(&scene.isobar(["apply", "--local", "--yes"]));
    let found = ["get", "clusterissuer/theirs", "region/theirs", "clusterrole/wide-theirs"];
    assert_eq!(scene.kubectl(found).lines().filter(|line| line.contains("theirs")).count(), 3);

    // What one component defines, another one has objects of.
    scene.wants_all(&[
        ("definitions", "", &definition("own.wide.example.com", "Land")),
        ("objects", "", &format!("{THEIRS}{OURS}")),
    ]);
    expect![[r#"
        prod: applied as predicted 3/3
          run (run), plan (digest), ended (time)
        No effect: no stack changes
    "#]]
    .assert_eq(&scene.isobar(["apply", "--local", "--yes"]));
    assert!(scene.isobar(["plan"]).contains("No effect"));
}
