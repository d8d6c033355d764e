//! Why something waits, and what clears it.

use std::fmt::Write as _;

use super::{component, moment, several, visible};
use crate::ids::ResourceKey;
use crate::model::plan::{Hold, HoldReason, Part, Plan};
use crate::model::revision::Revision;

/// What a hold is on.
pub fn part(part: &Part) -> String {
    match part {
        Part::Plan => "all of it".to_owned(),
        Part::Component(id) => component(id),
        Part::Resource(_, key) => visible(key.as_str()),
    }
}

/// Why a part is held, in one clause.
pub fn reason(reason: &HoldReason) -> String {
    match reason {
        HoldReason::NotReviewed { approvals_needed: 0, because, .. } => {
            format!("nobody has merged or approved this plan{}", clause(because.as_deref()))
        }
        HoldReason::NotReviewed { approvals_needed, approvals, because }
            if approvals < approvals_needed =>
        {
            let needed = several(*approvals_needed as usize, "approval");
            format!("it has {approvals} of {needed}{}", clause(because.as_deref()))
        }
        HoldReason::NotReviewed { .. } => "it is approved and not merged".to_owned(),
        HoldReason::Observed { by } => format!("it is only observed: {}", visible(by)),
        HoldReason::Locked => "it is locked (`metadata.locked`)".to_owned(),
        HoldReason::Unknown { questions } => {
            format!("it waits to know {}", visible(&questions.join(", ")))
        }
        HoldReason::Dependency { on } => format!("it depends on {}, which is held", component(on)),
        HoldReason::Unwell { on, resource, why, .. } => {
            let on = resource.as_ref().map_or_else(|| component(on), ToString::to_string);
            format!("it waits for {on} to do well, which is {}", visible(why))
        }
        HoldReason::MassDelete { deletes, deletes_max } => {
            let deletes = several(*deletes, "resource");
            format!("{deletes} would go, and the guard lets {deletes_max} go at once")
        }
        HoldReason::Protected => "what it holds would be lost for good".to_owned(),
        HoldReason::Unreadable { why } => format!("it cannot be looked at: {}", visible(why)),
        HoldReason::Refused { why } => format!("the target refuses it: {}", visible(why)),
        HoldReason::Ambiguous { why } => {
            format!("it stays as it is, lest a password changes: {}", visible(why))
        }
        HoldReason::Foreign { owner } => format!("it belongs to {}", visible(owner)),
        HoldReason::Claimed { by } => format!("{} wants it too", visible(&by.to_string())),
        HoldReason::Unresolved { codes } => format!("it cannot be built ({})", codes.join(", ")),
        HoldReason::NotProvenGone { missing } => {
            format!("it is not proven to be gone; missing: {}", visible(missing))
        }
        HoldReason::Moving { to } => {
            format!("it stays until the stack is as it should be at {to}")
        }
        HoldReason::Freeze { why, until } => {
            format!("nothing is applied until {}: {}", moment(*until), visible(why))
        }
        HoldReason::Audit { finding } => {
            format!("a check of the plan failed, a defect of Isobar: {finding}")
        }
    }
}

fn clause(because: Option<&str>) -> String {
    because.map(|because| format!("; {}", visible(because))).unwrap_or_default()
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

/// Most resources that a proposed command names: more belong into a list somebody thinks about.
const NAMED_MAX: usize = 3;

/// What clears a hold on `plan`.
pub fn clearing(plan: &Plan, hold: &Hold) -> Clearing {
    let deed = |text: &str| Clearing::Deed(text.to_owned());
    match &hold.reason {
        HoldReason::NotReviewed { approvals_needed, approvals, .. } => {
            let on_pull = matches!(plan.envelope.revision, Revision::Merge { .. });
            match approvals < approvals_needed {
                true if on_pull => deed("approve the pull request"),
                true => Clearing::Command(approve(plan, [])),
                // What is on the branch already cannot be merged.
                false if !on_pull && *approvals_needed == 0 => Clearing::Command(approve(plan, [])),
                false => deed("merge the pull request"),
            }
        }
        HoldReason::MassDelete { deletes, deletes_max } => {
            let going = plan.effect().changes.iter().filter(|c| c.action.is_destructive());
            let named =
                going.take(deletes.saturating_sub(*deletes_max)).map(|change| &change.resource);
            match deletes.saturating_sub(*deletes_max) <= NAMED_MAX {
                true => Clearing::Command(approve(plan, named)),
                false => deed("name each with `--allow-delete` when approving, if it is meant"),
            }
        }
        HoldReason::Protected => match &hold.part {
            Part::Resource(_, key) => Clearing::Command(approve(plan, [key])),
            Part::Plan | Part::Component(_) => Clearing::Wait,
        },
        HoldReason::Observed { .. } => deed("set `manage: propose` there"),
        HoldReason::Locked => deed("remove `metadata.locked`"),
        HoldReason::Unreadable { .. } => deed("make the target answer; it is looked at again"),
        HoldReason::Refused { .. } => deed("ask for what the target takes; until then all stays"),
        HoldReason::Ambiguous { .. } => {
            deed("say it in `values` as it is there, so that the chart does not make it up")
        }
        HoldReason::Foreign { .. } => deed("let its owner give it up"),
        HoldReason::Claimed { .. } => deed("let only one of them want it"),
        HoldReason::Unresolved { .. } => match &plan.envelope.revision {
            // With the answers that it was planned with, which `isobar check` asks nobody for.
            revision @ Revision::Commit(_) => {
                let stack = shell(plan.effect().stack.as_str());
                Clearing::Command(format!("isobar plan {stack} --rev {revision}"))
            }
            Revision::Merge { .. } | Revision::Folder(_) => {
                deed("mend the mistakes that are told with the plan")
            }
        },
        HoldReason::NotProvenGone { .. } => {
            deed("mend what cannot be read; if it is meant to go, delete it by hand")
        }
        HoldReason::Audit { .. } => deed("report it with the plan as JSON"),
        HoldReason::Unwell { progressing: false, .. } => {
            deed("make it do well; it is looked at again")
        }
        HoldReason::Unknown { .. }
        | HoldReason::Unwell { .. }
        | HoldReason::Dependency { .. }
        | HoldReason::Moving { .. }
        | HoldReason::Freeze { .. } => Clearing::Wait,
    }
}

/// The command that approves a plan, and lets resources go by name. What a folder says is applied by
/// whoever approves it.
pub fn approve<'a>(plan: &Plan, going: impl IntoIterator<Item = &'a ResourceKey>) -> String {
    let stack = shell(plan.effect().stack.as_str());
    let mut command = match plan.envelope.revision {
        Revision::Folder(_) => format!("isobar apply --local {stack}"),
        _ => format!("isobar approve {stack} {}", plan.digest().short()),
    };
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
