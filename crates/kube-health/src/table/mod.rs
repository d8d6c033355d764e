//! What is known of each kind, one row each.
//!
//! Takes: group and kind; versions of a kind answer alike.
//! Gives: its [`Rule`] and the parts of the spec that it reads.
//! Never: holds a rule that looks at an object; those are shapes (`conditions`, `phases`) or
//! functions (`builtin`, `operators`).
//! Start at: [`rule`], then the rows of `kubernetes`.
//! How to add: a row in the file of its field, and cases for it in `cases/`. A kind of `*` stands
//! for all others of its group, a group of `*.example.org` for every group that ends so.

mod kubernetes;
mod clusters;
mod delivery;
mod networks;
mod policies;
mod storage;
mod databases;
mod compute;
mod telemetry;

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::conditions::Conditions;
use crate::generic;
use crate::health::Health;
use crate::object::Object;
use crate::order::PAUSED;
use crate::phases::Phases;

/// How the state of a kind is found.
#[derive(Clone, Copy)]
pub(crate) enum Rule {
    /// Nothing is waited for: it is healthy unless it says otherwise.
    Exists,
    Conditions(Conditions),
    Phases(Phases),
    Code(fn(Object<'_>) -> Health),
}

/// Kinds of one group that answer alike.
struct Row {
    group: &'static str,
    kinds: &'static [&'static str],
    rule: Rule,
    /// Pointers into the spec.
    reads: &'static [&'static str],
}

const fn exists(group: &'static str, kinds: &'static [&'static str]) -> Row {
    Row { group, kinds, rule: Rule::Exists, reads: generic::READS }
}

const fn conditions(group: &'static str, kinds: &'static [&'static str], rule: Conditions) -> Row {
    Row { group, kinds, rule: Rule::Conditions(rule), reads: &[] }
}

const fn phases(group: &'static str, kinds: &'static [&'static str], rule: Phases) -> Row {
    Row { group, kinds, rule: Rule::Phases(rule), reads: &[] }
}

const fn code(
    group: &'static str,
    kinds: &'static [&'static str],
    rule: fn(Object<'_>) -> Health,
    reads: &'static [&'static str],
) -> Row {
    Row { group, kinds, rule: Rule::Code(rule), reads }
}

static TABLES: &[&[Row]] = &[
    kubernetes::ROWS,
    clusters::ROWS,
    delivery::ROWS,
    networks::ROWS,
    policies::ROWS,
    storage::ROWS,
    databases::ROWS,
    compute::ROWS,
    telemetry::ROWS,
];

/// Rows by group and kind.
static ROWS: LazyLock<BTreeMap<(&str, &str), &Row>> = LazyLock::new(|| {
    let rows = TABLES.iter().copied().flatten();
    rows.flat_map(|row| row.kinds.iter().map(move |kind| ((row.group, *kind), row))).collect()
});

pub(crate) fn rule(group: &str, kind: &str) -> Option<Rule> {
    row(group, kind).map(|row| row.rule)
}

/// Whether a row names the kind. Any other is read by the conventions.
pub fn is_named(group: &str, kind: &str) -> bool {
    row(group, kind).is_some()
}

/// The parts of the spec, as JSON pointers, that decide on the state of this kind. Besides them
/// only metadata and status are read; the rest may be dropped before it is kept in memory.
pub fn reads(group: &str, kind: &str) -> impl Iterator<Item = &'static str> + use<> {
    let own = row(group, kind).map_or(generic::READS, |row| row.reads);
    PAUSED.iter().chain(own).copied()
}

/// Whether the metadata of such an object tells its state: there is nothing that it waits for, and
/// nobody is known to write a status.
pub fn is_told_by_metadata(group: &str, kind: &str) -> bool {
    matches!(rule(group, kind), Some(Rule::Exists))
}

fn row(group: &str, kind: &str) -> Option<&'static Row> {
    let in_group =
        |group: &str| ROWS.get(&(group, kind)).or_else(|| ROWS.get(&(group, "*"))).copied();
    let domains = group.match_indices('.').map(|(dot, _)| format!("*{}", &group[dot..]));
    in_group(group).or_else(|| domains.into_iter().find_map(|domain| in_group(&domain)))
}

#[cfg(test)]
mod tests;
