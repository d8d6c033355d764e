//! How an object is kept, as its manifest and its component say.

use expect_test::expect;

use super::scene::Scene;

const THREE: &str = "
- apiVersion: v1
  kind: ConfigMap
  metadata: { name: once, annotations: { kustomize.toolkit.fluxcd.io/ssa: IfNotPresent } }
  data: { a: one }
- apiVersion: v1
  kind: ConfigMap
  metadata: { name: left, annotations: { isobar.dev/reconcile: 'false' } }
  data: { a: one }
- apiVersion: v1
  kind: ConfigMap
  metadata: { name: part, annotations: { isobar.dev/ignore: data.a } }
  data: { a: one, b: one }
- apiVersion: v1
  kind: ConfigMap
  metadata: { name: stays, annotations: { argocd.argoproj.io/sync-options: Prune=false } }
  data: { a: one }
";

#[test]
fn how_an_object_is_kept_is_said_on_it() {
    let Some(scene) = Scene::new("kept") else { return };
    let value = |name: &str, field: &str| {
        scene.kubectl([
            "get",
            &format!("configmap/{name}"),
            &format!("--output=jsonpath={{.data.{field}}}"),
        ])
    };
    scene.wants(THREE);
    scene.isobar(["apply", "--local", "--yes"]);
    expect![[r#"
        configmap/kube-root-ca.crt
        configmap/once
        configmap/part
        configmap/stays
    "#]]
    .assert_eq(&scene.kubectl(["get", "configmaps", "--output=name"]));

    let patch = r#"{"data": {"a": "two"}}"#;
    for name in ["once", "part"] {
        let name = format!("configmap/{name}");
        scene.kubectl(["patch", &name, "--type=merge", "--patch", patch]);
    }
    scene.wants(&THREE.replace("a: one", "a: three").replace("b: one", "b: three"));
    expect![[r#"
        Needs approval: 2 update in 1 stack
          stacks/deploy/prod.yaml:18 changes data.b in 1 component of 1 stack
          stacks/deploy/prod.yaml:22 changes data.a in 1 component of 1 stack

        prod at bed
          plan (digest) from this folder, observed (time)

          kubernetes/shop
            ~ update ConfigMap/kept/part
                data.b: "one" -> "three"                        stacks/deploy/prod.yaml:18
            ~ update ConfigMap/kept/stays
                data.a: "one" -> "three"                        stacks/deploy/prod.yaml:22

          Held
            all of it: it has 0 of 1 approval
              $ isobar apply --local prod

          Needs approval: 2 update
    "#]]
    .assert_eq(&scene.isobar(["plan"]));
    scene.isobar(["apply", "--local", "--yes"]);
    assert_eq!(
        [value("once", "a"), value("part", "a"), value("part", "b")],
        ["two", "two", "three"]
    );
}

#[test]
fn an_object_stays_where_it_is_if_it_says_so() {
    let Some(scene) = Scene::new("stays") else { return };
    scene.wants(THREE);
    scene.isobar(["apply", "--local", "--yes"]);
    scene.wants("- { apiVersion: v1, kind: ConfigMap, metadata: { name: other } }");
    expect![[r#"
        Needs approval: 2 delete, 1 create, 1 forget in 1 stack

        prod at bed
          plan (digest) from this folder, observed (time)

          kubernetes/shop
            - delete ConfigMap/stays/once                       disruptive
                apiVersion: "v1"
                data.a: "one"
                kind: "ConfigMap"
                metadata.annotations."kustomize.toolkit.fluxcd.io/ssa": "IfNotPresent"
                metadata.name: "once"
                metadata.namespace: "stays"
            - delete ConfigMap/stays/part                       disruptive
                apiVersion: "v1"
                data.a: "one"
                data.b: "one"
                kind: "ConfigMap"
                metadata.annotations."isobar.dev/ignore": "data.a"
                metadata.name: "part"
                metadata.namespace: "stays"
            + create ConfigMap/stays/other
                apiVersion: "v1"                                stacks/deploy/prod.yaml:7
                kind: "ConfigMap"                               stacks/deploy/prod.yaml:7
                metadata.name: "other"                          stacks/deploy/prod.yaml:7
                metadata.namespace: "stays"                     stacks/deploy/prod.yaml:7
            . forget ConfigMap/stays/stays

          Held
            all of it: it has 0 of 1 approval
              $ isobar apply --local prod

          Needs approval: 2 delete, 1 create, 1 forget
    "#]]
    .assert_eq(&scene.isobar(["plan"]));
    scene.isobar(["apply", "--local", "--yes"]);
    expect![[r#"
        configmap/kube-root-ca.crt
        configmap/other
        configmap/stays
    "#]]
    .assert_eq(&scene.kubectl(["get", "configmaps", "--output=name"]));
}

const RIGHTS: &str = "
apiVersion: v1
kind: List
items:
- { apiVersion: v1, kind: ServiceAccount, metadata: { name: deployer } }
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata: { name: deployer }
  rules: [{ apiGroups: [''], resources: [configmaps], verbs: [get, create, patch, delete] }]
- apiVersion: rbac.authorization.k8s.io/v1
  kind: RoleBinding
  metadata: { name: deployer }
  roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer }
  subjects: [{ kind: ServiceAccount, name: deployer }]
";

const SETTINGS: &str = "settings: { kubernetes: { service_account: deployer } }";

/// The agent may do everything; the component may do what its service account may.
#[test]
fn the_rights_of_a_service_account_count() {
    let Some(scene) = Scene::new("rights") else { return };
    scene.create(RIGHTS);
    let config = "- { apiVersion: v1, kind: ConfigMap, metadata: { name: one }, data: { a: b } }\n";
    scene.wants_all(&[("shop", SETTINGS, config)]);
    expect![[r#"
        prod: applied as predicted 6/6
          run (run), plan (digest), ended (time)
        No effect: no stack changes
    "#]]
    .assert_eq(&scene.isobar(["apply", "--local", "--yes"]));
    let secret = "- { apiVersion: v1, kind: Secret, metadata: { name: one } }\n";
    scene.wants_all(&[("shop", SETTINGS, &format!("{config}{secret}"))]);
    expect![[r#"
        Held: no changes, and 1 stack in doubt

        prod at bed
          plan (digest) from this folder, observed (time)

          Not well
            kubernetes/shop: unknown: Secret/rights/one: refused (Forbidden)

          Held
            Secret/rights/one: it cannot be looked at: refused (Forbidden)
              > make the target answer; it is looked at again

          Held: no changes
    "#]]
    .assert_eq(&scene.holds(["plan"]));
    // What it has made it can take away.
    scene.wants_all(&[("shop", SETTINGS, &config.replace("one", "other"))]);
    scene.isobar(["apply", "--local", "--yes"]);
    expect![[r#"
        configmap/kube-root-ca.crt
        configmap/other
    "#]]
    .assert_eq(&scene.kubectl(["get", "configmaps", "--output=name"]));
    // It has lost its rights: nothing goes.
    scene.kubectl(["delete", "rolebinding/deployer"]);
    scene.wants_all(&[("shop", SETTINGS, &config.replace("one", "third"))]);
    expect![[r#"
        Held: 1 keep in 1 stack

        prod at bed
          plan (digest) from this folder, observed (time)

          kubernetes/shop
            . keep ConfigMap/rights/other

          Not well
            kubernetes/shop: unknown: ConfigMap/rights/third: configmaps "third" is forbidden: User "system:serviceaccount:rights:deployer" cannot patch resource "configmaps" in API group "" in the namespace "rights"

          Held
            ConfigMap/rights/other: it is not proven to be gone; missing: a complete look at the component
              > mend what cannot be read; if it is meant to go, delete it by hand
            ConfigMap/rights/third: it cannot be looked at: configmaps "third" is forbidden: User "system:serviceaccount:rights:deployer" cannot patch resource "configmaps" in API group "" in the namespace "rights"
              > make the target answer; it is looked at again

          Held: 1 keep
    "#]].assert_eq(&scene.holds(["plan"]));
    // One that the agent's settings do not have, whatever rights it has.
    let other = SETTINGS.replace("deployer", "other");
    scene.wants_all(&[("shop", &other, config)]);
    expect![[r#"
        Held: 1 keep in 1 stack

        prod at bed
          plan (digest) from this folder, observed (time)

          kubernetes/shop
            . keep ConfigMap/rights/other

          Held
            ConfigMap/rights/one: the target refuses it: the agent's settings denied the request: `service_accounts` of the target does not have system:serviceaccount:rights:other
              > ask for what the target takes; until then all stays
            ConfigMap/rights/other: it is not proven to be gone; missing: a complete look at the component
              > mend what cannot be read; if it is meant to go, delete it by hand

          Held: 1 keep
    "#]].assert_eq(&scene.holds(["plan"]));
}
