//! Two values into the fields that differ, sorted by path.
//!
//! A path has to lead to the same field in the live value (it is checked again just before the
//! step) and in the intended one (it is compared after it). So lists are compared item by item
//! only where their items stand at the same places; otherwise the list as a whole is one field.

use crate::model::path::{FieldPath, Segment};
use crate::model::value::{Map, Node, Rules, Value};

/// Most fields one change lists: beyond it a person reads none of them, and the whole value is
/// one field. A manifest of 500 KB has about 10,000 scalars; a plan of 1,000 such changes would
/// hold 10 million.
pub(super) const FIELDS_MAX: usize = 1000;

/// One field's difference, without what surrounds it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Difference {
    pub(super) path: FieldPath,
    pub(super) before: Option<Value>,
    pub(super) after: Option<Value>,
}

/// The fields in which `after` differs from `before`.
pub(super) fn diff(before: Option<&Value>, after: Option<&Value>) -> Vec<Difference> {
    let typed = |value: Option<&Value>| value.map(|value| value.typed(Rules::Stack));
    let (before, after) = (typed(before), typed(after));
    let mut walk = Walk::default();
    walk.value(&FieldPath::root(), before.as_ref(), after.as_ref());
    if walk.found.len() > FIELDS_MAX {
        return vec![Difference { path: FieldPath::root(), before, after }];
    }
    walk.found.sort_by(|a, b| a.path.cmp(&b.path));
    walk.found
}

/// `intended`, but with what `live` has at the `ignored` paths: those differ in nothing, and
/// writing the value changes nothing there.
pub(super) fn keep_ignored(intended: &Value, live: &Value, ignored: &[FieldPath]) -> Value {
    ignored.iter().fold(intended.clone(), |value, path| graft(value, Some(live), &path.0))
}

fn graft(value: Value, live: Option<&Value>, path: &[Segment]) -> Value {
    let Some((segment, rest)) = path.split_first() else {
        return live.cloned().unwrap_or(value);
    };
    let node = match (&value.node, segment) {
        (Node::Map(map), Segment::Key(key)) => {
            Node::Map(graft_key(map, live.and_then(Value::as_map), key, rest))
        }
        (Node::List(items), Segment::Index(index)) if *index < items.len() => {
            let mut items = items.as_ref().clone();
            let live = live.and_then(Value::as_list).and_then(|live| live.get(*index));
            items[*index] = graft(items[*index].clone(), live, rest);
            Node::List(items.into())
        }
        (other, _) => other.clone(),
    };
    Value { node, origin: value.origin }
}

fn graft_key(map: &Map, live: Option<&Map>, key: &str, rest: &[Segment]) -> Map {
    let mut map = map.clone();
    let there = live.and_then(|live| live.get(key));
    match (map.get(key).cloned(), there) {
        (Some(_), None) if rest.is_empty() => drop(map.remove(key)),
        (Some(value), there) => map.insert(key, graft(value, there, rest)),
        (None, Some(there)) if FieldPath(rest.to_vec()).find(there).is_some() => {
            map.insert(key, graft(Value::empty_map(), Some(there), rest));
        }
        (None, _) => {}
    }
    map
}

#[derive(Default)]
struct Walk {
    found: Vec<Difference>,
}

impl Walk {
    fn value(&mut self, path: &FieldPath, before: Option<&Value>, after: Option<&Value>) {
        match (before, after) {
            (Some(a), Some(b)) => match (&a.node, &b.node) {
                (Node::Map(a), Node::Map(b)) => self.maps(path, a, b),
                (Node::List(a), Node::List(b)) if aligned(a, b) => self.lists(path, a, b),
                _ if same(a, b) => {}
                _ => self.leaf(path, before, after),
            },
            // Only one side is there: everything in it is said, down to the leaves.
            (one, other) => match one.or(other).map(|value| &value.node) {
                Some(Node::Map(entries)) if !entries.is_empty() => {
                    for (key, value) in entries.iter() {
                        let (one, other) = (one.and(Some(value)), other.and(Some(value)));
                        self.value(&path.key(key.clone()), one, other);
                    }
                }
                Some(Node::List(items)) if items.iter().any(is_branch) => {
                    for (index, value) in items.iter().enumerate() {
                        let (one, other) = (one.and(Some(value)), other.and(Some(value)));
                        self.value(&path.index(index), one, other);
                    }
                }
                Some(_) => self.leaf(path, one, other),
                None => {}
            },
        }
    }

    fn maps(&mut self, path: &FieldPath, before: &Map, after: &Map) {
        for (key, value) in before.iter() {
            self.value(&path.key(key.clone()), Some(value), after.get(key));
        }
        for (key, value) in after.iter().filter(|(key, _)| before.get(key).is_none()) {
            self.value(&path.key(key.clone()), None, Some(value));
        }
    }

    fn lists(&mut self, path: &FieldPath, before: &[Value], after: &[Value]) {
        for index in 0..before.len().max(after.len()) {
            self.value(&path.index(index), before.get(index), after.get(index));
        }
    }

    fn leaf(&mut self, path: &FieldPath, before: Option<&Value>, after: Option<&Value>) {
        let (before, after) = (before.cloned(), after.cloned());
        self.found.push(Difference { path: path.clone(), before, after });
    }
}

/// Whether the items that both lists have stand at the same places: named items by their names,
/// others if neither list is longer, or the longer one only goes on where the shorter ends.
fn aligned(before: &[Value], after: &[Value]) -> bool {
    let shared = || before.iter().zip(after);
    match (names(before), names(after)) {
        (Some(before), Some(after)) => before.iter().zip(&after).all(|(a, b)| a == b),
        _ => before.len() == after.len() || shared().all(|(a, b)| same(a, b)),
    }
}

/// The items' names, if all of them are maps with a name of their own.
fn names(items: &[Value]) -> Option<Vec<&str>> {
    ["name", "id", "key"].iter().find_map(|key| {
        let names: Vec<_> =
            items.iter().map(|item| item.get(key)?.as_str()).collect::<Option<_>>()?;
        let unique: std::collections::BTreeSet<_> = names.iter().collect();
        (unique.len() == names.len() && !names.is_empty()).then_some(names)
    })
}

fn is_branch(value: &Value) -> bool {
    matches!(value.node, Node::Map(_) | Node::List(_))
}

/// Equal content; two results that are not a number are equal here.
fn same(a: &Value, b: &Value) -> bool {
    match (&a.node, &b.node) {
        (Node::Float(a), Node::Float(b)) => a == b || (a.is_nan() && b.is_nan()),
        (Node::List(a), Node::List(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| same(a, b))
        }
        (Node::Map(a), Node::Map(b)) => {
            a.len() == b.len()
                && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b)))
        }
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests;
