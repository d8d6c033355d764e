use super::*;
use crate::ids::{ComponentName, KindName};

fn ended(ends: &[StepEnd]) -> Outcome {
    let component = ComponentId {
        stack: StackName::new("prod").unwrap(),
        kind: KindName::new("kubernetes").unwrap(),
        name: ComponentName::new("shop").unwrap(),
    };
    let step = |(step, end): (usize, &StepEnd)| StepOutcome {
        step,
        component: component.clone(),
        authority: None,
        end: end.clone(),
        comparisons: Vec::new(),
    };
    Outcome {
        run: RunId::new("run-1").unwrap(),
        stack: component.stack.clone(),
        digest: Digest::of_canonical(b"plan"),
        epoch: Epoch(1),
        ended_at: Timestamp::UNIX_EPOCH,
        steps: ends.iter().enumerate().map(step).collect(),
    }
}

#[test]
fn what_did_not_begin_is_looked_at_again_and_what_went_wrong_is_not() {
    use StepEnd::{Done, Failed, Indeterminate, NotStarted, Stale, Waits};
    let why = || "why".to_owned();
    let idle = || NotStarted { why: why() };
    for ends in [
        vec![],
        vec![Done],
        vec![idle(), Done],
        vec![Done, Waits { why: why() }, idle()],
        vec![Waits { why: why() }],
    ] {
        assert!(ended(&ends).is_begun_well(), "{ends:?}");
    }
    for ends in [
        vec![idle()],
        vec![idle(), Waits { why: why() }],
        vec![Done, Failed { why: why() }],
        vec![Done, idle(), Stale { why: why() }],
        vec![Done, Indeterminate { why: why() }],
    ] {
        assert!(!ended(&ends).is_begun_well(), "{ends:?}");
    }
}
