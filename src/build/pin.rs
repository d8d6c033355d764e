//! What is there, in place of what was made up.

use std::borrow::Cow;

use crate::model::path::{FieldPath, Segment};
use crate::model::value::{Node, Value};

/// Where a Secret's texts are written, and where the API keeps them.
const TEXTS: &str = "stringData";
const KEPT: &str = "data";

/// `wanted` with what `live` has at `path`, if it has something there.
pub(super) fn pinned(wanted: &Value, live: &Value, path: &FieldPath) -> Value {
    if let Some(there) = path.find(live) {
        return set(wanted, &path.0, Some(there));
    }
    let kept = kept(path);
    match kept.as_ref().and_then(|kept| Some((&kept.0, kept.find(live)?))) {
        Some((kept, there)) => set(&set(wanted, kept, Some(there)), &path.0, None),
        None => wanted.clone(),
    }
}

/// `value` with nothing at `made_up`.
pub(super) fn known<'v>(value: &'v Value, made_up: &[FieldPath]) -> Cow<'v, Value> {
    let nothing = Value::computed(Node::Null);
    made_up
        .iter()
        .fold(Cow::Borrowed(value), |value, path| Cow::Owned(set(&value, &path.0, Some(&nothing))))
}

/// Where the API keeps what is written at `path` of a Secret, if that is another field.
pub(super) fn kept(path: &FieldPath) -> Option<FieldPath> {
    match path.0.as_slice() {
        [Segment::Key(field), rest @ ..] if &**field == TEXTS => {
            Some(FieldPath([&[Segment::Key(KEPT.into())], rest].concat()))
        }
        _ => None,
    }
}

/// `value` with `there` at `path`, or with nothing there.
fn set(value: &Value, path: &[Segment], there: Option<&Value>) -> Value {
    let Some((segment, rest)) = path.split_first() else {
        return there.cloned().unwrap_or_else(|| value.clone());
    };
    let node = match (&value.node, segment) {
        (Node::Map(map), Segment::Key(key)) => {
            let mut map = map.clone();
            match (rest, there) {
                ([], None) => drop(map.remove(key)),
                _ => {
                    let inner = map.get(key).cloned().unwrap_or_else(Value::empty_map);
                    map.insert(key.clone(), set(&inner, rest, there));
                }
            }
            Node::Map(map)
        }
        (Node::List(items), Segment::Index(index)) if *index < items.len() => {
            let mut items = items.as_ref().clone();
            items[*index] = set(&items[*index], rest, there);
            Node::List(items.into())
        }
        (other, _) => other.clone(),
    };
    Value { node, origin: value.origin }
}

#[cfg(test)]
mod tests;
