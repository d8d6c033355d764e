//! Deep merges, which change the first map.

use super::dicts::forbid_cycle;
use crate::Failure;
use crate::functions::{Call, Function, Functions, Type};
use crate::limits::Meter;
use crate::value::{Map, Value};

pub(super) fn register(f: &mut Functions) {
    let merging = |overwrite: bool| {
        let body = move |c: &mut Call<'_>| {
            let mut into = c.map(0)?;
            if into.is_nil() && c.args().len() > 1 {
                into = Map::new(into.element());
            }
            for i in 1..c.args().len() {
                merge(&into, &c.map(i)?, overwrite, c.meter)?;
            }
            Ok(into.into())
        };
        Function::new(&[Type::Map], body).with_rest(Type::Map).mutating()
    };
    f.add("merge", merging(false));
    f.add("mustMerge", merging(false));
    f.add("mergeOverwrite", merging(true));
    f.add("mustMergeOverwrite", merging(true));
}

/// Without `overwrite` fills what is missing or empty; maps within maps are merged, lists are
/// values.
fn merge(into: &Map, from: &Map, overwrite: bool, meter: &mut Meter) -> Result<(), Failure> {
    meter.enter()?;
    for (key, value) in from.entries() {
        meter.spend(1)?;
        let old = into.get(&key);
        match (&value, &old) {
            (Value::Nil, _) => {
                if overwrite {
                    into.insert(key, Value::Nil);
                }
            }
            (Value::Map(value), Some(Value::Map(old))) if !(value.is_empty() && old.is_empty()) => {
                merge(old, value, overwrite, meter)?;
            }
            (_, Some(old)) if !overwrite && old.is_true() => {}
            _ => {
                forbid_cycle(into, &value, meter)?;
                into.insert(key, value);
            }
        }
    }
    meter.leave();
    Ok(())
}
