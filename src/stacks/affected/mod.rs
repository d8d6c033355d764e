//! What differs between two revisions, component by component.
//!
//! Takes: two snapshots with what they ask for.
//! Gives: every component that the newer one asks for differently, with all causes, and every one
//! that it no longer asks for.
//! Never: a checkout; a claim that a component is gone while its stack may only be broken.
//! Start at: [`Comparison`], then `code.rs` for what a component's code consists of.
//! How to add: a way for code to use other code is a function in `code.rs`.
//!
//! The order of causes is that of Atmos' `describe affected`. Unlike there, sections that only one
//! of the revisions has count, and local modules, charts and bases are followed to any depth, also those
//! that a component names itself.

mod code;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::code::Code;
use super::Lock;
use crate::ids::ComponentId;
use crate::model::affected::{Affected, Cause};
use crate::model::desired::{Component, Desired, Presence};
use crate::model::value::{Map, Rules, Value};
use crate::source::Snapshot;

/// Two trees: which files they do not share, and what code of each uses.
pub struct Comparison {
    changed: Changed,
    base: Code,
    head: Code,
}

/// Sections in the order in which they are looked at; others follow by name.
const SECTIONS: &[&str] = &[
    "vars",
    "env",
    "providers",
    "required_providers",
    "required_version",
    "generate",
    "backend",
    "backend_type",
    "remote_state_backend",
    "remote_state_backend_type",
    "auth",
    "command",
    "dependencies",
    "source",
    "provision",
    "settings",
];

impl Comparison {
    /// The trees to be compared, the older one first.
    pub fn of(base: &Snapshot, head: &Snapshot) -> Self {
        let changed = Changed::between(base, head);
        Self { changed, base: Code::of(base), head: Code::of(head) }
    }

    /// What differs between what `base` and `head` ask for, or between the same stacks of both,
    /// sorted by component. Abstract and disabled components are left out, and so is what one side
    /// cannot resolve: its findings say so.
    pub fn affected<'a>(&self, base: &'a Desired, head: &'a Desired) -> Vec<Affected<'a>> {
        let active = |component: &&Component| component.presence == Presence::Active;
        let mut found: BTreeMap<&ComponentId, Affected<'a>> = BTreeMap::new();
        for component in head.components().filter(active) {
            if unresolved(base, &component.id) {
                continue;
            }
            let before = base.component(&component.id).filter(active);
            let causes = self.causes((base, before), (head, component));
            if !causes.is_empty() {
                found.insert(&component.id, Affected { component, causes });
            }
        }
        for component in base.components().filter(active) {
            if let Some(cause) = gone(head, &component.id) {
                found.insert(&component.id, Affected { component, causes: vec![cause] });
            }
        }
        found.into_values().collect()
    }

    fn causes(
        &self,
        (base, before): (&Desired, Option<&Component>),
        (head, after): (&Desired, &Component),
    ) -> Vec<Cause> {
        let mut causes = Vec::new();
        // What is the same in both trees is there once.
        let is_one = before.is_some_and(|before| std::ptr::eq(before, after));
        let section = |name: &str, causes: &mut Vec<Cause>| {
            let (old, new) = (before.and_then(|one| one.section(name)), after.section(name));
            if !is_one && differ(old.filter(said), new.filter(said)) {
                causes.push(Cause::Section(name.into()));
            }
        };
        section("metadata", &mut causes);

        let mut folders = self.head.uses(after, head);
        if let Some(before) = before {
            folders.extend(self.base.uses(before, base));
        }
        let mut own = vec![code::folder(after, head)];
        own.extend(before.map(|before| code::folder(before, base)));
        let changed = &self.changed;
        let touched = folders.iter().filter(|at| changed.below(at) || changed.has(at));
        let (own, modules): (Vec<_>, Vec<_>) = touched.partition(|folder| own.contains(folder));
        causes.extend(modules.into_iter().cloned().map(Cause::Module));
        causes.extend((!own.is_empty()).then_some(Cause::Code));

        let others: BTreeSet<&str> = [before, Some(after)]
            .into_iter()
            .flatten()
            .filter_map(|component| component.sections.as_map())
            .flat_map(|sections| sections.iter().map(|(name, _)| name.as_ref()))
            .filter(|name| *name != "metadata" && !SECTIONS.contains(name))
            .collect();
        SECTIONS.iter().copied().chain(others).for_each(|name| section(name, &mut causes));

        let files = listed(after, "file").into_iter().filter(|path| changed.has(path));
        causes.extend(files.map(Cause::File));
        let locked = before.and_then(|before| code::chart(before, base));
        if locked != code::chart(after, head) {
            causes.push(Cause::File(Lock::PATH.to_owned()));
        }
        let folders = listed(after, "folder").into_iter().filter(|path| changed.below(path));
        causes.extend(folders.map(Cause::Folder));
        causes
    }
}

/// Whether nothing can be said about a component for want of a resolved one.
fn unresolved(desired: &Desired, id: &ComponentId) -> bool {
    let key = (id.kind.clone(), id.name.clone());
    desired.stacks.get(&id.stack).is_some_and(|stack| stack.unresolved.contains_key(&key))
}

/// How a component of the older revision is gone from `head`, if that is certain.
fn gone(head: &Desired, id: &ComponentId) -> Option<Cause> {
    if head.component(id).is_some() || unresolved(head, id) || !head.has_all_stacks() {
        return None;
    }
    Some(if head.stacks.contains_key(&id.stack) { Cause::Deleted } else { Cause::DeletedStack })
}

/// Whether one says anything else than the other.
fn differ(one: Option<&Value>, other: Option<&Value>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => {
            one != other && one.typed(Rules::Stack) != other.typed(Rules::Stack)
        }
        (one, other) => one.is_some() != other.is_some(),
    }
}

/// An empty section is like none.
fn said(value: &&Value) -> bool {
    !value.is_null() && !value.as_map().is_some_and(Map::is_empty)
}

/// The files or folders that a component names as dependencies: `dependencies.files`, or items
/// with that key in `dependencies.components` or `settings.depends_on`.
fn listed(component: &Component, key: &str) -> Vec<String> {
    let text = |value: &Value| value.as_str().map(|path| path.trim_end_matches('/').to_owned());
    let under = |section: &str, name: &str| component.section(section)?.get(name).cloned();
    let items = |value: Option<Value>| match value {
        Some(value) => match (value.as_list(), value.as_map()) {
            (Some(items), _) => items.to_vec(),
            (_, Some(map)) => map.iter().map(|(_, item)| item.clone()).collect(),
            _ => Vec::new(),
        },
        None => Vec::new(),
    };
    let direct = items(under("dependencies", &format!("{key}s")));
    let mut all: Vec<_> = direct.iter().filter_map(text).collect();
    for item in items(under("dependencies", "components"))
        .iter()
        .chain(&items(under("settings", "depends_on")))
    {
        all.extend(item.get(key).and_then(text));
    }
    all.sort();
    all.dedup();
    all
}

/// The files that two trees do not share, by path.
struct Changed(BTreeSet<Arc<str>>);

impl Changed {
    fn between(base: &Snapshot, head: &Snapshot) -> Self {
        let differs = |one: &Snapshot, other: &Snapshot| {
            let entries = one
                .entries()
                .filter(|(path, entry)| other.entry(path).is_none_or(|other| other.id != entry.id));
            entries.map(|(path, _)| path.clone()).collect::<Vec<_>>()
        };
        let mut all: BTreeSet<_> = differs(base, head).into_iter().collect();
        all.extend(differs(head, base));
        Self(all)
    }

    fn has(&self, path: &str) -> bool {
        self.0.contains(path)
    }

    /// Whether any file below `folder` changed.
    fn below(&self, folder: &str) -> bool {
        let start: Arc<str> = format!("{folder}/").into();
        self.0.range(start.clone()..).next().is_some_and(|path| path.starts_with(&*start))
    }
}

#[cfg(test)]
mod tests;
