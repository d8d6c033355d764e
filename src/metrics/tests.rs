//! What is counted is told once, and what is gone is not told any more.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{COMPONENTS_MAX, Metrics, SERIES_MAX, StackState};
use crate::ids::{ComponentName, KindName, RepositoryName, ResourceKey, StackName, TargetName};

fn place() -> (RepositoryName, TargetName) {
    (RepositoryName::new("config").unwrap(), TargetName::new("bed").unwrap())
}

fn stack(name: &str) -> StackName {
    StackName::new(name).unwrap()
}

fn state(count: usize, word: &'static str, ready: bool) -> StackState {
    let component = |at: usize| {
        let name = ComponentName::new(format!("c{at}")).unwrap();
        ((KindName::new("kubernetes").unwrap(), name), (word, ready))
    };
    StackState { components: (0..count).map(component).collect(), ..StackState::default() }
}

fn lines(metrics: &Metrics, name: &str) -> Vec<String> {
    let text = metrics.text();
    let is_of =
        |line: &&str| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(['{', ' ']));
    text.lines().filter(is_of).map(str::to_owned).collect()
}

#[test]
fn a_component_that_is_gone_has_no_series() {
    let (metrics, (repository, target)) = (Metrics::default(), place());
    metrics.planned(&repository, &stack("a"), &target, Some(state(1, "degraded", false)));
    metrics.planned(&repository, &stack("b"), &target, Some(state(1, "ready", true)));
    let ready = |of: &str, word: &str, value: &str| {
        format!(
            "isobar_component_ready{{repository=\"config\",target=\"bed\",stack=\"{of}\",\
             kind=\"kubernetes\",component=\"c0\",state=\"{word}\"}} {value}"
        )
    };
    let found = lines(&metrics, "isobar_component_ready");
    assert_eq!(found, [ready("a", "degraded", "0.0"), ready("b", "ready", "1.0")]);
    metrics.unsure(&repository, &stack("b"));
    metrics.retain(&repository, |name| *name == stack("b"));
    assert_eq!(lines(&metrics, "isobar_component_ready"), [ready("b", "unknown", "0.0")]);
    metrics.planned(&repository, &stack("b"), &target, None);
    assert_eq!(lines(&metrics, "isobar_component_ready"), Vec::<String>::new());
    assert_eq!(lines(&metrics, "isobar_components"), Vec::<String>::new());
}

#[test]
fn more_components_than_there_is_room_for_are_counted_all_the_same() {
    let (metrics, (repository, target)) = (Metrics::default(), place());
    metrics.planned(&repository, &stack("a"), &target, Some(state(COMPONENTS_MAX, "ready", true)));
    assert_eq!(lines(&metrics, "isobar_components_left_out"), ["isobar_components_left_out 0.0"]);
    metrics.planned(&repository, &stack("b"), &target, Some(state(1, "held", false)));
    let shown = lines(&metrics, "isobar_component_ready");
    assert_eq!(shown.len(), COMPONENTS_MAX);
    assert!(shown.iter().any(|line| line.contains("\"held\"")), "what is not ready comes first");
    assert_eq!(lines(&metrics, "isobar_components_left_out"), ["isobar_components_left_out 1.0"]);
    let all = lines(&metrics, "isobar_components");
    assert!(all.iter().any(|line| line.ends_with(&format!(" {COMPONENTS_MAX}.0"))), "{all:?}");
}

#[test]
fn what_there_is_no_room_for_is_counted_together() {
    let (metrics, (_, target)) = (Metrics::default(), place());
    for at in 0..SERIES_MAX + 2 {
        let verb = format!("v{at}");
        metrics.asked(&target, &verb, "2xx", Some(Duration::from_millis(1)));
    }
    let found = lines(&metrics, "isobar_kubernetes_requests_total");
    assert_eq!(found.len(), SERIES_MAX + 1);
    let other =
        "isobar_kubernetes_requests_total{target=\"other\",verb=\"other\",code=\"other\"} 2";
    assert!(found.iter().any(|line| line == other));
}

#[test]
fn a_resource_that_drifts_is_found_once() {
    let (metrics, (repository, target)) = (Metrics::default(), place());
    let drifted = |keys: &[&str]| {
        let keys: BTreeSet<_> = keys.iter().map(|key| ResourceKey::new(key).unwrap()).collect();
        Some(StackState { drifted: keys, ..StackState::default() })
    };
    for keys in [&["a"][..], &["a", "b"], &["b"], &[], &["b"]] {
        metrics.planned(&repository, &stack("a"), &target, drifted(keys));
    }
    let found = "isobar_drift_found_total{repository=\"config\",target=\"bed\"} 3";
    assert_eq!(lines(&metrics, "isobar_drift_found_total"), [found]);
    let now = "isobar_drifted_resources{repository=\"config\",target=\"bed\"} 1.0";
    assert_eq!(lines(&metrics, "isobar_drifted_resources"), [now]);
}

#[test]
fn every_metric_says_what_it_is() {
    let metrics = Metrics::default();
    let mut names = BTreeSet::new();
    for one in metrics.described() {
        assert!(one.help.ends_with('.'), "{}", one.name);
        assert!(names.insert(one.name.clone()), "{} twice", one.name);
        let units = ["_total", "_seconds", "_bytes", "_info", "_messages"];
        let is_counted = ["_ready", "components", "_left_out", "_resources", "_waiting"];
        let is_named = units.iter().chain(&is_counted).any(|end| one.name.ends_with(end));
        assert!(is_named || one.name.starts_with("process_"), "{}", one.name);
    }
    // Whatever is written is described.
    let text = metrics.text();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap();
        assert!(names.contains(name), "{name}");
    }
    assert!(text.contains("process_start_time_seconds 1") && text.ends_with("# EOF\n"), "{text}");
}
