//! How components are, and how runs, steps and fields ended.

use super::{several, visible};
use crate::model::observation::Health;
use crate::model::outcome::{Deviation, Outcome, StepEnd};
use crate::model::value::Value;
use crate::report::field::{self, Shown, inline};

/// How a component is doing, if it is worth a word.
pub fn health(health: &Health) -> Option<String> {
    match health {
        Health::Healthy => None,
        Health::Progressing(why) => Some(format!("progressing: {}", visible(why))),
        Health::Degraded(why) => Some(format!("degraded: {}", visible(why))),
        Health::Suspended(why) => Some(format!("suspended: {}", visible(why))),
        Health::Missing => Some("missing".to_owned()),
        Health::Unknown(why) => Some(format!("unknown: {}", visible(why))),
    }
}

/// How far a run is that this process does not go on with, in one line.
pub fn stopped(done: usize, steps: usize) -> String {
    format!(
        "stopped after {done} of {steps} steps; the next run goes on with the rest, as approved"
    )
}

/// How a run ended, in one line.
pub fn outcome(outcome: &Outcome) -> String {
    let (predicted, right) = outcome.fields_as_predicted();
    let steps = outcome.steps.len();
    let done = outcome.steps.iter().filter(|step| step.end == StepEnd::Done).count();
    let waiting =
        outcome.steps.iter().filter(|step| matches!(step.end, StepEnd::Waits { .. })).count();
    let unknown =
        outcome.steps.iter().any(|step| matches!(step.end, StepEnd::Indeterminate { .. }));
    if outcome.is_done_so_far() && right == predicted {
        let waits = if waiting == 1 { "1 step waits" } else { &format!("{waiting} steps wait") };
        return format!("applied as predicted {right}/{predicted}, {waits}");
    }
    match (done == steps, right == predicted, unknown) {
        (true, true, _) => format!("applied as predicted {right}/{predicted}"),
        (true, false, _) => {
            let otherwise = several(predicted - right, "field");
            format!("applied, and {otherwise} of {predicted} came out otherwise")
        }
        (false, _, unknown) => {
            let how = match (unknown, done) {
                (true, _) => "not known how it ended",
                (false, 0) => "not applied",
                (false, _) => "partly applied",
            };
            format!("{how}, {done} of {} done", several(steps, "step"))
        }
    }
}

/// How many fields came out otherwise than predicted.
pub fn deviations(outcome: &Outcome) -> usize {
    let comparisons = outcome.steps.iter().flat_map(|step| &step.comparisons);
    comparisons.map(|comparison| comparison.deviations.len()).sum()
}

/// How a step ended, if it was not as it should.
pub fn step_end(end: &StepEnd) -> Option<String> {
    match end {
        StepEnd::Done => None,
        StepEnd::NotStarted { why } => Some(format!("not started: {}", visible(why))),
        StepEnd::Waits { why } => Some(format!("approved, and waits {}", visible(why))),
        StepEnd::Stale { why } => Some(format!("planned on something else: {}", visible(why))),
        StepEnd::Failed { why } => Some(format!("failed: {}", visible(why))),
        StepEnd::Indeterminate { why } => {
            Some(format!("not known whether it happened: {}", visible(why)))
        }
    }
}

/// A field that came out otherwise: what was said, and what is there.
pub fn deviation(deviation: &Deviation) -> String {
    let side = |value: Option<&Value>| value.map_or_else(|| "nothing".to_owned(), inline);
    let path = visible(&deviation.path.to_string());
    let (predicted, actual) = (deviation.predicted.as_ref(), deviation.actual.as_ref());
    match field::show(predicted, actual, deviation.sensitive) {
        Shown::Secret(_) => format!("{path}: not the secret that was predicted"),
        Shown::Values(..) | Shown::Lines(_) => {
            format!("{path}: predicted {}, is {}", side(predicted), side(actual))
        }
    }
}
