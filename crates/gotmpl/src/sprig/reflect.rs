//! Types, emptiness, defaults and deep equality.

use super::{add, add_with_rest};
use crate::Failure;
use crate::functions::{Functions, Type};
use crate::limits::Meter;
use crate::value::Value;

use Type::{Any, Bool, Str};

pub(super) fn register(f: &mut Functions) {
    add(f, &["typeOf"], &[Any], |c| Ok(c.value(0).type_name().into()));
    add(f, &["kindOf"], &[Any], |c| Ok(c.value(0).kind_name().into()));
    add(f, &["typeIs"], &[Str, Any], |c| Ok((*c.str(0)? == *c.value(1).type_name()).into()));
    add(f, &["typeIsLike"], &[Str, Any], |c| {
        let (name, found) = (c.str(0)?, c.value(1).type_name());
        Ok((*name == *found || format!("*{name}") == found).into())
    });
    add(f, &["kindIs"], &[Str, Any], |c| Ok((*c.str(0)? == *c.value(1).kind_name()).into()));
    add(f, &["deepEqual"], &[Any, Any], |c| {
        Ok(deep_equal(&c.value(0), &c.value(1), c.meter)?.into())
    });
    add(f, &["empty"], &[Any], |c| Ok((!c.value(0).is_true()).into()));
    add_with_rest(f, &["default"], &[Any], Any, |c| {
        Ok(c.args().get(1).filter(|given| given.is_true()).cloned().unwrap_or(c.value(0)))
    });
    add_with_rest(f, &["coalesce"], &[], Any, |c| {
        Ok(c.args().iter().find(|value| value.is_true()).cloned().unwrap_or(Value::Nil))
    });
    add_with_rest(f, &["all"], &[], Any, |c| Ok(c.args().iter().all(Value::is_true).into()));
    add_with_rest(f, &["any"], &[], Any, |c| Ok(c.args().iter().any(Value::is_true).into()));
    add(f, &["ternary"], &[Any, Any, Bool], |c| {
        Ok(if c.bool(2)? { c.value(0) } else { c.value(1) })
    });
    add(f, &["deepCopy", "mustDeepCopy"], &[Any], |c| {
        if let Value::Nil = c.value(0) {
            return Err("reflect: call of reflect.Value.Type on zero Value".into());
        }
        pay(&c.value(0), c.meter)?;
        Ok(c.value(0).detached())
    });
}

/// Go's `reflect.DeepEqual`: types must agree too, so that `1` is no `int64` 1.
pub(crate) fn deep_equal(a: &Value, b: &Value, meter: &mut Meter) -> Result<bool, Failure> {
    meter.spend(1)?;
    match (a, b) {
        (Value::Absent | Value::Nil, Value::Absent | Value::Nil) => Ok(true),
        (Value::Bool(a), Value::Bool(b)) => Ok(a == b),
        (Value::Float(a), Value::Float(b)) => Ok(a == b),
        (Value::Str(a), Value::Str(b)) => Ok(a == b),
        (Value::Object(a), Value::Object(b)) => {
            Ok(a.type_name() == b.type_name() && a.text() == b.text())
        }
        (Value::List(a), Value::List(b)) => {
            if a.element() != b.element() || a.is_nil() != b.is_nil() || a.len() != b.len() {
                return Ok(false);
            }
            nested(meter, |meter| all_equal(a.items().iter().zip(b.items()), meter))
        }
        (Value::Map(a), Value::Map(b)) => {
            let (a_entries, b_entries) = (a.entries(), b.entries());
            let same_keys = a_entries.iter().map(|(k, _)| k).eq(b_entries.iter().map(|(k, _)| k));
            if a.element() != b.element() || a.is_nil() != b.is_nil() || !same_keys {
                return Ok(false);
            }
            let pairs = a_entries.iter().map(|(_, v)| v).zip(b_entries.iter().map(|(_, v)| v));
            nested(meter, |meter| all_equal(pairs, meter))
        }
        (a, b) => {
            let same_kind = a.kind_name() == b.kind_name();
            Ok(same_kind && a.integer().is_some() && a.integer() == b.integer())
        }
    }
}

fn all_equal<'v>(
    pairs: impl Iterator<Item = (&'v Value, &'v Value)>,
    meter: &mut Meter,
) -> Result<bool, Failure> {
    for (a, b) in pairs {
        if !deep_equal(a, b, meter)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Pays for every value inside, each time it appears, and refuses nests that are too deep.
pub(super) fn pay(value: &Value, meter: &mut Meter) -> Result<(), Failure> {
    meter.spend(1)?;
    match value {
        Value::List(list) => {
            nested(meter, |meter| list.items().iter().try_for_each(|item| pay(item, meter)))
        }
        Value::Map(map) => {
            nested(meter, |meter| map.entries().iter().try_for_each(|(_, value)| pay(value, meter)))
        }
        _ => Ok(()),
    }
}

fn nested<T>(
    meter: &mut Meter,
    inner: impl FnOnce(&mut Meter) -> Result<T, Failure>,
) -> Result<T, Failure> {
    meter.enter()?;
    let result = inner(meter);
    meter.leave();
    result
}
