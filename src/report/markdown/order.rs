//! In which order the components of a stack follow each other: as a list, and where the forge
//! draws diagrams, as one.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::escape::{code, fence};
use super::{Detail, Limits};
use crate::ids::ComponentId;
use crate::model::plan::Effect;
use crate::report::words::{component, several};

/// Most components of a diagram: more boxes than this nobody reads on a phone, and at most 25 * 24
/// / 2 = 300 arrows stay below the 500 that forges draw.
const NODES_MAX: usize = 25;

/// Most components in the list.
const LISTED_MAX: usize = 60;

/// A component in the order. What goes at the end is another node than what is made before.
type Node<'a> = (&'a ComponentId, bool);

/// What follows what.
struct Order<'a> {
    nodes: Vec<Node<'a>>,
    /// For each node those it comes directly after, by index.
    after: Vec<BTreeSet<usize>>,
    /// How many nodes come before each, along the longest way.
    wave: Vec<usize>,
}

/// The order as a fold, if anything has to wait for anything.
pub(super) fn write(out: &mut String, effect: &Effect, limits: &Limits, detail: Detail) {
    let order = Order::of(effect);
    let waves = order.waves();
    if waves.len() < 2 {
        return;
    }
    let summary = format!("Order: {} in {}", several(order.nodes.len(), "part"), {
        several(waves.len(), "wave")
    });
    let _ = match limits.folds {
        true => writeln!(out, "<details><summary>{summary}</summary>\n"),
        false => writeln!(out, "{summary}\n"),
    };
    let mut listed = 0;
    for (at, wave) in waves.iter().enumerate() {
        let room = LISTED_MAX.saturating_sub(listed);
        if room == 0 {
            let _ = writeln!(out, "\nand {}", several(waves.len() - at, "more wave"));
            break;
        }
        let names: Vec<_> = wave.iter().take(room).map(|node| code(&name(node))).collect();
        let more = match wave.len().saturating_sub(room) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let _ = writeln!(out, "{}. {}{more}", at + 1, names.join(", "));
        listed += wave.len();
    }
    out.push('\n');
    if limits.diagrams && order.nodes.len() <= NODES_MAX && detail < Detail::Changes {
        out.push_str(&fence("mermaid", &order.diagram()));
        out.push('\n');
    }
    if limits.folds {
        out.push_str("</details>\n\n");
    }
}

impl<'a> Order<'a> {
    /// The steps of each component as one node.
    fn of(effect: &'a Effect) -> Self {
        let goes = |at: usize| {
            let mut changes = effect.steps[at].changes.iter();
            changes.all(|&change| effect.changes[change].action.is_destructive())
        };
        let node = |at: usize| (&effect.steps[at].component, goes(at));
        let mut nodes: Vec<Node<'_>> = Vec::new();
        let mut index: BTreeMap<Node<'_>, usize> = BTreeMap::new();
        for at in 0..effect.steps.len() {
            index.entry(node(at)).or_insert_with(|| {
                nodes.push(node(at));
                nodes.len() - 1
            });
        }
        let mut after = vec![BTreeSet::new(); nodes.len()];
        for (at, step) in effect.steps.iter().enumerate() {
            let here = index[&node(at)];
            let before = step.after.iter().map(|&before| index[&node(before)]);
            // A node stands behind what it waits for; several steps of one may interlock.
            after[here].extend(before.filter(|&before| before < here));
        }
        let mut wave = vec![0; nodes.len()];
        for here in 0..nodes.len() {
            let before = after[here].iter().map(|&before| wave[before] + 1);
            wave[here] = before.max().unwrap_or(0);
        }
        Self { nodes, after, wave }.reduced()
    }

    /// Without what follows from the rest.
    fn reduced(mut self) -> Self {
        let mut all: Vec<BTreeSet<usize>> = Vec::new();
        for here in 0..self.nodes.len() {
            let direct = self.after[here].clone();
            let beyond: BTreeSet<usize> =
                direct.iter().flat_map(|&before| all[before].iter().copied()).collect();
            self.after[here].retain(|before| !beyond.contains(before));
            all.push(direct.union(&beyond).copied().collect());
        }
        self
    }

    fn waves(&self) -> Vec<Vec<Node<'a>>> {
        let mut waves: BTreeMap<usize, Vec<Node<'a>>> = BTreeMap::new();
        for (at, node) in self.nodes.iter().enumerate() {
            waves.entry(self.wave[at]).or_default().push(*node);
        }
        waves.into_values().collect()
    }

    fn diagram(&self) -> String {
        let mut out = "flowchart LR\n".to_owned();
        for (at, node) in self.nodes.iter().enumerate() {
            let _ = writeln!(out, "  n{at}[\"{}\"]", plain(&name(node)));
        }
        for (at, after) in self.after.iter().enumerate() {
            for before in after {
                let _ = writeln!(out, "  n{before} --> n{at}");
            }
        }
        out
    }
}

fn name((id, goes): &Node<'_>) -> String {
    format!("{}{}", component(id), if *goes { " (goes)" } else { "" })
}

/// The text as a label: whatever could end it or mean something in a diagram is a dot. The list
/// above has the names as they are.
fn plain(text: &str) -> String {
    let keeps = |c: char| c.is_alphanumeric() || "/-_. ()".contains(c);
    text.chars().map(|c| if keeps(c) { c } else { '\u{b7}' }).collect()
}

#[cfg(test)]
mod tests;
