//! `coll.`: lists and maps. Unlike there, nothing here changes a list it is given.

use std::cmp::Ordering;

use super::{Outcome, add, add_with_rest, alias, convert, namespace};
use crate::Failure;
use crate::builtins;
use crate::functions::{Call, Function, Functions, Type};
use crate::limits::Meter;
use crate::sprig::dicts::forbid_cycle;
use crate::sprig::reflect::deep_equal;
use crate::value::{Map, Value};

use Type::{Any, Raw, Str};

/// Where `coll.Flatten` stops by itself; values nest less deeply than that.
const FLATTEN_ALL: i64 = -1;

pub(super) fn register(f: &mut Functions) {
    let m = &mut Functions::none();
    add_with_rest(m, &["Slice"], &[], Any, |c| Ok(c.rest(0).into()));
    add_with_rest(m, &["GoSlice"], &[Raw], Raw, builtins::slice);
    add(m, &["Has"], &[Any, Str], has);
    add_with_rest(m, &["Index"], &[], Any, index);
    add_with_rest(m, &["Dict"], &[], Any, dict);
    add_with_rest(m, &["Keys"], &[], Type::Map, |c| {
        let keys = entries(c)?.into_iter().map(|(key, _)| key);
        Ok(keys.collect::<Vec<_>>().into())
    });
    add_with_rest(m, &["Values"], &[], Type::Map, |c| {
        Ok(entries(c)?.into_iter().map(|(_, value)| value).collect::<Vec<_>>().into())
    });
    lists(m);
    add_with_rest(m, &["Merge"], &[Type::Map], Type::Map, |c| {
        let mut merged = c.map(0)?;
        for i in 1..c.args().len() {
            merged = merge(&c.map(i)?, &merged, c.meter)?;
        }
        Ok(merged.into())
    });
    add_with_rest(m, &["Pick"], &[], Any, |c| chosen(c, true));
    add_with_rest(m, &["Omit"], &[], Any, |c| chosen(c, false));
    m.add("Set", Function::new(&[Str, Any, Type::Map], set).mutating());
    let unset = |c: &mut Call<'_>| {
        c.map(1)?.remove(&c.str(0)?);
        Ok(c.value(1))
    };
    m.add("Unset", Function::new(&[Str, Type::Map], unset).mutating());
    let language = "it is a language of its own, which is not built in";
    m.add("JQ", Function::refused(language)).add("JSONPath", Function::refused(language));
    let names = [
        ("has", "Has"),
        ("slice", "Slice"),
        ("dict", "Dict"),
        ("keys", "Keys"),
        ("values", "Values"),
        ("append", "Append"),
        ("prepend", "Prepend"),
        ("uniq", "Uniq"),
        ("reverse", "Reverse"),
        ("merge", "Merge"),
        ("sort", "Sort"),
        ("jsonpath", "JSONPath"),
        ("jq", "JQ"),
        ("flatten", "Flatten"),
        ("set", "Set"),
        ("unset", "Unset"),
    ];
    alias(f, m, &names);
    // A namespace may change what it is given through these two.
    f.add("coll", namespace("*funcs.CollFuncs", m.clone()).mutating());
}

fn lists(m: &mut Functions) {
    add(m, &["Append"], &[Any, Any], |c| {
        let list = convert::list(&c.value(1))?;
        Ok(list.items().iter().cloned().chain([c.value(0)]).collect::<Vec<_>>().into())
    });
    add(m, &["Prepend"], &[Any, Any], |c| {
        let list = convert::list(&c.value(1))?;
        Ok([c.value(0)].into_iter().chain(list.items().iter().cloned()).collect::<Vec<_>>().into())
    });
    add(m, &["Uniq"], &[Any], uniq);
    add(m, &["Reverse"], &[Any], |c| {
        let list = convert::list(&c.value(0))?;
        Ok(list.items().iter().rev().cloned().collect::<Vec<_>>().into())
    });
    add_with_rest(m, &["Sort"], &[], Any, sort);
    add_with_rest(m, &["Flatten"], &[], Any, |c| {
        let args = c.rest(0);
        let (depth, list) = match args.as_slice() {
            [list] => (FLATTEN_ALL, list),
            [depth, list] => (convert::int(depth, c.meter)?, list),
            _ => return Err(wrong_count("1 or 2", args.len())),
        };
        let mut out = Vec::new();
        flatten(list, depth, &mut out, c.meter)?;
        Ok(out.into())
    });
}

pub(super) fn wrong_count(wanted: &str, got: usize) -> Failure {
    Failure::Message(format!("wrong number of args: wanted {wanted}, got {got}"))
}

fn has(c: &mut Call<'_>) -> Outcome {
    let key = c.str(1)?;
    match c.value(0) {
        Value::Map(map) => Ok(map.has(&key).into()),
        Value::List(list) => {
            let key = Value::Str(key);
            for item in list.items() {
                if deep_equal(item, &key, c.meter)? {
                    return Ok(true.into());
                }
            }
            Ok(false.into())
        }
        _ => Ok(false.into()),
    }
}

/// As the language's own, but the keys stand first and a missing one is an error.
fn index(c: &mut Call<'_>) -> Outcome {
    let args = c.rest(0);
    let [keys @ .., item] = args.as_slice() else { return Err(wrong_count("at least 2", 0)) };
    if keys.is_empty() {
        return Err(wrong_count("at least 2", args.len()));
    }
    let mut item = item.clone();
    if item.is_nil() && !matches!(item, Value::List(_) | Value::Map(_)) {
        return Err("index of untyped nil".into());
    }
    for key in keys {
        if let (Value::Map(map), Value::Str(key)) = (&item, key)
            && !map.has(key)
        {
            return Err(format!("map has no key {key}").into());
        }
        if let (Value::Str(_) | Value::List(_), Some(at)) = (&item, key.integer()) {
            let length = match &item {
                Value::List(list) => list.len(),
                Value::Str(text) => text.len(),
                _ => 0,
            };
            if at == length as i128 {
                return Err(format!("index out of range: {at}").into());
            }
        }
        let mut call = Call::new(vec![item, key.clone()], c.meter);
        item = builtins::index(&mut call)?;
    }
    Ok(item)
}

fn dict(c: &mut Call<'_>) -> Outcome {
    let map = Map::from_iter::<[(&str, Value); 0]>([]);
    for pair in c.rest(0).chunks(2) {
        let key = convert::text(&pair[0], c.meter)?;
        map.insert(key, pair.get(1).cloned().unwrap_or_else(|| "".into()));
    }
    Ok(map.into())
}

fn entries(c: &Call<'_>) -> Result<Vec<(String, Value)>, Failure> {
    if c.args().is_empty() {
        return Err("need at least one argument".into());
    }
    let mut all = Vec::new();
    for i in 0..c.args().len() {
        let entries = c.map(i)?.entries();
        all.extend(entries.into_iter().map(|(key, value)| (key.to_string(), value)));
    }
    Ok(all)
}

fn uniq(c: &mut Call<'_>) -> Outcome {
    let list = convert::list(&c.value(0))?;
    let mut kept: Vec<Value> = Vec::new();
    'items: for item in list.items() {
        for known in &kept {
            if deep_equal(known, item, c.meter)? {
                continue 'items;
            }
        }
        kept.push(item.clone());
    }
    Ok(kept.into())
}

/// A new map: `over` laid over `below`, maps within maps merged.
fn merge(below: &Map, over: &Map, meter: &mut Meter) -> Result<Map, Failure> {
    meter.enter()?;
    let merged: Map = below.entries().into_iter().collect();
    meter.spend(merged.len() + over.len())?;
    for (key, value) in over.entries() {
        let value = match (&value, merged.get(&key)) {
            (Value::Map(over), Some(Value::Map(below))) if over.element() == below.element() => {
                merge(&below, over, meter)?.into()
            }
            _ => value,
        };
        merged.insert(key, value);
    }
    meter.leave();
    Ok(merged)
}

fn sort(c: &mut Call<'_>) -> Outcome {
    let args = c.rest(0);
    let (key, list) = match args.as_slice() {
        [list] => (String::new(), list),
        [key, list] => (convert::text(key, c.meter)?, list),
        _ => return Err(wrong_count("1 or 2", args.len())),
    };
    if let Value::Nil = list {
        return Ok(crate::value::List::nil(crate::value::Element::Any).into());
    }
    let mut items = convert::list(list)?.items().to_vec();
    c.meter.spend(items.len().saturating_mul(4))?;
    let kind = items.first().map(|item| item.kind_name().to_owned());
    if items.iter().all(|item| Some(item.kind_name()) == kind.as_deref()) {
        items.sort_by(|a, b| order(a, b, &key));
    }
    Ok(items.into())
}

/// Two values of one kind; what has no order is equal.
fn order(a: &Value, b: &Value, key: &str) -> Ordering {
    match (a, b) {
        (Value::Str(a), Value::Str(b)) => a.cmp(b),
        (Value::Float(a), Value::Float(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
        (Value::Map(a), Value::Map(b)) => match (a.get(key), b.get(key)) {
            (Some(a), Some(b)) => order(&a, &b, ""),
            _ => Ordering::Equal,
        },
        (a, b) => match (a.integer(), b.integer()) {
            (Some(a), Some(b)) => a.cmp(&b),
            _ => Ordering::Equal,
        },
    }
}

fn flatten(
    list: &Value,
    depth: i64,
    out: &mut Vec<Value>,
    meter: &mut Meter,
) -> Result<(), Failure> {
    meter.enter()?;
    for item in convert::list(list)?.items() {
        meter.spend(1)?;
        match item {
            Value::List(_) if depth != 0 => flatten(item, depth.saturating_sub(1), out, meter)?,
            item => out.push(item.clone()),
        }
    }
    meter.leave();
    Ok(())
}

/// The entries whose keys are named, or are not; the keys may come as one list.
fn chosen(c: &mut Call<'_>, named: bool) -> Outcome {
    let args = c.rest(0);
    let [keys @ .., map] = args.as_slice() else { return Err(wrong_count("2 or more", 0)) };
    if keys.is_empty() {
        return Err(wrong_count("2 or more", args.len()));
    }
    let Value::Map(map) = map else {
        let found = map.type_name();
        return Err(format!("wrong map type: must be map[string]any, got {found}").into());
    };
    let keys = match keys {
        [Value::List(list)] => list.items().to_vec(),
        keys => keys.to_vec(),
    };
    let mut wanted = Vec::new();
    for key in &keys {
        let Value::Str(key) = key else {
            let (found, key) = (key.type_name(), convert::text(key, c.meter)?);
            return Err(format!("wrong key type: must be string, got {found} ({key})").into());
        };
        wanted.push(key.clone());
    }
    let entries = map.entries().into_iter();
    Ok(entries.filter(|(key, _)| wanted.contains(key) == named).collect::<Map>().into())
}

fn set(c: &mut Call<'_>) -> Outcome {
    let (key, value, map) = (c.str(0)?, c.value(1), c.map(2)?);
    if map.is_nil() {
        return Err("assignment to entry in nil map".into());
    }
    forbid_cycle(&map, &value, c.meter)?;
    c.meter.spend(1)?;
    map.insert(key, value);
    Ok(map.into())
}
