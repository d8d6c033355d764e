//! What one component needs of another, though nobody says so.

use expect_test::expect;

use super::scene::Scene;

/// By its name it comes first.
const APP: &str = "
- { apiVersion: across.example.com/v1, kind: Bridge, metadata: { name: one }, spec: { width: 3 } }
- { apiVersion: across.example.com/v1, kind: Realm, metadata: { name: one } }
- apiVersion: apps/v1
  kind: Deployment
  metadata: { name: app }
  spec:
    selector: { matchLabels: { app: app } }
    template:
      metadata: { labels: { app: app } }
      spec: { serviceAccountName: app, containers: [{ name: app, image: 'app:1' }] }
";

const BASE: &str = "
- { apiVersion: v1, kind: ServiceAccount, metadata: { name: app } }
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata: { name: app }
  rules: [{ apiGroups: [''], resources: [pods], verbs: [get] }]
- apiVersion: rbac.authorization.k8s.io/v1
  kind: RoleBinding
  metadata: { name: app }
  roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: app }
  subjects: [{ kind: ServiceAccount, name: app, namespace: across }]
- apiVersion: apiextensions.k8s.io/v1
  kind: CustomResourceDefinition
  metadata: { name: bridges.across.example.com }
  spec:
    group: across.example.com
    scope: Namespaced
    names: { kind: Bridge, plural: bridges, singular: bridge }
    versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
- apiVersion: apiextensions.k8s.io/v1
  kind: CustomResourceDefinition
  metadata: { name: realms.across.example.com }
  spec:
    group: across.example.com
    scope: Cluster
    names: { kind: Realm, plural: realms, singular: realm }
    versions:
    - name: v1
      served: true
      storage: true
      schema: { openAPIV3Schema: { type: object, x-kubernetes-preserve-unknown-fields: true } }
";

#[test]
fn what_another_component_defines_and_allows_comes_first_in_one_run() {
    let Some(scene) = Scene::new("across") else { return };
    scene.wants_all(&[("app", "", APP), ("base", "", BASE)]);
    expect![[r#"
        prod: applied as predicted 64/64
          run (run), plan (digest), ended (time)
        No effect: no stack changes
    "#]]
    .assert_eq(&scene.isobar(["apply", "--local", "--yes"]));
    assert_eq!(scene.kubectl(["get", "bridge/one", "--output=jsonpath={.spec.width}"]), "3");
    assert_eq!(
        scene.kubectl(["get", "realm/one", "--output=name"]),
        "realm.across.example.com/one\n"
    );
    let version = |object| {
        let version = ["get", object, "--output=jsonpath={.metadata.creationTimestamp}"];
        scene.kubectl(version)
    };
    assert!(version("rolebinding/app") <= version("deployment/app"));
}

const ON_BEHALF: &str = "settings: { kubernetes: { service_account: deployer } }";

const DEPLOYED: &str = "
- { apiVersion: v1, kind: ConfigMap, metadata: { name: one }, data: { a: b } }
";

const DEPLOYER: &str = "
- { apiVersion: v1, kind: ServiceAccount, metadata: { name: deployer } }
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata: { name: deployer }
  rules: [{ apiGroups: [''], resources: [configmaps], verbs: [create, patch] }]
- apiVersion: rbac.authorization.k8s.io/v1
  kind: RoleBinding
  metadata: { name: deployer }
  roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: deployer }
  subjects: [{ kind: ServiceAccount, name: deployer, namespace: behalf }]
";

#[test]
fn the_account_that_makes_an_object_gets_its_rights_first_in_one_run() {
    let Some(scene) = Scene::new("behalf") else { return };
    scene.wants_all(&[("app", ON_BEHALF, DEPLOYED), ("base", "", DEPLOYER)]);
    expect![[r#"
        prod: applied as predicted 27/27
          run (run), plan (digest), ended (time)
        No effect: no stack changes
    "#]]
    .assert_eq(&scene.isobar(["apply", "--local", "--yes"]));
    assert_eq!(scene.kubectl(["get", "configmap/one", "--output=jsonpath={.data.a}"]), "b");
    // An account that has its rights, and not this one, is refused as ever.
    let secret = "- { apiVersion: v1, kind: Secret, metadata: { name: one } }";
    let more = format!("{DEPLOYED}{secret}");
    scene.wants_all(&[("app", ON_BEHALF, &more), ("base", "", DEPLOYER)]);
    assert!(scene.holds(["plan"]).contains("Secret/behalf/one: it cannot be looked at"));
}
