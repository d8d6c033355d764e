use futures_util::FutureExt as _;

use super::*;

fn target(name: &str) -> TargetName {
    TargetName::new(name).expect("a name")
}

/// As many as there is room for now.
fn fill(seats: &Seats, name: &str) -> Vec<Seat> {
    fill_with(seats, name, LARGE - 1)
}

/// The same with runs of so many steps.
fn fill_with(seats: &Seats, name: &str, steps: usize) -> Vec<Seat> {
    let take = || seats.run(&target(name), steps).now_or_never();
    std::iter::from_fn(take).collect()
}

#[test]
fn so_many_of_a_target_and_no_more() {
    let seats = Seats::default();
    let mut taken = fill(&seats, "one");
    assert_eq!(taken.len(), RUNS_AT_ONCE);
    taken.pop();
    assert_eq!(fill(&seats, "one").len(), 1);
}

#[test]
fn a_large_run_counts_as_several() {
    let seats = Seats::default();
    let taken = fill_with(&seats, "one", LARGE);
    assert_eq!(taken.len(), RUNS_AT_ONCE / 3);
    assert!(fill(&seats, "one").is_empty());
    drop(taken);
    assert_eq!(fill_with(&seats, "one", LARGE - 1).len(), RUNS_AT_ONCE);
}

#[test]
fn so_many_in_all_and_no_more() {
    let seats = Seats::default();
    let taken = ["one", "two", "three"].map(|name| fill(&seats, name));
    assert_eq!(taken.iter().map(Vec::len).sum::<usize>(), IN_ALL + taken.len());
    assert_eq!(taken[2].len(), 1);
}

/// Whatever others wait for that do not answer.
#[test]
fn however_many_targets_are_busy_there_is_one_for_another() {
    let seats = Seats::default();
    let names: Vec<_> = (0..2 * IN_ALL).map(|at| format!("target-{at}")).collect();
    let mut taken: Vec<_> = names.iter().map(|name| fill(&seats, name)).collect();
    assert!(taken.iter().all(|seats| !seats.is_empty()));
    assert_eq!(fill_with(&seats, "another", LARGE).len(), 1, "a large one, too");
    // What is given back is there for whoever comes.
    taken[0].clear();
    assert_eq!(fill(&seats, "another").len(), RUNS_AT_ONCE);
}

#[test]
fn who_runs_keeps_nobody_from_looking() {
    let seats = Seats::default();
    let _taken = ["one", "two"].map(|name| fill(&seats, name));
    assert!(seats.run(&target("one"), 1).now_or_never().is_none());
    assert!(seats.look(Some(&target("one"))).now_or_never().is_some());
}
