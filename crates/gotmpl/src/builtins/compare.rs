//! Go's `eq`, `lt` and their kin: by kind of value, never converting.

use std::cmp::Ordering;

use crate::functions::Call;
use crate::limits::Meter;
use crate::value::Value;
use crate::{Failure, print};

#[derive(PartialEq, Eq, Clone, Copy)]
enum Kind {
    Other,
    Bool,
    Int,
    Uint,
    Float,
    Str,
}

fn kind(value: &Value) -> Kind {
    match value {
        Value::Bool(_) => Kind::Bool,
        Value::Int(_) | Value::Int64(_) => Kind::Int,
        Value::Uint8(_) | Value::Uint64(_) => Kind::Uint,
        Value::Float(_) => Kind::Float,
        Value::Str(_) => Kind::Str,
        Value::Object(object) if object.integer().is_some() => Kind::Int,
        _ => Kind::Other,
    }
}

/// Whether `first` equals any of `others`.
pub(super) fn eq(first: &Value, others: &[Value], meter: &mut Meter) -> Result<Value, Failure> {
    if others.is_empty() {
        return Err("missing argument for comparison".into());
    }
    for other in others {
        if equal(first, other, meter)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

pub(super) fn equal(a: &Value, b: &Value, meter: &mut Meter) -> Result<bool, Failure> {
    if let (Some(a), Some(b)) = (a.integer(), b.integer()) {
        return Ok(a == b);
    }
    let empty = |value: &Value| matches!(value, Value::Absent | Value::Nil);
    if kind(a) != kind(b) {
        if empty(a) || empty(b) {
            return Ok(false);
        }
        let (a, b) = (a.type_name(), b.type_name());
        return Err(format!("incompatible types for comparison: {a} and {b}").into());
    }
    match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => Ok(a == b),
        (Value::Float(a), Value::Float(b)) => Ok(a == b),
        (Value::Str(a), Value::Str(b)) => Ok(a == b),
        _ if a.kind_name() != b.kind_name() && !empty(a) && !empty(b) => {
            let other = print::sprint(std::slice::from_ref(b), meter)?;
            let (shown, a, b) = (shown(a, meter)?, a.type_name(), b.type_name());
            Err(format!("non-comparable types {shown}: {a}, {b}: {other}").into())
        }
        _ if a.is_nil() || b.is_nil() => Ok(a.is_nil() == b.is_nil()),
        (Value::Object(a), Value::Object(b)) => Ok(std::sync::Arc::ptr_eq(a, b)
            || a.kind_name() == "struct" && a.type_name() == b.type_name() && a.text() == b.text()),
        _ => Err(format!("non-comparable type {}: {}", shown(b, meter)?, b.type_name()).into()),
    }
}

/// As Go's messages have it, with `%s` even for what is no text.
fn shown(value: &Value, meter: &mut Meter) -> Result<String, Failure> {
    print::sprintf("%s", std::slice::from_ref(value), meter)
}

pub(super) fn less(a: &Value, b: &Value) -> Result<bool, Failure> {
    if let (Some(a), Some(b)) = (a.integer(), b.integer()) {
        return Ok(a < b);
    }
    const BAD_TYPE: &str = "invalid type for comparison";
    let (kind_a, kind_b) = (kind(a), kind(b));
    if kind_a == Kind::Other || kind_b == Kind::Other {
        return Err(BAD_TYPE.into());
    }
    if kind_a != kind_b {
        let (a, b) = (a.type_name(), b.type_name());
        return Err(format!("incompatible types for comparison: {a} and {b}").into());
    }
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => Ok(a < b),
        (Value::Str(a), Value::Str(b)) => Ok(a.cmp(b) == Ordering::Less),
        _ => Err(BAD_TYPE.into()),
    }
}

pub(super) fn less_or_equal(a: &Value, b: &Value, c: &mut Call<'_>) -> Result<bool, Failure> {
    Ok(less(a, b)? || equal(a, b, c.meter)?)
}
