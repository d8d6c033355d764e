//! The functions of the language itself.

use crate::functions::{Body, Call, Function, Functions, Type};
use crate::value::{Element, List, Value};
use crate::{Failure, print};

mod compare;
mod escape;

use Type::{Any, Raw, Str};

type Outcome = Result<Value, Failure>;

pub(crate) fn register(f: &mut Functions) {
    let variadic = |body| Function { fixed: vec![Raw], rest: Some(Raw), body, mutates: false };
    f.add("and", variadic(Body::And));
    f.add("or", variadic(Body::Or));
    f.add("not", Function::new(&[Raw], |c| Ok(Value::Bool(!c.value(0).is_true()))));
    f.add("len", Function::new(&[Raw], length));
    f.add("index", Function::new(&[Raw], index).with_rest(Raw));
    f.add("slice", Function::new(&[Raw], slice).with_rest(Raw));
    f.add("call", Function::new(&[Raw], call).with_rest(Raw));
    f.add("print", all(|c| print::sprint(&c.rest(0), c.meter)));
    f.add("println", all(|c| print::sprintln(&c.rest(0), c.meter)));
    f.add(
        "printf",
        Function::new(&[Str], |c| Ok(print::sprintf(&c.str(0)?, &c.rest(1), c.meter)?.into()))
            .with_rest(Any),
    );
    f.add("html", all(|c| Ok(escape::html(&joined(c)?))));
    f.add("js", all(|c| Ok(escape::js(&joined(c)?))));
    f.add("urlquery", all(|c| Ok(escape::url_query(&joined(c)?))));
    f.add(
        "eq",
        Function::new(&[Raw], |c| compare::eq(&c.value(0), &c.rest(1), c.meter)).with_rest(Raw),
    );
    f.add("ne", pair(|a, b, c| Ok(!compare::equal(a, b, c.meter)?)));
    f.add("lt", pair(|a, b, _| compare::less(a, b)));
    f.add("le", pair(compare::less_or_equal));
    f.add("gt", pair(|a, b, c| Ok(!compare::less_or_equal(a, b, c)?)));
    f.add("ge", pair(|a, b, _| Ok(!compare::less(a, b)?)));
}

/// A function of any number of any arguments that makes a text.
fn all(
    body: impl Fn(&mut Call<'_>) -> Result<String, Failure> + Send + Sync + 'static,
) -> Function {
    Function::new(&[], move |c| Ok(body(c)?.into())).with_rest(Any)
}

fn pair(
    test: impl Fn(&Value, &Value, &mut Call<'_>) -> Result<bool, Failure> + Send + Sync + 'static,
) -> Function {
    Function::new(&[Raw, Raw], move |c| Ok(Value::Bool(test(&c.value(0), &c.value(1), c)?)))
}

/// The arguments as one text; unlike in `print` a nil is `<no value>`.
fn joined(c: &mut Call<'_>) -> Result<String, Failure> {
    let shown = |value| if let Value::Nil = value { Value::from("<no value>") } else { value };
    let args: Vec<Value> = c.rest(0).into_iter().map(shown).collect();
    print::sprint(&args, c.meter)
}

fn length(c: &mut Call<'_>) -> Outcome {
    let length = match c.value(0) {
        Value::Str(text) => text.len(),
        Value::List(list) => list.len(),
        Value::Map(map) => map.len(),
        Value::Nil => return Err("len of nil pointer".into()),
        Value::Absent => return Err("reflect: call of reflect.Value.Type on zero Value".into()),
        other => return Err(format!("len of type {}", other.type_name()).into()),
    };
    Ok(Value::Int(length as i64))
}

pub(crate) fn index(c: &mut Call<'_>) -> Outcome {
    let mut item = c.value(0);
    if let Value::Absent | Value::Nil = item {
        return Err("index of untyped nil".into());
    }
    for key in c.rest(1) {
        item = match &item {
            Value::Nil => return Err("index of nil pointer".into()),
            Value::Str(text) => {
                let at = position(&key, text.len())?;
                Value::Uint8(*text.as_bytes().get(at).ok_or("reflect: string index out of range")?)
            }
            Value::List(list) => {
                let at = position(&key, list.len())?;
                list.items().get(at).cloned().ok_or("reflect: slice index out of range")?
            }
            Value::Map(map) => {
                let zero = || map.element().zero();
                match &key {
                    Value::Str(key) => map.get(key).unwrap_or_else(zero),
                    Value::Absent | Value::Nil => {
                        return Err("value is nil; should be of type string".into());
                    }
                    other => {
                        let found = other.type_name();
                        return Err(format!("value has type {found}; should be string").into());
                    }
                }
            }
            other => return Err(format!("can't index item of type {}", other.type_name()).into()),
        };
    }
    Ok(item)
}

/// A key as a position up to and including `length`.
fn position(key: &Value, length: usize) -> Result<usize, Failure> {
    let Some(at) = key.integer() else {
        return Err(match key {
            Value::Absent | Value::Nil => "cannot index slice/array with nil".into(),
            other => format!("cannot index slice/array with type {}", other.type_name()).into(),
        });
    };
    // Go looks at the same bits as a signed number.
    let at = at as i64;
    match usize::try_from(at) {
        Ok(position) if position <= length => Ok(position),
        _ => Err(format!("index out of range: {at}").into()),
    }
}

pub(crate) fn slice(c: &mut Call<'_>) -> Outcome {
    let item = c.value(0);
    let (length, is_text) = match &item {
        Value::Absent | Value::Nil => return Err("slice of untyped nil".into()),
        Value::Str(text) => (text.len(), true),
        Value::List(list) => (list.len(), false),
        other if c.args().len() <= 4 => {
            return Err(format!("can't slice item of type {}", other.type_name()).into());
        }
        _ => (0, false),
    };
    let keys = c.rest(1);
    if keys.len() > 3 {
        return Err(format!("too many slice indexes: {}", keys.len()).into());
    }
    if is_text && keys.len() == 3 {
        return Err("cannot 3-index slice a string".into());
    }
    let mut bounds = [0, length, length];
    for (bound, key) in bounds.iter_mut().zip(&keys) {
        *bound = position(key, length)?;
    }
    let [from, to, capacity] = bounds;
    if from > to {
        return Err(format!("invalid slice index: {from} > {to}").into());
    }
    if to > capacity {
        return Err(format!("invalid slice index: {to} > {capacity}").into());
    }
    match &item {
        Value::Str(text) => Ok(cut(text, from, to)?.into()),
        Value::List(list) => Ok(part(list, from, to).into()),
        _ => Ok(item),
    }
}

/// The bytes `from..to` of a text, which must be UTF-8 still.
pub(crate) fn cut(text: &str, from: usize, to: usize) -> Result<&str, Failure> {
    text.get(from..to).ok_or_else(|| {
        Failure::Message(format!("cutting bytes {from} to {to} would split a character"))
    })
}

/// The items `from..to`, as a list of the same type.
pub(crate) fn part(list: &List, from: usize, to: usize) -> List {
    let element: Element = list.element();
    if list.is_nil() {
        return List::nil(element);
    }
    List::of(element, list.items()[from..to].to_vec())
}

fn call(c: &mut Call<'_>) -> Outcome {
    match c.value(0) {
        Value::Absent | Value::Nil => Err("call of nil".into()),
        other => Err(format!("non-function of type {}", other.type_name()).into()),
    }
}
