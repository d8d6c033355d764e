//! What commands say in a line or two.

use std::fmt::Write as _;
use std::sync::Arc;

use super::palette::{COMES, FAINT, GOES, STRONG, paint};
use crate::diagnostic::Diagnostic;
use crate::ids::Actor;
use crate::model::desired::{Desired, Stack};
use crate::model::plan::Plan;
use crate::report::words::{several, visible};

/// A heading of a longer story.
pub fn heading(text: &str) -> String {
    format!("{}\n", paint(STRONG, text))
}

/// What was found in a repository.
pub fn checked(desired: &Desired, diagnostics: &[Diagnostic]) -> String {
    let errors = diagnostics.iter().filter(|found| found.is_error()).count();
    let warnings = diagnostics.len() - errors;
    let style = if errors == 0 { COMES } else { GOES };
    let found = match (errors, warnings) {
        (0, 0) => "nothing is wrong".to_owned(),
        (0, _) => several(warnings, "warning"),
        (_, 0) => several(errors, "mistake"),
        _ => format!("{}, {}", several(errors, "mistake"), several(warnings, "warning")),
    };
    let unresolved = |stack: &Arc<Stack>| {
        stack.unresolved.keys().filter(|key| !stack.components.contains_key(key)).count()
    };
    let unresolved: usize = desired.stacks.values().map(unresolved).sum();
    let components = several(desired.components().count() + unresolved, "component");
    let components = match unresolved {
        0 => components,
        _ => format!("{components} ({unresolved} unresolved)"),
    };
    let nameless = match desired.nameless.len() {
        0 => String::new(),
        count => format!(" and {} without a stack's name", several(count, "manifest")),
    };
    format!(
        "{} in {} with {components}{nameless}\n",
        paint(style, &found),
        several(desired.stacks.len(), "stack"),
    )
}

/// Which plans were approved.
pub fn approved(plans: &[Plan], by: &Actor) -> String {
    let mut out = String::new();
    for plan in plans {
        let stack = visible(plan.effect().stack.as_str());
        let _ = writeln!(out, "Approved by {}: {stack} {}", visible(by.as_str()), plan.digest());
    }
    if plans.is_empty() {
        out.push_str("Nothing waits for an approval.\n");
    }
    out
}

/// What was said about a pull request, the oldest first: who, and the text.
pub fn comments<'a>(title: &str, said: impl IntoIterator<Item = (&'a Actor, &'a str)>) -> String {
    let mut out = heading(&visible(title));
    for (author, body) in said {
        let _ = writeln!(out, "\n{}", paint(FAINT, &visible(author.as_str())));
        for line in body.lines() {
            let _ = writeln!(out, "  {}", visible(line));
        }
    }
    out
}
