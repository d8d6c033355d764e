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
    fold(
        all.iter().filter_map(|from| Some((&from.imports, from.manifest.globals.get(name)?))),
        lists,
    )
}

/// The section `name` under `kind`.
pub(super) fn of_kind(all: &[Contribution], kind: &str, name: &str, lists: Lists) -> Option<Slot> {
    let parts = all.iter().filter_map(|from| Some((from, from.manifest.kinds.get(kind)?)));
    fold(parts.filter_map(|(from, parts)| Some((&from.imports, parts.get(name)?))), lists)
}

/// The section `name` of a component, from the manifests that declare it.
pub(super) fn of_component<'c>(
    declaring: impl Iterator<Item = &'c Contribution>,
    key: &Key,
    name: &str,
    lists: Lists,
) -> Option<Slot> {
    let part = |from: &'c Contribution| from.manifest.components.get(key)?.parts.get(name);
    fold(declaring.filter_map(|from| Some((&from.imports, part(from)?))), lists)
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
