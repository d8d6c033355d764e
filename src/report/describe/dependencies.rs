//! What components depend on, and what depends on them.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::affected::{DEPENDENTS_MAX, TooMany};
use super::shown::Shown;
use crate::ids::ComponentId;
use crate::model::desired::{Component, Desired, Presence};
use crate::report::words::visible;

/// Which way dependencies are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Both ways.
    Both,
    /// What a component depends on.
    Forward,
    /// What depends on it.
    Reverse,
}

impl Direction {
    fn sides(self) -> impl Iterator<Item = Side> {
        let forward = (self != Self::Reverse).then_some(Side::DependsOn);
        forward.into_iter().chain((self != Self::Forward).then_some(Side::RequiredBy))
    }
}

/// One way to look.
#[derive(Debug, Clone, Copy)]
enum Side {
    DependsOn,
    RequiredBy,
}

/// Which component names which, sorted by stack and name.
#[derive(Default)]
struct Edges<'d> {
    depends_on: BTreeMap<&'d ComponentId, Vec<&'d ComponentId>>,
    required_by: BTreeMap<&'d ComponentId, Vec<&'d ComponentId>>,
}

impl<'d> Edges<'d> {
    fn new(desired: &'d Desired) -> Self {
        let mut edges = Self::default();
        for one in desired.components().filter(|one| one.presence != Presence::Abstract) {
            for on in one.dependencies.iter().filter_map(|that| desired.component(&that.on)) {
                edges.depends_on.entry(&one.id).or_default().push(&on.id);
                edges.required_by.entry(&on.id).or_default().push(&one.id);
            }
        }
        for ids in edges.depends_on.values_mut().chain(edges.required_by.values_mut()) {
            ids.sort_unstable();
            ids.dedup();
        }
        edges
    }

    fn of(&self, side: Side, id: &ComponentId) -> &[&'d ComponentId] {
        let edges = match side {
            Side::DependsOn => &self.depends_on,
            Side::RequiredBy => &self.required_by,
        };
        edges.get(id).map(Vec::as_slice).unwrap_or_default()
    }
}

/// What each of `tops` names itself, and what names it.
pub fn dependencies<'d>(
    desired: &'d Desired,
    tops: &[&'d Component],
    direction: Direction,
) -> Shown<'d> {
    let edges = Edges::new(desired);
    let reference = |id: &'d ComponentId| {
        let entries = [("component", id.name.as_str()), ("stack", id.stack.as_str())];
        Shown::map(entries.map(|(key, text)| (key, Shown::text(text))))
    };
    let row = |one: &&'d Component| {
        let Shown::Map(mut row) = reference(&one.id) else { return Shown::Null };
        for side in direction.sides() {
            let ids = edges.of(side, &one.id).iter().map(|id| reference(id)).collect();
            row.insert(side.key().into(), Shown::List(ids));
        }
        Shown::Map(row)
    };
    Shown::List(tops.iter().map(row).collect())
}

/// The same to any depth, as a tree for people. Dependencies in a ring do not resolve, so this ends;
/// what is shared is drawn below each that shares it.
pub fn dependency_tree(
    desired: &Desired,
    tops: &[&Component],
    direction: Direction,
) -> Result<String, TooMany> {
    let mut drawing =
        Drawing { edges: Edges::new(desired), left: DEPENDENTS_MAX, text: String::new() };
    for one in tops {
        let _ = writeln!(drawing.text, "{}", label(&one.id));
        let sides: Vec<_> = direction.sides().collect();
        for (at, side) in sides.iter().enumerate() {
            let ids = drawing.edges.of(*side, &one.id).to_vec();
            if sides.len() == 1 {
                drawing.draw(&ids, *side, "")?;
                continue;
            }
            let (branch, below) = twig(at + 1 == sides.len());
            let nothing = if ids.is_empty() { " nothing" } else { "" };
            let _ = writeln!(drawing.text, "{branch}{}{nothing}", side.words());
            drawing.draw(&ids, *side, below)?;
        }
    }
    Ok(drawing.text)
}

struct Drawing<'d> {
    edges: Edges<'d>,
    /// How many lines there may be yet.
    left: usize,
    text: String,
}

impl<'d> Drawing<'d> {
    fn draw(&mut self, ids: &[&'d ComponentId], side: Side, indent: &str) -> Result<(), TooMany> {
        for (at, id) in ids.iter().enumerate() {
            self.left = self.left.checked_sub(1).ok_or(TooMany)?;
            let (branch, below) = twig(at + 1 == ids.len());
            let _ = writeln!(self.text, "{indent}{branch}{}", label(id));
            let next = self.edges.of(side, id).to_vec();
            self.draw(&next, side, &format!("{indent}{below}"))?;
        }
        Ok(())
    }
}

impl Side {
    fn key(self) -> &'static str {
        match self {
            Self::DependsOn => "depends_on",
            Self::RequiredBy => "required_by",
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::DependsOn => "depends on",
            Self::RequiredBy => "is required by",
        }
    }
}

fn label(id: &ComponentId) -> String {
    format!("{} ({})", visible(id.name.as_str()), visible(id.stack.as_str()))
}

/// What a line begins with, and those below it.
fn twig(is_last: bool) -> (&'static str, &'static str) {
    if is_last { ("└── ", "    ") } else { ("├── ", "│   ") }
}
