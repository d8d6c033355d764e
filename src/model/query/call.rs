//! The functions of queries.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{
    Expr, Found, Run, Stop, groups, items, json, kind, list, look, number, numeric, one, shown,
    sorted, truth, weigh,
};
use crate::model::value::{Map, Node, Rules, Value};
use crate::model::yaml;

/// Every function.
#[rustfmt::skip]
pub(super) const NAMES: &[&str] = &[
    "@json", "add", "all", "any", "ascii_downcase", "ascii_upcase", "contains", "downcase", "empty",
    "endswith", "first", "flatten", "from_entries", "from_json", "from_yaml", "fromjson", "group_by",
    "has", "join", "keys", "last", "length", "ltrimstr", "map", "map_values", "max", "min", "not",
    "omit", "pick", "reverse", "rtrimstr", "select", "sort", "sort_by", "split", "startswith",
    "to_entries", "to_json", "to_number", "to_string", "tojson", "tonumber", "tostring",
    "trim", "type", "unique", "unique_by", "upcase", "with_entries",
];

/// Whether there is a function of this name.
pub(super) fn is_known(name: &str) -> bool {
    NAMES.binary_search(&name).is_ok()
}

impl Run<'_> {
    pub(super) fn call(&mut self, name: &str, arguments: &[Expr], value: &Value) -> Found {
        match (name, arguments) {
            ("select", [test]) => {
                let kept = any(&self.eval(test, value)?)?;
                Ok(kept.then(|| value.clone()).into_iter().collect())
            }
            ("map", [change]) => {
                let mut found = Vec::new();
                for item in items(value)? {
                    found.extend(self.eval(change, &item)?);
                }
                Ok(vec![list(found)])
            }
            ("has", [key]) => {
                let key = one(self.eval(key, value)?);
                look(value)?;
                look(&key)?;
                let has = match (&value.node, key.as_str(), number(&key)) {
                    (Node::Map(map), Some(key), _) => map.get(key).is_some(),
                    (Node::List(items), _, Some(at)) => at >= 0.0 && (at as usize) < items.len(),
                    _ => false,
                };
                Ok(vec![Value::computed(Node::Bool(has))])
            }
            ("sort_by", [by]) => {
                let mut keyed = Vec::new();
                for item in items(value)? {
                    keyed.push((one(self.eval(by, &item)?), item));
                }
                Ok(vec![list(sorted(keyed.into_iter())?)])
            }
            ("unique_by" | "group_by", [by]) => self.grouped(name, by, value),
            ("map_values", [change]) => {
                let mut found = Map::default();
                for (key, item) in pairs(value)?.iter() {
                    let item = self.eval(change, item).map(one);
                    found.insert(key.clone(), self.known(item)?);
                }
                Ok(vec![Value::computed(Node::Map(found))])
            }
            ("pick" | "omit", [keys]) => {
                let keys = items(&one(self.eval(keys, value)?))?;
                Ok(vec![picked(pairs(value)?, &keys, name == "pick")?])
            }
            ("with_entries", [change]) => {
                let mut found = Vec::new();
                for entry in entries(value)? {
                    found.extend(self.eval(change, &entry)?);
                }
                Ok(vec![from_entries(&found)?])
            }
            ("any" | "all", [test]) => {
                let mut truths = Vec::new();
                for item in items(value)? {
                    truths.push(any(&self.eval(test, &item)?)?);
                }
                let answer =
                    if name == "any" { truths.contains(&true) } else { !truths.contains(&false) };
                Ok(vec![Value::computed(Node::Bool(answer))])
            }
            (_, [argument]) => {
                let argument = one(self.eval(argument, value)?);
                Ok(vec![with_text(name, value, &shown(&argument)?)?])
            }
            (_, []) => plain(name, value),
            _ => Err(format!("`{name}` takes one argument at most").into()),
        }
    }

    /// The items that have the same key together, or the first of each.
    fn grouped(&mut self, name: &str, by: &Expr, value: &Value) -> Found {
        let mut keyed = Vec::new();
        for item in items(value)? {
            keyed.push((one(self.eval(by, &item)?), item));
        }
        let groups = groups(keyed.into_iter())?.into_iter().map(|group| match name {
            "group_by" => list(group),
            _ => one(group),
        });
        Ok(vec![list(groups.collect())])
    }
}

/// Whether any of them holds.
fn any(found: &[Value]) -> Result<bool, Stop> {
    let truths = found.iter().map(truth).collect::<Result<Vec<_>, _>>()?;
    Ok(truths.contains(&true))
}

/// The entries whose keys are among `keys`, or those whose are not.
fn picked(map: &Map, keys: &[Value], among: bool) -> Result<Value, Stop> {
    let keys = keys.iter().map(shown).collect::<Result<BTreeSet<_>, _>>()?;
    let kept = map.iter().filter(|(key, _)| keys.contains(key.as_ref()) == among);
    Ok(Value::computed(Node::Map(kept.map(|(key, item)| (key.clone(), item.clone())).collect())))
}

fn with_text(name: &str, value: &Value, argument: &str) -> Result<Value, Stop> {
    look(value)?;
    let text =
        || value.as_str().ok_or_else(|| format!("`{name}` needs a text, not a {}", kind(value)));
    let bool = |value| Ok(Value::computed(Node::Bool(value)));
    match name {
        "join" => {
            let texts: Vec<_> = items(value)?.iter().map(shown).collect::<Result<_, _>>()?;
            let bytes = texts.iter().map(|text| text.len() + argument.len()).sum();
            weigh::text_fits(bytes)?;
            Ok(Value::text(texts.join(argument)))
        }
        "split" => Ok(list(text()?.split(argument).map(Value::text).collect())),
        "startswith" => bool(text()?.starts_with(argument)),
        "endswith" => bool(text()?.ends_with(argument)),
        "contains" => match value.as_list() {
            Some(items) => {
                let texts = items.iter().map(shown).collect::<Result<Vec<_>, _>>()?;
                bool(texts.iter().any(|text| text == argument))
            }
            None => bool(text()?.contains(argument)),
        },
        "ltrimstr" => Ok(Value::text(text()?.strip_prefix(argument).unwrap_or(text()?))),
        "rtrimstr" => Ok(Value::text(text()?.strip_suffix(argument).unwrap_or(text()?))),
        _ => Err(format!("`{name}` takes no text").into()),
    }
}

fn plain(name: &str, value: &Value) -> Found {
    look(value)?;
    let text =
        || value.as_str().ok_or_else(|| format!("`{name}` needs a text, not a {}", kind(value)));
    let length = |length: usize| numeric(length as f64);
    let found = match name {
        "empty" => return Ok(Vec::new()),
        "length" => match &value.node {
            Node::List(items) => length(items.len()),
            Node::Map(map) => length(map.len()),
            _ if value.is_null() => length(0),
            _ => length(shown(value)?.chars().count()),
        },
        "keys" => match &value.node {
            Node::Map(map) => list(map.iter().map(|(key, _)| Value::text(key.clone())).collect()),
            _ => list((0..items(value)?.len()).map(length).collect()),
        },
        "first" => one(items(value)?),
        "last" => items(value)?.pop().unwrap_or(Value::computed(Node::Null)),
        "reverse" => list(items(value)?.into_iter().rev().collect()),
        "sort" | "min" | "max" => {
            let items = items(value)?.into_iter();
            let mut sorted = sorted(items.map(|item| (item.clone(), item)))?;
            match name {
                "sort" => list(sorted),
                "min" => one(sorted),
                _ => sorted.pop().unwrap_or(Value::computed(Node::Null)),
            }
        }
        "unique" => {
            let groups = groups(items(value)?.into_iter().map(|item| (item.clone(), item)))?;
            list(groups.into_iter().map(one).collect())
        }
        "flatten" => {
            let mut flat = Vec::new();
            for item in items(value)? {
                look(&item)?;
                match item.as_list() {
                    Some(inner) => flat.extend_from_slice(inner),
                    None => flat.push(item),
                }
            }
            list(flat)
        }
        "add" => added(items(value)?)?,
        "not" => Value::computed(Node::Bool(!truth(value)?)),
        "type" => Value::text(kind(value)),
        "to_string" | "tostring" => Value::text(shown(value)?),
        "to_number" | "tonumber" => {
            let parsed: f64 = text()?.trim().parse().map_err(|_| "this text is no number")?;
            numeric(parsed)
        }
        "to_json" | "tojson" | "@json" => Value::text(json(value)?),
        "from_json" | "fromjson" | "from_yaml" => {
            yaml::parse(text()?, Rules::Stack).ok_or("this text cannot be read")?
        }
        "upcase" | "ascii_upcase" => Value::text(text()?.to_uppercase()),
        "downcase" | "ascii_downcase" => Value::text(text()?.to_lowercase()),
        "trim" => Value::text(text()?.trim()),
        "to_entries" => list(entries(value)?),
        "from_entries" => from_entries(&items(value)?)?,
        _ => return Err(format!("`{name}` takes an argument").into()),
    };
    Ok(vec![found])
}

/// All together: each is copied once, and not again with all that come after it.
fn added(mut all: Vec<Value>) -> Result<Value, Stop> {
    all.iter().try_for_each(look)?;
    all.retain(|item| !item.is_null());
    let Some(first) = all.first() else { return Ok(Value::computed(Node::Null)) };
    if let Some(other) = all.iter().find(|item| kind(item) != kind(first)) {
        return super::sum(first, other);
    }
    Ok(match &first.node {
        Node::List(_) => list(all.iter().filter_map(Value::as_list).flatten().cloned().collect()),
        Node::Map(_) => {
            let pairs = all.iter().filter_map(Value::as_map).flat_map(Map::iter);
            let pairs = pairs.map(|(key, item)| (key.clone(), item.clone()));
            Value::computed(Node::Map(pairs.collect()))
        }
        _ if kind(first) == "text" => {
            let texts: Vec<_> = all.iter().filter_map(Value::as_str).collect();
            weigh::text_fits(texts.iter().map(|text| text.len()).sum())?;
            Value::text(texts.concat())
        }
        _ => {
            let mut rest = all.iter().skip(1);
            rest.try_fold(first.clone(), |low, high| super::sum(&low, high))?
        }
    })
}

fn pairs(value: &Value) -> Result<&Map, Stop> {
    look(value)?;
    value.as_map().ok_or_else(|| format!("a {} has no keys", kind(value)).into())
}

fn entries(value: &Value) -> Found {
    let map = value.as_map().ok_or_else(|| format!("a {} has no entries", kind(value)))?;
    let entry = |(key, value): (&Arc<str>, &Value)| {
        let pair = [("key", Value::text(key.clone())), ("value", value.clone())];
        let pair: Map = pair.into_iter().map(|(key, value)| (Arc::from(key), value)).collect();
        Value::computed(Node::Map(pair))
    };
    Ok(map.iter().map(entry).collect())
}

fn from_entries(entries: &[Value]) -> Result<Value, Stop> {
    let mut map = Map::default();
    for entry in entries {
        look(entry)?;
        let key = entry.get("key").ok_or("an entry needs a `key`")?;
        let value = entry.get("value").cloned().unwrap_or(Value::computed(Node::Null));
        map.insert(shown(key)?, value);
    }
    Ok(Value::computed(Node::Map(map)))
}
