//! What depends on a component.

use std::collections::BTreeMap;

use super::component::shown;
use super::shown::Shown;
use crate::ids::ComponentId;
use crate::model::desired::{Component, Desired};
use crate::model::value::Value;

/// Every component that depends on `on`, as often as it says so.
pub fn dependents<'d>(desired: &'d Desired, on: &ComponentId) -> Shown<'d> {
    let found = desired.components().flat_map(|component| {
        let on = component.dependencies.iter().filter(move |dependency| dependency.on == *on);
        on.map(move |_| dependent(desired, component))
    });
    Shown::List(found.collect())
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
    for key in ["namespace", "tenant", "environment", "stage"] {
        let said = component.section("vars").and_then(|vars| vars.get(key));
        if let Some(text) = said.and_then(Value::as_str).filter(|text| !text.is_empty()) {
            all.insert(key, Shown::text(text));
        }
    }
    all
}
