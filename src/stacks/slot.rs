//! What one place says about one section, over all the files of a stack.

use std::sync::Arc;

use super::closure::{Contribution, Overriding};
use super::manifest::{Key, Part};
use super::marks::Marks;
use super::merge::{self, Lists};
use crate::model::value::Value;

/// The merged section, and what it was merged from.
#[derive(Debug, Clone)]
pub(super) struct Slot {
    pub(super) value: Value,
    pub(super) marks: Marks,
    /// Lowest precedence first.
    pub(super) said: Vec<Said>,
}

/// One file's contribution to a slot.
#[derive(Debug, Clone)]
pub(super) struct Said {
    /// The files from the stack's manifest down to the one that says it.
    pub(super) imports: Arc<[Arc<str>]>,
    pub(super) value: Value,
}

impl Slot {
    /// What one file says.
    pub(super) fn said(value: &Value, imports: Arc<[Arc<str>]>, open: &str) -> Self {
        let marks = Marks::of(value, open);
        Self { value: value.clone(), marks, said: vec![Said { imports, value: value.clone() }] }
    }

    /// This slot with those marked lists made ordinary that continue nothing in `below`. Only a
    /// file that says something by itself has any.
    fn rooted(mut self, below: Option<&Self>) -> Self {
        if let [said] = self.said.as_mut_slice() {
            self.value = merge::rooted(below.map(|slot| &slot.value), &self.value);
            said.value = self.value.clone();
        }
        self
    }

    /// This slot with `above` laid over it.
    pub(super) fn under(&self, above: &Self, lists: Lists) -> Self {
        Self {
            value: merge::merge(&self.value, &above.value, lists),
            marks: self.marks.and(above.marks),
            said: self.said.iter().chain(&above.said).cloned().collect(),
        }
    }
}

/// The section `name` at the top of the manifests.
pub(super) fn global(all: &[Contribution], name: &str, lists: Lists) -> Option<Slot> {
    of(all, all.iter(), |from| from.manifest.globals.get(name), lists)
}

/// The section `name` under `kind`.
pub(super) fn of_kind(all: &[Contribution], kind: &str, name: &str, lists: Lists) -> Option<Slot> {
    of(all, all.iter(), |from| from.manifest.kinds.get(kind)?.get(name), lists)
}

/// The section `name` of a component; `declaring` are those of `all` that declare it.
pub(super) fn of_component<'c>(
    all: &'c [Contribution],
    declaring: impl Iterator<Item = &'c Contribution>,
    key: &Key,
    name: &str,
    lists: Lists,
) -> Option<Slot> {
    let part = |from: &'c Contribution| from.manifest.components.get(key)?.parts.get(name);
    of(all, declaring, part, lists)
}

/// What `parts` of the files say, merged as the files are.
fn of<'c>(
    all: &'c [Contribution],
    saying: impl Iterator<Item = &'c Contribution>,
    part: impl Fn(&'c Contribution) -> Option<&'c Part>,
    lists: Lists,
) -> Option<Slot> {
    let slot = fold(saying.filter_map(|from| Some((&from.imports, part(from)?))), lists)?;
    // Without marked lists it does not matter which file imports which, only their order.
    if slot.marks.has(Marks::APPEND) { nested(all, part, lists) } else { Some(slot) }
}

/// The same, file by file: what a file imports is merged before the file itself, and there marked
/// lists are used up.
fn nested<'c>(
    all: &'c [Contribution],
    part: impl Fn(&'c Contribution) -> Option<&'c Part>,
    lists: Lists,
) -> Option<Slot> {
    // Files that are read and wait for the one that imports them, with their depths.
    let mut read: Vec<(usize, Slot)> = Vec::new();
    for from in all {
        let depth = from.imports.len();
        let first = read.iter().position(|(at, _)| *at > depth).unwrap_or(read.len());
        let imported: Vec<_> = read.drain(first..).map(|(_, slot)| slot).collect();
        let own = part(from).map(|part| Slot {
            value: part.value.clone(),
            marks: part.marks,
            said: vec![Said { imports: from.imports.clone(), value: part.value.clone() }],
        });
        let merged = imported.into_iter().chain(own).fold(None, |below: Option<Slot>, slot| {
            let slot = if from.settles { slot.rooted(below.as_ref()) } else { slot };
            Some(match below {
                Some(below) => below.under(&slot, lists),
                None => slot,
            })
        });
        read.extend(merged.map(|slot| (depth, slot)));
    }
    // Several are left where the file that imports them has not been read yet.
    let joined = read.into_iter().fold(None, |below: Option<Slot>, (_, slot)| {
        Some(match below {
            Some(below) => below.under(&slot.rooted(Some(&below)), lists),
            None => slot,
        })
    });
    joined.map(|mut slot| {
        if all.last().is_some_and(|root| root.settles) {
            slot.value = merge::settle(&slot.value);
        }
        slot
    })
}

/// The section `name` of the overrides that reach a component of `kind`.
pub(super) fn of_overrides<'c>(
    reaching: impl Iterator<Item = &'c Overriding>,
    kind: &str,
    name: &str,
    lists: Lists,
) -> Option<Slot> {
    let levels = |from: &'c Overriding| {
        let parts = from.manifest.overrides.get(kind).into_iter().flatten();
        parts.filter_map(|parts| parts.get(name)).map(|part| (&from.imports, part))
    };
    fold(reaching.flat_map(levels), lists)
}

fn fold<'c>(
    parts: impl Iterator<Item = (&'c Arc<[Arc<str>]>, &'c Part)>,
    lists: Lists,
) -> Option<Slot> {
    parts.fold(None, |slot: Option<Slot>, (imports, part)| {
        let said = Said { imports: imports.clone(), value: part.value.clone() };
        Some(match slot {
            None => Slot { value: part.value.clone(), marks: part.marks, said: vec![said] },
            Some(mut slot) => {
                slot.value = merge::merge(&slot.value, &part.value, lists);
                slot.marks = slot.marks.and(part.marks);
                slot.said.push(said);
                slot
            }
        })
    })
}
