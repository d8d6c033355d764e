//! Map functions. `set` and `unset` change the map they are given, as in Sprig.

use super::cast::to_text;
use super::{Outcome, add, add_with_rest};
use crate::Failure;
use crate::functions::{Call, Function, Functions, Type};
use crate::limits::Meter;
use crate::value::{Element, Map, Value};

use Type::{Any, Str};

pub(super) fn register(f: &mut Functions) {
    add_with_rest(f, &["dict"], &[], Any, |c| {
        let map = Map::new(Element::Any);
        for pair in c.rest(0).chunks(2) {
            let key = to_text(&pair[0], c.meter)?;
            map.insert(key, pair.get(1).cloned().unwrap_or_else(|| "".into()));
        }
        Ok(map.into())
    });
    add(f, &["get"], &[Type::Map, Str], |c| {
        Ok(c.map(0)?.get(&c.str(1)?).unwrap_or_else(|| "".into()))
    });
    add(f, &["hasKey"], &[Type::Map, Str], |c| Ok(c.map(0)?.has(&c.str(1)?).into()));
    f.add("set", Function::new(&[Type::Map, Str, Any], set).mutating());
    f.add(
        "unset",
        Function::new(&[Type::Map, Str], |c| {
            c.map(0)?.remove(&c.str(1)?);
            Ok(c.value(0))
        })
        .mutating(),
    );
    add_with_rest(f, &["pluck"], &[Str], Type::Map, |c| {
        let key = c.str(0)?;
        let found = (1..c.args().len()).map(|i| Ok(c.map(i)?.get(&key)));
        let found: Result<Vec<Option<Value>>, Failure> = found.collect();
        Ok(found?.into_iter().flatten().collect::<Vec<_>>().into())
    });
    add_with_rest(f, &["keys"], &[], Type::Map, |c| {
        let mut keys = Vec::new();
        for i in 0..c.args().len() {
            keys.extend(c.map(i)?.entries().into_iter().map(|(key, _)| key.to_string()));
        }
        Ok(keys.into())
    });
    add(f, &["values"], &[Type::Map], |c| {
        Ok(c.map(0)?.entries().into_iter().map(|(_, value)| value).collect::<Vec<_>>().into())
    });
    add_with_rest(f, &["pick"], &[Type::Map], Str, |c| chosen(c, true));
    add_with_rest(f, &["omit"], &[Type::Map], Str, |c| chosen(c, false));
    add_with_rest(f, &["dig"], &[], Any, dig);
}

fn set(c: &mut Call<'_>) -> Outcome {
    let (map, key, value) = (c.map(0)?, c.str(1)?, c.value(2));
    if map.is_nil() {
        return Err("assignment to entry in nil map".into());
    }
    forbid_cycle(&map, &value, c.meter)?;
    c.meter.spend(1)?;
    map.insert(key, value);
    Ok(map.into())
}

/// A map that holds itself could not be printed, compared or freed.
pub(crate) fn forbid_cycle(map: &Map, value: &Value, meter: &mut Meter) -> Result<(), Failure> {
    let mut pending = vec![value.clone()];
    while let Some(value) = pending.pop() {
        meter.spend(1)?;
        match value {
            Value::Map(inner) if inner.shares(map) => {
                return Err("a map cannot be put into itself".into());
            }
            Value::Map(inner) => pending.extend(inner.entries().into_iter().map(|(_, v)| v)),
            Value::List(list) => pending.extend_from_slice(list.items()),
            _ => {}
        }
    }
    Ok(())
}

/// The entries whose keys are named, or are not.
fn chosen(c: &mut Call<'_>, named: bool) -> Outcome {
    let keys = c.rest(1);
    let is_named = |key: &str| keys.iter().any(|k| matches!(k, Value::Str(k) if **k == *key));
    let entries = c.map(0)?.entries();
    let kept = entries.into_iter().filter(|(key, _)| is_named(key) == named);
    Ok(kept.collect::<Map>().into())
}

/// `dig "a" "b" otherwise map`.
fn dig(c: &mut Call<'_>) -> Outcome {
    let args = c.rest(0);
    let [keys @ .., otherwise, map] = args.as_slice() else {
        return Err("dig needs at least three arguments".into());
    };
    if keys.is_empty() {
        return Err("dig needs at least three arguments".into());
    }
    let mut found = map.clone();
    for key in keys {
        let Value::Str(key) = key else {
            return Err(conversion(key, "string"));
        };
        let map = match &found {
            Value::Map(map) if map.element() == Element::Any => map,
            other => return Err(conversion(other, "map[string]interface {}")),
        };
        match map.get(key) {
            Some(value) => found = value,
            None => return Ok(otherwise.clone()),
        }
    }
    Ok(found)
}

fn conversion(found: &Value, wanted: &str) -> Failure {
    let found = match found {
        Value::Nil => "nil".to_owned(),
        value => value.type_name(),
    };
    Failure::Message(format!("interface conversion: interface {{}} is {found}, not {wanted}"))
}
