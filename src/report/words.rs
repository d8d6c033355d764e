//! The one vocabulary: every surface says the same thing with the same words.

use std::fmt::Write as _;

use jiff::Timestamp;

use crate::ids::{ComponentId, ResourceKey};
use crate::model::change::{Action, Change, Risk};
use crate::model::plan::{Hold, HoldReason, Part, Plan};
use crate::model::review::Review;

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

/// "1 stack", "2 stacks".
pub fn several(count: usize, one: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {one}s") }
}

/// Where a change stands among others: what takes away first, what only touches marks last.
pub(super) fn severity(action: &Action) -> usize {
    VERBS.iter().position(|verb| *verb == action.verb()).unwrap_or(VERBS.len())
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

/// `kind/name`: a component inside its stack.
pub fn component(id: &ComponentId) -> String {
    visible(&format!("{}/{}", id.kind, id.name))
}

/// What a hold is on.
pub fn part(part: &Part) -> String {
    match part {
        Part::Plan => "all of it".to_owned(),
        Part::Component(id) => component(id),
        Part::Resource(id, key) => format!("{}: {}", component(id), visible(key.as_str())),
    }
}

/// Why a part is held, in one clause.
pub fn reason(reason: &HoldReason) -> String {
    match reason {
        HoldReason::NotReviewed { approvals_needed: 0, .. } => {
            "nobody has merged this plan".to_owned()
        }
        HoldReason::NotReviewed { approvals_needed, approvals } if approvals < approvals_needed => {
            let needed = several(*approvals_needed as usize, "approval");
            format!("it has {approvals} of {needed}")
        }
        HoldReason::NotReviewed { .. } => "it is approved and not merged".to_owned(),
        HoldReason::Observed { by } => format!("it is only observed: {}", visible(by)),
        HoldReason::Locked => "it is locked (`metadata.locked`)".to_owned(),
        HoldReason::Unknown { questions } => {
            format!("it waits to know {}", visible(&questions.join(", ")))
        }
        HoldReason::Dependency { on } => format!("it depends on {}, which is held", component(on)),
        HoldReason::MassDelete { deletes, deletes_max } => {
            format!("{deletes} resources would go, and the guard lets {deletes_max} go at once")
        }
        HoldReason::Protected => "what it holds would be lost for good".to_owned(),
        HoldReason::Unreadable { why } => format!("it cannot be looked at: {}", visible(why)),
        HoldReason::Foreign { owner } => format!("it belongs to {}", visible(owner)),
        HoldReason::Claimed { by } => format!("{} wants it too", visible(&by.to_string())),
        HoldReason::Unresolved { codes } => format!("it cannot be built ({})", codes.join(", ")),
        HoldReason::NotProvenGone { missing } => {
            format!("it is not proven to be gone; missing: {}", visible(missing))
        }
        HoldReason::Freeze { why, until } => {
            format!("nothing is applied until {}: {}", moment(*until), visible(why))
        }
        HoldReason::Audit { finding } => {
            format!("a check of the plan failed, a defect of Isobar: {finding}")
        }
    }
}

/// How a hold is cleared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clearing {
    /// By this command.
    Command(String),
    /// By doing this.
    Deed(String),
    /// By itself.
    Wait,
}

/// What clears a hold on `plan`.
pub fn clearing(plan: &Plan, hold: &Hold) -> Clearing {
    let deed = |text: &str| Clearing::Deed(text.to_owned());
    match &hold.reason {
        HoldReason::NotReviewed { approvals_needed, approvals } => {
            match approvals < approvals_needed {
                true => Clearing::Command(approve(plan, [])),
                false => deed("merge the pull request"),
            }
        }
        HoldReason::MassDelete { .. } => {
            let going = plan.effect().changes.iter().filter(|c| c.action.is_destructive());
            Clearing::Command(approve(plan, going.take(1).map(|change| &change.resource)))
        }
        HoldReason::Protected => match &hold.part {
            Part::Resource(_, key) => Clearing::Command(approve(plan, [key])),
            Part::Plan | Part::Component(_) => Clearing::Wait,
        },
        HoldReason::Observed { .. } => deed("set `manage: propose` there"),
        HoldReason::Locked => deed("remove `metadata.locked`"),
        HoldReason::Unreadable { .. } => deed("make the target answer; it is looked at again"),
        HoldReason::Foreign { .. } => deed("let its owner give it up"),
        HoldReason::Claimed { .. } => deed("let only one of them want it"),
        HoldReason::Unresolved { .. } => Clearing::Command("isobar check".to_owned()),
        HoldReason::NotProvenGone { .. } => deed("complete what is missing"),
        HoldReason::Audit { .. } => deed("report it with the plan as JSON"),
        HoldReason::Unknown { .. } | HoldReason::Dependency { .. } | HoldReason::Freeze { .. } => {
            Clearing::Wait
        }
    }
}

/// The command that approves a plan, and lets resources go by name.
pub fn approve<'a>(plan: &Plan, going: impl IntoIterator<Item = &'a ResourceKey>) -> String {
    let stack = shell(plan.effect().stack.as_str());
    let mut command = format!("isobar approve {stack} {}", plan.digest().short());
    for key in going {
        let _ = write!(command, " --allow-delete {}", shell(key.as_str()));
    }
    command
}

/// A text as one word of a command line.
fn shell(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    let text = visible(text);
    match !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        true => text,
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

/// Where a review stands, in the order of how much it needs somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Nothing would happen.
    NoEffect,
    /// What is shown is only observed.
    Observed,
    /// It goes ahead when it is merged, or has been.
    Ready,
    /// People have to approve it.
    NeedsApproval,
    /// Something is held for another reason than review.
    Held,
    /// The configuration is wrong.
    Invalid,
}

impl Verdict {
    /// The worst that is true of any of its plans.
    pub fn of(review: &Review) -> Self {
        let invalid = review.diagnostics.iter().any(crate::diagnostic::Diagnostic::is_error);
        let worst = review.plans.iter().map(Self::of_plan).max().unwrap_or(Self::NoEffect);
        if invalid { Self::Invalid } else { worst }
    }

    /// What is true of one plan.
    pub fn of_plan(plan: &Plan) -> Self {
        let of = |hold: &Hold| match &hold.reason {
            HoldReason::NotReviewed { approvals_needed, approvals }
                if approvals < approvals_needed =>
            {
                Self::NeedsApproval
            }
            HoldReason::NotReviewed { .. } => Self::Ready,
            HoldReason::Observed { .. } | HoldReason::Locked => Self::Observed,
            HoldReason::Unresolved { .. } => Self::Invalid,
            _ => Self::Held,
        };
        let holds = plan.envelope.holds.iter().map(of).max();
        let own = if plan.is_empty() { Self::NoEffect } else { Self::Ready };
        match holds {
            Some(Self::Observed) => Self::Observed,
            Some(worst) => worst.max(own),
            None => own,
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::NoEffect => "No effect",
            Self::Observed => "Only observed",
            Self::Ready => "Ready",
            Self::NeedsApproval => "Needs approval",
            Self::Held => "Held",
            Self::Invalid => "Invalid",
        }
    }
}

/// The text with everything that could move a cursor, hide or reorder text made visible.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match hides(c) {
            true => drop(write!(shown, "\\u{{{:x}}}", u32::from(c))),
            false => shown.push(c),
        }
    }
    shown
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
