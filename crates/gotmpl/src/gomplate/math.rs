//! `math.`: whole numbers as `int64`, and floats as soon as one is among the arguments.

use super::{Outcome, add, add_with_rest, alias, convert, namespace};
use crate::Failure;
use crate::functions::{Call, Functions, Type};
use crate::value::{Element, List, Value};

use Type::Any;

pub(super) fn register(f: &mut Functions) {
    let m = &mut Functions::none();
    add(m, &["IsInt"], &[Any], |c| Ok(convert::is_int(&c.value(0)).into()));
    add(m, &["IsFloat"], &[Any], |c| Ok(convert::is_float(&c.value(0)).into()));
    add(m, &["IsNum"], &[Any], |c| {
        Ok((convert::is_int(&c.value(0)) || convert::is_float(&c.value(0))).into())
    });
    add(m, &["Abs"], &[Any], |c| {
        let size = number(c, 0)?.abs();
        if !convert::is_int(&c.value(0)) {
            return Ok(size.into());
        }
        Ok(Value::Int64(convert::int(&size.into(), c.meter)?))
    });
    add_with_rest(m, &["Add"], &[], Any, |c| folded(c, 0, i64::wrapping_add, |a, b| a + b));
    add_with_rest(m, &["Mul"], &[], Any, |c| folded(c, 1, i64::wrapping_mul, |a, b| a * b));
    add(m, &["Sub"], &[Any, Any], |c| {
        if any_float(c) {
            return Ok((number(c, 0)? - number(c, 1)?).into());
        }
        Ok(Value::Int64(whole(c, 0)?.wrapping_sub(whole(c, 1)?)))
    });
    add(m, &["Div"], &[Any, Any], |c| {
        let (over, under) = (number(c, 0)?, number(c, 1)?);
        if under == 0.0 {
            return Err("error: division by 0".into());
        }
        Ok((over / under).into())
    });
    add(m, &["Rem"], &[Any, Any], |c| match (whole(c, 0)?, whole(c, 1)?) {
        (_, 0) => Err("runtime error: integer divide by zero".into()),
        (over, under) => Ok(Value::Int64(over.wrapping_rem(under))),
    });
    add(m, &["Pow"], &[Any, Any], |c| {
        let power = number(c, 0)?.powf(number(c, 1)?);
        if convert::is_float(&c.value(0)) {
            return Ok(power.into());
        }
        Ok(Value::Int64(convert::int(&power.into(), c.meter)?))
    });
    add_with_rest(m, &["Seq"], &[], Any, seq);
    add_with_rest(m, &["Max"], &[Any], Any, |c| extreme(c, i64::max, f64::max));
    add_with_rest(m, &["Min"], &[Any], Any, |c| extreme(c, i64::min, f64::min));
    for (name, op) in
        [("Ceil", f64::ceil as fn(f64) -> f64), ("Floor", f64::floor), ("Round", f64::round)]
    {
        add(m, &[name], &[Any], move |c| {
            let value = convert::float(&c.value(0), c.meter);
            Ok(op(value.map_err(|f| explained(f, "n must be a number"))?).into())
        });
    }
    let names = ["Add", "Sub", "Mul", "Div", "Rem", "Pow", "Seq"];
    let names = names.map(|name| (name.to_lowercase(), name));
    for (alias_name, name) in &names {
        alias(f, m, &[(alias_name, name)]);
    }
    f.add("math", namespace("*funcs.MathFuncs", m.clone()));
}

fn explained(failure: Failure, what: &str) -> Failure {
    match failure {
        Failure::Message(message) => Failure::Message(format!("{what}: {message}")),
        other => other,
    }
}

fn any_float(c: &Call<'_>) -> bool {
    c.args().iter().any(convert::is_float)
}

fn number(c: &mut Call<'_>, i: usize) -> Result<f64, Failure> {
    convert::float(&c.value(i), c.meter).map_err(|f| explained(f, "expected a number"))
}

fn whole(c: &mut Call<'_>, i: usize) -> Result<i64, Failure> {
    convert::int(&c.value(i), c.meter).map_err(|f| explained(f, "expected a number"))
}

fn folded(
    c: &mut Call<'_>,
    start: i64,
    whole: fn(i64, i64) -> i64,
    exact: fn(f64, f64) -> f64,
) -> Outcome {
    let args = c.rest(0);
    let why = |failure| explained(failure, "expected number inputs");
    if any_float(c) {
        let mut total = start as f64;
        for arg in &args {
            total = exact(total, convert::float(arg, c.meter).map_err(why)?);
        }
        return Ok(total.into());
    }
    let mut total = start;
    for arg in &args {
        total = whole(total, convert::int(arg, c.meter).map_err(why)?);
    }
    Ok(Value::Int64(total))
}

fn extreme(
    c: &mut Call<'_>,
    whole_of: fn(i64, i64) -> i64,
    exact_of: fn(f64, f64) -> f64,
) -> Outcome {
    if any_float(c) {
        let mut found = number(c, 0)?;
        for i in 1..c.args().len() {
            let next = number(c, i)?;
            let undefined = found.is_nan() || next.is_nan();
            found = if undefined { f64::NAN } else { exact_of(found, next) };
        }
        return Ok(found.into());
    }
    let mut found = whole(c, 0)?;
    for i in 1..c.args().len() {
        found = whole_of(found, whole(c, i)?);
    }
    Ok(Value::Int64(found))
}

/// `Seq end`, `Seq start end` or `Seq start end step`, ends included, in either direction.
fn seq(c: &mut Call<'_>) -> Outcome {
    let (start, end, step) = match c.args().len() {
        1 => (1, whole(c, 0)?, 1),
        2 => (whole(c, 0)?, whole(c, 1)?, 1),
        3 => (whole(c, 0)?, whole(c, 1)?, whole(c, 2)?),
        count => return Err(format!("expected 1, 2, or 3 arguments, got {count}").into()),
    };
    let (mut at, end) = (i128::from(start), i128::from(end));
    let step = i128::from(step.unsigned_abs()) * if end < at { -1 } else { 1 };
    let mut items = Vec::new();
    while step != 0 && (if step < 0 { at >= end } else { at <= end }) {
        c.meter.spend(1)?;
        items.push(Value::Int64(at as i64));
        at += step;
    }
    Ok(List::of(Element::Int64, items).into())
}
