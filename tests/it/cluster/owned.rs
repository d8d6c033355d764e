//! Fields that others write: lost and taken back, or never ours and newly asked for.

use expect_test::expect;

use super::scene::{Scene, UNREVIEWED};

const SETTINGS: &str = "
- apiVersion: v1
  kind: ConfigMap
  metadata: { name: settings }
  data: { size: '3', colour: green }
";

const WEB: &str = "
- apiVersion: apps/v1
  kind: Deployment
  metadata: { name: web }
  spec:
    selector: { matchLabels: { app: web } }
    template:
      metadata: { labels: { app: web } }
      spec: { containers: [{ name: web, image: 'web:1' }] }
";

/// Nothing in it changes that anybody sees, so nobody is asked; and what then goes from the manifest goes
/// from the object.
#[test]
fn what_nobody_owns_any_more_is_owned_again_unasked() {
    let Some(scene) = Scene::new("owned") else { return };
    scene.wants(SETTINGS);
    scene.commit();
    scene.isobar(["apply", "--local", "--yes"]);
    let clear = r#"{"metadata": {"managedFields": [{}]}}"#;
    scene.kubectl(["patch", "configmap/settings", "--type=merge", "--patch", clear]);
    expect![[r#"
        Ready: 1 update in 1 stack

        prod at bed
          plan (digest) from this folder, observed (time)

          kubernetes/shop
            ~ update ConfigMap/owned/settings                   drift, nothing in it changes, its fields are owned again

          Ready: 1 update
    "#]]
    .assert_eq(&scene.isobar(["plan"]));
    // No yes: it stands.
    scene.isobar(["apply"]);
    expect![[r#"
        No effect: no stack changes

        Unchanged: prod
    "#]]
    .assert_eq(&scene.isobar(["plan"]));

    scene.wants(&SETTINGS.replace("size: '3', ", ""));
    scene.isobar(["apply", "--local", "--yes"]);
    let data = ["get", "configmap/settings", "--output=jsonpath={.data}"];
    assert_eq!(scene.kubectl(data), r#"{"colour":"green"}"#);
}

/// Who writes another value and puts the old one back, without an agent that sees it.
fn put_back(scene: &Scene) {
    for size in ["7", "3"] {
        let patch = format!(r#"--patch={{"data": {{"size": "{size}"}}}}"#);
        scene.kubectl(["patch", "configmap/settings", "--type=merge", &patch]);
    }
}

/// An agent of its own, so that its requests are counted by the server's own record.
fn counted(name: &str) -> Option<Scene> {
    let scene = Scene::new(name)?;
    scene.write("isobar.yaml", UNREVIEWED);
    scene.wants(SETTINGS);
    scene.commit();
    scene.kubectl(["create", "serviceaccount", "agent"]);
    let account = format!("--serviceaccount={name}:agent");
    scene.kubectl(["create", "clusterrolebinding", name, "--clusterrole=cluster-admin", &account]);
    scene.becomes(name, "agent");
    Some(scene)
}

/// How often the agent has looked at the object by asking what would be, and how often it has written it.
fn asked(scene: &Scene) -> (usize, usize) {
    let requests = scene.requests_of(scene.namespace(), "agent");
    let of_it = requests.iter().filter(|request| request["objectRef"]["name"] == "settings");
    let patches = of_it.filter(|request| request["verb"] == "patch");
    let (looks, writes): (Vec<_>, Vec<_>) =
        patches.partition(|request| request["requestURI"].to_string().contains("dryRun=All"));
    (looks.len(), writes.len())
}

/// By the server's own record: one request takes it back, and whoever takes it from us again has it. Each
/// command is a process of its own.
#[test]
fn what_is_put_back_is_owned_again_by_one_write_and_never_by_a_second() {
    let Some(scene) = counted("owned-once") else { return };
    scene.isobar(["apply", "--local", "--yes"]);
    let (_, made) = asked(&scene);
    assert_eq!(made, 1);
    put_back(&scene);
    scene.isobar(["apply"]);
    let (looks, writes) = asked(&scene);
    assert_eq!(writes, 2, "it was made, and owned again");
    let again = [scene.isobar(["apply"]), scene.isobar(["plan"])];
    assert!(again.iter().all(|said| said.starts_with("No effect")), "{again:?}");
    assert_eq!(asked(&scene), (looks, 2), "what is ours is not even looked at");
    put_back(&scene);
    let left = scene.run(["apply"]);
    assert!(left.stderr.contains("are lost again, and left"), "{}", left.said());
    let (looks, writes) = asked(&scene);
    assert_eq!(writes, 2, "a second time would be one too many");
    scene.isobar(["apply"]);
    assert_eq!(asked(&scene), (looks, 2), "and it costs nothing");
    // What is not ours any more is put back all the same.
    scene.kubectl([
        "patch",
        "configmap/settings",
        "--type=merge",
        r#"--patch={"data":{"size":"8"}}"#,
    ]);
    scene.isobar(["apply"]);
    let size = ["get", "configmap/settings", "--output=jsonpath={.data.size}"];
    assert_eq!((scene.kubectl(size).as_str(), asked(&scene).1), ("3", 3));
}

/// The same of an agent that is told each time, by somebody who does not stop.
#[test]
fn who_takes_it_again_and_again_is_not_answered_again_and_again() {
    let Some(scene) = counted("owned-loop") else { return };
    let mut serving = scene.serve_saying("isobar=info");
    serving.expect("prod: applied");
    let clear = r#"--patch={"metadata": {"managedFields": [{}]}}"#;
    let clear = || scene.kubectl(["patch", "configmap/settings", "--type=merge", clear]);
    clear();
    serving.expect("prod: applied");
    let (_, writes) = asked(&scene);
    clear();
    for number in 0..4 {
        serving.expect("are lost again, and left");
        let label = format!("number={number}");
        scene.kubectl(["label", "--overwrite", "configmap/settings", &label]);
    }
    serving.expect("are lost again, and left");
    assert_eq!(asked(&scene).1, writes);
    serving.kill();
}

/// Who has written a field that the manifest newly names, and who has scaled what is ours. Of a number of
/// replicas that nobody owned, a server does not say who has scaled it.
#[test]
fn what_others_own_is_taken_only_after_a_yes() {
    let Some(scene) = Scene::new("owned-else") else { return };
    scene.wants(WEB);
    scene.isobar(["apply", "--local", "--yes"]);
    let replicas = ["get", "deployment/web", "--output=jsonpath={.spec.replicas}"];
    let patch = r#"--patch={"spec": {"replicas": 5}}"#;
    scene.kubectl(["patch", "deployment/web", "--type=merge", patch]);
    scene.wants(&WEB.replace("  spec:\n    selector", "  spec:\n    replicas: 2\n    selector"));
    scene.commit();
    expect![[r#"
        Needs approval: 1 update in 1 stack
          stacks/deploy/prod.yaml:11 changes spec.replicas in 1 component of 1 stack

        prod at bed
          plan (digest) from this folder, observed (time)

          kubernetes/shop
            ~ update Deployment.apps/owned-else/web
                spec.replicas: 5 -> 2                           stacks/deploy/prod.yaml:11, written by kubectl-patch

          Held
            all of it: it has 0 of 1 approval
              $ isobar apply --local prod

          Needs approval: 1 update
    "#]].assert_eq(&scene.isobar(["plan"]));
    let waiting = scene.holds(["apply"]);
    assert!(waiting.contains("it has 0 of 1 approval"), "{waiting}");
    assert_eq!(scene.kubectl(replicas), "5");
    scene.isobar(["apply", "--local", "--yes"]);
    assert_eq!(scene.kubectl(replicas), "2");

    scene.kubectl(["scale", "deployment/web", "--replicas=7"]);
    let plan = scene.isobar(["plan"]);
    let line = plan.lines().find(|line| line.contains("spec.replicas:")).expect(&plan);
    expect!["spec.replicas: 7 -> 2                           stacks/deploy/prod.yaml:11, written by kubectl"].assert_eq(line.trim());
}
