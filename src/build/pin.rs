//! What is there, in place of what was made up.
//!
//! An item of a list is found again by what tells it from the others, wherever it stands by now: another
//! item's value in its place would be worse than none.

use std::borrow::Cow;

use crate::model::path::{FieldPath, Segment};
use crate::model::value::{Node, Value};

/// Where a Secret's texts are written, and where the API keeps them.
const TEXTS: &str = "stringData";
const KEPT: &str = "data";

/// What tells items of a list apart, as lists of the Kubernetes API have it. The first that does so on
/// both sides counts: a mount has a name as well, and that is its volume's.
const KEYS: &[&[&str]] = &[
    &["containerPort", "protocol"],
    &["port", "protocol"],
    &["topologyKey", "whenUnsatisfiable"],
    &["mountPath"],
    &["devicePath"],
    &["ip"],
    &["name"],
    &["type"],
    &["key"],
];

/// A key that may be left out, and what the API then takes it for.
const LEFT_OUT: (&str, &str) = ("protocol", "TCP");

/// What is made up stands in a list, and nothing tells which item of what is there that is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is made up, and nothing tells which item of the list that is there")]
pub struct Unplaced(pub FieldPath);

/// `wanted` with what `live` has in place of what was made up. What it has nothing of stays as it was
/// made.
pub(super) fn pinned(
    wanted: &Value,
    live: &Value,
    made_up: &[FieldPath],
) -> Result<Value, Unplaced> {
    let mut value = wanted.clone();
    for path in made_up {
        if let Some(there) = there((wanted, live), path, made_up)? {
            value = path.put(&value, Some(there));
            continue;
        }
        let kept = kept(path);
        if let Some((kept, there)) = kept.as_ref().and_then(|kept| Some((kept, kept.find(live)?))) {
            value = path.put(&kept.put(&value, Some(there)), None);
        }
    }
    Ok(value)
}

/// What `live` has of what `path` leads to in `wanted`, if it has something.
fn there<'v>(
    (wanted, live): (&Value, &'v Value),
    path: &FieldPath,
    made_up: &[FieldPath],
) -> Result<Option<&'v Value>, Unplaced> {
    let (mut own, mut there) = (Some(wanted), live);
    for (depth, segment) in path.0.iter().enumerate() {
        let found = match segment {
            Segment::Key(key) => {
                own = own.and_then(|own| own.get(key));
                there.get(key)
            }
            Segment::Index(index) => {
                let lists = own.and_then(Value::as_list).zip(there.as_list());
                let Some((items, others)) = lists else { return Ok(None) };
                own = items.get(*index);
                let list = List { items, others, at: FieldPath(path.0[..depth].to_vec()), made_up };
                list.find(*index).map_err(|_| Unplaced(path.clone()))?
            }
        };
        let Some(found) = found else { return Ok(None) };
        there = found;
    }
    Ok(Some(there))
}

/// Nothing tells which item it is.
struct Unclear;

/// A list as it is wanted, and as it is there.
struct List<'a, 'v> {
    items: &'a [Value],
    others: &'v [Value],
    /// Where it is in what is wanted.
    at: FieldPath,
    made_up: &'a [FieldPath],
}

impl<'v> List<'_, 'v> {
    /// The item that is there of the one wanted at `index`, if there is one.
    fn find(&self, index: usize) -> Result<Option<&'v Value>, Unclear> {
        let Some(item) = self.items.get(index) else { return Ok(None) };
        if let Some(keys) = KEYS.iter().find(|keys| self.is_told_by(keys)) {
            let wanted = told(item, keys);
            return Ok(self.others.iter().find(|other| told(other, keys) == wanted));
        }
        match self.others {
            [] => Ok(None),
            others if self.has_place(index) => Ok(others.get(index)),
            _ => Err(Unclear),
        }
    }

    /// Whether every item has these keys, none of them made up, and no two on one side the same.
    fn is_told_by(&self, keys: &[&str]) -> bool {
        let is_made_up = |(at, key): (usize, &str)| {
            let path = self.at.index(at).key(key);
            self.made_up.iter().any(|made| path.is_under(made))
        };
        let mut all = (0..self.items.len()).flat_map(|at| keys.iter().map(move |key| (at, *key)));
        are_apart(self.items, keys) && are_apart(self.others, keys) && !all.any(is_made_up)
    }

    /// Whether an item without a key can only be the one at the same place: all else in the list is as
    /// it is there, and no other item could as well be this one.
    fn has_place(&self, index: usize) -> bool {
        let fits = |own: usize, other: usize| {
            agrees(&self.items[own], &self.others[other], &self.at.index(own), self.made_up)
        };
        let all = 0..self.items.len();
        let rivals = |other: usize| other != index && fits(index, other) && fits(other, index);
        self.items.len() == self.others.len()
            && all.clone().all(|at| fits(at, at))
            && (self.items[index] == self.others[index] || !all.into_iter().any(rivals))
    }
}

/// Whether each item has these keys, and no two the same.
fn are_apart(items: &[Value], keys: &[&str]) -> bool {
    let told: Option<Vec<_>> = items.iter().map(|item| told(item, keys)).collect();
    told.is_some_and(|told| told.iter().enumerate().all(|(at, one)| !told[..at].contains(one)))
}

/// The keys of an item; `None`: it lacks one.
fn told(item: &Value, keys: &[&str]) -> Option<Vec<Value>> {
    let (may_lack, default) = LEFT_OUT;
    let one = |key: &&str| match item.get(key).filter(|value| !value.is_null()) {
        None if *key == may_lack && item.as_map().is_some() => Some(Value::text(default)),
        value => value.cloned(),
    };
    keys.iter().map(one).collect()
}

/// Whether `live` has all that `wanted` says beside what is made up; it may have more.
fn agrees(wanted: &Value, live: &Value, path: &FieldPath, made_up: &[FieldPath]) -> bool {
    if made_up.contains(path) {
        return true;
    }
    match (&wanted.node, &live.node) {
        (Node::Map(map), Node::Map(_)) => {
            map.iter().filter(|(_, own)| !own.is_null()).all(|(key, own)| {
                let path = path.key(key.clone());
                let there = live.get(key);
                there.map_or(made_up.contains(&path), |it| agrees(own, it, &path, made_up))
            })
        }
        (Node::List(items), Node::List(others)) if items.len() == others.len() => {
            let mut both = items.iter().zip(others.iter()).enumerate();
            both.all(|(at, (own, other))| agrees(own, other, &path.index(at), made_up))
        }
        _ => wanted == live,
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
