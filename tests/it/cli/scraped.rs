//! What a serving agent counts, as whoever scrapes it reads it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

use isobar::metrics::Metrics;

use super::process::Running;
use crate::crash::scene::{STACKS, Scene};

/// Longest wait for an answer: the agent's own bound of 10 s, on however busy a machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// What an endpoint told at one moment.
pub(crate) struct Scrape {
    text: String,
    /// By name and labels, as they are written.
    series: BTreeMap<String, f64>,
}

/// An answer: its first line, its headers, and its text.
struct Reply {
    head: String,
    text: String,
}

/// Asks for one thing, as a client does that knows no more than HTTP/1.1.
fn ask(place: SocketAddr, line: &str) -> Reply {
    let mut stream = TcpStream::connect(place).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    let request = format!("{line} HTTP/1.1\r\nHost: {place}\r\n\r\n");
    // One that is refused may be answered before it is read whole.
    let _ = stream.write_all(request.as_bytes());
    let mut reply = String::new();
    stream.read_to_string(&mut reply).expect("an answer");
    let (head, text) = reply.split_once("\r\n\r\n").expect("a head and a text");
    Reply { head: head.to_lowercase(), text: text.to_owned() }
}

/// Where `serving` says that its metrics are.
pub(crate) fn place(serving: &mut Running) -> SocketAddr {
    let line = serving.expect("metrics at http://");
    let place = line.split("http://").nth(1).and_then(|rest| rest.split('/').next());
    place.expect("an address").parse().expect("an address")
}

impl Scrape {
    pub(crate) fn of(place: SocketAddr) -> Self {
        let Reply { head, text } = ask(place, "GET /metrics");
        assert!(head.starts_with("http/1.1 200 "), "{head}");
        assert!(
            head.contains("content-type: application/openmetrics-text; version=1.0.0"),
            "{head}"
        );
        let series = read(&text);
        Self { text, series }
    }

    /// All of it, as it is written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The sum of all series of a metric that have all of these labels; `None`: there is none.
    pub(crate) fn sum(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let has = |series: &str| {
            let rest =
                series.strip_prefix(name).filter(|rest| rest.is_empty() || rest.starts_with('{'));
            rest.is_some_and(|rest| {
                labels.iter().all(|(key, value)| rest.contains(&format!("{key}=\"{value}\"")))
            })
        };
        let found: Vec<_> = self.series.iter().filter(|(series, _)| has(series)).collect();
        (!found.is_empty()).then(|| found.iter().map(|(_, value)| **value).sum())
    }
}

/// Reads the OpenMetrics form, strictly: families in one piece, each with a help and a form before
/// its samples, names as the form wants them, no series twice, `# EOF` at the end and nowhere else.
fn read(text: &str) -> BTreeMap<String, f64> {
    let body = text.strip_suffix("# EOF\n").expect("it ends as it should");
    let (mut series, mut families, mut open) = (BTreeMap::new(), BTreeSet::new(), None);
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a help");
            assert!(!help.is_empty() && families.insert(name.to_owned()), "{line}");
            open = Some((name.to_owned(), None));
            continue;
        }
        let (family, form) = open.as_mut().unwrap_or_else(|| panic!("no family yet: {line}"));
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a form");
            assert_eq!(name, family, "{line}");
            *form = Some(kind.to_owned());
            continue;
        }
        let (name, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("no value: {line}"));
        let value: f64 = value.parse().unwrap_or_else(|_| panic!("no number: {line}"));
        let bare = name.split('{').next().expect("a name");
        let ends: &[&str] = match form.as_deref() {
            Some("counter") => &["_total"],
            Some("histogram") => &["_bucket", "_sum", "_count"],
            Some("gauge") => &[""],
            other => panic!("{other:?}: {line}"),
        };
        let is_of = |end: &&str| bare == format!("{family}{end}");
        assert!(ends.iter().any(is_of), "{line} is no sample of {family}");
        let labels = name.strip_prefix(bare).expect("it begins so");
        assert!(labels.is_empty() || are_labels(labels), "{line}");
        assert!(value.is_finite() && (ends == [""] || value >= 0.0), "{line}");
        assert!(series.insert(name.to_owned(), value).is_none(), "{line} twice");
    }
    series
}

/// Whether a text is `{name="value",...}`, each name once.
fn are_labels(text: &str) -> bool {
    let one = r#"[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*""#;
    let form = regex::Regex::new(&format!("^\\{{{one}(?:,{one})*\\}}$")).expect("a pattern");
    let name = regex::Regex::new(r#"[{,]([a-zA-Z_]\w*)=""#).expect("a pattern");
    let names: Vec<_> = name.captures_iter(text).map(|found| found[1].to_owned()).collect();
    form.is_match(text) && names.iter().collect::<BTreeSet<_>>().len() == names.len()
}

/// Serves until every stack is applied; gives where it is asked what it counts.
fn applied(scene: &Scene) -> (Running, SocketAddr) {
    let mut serving = Scene::command(["serve"])
        .with("ISOBAR_METRICS__LISTEN", "127.0.0.1:0")
        .with("ISOBAR_REPOSITORIES__CONFIG__INTERVAL", "1h")
        .start(scene.path());
    let place = place(&mut serving);
    for _ in STACKS {
        serving.expect(": applied");
    }
    (serving, place)
}

#[test]
fn what_is_counted_is_told_where_the_settings_say() {
    let scene = Scene::new(None);
    scene.approve();
    let (mut serving, place) = applied(&scene);
    let scrape = Scrape::of(place);
    for stack in STACKS {
        let labels = [("stack", stack), ("component", "app"), ("kind", "kubernetes")];
        let ready = [&labels[..], &[("state", "ready"), ("repository", "config")]].concat();
        assert_eq!(scrape.sum("isobar_component_ready", &ready), Some(1.0), "{}", scrape.text);
    }
    let sum = |name: &str, labels: &[(&str, &str)]| scrape.sum(name, labels).unwrap_or_default();
    assert_eq!(sum("isobar_runs_total", &[("outcome", "applied")]), 3.0, "{}", scrape.text);
    assert_eq!(sum("isobar_apply_duration_seconds_count", &[]), 3.0);
    assert_eq!(sum("isobar_step_duration_seconds_count", &[("end", "done")]), 8.0);
    assert_eq!(sum("isobar_plans_waiting", &[]), 0.0);
    assert!(sum("isobar_fetch_success_timestamp_seconds", &[("repository", "config")]) > 1.7e9);
    assert!(sum("process_resident_memory_bytes", &[]) > 1e6);
    assert_eq!(sum("isobar_build_info", &[("version", env!("CARGO_PKG_VERSION"))]), 1.0);
    // Of what the page describes, and nothing else.
    let metrics = Metrics::default();
    let names: BTreeSet<_> = metrics.described().iter().map(|one| one.name.as_str()).collect();
    for series in scrape.series.keys() {
        let name = series.split('{').next().expect("a name");
        let ends = ["_bucket", "_sum", "_count"];
        let family = ends.iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
        assert!(names.contains(name) || names.contains(family), "{series}");
    }

    let file = scene.target("west").join("west/kubernetes/app/ConfigMap.shop.app.yaml");
    let held = fs::read_to_string(&file).expect("a file");
    fs::write(&file, held.replace("size: '1'", "size: 'winter'")).expect("written");
    serving.expect("west: applied");
    let scrape = Scrape::of(place);
    let place_of = [("repository", "config"), ("target", "west")];
    for name in ["isobar_drift_found_total", "isobar_drift_corrected_total"] {
        assert_eq!(scrape.sum(name, &place_of), Some(1.0), "{}", scrape.text);
    }
    assert_eq!(scrape.sum("isobar_drifted_resources", &place_of), Some(0.0));
    assert!(!scrape.text.contains("winter"), "no value is told: {}", scrape.text);

    // There is nothing else.
    assert!(ask(place, "GET /").head.starts_with("http/1.1 404 "));
    assert!(ask(place, "POST /metrics").head.starts_with("http/1.1 405 "));
    assert_eq!(ask(place, "HEAD /metrics").text, "");
    let long = format!("GET /metrics?{}", "a".repeat(16 << 10));
    assert!(ask(place, &long).head.starts_with("http/1.1 4"));
    // Whoever says nothing keeps the others out for ten seconds at most, and no end waits for him.
    let silent: Vec<_> = (0..16).map(|_| TcpStream::connect(place).expect("it listens")).collect();
    Scrape::of(place);
    drop(silent);
    let _silent = TcpStream::connect(place).expect("it listens");
    serving.signal("TERM");
    assert_eq!(serving.end().code(), 0);
}

/// A run whose process was killed is counted by whoever ends it.
#[test]
fn what_is_taken_up_is_counted() {
    let scene = Scene::new(None);
    scene.approve();
    let mut running =
        Scene::command(["apply"]).with("ISOBAR_PAUSE_AT", "effect.after").start(scene.path());
    running.expect("paused at effect.after");
    running.kill();
    scene.leases_run_out();
    let (serving, place) = applied(&scene);
    let scrape = Scrape::of(place);
    assert_eq!(scrape.sum("isobar_runs_total", &[("outcome", "applied")]), Some(3.0));
    let ended = scrape.sum("isobar_apply_duration_seconds_count", &[]);
    assert_eq!(ended, Some(3.0), "{}", scrape.text);
    serving.signal("TERM");
    assert_eq!(serving.end().code(), 0);
}

#[test]
fn a_port_that_somebody_has_is_named_at_its_place() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let place = taken.local_addr().expect("an address");
    let scene = Scene::new(None);
    let settings = scene.path().join("agent.yaml");
    let text = fs::read_to_string(&settings).expect("settings");
    let at = text.lines().count() + 2;
    fs::write(&settings, format!("{text}metrics:\n  listen: '{place}'\n")).expect("written");
    let refused = scene.run(["serve"]);
    assert_eq!(refused.code(), 1, "{}", refused.said());
    let said = anstream::adapter::strip_str(&refused.stderr).to_string();
    assert!(said.contains(&format!("agent.yaml:{at}:")), "{said}");
    assert!(said.contains("`metrics.listen`: nobody can listen at"), "{said}");
    // A variable has no line, and is the place itself.
    fs::write(&settings, text).expect("written");
    let command = Scene::command(["serve"]).with("ISOBAR_METRICS__LISTEN", &place.to_string());
    let refused = command.run(scene.path());
    assert_eq!(refused.code(), 1, "{}", refused.said());
    assert!(refused.stderr.contains("`metrics.listen`"), "{}", refused.said());
    assert!(refused.stderr.contains("--> ISOBAR_METRICS__LISTEN:1:1"), "{}", refused.said());
    let wrong = Scene::command(["serve"]).with("ISOBAR_METRICS__LISTEN", "9090").run(scene.path());
    assert_eq!(wrong.code(), 1, "{}", wrong.said());
}

#[test]
fn every_alert_is_about_a_metric_there_is() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/metrics.md");
    let page = fs::read_to_string(page).expect("a page");
    let rules: Vec<_> =
        page.lines().filter_map(|line| line.trim().strip_prefix("expr: ")).collect();
    assert!(rules.len() >= 5, "{rules:?}");
    let metrics = Metrics::default();
    for rule in rules {
        let mut words = rule.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
        let name = words.find(|word| word.starts_with("isobar_")).expect("a metric");
        assert!(metrics.described().iter().any(|one| one.name == name), "{rule}");
    }
}
