//! In which order seats are given.

use futures_util::FutureExt as _;

use super::*;

fn run(stack: &str, steps: usize) -> Turn {
    Turn::run(&StackName::new(stack).unwrap(), steps)
}

#[tokio::test]
async fn who_looks_goes_first_and_then_who_has_least_to_do() {
    let turns = Turns::new(1);
    let first = turns.take(run("z", 9)).await;
    let mut waiting: Vec<_> = [run("b", 9), run("a", 9), run("c", 2), Turn::default(), run("a", 9)]
        .map(|turn| (turn.clone(), turns.take(turn).boxed()))
        .into();
    // Everybody has asked, in this order.
    assert!(waiting.iter_mut().all(|(_, seat)| seat.now_or_never().is_none()));
    drop(first);
    let mut order = Vec::new();
    while !waiting.is_empty() {
        let sits = waiting.iter_mut().position(|(_, seat)| seat.now_or_never().is_some());
        order.push(waiting.remove(sits.expect("a seat is free")).0);
    }
    assert_eq!(order, [Turn::default(), run("c", 2), run("a", 9), run("a", 9), run("b", 9)]);
}

#[tokio::test]
async fn no_more_sit_than_there_are_seats_and_none_is_lost_with_who_goes() {
    let turns = Turns::new(2);
    let (one, two) = (turns.take(Turn::default()).await, turns.take(Turn::default()).await);
    let mut gone = turns.take(Turn::default()).boxed();
    assert!((&mut gone).now_or_never().is_none(), "there are two");
    // One that was given a seat and never looked, and one that did not wait for it.
    drop(one);
    drop(gone);
    let mut late = turns.take(Turn::default()).boxed();
    let three = (&mut late).now_or_never().expect("the seat was given back");
    let mut gone = turns.take(Turn::default()).boxed();
    assert!((&mut gone).now_or_never().is_none());
    drop(gone);
    drop((two, three));
    let both =
        (turns.take(Turn::default()).now_or_never(), turns.take(Turn::default()).now_or_never());
    assert!(both.0.is_some() && both.1.is_some());
}
