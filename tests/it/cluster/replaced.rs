//! What cannot change in place.

use super::*;

const REPLACED: &str = "
- apiVersion: apps/v1
  kind: Deployment
  metadata: { name: web, annotations: { isobar.dev/replace: 'true' } }
  spec:
    replicas: 0
    selector: { matchLabels: { app: web } }
    template:
      metadata: { labels: { app: web } }
      spec: { containers: [{ name: web, image: 'web:1' }] }
";

#[test]
fn what_cannot_change_in_place_is_made_anew_where_its_manifest_asks_for_that() {
    let Some(scene) = Scene::new("anew") else { return };
    scene.wants(REPLACED);
    scene.isobar(["apply", "--local", "--yes"]);
    let uid = || scene.kubectl(["get", "deployment/web", "--output=jsonpath={.metadata.uid}"]);
    let first = uid();
    // One that could not be made stays.
    scene.wants(&REPLACED.replacen("{ app: web }", "{ app: other }", 1));
    expect![[r#"
        Held: no changes, and 1 stack in doubt

        prod at bed
          plan (digest) from this folder, observed (time)

          Held
            Deployment.apps/anew/web: the target refuses it: Deployment.apps "web" is invalid: [spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match template `labels`, spec.selector: Invalid value: {"matchLabels":{"app":"other"}}: field is immutable]
              > ask for what the target takes; until then all stays

          Held: no changes
    "#]].assert_eq(&scene.holds(["plan"]));
    scene.holds(["apply", "--local", "--yes"]);
    assert_eq!(uid(), first);

    scene.wants(&REPLACED.replace("{ app: web }", "{ app: other }"));
    expect![[r#"
        Needs approval: 1 replace in 1 stack
          stacks/deploy/prod.yaml:12 changes spec.selector.matchLabels.app in 1 component of 1 stack
          stacks/deploy/prod.yaml:14 changes spec.template.metadata.labels.app in 1 component of 1 stack

        prod at bed
          plan (digest) from this folder, observed (time)

          kubernetes/shop
            ! replace Deployment.apps/anew/web                  disruptive
                spec.selector.matchLabels.app: "web" -> "other"  stacks/deploy/prod.yaml:12
                spec.template.metadata.labels.app: "web" -> "other"  stacks/deploy/prod.yaml:14

          Held
            all of it: it has 0 of 1 approval
              $ isobar apply --local prod

          Needs approval: 1 replace
    "#]].assert_eq(&scene.isobar(["plan"]));
    expect![[r#"
        prod: applied as predicted 2/2
          run (run), plan (digest), ended (time)
        No effect: no stack changes
    "#]]
    .assert_eq(&scene.isobar(["apply", "--local", "--yes"]));
    assert_ne!(uid(), first);
    let label = "--output=jsonpath={.spec.selector.matchLabels.app}";
    assert_eq!(scene.kubectl(["get", "deployment/web", label]), "other");
    // What can change in place does.
    let second = uid();
    let larger = REPLACED.replace("{ app: web }", "{ app: other }").replace("web:1", "web:2");
    scene.wants(&larger);
    scene.isobar(["apply", "--local", "--yes"]);
    assert_eq!(uid(), second);
}

/// What holds data, and what changes of it only by being made anew.
const LASTING: &str = "
- apiVersion: v1
  kind: PersistentVolumeClaim
  metadata: { name: disk, annotations: { isobar.dev/replace: 'true' } }
  spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
- apiVersion: v1
  kind: PersistentVolume
  metadata: { name: lasting, annotations: { kustomize.toolkit.fluxcd.io/force: enabled } }
  spec:
    accessModes: [ReadWriteOnce]
    capacity: { storage: 1Gi }
    storageClassName: lasting
    hostPath: { path: /one }
- apiVersion: apiextensions.k8s.io/v1
  kind: CustomResourceDefinition
  metadata: { name: lasts.example.com, annotations: { isobar.dev/replace: 'true' } }
  spec:
    group: example.com
    scope: Namespaced
    names: { kind: Last, plural: lasts, singular: last }
    versions:
    - { name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }
";

#[test]
fn what_holds_data_is_made_anew_only_by_its_name() {
    let Some(scene) = Scene::new("lastingly") else { return };
    scene.wants(LASTING);
    scene.isobar(["apply", "--local", "--yes"]);
    let uids = || {
        ["pvc/disk", "pv/lasting", "crd/lasts.example.com"]
            .map(|name| scene.kubectl(["get", name, "--output=jsonpath={.metadata.uid}"]))
    };
    let first = uids();
    let others = LASTING.replace("[ReadWriteOnce], res", "[ReadWriteMany], res");
    let others = others.replace("/one", "/two").replace("scope: Namespaced", "scope: Cluster");
    scene.wants(&others);
    let told = scene.holds(["apply", "--local", "--yes"]);
    assert_eq!(uids(), first, "{told}");
    for name in ["PersistentVolumeClaim/lastingly/disk", "PersistentVolume/lasting"] {
        assert!(told.contains(&format!("! replace {name}")), "{name}: {told}");
        let why = format!("{name}: what it holds would be lost for good");
        assert!(told.contains(&why), "{name}: {told}");
    }
    // The name of one is the name of no other, and a definition has one name only: it stays. Nobody
    // here takes away what protects a volume that is not in use.
    let free = r#"{"metadata": {"finalizers": null}}"#;
    scene.kubectl(["patch", "pv/lasting", "--type=merge", "--patch", free]);
    let named = ["apply", "--local", "--yes", "--allow-delete", "PersistentVolume/lasting"];
    let told = scene.holds(named);
    let now = uids();
    assert_ne!(now[1], first[1], "{told}");
    assert_eq!([&now[0], &now[2]], [&first[0], &first[2]], "{told}");
    let definition = "CustomResourceDefinition.apiextensions.k8s.io/lasts.example.com";
    let told = scene.holds(["apply", "--local", "--yes", "--allow-delete", definition]);
    assert_eq!(uids(), now, "{told}");
}

/// What cannot change: one that is made anew for each letter.
fn fixed(name: &str, letter: &str) -> String {
    format!(
        "- apiVersion: v1\n  kind: ConfigMap\n  \
         metadata: {{ name: {name}, annotations: {{ isobar.dev/replace: 'true' }} }}\n  \
         immutable: true\n  data: {{ a: {letter} }}\n"
    )
}

fn uids(scene: &Scene) -> Vec<String> {
    let each = "jsonpath={range .items[*]}{.metadata.name} {.metadata.uid}{'\\n'}{end}";
    let all = scene.kubectl(["get", "configmaps", "--output", each]);
    all.lines().filter(|line| !line.starts_with("kube-root-ca")).map(str::to_owned).collect()
}

#[test]
fn what_is_made_anew_counts_among_what_goes() {
    let Some(scene) = Scene::new("masses") else { return };
    let all = |letters: [&str; 4]| {
        let one = |(at, letter): (usize, &str)| fixed(&format!("c{at}"), letter);
        letters.into_iter().enumerate().map(one).collect::<String>()
    };
    scene.wants(&all(["a"; 4]));
    scene.isobar(["apply", "--local", "--yes"]);
    let before = uids(&scene);
    scene.wants(&all(["b"; 4]));
    let told = scene.holds(["apply", "--local", "--yes"]);
    assert!(told.contains("4 resources would go, and the guard lets 3 go at once"), "{told}");
    assert_eq!(uids(&scene), before, "{told}");
    scene.wants(&all(["b", "b", "b", "a"]));
    scene.isobar(["apply", "--local", "--yes"]);
    let after = uids(&scene);
    assert!(before[..3].iter().zip(&after).all(|(before, after)| before != after), "{after:?}");
    assert_eq!(before[3], after[3]);
}

/// Nobody's, another agent's, and one of ours that somebody has taken the label off.
#[test]
fn what_is_not_ours_is_never_made_anew() {
    let Some(scene) = Scene::new("notours") else { return };
    scene.wants(&fixed("ours", "a"));
    scene.isobar(["apply", "--local", "--yes"]);
    let theirs = |name: &str, labels: &str| {
        scene.create(&format!(
            "{{ apiVersion: v1, kind: ConfigMap, immutable: true, data: {{ a: theirs }}, \
             metadata: {{ name: {name}, labels: {{ {labels} }} }} }}"
        ));
    };
    theirs("nobodys", "team: shop");
    theirs("others", "isobar.dev/owner: other.config");
    scene.kubectl(["label", "configmap/ours", "isobar.dev/owner-"]);
    let before = uids(&scene);
    let names = ["nobodys", "others", "ours"];
    scene.wants(&names.map(|name| fixed(name, "b")).concat());
    let mut line = vec!["apply", "--local", "--yes"];
    let keys = names.map(|name| format!("ConfigMap/notours/{name}"));
    keys.iter().for_each(|key| line.extend(["--allow-delete", key]));
    let line: [&str; 9] = line.try_into().expect("nine words");
    for _ in 0..2 {
        let told = scene.run(line).said();
        assert_eq!(uids(&scene), before, "{told}");
    }
}
