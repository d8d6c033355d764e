//! The comment about a run: one line when all is as predicted.

use std::fmt::Write as _;

use super::escape::{code, prose};
use super::{Limits, marker};
use crate::ids::Scope;
use crate::model::outcome::Outcome;
use crate::report::words;

/// Most lines below the verdict.
pub(super) const LINES_MAX: usize = 20;

/// How the runs ended that a pull request let through, one after the other; as many as fit.
pub fn outcomes(scope: &Scope, outcomes: &[Outcome], limits: &Limits) -> String {
    let mut out = format!("{}\n", marker("outcome", scope));
    for (at, one) in outcomes.iter().enumerate() {
        let text = outcome(one);
        let rest = format!("\nand {} more stacks\n", outcomes.len() - at);
        if out.len() + text.len() + rest.len() + 1 > limits.characters_max {
            out.push_str(&rest);
            break;
        }
        if at > 0 {
            out.push('\n');
        }
        out.push_str(&text);
    }
    out
}

/// How a run ended: the verdict, then only what came out otherwise or did not happen.
pub fn outcome(outcome: &Outcome) -> String {
    let sign = match (outcome.is_done(), words::deviations(outcome)) {
        (false, 0) if outcome.is_done_so_far() => "\u{23f3}",
        (true, 0) => "\u{2705}",
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
