//! Same question, same answer: the recorded repositories of `tests/conformance` and what `isobar`
//! says about them. `CONFORMANCE=17` looks at the repository of that number only.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

mod compare;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Deserialize;
use serde_json::Value as Json;

/// One recorded repository.
#[derive(Deserialize)]
struct Repository {
    seed: u32,
    features: Vec<String>,
    env: BTreeMap<String, String>,
    files: BTreeMap<String, String>,
    cases: Vec<Case>,
}

/// One command and what Atmos answered.
#[derive(Deserialize)]
struct Case {
    args: Vec<String>,
    exit: i32,
    stdout: Json,
}

/// A repository's number and which of its cases.
type Id = (u32, usize);

/// What the cases came to.
#[derive(Default)]
struct Tally {
    equal: usize,
    /// What is different first.
    different: BTreeMap<Id, String>,
    /// Per feature: how many cases of repositories that have it are equal, and how many there are.
    features: BTreeMap<String, (usize, usize)>,
}

#[test]
#[expect(clippy::disallowed_methods, reason = "which repository, and whether to renew the list")]
#[expect(clippy::print_stdout, reason = "what `--nocapture` is for")]
fn every_answer_is_the_recorded_one() {
    let only = std::env::var("CONFORMANCE").ok().map(|seed| seed.parse::<u32>().unwrap());
    let tally = tally(|seed| only.is_none_or(|only| only == seed));
    println!("{}", tally.report());
    let mut known = known();
    known.retain(|(seed, _), _| only.is_none_or(|only| only == *seed));
    if std::env::var_os("UPDATE_EXPECT").is_some() && only.is_none() {
        return write_known(&known, &tally);
    }
    let new: Vec<_> = tally.different.keys().filter(|id| !known.contains_key(id)).collect();
    let done: Vec<_> = known.keys().filter(|id| !tally.different.contains_key(id)).collect();
    assert!(new.is_empty(), "answered otherwise, and not in tests/conformance/known.txt: {new:?}");
    assert!(done.is_empty(), "in tests/conformance/known.txt, and answered the same: {done:?}");
}

#[test]
fn every_known_difference_is_documented() {
    let page = fs::read_to_string(root().join("docs/atmos.md")).unwrap();
    for (id, row) in known() {
        assert!(page.contains(&format!("\n| {row} |")), "{id:?}: docs/atmos.md has no row `{row}`");
    }
}

/// Runs every case of the repositories that are `wanted`, on two threads.
fn tally(wanted: impl Fn(u32) -> bool) -> Tally {
    let repositories: Vec<_> = repositories().into_iter().filter(|r| wanted(r.seed)).collect();
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(Tally::default()));
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(one) = repositories.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = one.differences();
                    tally.lock().unwrap().add(one, found);
                }
            });
        }
    });
    tally.into_inner().unwrap()
}

impl Tally {
    fn add(&mut self, repository: &Repository, found: Vec<Option<String>>) {
        for (at, difference) in found.into_iter().enumerate() {
            for feature in &repository.features {
                let (equal, all) = self.features.entry(feature.clone()).or_default();
                *equal += usize::from(difference.is_none());
                *all += 1;
            }
            match difference {
                None => self.equal += 1,
                Some(what) => drop(self.different.insert((repository.seed, at), what)),
            }
        }
    }

    fn report(&self) -> String {
        let mut text = String::new();
        for (feature, (equal, all)) in &self.features {
            let _ = writeln!(text, "{equal:>5} of {all:>4}  {feature}");
        }
        for ((seed, at), what) in &self.different {
            let _ = writeln!(text, "{seed}/{at}: {what}");
        }
        let all = self.equal + self.different.len();
        let _ = write!(text, "{} of {all} answers are the recorded ones", self.equal);
        text
    }
}

impl Repository {
    /// For each case what is different, if anything is.
    fn differences(&self) -> Vec<Option<String>> {
        let folder = tempfile::tempdir().unwrap();
        let (home, root) = (folder.path().join("home"), folder.path().join("config"));
        fs::create_dir(&home).unwrap();
        for (path, text) in &self.files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let difference = |case| self.difference(case, &root, &home);
        self.cases.iter().map(difference).collect()
    }

    #[expect(clippy::disallowed_methods, reason = "what is tested, not a child of it")]
    fn difference(&self, case: &Case, root: &Path, home: &Path) -> Option<String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_isobar"));
        command.args(&case.args).current_dir(root).stdin(Stdio::null()).env_clear();
        command.envs([("CI", "true"), ("NO_COLOR", "1"), ("TZ", "UTC")]).env("HOME", home);
        let ran = command.envs(&self.env).output().unwrap();
        let line = case.args.join(" ");
        let failed = !ran.status.success();
        if failed || case.exit != 0 {
            let said = String::from_utf8_lossy(&ran.stderr);
            let said = said.lines().find(|line| line.starts_with("error")).unwrap_or_default();
            return (failed != (case.exit != 0)).then(|| match failed {
                true => format!("`{line}` fails: {said}"),
                false => format!("`{line}` does not fail"),
            });
        }
        let text = String::from_utf8(ran.stdout).unwrap();
        let text = text.replace(root.to_str().unwrap(), "@ROOT@");
        let answer = match text.trim() {
            "" => Json::Null,
            text => match serde_json::from_str(text) {
                Ok(answer) => answer,
                Err(error) => return Some(format!("`{line}` is no JSON: {error}")),
            },
        };
        let full = self.env.contains_key("ATMOS_DESCRIBE_COMPONENT_FILTER");
        let answer = compare::normal(answer, &case.args, full);
        let (path, ours, theirs) = compare::difference(&answer, &case.stdout)?;
        Some(format!("`{line}` at {path}: {ours}, recorded is {theirs}"))
    }
}

fn repositories() -> Vec<Repository> {
    let folder = root().join("tests/conformance/atmos");
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let read = |path: PathBuf| serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let mut all: Vec<Repository> = paths.map(read).collect();
    all.sort_by_key(|one| one.seed);
    all
}

/// The cases that differ, each with the row of `docs/atmos.md` that says why.
fn known() -> BTreeMap<Id, String> {
    let text = fs::read_to_string(known_path()).unwrap();
    let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let read = |line: &str| {
        let (id, row) = line.split_once(' ').unwrap();
        let (seed, at) = id.split_once('/').unwrap();
        ((seed.parse().unwrap(), at.parse().unwrap()), row.trim().to_owned())
    };
    lines.map(read).collect()
}

fn write_known(known: &BTreeMap<Id, String>, tally: &Tally) {
    let mut text = String::from("# repository/case, row of docs/atmos.md\n");
    for id in tally.different.keys() {
        let row = known.get(id).map_or("open", String::as_str);
        let _ = writeln!(text, "{}/{} {row}", id.0, id.1);
    }
    fs::write(known_path(), text).unwrap();
}

fn known_path() -> PathBuf {
    root().join("tests/conformance/known.txt")
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}
