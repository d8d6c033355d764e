//! A plan, and a set of them.

use std::fmt::Write as _;

use rayon::prelude::*;

use super::palette::{
    CHANGES, COMES, FAINT, GOES, HINT, PLAIN, STRONG, paint, push_painted, sign, verdict as colour,
};
use crate::model::change::{Action, Change, FieldChange};
use crate::model::plan::{Plan, Why};
use crate::model::review::Review;
use crate::report::cause;
use crate::report::field::{Shown, shown};
use crate::report::words::{self, Clearing, Verdict, visible};

/// Most fields of one change that are listed: half a screen. JSON has all of them.
pub(super) const FIELDS_MAX: usize = 24;

/// The column at which notes stand.
const NOTE_COLUMN: usize = 56;

/// All plans of a review, the verdict first.
pub fn review(review: &Review) -> String {
    review_parts(review).concat()
}

/// The same in parts, of which each is whole lines: it may be long.
pub fn review_parts(review: &Review) -> Vec<String> {
    let mut head = String::new();
    let headline = words::headline(review);
    let _ = writeln!(head, "{}", paint(colour(Verdict::of(review)), &headline));
    for cause in cause::all(review) {
        let _ = writeln!(head, "  {}", cause.sentence(str::to_owned));
    }
    let mut parts = vec![head];
    let plans = words::plans_by_severity(review).into_par_iter().with_max_len(1);
    parts.par_extend(plans.map(|plan| {
        let mut part = String::from("\n");
        write_plan(&mut part, plan);
        part
    }));
    if !review.unchanged_stacks.is_empty() {
        let names: Vec<_> = review.unchanged_stacks.iter().map(|s| visible(s.as_str())).collect();
        let names = format!("Unchanged: {}", names.join(", "));
        parts.push(format!("\n{}\n", paint(FAINT, &names)));
    }
    parts
}

/// One plan: what goes first, then what is held and what clears it.
pub fn plan(plan: &Plan) -> String {
    let mut out = String::new();
    write_plan(&mut out, plan);
    out
}

fn write_plan(out: &mut String, plan: &Plan) {
    let effect = plan.effect();
    let stack = visible(effect.stack.as_str());
    let _ = writeln!(out, "{} at {}", paint(STRONG, &stack), effect.target);
    let envelope = &plan.envelope;
    let from = format!(
        "  plan {} from {}, observed {}",
        plan.digest().short(),
        envelope.revision,
        words::moment(envelope.observed_at)
    );
    let _ = writeln!(out, "{}", paint(FAINT, &from));
    for (component, changes) in words::by_severity(&effect.changes) {
        let _ = writeln!(out, "\n  {}", paint(STRONG, &words::component(component)));
        for change in changes {
            write_change(out, change);
        }
    }
    write_kept(out, plan);
    write_health(out, plan);
    write_holds(out, plan);
    write_summary(out, plan);
}

fn write_change(out: &mut String, change: &Change) {
    let (sign, style) = sign(&change.action);
    let resource = visible(change.resource.as_str());
    let head = format!("    {sign} {} {resource}", change.action.verb());
    push_painted(out, style, &head);
    write_note(out, head.chars().count(), &words::notes(change), CHANGES);
    out.push('\n');
    for field in change.fields.iter().take(FIELDS_MAX) {
        write_field(out, change, field);
    }
    if change.fields.len() > FIELDS_MAX {
        let more = words::several(change.fields.len() - FIELDS_MAX, "more field");
        let _ = writeln!(out, "        {}", paint(FAINT, &format!("and {more}")));
    }
}

fn write_field(out: &mut String, change: &Change, field: &FieldChange) {
    let begin = out.len();
    let shown = shown(field);
    out.push_str(match (&shown, &change.action) {
        // Where everything comes or goes, the sign at its head says so for all fields.
        (Shown::Values(None, Some(_)), Action::Create)
        | (Shown::Values(Some(_), None), Action::Delete) => "        ",
        (Shown::Values(None, Some(_)), _) => "      + ",
        (Shown::Values(Some(_), None), _) => "      - ",
        _ => "        ",
    });
    match field.path.0.is_empty() {
        true => out.push_str("content"),
        false => words::push_visible(out, &field.path.to_string()),
    }
    out.push(':');
    let values = match &shown {
        Shown::Secret(text) => [Some(*text), None],
        Shown::Values(before, after) => [before.as_deref(), after.as_deref()],
        Shown::Lines(_) => [None, None],
    };
    for (at, value) in values.into_iter().flatten().enumerate() {
        out.push_str(if at == 0 { " " } else { " -> " });
        out.push_str(value);
    }
    if let Some(note) = words::origin(field) {
        let characters = out[begin..].chars().count();
        write_note(out, characters, &note, FAINT);
    }
    out.push('\n');
    if let Shown::Lines(lines) = shown {
        for line in lines {
            let style = match line.sign {
                '-' => GOES,
                '+' => COMES,
                _ => PLAIN,
            };
            let text = format!("{} {}", line.sign, line.text);
            let _ = writeln!(out, "          {}", paint(style, text.trim_end()));
        }
    }
}

/// A note behind a line of so many characters, if there is one.
fn write_note(out: &mut String, characters: usize, note: &str, style: anstyle::Style) {
    if !note.is_empty() {
        let blanks = NOTE_COLUMN.saturating_sub(characters).max(2);
        out.extend(std::iter::repeat_n(' ', blanks));
        push_painted(out, style, note);
    }
}

fn write_kept(out: &mut String, plan: &Plan) {
    let kept = words::kept(plan);
    if !kept.is_empty() {
        let _ = writeln!(out, "\n  {}", paint(STRONG, words::KEPT));
    }
    for field in kept {
        let _ = writeln!(out, "    {field}");
    }
}

fn write_health(out: &mut String, plan: &Plan) {
    if plan.envelope.health.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n  {}", paint(CHANGES.bold(), "Not well"));
    for (id, health) in &plan.envelope.health {
        if let Some(health) = words::health(health) {
            let _ = writeln!(out, "    {}: {health}", words::component(id));
        }
    }
}

fn write_holds(out: &mut String, plan: &Plan) {
    if plan.envelope.holds.is_empty() {
        return;
    }
    let _ = writeln!(out, "\n  {}", paint(CHANGES.bold(), "Held"));
    for hold in &plan.envelope.holds {
        let (part, reason) = (words::part(&hold.part), words::reason(&hold.reason));
        let _ = writeln!(out, "    {part}: {reason}");
        match words::clearing(plan, hold) {
            Clearing::Command(command) => {
                let _ = writeln!(out, "      {}", paint(HINT, &format!("$ {command}")));
            }
            Clearing::Deed(deed) => {
                let _ = writeln!(out, "      {}", paint(HINT, &format!("> {deed}")));
            }
            Clearing::Wait => {}
        }
    }
}

fn write_summary(out: &mut String, plan: &Plan) {
    let verdict = Verdict::of_plan(plan);
    let counts = words::plan_counts(plan);
    let unchanged = plan.envelope.why.values().filter(|why| **why == Why::Unchanged).count();
    let mut summary = format!("\n  {}: {counts}", paint(colour(verdict), verdict.word()));
    if unchanged > 0 {
        let _ = write!(summary, "; {} unchanged", words::several(unchanged, "component"));
    }
    let _ = writeln!(out, "{summary}");
}
