//! `test.`: what a template demands of its data.

use super::{Outcome, add, add_with_rest, alias, convert, namespace};
use crate::Failure;
use crate::functions::{Call, Functions, Type};
use crate::value::Value;

use Type::{Any, Str};

pub(super) fn register(f: &mut Functions) {
    let m = &mut Functions::none();
    add_with_rest(m, &["Assert"], &[], Any, assert);
    add_with_rest(m, &["Fail"], &[], Any, |c| {
        const FAILED: &str = "template generation failed";
        let message = match c.args().len() {
            0 => String::new(),
            1 => convert::text(&c.value(0), c.meter)?,
            count => return Err(wrong_count("0 or 1", count)),
        };
        if message.is_empty() {
            return Err(FAILED.into());
        }
        Err(format!("{FAILED}: {message}").into())
    });
    add_with_rest(m, &["Required"], &[], Any, required);
    add(m, &["Ternary"], &[Any, Any, Any], |c| {
        Ok(if convert::bool(&c.value(2)) { c.value(0) } else { c.value(1) })
    });
    add(m, &["Kind"], &[Any], |c| Ok(c.value(0).kind_name().into()));
    add(m, &["IsKind"], &[Str, Any], |c| {
        let (wanted, found) = (c.str(0)?, c.value(1));
        let is_number = found.integer().is_some() || matches!(found, Value::Float(_));
        Ok((*wanted == *found.kind_name() || &*wanted == "number" && is_number).into())
    });
    let names = [
        ("assert", "Assert"),
        ("fail", "Fail"),
        ("required", "Required"),
        ("ternary", "Ternary"),
        ("kind", "Kind"),
        ("isKind", "IsKind"),
    ];
    alias(f, m, &names);
    f.add("test", namespace("*funcs.TestFuncs", m.clone()));
}

fn wrong_count(wanted: &str, got: usize) -> Failure {
    Failure::Message(format!("wrong number of args: want {wanted}, got {got}"))
}

fn message(c: &Call<'_>) -> Result<String, Failure> {
    match c.value(0) {
        Value::Str(text) => Ok(text.to_string()),
        other => Err(format!("at <1>: expected string; found {}", other.type_name()).into()),
    }
}

fn assert(c: &mut Call<'_>) -> Outcome {
    let message = match c.args().len() {
        0 => return Err("runtime error: index out of range [-1]".into()),
        1 => String::new(),
        2 => message(c)?,
        count => return Err(wrong_count("1 or 2", count)),
    };
    match (convert::bool(&c.value(c.args().len() - 1)), message) {
        (true, _) => Ok("".into()),
        (false, message) if message.is_empty() => Err("assertion failed".into()),
        (false, message) => Err(format!("assertion failed: {message}").into()),
    }
}

fn required(c: &mut Call<'_>) -> Outcome {
    let told = match c.args().len() {
        1 => String::new(),
        2 => message(c)?,
        count => return Err(wrong_count("1 or 2", count)),
    };
    let value = c.value(c.args().len() - 1);
    let unset = match &value {
        Value::Absent | Value::Nil => true,
        Value::Str(text) => text.is_empty(),
        _ => false,
    };
    match (unset, told) {
        (false, _) => Ok(value),
        (true, told) if told.is_empty() => {
            Err("can not render template: a required value was not set".into())
        }
        (true, told) => Err(told.into()),
    }
}
