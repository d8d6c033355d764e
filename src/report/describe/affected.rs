//! What differs between two revisions.

use std::collections::{BTreeMap, BTreeSet};

use super::component::shown;
use super::dependents::row;
use super::shown::Shown;
use super::table::Table;
use crate::ids::ComponentId;
use crate::model::affected::{Affected, Cause};
use crate::model::desired::{Component, Desired, Presence};
use crate::model::value::Value;

/// What is written besides the causes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Include {
    /// Below each component those that depend on it, to any depth.
    pub dependents: bool,
    /// The `settings` of each component.
    pub settings: bool,
}

/// How many dependents are written in all. Atmos repeats a component below each one it depends on,
/// which doubles at every crossing; a thousand components of ten dependents stay below this.
pub const DEPENDENTS_MAX: usize = 10_000;

/// More dependents than are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("affected components have more than {DEPENDENTS_MAX} dependents")]
pub struct TooMany;

/// All affected components. `desired` is what the newer revision asks for.
pub fn affected<'d>(
    all: &[Affected<'d>],
    desired: &'d Desired,
    include: Include,
) -> Result<Shown<'d>, TooMany> {
    let mut tree =
        Tree { desired, include, on: BTreeMap::new(), written: BTreeSet::new(), left: 0 };
    if include.dependents {
        tree.left = DEPENDENTS_MAX;
        for component in desired.components().filter(|one| one.presence == Presence::Active) {
            for dependency in &component.dependencies {
                tree.on.entry(&dependency.on).or_default().push(component);
            }
        }
    }
    let mut rows = Vec::with_capacity(all.len());
    for one in all {
        let mut row = tree.about(one.component)?;
        causes(&mut row, &one.causes);
        rows.push((&one.component.id, row));
    }
    let rows = rows.into_iter().map(|(id, mut row)| {
        row.insert("included_in_dependents", Shown::Bool(tree.written.contains(id)));
        shown(row)
    });
    Ok(Shown::List(rows.collect()))
}

/// All affected components by stack and name, a row each; with `dependents`, behind each one those
/// that depend on it, to any depth and each of them once.
pub fn affected_rows(all: &[Affected<'_>], desired: &Desired, dependents: bool) -> Table {
    let row = |component: &Component, affected: String, file: String| {
        let id = &component.id;
        let state = match (component.presence, component.locked) {
            (Presence::Disabled, _) => "disabled",
            (_, true) => "locked",
            _ => "enabled",
        };
        vec![
            state.to_owned(),
            id.name.to_string(),
            id.stack.to_string(),
            id.kind.to_string(),
            affected,
            file,
        ]
    };
    let mut rows = Vec::new();
    for one in all {
        let mut said = Row::new();
        causes(&mut said, &one.causes);
        let text = |key: &str| match said.get(key) {
            Some(Shown::Text(text)) => text.to_string(),
            _ => String::new(),
        };
        rows.push(row(one.component, text("affected"), text("file")));
    }
    rows.sort_by(|a, b| (&a[2], &a[1]).cmp(&(&b[2], &b[1])));
    if dependents {
        let mut seen: BTreeSet<_> = all.iter().map(|one| &one.component.id).collect();
        let mut open: Vec<_> = seen.iter().copied().collect();
        while let Some(on) = open.pop() {
            let depends = |one: &&Component| one.dependencies.iter().any(|that| that.on == *on);
            for one in desired.components().filter(depends) {
                if one.presence == Presence::Active && seen.insert(&one.id) {
                    open.push(&one.id);
                    rows.push(row(one, "dependent".to_owned(), String::new()));
                }
            }
        }
        rows.sort_by(|a, b| (&a[2], &a[1]).cmp(&(&b[2], &b[1])));
    }
    Table { rows, ..Table::new(&["Status", "Component", "Stack", "Type", "Affected", "File"]) }
}

type Row<'d> = BTreeMap<&'static str, Shown<'d>>;

/// Which components depend on which, and what has been written of that.
struct Tree<'d> {
    desired: &'d Desired,
    include: Include,
    on: BTreeMap<&'d ComponentId, Vec<&'d Component>>,
    written: BTreeSet<&'d ComponentId>,
    left: usize,
}

impl<'d> Tree<'d> {
    /// Dependencies in a ring do not resolve, so this ends.
    fn about(&mut self, component: &'d Component) -> Result<Row<'d>, TooMany> {
        let mut row = row(self.desired, component);
        let settings = component.section("settings");
        let slug = row["stack_slug"].clone();
        let spacelift = settings.and_then(|all| all.get("spacelift")?.get("workspace_enabled"));
        if spacelift.and_then(Value::as_bool) == Some(true) {
            row.insert("spacelift_stack", slug.clone());
        }
        if settings.is_some_and(|all| all.get("atlantis").is_some()) {
            row.insert("atlantis_project", slug);
        }
        if let Some(settings) = settings.filter(|_| self.include.settings) {
            row.insert("settings", Shown::Value(settings));
        }
        if self.include.dependents {
            let mut rows = Vec::new();
            for dependent in self.on.get(&component.id).cloned().unwrap_or_default() {
                self.left = self.left.checked_sub(1).ok_or(TooMany)?;
                self.written.insert(&dependent.id);
                rows.push(shown(self.about(dependent)?));
            }
            row.insert("dependents", Shown::List(rows));
        }
        Ok(row)
    }
}

fn causes(row: &mut Row<'_>, causes: &[Cause]) {
    let mut words: Vec<String> = Vec::new();
    for cause in causes {
        let word = match cause {
            Cause::Section(name) => format!("stack.{name}"),
            Cause::Code => "component".to_owned(),
            Cause::Module(_) => "component.module".to_owned(),
            Cause::File(path) => {
                row.entry("file").or_insert_with(|| Shown::text(path.clone()));
                "file".to_owned()
            }
            Cause::Folder(path) => {
                row.entry("folder").or_insert_with(|| Shown::text(path.clone()));
                "folder".to_owned()
            }
            Cause::Deleted => gone(row, "component", "deleted"),
            Cause::DeletedStack => gone(row, "stack", "deleted.stack"),
        };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    row.insert("affected", words.first().map_or(Shown::Null, |word| Shown::text(word.clone())));
    row.insert("affected_all", Shown::List(words.into_iter().map(Shown::text).collect()));
}

fn gone(row: &mut Row<'_>, what: &'static str, word: &str) -> String {
    row.insert("deleted", Shown::Bool(true));
    row.insert("deletion_type", Shown::text(what));
    word.to_owned()
}
