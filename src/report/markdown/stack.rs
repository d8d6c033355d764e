//! One stack's part of a comment: what changes, resource by resource.

use std::fmt::Write as _;

use super::escape::{code, fence, html};
use super::{Detail, Limits, order};
use crate::model::change::{Action, Change, FieldChange};
use crate::model::plan::Plan;
use crate::report::field::{Line, Shown, shown};
use crate::report::words::{self, visible};

/// Most fields of one change: beyond it nobody reads a comment.
const FIELDS_MAX: usize = 40;

/// The stack, folded unless something is still to go.
pub(super) fn write(out: &mut String, plan: &Plan, is_open: bool, limits: &Limits, detail: Detail) {
    let effect = plan.effect();
    let name = html(effect.stack.as_str());
    let mut summary = words::plan_counts(plan);
    if let Some(risk) = plan.risk().and_then(words::risk) {
        let _ = write!(summary, " ({risk})");
    }
    let goes = effect.changes.iter().any(|change| change.action.is_destructive());
    let _ = match (limits.folds, goes && is_open) {
        (true, true) => {
            writeln!(out, "<details open><summary><b>{name}</b>: {summary}</summary>\n")
        }
        (true, false) => writeln!(out, "<details><summary><b>{name}</b>: {summary}</summary>\n"),
        (false, _) => writeln!(out, "#### {}: {summary}\n", code(effect.stack.as_str())),
    };
    for (component, changes) in words::by_severity(&effect.changes) {
        let _ = writeln!(out, "**{}**", code(&words::component(component)));
        let lines: String = changes.iter().map(|change| change_lines(change, detail)).collect();
        out.push_str(&fence("diff", &lines));
        out.push('\n');
    }
    let kept = words::kept(plan);
    if !kept.is_empty() && detail < Detail::Fields {
        let _ = writeln!(out, "{}:", words::KEPT);
        for field in kept {
            let _ = writeln!(out, "- {}", code(&field));
        }
        out.push('\n');
    }
    order::write(out, effect, limits, detail);
    if limits.folds {
        out.push_str("</details>\n\n");
    }
}

/// One change: its head, then its fields. The sign stands in the first column, where it colours.
fn change_lines(change: &Change, detail: Detail) -> String {
    let sign = match change.action {
        Action::Delete => '-',
        Action::Create => '+',
        Action::Update | Action::Replace | Action::Adopt => '!',
        Action::Move { .. } | Action::Forget | Action::Keep => '#',
    };
    let mut out = format!("{sign} {} {}", change.action.verb(), visible(change.resource.as_str()));
    let notes = words::notes(change);
    if !notes.is_empty() {
        let _ = write!(out, " ({notes})");
    }
    out.push('\n');
    let bodies = detail < Detail::Changes || change.action != Action::Create;
    for field in change.fields.iter().take(FIELDS_MAX).filter(|_| bodies) {
        field_lines(&mut out, field, detail);
    }
    let more = change.fields.len().saturating_sub(if bodies { FIELDS_MAX } else { 0 });
    if more > 0 {
        let _ = writeln!(out, "# {}{}", if bodies { "and " } else { "" }, rest(bodies, more));
    }
    out
}

fn rest(bodies: bool, count: usize) -> String {
    words::several(count, if bodies { "more field" } else { "field" })
}

fn field_lines(out: &mut String, field: &FieldChange, detail: Detail) {
    let path = visible(&field.path.to_string());
    let path = if path.is_empty() { "content" } else { &path };
    let origin = words::origin(field).map(|origin| format!("  # {origin}")).unwrap_or_default();
    if detail >= Detail::Fields {
        let _ = writeln!(out, "! {path}");
        return;
    }
    match shown(field) {
        Shown::Secret(text) => {
            let _ = writeln!(out, "! {path}: {text}{origin}");
        }
        Shown::Values(before, after) => {
            if let Some(before) = before {
                let note = if after.is_none() { &origin } else { "" };
                let _ = writeln!(out, "- {path}: {before}{note}");
            }
            if let Some(after) = after {
                let _ = writeln!(out, "+ {path}: {after}{origin}");
            }
        }
        Shown::Lines(lines) => {
            let _ = writeln!(out, "! {path}:{origin}");
            let shows = |line: &&Line| line.sign != ' ' || detail < Detail::Lines;
            for line in lines.iter().filter(shows) {
                let _ = writeln!(out, "{}   {}", line.sign, line.text);
            }
        }
    }
}
