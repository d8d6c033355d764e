//! A crash anywhere, and a rerun converges: the real binary, killed at every named point, on both
//! databases.
//!
//! `ISOBAR_CRASH_ROUNDS=20` kills each point twenty times on each database: at one passing of it
//! after another, and at the first again where a run has no more, in the first apply of a repository
//! and in a later one.

mod control;
mod loss;
pub(crate) mod oracle;
pub(crate) mod scene;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use isobar::world::Point;

use crate::cli::process::Ran;
use crate::postgres;
use oracle::{violations, wait};
use scene::{FIRST, SECOND, Scene};

/// Cases at a time: each waits for the disk half of its time.
const TOGETHER: usize = 4;

/// What takes longer does not come.
const LATE: Duration = Duration::from_secs(300);

/// What is said about a pull request before anybody decides: a comment and a status.
const MESSAGES: usize = 2;

/// One database, with the stages that cases begin from.
struct Bed {
    database: &'static str,
    /// The first commit, planned and approved.
    begun: Scene,
    /// The second commit on top of the first, which is applied.
    committed: Scene,
    /// The same, planned and approved.
    approved: Scene,
    /// The second commit as a pull request onto the first, which is applied.
    proposed: Scene,
}

/// One kill.
#[derive(Clone, Copy)]
struct Case {
    bed: usize,
    point: Point,
    round: usize,
}

/// What came of the kills of one point on one database.
#[derive(Default)]
struct Tally {
    killed: usize,
    violations: Vec<String>,
}

#[test]
fn killed_anywhere_a_rerun_converges() {
    let beds = Bed::all();
    let mut cases: Vec<Case> = Vec::new();
    for round in 0..rounds() {
        for bed in 0..beds.len() {
            cases.extend(Point::ALL.iter().map(|&point| Case { bed, point, round }));
        }
    }
    cases.reverse();
    let (cases, table) = (Mutex::new(cases), Mutex::new(BTreeMap::new()));
    thread::scope(|scope| {
        for _ in 0..TOGETHER {
            scope.spawn(|| {
                loop {
                    let Some(case) = cases.lock().expect("whole").pop() else { break };
                    let came = case.play(&beds[case.bed]);
                    let mut table = table.lock().expect("whole");
                    let tally: &mut Tally = table.entry((case.point, case.bed)).or_default();
                    if let Some(found) = came {
                        tally.killed += 1;
                        tally.violations.extend(found);
                    }
                }
            });
        }
    });
    let table = table.into_inner().expect("whole");
    let (shown, bad) = show(&beds, &table);
    writeln!(std::io::stderr(), "{shown}").expect("standard error takes a line");
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// The table for people, and everything that is wrong.
fn show(beds: &[Bed], table: &BTreeMap<(Point, usize), Tally>) -> (String, Vec<String>) {
    let mut shown = format!("{:<24}", "killed at");
    for bed in beds {
        let _ = write!(shown, "{:>12} runs  violations", bed.database);
    }
    let mut bad = Vec::new();
    for &point in Point::ALL {
        let _ = write!(shown, "\n{:<24}", point.as_str());
        for (at, bed) in beds.iter().enumerate() {
            let Tally { killed, violations } = &table[&(point, at)];
            let _ = write!(shown, "{killed:>17}  {:>10}", violations.len());
            if *killed < rounds() {
                let (database, point) = (bed.database, point.as_str());
                bad.push(format!(
                    "{database}: {point} is reached in {killed} of {} runs",
                    rounds()
                ));
            }
            bad.extend(violations.iter().map(|what| format!("{}: {what}", bed.database)));
        }
    }
    (shown, bad)
}

#[test]
fn a_stack_is_a_dead_processs_until_its_lease_runs_out() {
    let scene = Scene::new(None);
    scene.approve();
    let mut running = Scene::command(["apply"])
        .with("ISOBAR_LEASE", "10m")
        .with("ISOBAR_PAUSE_AT", "effect.half")
        .start(scene.path());
    running.expect("paused at effect.half");
    running.kill();
    let early = scene.run(["apply"]);
    assert_eq!(early.code(), 75, "{}", early.said());
    assert!(early.stderr.contains("somebody else works on east"), "{}", early.said());
    scene.leases_run_out();
    let late = scene.run(["apply"]);
    assert_eq!(late.code(), 0, "{}", late.said());
    assert_eq!(violations(&scene, FIRST), Vec::<String>::new());
}

impl Bed {
    /// One per database that this machine has.
    fn all() -> Vec<Self> {
        let mut beds = vec![Self::new("SQLite", None)];
        if let Some(url) = wait(postgres::database()) {
            beds.push(Self::new("PostgreSQL", Some(url)));
        }
        beds
    }

    fn new(database: &'static str, url: Option<String>) -> Self {
        let begun = Scene::new(url);
        begun.approve();
        let applied = copy(&begun);
        let settled = applied.run(["apply"]);
        assert_eq!(settled.code(), 0, "{}", settled.said());
        let proposed = copy(&applied);
        proposed.commit("change", Some("main"), SECOND);
        let opened = proposed.run(["pull", "open", "change", "--title", "Change it"]);
        assert_eq!(opened.code(), 0, "{}", opened.said());
        let committed = copy(&applied);
        committed.commit("main", Some("main"), SECOND);
        let approved = copy(&committed);
        approved.approve();
        Self { database, begun, committed, approved, proposed }
    }
}

/// The same scene once more, its database included.
fn copy(scene: &Scene) -> Scene {
    let postgres = scene.store.starts_with("postgres:");
    scene.copy(postgres.then(|| wait(postgres::copy(&scene.store))))
}

impl Case {
    /// Kills and runs again; gives what is wrong then. `None`: no run comes to the point.
    fn play(self, bed: &Bed) -> Option<Vec<String>> {
        let (nth, is_first) = (1 + self.round / 2, self.round % 2 == 1);
        if self.point == Point::OutboxSent {
            return self.play_served(bed, 1 + self.round % MESSAGES);
        }
        // Where a run has no more passings it is the first again; where it has none, the other run.
        let mut ways = [(nth, is_first), (1, is_first), (1, !is_first)].into_iter();
        ways.find_map(|(nth, is_first)| self.play_at(bed, nth, is_first))
    }

    /// The same at one passing, in the first apply of a repository or in the next one. `None`: the
    /// run ended before it came to it.
    fn play_at(self, bed: &Bed, nth: usize, is_first: bool) -> Option<Vec<String>> {
        let point = self.point;
        let pause = format!("{}:{nth}", point.as_str());
        let (scene, wanted) = match (point, is_first) {
            (Point::PlanStored, _) => (copy(&bed.committed), SECOND),
            (_, false) => (copy(&bed.approved), SECOND),
            (_, true) => (copy(&bed.begun), FIRST),
        };
        let mut running =
            Scene::command(["apply"]).with("ISOBAR_PAUSE_AT", &pause).start(scene.path());
        running.until(|line| line == format!("paused at {}", point.as_str()))?;
        running.kill();
        scene.leases_run_out();
        if point == Point::PlanStored {
            scene.approve();
        }
        let rerun = scene.run(["apply"]);
        let mut found = violations(&scene, wanted);
        if rerun.code() != 0 {
            found.push(rerun.said());
        }
        found.extend(nothing_more(&scene));
        Some(self.named(found))
    }

    /// The same for a point that only `serve` comes to.
    fn play_served(self, bed: &Bed, nth: usize) -> Option<Vec<String>> {
        let scene = copy(&bed.proposed);
        let pause = format!("{}:{nth}", self.point.as_str());
        let mut serving =
            Scene::command(["serve"]).with("ISOBAR_PAUSE_AT", &pause).start(scene.path());
        serving.until(|line| line.starts_with("paused at "))?;
        serving.kill();
        scene.leases_run_out();
        let mut serving = Scene::command(["serve"]).start(scene.path());
        serving.expect("tell tester/config: ");
        for args in
            [["pull", "approve", "1", "--as", "grace"], ["pull", "merge", "1", "--as", "ada"]]
        {
            let said = scene.run(args);
            assert_eq!(said.code(), 0, "{}", said.said());
        }
        // What is said last is how all stacks came out, whenever that is sent.
        let told = until_or_late(
            || scene.run(["pull", "show", "1"]),
            |ran| {
                scene::STACKS
                    .iter()
                    .all(|stack| ran.stdout.contains(&format!("`{stack}`: applied")))
            },
        );
        serving.signal("TERM");
        let ended = serving.end();
        let mut found = violations(&scene, SECOND);
        if ended.code() != 0 {
            found.push(ended.said());
        }
        if let Err(late) = told {
            found.push(format!("not every outcome is told: {}", late.said()));
        }
        found.extend(nothing_more(&scene));
        Some(self.named(found))
    }

    fn named(self, found: Vec<String>) -> Vec<String> {
        let (point, round) = (self.point.as_str(), self.round);
        found.into_iter().map(|what| format!("{point}, round {round}: {what}")).collect()
    }
}

/// One more run finds nothing to do.
fn nothing_more(scene: &Scene) -> Vec<String> {
    const RUNS: &str = "SELECT run FROM run ORDER BY run";
    let before = oracle::rows(&scene.store, RUNS);
    let again = scene.run(["apply"]);
    let mut found = Vec::new();
    if again.code() != 0 {
        found.push(again.said());
    }
    if oracle::rows(&scene.store, RUNS) != before {
        found.push("there was something left to run".to_owned());
    }
    found
}

/// What comes of `run` once it `fits`; the last one where that takes too long.
#[expect(clippy::disallowed_methods, reason = "a deadline by the real clock")]
fn until_or_late(run: impl Fn() -> Ran, fits: impl Fn(&Ran) -> bool) -> Result<Ran, Ran> {
    let began = Instant::now();
    loop {
        let ran = run();
        match fits(&ran) {
            true => return Ok(ran),
            false if began.elapsed() > LATE => return Err(ran),
            false => {}
        }
    }
}

fn rounds() -> usize {
    let rounds = isobar::settings::variable("ISOBAR_CRASH_ROUNDS");
    rounds.map_or(1, |rounds| rounds.parse().expect("ISOBAR_CRASH_ROUNDS is a number"))
}
