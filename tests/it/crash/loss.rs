//! A crash, and then the database is gone, or a target's mark, or both: history is lost, nothing
//! that is wanted ever is.

use std::fs;

use isobar::world::Point;

use super::oracle::{missing, raw, violations, wait};
use super::scene::{FIRST, SECOND, STACKS, Scene};
use super::{Bed, copy, rounds};
use crate::postgres;

/// What is lost.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Loss {
    Database,
    Marks,
    Both,
}

/// Where the crash before it is: nothing begun, half, all but the end.
const POINTS: &[Point] =
    &[Point::ClaimAfter, Point::EffectHalf, Point::EffectAfter, Point::InventoryShrunk];

impl Loss {
    fn strike(self, scene: &Scene) {
        if self != Self::Marks {
            match scene.store.strip_prefix("sqlite:") {
                Some(file) => {
                    for beside in ["", "-wal", "-shm"] {
                        // A database that was closed in order has no files beside it.
                        let _ = fs::remove_file(format!("{file}{beside}"));
                    }
                }
                None => raw(&scene.store, "DROP SCHEMA public CASCADE; CREATE SCHEMA public"),
            }
        }
        if self != Self::Database {
            for stack in STACKS {
                fs::remove_file(scene.mark(stack)).expect("it was there");
            }
        }
    }
}

#[test]
fn whatever_is_lost_nothing_that_is_wanted_goes() {
    let mut beds = vec![Bed::new("SQLite", None)];
    beds.extend(wait(postgres::database()).map(|url| Bed::new("PostgreSQL", Some(url))));
    let mut found = Vec::new();
    for (at, loss) in [Loss::Database, Loss::Marks, Loss::Both].into_iter().enumerate() {
        // Every point in turn, another for each loss; with more rounds all of them for each.
        for round in 0..rounds().max(2).min(POINTS.len()) {
            let point = POINTS[(at + round) % POINTS.len()];
            let bed = &beds[round % beds.len()];
            let lost = play(bed, point, loss);
            let database = bed.database;
            let named = |what| format!("{database}, {loss:?} lost at {}: {what}", point.as_str());
            found.extend(lost.into_iter().map(named));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

/// Kills at `point`, loses, approves what is asked for then, and gives what is wrong.
fn play(bed: &Bed, point: Point, loss: Loss) -> Vec<String> {
    let scene = copy(&bed.approved);
    let pause = ("ISOBAR_PAUSE_AT", point.as_str());
    let mut running = Scene::command(["apply"]).with(pause.0, pause.1).start(scene.path());
    running.expect(&format!("paused at {}", point.as_str()));
    running.kill();
    loss.strike(&scene);
    if loss == Loss::Marks {
        scene.leases_run_out();
    }
    let mut found = Vec::new();
    let mut gone = |scene: &Scene| {
        for stack in STACKS {
            let lost = missing(scene, stack, FIRST).into_iter().filter(|path| !is_leaving(path));
            found.extend(lost.map(|path| format!("{path} was deleted")));
        }
    };
    let first = scene.run(["apply"]);
    gone(&scene);
    // Whoever approved what is lost is asked again; who loses no approval may be asked less.
    if first.code() == 3 {
        let approved = scene.run(["approve", "--all"]);
        assert_eq!(approved.code(), 0, "{}", approved.said());
        let second = scene.run(["apply"]);
        gone(&scene);
        if second.code() != 0 {
            found.push(second.said());
        }
    }
    // Without its mark nothing is deleted and not everything is named; with it all is as ever.
    let tolerated: &[&str] = match loss {
        Loss::Database => &["never applied"],
        Loss::Marks => &["not wanted", "names", "started nothing"],
        Loss::Both => &["not wanted"],
    };
    let strange = |what: &String| !tolerated.iter().any(|word| what.contains(word));
    found.extend(violations(&scene, SECOND).into_iter().filter(strange));
    found
}

/// What the second commit no longer asks for.
fn is_leaving(path: &str) -> bool {
    path.contains("/old/") || path.contains("/jobs/")
}
