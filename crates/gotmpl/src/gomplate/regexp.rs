//! `regexp.`: the pattern first, the text last.

use super::{add, add_with_rest, convert, namespace};
use crate::Failure;
use crate::functions::{Call, Functions, Type};
use crate::sprig::patterns;
use crate::value::{Element, List, Value};

use Type::Any;

pub(super) fn register(f: &mut Functions) {
    let m = &mut Functions::none();
    add(m, &["Find"], &[Any, Any], |c| {
        let [pattern, text] = texts(c)?;
        let regex = patterns::compile(&pattern, &text, c.meter)?;
        Ok(regex.find(&text).map_or("", |found| found.as_str()).into())
    });
    add(m, &["Match"], &[Any, Any], |c| {
        let [pattern, text] = texts(c)?;
        let regex = patterns::compile(&pattern, &text, c.meter).map_err(compiling)?;
        Ok(regex.is_match(&text).into())
    });
    add_with_rest(m, &["FindAll"], &[], Any, |c| {
        let (pattern, limit, text) = limited(c)?;
        let regex = patterns::compile(&pattern, &text, c.meter)?;
        let found = regex.find_iter(&text).take(patterns::at_most(limit));
        let found: Vec<Value> = found.map(|found| found.as_str().into()).collect();
        let none = found.is_empty();
        Ok(if none { List::nil(Element::Str) } else { List::of(Element::Str, found) }.into())
    });
    add_with_rest(m, &["Split"], &[], Any, |c| {
        let (pattern, limit, text) = limited(c)?;
        patterns::split(&pattern, &text, limit, c.meter).map_err(compiling)
    });
    for (name, expands) in [("Replace", true), ("ReplaceLiteral", false)] {
        add(m, &[name], &[Any, Any, Any], move |c| {
            let [pattern, with, text] = texts(c)?;
            patterns::replace(&pattern, &text, &with, expands, c.meter).map_err(compiling)
        });
    }
    add(m, &["QuoteMeta"], &[Any], |c| {
        Ok(patterns::quote(&convert::text(&c.value(0), c.meter)?).into())
    });
    f.add("regexp", namespace("*funcs.ReFuncs", m.clone()));
}

fn compiling(failure: Failure) -> Failure {
    match failure {
        Failure::Message(message) if message.starts_with("error parsing") => {
            Failure::Message(format!("error compiling expression: {message}"))
        }
        other => other,
    }
}

fn texts<const N: usize>(c: &mut Call<'_>) -> Result<[String; N], Failure> {
    let mut texts = [const { String::new() }; N];
    for (i, text) in texts.iter_mut().enumerate() {
        *text = convert::text(&c.value(i), c.meter)?;
    }
    Ok(texts)
}

/// A pattern, how many matches are wanted if that is said, and a text.
fn limited(c: &mut Call<'_>) -> Result<(String, i64, String), Failure> {
    let args = c.rest(0);
    let (pattern, limit, text) = match args.as_slice() {
        [pattern, text] => (pattern, -1, text),
        [pattern, limit, text] => {
            let limit = convert::int(limit, c.meter)
                .map_err(|failure| Failure::Message(format!("n must be an integer: {failure}")))?;
            (pattern, limit, text)
        }
        args => return Err(format!("wrong number of args: want 2 or 3, got {}", args.len()).into()),
    };
    Ok((convert::text(pattern, c.meter)?, limit, convert::text(text, c.meter)?))
}
