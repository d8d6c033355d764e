//! What depends on something begins once that does well.

use super::*;

#[test]
fn what_depends_on_something_begins_once_it_does_well() {
    let Some(scene) = Scene::new("chain") else { return };
    let db = STUCK.replace("unready", "ready");
    scene.wants_all(&[("db", "", &db), ("app", AFTER_DB, APP)]);
    expect![[r#"
        prod: applied as predicted 10/10, 1 step waits
          run (run), plan (digest), ended (time)
          kubernetes/app: approved, and waits until kubernetes/db does well: Deployment.apps/chain/web is progressing: 0 of 1 replicas are created
        prod: applied as predicted 5/5
          run (run), plan (digest), ended (time)
        No effect: no stack changes
    "#]].assert_eq(&scene.isobar(["apply", "--local", "--yes"]));
    assert_eq!(scene.kubectl(["get", "configmap/app", "--output=jsonpath={.data.a}"]), "b");
}

#[test]
fn what_depends_on_something_that_fails_does_not_begin() {
    let Some(scene) = Scene::new("broken") else { return };
    scene.wants_all(&[("db", "", STUCK), ("app", AFTER_DB, APP)]);
    expect![[r#"
        prod: applied as predicted 10/10, 1 step waits
          run (run), plan (digest), ended (time)
          kubernetes/app: approved, and waits until kubernetes/db does well: Deployment.apps/broken/web is progressing: 0 of 1 replicas are created
        Held: 1 create in 1 stack

        prod at bed
          plan (digest) from this folder, observed (time)

          kubernetes/app
            + create ConfigMap/broken/app
                apiVersion: "v1"                                stacks/deploy/prod.yaml:21
                data.a: "b"                                     stacks/deploy/prod.yaml:21
                kind: "ConfigMap"                               stacks/deploy/prod.yaml:21
                metadata.name: "app"                            stacks/deploy/prod.yaml:21
                metadata.namespace: "broken"                    stacks/deploy/prod.yaml:21

          Not well
            kubernetes/db: degraded: Deployment.apps/broken/web: Progressing is False: ProgressDeadlineExceeded: ReplicaSet (name) has timed out progressing.

          Held
            kubernetes/app: it waits for kubernetes/db to do well, which is degraded: Deployment.apps/broken/web: Progressing is False: ProgressDeadlineExceeded: ReplicaSet (name) has timed out progressing.
              > make it do well; it is looked at again

          Held: 1 create; 1 component unchanged
    "#]].assert_eq(&scene.holds(["apply", "--local", "--yes"]));
    let all = ["get", "configmaps", "--output=name"];
    assert_eq!(scene.kubectl(all), "configmap/kube-root-ca.crt\n");
    let db = STUCK.replace("unready", "ready");
    scene.wants_all(&[("db", "", &db), ("app", AFTER_DB, APP)]);
    expect![[r#"
        prod: applied as predicted 1/1, 1 step waits
          run (run), plan (digest), ended (time)
          kubernetes/app: approved, and waits until kubernetes/db does well: Deployment.apps/broken/web is progressing: generation 2 is not observed yet, the status is of 1
        prod: applied as predicted 5/5
          run (run), plan (digest), ended (time)
        No effect: no stack changes
    "#]].assert_eq(&scene.isobar(["apply", "--local", "--yes"]));
    assert_eq!(scene.kubectl(["get", "configmap/app", "--output=jsonpath={.data.a}"]), "b");
}
