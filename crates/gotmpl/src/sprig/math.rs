//! Integers (`int64`, wrapping), floats, and decimal arithmetic on floats.

use super::cast::{to_float, to_int64};
use super::decimal::Decimal;
use super::{Outcome, add, add_with_rest};
use crate::functions::{Call, Functions, Type};
use crate::value::{Element, List, Value};
use crate::{Failure, print, strconv};

use Type::{Any, Float, Int, Str};

pub(super) fn register(f: &mut Functions) {
    add(f, &["atoi"], &[Str], |c| Ok(Value::Int(strconv::parse_i64(&c.str(0)?))));
    add(f, &["int"], &[Any], |c| Ok(Value::Int(to_int64(&c.value(0)))));
    add(f, &["int64"], &[Any], |c| Ok(Value::Int64(to_int64(&c.value(0)))));
    add(f, &["float64"], &[Any], |c| Ok(to_float(&c.value(0)).into()));
    add(f, &["toDecimal"], &[Any], |c| {
        let text = print::sprint(&c.rest(0), c.meter)?;
        Ok(Value::Int64(i64::from_str_radix(&text, 8).unwrap_or(0)))
    });
    integers(f);
    floats(f);
    add(f, &["until"], &[Int], |c| {
        let count = c.int(0)?;
        steps(c, 0, count, if count < 0 { -1 } else { 1 })
    });
    add(f, &["untilStep"], &[Int, Int, Int], |c| {
        let (start, stop, step) = (c.int(0)?, c.int(1)?, c.int(2)?);
        steps(c, start, stop, step)
    });
    add_with_rest(f, &["seq"], &[], Int, seq);
}

fn integers(f: &mut Functions) {
    let fold = |f: &mut Functions, names: &[&str], fixed: &[Type], op: fn(i64, i64) -> i64| {
        add_with_rest(f, names, fixed, Any, move |c| {
            let mut values = c.args().iter().map(to_int64);
            let first = values.next().unwrap_or(0);
            Ok(Value::Int64(values.fold(first, op)))
        });
    };
    fold(f, &["add"], &[], i64::wrapping_add);
    fold(f, &["mul"], &[Any], i64::wrapping_mul);
    fold(f, &["max", "biggest"], &[Any], i64::max);
    fold(f, &["min"], &[Any], i64::min);
    add(f, &["add1"], &[Any], |c| Ok(Value::Int64(to_int64(&c.value(0)).wrapping_add(1))));
    add(f, &["sub"], &[Any, Any], |c| {
        Ok(Value::Int64(to_int64(&c.value(0)).wrapping_sub(to_int64(&c.value(1)))))
    });
    let divide = |f: &mut Functions, name: &str, op: fn(i64, i64) -> i64| {
        add(f, &[name], &[Any, Any], move |c| match to_int64(&c.value(1)) {
            0 => Err("runtime error: integer divide by zero".into()),
            divisor => Ok(Value::Int64(op(to_int64(&c.value(0)), divisor))),
        });
    };
    divide(f, "div", i64::wrapping_div);
    divide(f, "mod", i64::wrapping_rem);
}

fn floats(f: &mut Functions) {
    add(f, &["floor"], &[Any], |c| Ok(to_float(&c.value(0)).floor().into()));
    add(f, &["ceil"], &[Any], |c| Ok(to_float(&c.value(0)).ceil().into()));
    add_with_rest(f, &["round"], &[Any, Int], Float, |c| {
        let on = if c.args().len() > 2 { c.float(2)? } else { 0.5 };
        Ok(round(to_float(&c.value(0)), c.int(1)?, on).into())
    });
    let choose = |f: &mut Functions, name: &str, op: fn(f64, f64) -> f64| {
        add_with_rest(f, &[name], &[Any], Any, move |c| {
            let mut values = c.args().iter().map(to_float);
            let first = values.next().unwrap_or(0.0);
            let pick = |a: f64, b: f64| if a.is_nan() || b.is_nan() { f64::NAN } else { op(a, b) };
            Ok(values.fold(first, pick).into())
        });
    };
    choose(f, "maxf", f64::max);
    choose(f, "minf", f64::min);
    type Operation = fn(&Decimal, &Decimal) -> Result<Decimal, Failure>;
    let decimal = |f: &mut Functions, name: &str, fixed: &[Type], op: Operation| {
        add_with_rest(f, &[name], fixed, Any, move |c| {
            let args = c.rest(0);
            let mut values = args.iter().map(|value| Decimal::from_float(to_float(value)));
            let mut result = values.next().unwrap_or_else(|| Decimal::from_float(0.0))?;
            for value in values {
                result = op(&result, &value?)?;
                c.meter.spend_bytes(result.len())?;
            }
            Ok(result.to_float().into())
        });
    };
    decimal(f, "addf", &[], |a, b| Ok(a.add(b)));
    decimal(f, "subf", &[Any], |a, b| Ok(a.sub(b)));
    decimal(f, "mulf", &[Any], |a, b| Ok(a.mul(b)));
    decimal(f, "divf", &[Any], Decimal::div);
    add(f, &["add1f"], &[Any], |c| {
        let one = Decimal::from_float(1.0)?;
        Ok(Decimal::from_float(to_float(&c.value(0)))?.add(&one).to_float().into())
    });
}

fn round(value: f64, places: i64, on: f64) -> f64 {
    let power = 10f64.powf(places as f64);
    let digit = power * value;
    let rounded = if digit.fract() >= on { digit.ceil() } else { digit.floor() };
    rounded / power
}

fn range(c: &mut Call<'_>, start: i64, stop: i64, step: i64) -> Result<Vec<i64>, Failure> {
    let mut numbers = Vec::new();
    let mut at = start;
    while if stop < start { step < 0 && at > stop } else { step > 0 && at < stop } {
        c.meter.spend(1)?;
        numbers.push(at);
        let Some(next) = at.checked_add(step) else { break };
        at = next;
    }
    Ok(numbers)
}

fn steps(c: &mut Call<'_>, start: i64, stop: i64, step: i64) -> Outcome {
    let numbers = range(c, start, stop, step)?;
    Ok(List::of(Element::Int, numbers.into_iter().map(Value::Int).collect()).into())
}

/// `seq end`, `seq start end` or `seq start step end`, ends included, as text.
fn seq(c: &mut Call<'_>) -> Outcome {
    let params: Result<Vec<i64>, Failure> = (0..c.args().len()).map(|i| c.int(i)).collect();
    let (start, step, end) = match params?.as_slice() {
        [end] => (1, None, *end),
        [start, end] => (*start, None, *end),
        [start, step, end] => (*start, Some(*step), *end),
        _ => return Ok("".into()),
    };
    let direction = if end < start { -1 } else { 1 };
    if direction < 0 && step.is_some_and(|step| step > 0) {
        return Ok("".into());
    }
    let numbers = range(c, start, end.wrapping_add(direction), step.unwrap_or(direction))?;
    let texts: Vec<String> = numbers.iter().map(i64::to_string).collect();
    Ok(texts.join(" ").into())
}
