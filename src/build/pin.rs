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
        return path.put(wanted, Some(there));
    }
    let kept = kept(path);
    match kept.as_ref().and_then(|kept| Some((kept, kept.find(live)?))) {
        Some((kept, there)) => path.put(&kept.put(wanted, Some(there)), None),
        None => wanted.clone(),
    }
}

/// `value` with nothing at `made_up`.
pub(super) fn known<'v>(value: &'v Value, made_up: &[FieldPath]) -> Cow<'v, Value> {
    let nothing = Value::computed(Node::Null);
    made_up
        .iter()
        .fold(Cow::Borrowed(value), |value, path| Cow::Owned(path.put(&value, Some(&nothing))))
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

#[cfg(test)]
mod tests;
