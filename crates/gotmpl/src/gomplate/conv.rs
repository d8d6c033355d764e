//! `conv.`: between types.

use super::{Outcome, add, add_with_rest, alias, convert, namespace};
use crate::functions::{Call, Functions, Type};
use crate::limits::Meter;
use crate::value::{Element, List, Value};
use crate::{Failure, strconv};

use Type::{Any, Int, Str};

pub(super) fn register(f: &mut Functions) {
    let m = &mut Functions::none();
    add(m, &["Bool"], &[Any], |c| {
        let text = convert::text(&c.value(0), c.meter)?;
        Ok(matches!(&*text, "1" | "t" | "T" | "true" | "TRUE" | "True").into())
    });
    add(m, &["ToBool"], &[Any], |c| Ok(convert::bool(&c.value(0)).into()));
    add(m, &["ToInt"], &[Any], |c| Ok(Value::Int(convert::int(&c.value(0), c.meter)?)));
    add(m, &["ToInt64"], &[Any], |c| Ok(Value::Int64(convert::int(&c.value(0), c.meter)?)));
    add(m, &["ToFloat64"], &[Any], |c| Ok(convert::float(&c.value(0), c.meter)?.into()));
    add(m, &["ToString"], &[Any], |c| Ok(convert::text(&c.value(0), c.meter)?.into()));
    all(m, "ToBools", Element::Bool, |value, _| Ok(convert::bool(value).into()));
    all(m, "ToInts", Element::Int, |value, m| Ok(Value::Int(convert::int(value, m)?)));
    all(m, "ToInt64s", Element::Int64, |value, m| Ok(Value::Int64(convert::int(value, m)?)));
    all(m, "ToFloat64s", Element::Float, |value, m| Ok(convert::float(value, m)?.into()));
    all(m, "ToStrings", Element::Str, |value, m| Ok(convert::text(value, m)?.into()));
    add(m, &["Join"], &[Any, Str], join);
    add(m, &["ParseInt"], &[Any, Int, Int], parse_int);
    add(m, &["ParseUint"], &[Any, Int, Int], parse_uint);
    add(m, &["ParseFloat"], &[Any, Int], parse_float);
    add(m, &["Atoi"], &[Any], |c| {
        let text = convert::text(&c.value(0), c.meter)?;
        Ok(Value::Int(signed(&text, 10, 64, "Atoi")?))
    });
    add(m, &["Default"], &[Any, Any], |c| {
        Ok(if c.value(1).is_true() { c.value(1) } else { c.value(0) })
    });
    add(m, &["URL"], &[Any], |c| {
        let text = convert::text(&c.value(0), c.meter)?;
        crate::sprig::url::object(&text)
    });
    alias(f, m, &[("urlParse", "URL"), ("bool", "Bool"), ("join", "Join"), ("default", "Default")]);
    f.add("conv", namespace("*funcs.ConvFuncs", m.clone()));
}

/// A method that converts each of its arguments.
fn all(
    m: &mut Functions,
    name: &str,
    element: Element,
    convert: fn(&Value, &mut Meter) -> Outcome,
) {
    add_with_rest(m, &[name], &[], Any, move |c| {
        let items: Result<Vec<Value>, Failure> =
            c.rest(0).iter().map(|value| convert(value, c.meter)).collect();
        Ok(List::of(element, items?).into())
    });
}

fn join(c: &mut Call<'_>) -> Outcome {
    let separator = c.str(1)?;
    let list = convert::list(&c.value(0)).map_err(|failure| {
        Failure::Message(format!("input to Join must be an array: {failure}"))
    })?;
    let mut texts = Vec::with_capacity(list.len());
    for item in list.items() {
        texts.push(convert::text(item, c.meter)?);
    }
    let bytes: usize = texts.iter().map(String::len).sum();
    c.meter.spend_bytes(bytes.saturating_add(texts.len().saturating_mul(separator.len())))?;
    Ok(texts.join(&separator).into())
}

fn parse_int(c: &mut Call<'_>) -> Outcome {
    let text = convert::text(&c.value(0), c.meter)?;
    Ok(Value::Int64(signed(&text, c.int(1)?, c.int(2)?, "ParseInt")?))
}

fn parse_uint(c: &mut Call<'_>) -> Outcome {
    let text = convert::text(&c.value(0), c.meter)?;
    let (base, bits) = (c.int(1)?, size(&text, c.int(2)?, "ParseUint")?);
    let number = digits(&text, base, "ParseUint")?;
    match u64::try_from(number) {
        Ok(number) if bits == 64 || number < 1 << bits => Ok(Value::Uint64(number)),
        _ => Err(mistake("ParseUint", &text, "value out of range")),
    }
}

fn parse_float(c: &mut Call<'_>) -> Outcome {
    let text = convert::text(&c.value(0), c.meter)?;
    let number = strconv::parse_float(&text)
        .ok_or_else(|| mistake("ParseFloat", &text, "invalid syntax"))?;
    Ok(if c.int(1)? == 32 { f64::from(number as f32) } else { number }.into())
}

fn mistake(function: &str, text: &str, reason: &str) -> Failure {
    let shown = strconv::quote(text, false);
    Failure::Message(format!("strconv.{function}: parsing {shown}: {reason}"))
}

fn size(text: &str, bits: i64, function: &str) -> Result<u32, Failure> {
    match bits {
        0 => Ok(64),
        1..=64 => Ok(bits as u32),
        _ => Err(mistake(function, text, &format!("invalid bit size {bits}"))),
    }
}

fn signed(text: &str, base: i64, bits: i64, function: &str) -> Result<i64, Failure> {
    let bits = size(text, bits, function)?;
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let magnitude = digits(unsigned, base, function).map_err(|failure| match failure {
        // The message shows the text with its sign.
        Failure::Message(message) => Failure::Message(message.replacen(
            &strconv::quote(unsigned, false),
            &strconv::quote(text, false),
            1,
        )),
        other => other,
    })?;
    let limit = 1u128 << (bits - 1);
    if magnitude > limit || magnitude == limit && !negative {
        return Err(mistake(function, text, "value out of range"));
    }
    Ok(if negative { (magnitude as i64).wrapping_neg() } else { magnitude as i64 })
}

/// Digits of a base; of base 0 with Go's prefixes and underscores.
fn digits(text: &str, base: i64, function: &str) -> Result<u128, Failure> {
    let syntax = || mistake(function, text, "invalid syntax");
    if text.starts_with(['+', '-']) || text.is_empty() {
        return Err(syntax());
    }
    let base = match base {
        0 => return strconv::parse_integer(text).map(i128::unsigned_abs).ok_or_else(syntax),
        2..=36 => base as u32,
        _ => return Err(mistake(function, text, &format!("invalid base {base}"))),
    };
    let mut total = 0u128;
    for c in text.chars() {
        let digit = c.to_digit(base).ok_or_else(syntax)?;
        // Beyond 64 bits only the syntax of the rest counts.
        total = (total * u128::from(base) + u128::from(digit)).min(1 << 65);
    }
    if total > u128::from(u64::MAX) {
        return Err(mistake(function, text, "value out of range"));
    }
    Ok(total)
}
