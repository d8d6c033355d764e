//! The plan comment: the answer in its first two lines, what goes first, everything else below.
//!
//! It is one comment from the first plan to the last outcome, and says at every moment what is
//! true then.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::escape::{code, fence, prose};
use super::{Detail, Limits, earlier, marker, progress, stack};
use crate::diagnostic::Severity;
use crate::model::change::{Cause, Risk};
use crate::model::plan::{Hold, HoldReason, Part, Plan};
use crate::model::review::{Progress, Review};
use crate::model::revision::Revision;
use crate::report::cause;
use crate::report::words::{self, Clearing, Verdict, counts, several, visible};

/// Most rows of the table; the rest is counted.
const ROWS_MAX: usize = 50;

/// Most resources that are named as going.
const GOING_MAX: usize = 10;

/// Most holds and most diagnostics: those of a broken repository repeat themselves.
const LISTED_MAX: usize = 20;

/// Most commands that are proposed.
const COMMANDS_MAX: usize = 3;

/// The comment for a review, with as much detail as fits.
///
/// The same review gives the same bytes, so that saying it again changes nothing.
pub fn comment(review: &Review, limits: &Limits) -> String {
    let fits = |text: &String| text.len() <= limits.characters_max;
    let still = undone(review);
    let texts = Detail::LADDER.into_iter().map(|detail| compose(review, &still, limits, detail));
    let mut last = String::new();
    for text in texts {
        if fits(&text) {
            return text;
        }
        last = text;
    }
    last
}

/// `still` is the review of what is still to be decided about.
fn compose(review: &Review, still: &Review, limits: &Limits, detail: Detail) -> String {
    let mut out = marker("plan", &review.scope);
    out.push('\n');
    write_verdict(&mut out, review, detail);
    if detail < Detail::Verdict {
        write_alert(&mut out, still, limits);
        if let Some(pull) = &review.pull {
            earlier::write(&mut out, pull, limits);
        }
        write_identity(&mut out, review);
        write_causes(&mut out, still);
        write_table(&mut out, review);
        write_diagnostics(&mut out, review);
        progress::write(&mut out, review);
        let next = next(still);
        write_holds(&mut out, still, &next);
        write_next(&mut out, &next);
    }
    if detail < Detail::Counts {
        for plan in words::plans_by_severity(review) {
            let is_open = !review.since.contains_key(&plan.digest());
            stack::write(&mut out, plan, is_open, limits, detail);
        }
    }
    write_footer(&mut out, review, detail);
    out
}

fn write_verdict(out: &mut String, review: &Review, detail: Detail) {
    let sign = match Verdict::of(review) {
        Verdict::NoEffect
        | Verdict::Settled
        | Verdict::Applied
        | Verdict::Ready
        | Verdict::Approved => "\u{2705}",
        Verdict::Observed => "\u{1f440}",
        Verdict::Applying => "\u{23f3}",
        Verdict::Deviated | Verdict::Stale => "\u{26a0}\u{fe0f}",
        Verdict::NeedsApproval => "\u{270b}",
        Verdict::Held | Verdict::Failed | Verdict::Invalid => "\u{26d4}",
    };
    let _ = writeln!(out, "### {sign} {}\n", words::headline(review));
    if let Some(answer) = words::answer(review).filter(|_| detail < Detail::Verdict) {
        let _ = writeln!(out, "{}\n", prose(&answer));
    }
}

/// What is still to be decided about: plans of which nothing has begun, and in place of the others
/// what their stacks ask for now.
fn undone(review: &Review) -> Review {
    let still = |plan: &Plan| match review.since.get(&plan.digest()) {
        None => Some(plan.clone()),
        Some(since) => since.left.clone(),
    };
    let plans = review.plans.iter().filter_map(still).collect();
    Review { plans, since: BTreeMap::new(), ..review.clone() }
}

/// One box, and only when it matters: what goes, or what the apply would put back.
fn write_alert(out: &mut String, review: &Review, limits: &Limits) {
    let changes = words::decided(review);
    let drifted = changes.iter().filter(|change| change.cause == Cause::Drift).count();
    let mut going = changes;
    going.retain(|change| change.action.is_destructive());
    going.sort_by_key(|change| std::cmp::Reverse(change.risk));
    let lost = going.iter().filter(|change| change.risk == Risk::DataLoss).count();
    let mut lines = Vec::new();
    let kind = match (going.len(), drifted) {
        (1.., _) => {
            let what = match (going.len(), lost) {
                (count, 0) => several(count, "resource") + if count == 1 { " goes" } else { " go" },
                (1, _) => "1 resource goes, and what it holds is lost".to_owned(),
                (count, lost) if count == lost => {
                    format!("{count} resources go, and what they hold is lost")
                }
                (count, lost) => {
                    format!("{count} resources go, and what {lost} of them hold is lost")
                }
            };
            lines.push(format!("**{what}:**"));
            lines.extend(going.iter().take(GOING_MAX).map(|change| {
                let risk = match change.risk {
                    Risk::DataLoss => " (data loss)",
                    Risk::Disruptive | Risk::Reversible => "",
                };
                let resource = code(change.resource.as_str());
                let stack = code(change.component.stack.as_str());
                format!("- {} {resource} in {stack}{risk}", change.action.verb())
            }));
            if going.len() > GOING_MAX {
                lines.push(format!("- and {} more", going.len() - GOING_MAX));
            }
            "CAUTION"
        }
        (0, 1..) => {
            let changes = several(drifted, "change");
            lines.push(format!("{changes} would put back what somebody changed at the target."));
            "WARNING"
        }
        (0, 0) => return,
    };
    if limits.alerts {
        let _ = writeln!(out, "> [!{kind}]");
    }
    for line in lines {
        let _ = writeln!(out, "> {line}");
    }
    out.push('\n');
}

/// What was planned, and when it was looked at.
fn write_identity(out: &mut String, review: &Review) {
    let observed = review.plans.iter().map(|plan| plan.envelope.observed_at).min();
    let mut parts = Vec::new();
    if let Some(pull) = &review.pull {
        let (head, base) = (earlier::short(&pull.head), earlier::short(&pull.base));
        parts.push(match &pull.merged {
            None => format!("{head} onto {base}"),
            Some(merge) => format!("{head} merged as {}", earlier::short(merge)),
        });
    }
    let ended = review.since.values().filter_map(|since| match &since.progress {
        Progress::Ended(outcome) => Some(outcome.ended_at),
        Progress::Applying { .. } | Progress::Replaced => None,
    });
    let applies = Verdict::of(review) == Verdict::Applying;
    match is_merged(review) {
        true if applies => {}
        false => parts.extend(observed.map(|at| format!("observed {}", words::moment(at)))),
        true => parts.extend(ended.max().map(|at| format!("ended {}", words::moment(at)))),
    }
    parts.push(format!("agent {}", code(review.scope.agent.as_str())));
    let _ = writeln!(out, "{}\n", parts.join(" \u{b7} "));
}

fn write_causes(out: &mut String, review: &Review) {
    let causes = cause::all(review);
    for cause in &causes {
        let _ = writeln!(out, "- {}", cause.sentence(code));
    }
    if !causes.is_empty() {
        out.push('\n');
    }
}

/// One row for each stack, the worst first.
fn write_table(out: &mut String, review: &Review) {
    let plans = words::plans_by_severity(review);
    if !plans.is_empty() {
        out.push_str("| Stack | Changes | Risk | State | Plan |\n|---|---|---|---|---|\n");
    }
    for plan in plans.iter().take(ROWS_MAX) {
        let effect = plan.effect();
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            code(effect.stack.as_str()),
            words::plan_counts(plan),
            plan.risk().and_then(words::risk).unwrap_or("reversible"),
            words::stands(review, plan),
            code(&plan.digest().short()),
        );
    }
    let rest = plans.len().saturating_sub(ROWS_MAX);
    if rest > 0 {
        let changes = plans.iter().skip(ROWS_MAX).flat_map(|plan| &plan.effect().changes);
        let _ = writeln!(out, "\nand {} with {}", several(rest, "more stack"), counts(changes));
    }
    let unchanged = review.unchanged_stacks.len();
    if unchanged > 0 {
        let gap = if plans.is_empty() { "" } else { "\n" };
        let _ = writeln!(out, "{gap}{} unchanged", several(unchanged, "stack"));
    }
    if !plans.is_empty() || unchanged > 0 {
        out.push('\n');
    }
}

fn write_diagnostics(out: &mut String, review: &Review) {
    if review.diagnostics.is_empty() {
        return;
    }
    out.push_str("**What is wrong with the configuration**\n\n");
    for diagnostic in review.diagnostics.iter().take(LISTED_MAX) {
        let severity = match diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let place = code(&diagnostic.span.to_string());
        let _ = writeln!(
            out,
            "- {place} {severity} ({}): {}",
            code(diagnostic.code.as_str()),
            prose(&diagnostic.message)
        );
        let _ = writeln!(out, "  {}", prose(diagnostic.advice()));
    }
    if review.diagnostics.len() > LISTED_MAX {
        let _ = writeln!(out, "- and {} more", review.diagnostics.len() - LISTED_MAX);
    }
    out.push('\n');
}

/// Why something waits, and what clears it. What the answer has said of all plans is not said of
/// each again, and a command that comes next does not stand here, too.
fn write_holds(out: &mut String, still: &Review, next: &[String]) {
    let is_said =
        matches!(Verdict::of(still), Verdict::NeedsApproval | Verdict::Approved | Verdict::Ready);
    let is_news = |plan: &Plan, hold: &Hold| match hold.reason {
        HoldReason::NotReviewed { because: None, .. } if is_said => {
            !matches!(plan.envelope.revision, Revision::Merge { .. })
        }
        _ => true,
    };
    let mut lines = Vec::new();
    for plan in words::plans_by_severity(still) {
        let holds = plan.envelope.holds.iter().filter(|hold| is_news(plan, hold));
        lines.extend(holds.map(|hold| hold_line(plan, hold, next)));
        if is_merged(still) && plan.envelope.holds.is_empty() {
            let stack = code(plan.effect().stack.as_str());
            lines.push(format!("{stack}: nothing holds it; it is applied by itself"));
        }
    }
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(out, "**{}**\n", if is_merged(still) { "What to do now" } else { "Held" });
    for line in lines.iter().take(LISTED_MAX) {
        let _ = writeln!(out, "- {line}");
    }
    if lines.len() > LISTED_MAX {
        let _ = writeln!(out, "- and {} more", lines.len() - LISTED_MAX);
    }
    out.push('\n');
}

fn hold_line(plan: &Plan, hold: &Hold, next: &[String]) -> String {
    let stack = code(plan.effect().stack.as_str());
    let part = match &hold.part {
        Part::Plan => String::new(),
        part => format!(" {}", code(&words::part(part))),
    };
    let clearing = match words::clearing(plan, hold) {
        Clearing::Command(command) if next.contains(&command) => " \u{2192} below".to_owned(),
        Clearing::Command(command) => format!(" \u{2192} {}", code(&command)),
        Clearing::Deed(deed) => format!(" \u{2192} {}", prose(&deed)),
        Clearing::Wait => String::new(),
    };
    format!("{stack}{part}: {}{clearing}", prose(&words::reason(&hold.reason)))
}

/// What can be done now: commands that clear holds.
fn next(still: &Review) -> Vec<String> {
    let holds = still
        .plans
        .iter()
        .flat_map(|plan| plan.envelope.holds.iter().map(move |hold| words::clearing(plan, hold)));
    let commands: BTreeSet<String> = holds
        .filter_map(|clearing| match clearing {
            Clearing::Command(command) => Some(command),
            Clearing::Deed(_) | Clearing::Wait => None,
        })
        .collect();
    commands.into_iter().take(COMMANDS_MAX).collect()
}

fn write_next(out: &mut String, next: &[String]) {
    if !next.is_empty() {
        out.push_str(&fence("", &visible_lines(next)));
        out.push('\n');
    }
}

fn is_merged(review: &Review) -> bool {
    review.pull.as_ref().is_some_and(|pull| pull.merged.is_some())
}

fn visible_lines(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{}\n", visible(line))).collect()
}

fn write_footer(out: &mut String, review: &Review, detail: Detail) {
    if let Some(omission) = detail.omission() {
        let _ = writeln!(
            out,
            "Left out for length: {omission}. All of it: `isobar plan --json` at this commit.\n"
        );
    }
    if review.plans.is_empty() || is_merged(review) {
        return;
    }
    out.push_str(
        "<sub>An approval is for these plans as they are. A stack whose plan changes asks again; \
         the others keep their approval.</sub>\n",
    );
}
