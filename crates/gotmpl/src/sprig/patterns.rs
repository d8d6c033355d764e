//! Regular expressions, by Go's syntax and matching rules.

use regex::{Regex, RegexBuilder};

use super::{Outcome, add};
use crate::Failure;
use crate::functions::{Call, Functions, Type};
use crate::limits::Meter;
use crate::value::{Element, List, Value};

mod syntax;

use Type::{Int, Str};

pub(super) fn register(f: &mut Functions) {
    add(f, &["regexMatch"], &[Str, Str], |c| match find(c) {
        Err(Failure::Message(_)) => Ok(false.into()),
        found => Ok(found?.is_some().into()),
    });
    add(f, &["mustRegexMatch"], &[Str, Str], |c| Ok(find(c)?.is_some().into()));
    add(f, &["regexFind", "mustRegexFind"], &[Str, Str], |c| {
        Ok(find(c)?.unwrap_or_default().into())
    });
    add(f, &["regexFindAll", "mustRegexFindAll"], &[Str, Str, Int], find_all);
    add(f, &["regexReplaceAll", "mustRegexReplaceAll"], &[Str, Str, Str], |c| {
        replace(&c.str(0)?, &c.str(1)?, &c.str(2)?, true, c.meter)
    });
    add(f, &["regexReplaceAllLiteral", "mustRegexReplaceAllLiteral"], &[Str, Str, Str], |c| {
        replace(&c.str(0)?, &c.str(1)?, &c.str(2)?, false, c.meter)
    });
    add(f, &["regexSplit", "mustRegexSplit"], &[Str, Str, Int], |c| {
        split(&c.str(0)?, &c.str(1)?, c.int(2)?, c.meter)
    });
    add(f, &["regexQuoteMeta"], &[Str], |c| Ok(quote(&c.str(0)?).into()));
}

/// The text with what a pattern would take for an operator escaped.
pub(crate) fn quote(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        if "\\.+*?()|[]{}^$".contains(c) {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// Compiles a pattern, and pays for that and for one search of a text.
pub(crate) fn compile(pattern: &str, text: &str, meter: &mut Meter) -> Result<Regex, Failure> {
    meter.spend(100 + pattern.len() + text.len() / 64)?;
    let translated = syntax::translate(pattern)?;
    RegexBuilder::new(&translated).build().map_err(|error| {
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default();
        Failure::Message(format!("error parsing regexp: {reason}: `{pattern}`"))
    })
}

fn find(c: &mut Call<'_>) -> Result<Option<String>, Failure> {
    let text = c.str(1)?;
    let regex = compile(&c.str(0)?, &text, c.meter)?;
    Ok(regex.find(&text).map(|found| found.as_str().to_owned()))
}

/// How many matches `limit` allows; all for a negative one.
pub(crate) fn at_most(limit: i64) -> usize {
    usize::try_from(limit).unwrap_or(usize::MAX)
}

fn find_all(c: &mut Call<'_>) -> Outcome {
    let text = c.str(1)?;
    let regex = compile(&c.str(0)?, &text, c.meter)?;
    let found = regex.find_iter(&text).take(at_most(c.int(2)?));
    let found: Vec<Value> = found.map(|found| found.as_str().into()).collect();
    let none = found.is_empty();
    Ok(if none { List::nil(Element::Str) } else { List::of(Element::Str, found) }.into())
}

/// With every match of `pattern` replaced; if `expands`, `$1` in `with` stands for a group.
pub(crate) fn replace(
    pattern: &str,
    text: &str,
    with: &str,
    expands: bool,
    meter: &mut Meter,
) -> Outcome {
    let regex = compile(pattern, text, meter)?;
    let mut out = String::new();
    let mut end = 0;
    for captures in regex.captures_iter(text) {
        let Some(found) = captures.get(0) else { continue };
        out.push_str(&text[end..found.start()]);
        if expands {
            captures.expand(with, &mut out);
        } else {
            out.push_str(with);
        }
        end = found.end();
        meter.spend(1)?;
        meter.fits(out.len())?;
    }
    out.push_str(&text[end..]);
    Ok(out.into())
}

/// What stands between the matches of `pattern`, in at most so many parts.
pub(crate) fn split(pattern: &str, text: &str, limit: i64, meter: &mut Meter) -> Outcome {
    let regex = compile(pattern, text, meter)?;
    let limit = at_most(limit);
    if limit == 0 {
        return Ok(List::nil(Element::Str).into());
    }
    if text.is_empty() && !pattern.is_empty() {
        return Ok(vec![String::new()].into());
    }
    let mut parts: Vec<String> = Vec::new();
    let (mut from, mut to) = (0, 0);
    for found in regex.find_iter(text).take(limit) {
        if parts.len() + 1 == limit {
            break;
        }
        to = found.start();
        if found.end() != 0 {
            parts.push(text[from..to].to_owned());
        }
        from = found.end();
    }
    if to != text.len() {
        parts.push(text[from..].to_owned());
    }
    Ok(parts.into())
}
