//! The cases of `cases/`: objects as controllers leave them, and what is said of each.
//!
//! A line of an API version and one or more kinds that answer alike, then objects in YAML's flow
//! style, each followed by `= ` and what is expected. `UPDATE_EXPECT=1` renews reasons, never
//! states: those are the specification and written by hand.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::{Health, judge, reads};

/// What must be covered, by the number of kinds and of states of each.
const KINDS_MIN: usize = 200;
const STATES_MIN: usize = 3;

pub(crate) struct Case {
    pub(crate) path: PathBuf,
    /// Of the expectation, from zero.
    line: usize,
    pub(crate) group: String,
    pub(crate) kinds: Vec<String>,
    pub(crate) object: Value,
    expected: String,
}

impl Case {
    fn state(&self) -> &str {
        self.expected.split(':').next().unwrap_or_default()
    }
}

pub(crate) fn now() -> Timestamp {
    "2026-01-01T00:01:00Z".parse().unwrap()
}

/// A group of the oldest kinds has no name: their API version has no slash.
fn group(api_version: &str) -> String {
    api_version.rsplit_once('/').map_or("", |(group, _)| group).to_owned()
}

pub(crate) fn cases() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("cases");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path()).collect();
    paths.sort();
    paths.iter().flat_map(|path| read(path)).collect()
}

fn read(path: &Path) -> Vec<Case> {
    let text = fs::read_to_string(path).unwrap();
    let mut cases = Vec::new();
    let (mut of, mut kinds, mut object) = (String::new(), Vec::new(), String::new());
    for (line, content) in text.lines().enumerate() {
        if let Some(expected) = content.strip_prefix("= ") {
            let object = std::mem::take(&mut object);
            let at = format!("{}:{}", path.display(), line + 1);
            let object = serde_yaml::from_str(&object).unwrap_or_else(|it| panic!("{at}: {it}"));
            let (group, kinds, expected) = (of.clone(), kinds.clone(), expected.to_owned());
            cases.push(Case { path: path.to_owned(), line, group, kinds, object, expected });
        } else if content.starts_with(['{', ' ']) {
            object.push_str(content);
            object.push('\n');
        } else if !content.is_empty() && !content.starts_with('#') {
            let mut words = content.split(' ').map(str::to_owned);
            of = group(&words.next().unwrap_or_default());
            kinds = words.collect();
        }
        assert!(content.is_empty() || !kinds.is_empty() || content.starts_with('#'), "{path:?}");
    }
    assert!(object.is_empty(), "{}: the last object has no expectation", path.display());
    cases
}

fn said(health: &Health) -> String {
    match health {
        Health::Progressing { until: Some(until), .. } => format!("{health} (until {until})"),
        health => health.to_string(),
    }
}

#[expect(clippy::disallowed_methods, reason = "asked of whoever runs the tests, not of a setting")]
fn updates() -> bool {
    std::env::var_os("UPDATE_EXPECT").is_some()
}

#[test]
fn every_case_is_judged_as_expected() {
    let update = updates();
    let mut wrong = Vec::new();
    let mut renewed: BTreeMap<PathBuf, Vec<String>> = BTreeMap::new();
    for case in cases() {
        for kind in &case.kinds {
            let said = said(&judge(&case.group, kind, &case.object, now()));
            if said == case.expected {
                continue;
            }
            if update && said.split(':').next() == Some(case.state()) {
                let lines = renewed.entry(case.path.clone()).or_insert_with(|| {
                    let text = fs::read_to_string(&case.path).unwrap();
                    text.lines().map(str::to_owned).collect()
                });
                lines[case.line] = format!("= {said}");
            } else {
                let at = format!("{}:{}", case.path.display(), case.line + 1);
                wrong
                    .push(format!("{at}: {kind}\n  expected {}\n  found    {said}", case.expected));
            }
        }
    }
    for (path, lines) in renewed {
        fs::write(path, lines.join("\n") + "\n").unwrap();
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn enough_kinds_are_covered_by_enough_states() {
    let mut states: BTreeMap<(String, String), BTreeSet<String>> = BTreeMap::new();
    for case in cases() {
        for kind in &case.kinds {
            let of = states.entry((case.group.clone(), kind.clone())).or_default();
            of.insert(case.state().to_owned());
        }
    }
    let covered = states.values().filter(|states| states.len() >= STATES_MIN).count();
    let all = states.len();
    assert!(covered >= KINDS_MIN, "{covered} kinds of {all}, at least {KINDS_MIN}");
}

#[test]
fn what_is_not_named_as_read_is_not_read() {
    for case in cases() {
        for kind in &case.kinds {
            let whole = judge(&case.group, kind, &case.object, now());
            let mut spec = json!({});
            for pointer in reads(&case.group, kind) {
                if let Some(value) = case.object.pointer(pointer) {
                    put(&mut spec, pointer.strip_prefix("/spec/").unwrap(), value.clone());
                }
            }
            let mut stripped = json!({"spec": spec});
            for part in ["metadata", "status"] {
                stripped[part] = case.object.get(part).cloned().unwrap_or_default();
            }
            assert_eq!(judge(&case.group, kind, &stripped, now()), whole, "{kind}");
        }
    }
}

fn put(object: &mut Value, path: &str, value: Value) {
    match path.split_once('/') {
        None => object[path] = value,
        Some((first, rest)) => put(&mut object[first], rest, value),
    }
}
