//! Hooks of a chart: which of them are objects like others, and when those are made.

use super::rendered::name;
use crate::build::draft::Draft;
use crate::build::kubernetes::Moment;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::model::value::Value;

/// The annotation that makes an object a hook, with the moments it is for.
const HOOK: &str = "helm.sh/hook";

/// The annotation that orders hooks of one moment; without it, or with no number, it is 0.
const WEIGHT: &str = "helm.sh/hook-weight";

/// Moments that are somebody else's command.
const TESTS: &[&str] = &["test", "test-success", "test-failure"];

/// Moments at which an object may as well be there all the time.
const BEFORE: &[&str] = &["pre-install", "pre-upgrade"];
const AFTER: &[&str] = &["post-install", "post-upgrade"];

/// What an older Helm made before all else.
const DEFINITIONS: &str = "crd-install";

/// Kinds that are run, and do not stay.
const RUN: &[&str] = &["Job", "Pod"];

/// When an object is made that is part of what is there all the time. `None`: it is not. What is only
/// run at some moment is refused, or left out where the settings say so.
pub(super) fn moment(
    draft: &mut Draft<'_>,
    value: &Value,
    at: &Span,
    skips: bool,
) -> Option<Moment> {
    let annotations = value.get("metadata").and_then(|metadata| metadata.get("annotations"));
    let text = |name: &str| annotations.and_then(|all| all.get(name)?.as_str());
    let Some(hook) = text(HOOK) else { return Some(Moment::Amid) };
    let moments: Vec<_> = hook.split(',').map(str::trim).collect();
    if moments.iter().all(|moment| TESTS.contains(moment)) {
        return None;
    }
    let kind = value.get("kind").and_then(Value::as_str).unwrap_or_default();
    let weight = text(WEIGHT).and_then(|weight| weight.trim().parse().ok()).unwrap_or_default();
    let is_for = |all: &[&str]| moments.iter().any(|moment| all.contains(moment));
    // What is for several moments has to be there at the first.
    let made = if RUN.contains(&kind) {
        None
    } else if moments.contains(&DEFINITIONS) {
        Some(Moment::Before(i64::MIN))
    } else if is_for(BEFORE) {
        Some(Moment::Before(weight))
    } else if is_for(AFTER) {
        Some(Moment::After(weight))
    } else {
        None
    };
    if made.is_none() && !skips {
        let message =
            format!("{} is a hook ({hook}), and nothing here runs it", name(value).join(" "));
        let found = Diagnostic::error(Code::BuildFailed, at.clone(), message);
        draft.found.push(found.hint("`settings.helm.hooks: skip` leaves such hooks out"));
    }
    made
}
