//! Which fields of an object somebody owns, as the API server writes it down, and what of an
//! object those fields are.
//!
//! The form is `FieldsV1` of `metadata.managedFields`: `f:` names a field, `k:` an item of a list
//! by its keys, `v:` an item by its value, `i:` by its place, and `.` the thing itself. It spells
//! out the keys of lists, so no schema is needed to follow it through an object.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use crate::ids::ContentId;
use crate::model::path::FieldPath;

/// Deepest object that is followed: the API server itself refuses YAML deeper than some 100 levels.
const DEPTH_MAX: usize = 256;

/// A set of fields, as a tree. A leaf is a field with everything in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Fields(BTreeMap<Element, Fields>);

/// One step down.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Element {
    /// The map or list itself, without what is in it.
    Itself,
    /// Into the field of a map.
    Field(String),
    /// Into the item of a list that has these keys; canonical JSON.
    Keys(String),
    /// Into the item of a list that is this value; canonical JSON.
    Item(String),
    /// Into the item of a list at this place.
    Place(usize),
}

impl Fields {
    /// Reads `fieldsV1`. What has no known form is left out: it can only make the set smaller.
    pub(super) fn read(json: &Json) -> Self {
        Self::read_to(json, DEPTH_MAX)
    }

    fn read_to(json: &Json, depth: usize) -> Self {
        let entries = json.as_object().filter(|_| depth > 0).into_iter().flatten();
        let each = entries.filter_map(|(key, below)| {
            let (form, text) = key.split_once(':').unwrap_or((key, ""));
            let element = match form {
                "." => Element::Itself,
                "f" => Element::Field(text.to_owned()),
                "k" => Element::Keys(canonical(&serde_json::from_str(text).ok()?)),
                "v" => Element::Item(canonical(&serde_json::from_str(text).ok()?)),
                "i" => Element::Place(text.parse().ok()?),
                _ => return None,
            };
            Some((element, Self::read_to(below, depth - 1)))
        });
        Self(each.collect())
    }

    /// Whether there is no field in it.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fields of either. Where one set has a whole field and the other parts of it, the parts
    /// count: whoever owns a list has its items listed one by one.
    pub(super) fn or(&self, other: &Self) -> Self {
        let mut all = self.0.clone();
        for (element, below) in &other.0 {
            let merged = all.get(element).map_or_else(|| below.clone(), |known| known.or(below));
            all.insert(element.clone(), merged);
        }
        Self(all)
    }

    /// Those of the fields that `known` has not. Who has parts of a field that is whole here has it: where
    /// a manifest leaves a map empty, the server writes down what it has filled in, and the map alone again
    /// with the next apply. A map or an item itself goes with what is in it.
    pub(super) fn without(&self, known: &Self) -> Self {
        let fields = self.0.iter().filter(|(element, _)| **element != Element::Itself);
        let each = fields.filter_map(|(element, below)| {
            let left = match known.0.get(element) {
                Some(known) => Some(below.without(known)).filter(|left| !left.is_empty())?,
                None => below.clone(),
            };
            Some((element.clone(), left))
        });
        Self(each.collect())
    }

    /// The fields of maps that are in `before`, and others or not there in `after`.
    pub(super) fn changed(before: &Json, after: &Json) -> Self {
        let (Json::Object(before), Json::Object(after)) = (before, after) else {
            return Self::default();
        };
        let each = before.iter().filter_map(|(key, before)| {
            let below = match (before, after.get(key)) {
                (before, Some(after)) if before == after => return None,
                (Json::Object(_), Some(after @ Json::Object(_))) => {
                    Some(Self::changed(before, after)).filter(|changed| !changed.is_empty())?
                }
                _ => Self::default(),
            };
            Some((Element::Field(key.clone()), below))
        });
        Self(each.collect())
    }

    /// Those of the fields that are there in `object`.
    pub(super) fn within(&self, object: &Json) -> Self {
        let each = self.0.iter().filter_map(|(element, below)| {
            let inside = match (element, object) {
                (Element::Itself, _) => object,
                (Element::Field(key), Json::Object(map)) => map.get(key)?,
                (_, Json::Array(items)) => element.among(items)?,
                _ => return None,
            };
            let left = below.within(inside);
            (below.is_empty() || !left.is_empty()).then(|| (element.clone(), left))
        });
        Self(each.collect())
    }

    /// What of `object` these fields are; `None`: nothing of it is there.
    pub(super) fn of(&self, object: &Json) -> Option<Json> {
        match object {
            whole if self.is_empty() => Some(whole.clone()),
            Json::Object(map) => {
                let each = map.iter().filter_map(|(key, value)| {
                    let below = self.0.get(&Element::Field(key.clone()))?;
                    Some((key.clone(), below.of(value)?))
                });
                Some(Json::Object(each.collect()))
            }
            Json::Array(items) => {
                let each = items.iter().enumerate().filter_map(|(at, item)| {
                    let (element, below) = self.item(at, item)?;
                    Some(element.with_keys(below.of(item)?))
                });
                Some(Json::Array(each.collect()))
            }
            scalar => Some(scalar.clone()),
        }
    }

    /// Where these fields are in `object`, down to the last one that is named.
    pub(super) fn paths(&self, object: &Json) -> Vec<FieldPath> {
        let mut found = Vec::new();
        self.walk(&FieldPath::root(), object, &mut found);
        found
    }

    fn walk(&self, path: &FieldPath, object: &Json, found: &mut Vec<FieldPath>) {
        match object {
            _ if self.is_empty() => found.push(path.clone()),
            Json::Object(map) => {
                for (key, value) in map {
                    if let Some(below) = self.0.get(&Element::Field(key.clone())) {
                        below.walk(&path.key(key.as_str()), value, found);
                    }
                }
            }
            Json::Array(items) => {
                for (at, item) in items.iter().enumerate() {
                    if let Some((_, below)) = self.item(at, item) {
                        below.walk(&path.index(at), item, found);
                    }
                }
            }
            _ => found.push(path.clone()),
        }
    }

    /// The entry that is about an item of a list.
    fn item(&self, at: usize, item: &Json) -> Option<(&Element, &Self)> {
        self.0.iter().find(|(element, _)| element.is(at, item))
    }
}

impl Element {
    /// Whether it leads to this item of a list.
    fn is(&self, at: usize, item: &Json) -> bool {
        match self {
            Self::Itself | Self::Field(_) => false,
            Self::Place(place) => *place == at,
            Self::Item(value) => *value == canonical(item),
            Self::Keys(keys) => has_keys(item, keys),
        }
    }

    /// The item of a list that it leads to.
    fn among<'j>(&self, items: &'j [Json]) -> Option<&'j Json> {
        items.iter().enumerate().find(|(at, item)| self.is(*at, item)).map(|(_, item)| item)
    }

    /// `part` of an item with the keys that tell which item it is.
    fn with_keys(&self, part: Json) -> Json {
        match (self, part) {
            (Self::Keys(keys), Json::Object(part)) => {
                let mut whole: Map<_, _> = serde_json::from_str(keys).unwrap_or_default();
                whole.extend(part);
                Json::Object(whole)
            }
            (_, part) => part,
        }
    }
}

/// Whether `item` has these keys. One that it does not have has its default, which only the
/// server knows: it has to be found in another way, and does not count here.
fn has_keys(item: &Json, keys: &str) -> bool {
    let keys: Map<String, Json> = serde_json::from_str(keys).unwrap_or_default();
    !keys.is_empty() && keys.iter().all(|(key, value)| item.get(key) == Some(value))
}

/// Equal texts mean equal values, whatever order their keys are written in.
fn canonical(value: &Json) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

/// Every event of a watch is written out so: the parts go straight into one text.
fn write_canonical(value: &Json, text: &mut String) {
    match value {
        Json::Object(map) => {
            let mut sorted: Vec<_> = map.iter().collect();
            sorted.sort_unstable_by_key(|(key, _)| *key);
            text.push('{');
            for (at, (key, value)) in sorted.into_iter().enumerate() {
                text.push_str(if at == 0 { "" } else { "," });
                // What may need an escape is left to who knows it.
                match key
                    .bytes()
                    .all(|byte| matches!(byte, b' '..=b'~') && !b"\"\\".contains(&byte))
                {
                    true => text.extend(["\"", key, "\""]),
                    false => text.push_str(&Json::from(key.as_str()).to_string()),
                }
                text.push(':');
                write_canonical(value, text);
            }
            text.push('}');
        }
        Json::Array(items) => {
            text.push('[');
            for (at, item) in items.iter().enumerate() {
                text.push_str(if at == 0 { "" } else { "," });
                write_canonical(item, text);
            }
            text.push(']');
        }
        scalar => text.push_str(&scalar.to_string()),
    }
}

/// The hash of a JSON value: equal hashes mean equal values.
pub(super) fn fingerprint(value: &Json) -> ContentId {
    ContentId::of(canonical(value))
}

#[cfg(test)]
mod tests;
