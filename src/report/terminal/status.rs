//! How stacks stand, one line each, and what the worst of them waits for.

use std::fmt::Write as _;

use super::palette::{CHANGES, COMES, FAINT, GOES, HINT, STRONG, paint};
use crate::model::status::{StackStatus, Trouble};
use crate::report::words::{self, Clearing, State, visible};

/// All stacks, those that need somebody first.
pub fn status(stacks: &[StackStatus]) -> String {
    let mut stacks: Vec<&StackStatus> = stacks.iter().collect();
    stacks.sort_by_key(|stack| {
        (std::cmp::Reverse(State::of(stack)), stack.plan.effect().stack.clone())
    });
    let head = ["STACK", "TARGET", "STATE", "CHANGES", "LAST RUN"].map(str::to_owned);
    let rows: Vec<[String; 5]> = stacks.iter().map(|stack| row(stack)).collect();
    let widths: [usize; 5] = std::array::from_fn(|column| {
        let cells = rows.iter().chain([&head]).map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    });
    let mut out = line(&head, &widths, |_, cell| paint(FAINT, cell));
    for (stack, row) in stacks.iter().zip(&rows) {
        let style = match State::of(stack) {
            State::InSync => COMES,
            State::Observed | State::Waiting | State::Drifted => CHANGES,
            State::Held | State::Failed => GOES,
        };
        out.push_str(&line(row, &widths, |column, cell| match column {
            0 => paint(STRONG, cell),
            2 => paint(style, cell),
            _ => cell.to_owned(),
        }));
        write_reasons(&mut out, stack);
    }
    out
}

/// What is wrong with the branch, in a line of its own.
pub fn trouble(trouble: &Trouble) -> String {
    let Trouble { branch, why, since } = trouble;
    let (branch, why) = (visible(branch), visible(why));
    format!("{}, since {}: {why}\n", paint(GOES, &branch), words::moment(*since))
}

fn row(stack: &StackStatus) -> [String; 5] {
    let effect = stack.plan.effect();
    let last = stack.last.as_ref().map(|last| words::moment(last.ended_at));
    [
        visible(effect.stack.as_str()),
        effect.target.to_string(),
        State::of(stack).word().to_owned(),
        words::plan_counts(&stack.plan),
        last.unwrap_or_else(|| "never".to_owned()),
    ]
}

fn line(cells: &[String; 5], widths: &[usize; 5], dress: impl Fn(usize, &str) -> String) -> String {
    let mut out = String::new();
    for (column, (cell, width)) in cells.iter().zip(widths).enumerate() {
        let blanks = if column + 1 < cells.len() { width + 2 - cell.chars().count() } else { 0 };
        let _ = write!(out, "{}{:blanks$}", dress(column, cell), "");
    }
    out.push('\n');
    out
}

/// Why a stack is not as it should be: what failed, what is unwell, what is held.
fn write_reasons(out: &mut String, stack: &StackStatus) {
    if let Some(last) = stack.last.as_ref().filter(|last| !last.is_done()) {
        let _ = writeln!(out, "  last run: {}", words::outcome(last));
    }
    if let Some((id, health)) = stack.worst_health()
        && let Some(health) = words::health(health)
    {
        let _ = writeln!(out, "  {}: {health}", words::component(id));
    }
    for hold in &stack.plan.envelope.holds {
        let part = words::part(&hold.part);
        let _ = write!(out, "  {part}: {}", words::reason(&hold.reason));
        match words::clearing(&stack.plan, hold) {
            Clearing::Command(command) => {
                let _ = write!(out, "  {}", paint(HINT, &format!("$ {command}")));
            }
            Clearing::Deed(deed) => {
                let _ = write!(out, "  {}", paint(HINT, &format!("> {deed}")));
            }
            Clearing::Wait => {}
        }
        out.push('\n');
    }
}
