//! Who does well is told while an agent has its hands full, with other stacks or with the same one.

use super::scene::{Scene, UNREVIEWED};
use crate::cli::process::{Running, isobar};

/// As many as are applied at a time in one target.
const BUSY: usize = 9;

/// How often a cluster is asked for something that comes within a second, each time for some 50 ms.
const ASKED_MAX: u32 = 1_000;

/// One of two objects of each may go.
const GUARD: &str = "guard: { deletes_max: 10, deletes_percent_max: 100 }\n";

/// An object that goes only once somebody lets it: a run that deletes it takes half a minute.
const HELD: &str = "
- { apiVersion: v1, kind: ConfigMap, metadata: { name: stays } }
- apiVersion: v1
  kind: ConfigMap
  metadata: { name: held, finalizers: [testbed.isobar.test/held] }
";

const STAYS: &str = "
- { apiVersion: v1, kind: ConfigMap, metadata: { name: stays } }
";

/// An object of a stack that has no seat among those that are applied.
const LATE: &str = "
- { apiVersion: v1, kind: ConfigMap, metadata: { name: late }, data: { size: '1' } }
";

/// A Deployment whose pod is ready once an annotation of it goes.
const WEB: &str = "
- apiVersion: apps/v1
  kind: Deployment
  metadata: { name: web }
  spec:
    progressDeadlineSeconds: 3600
    selector: { matchLabels: { app: web } }
    template:
      metadata:
        labels: { app: web }
        annotations: { testbed.isobar.test/stay: pending }
      spec: { containers: [{ name: web, image: 'web:1' }] }
";

/// The objects of the stack `number`.
fn named(objects: &str, number: usize) -> String {
    objects
        .replace("name: held", &format!("name: held-{number}"))
        .replace("name: stays", &format!("name: stays-{number}"))
}

fn serve(scene: &Scene) -> Running {
    let command = isobar(["serve"]).with("ISOBAR_SETTINGS", "agent.yaml");
    command.with("ISOBAR_LOG", "isobar=info").start(scene.folder())
}

/// Waits until `count` objects are going.
fn are_going(scene: &Scene, count: usize) {
    let each = "jsonpath={range .items[*]}{.metadata.deletionTimestamp}{'\\n'}{end}";
    let going = || {
        let told = scene.kubectl(["get", "configmaps", "--output", each]);
        told.lines().filter(|line| !line.is_empty()).count()
    };
    assert!((0..ASKED_MAX).any(|_| going() == count), "{} are going", going());
}

/// The pod becomes ready now.
fn let_be_ready(scene: &Scene) {
    let stay = "testbed.isobar.test/stay-";
    scene.kubectl(["annotate", "pods", "--selector=app=web", stay]);
}

/// Ends the agent, with nothing left that cannot go. Gives what it said.
fn end(scene: &Scene, serving: Running) -> String {
    serving.signal("TERM");
    let all = scene.kubectl(["get", "configmaps", "--output=name"]);
    for held in all.lines().filter(|name| name.contains("held")) {
        let free = r#"{"metadata": {"finalizers": null}}"#;
        scene.kubectl(["patch", held, "--type=merge", "--patch", free]);
    }
    let ended = serving.end();
    assert_eq!(ended.code(), 0, "{}", ended.said());
    ended.said()
}

/// Nine runs that take half a minute each do not keep a tenth stack from being looked at. An eleventh that
/// waits until one of them is over does not begin when the agent is told to end.
#[test]
fn who_does_well_is_told_while_other_stacks_are_applied() {
    let Some(scene) = Scene::new("told-beside") else { return };
    scene.write("isobar.yaml", &format!("{UNREVIEWED}{GUARD}"));
    let busy = |objects: &str| {
        for number in 0..BUSY {
            scene.wants_in(&format!("busy{number}"), &[("shop", "", &named(objects, number))]);
        }
    };
    busy(HELD);
    scene.wants_in("late", &[("shop", "", LATE)]);
    scene.wants_in("web", &[("shop", "", WEB)]);
    scene.commit();
    let mut serving = serve(&scene);
    for _ in 0..BUSY + 2 {
        serving.expect(": applied");
    }
    busy(STAYS);
    scene.commit();
    serving.expect(": 11 stacks");
    are_going(&scene, BUSY);
    // Every seat is taken.
    scene.wants_in("late", &[("shop", "", &LATE.replace("'1'", "'2'"))]);
    scene.commit();
    serving.expect(": 11 stacks");
    let_be_ready(&scene);
    let told = |line: &str| line.contains("does well component=web/");
    let over = |line: &str| (0..BUSY).any(|number| line.contains(&format!("busy{number}: ")));
    let first = serving.until(|line| told(line) || over(line)).expect("it goes on");
    assert!(told(&first), "{first}");
    let told = end(&scene, serving);
    assert_eq!(told.matches("late: ").count(), 1, "{told}");
    let size = scene.kubectl(["get", "configmap/late", "--output=jsonpath={.data.size}"]);
    assert_eq!(size, "1", "{told}");
}

/// What a run is through with is told before the run is.
#[test]
fn who_does_well_is_told_while_its_own_stack_is_applied() {
    let Some(scene) = Scene::new("told-within") else { return };
    scene.write("isobar.yaml", &format!("{UNREVIEWED}{GUARD}"));
    scene.wants(HELD);
    scene.commit();
    let mut serving = serve(&scene);
    serving.expect("prod: applied");
    scene.wants_all(&[("shop", "", STAYS), ("web", "", WEB)]);
    scene.commit();
    are_going(&scene, 1);
    let told = |line: &str| line.contains("component=prod/kubernetes/web");
    let over = |line: &str| line.contains("prod: ");
    let first = serving.until(|line| told(line) || over(line)).expect("it goes on");
    assert!(first.contains("is progressing: "), "{first}");
    let status = scene.run(["status"]).stdout;
    assert!(status.contains("kubernetes/web: progressing"), "{status}");

    let_be_ready(&scene);
    let told = |line: &str| told(line) && line.contains("does well");
    let first = serving.until(|line| told(line) || over(line)).expect("it goes on");
    assert!(told(&first), "{first}");
    let status = scene.run(["status"]).stdout;
    assert!(!status.contains("kubernetes/web: "), "{status}");
    end(&scene, serving);
}
