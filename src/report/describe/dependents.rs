//! What depends on a component.

use std::collections::BTreeMap;

use super::component::shown;
use super::shown::Shown;
use crate::model::desired::{Component, Desired, Presence};
use crate::model::value::Value;

/// The variables that tell stacks apart.
const CONTEXT: &[&str] = &["namespace", "tenant", "environment", "stage"];

/// Every component that says it depends on `on`, as often as it says so. Itself and abstract ones
/// are left out.
pub fn dependents<'d>(desired: &'d Desired, on: &Component) -> Shown<'d> {
    let others = desired.components().filter(|one| one.id != on.id);
    let others = others.filter(|one| one.presence != Presence::Abstract);
    let found = others.flat_map(|one| {
        let times = items(one).into_iter().filter(|item| item.names(one, on)).count();
        std::iter::repeat_n(one, times).map(|one| dependent(desired, one))
    });
    Shown::List(found.collect())
}

/// One thing a component says it depends on.
enum Item<'d> {
    /// In a stack, its own where none is named.
    New(&'d Value),
    /// In the stack that differs from its own in the variables that are named.
    Old(&'d Value),
}

/// What `dependencies` says, or where it says nothing `settings.depends_on`.
fn items(component: &Component) -> Vec<Item<'_>> {
    let new = component.section("dependencies").and_then(|section| section.get("components"));
    let old = component.section("settings").and_then(|section| section.get("depends_on"));
    match new.and_then(Value::as_list) {
        Some(items) => items.iter().map(Item::New).collect(),
        None => {
            let map = old.and_then(Value::as_map);
            map.into_iter().flat_map(|map| map.sorted()).map(|(_, item)| Item::Old(item)).collect()
        }
    }
}

impl Item<'_> {
    /// Whether `from`, which says it, means `on`.
    fn names(&self, from: &Component, on: &Component) -> bool {
        let (Self::New(item) | Self::Old(item)) = self;
        let text = |key: &str| item.get(key).and_then(Value::as_str);
        let name = text("component").or(text("name"));
        let kind = text("kind").is_none_or(|kind| kind == on.id.kind.as_str());
        if name != Some(on.id.name.as_str()) || !kind {
            return false;
        }
        match (self, text("stack")) {
            (_, Some(stack)) => stack == on.id.stack.as_str(),
            (Self::New(_), None) => from.id.stack == on.id.stack,
            (Self::Old(_), None) => {
                CONTEXT.iter().all(|key| text(key).or(variable(from, key)) == variable(on, key))
            }
        }
    }
}

fn dependent<'d>(desired: &'d Desired, component: &'d Component) -> Shown<'d> {
    shown(row(desired, component))
}

/// What is said about a component that depends on another, or that differs.
pub(super) fn row<'d>(
    desired: &'d Desired,
    component: &'d Component,
) -> BTreeMap<&'static str, Shown<'d>> {
    let (stack, name) = (component.id.stack.as_str(), component.id.name.as_str());
    let mut all = BTreeMap::from([
        ("component", Shown::text(name)),
        ("component_path", Shown::text(desired.layout.folder(component))),
        ("component_type", Shown::text(component.id.kind.as_str())),
        ("dependents", Shown::Null),
        ("included_in_dependents", Shown::Bool(false)),
        ("settings", Shown::Null),
        ("stack", Shown::text(stack)),
        ("stack_slug", Shown::text(format!("{stack}-{}", name.replace('/', "-")))),
    ]);
    for key in CONTEXT {
        all.extend(variable(component, key).map(|text| (*key, Shown::text(text))));
    }
    all
}

fn variable<'d>(component: &'d Component, key: &str) -> Option<&'d str> {
    let said = component.section("vars")?.get(key)?.as_str();
    said.filter(|text| !text.is_empty())
}
