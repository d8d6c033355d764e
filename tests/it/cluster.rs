//! The built `isobar` and a real Kubernetes control plane: see `scripts/testbed`.

mod across;
mod busy;
mod deletes;
mod faults;
mod handed;
mod proxy;
mod races;
mod restarts;
mod scene;
mod told;
mod transit;

mod after;
mod called;
mod charts;
mod counted;
mod encrypted;
mod events;
mod granted;
mod inside;
mod installed;
mod judged;
mod kept;
mod lasting;
mod manifests;
mod named;
mod owned;
mod policies;
mod remote_charts;
mod replaced;
mod scopes;
mod waits;
mod watched;

use expect_test::expect;

use self::scene::Scene;

const FIRST: &str = "
- apiVersion: v1
  kind: ConfigMap
  metadata: { name: web }
  data: { size: '3', colour: green }
- apiVersion: v1
  kind: Secret
  metadata: { name: key }
  stringData: { password: canary }
- apiVersion: apps/v1
  kind: Deployment
  metadata: { name: web }
  spec:
    selector: { matchLabels: { app: web } }
    template:
      metadata: { labels: { app: web } }
      spec:
        containers:
        - { name: web, image: 'web:1', resources: { requests: { cpu: 1000m } } }
";

/// Everything before what it needs.
const ORDER: &str = "
- apiVersion: example.com/v1
  kind: Site
  metadata: { name: one, namespace: order-own }
  spec: { size: 3 }
- apiVersion: apps/v1
  kind: Deployment
  metadata: { name: app, namespace: order-own }
  spec:
    selector: { matchLabels: { app: app } }
    template:
      metadata: { labels: { app: app } }
      spec:
        serviceAccountName: app
        containers: [{ name: app, image: 'app:1', envFrom: [{ configMapRef: { name: app } }] }]
- apiVersion: rbac.authorization.k8s.io/v1
  kind: RoleBinding
  metadata: { name: app, namespace: order-own }
  roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: app }
  subjects: [{ kind: ServiceAccount, name: app, namespace: order-own }]
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  metadata: { name: app, namespace: order-own }
  rules: [{ apiGroups: [''], resources: [pods], verbs: [get] }]
- { apiVersion: v1, kind: ConfigMap, metadata: { name: app, namespace: order-own }, data: { a: b } }
- { apiVersion: v1, kind: ServiceAccount, metadata: { name: app, namespace: order-own } }
- apiVersion: apiextensions.k8s.io/v1
  kind: CustomResourceDefinition
  metadata: { name: sites.example.com }
  spec:
    group: example.com
    scope: Namespaced
    names: { kind: Site, plural: sites, singular: site }
    versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec: { type: object, properties: { size: { type: integer } } }
- { apiVersion: v1, kind: Namespace, metadata: { name: order-own } }
";

/// A Deployment whose pods never become ready.
const STUCK: &str = "
- apiVersion: apps/v1
  kind: Deployment
  metadata: { name: web }
  spec:
    progressDeadlineSeconds: 1
    selector: { matchLabels: { app: web } }
    template:
      metadata:
        labels: { app: web }
        annotations: { testbed.isobar.test/stay: unready }
      spec: { containers: [{ name: web, image: 'web:1' }] }
";

const AFTER_DB: &str = "dependencies: { components: [{ component: db }] }";

const APP: &str = "
- { apiVersion: v1, kind: ConfigMap, metadata: { name: app }, data: { a: b } }
";

#[test]
fn what_is_planned_is_applied_and_nothing_else() {
    let Some(scene) = Scene::new("first") else { return };
    scene.wants(FIRST);
    expect![[r#"
        Needs approval: 3 create in 1 stack

        prod at bed
          plan (digest) from this folder, observed (time)

          kubernetes/shop
            + create ConfigMap/first/web
                apiVersion: "v1"                                stacks/deploy/prod.yaml:7
                data.colour: "green"                            stacks/deploy/prod.yaml:10
                data.size: "3"                                  stacks/deploy/prod.yaml:10
                kind: "ConfigMap"                               stacks/deploy/prod.yaml:8
                metadata.name: "web"                            stacks/deploy/prod.yaml:9
                metadata.namespace: "first"                     stacks/deploy/prod.yaml:9
            + create Deployment.apps/first/web
                apiVersion: "apps/v1"                           stacks/deploy/prod.yaml:15
                kind: "Deployment"                              stacks/deploy/prod.yaml:16
                metadata.name: "web"                            stacks/deploy/prod.yaml:17
                metadata.namespace: "first"                     stacks/deploy/prod.yaml:17
                spec.selector.matchLabels.app: "web"            stacks/deploy/prod.yaml:19
                spec.template.metadata.labels.app: "web"        stacks/deploy/prod.yaml:21
                spec.template.spec.containers[0].image: "web:1"  stacks/deploy/prod.yaml:24
                spec.template.spec.containers[0].name: "web"    stacks/deploy/prod.yaml:24
                spec.template.spec.containers[0].resources.requests.cpu: "1"  stacks/deploy/prod.yaml:24
            + create Secret/first/key
                apiVersion: "v1"                                stacks/deploy/prod.yaml:11
                data.password: (secret added)                   stacks/deploy/prod.yaml:11
                kind: "Secret"                                  stacks/deploy/prod.yaml:12
                metadata.name: "key"                            stacks/deploy/prod.yaml:13
                metadata.namespace: "first"                     stacks/deploy/prod.yaml:13

          Held
            all of it: it has 0 of 1 approval
              $ isobar apply --local prod

          Needs approval: 3 create
    "#]].assert_eq(&scene.isobar(["plan"]));
    expect![[r#"
        prod: applied as predicted 20/20
          run (run), plan (digest), ended (time)
        No effect: no stack changes
    "#]]
    .assert_eq(&scene.isobar(["apply", "--local", "--yes"]));
    expect![[r#"
        No effect: no stack changes

        Unchanged: prod
    "#]]
    .assert_eq(&scene.isobar(["plan"]));
    let label = r"jsonpath={.metadata.labels.isobar\.dev/owner}";
    assert_eq!(scene.kubectl(["get", "configmap/web", "--output", label]), "tester.config");
    let password = "jsonpath={.data.password}";
    assert_eq!(scene.kubectl(["get", "secret/key", "--output", password]), "Y2FuYXJ5");
}

#[test]
fn what_the_manifests_say_is_put_back_and_nothing_else() {
    let Some(scene) = Scene::new("drift") else { return };
    scene.wants(FIRST);
    scene.isobar(["apply", "--local", "--yes"]);
    // What nobody asked for in the manifests is anybody's to change.
    scene.kubectl(["scale", "deployment/web", "--replicas=5"]);
    scene.kubectl(["label", "configmap/web", "team=shop"]);
    expect![[r#"
        No effect: no stack changes

        Unchanged: prod
    "#]]
    .assert_eq(&scene.isobar(["plan"]));

    let patch = r#"{"data": {"size": "7"}}"#;
    scene.kubectl(["patch", "configmap/web", "--type=merge", "--patch", patch]);
    let patch = r#"{"data": {"password": "bm8="}}"#;
    scene.kubectl(["patch", "secret/key", "--type=merge", "--patch", patch]);
    scene.kubectl(["set", "image", "deployment/web", "web=web:2"]);
    // The plan tells how it is doing, which it does until it is as somebody wants it.
    scene.kubectl(["rollout", "status", "deployment/web", "--timeout=60s"]);
    expect![[r#"
        Ready: 3 update in 1 stack

        prod at bed
          plan (digest) from this folder, observed (time)

          kubernetes/shop
            ~ update ConfigMap/drift/web                        drift
                data.size: "7" -> "3"                           stacks/deploy/prod.yaml:10, written by kubectl-patch
            ~ update Deployment.apps/drift/web                  drift
                spec.template.spec.containers[0].image: "web:2" -> "web:1"  stacks/deploy/prod.yaml:24, written by kubectl-set
            ~ update Secret/drift/key                           drift
                data.password: (secret changed)                 stacks/deploy/prod.yaml:11, written by kubectl-patch

          Ready: 3 update
    "#]].assert_eq(&scene.isobar(["plan"]));
    scene.isobar(["apply", "--local", "--yes"]);
    assert_eq!(scene.kubectl(["get", "configmap/web", "--output=jsonpath={.data.size}"]), "3");
    let team = ["get", "configmap/web", "--output=jsonpath={.metadata.labels.team}"];
    assert_eq!(scene.kubectl(team), "shop");
    let replicas = ["get", "deployment/web", "--output=jsonpath={.spec.replicas}"];
    assert_eq!(scene.kubectl(replicas), "5");
}

#[test]
fn what_is_no_longer_wanted_goes() {
    let Some(scene) = Scene::new("less") else { return };
    scene.wants(FIRST);
    scene.isobar(["apply", "--local", "--yes"]);
    scene.wants(
        "
- { apiVersion: v1, kind: ConfigMap, metadata: { name: web }, data: { size: '3' } }
",
    );
    expect![[r#"
        Needs approval: 2 delete, 1 update in 1 stack

        prod at bed
          plan (digest) from this folder, observed (time)

          kubernetes/shop
            - delete Deployment.apps/less/web                   disruptive
                apiVersion: "apps/v1"
                kind: "Deployment"
                metadata.name: "web"
                metadata.namespace: "less"
                spec.selector.matchLabels.app: "web"
                spec.template.metadata.labels.app: "web"
                spec.template.spec.containers[0].image: "web:1"
                spec.template.spec.containers[0].name: "web"
                spec.template.spec.containers[0].resources.requests.cpu: "1"
            - delete Secret/less/key                            disruptive
                apiVersion: "v1"
                data.password: (secret removed)
                kind: "Secret"
                metadata.name: "key"
                metadata.namespace: "less"
            ~ update ConfigMap/less/web
              - data.colour: "green"

          Held
            all of it: it has 0 of 1 approval
              $ isobar apply --local prod

          Needs approval: 2 delete, 1 update
    "#]]
    .assert_eq(&scene.isobar(["plan"]));
    expect![[r#"
        prod: applied as predicted 15/15
          run (run), plan (digest), ended (time)
        No effect: no stack changes
    "#]]
    .assert_eq(&scene.isobar(["apply", "--local", "--yes"]));
    let all = ["get", "configmaps,secrets,deployments", "--output=name"];
    expect![[r#"
        configmap/kube-root-ca.crt
        configmap/web
    "#]]
    .assert_eq(&scene.kubectl(all));
}

#[test]
fn what_needs_something_comes_after_it() {
    let Some(scene) = Scene::new("order") else { return };
    scene.wants(ORDER);
    expect![[r#"
        prod: applied as predicted 58/58
          run (run), plan (digest), ended (time)
        No effect: no stack changes
    "#]]
    .assert_eq(&scene.isobar(["apply", "--local", "--yes"]));
    expect![[r#"
        No effect: no stack changes

        Unchanged: prod
    "#]]
    .assert_eq(&scene.isobar(["plan"]));
    let size =
        ["get", "--namespace=order-own", "sites.example.com/one", "--output=jsonpath={.spec.size}"];
    assert_eq!(scene.kubectl(size), "3");
}

#[test]
fn what_does_not_get_there_is_degraded_with_the_reason() {
    let Some(scene) = Scene::new("stuck") else { return };
    scene.wants(STUCK);
    scene.isobar(["apply", "--local", "--yes"]);
    let late = ["wait", "--for=condition=Progressing=False", "deployment/web", "--timeout=60s"];
    scene.kubectl(late);
    expect![[r#"
        No effect: no stack changes
    "#]]
    .assert_eq(&scene.isobar(["apply", "--local", "--yes"]));
    expect![[r#"
        STACK  TARGET  STATE    CHANGES     LAST RUN
        prod   bed     in sync  no changes  (time)
          kubernetes/shop: degraded: Deployment.apps/stuck/web: Progressing is False: ProgressDeadlineExceeded: ReplicaSet (name) has timed out progressing.
    "#]].assert_eq(&scene.isobar(["status"]));
    scene.wants(&STUCK.replace("unready", "ready"));
    scene.isobar(["apply", "--local", "--yes"]);
    scene.kubectl(["rollout", "status", "deployment/web", "--timeout=60s"]);
    scene.isobar(["apply", "--local", "--yes"]);
    expect![[r#"
        STACK  TARGET  STATE    CHANGES     LAST RUN
        prod   bed     in sync  no changes  (time)
    "#]]
    .assert_eq(&scene.isobar(["status"]));
}

#[test]
fn what_others_have_written_is_taken_only_where_it_was_shown() {
    let Some(scene) = Scene::new("conflict") else { return };
    let theirs =
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: web}, data: {size: '7', b: x}}";
    scene.apply("theirs", theirs);
    scene.wants(
        "
- { apiVersion: v1, kind: ConfigMap, metadata: { name: web }, data: { size: '3' } }
",
    );
    expect![[r#"
        Needs approval: 1 adopt in 1 stack
          stacks/deploy/prod.yaml:7 changes data.size in 1 component of 1 stack

        prod at bed
          plan (digest) from this folder, observed (time)

          kubernetes/shop
            > adopt ConfigMap/conflict/web                      disruptive
                data.size: "7" -> "3"                           stacks/deploy/prod.yaml:7, written by theirs

          Held
            all of it: it has 0 of 1 approval
              $ isobar apply --local prod

          Needs approval: 1 adopt
    "#]].assert_eq(&scene.isobar(["plan"]));
    scene.isobar(["apply", "--local", "--yes"]);
    let left = scene.kubectl(["get", "configmap/web", "--output=jsonpath={.data}"]);
    assert_eq!(left, r#"{"b":"x","size":"3"}"#);
}

#[test]
fn what_kubectl_applied_is_taken_over_whole() {
    let Some(scene) = Scene::new("taken") else { return };
    let theirs =
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: web}, data: {size: '7', old: x}}";
    scene.apply_by_itself(theirs);
    scene.wants(
        "
- { apiVersion: v1, kind: ConfigMap, metadata: { name: web }, data: { size: '7' } }
",
    );
    expect![[r#"
        Needs approval: 1 adopt in 1 stack

        prod at bed
          plan (digest) from this folder, observed (time)

          kubernetes/shop
            > adopt ConfigMap/taken/web                         disruptive
              - data.old: "x"                                   written by kubectl-client-side-apply

          Held
            all of it: it has 0 of 1 approval
              $ isobar apply --local prod

          Needs approval: 1 adopt
    "#]]
    .assert_eq(&scene.isobar(["plan"]));
    expect![[r#"
        prod: applied as predicted 1/1
          run (run), plan (digest), ended (time)
        No effect: no stack changes
    "#]]
    .assert_eq(&scene.isobar(["apply", "--local", "--yes"]));
    let left = scene.kubectl(["get", "configmap/web", "--output=jsonpath={.data}"]);
    assert_eq!(left, r#"{"size":"7"}"#);
    let writers = "jsonpath={.metadata.managedFields[*].manager} {.metadata.annotations}";
    expect![[r#"isobar-tester {"isobar.dev/component":"prod/kubernetes/shop"}"#]].assert_eq(
        &scene.kubectl(["get", "configmap/web", "--show-managed-fields", "--output", writers]),
    );
}

#[test]
fn what_the_server_refuses_is_held_with_its_words() {
    let Some(scene) = Scene::new("refused") else { return };
    scene.wants(FIRST);
    scene.isobar(["apply", "--local", "--yes"]);
    let fixed = FIRST.replace("{ app: web }", "{ app: other }");
    let wrong = fixed.replace("kind: Secret", "kind: Secret\n  sort: Opaque");
    let wrong = wrong.replace("stringData: { password: canary }", "data: { password: 'canary!' }");
    scene.wants(&wrong.replace("size: '3'", "size: 3"));
    let plan = scene.holds(["plan"]);
    assert!(!plan.contains("canary"), "{plan}");
    expect![[r#"
        Held: no changes, and 1 stack in doubt

        prod at bed
          plan (digest) from this folder, observed (time)

          Held
            ConfigMap/refused/web: the target refuses it: failed to create typed patch object (refused/web; /v1, Kind=ConfigMap): .data.size: expected string, got &value.valueUnstructured{Value:3}
              > ask for what the target takes; until then all stays
            Deployment.apps/refused/web: the target refuses it: Deployment.apps "web" is invalid: spec.selector: Invalid value: {"matchLabels":{"app":"other"}}: field is immutable
              > ask for what the target takes; until then all stays
            Secret/refused/key: the target refuses it: .sort: field not declared in schema
              > ask for what the target takes; until then all stays

          Held: no changes
    "#]].assert_eq(&plan);
    // It is not done, and nobody is asked for what no yes can change.
    assert_eq!(scene.holds(["apply", "--local"]), plan);
    assert_eq!(scene.holds(["status"]).lines().filter(|line| line.contains("refuses")).count(), 3);
}

#[test]
fn an_object_goes_only_with_all_evidence() {
    let Some(scene) = Scene::new("evidence") else { return };
    let wanted = |names: &[&str]| {
        let one = |name: &&str| {
            format!(
                "- {{ apiVersion: v1, kind: ConfigMap, metadata: {{ name: {name} }}, data: {{ a: b }} }}\n"
            )
        };
        scene.wants(&names.iter().map(one).collect::<String>());
    };
    wanted(&["stays", "unmarked", "anew", "plain"]);
    scene.isobar(["apply", "--local", "--yes"]);
    scene.kubectl(["label", "configmap/unmarked", "isobar.dev/owner-"]);
    let again = scene.kubectl(["get", "configmap/anew", "--output=json"]);
    scene.kubectl(["delete", "configmap/anew"]);
    scene.create(&again);
    wanted(&["stays"]);
    expect![[r#"
        Held: 1 delete in 1 stack

        prod at bed
          plan (digest) from this folder, observed (time)

          kubernetes/shop
            - delete ConfigMap/evidence/plain                   disruptive
                apiVersion: "v1"
                data.a: "b"
                kind: "ConfigMap"
                metadata.name: "plain"
                metadata.namespace: "evidence"
            . keep ConfigMap/evidence/anew
            . keep ConfigMap/evidence/unmarked

          Held
            all of it: it has 0 of 1 approval
              $ isobar apply --local prod
            ConfigMap/evidence/anew: it is not proven to be gone; missing: the object that was applied: another has its name; an entry in the target's own mark
              > mend what cannot be read; if it is meant to go, delete it by hand
            ConfigMap/evidence/unmarked: it is not proven to be gone; missing: the owner's mark on the object
              > mend what cannot be read; if it is meant to go, delete it by hand

          Held: 1 delete (2 keep not acted on)
    "#]].assert_eq(&scene.isobar(["plan"]));
    // What goes goes, and what is kept back is told.
    let ran = scene.run(["apply", "--local", "--yes"]);
    assert_eq!(ran.status.code(), Some(3), "{}", ran.said());
    assert!(ran.said().contains("Held: 2 keep"), "{}", ran.said());
    expect![[r#"
        configmap/anew
        configmap/kube-root-ca.crt
        configmap/stays
        configmap/unmarked
    "#]]
    .assert_eq(&scene.kubectl(["get", "configmaps", "--output=name"]));
}

#[test]
fn a_lost_database_loses_no_ownership() {
    let Some(scene) = Scene::new("lost") else { return };
    scene.wants(
        "
- { apiVersion: v1, kind: ConfigMap, metadata: { name: one }, data: { a: b } }
- { apiVersion: v1, kind: ConfigMap, metadata: { name: other }, data: { a: b } }
",
    );
    scene.isobar(["apply", "--local", "--yes"]);
    scene.lose_database();
    expect![[r#"
        No effect: no stack changes

        Unchanged: prod
    "#]]
    .assert_eq(&scene.isobar(["plan"]));
    scene.wants(
        "
- { apiVersion: v1, kind: ConfigMap, metadata: { name: one }, data: { a: b } }
",
    );
    expect![[r#"
        Needs approval: 1 delete in 1 stack

        prod at bed
          plan (digest) from this folder, observed (time)

          kubernetes/shop
            - delete ConfigMap/lost/other                       disruptive
                apiVersion: "v1"
                data.a: "b"
                kind: "ConfigMap"
                metadata.name: "other"
                metadata.namespace: "lost"

          Held
            all of it: it has 0 of 1 approval
              $ isobar apply --local prod

          Needs approval: 1 delete
    "#]]
    .assert_eq(&scene.isobar(["plan"]));
    scene.isobar(["apply", "--local", "--yes"]);
    expect![[r#"
        configmap/kube-root-ca.crt
        configmap/one
    "#]]
    .assert_eq(&scene.kubectl(["get", "configmaps", "--output=name"]));
}
