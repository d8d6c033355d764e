//! Affected components for programs, in the shape of Atmos' `describe affected`.
//!
//! ```text
//! affected  {component, component_type, component_path, namespace?, tenant?, environment?, stage?,
//!            stack, stack_slug, spacelift_stack?, atlantis_project?, affected, affected_all,
//!            file?, folder?, deleted?, deletion_type?, dependents, included_in_dependents,
//!            settings}
//! dependent the same, without causes
//! ```

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value as Json, json};

use super::json::plain;
use crate::ids::ComponentId;
use crate::model::affected::{Affected, Cause};
use crate::model::desired::{Component, Desired, Presence};

/// What is written besides the causes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wish {
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
#[error("there are more than {DEPENDENTS_MAX} dependents of affected components")]
pub struct TooMany;

/// All affected components, as a list. `desired` is what the newer revision asks for.
pub fn affected(all: &[Affected<'_>], desired: &Desired, wish: Wish) -> Result<Json, TooMany> {
    let mut tree = Tree { desired, wish, on: BTreeMap::new(), written: BTreeSet::new(), left: 0 };
    if wish.dependents {
        tree.left = DEPENDENTS_MAX;
        let active = desired.components().filter(|c| c.presence == Presence::Active);
        for component in active {
            for dependency in &component.dependencies {
                tree.on.entry(&dependency.on).or_default().push(component);
            }
        }
    }
    let mut rows = Vec::with_capacity(all.len());
    for one in all {
        let mut row = tree.about(one.component);
        causes(&mut row, &one.causes);
        row.insert("dependents".into(), tree.dependents(&one.component.id)?);
        rows.push((&one.component.id, row));
    }
    let rows = rows.into_iter().map(|(id, mut row)| {
        row.insert("included_in_dependents".into(), json!(tree.written.contains(id)));
        Json::Object(row)
    });
    Ok(rows.collect())
}

/// Which components depend on which, and what has been written of that.
struct Tree<'d> {
    desired: &'d Desired,
    wish: Wish,
    on: BTreeMap<&'d ComponentId, Vec<&'d Component>>,
    written: BTreeSet<ComponentId>,
    left: usize,
}

impl Tree<'_> {
    /// Dependencies in a ring do not resolve, so this ends.
    fn dependents(&mut self, of: &ComponentId) -> Result<Json, TooMany> {
        let mut rows = Vec::new();
        for component in self.on.get(of).cloned().unwrap_or_default() {
            self.left = self.left.checked_sub(1).ok_or(TooMany)?;
            self.written.insert(component.id.clone());
            let mut row = self.about(component);
            row.insert("dependents".into(), self.dependents(&component.id)?);
            row.insert("included_in_dependents".into(), json!(false));
            rows.push(Json::Object(row));
        }
        Ok(if self.wish.dependents { Json::Array(rows) } else { Json::Null })
    }

    fn about(&self, component: &Component) -> Map<String, Json> {
        let id = &component.id;
        let slug = format!("{}-{}", id.stack, id.name.as_str().replace('/', "-"));
        let mut row = Map::new();
        let mut put = |key: &str, value: Json| drop(row.insert(key.to_owned(), value));
        put("component", json!(id.name));
        put("component_type", json!(id.kind));
        put("component_path", json!(self.desired.layout.folder(component)));
        for key in ["namespace", "tenant", "environment", "stage"] {
            if let Some(value) = component.section("vars").and_then(|vars| vars.get(key)) {
                put(key, plain(value));
            }
        }
        put("stack", json!(id.stack));
        let setting =
            |path: [&str; 2]| component.section("settings")?.get(path[0])?.get(path[1]).cloned();
        if setting(["spacelift", "workspace_enabled"]).is_some_and(|on| on.as_bool() == Some(true))
        {
            put("spacelift_stack", json!(slug));
        }
        if component.section("settings").and_then(|all| all.get("atlantis")).is_some() {
            put("atlantis_project", json!(slug));
        }
        put("stack_slug", json!(slug));
        let settings = component.section("settings").filter(|_| self.wish.settings);
        put("settings", settings.map_or(Json::Null, plain));
        row
    }
}

fn causes(row: &mut Map<String, Json>, causes: &[Cause]) {
    let mut words: Vec<String> = Vec::new();
    for cause in causes {
        let word = match cause {
            Cause::Section(name) => format!("stack.{name}"),
            Cause::Code => "component".to_owned(),
            Cause::Module(_) => "component.module".to_owned(),
            Cause::File(path) => {
                row.entry("file").or_insert(json!(path));
                "file".to_owned()
            }
            Cause::Folder(path) => {
                row.entry("folder").or_insert(json!(path));
                "folder".to_owned()
            }
            Cause::Deleted | Cause::DeletedStack => {
                let stack = *cause == Cause::DeletedStack;
                row.insert("deleted".to_owned(), json!(true));
                let what = if stack { "stack" } else { "component" };
                row.insert("deletion_type".to_owned(), json!(what));
                if stack { "deleted.stack".to_owned() } else { "deleted".to_owned() }
            }
        };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    row.insert("affected".to_owned(), json!(words.first()));
    row.insert("affected_all".to_owned(), json!(words));
}
