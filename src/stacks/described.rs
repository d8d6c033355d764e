//! A component as the templates of others see it: `(atmos.Component "vpc" .stack).workspace`.

use std::sync::Arc;

use super::path;
use super::sections::{self, Shape};
use crate::ids::ComponentId;
use crate::model::desired::{Component, Desired};
use crate::model::value::{Map, Node, Value};

/// Sections that templates see, empty at least, in components of no other kind.
const TERRAFORM_ONLY: &[&str] = &[
    "backend",
    "backend_type",
    "remote_state_backend",
    "remote_state_backend_type",
    "providers",
    "required_providers",
    "required_version",
];

/// Its sections, empty ones too, and its names.
pub fn described(desired: &Desired, component: &Component) -> Map {
    let kind = component.id.kind.as_str();
    let said = component.sections.as_map().into_iter().flat_map(Map::iter);
    let said = said.map(|(name, value)| (name.clone(), value.clone()));
    let mut all: Map = empty(kind).map(|(name, value)| (name.into(), value)).chain(said).collect();
    let file = path::stem(path::below(&component.manifest, &desired.manifests));
    let names = names(&component.id, &component.code, file);
    let more = [("component_type", kind), ("workspace", &component.workspace)];
    names.into_iter().chain(more).for_each(|(name, text)| all.insert(name, Value::text(text)));
    let bases = component.inheritance.iter().map(|base| Value::text(base.as_str()));
    all.insert("inheritance", Value::computed(Node::List(Arc::new(bases.collect()))));
    all
}

/// What a component, its stack and their `file` are called where templates ask.
pub(super) fn names<'n>(
    id: &'n ComponentId,
    code: &'n str,
    file: &'n str,
) -> [(&'static str, &'n str); 6] {
    let stack = id.stack.as_str();
    [
        ("atmos_component", id.name.as_str()),
        ("component", code),
        ("atmos_stack", stack),
        ("stack", stack),
        ("atmos_stack_file", file),
        ("atmos_manifest", file),
    ]
}

/// The sections that a component of `kind` has though nothing is said of them.
pub(super) fn empty(kind: &str) -> impl Iterator<Item = (&'static str, Value)> {
    let is_there = move |name: &str| kind == "terraform" || !TERRAFORM_ONLY.contains(&name);
    sections::RULES.iter().filter(move |rule| is_there(rule.name)).map(|rule| {
        let value = if rule.shape == Shape::Text { Value::text("") } else { Value::empty_map() };
        (rule.name, value)
    })
}
