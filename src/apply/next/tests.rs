use super::*;
use crate::backends::fixture::{change, component, name, scope};
use crate::ids::StackName;
use crate::model::change::Action;
use crate::model::plan::{Nature, Step};

/// Steps, each with the path of its one change and the steps it comes after.
fn effect(steps: &[(&str, &[usize])]) -> Effect {
    let step = |at: usize, after: &[usize]| Step {
        component: component("a"),
        changes: vec![at],
        nature: Nature::IdempotentByName,
        after: after.to_vec(),
        artifact: None,
    };
    Effect {
        scope: scope("one"),
        stack: StackName::new("prod").unwrap(),
        target: name(),
        inputs: BTreeMap::new(),
        tools: BTreeMap::new(),
        changes: steps.iter().map(|(path, _)| change(Action::Create, path, None, None)).collect(),
        steps: steps.iter().enumerate().map(|(at, (_, after))| step(at, after)).collect(),
    }
}

fn nobody(_: usize) -> Option<String> {
    None
}

/// What is next when some have ended so and others are going.
fn step_by(
    effect: &Effect,
    ends: &[(usize, StepEnd)],
    going: &[usize],
    waits: impl Fn(usize) -> Option<String>,
) -> Next {
    let end = |at| ends.iter().find(|(step, _)| *step == at).map(|(_, end)| end);
    next(effect, end, &going.iter().copied().collect(), waits)
}

#[test]
fn a_step_waits_for_all_that_come_before_it() {
    let effect = effect(&[("a", &[]), ("b", &[0]), ("c", &[]), ("d", &[1, 2])]);
    let ready = |ends: &[(usize, StepEnd)]| step_by(&effect, ends, &[], nobody).ready;
    assert_eq!(ready(&[]), [0, 2]);
    assert_eq!(ready(&[(0, StepEnd::Done)]), [1, 2]);
    assert_eq!(ready(&[(0, StepEnd::Done), (2, StepEnd::Done)]), [1]);
    assert_eq!(ready(&[(0, StepEnd::Done), (1, StepEnd::Done), (2, StepEnd::Done)]), [3]);
}

#[test]
fn what_is_going_holds_nothing_but_what_comes_after_it() {
    let effect = effect(&[("a", &[]), ("b", &[]), ("c", &[1]), ("d", &[0]), ("a", &[])]);
    let ready = |going: &[usize]| step_by(&effect, &[(1, StepEnd::Done)], going, nobody).ready;
    assert_eq!(ready(&[0]), [2]);
    assert_eq!(ready(&[0, 2]), [0; 0]);
    assert_eq!(ready(&[2]), [0]);
}

#[test]
fn what_comes_after_a_failure_never_begins_however_far_behind() {
    let effect = effect(&[("a", &[]), ("b", &[0]), ("c", &[1]), ("d", &[])]);
    let failed = StepEnd::Failed { why: "no".to_owned() };
    let next = step_by(&effect, &[(0, failed)], &[], nobody);
    assert_eq!(next.ready, [3]);
    let not_started = |why: &str| StepEnd::NotStarted { why: why.to_owned() };
    let never = BTreeMap::from([
        (1, not_started("it comes after `a`, which failed")),
        (2, not_started("it comes after `b`, which did not begin")),
    ]);
    assert_eq!(next.never, never);
}

#[test]
fn what_waits_keeps_waiting_what_comes_after_it() {
    let effect = effect(&[("a", &[]), ("b", &[0]), ("c", &[1]), ("d", &[])]);
    let late = |at| (at == 1).then(|| "until a does well".to_owned());
    let first = step_by(&effect, &[], &[], late);
    assert_eq!((first.ready, first.never), (vec![0, 3], BTreeMap::new()));
    let second = step_by(&effect, &[(0, StepEnd::Done), (3, StepEnd::Done)], &[], late);
    let waits = StepEnd::Waits { why: "until a does well".to_owned() };
    assert_eq!(second.never, BTreeMap::from([(1, waits.clone()), (2, waits)]));
}

#[test]
fn two_steps_on_one_resource_never_run_together() {
    let effect = effect(&[("a", &[]), ("a", &[]), ("b", &[])]);
    assert_eq!(step_by(&effect, &[], &[], nobody).ready, [0, 2]);
    let done = [(0, StepEnd::Done), (2, StepEnd::Done)];
    assert_eq!(step_by(&effect, &done, &[], nobody).ready, [1]);
}

#[test]
fn the_end() {
    let effect = effect(&[("a", &[])]);
    assert_eq!(step_by(&effect, &[(0, StepEnd::Done)], &[], nobody), Next::default());
}
