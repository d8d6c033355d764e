//! The loose conversions Sprig makes: what cannot be converted is zero.

use crate::limits::Meter;
use crate::time::Duration;
use crate::value::Value;
use crate::{Failure, print, strconv};

pub(super) fn to_int64(value: &Value) -> i64 {
    match value {
        Value::Float(f) => float_to_int64(*f),
        Value::Str(text) => {
            let integer = strconv::parse_integer(without_zero_fraction(text));
            integer.and_then(|i| i64::try_from(i).ok()).unwrap_or(0)
        }
        Value::Bool(b) => i64::from(*b),
        // Of the numbers with names, Go's conversion knows months and days of the week.
        Value::Object(_) if value.as_object::<Duration>().is_some() => 0,
        // Go wraps a uint64 around.
        other => other.integer().unwrap_or(0) as i64,
    }
}

/// Go's conversion: towards zero, and the least number where none fits.
fn float_to_int64(f: f64) -> i64 {
    let fits = (-(2f64.powi(63))..2f64.powi(63)).contains(&f);
    if fits { f as i64 } else { i64::MIN }
}

/// `1.00` without `.00`.
fn without_zero_fraction(text: &str) -> &str {
    match text.trim_end_matches('0').strip_suffix('.') {
        Some(whole) if text.ends_with('0') => whole,
        _ => text,
    }
}

pub(super) fn to_float(value: &Value) -> f64 {
    match value {
        Value::Float(f) => *f,
        Value::Str(text) => strconv::parse_float(text).unwrap_or(0.0),
        Value::Bool(b) => f64::from(u8::from(*b)),
        other => other.integer().unwrap_or(0) as f64,
    }
}

/// The value as text: itself, or as `%v` prints it.
pub(super) fn to_text(value: &Value, meter: &mut Meter) -> Result<String, Failure> {
    match value {
        Value::Str(text) => Ok(text.to_string()),
        value => print::sprint(std::slice::from_ref(value), meter),
    }
}

/// A list as texts, without its nils; anything else as a list of one.
pub(super) fn to_texts(value: &Value, meter: &mut Meter) -> Result<Vec<String>, Failure> {
    match value {
        Value::List(list) => {
            let items = list.items().iter().filter(|item| !matches!(item, Value::Nil));
            items.map(|item| to_text(item, meter)).collect()
        }
        Value::Nil | Value::Absent => Ok(Vec::new()),
        value => Ok(vec![to_text(value, meter)?]),
    }
}
