//! What happened, and whether it is what was predicted.

use std::fmt::Write as _;

use super::palette::{CHANGES, COMES, FAINT, GOES, STRONG, paint};
use crate::ids::Actor;
use crate::model::authority::Authority;
use crate::model::outcome::{Outcome, StepEnd, StepOutcome};
use crate::model::plan::Plan;
use crate::model::review::Review;
use crate::report::words::{self, visible};

/// What was applied, and what waits.
pub fn applied(outcomes: &[Outcome], waiting: &Review) -> String {
    let mut out: String = outcomes.iter().map(outcome).collect();
    if waiting.plans.is_empty() && outcomes.is_empty() {
        out.push_str("Nothing to apply.\n");
    }
    if !waiting.plans.is_empty() {
        out.push('\n');
        out.push_str(&super::plan(waiting));
    }
    out
}

/// Which plans were approved, and by whom.
pub fn approved(plans: &[Plan], by: &Actor) -> String {
    let mut out = String::new();
    for plan in plans {
        let effect = plan.effect();
        let _ = writeln!(
            out,
            "{} of {} ({}) is approved by {}.",
            paint(STRONG, &plan.digest().short()),
            visible(effect.stack.as_str()),
            words::counts(&effect.changes),
            visible(by.as_str()),
        );
    }
    if plans.is_empty() {
        out.push_str("Nothing waits for an approval.\n");
    }
    out
}

/// A run: the verdict, then only what came out otherwise or did not happen.
pub fn outcome(outcome: &Outcome) -> String {
    let mut out = String::new();
    let style = match (outcome.is_done(), words::deviations(outcome)) {
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
        let style = if matches!(step.end, StepEnd::NotStarted { .. }) { FAINT } else { GOES };
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
