//! What happened, and whether it is what was predicted.

use std::fmt::Write as _;

use super::palette::{CHANGES, COMES, FAINT, GOES, STRONG, paint};
use crate::model::authority::Authority;
use crate::model::outcome::{Outcome, StepEnd, StepOutcome};
use crate::report::words::{self, visible};

/// A run: the verdict, then only what came out otherwise or did not happen.
pub fn outcome(outcome: &Outcome) -> String {
    let mut out = String::new();
    let is_done = outcome.is_done() || outcome.is_done_so_far();
    let style = match (is_done, words::deviations(outcome)) {
        (true, 0) => COMES,
        (true, _) => CHANGES,
        (false, _) => GOES,
    };
    let stack = visible(outcome.stack.as_str());
    let headline = words::outcome(outcome);
    let _ = writeln!(out, "{}: {}", paint(STRONG, &stack), paint(style.bold(), &headline));
    let run = format!(
        "  run {}, plan {}, ended {}",
        outcome.run,
        outcome.digest.short(),
        words::moment(outcome.ended_at)
    );
    let _ = writeln!(out, "{}", paint(FAINT, &run));
    outcome.steps.iter().for_each(|step| write_step(&mut out, step));
    out
}

fn write_step(out: &mut String, step: &StepOutcome) {
    let component = words::component(&step.component);
    if let Some(ended) = words::step_end(&step.end) {
        let quiet = matches!(step.end, StepEnd::NotStarted { .. } | StepEnd::Waits { .. });
        let style = if quiet { FAINT } else { GOES };
        let _ = writeln!(out, "  {component}: {}", paint(style, &ended));
    }
    for comparison in &step.comparisons {
        for deviation in &comparison.deviations {
            let resource = visible(comparison.resource.as_str());
            let _ = writeln!(out, "  {component}: {resource}");
            let _ = writeln!(out, "    {}", paint(CHANGES, &words::deviation(deviation)));
        }
    }
    if let Some(Authority::Standing { .. }) = step.authority {
        let _ = writeln!(out, "  {}", paint(FAINT, &format!("{component}: drift put back")));
    }
}
