//! The oracle finds what is planted: were it blind, a crash could leave anything.

use std::fs;

use super::copy;
use super::oracle::{raw, violations};
use super::scene::{FIRST, Scene};
use crate::postgres;

/// One way to break a scene, and a word of what the oracle has to say then.
type Planted = (&'static str, fn(&Scene));

const APP: &str = "east/kubernetes/app/ConfigMap.shop.app.yaml";

const PLANTED: &[Planted] = &[
    ("is wanted and not there", |scene| {
        fs::remove_file(scene.target("east").join(APP)).expect("it is there");
    }),
    ("holds", |scene| fs::write(scene.target("east").join(APP), "size: 7").expect("written")),
    ("is there and not wanted", |scene| {
        fs::write(scene.target("east").join("stray.yaml"), "").expect("written");
    }),
    (".isobar/tmp/x is left over", |scene| {
        let folder = scene.target("east").join(".isobar/tmp");
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join("x"), "").expect("written");
    }),
    ("the mark of east names", |scene| {
        fs::remove_file(scene.mark("east")).expect("it is there");
    }),
    ("says `<!-- isobar -->` twice", |scene| {
        let folder = scene.path().join("forge/pulls/1/comments");
        fs::create_dir_all(&folder).expect("a folder");
        for name in ["a.md", "b.md"] {
            fs::write(folder.join(name), "author: x\n\n<!-- isobar -->\n").expect("written");
        }
    }),
    ("the inventory names", |scene| {
        raw(&scene.store, "DELETE FROM inventory WHERE stack = 'west'");
    }),
    ("the lease on north is held", |scene| {
        raw(&scene.store, "UPDATE lease SET holder = 'x', until = 1 WHERE stack = 'north'");
    }),
    ("row 5 was altered", |scene| {
        unprotect(scene);
        raw(&scene.store, "UPDATE journal SET payload = '{}' WHERE seq = 5");
    }),
    ("is open", |scene| {
        raw(&scene.store, "UPDATE run SET ended_at = NULL WHERE stack = 'east'");
    }),
    ("have an intent and no outcome", |scene| {
        unprotect(scene);
        raw(&scene.store, "DELETE FROM journal WHERE kind = 'concluded' AND stack = 'east'");
    }),
    ("was done twice", |scene| {
        raw(
            &scene.store,
            "INSERT INTO journal SELECT 1000 + seq, at, agent, repository, stack, run, epoch, \
             kind, version, payload, prev_hash, hash FROM journal WHERE kind = 'concluded'",
        );
    }),
    ("has 0 ends", |scene| {
        unprotect(scene);
        raw(&scene.store, "DELETE FROM journal WHERE kind = 'finished'");
    }),
    ("1 runs, 0 approvals", |scene| {
        unprotect(scene);
        raw(&scene.store, "DELETE FROM journal WHERE kind = 'approved'");
    }),
    ("started nothing", |scene| raw(&scene.store, "UPDATE approval SET run = NULL")),
];

/// Takes the triggers away that keep the journal as it is.
fn unprotect(scene: &Scene) {
    let sql = match scene.store.starts_with("sqlite:") {
        true => "DROP TRIGGER journal_update; DROP TRIGGER journal_delete;",
        false => "DROP TRIGGER journal_update ON journal; DROP TRIGGER journal_delete ON journal;",
    };
    raw(&scene.store, sql);
}

fn settled(postgres: Option<String>) -> Scene {
    let scene = Scene::new(postgres);
    scene.approve();
    let applied = scene.run(["apply"]);
    assert_eq!(applied.code(), 0, "{}", applied.said());
    scene
}

#[test]
fn the_oracle_finds_every_planted_violation() {
    let settled = settled(None);
    assert_eq!(violations(&settled, FIRST), Vec::<String>::new());
    for (said, plant) in PLANTED {
        let scene = copy(&settled);
        plant(&scene);
        let found = violations(&scene, FIRST);
        assert!(found.iter().any(|what| what.contains(said)), "`{said}` is not in {found:?}");
    }
}

#[test]
fn a_journal_that_was_tampered_with_starts_nothing() {
    let postgres = super::oracle::wait(postgres::database());
    for scene in [Some(settled(None)), postgres.map(|url| settled(Some(url)))].into_iter().flatten()
    {
        unprotect(&scene);
        raw(&scene.store, "UPDATE journal SET stack = 'west' WHERE seq = 5");
        for args in [["apply"], ["serve"], ["status"]] {
            let ran = scene.run(args);
            assert_eq!(ran.code(), 3, "{}", ran.said());
            assert_eq!(
                ran.stderr,
                "error: restore the database from a backup, or put it aside: an empty one is filled \
                 from the marks at the targets\n  \
                 because: the database cannot be opened\n  \
                 because: the journal is not what was written\n  \
                 because: row 5 was altered\n"
            );
        }
        let doctor = scene.run(["doctor"]);
        assert_eq!(doctor.code(), 3, "{}", doctor.said());
        let told = "broken   database: the journal is not what was written\n  \
                    because: row 5 was altered\n  \
                    restore the database from a backup, or put it aside: ";
        assert!(doctor.stdout.contains(told), "{}", doctor.said());
    }
}
