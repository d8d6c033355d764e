//! Who waits for something to do well, while an agent serves.

use super::scene::{Scene, UNREVIEWED};
use super::{AFTER_DB, APP, STUCK};

/// Two stacks: in one a component waits for another one, in the other nothing does.
fn wants(scene: &Scene, db: &str, other: &str) {
    scene.wants_all(&[("db", "", db), ("app", AFTER_DB, APP)]);
    scene.wants_in("other", &[("shop", "", &APP.replace("name: app", other))]);
}

/// Nobody sits and waits: neither does another stack stand still, nor a newer commit, and what will
/// never do well is said as soon as the cluster says so, hours before the component's timeout.
#[test]
fn who_waits_holds_up_nobody_and_waits_for_nothing_in_vain() {
    let Some(scene) = Scene::new("waits") else { return };
    scene.write("isobar.yaml", UNREVIEWED);
    let slow = STUCK.replace("progressDeadlineSeconds: 1", "progressDeadlineSeconds: 3600");
    wants(&scene, &slow, "name: first");
    scene.commit();
    let mut serving = scene.serve();
    serving.expect("prod: applied as predicted 10/10, 1 step waits");

    // Its lease and its worker are free.
    wants(&scene, &slow, "name: second");
    scene.commit();
    serving.expect("other: applied");
    wants(&scene, STUCK, "name: second");
    scene.commit();
    serving.expect("prod: applied");
    let is_told = |status: &str| {
        status.contains("kubernetes/db: degraded") && status.contains("ProgressDeadlineExceeded")
    };
    let mut told = String::new();
    while !is_told(&told) {
        told = scene.run(["status"]).stdout;
    }
    let app = ["get", "configmap/app", "--ignore-not-found", "--output=name"];
    assert_eq!(scene.kubectl(app), "", "what it waits for does not do well");

    // What would have been waited for is no longer asked for.
    let well = STUCK.replace("unready", "ready");
    wants(&scene, &well, "name: second");
    scene.commit();
    while scene.kubectl(app).is_empty() {
        serving.expect("prod: applied");
    }
    serving.signal("TERM");
    let ended = serving.end();
    assert_eq!(ended.code(), 0, "{}", ended.said());
}
