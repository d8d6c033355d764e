//! The comment about a run: one line when all is as predicted.

use std::fmt::Write as _;

use super::escape::{code, prose};
use crate::model::outcome::Outcome;
use crate::report::words;

/// Most lines below the verdict.
const LINES_MAX: usize = 20;

/// How a run ended: the verdict, then only what came out otherwise or did not happen.
pub fn outcome(outcome: &Outcome) -> String {
    let sign = match (outcome.is_done(), words::deviations(outcome)) {
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
