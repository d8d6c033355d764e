//! Kinds that one component defines, and another one of its stack has objects of.

use std::collections::BTreeMap;

use super::{ClusterKinds, Rendered};
use crate::diagnostic::Diagnostic;
use crate::ids::{ComponentId, StackName};
use crate::model::value::Value;

/// For every component that was built with an object in a namespace, though another component of its
/// stack says that the object's kind is part of none: what its stack defines so. It is to be built again.
pub fn defined_beside(
    rendered: &BTreeMap<ComponentId, Result<Rendered, Vec<Diagnostic>>>,
) -> BTreeMap<ComponentId, ClusterKinds> {
    let built = || rendered.values().filter_map(|built| built.as_ref().ok());
    let mut stacks: BTreeMap<&StackName, ClusterKinds> = BTreeMap::new();
    for built in built().filter(|built| !built.defines.is_empty()) {
        let all = stacks.entry(&built.component.stack).or_default();
        all.extend(built.defines.iter().cloned());
    }
    let wrong = built().filter_map(|built| {
        let defined = stacks.get(&built.component.stack)?;
        let mut objects = built.resources.values().map(|piece| piece.body.value());
        let is_wrong = objects.any(|object| is_in_a_namespace(object, defined));
        is_wrong.then(|| (built.component.clone(), defined.clone()))
    });
    wrong.collect()
}

fn is_in_a_namespace(object: &Value, defined: &ClusterKinds) -> bool {
    let text = |field| object.get(field).and_then(Value::as_str).unwrap_or_default();
    let metadata = object.get("metadata").and_then(Value::as_map);
    let names_one = metadata.is_some_and(|metadata| metadata.get("namespace").is_some());
    let (Some((group, _)), kind) = (text("apiVersion").split_once('/'), text("kind")) else {
        return false;
    };
    names_one && defined.iter().any(|(known, name)| **known == *group && **name == *kind)
}
