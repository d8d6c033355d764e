//! The conversions Gomplate makes of its arguments: what cannot be converted is an error.

use crate::limits::Meter;
use crate::time::Time;
use crate::value::{List, Value};
use crate::{Failure, print, strconv};

/// Itself, or as `%v` prints it; nothing is `nil`.
pub(super) fn text(value: &Value, meter: &mut Meter) -> Result<String, Failure> {
    match value {
        Value::Absent | Value::Nil => Ok("nil".to_owned()),
        Value::Str(text) => Ok(text.to_string()),
        Value::List(list) => match list.as_bytes() {
            Some(bytes) => String::from_utf8(bytes).map_err(|_| "the bytes are not UTF-8".into()),
            None => print::sprint(std::slice::from_ref(value), meter),
        },
        value => print::sprint(std::slice::from_ref(value), meter),
    }
}

/// One, or what is spelled like yes.
pub(super) fn bool(value: &Value) -> bool {
    match value {
        Value::Bool(value) => *value,
        Value::Str(text) => match text.to_lowercase().as_str() {
            "1" | "t" | "true" | "yes" => true,
            text => text_to_float(text).is_ok_and(|number| number == 1.0),
        },
        Value::Float(number) => *number == 1.0,
        other => other.integer() == Some(1),
    }
}

pub(super) fn int(value: &Value, meter: &mut Meter) -> Result<i64, Failure> {
    match value {
        Value::Str(text) => text_to_int(text),
        Value::Float(number) => Ok(float_to_int(*number)),
        Value::Bool(value) => Ok(i64::from(*value)),
        other => match other.integer() {
            Some(number) => i64::try_from(number)
                .map_err(|_| format!("could not convert {number} to int64, would overflow").into()),
            None => Err(format!("could not convert {} to int64", shown(other, meter)?).into()),
        },
    }
}

pub(super) fn float(value: &Value, meter: &mut Meter) -> Result<f64, Failure> {
    match value {
        Value::Str(text) => text_to_float(text),
        Value::Float(number) => Ok(*number),
        Value::Bool(value) => Ok(f64::from(u8::from(*value))),
        other => match other.integer() {
            Some(number) => Ok(number as f64),
            None => Err(format!("could not convert {} to float64", shown(other, meter)?).into()),
        },
    }
}

/// Any list as its items; `None` for a time or a text is an error all the same.
pub(super) fn list(value: &Value) -> Result<List, Failure> {
    match value {
        Value::List(list) => Ok(list.clone()),
        _ => Err("expected an array or slice, but got a reflect.Value".into()),
    }
}

pub(super) fn is_int(value: &Value) -> bool {
    match value {
        Value::Str(text) => parse_int(text).is_some(),
        Value::Object(_) => false,
        other => other.integer().is_some(),
    }
}

pub(super) fn is_float(value: &Value) -> bool {
    match value {
        Value::Float(_) => true,
        Value::Str(text) => strconv::parse_float(text).is_some() && !is_int(value),
        _ => false,
    }
}

/// Whether `%v` prints it by its own rules.
pub(super) fn is_time(value: &Value) -> bool {
    value.as_object::<Time>().is_some()
}

fn shown(value: &Value, meter: &mut Meter) -> Result<String, Failure> {
    print::sprintf("%v", std::slice::from_ref(value), meter)
}

/// Towards zero; what fits nowhere is the least number, as on the machines Go mostly runs on.
fn float_to_int(number: f64) -> i64 {
    let fits = (-(2f64.powi(63))..2f64.powi(63)).contains(&number);
    if fits { number as i64 } else { i64::MIN }
}

fn parse_int(text: &str) -> Option<i64> {
    strconv::parse_integer(text).and_then(|number| i64::try_from(number).ok())
}

fn text_to_int(text: &str) -> Result<i64, Failure> {
    let text = text.replace(',', "");
    match (parse_int(&text), strconv::parse_float(&text)) {
        (Some(number), _) => Ok(number),
        (None, Some(number)) => Ok(float_to_int(number)),
        (None, None) => Err(not_a_number(&text, "int64")),
    }
}

fn text_to_float(text: &str) -> Result<f64, Failure> {
    let text = text.replace(',', "");
    match (parse_int(&text), strconv::parse_float(&text)) {
        (Some(number), _) => Ok(number as f64),
        (None, Some(number)) => Ok(number),
        (None, None) => Err(not_a_number(&text, "float64")),
    }
}

fn not_a_number(text: &str, wanted: &str) -> Failure {
    let shown = strconv::quote(text, false);
    let reason = format!("strconv.ParseFloat: parsing {shown}: invalid syntax");
    Failure::Message(format!("could not convert {shown} to {wanted}: {reason}"))
}
