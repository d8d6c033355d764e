//! The comment about a run: one line when all is as predicted.

use std::fmt::Write as _;

use super::escape::{code, prose};
use super::{Limits, marker};
use crate::ids::{PullNumber, Scope};
use crate::model::outcome::Outcome;
use crate::report::words::{self, several};

/// The sign of a run that went as it should.
const DONE: &str = "\u{2705}";

/// Most lines below the verdict.
const LINES_MAX: usize = 20;

/// What became of a pull request's plans: its last comment, as long as the forge takes.
pub fn outcomes(scope: &Scope, pull: PullNumber, outcomes: &[Outcome], limits: &Limits) -> String {
    let done = outcomes.iter().filter(|outcome| outcome.is_done()).count();
    let stacks = several(outcomes.len(), "stack");
    let head = format!("### {pull} is applied in {done} of {stacks}\n\n");
    let head = format!("{}\n{head}", marker("outcome", scope));
    let mut parts: Vec<String> = outcomes.iter().map(outcome).collect();
    // What did not end well comes first, and stays when not all of it fits.
    parts.sort_by_key(|part| part.starts_with(DONE));
    let mut out = head;
    for (at, part) in parts.iter().enumerate() {
        let rest = format!("and {} more\n", parts.len() - at);
        if out.len() + part.len() + 1 + rest.len() > limits.characters_max {
            out.push_str(&rest);
            break;
        }
        out.push_str(part);
        out.push('\n');
    }
    out
}

/// How a run ended: the verdict, then only what came out otherwise or did not happen.
pub fn outcome(outcome: &Outcome) -> String {
    let sign = match (outcome.is_done(), words::deviations(outcome)) {
        (true, 0) => DONE,
        (true, _) => "\u{26a0}\u{fe0f}",
        (false, _) => "\u{26d4}",
    };
    let stack = code(outcome.stack.as_str());
    let mut out = format!("{sign} {stack}: {}\n", words::outcome(outcome));
    let mut lines = Vec::new();
    for step in &outcome.steps {
        let component = code(&words::component(&step.component));
        if let Some(ended) = words::step_end(&step.end) {
            lines.push(format!("{component} {}", prose(&ended)));
        }
        for comparison in &step.comparisons {
            let resource = code(comparison.resource.as_str());
            let deviations = comparison.deviations.iter();
            lines.extend(deviations.map(|d| format!("{resource} {}", code(&words::deviation(d)))));
        }
    }
    if !lines.is_empty() {
        out.push('\n');
    }
    for line in lines.iter().take(LINES_MAX) {
        let _ = writeln!(out, "- {line}");
    }
    if lines.len() > LINES_MAX {
        let _ = writeln!(out, "- and {} more", lines.len() - LINES_MAX);
    }
    out
}
