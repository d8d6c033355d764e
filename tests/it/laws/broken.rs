//! The oracle can fail: each law, broken on purpose behind the agent's back, is missed by it.

use std::fs;

use super::history::History;
use super::oracle::{self, Asked};

/// A history in which nothing happens but that everything is approved and applied.
fn quiet() -> History {
    let mut history = History::begin(7);
    history.rest().expect("nothing is wrong yet");
    history
}

fn first_file(history: &History) -> String {
    history.stage.files().into_keys().next().expect("something is applied")
}

#[test]
fn a_wanted_file_that_goes() {
    let mut history = quiet();
    let path = first_file(&history);
    let verdict = history.watched("pass", |stage| {
        fs::remove_file(stage.target(&path)).expect("it is there");
    });
    let why = verdict.expect_err("a wanted file went");
    assert!(why.contains(&format!("{path} is asked for and went")), "{why}");
}

#[test]
fn a_file_of_somebody_else_that_is_touched() {
    let mut history = quiet();
    let notes = history.stage.target(&first_file(&history)).with_file_name("notes.txt");
    fs::write(&notes, "not yours\n").expect("it is written");
    let verdict = history.watched("pass", |_| {
        fs::write(&notes, "mine\n").expect("it is written");
    });
    assert!(verdict.expect_err("it was touched").contains("is not ours"));
}

#[test]
fn a_folder_that_holds_something_else() {
    let history = quiet();
    let path = first_file(&history);
    let asked = Asked::at_tip(&history.stage);
    oracle::folders_agree(&history.stage.files(), &asked).expect("nothing is wrong yet");
    fs::write(history.stage.target(&path), "size: 99\n").expect("it is written");
    oracle::folders_agree(&history.stage.files(), &asked).expect_err("it holds something else");
    fs::remove_file(history.stage.target(&path)).expect("it is there");
    oracle::folders_agree(&history.stage.files(), &asked).expect_err("it is not there");
}

#[test]
fn a_yes_that_is_used_twice() {
    let mut history = quiet();
    let file = history.stage.target(&first_file(&history));
    // Without the mark, the inventory and the files the same digest is wanted again.
    let target = file.ancestors().nth(4).expect("a target").to_owned();
    for name in fs::read_dir(&target).expect("a folder").flatten() {
        fs::remove_dir_all(name.path()).expect("a folder");
    }
    history
        .stage
        .tamper("UPDATE approval SET run = NULL; DELETE FROM inventory; DELETE FROM target;");
    history.pass().expect("nothing is deleted");
    let why = history.judge().expect_err("a yes was used twice");
    assert!(why.contains("lets"), "{why}");
}

#[test]
fn a_journal_that_is_edited() {
    let mut history = quiet();
    history.judge().expect("nothing is wrong yet");
    // The agent runs on: one that starts would refuse.
    history.stage.tamper_beside(
        "DROP TRIGGER journal_update; UPDATE journal SET payload = replace(payload, 'grace', 'ada');",
    );
    assert!(history.judge().expect_err("it was edited").contains("not whole"));
}

#[test]
fn an_epoch_that_shrinks() {
    let mut history = quiet();
    history.stage.tamper("DROP TRIGGER lease_epoch; UPDATE lease SET epoch = 0;");
    fs::write(history.stage.target(&first_file(&history)), "size: 99\n").expect("it is written");
    history.pass().expect("nothing is deleted");
    assert!(history.judge().expect_err("it shrank").contains("epoch"));
}

#[test]
fn a_run_that_never_ends() {
    let mut history = quiet();
    history
        .stage
        .tamper("DROP TRIGGER journal_delete; DELETE FROM journal WHERE kind = 'concluded';");
    let journal = history.stage.journal();
    oracle::nothing_is_lost(&journal, &Default::default()).expect_err("outcomes are lost");
}

#[test]
fn a_yes_that_is_lost() {
    let mut history = quiet();
    history
        .stage
        .tamper("DROP TRIGGER journal_delete; DELETE FROM journal WHERE kind = 'approved';");
    let why = history.judge_of_loss().expect_err("a yes is lost");
    assert!(why.contains("is not in the journal"), "{why}");
}
