//! The one vocabulary: every surface says the same thing with the same words.

mod answer;
mod ends;
mod holds;
mod verdict;
mod why_not;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;

use crate::ids::ComponentId;
use crate::model::change::{Action, Cause, Change, FieldChange, Risk};
use crate::model::desired::{Explained, Reach};
use crate::model::files::Files;
use crate::model::plan::{Kept, Plan};
use crate::model::review::Review;
use crate::model::value::{APPEND, Node};

pub use answer::{answer, few, headline, stands};
pub use ends::{deviation, deviations, health, outcome, step_end, stopped};
pub use holds::{Clearing, approve, clearing, part, reason};
pub use verdict::{State, Verdict};
pub use why_not::why_not;

/// The order in which actions are counted: what takes away comes first.
const VERBS: [&str; 8] =
    ["delete", "replace", "update", "create", "adopt", "move", "forget", "keep"];

/// "1 delete, 2 update": what takes away first, nothing that is not there.
pub fn counts<'a>(changes: impl IntoIterator<Item = &'a Change>) -> String {
    let mut counts = [0_usize; VERBS.len()];
    for change in changes {
        let at = VERBS.iter().position(|verb| *verb == change.action.verb());
        at.into_iter().for_each(|at| counts[at] += 1);
    }
    let said: Vec<_> = VERBS
        .iter()
        .zip(counts)
        .filter(|(_, count)| *count > 0)
        .map(|(verb, count)| format!("{count} {verb}"))
        .collect();
    if said.is_empty() { "no changes".to_owned() } else { said.join(", ") }
}

/// How a layer came to say something.
pub fn reach(reach: &Reach) -> String {
    match reach {
        Reach::Global => "global".to_owned(),
        Reach::Kind => "for its kind".to_owned(),
        Reach::Base(name) => format!("base {}", visible(name.as_str())),
        Reach::Own => "its own".to_owned(),
        Reach::Override => "override".to_owned(),
        Reach::Rendered => "rendered".to_owned(),
        Reach::Derived(rule) => format!("by the rule: {rule}"),
    }
}

/// The same for a layer at one path, where `below` is what the layers under it say there, lowest
/// precedence first: what a computed value was computed from.
/// And a list that was to continue another and is an ordinary one says why.
pub fn reach_over(reached: &Reach, said: &Explained, below: &[Explained], files: &Files) -> String {
    let source = |said: &Explained| match (said.value.function(), &said.value.node) {
        (_, Node::Raw(raw)) if raw.text.contains("{{") => {
            Some("by the template below it".to_owned())
        }
        (Some((tag, _)), _) => Some(format!("by the function `{}`", visible(tag))),
        _ => None,
    };
    let is_list = |said: &Explained| said.value.as_list().or(said.value.appended()).is_some();
    match reached {
        Reach::Rendered => below.iter().rev().find_map(source).unwrap_or_else(|| reach(reached)),
        _ if said.value.as_list().is_some() && files.has_tag(said.value.origin, APPEND) => {
            format!("{}, its `{APPEND}` used up: the files below it have no list", reach(reached))
        }
        // What continues a list leaves that in the value.
        _ if said.wins
            && said.value.appended().is_some()
            && below.iter().any(is_list)
            && !below.iter().any(|said| is_list(said) && said.wins) =>
        {
            format!("{}, its `{APPEND}` used up: its stage has no other list", reach(reached))
        }
        _ => reach(reached),
    }
}

/// The places of the values that a template made of what is said, while its file was read.
pub fn made_of(said: &Explained, files: &Files) -> Vec<String> {
    let places = files.made_of(said.value.origin);
    places.into_iter().filter_map(|at| Some(visible(&files.span(at)?.to_string()))).collect()
}

/// "1 stack", "2 stacks", "2 repositories".
pub fn several(count: usize, one: &str) -> String {
    match (count, one.strip_suffix('y')) {
        (1, _) => format!("1 {one}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        (_, None) => format!("{count} {one}s"),
    }
}

/// Where a change stands among others: what takes away first, then what costs most, and what only
/// touches marks last.
fn severity(change: &Change) -> (bool, std::cmp::Reverse<Risk>, usize) {
    let at = VERBS.iter().position(|verb| *verb == change.action.verb());
    let at = at.unwrap_or(VERBS.len());
    (!change.action.is_destructive(), std::cmp::Reverse(change.risk), at)
}

/// Changes by component: the component that loses most first, and in it what goes first.
pub fn by_severity(changes: &[Change]) -> Vec<(&ComponentId, Vec<&Change>)> {
    let mut by_component: BTreeMap<&ComponentId, Vec<&Change>> = BTreeMap::new();
    for change in changes {
        by_component.entry(&change.component).or_default().push(change);
    }
    let mut groups: Vec<_> = by_component.into_iter().collect();
    for (_, changes) in &mut groups {
        changes.sort_by_key(|change| severity(change));
    }
    groups.sort_by_cached_key(|(_, changes)| changes.first().map(|change| severity(change)));
    groups
}

/// What is said of a change behind its name: risk, drift, whose it was.
pub fn notes(change: &Change) -> String {
    let mut notes: Vec<String> = risk(change.risk).map(str::to_owned).into_iter().collect();
    if change.cause == Cause::Drift {
        notes.push("drift".to_owned());
    }
    if change.action == Action::Update && change.fields.is_empty() {
        let until_now = if change.cause == Cause::Drift { "again" } else { "from now on" };
        notes.push(format!("nothing in it changes, its fields are owned {until_now}"));
    }
    if let Action::Move { from } = &change.action {
        notes.push(format!("from {}", visible(&from.to_string())));
    }
    notes.join(", ")
}

/// The plans, those that need a look first at the head: what is lost, then what is held.
pub fn plans_by_severity(review: &Review) -> Vec<&Plan> {
    let mut plans: Vec<&Plan> = review.plans.iter().collect();
    plans.sort_by_key(|plan| {
        let verdict = Verdict::of_shown(review, plan);
        std::cmp::Reverse((verdict != Verdict::Observed, plan.risk(), verdict))
    });
    plans
}

/// The changes that somebody decides about: those of stacks that are only observed count only
/// where there are no others.
pub fn decided(review: &Review) -> Vec<&Change> {
    let acting = |plan: &&Plan| Verdict::of_plan(plan) != Verdict::Observed;
    let any = review.plans.iter().any(|plan| acting(&plan));
    let plans = review.plans.iter().filter(|plan| !any || acting(plan));
    plans
        .flat_map(|plan| match plan.effect().acted_on() {
            (acted, shown) if acted.is_empty() => shown,
            (acted, _) => acted,
        })
        .collect()
}

/// What a plan does, and what it only shows: "7 update (3 create not acted on)".
pub fn plan_counts(plan: &Plan) -> String {
    let (acted, shown) = plan.effect().acted_on();
    match (acted.is_empty(), shown.is_empty()) {
        (_, true) => counts(acted),
        (true, false) => counts(shown),
        (false, false) => format!("{} ({} not acted on)", counts(acted), counts(shown)),
    }
}

/// What it would cost to be wrong, if it is worth a word.
pub fn risk(risk: Risk) -> Option<&'static str> {
    match risk {
        Risk::Reversible => None,
        Risk::Disruptive => Some("disruptive"),
        Risk::DataLoss => Some("data loss"),
    }
}

/// A moment, to the second, in UTC.
pub fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// What is said over fields that stay as they are.
pub const KEPT: &str = "Kept as it is there, made up by the chart";

/// Most fields that are named as staying as they are.
const KEPT_MAX: usize = 20;

/// The fields that stay as they are there, each with its resource; the rest is counted.
pub fn kept(plan: &Plan) -> Vec<String> {
    let all = &plan.envelope.kept;
    let one = |kept: &Kept| visible(&format!("{} {}", kept.resource, kept.field));
    let mut told: Vec<_> = all.iter().take(KEPT_MAX).map(one).collect();
    if all.len() > KEPT_MAX {
        told.push(format!("and {}", several(all.len() - KEPT_MAX, "more field")));
    }
    told
}

/// `kind/name`: a component inside its stack.
pub fn component(id: &ComponentId) -> String {
    visible(&format!("{}/{}", id.kind, id.name))
}

/// Where a field's difference comes from: the place that asks for it, who else has written what is
/// there, and that nobody wrote what will be.
pub fn origin(field: &FieldChange) -> Option<String> {
    let mut words = String::new();
    if let Some(at) = &field.origin {
        push_visible(&mut words, &at.file);
        let _ = write!(words, ":{}", at.start.line);
    }
    let next = |words: &mut String| words.push_str(if words.is_empty() { "" } else { ", " });
    if let Some(writer) = &field.writer {
        next(&mut words);
        words.push_str("written by ");
        push_visible(&mut words, writer);
    }
    if field.made_up {
        next(&mut words);
        words.push_str("made up once, and kept");
    }
    (!words.is_empty()).then_some(words)
}

/// The text with everything that could move a cursor, hide or reorder text made visible.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    push_visible(&mut shown, text);
    shown
}

/// The same at the end of `out`.
pub fn push_visible(out: &mut String, text: &str) {
    if is_visible(text) {
        out.push_str(text);
        return;
    }
    for c in text.chars() {
        match hides(c) {
            true => drop(write!(out, "\\u{{{:x}}}", u32::from(c))),
            false => out.push(c),
        }
    }
}

/// Whether nothing in the text is anything but what it looks like.
fn is_visible(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~'))
}

/// Control characters, and those that change the direction of text or have no width.
fn hides(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests;
