//! What an agent counts while it keeps a cluster.

use super::scene::{Scene, UNREVIEWED};
use crate::cli::scraped::{Scrape, place};

const MANIFESTS: &str = "
- { apiVersion: v1, kind: ConfigMap, metadata: { name: one }, data: { a: b } }
- { apiVersion: v1, kind: Secret, metadata: { name: one }, stringData: { password: winter } }
";

#[test]
fn requests_are_counted_by_what_they_ask() {
    let Some(scene) = Scene::new("counted") else { return };
    scene.write("isobar.yaml", UNREVIEWED);
    scene.change("agent.yaml", |text| format!("metrics: {{ listen: '127.0.0.1:0' }}\n{text}"));
    scene.wants(MANIFESTS);
    scene.commit();
    let mut serving = scene.serve();
    let place = place(&mut serving);
    serving.expect("prod: applied");
    let first = Scrape::of(place);
    let asked = |scrape: &Scrape, verb: &str| {
        let labels = [("target", "bed"), ("verb", verb), ("code", "2xx")];
        scrape.sum("isobar_kubernetes_requests_total", &labels).unwrap_or_default()
    };
    assert_eq!(asked(&first, "apply"), 2.0);
    assert!(asked(&first, "dry-run") >= 2.0 && asked(&first, "list") >= 1.0);
    let ready = [("target", "bed"), ("stack", "prod"), ("component", "shop"), ("state", "ready")];
    assert_eq!(first.sum("isobar_component_ready", &ready), Some(1.0));

    scene.change("stacks/deploy/prod.yaml", |text| text.replace("a: b", "a: c"));
    scene.commit();
    serving.expect("prod: applied");
    let second = Scrape::of(place);
    assert_eq!(asked(&second, "apply"), 3.0);
    assert!(asked(&second, "watch") >= 2.0, "two kinds are watched");
    let watched = [("target", "bed"), ("resource", "configmaps")];
    let heard = second.sum("isobar_watch_heard_timestamp_seconds", &watched);
    assert!(heard.is_some_and(|at| at > 1.7e9), "{heard:?}");
    assert!(second.sum("isobar_watch_lists_total", &watched) >= Some(1.0));
    let took = [("target", "bed"), ("verb", "apply")];
    let count = "isobar_kubernetes_request_duration_seconds_count";
    assert_eq!(second.sum(count, &took), Some(3.0));

    // What goes from the stack goes from what is told.
    scene.wants_all(&[("other", "", MANIFESTS)]);
    scene.commit();
    serving.expect("prod: applied");
    let third = Scrape::of(place);
    assert_eq!(third.sum("isobar_component_ready", &ready), None);
    let other = [("component", "other")];
    assert_eq!(third.sum("isobar_component_ready", &other), Some(1.0));
    assert!(!third.text().contains("winter"), "no secret is told");
    serving.kill();
}
