//! Text functions. Positions and widths count bytes, as in Sprig.

use super::cast::{to_text, to_texts};
use super::{Outcome, add, add_with_rest};
use crate::builtins::cut;
use crate::functions::{Call, Functions, Type};
use crate::value::{Element, Map, Value};
use crate::{Failure, strconv};

use Type::{Any, Int, Str};

pub(super) fn register(f: &mut Functions) {
    add(f, &["hello"], &[], |_| Ok("Hello!".into()));
    add(f, &["trim"], &[Str], |c| Ok(c.str(0)?.trim().into()));
    add(f, &["trimAll", "trimall"], &[Str, Str], |c| {
        let set = c.str(0)?;
        Ok(c.str(1)?.trim_matches(|ch| set.contains(ch)).into())
    });
    add(f, &["trimSuffix"], &[Str, Str], |c| {
        let text = c.str(1)?;
        Ok(text.strip_suffix(&*c.str(0)?).unwrap_or(&text).into())
    });
    add(f, &["trimPrefix"], &[Str, Str], |c| {
        let text = c.str(1)?;
        Ok(text.strip_prefix(&*c.str(0)?).unwrap_or(&text).into())
    });
    add(f, &["contains"], &[Str, Str], |c| Ok(c.str(1)?.contains(&*c.str(0)?).into()));
    add(f, &["hasPrefix"], &[Str, Str], |c| Ok(c.str(1)?.starts_with(&*c.str(0)?).into()));
    add(f, &["hasSuffix"], &[Str, Str], |c| Ok(c.str(1)?.ends_with(&*c.str(0)?).into()));
    add(f, &["repeat"], &[Int, Str], |c| {
        let (count, text) = (c.int(0)?, c.str(1)?);
        let count = usize::try_from(count).map_err(|_| "strings: negative Repeat count")?;
        c.meter.spend_bytes(text.len().saturating_mul(count))?;
        Ok(text.repeat(count).into())
    });
    add(f, &["trunc"], &[Int, Str], |c| trunc(c.int(0)?, &c.str(1)?));
    add(f, &["substr"], &[Int, Int, Str], |c| substr(c.int(0)?, c.int(1)?, &c.str(2)?));
    add(f, &["replace"], &[Str, Str, Str], |c| {
        let (old, new, text) = (c.str(0)?, c.str(1)?, c.str(2)?);
        let places = if old.is_empty() { text.len() + 1 } else { text.matches(&*old).count() };
        c.meter.spend_bytes(places.saturating_mul(new.len()).saturating_add(text.len()))?;
        Ok(text.replace(&*old, &new).into())
    });
    add(f, &["plural"], &[Str, Str, Int], |c| {
        Ok(if c.int(2)? == 1 { c.value(0) } else { c.value(1) })
    });
    add(f, &["indent"], &[Int, Str], |c| Ok(indent(c)?.into()));
    add(f, &["nindent"], &[Int, Str], |c| Ok(format!("\n{}", indent(c)?).into()));
    add(f, &["toString"], &[Any], |c| Ok(to_text(&c.value(0), c.meter)?.into()));
    add(f, &["toStrings"], &[Any], |c| Ok(to_texts(&c.value(0), c.meter)?.into()));
    add(f, &["join"], &[Str, Any], join);
    add(f, &["splitList"], &[Str, Str], |c| Ok(split(&c.str(0)?, &c.str(1)?, -1).into()));
    add(f, &["split"], &[Str, Str], |c| Ok(numbered(split(&c.str(0)?, &c.str(1)?, -1))));
    add(f, &["splitn"], &[Str, Int, Str], |c| {
        Ok(numbered(split(&c.str(0)?, &c.str(2)?, c.int(1)?)))
    });
    add_with_rest(f, &["quote"], &[], Any, |c| {
        spaced(c, |value, c| Ok(strconv::quote(&to_text(value, c.meter)?, false)))
    });
    add_with_rest(f, &["squote"], &[], Any, |c| {
        spaced(c, |value, c| Ok(format!("'{}'", to_text(value, c.meter)?)))
    });
    add_with_rest(f, &["cat"], &[], Any, |c| spaced(c, |value, c| to_text(value, c.meter)));
    add(f, &["fail"], &[Str], |c| Err(Failure::Message(c.str(0)?.to_string())));
}

/// The arguments that are not nil, each as `show` makes it, with spaces between.
fn spaced(
    c: &mut Call<'_>,
    show: impl Fn(&Value, &mut Call<'_>) -> Result<String, Failure>,
) -> Outcome {
    let mut shown = Vec::new();
    for value in c.rest(0) {
        if !matches!(value, Value::Nil) {
            shown.push(show(&value, c)?);
        }
    }
    Ok(shown.join(" ").into())
}

/// The first bytes, or for a negative count the last.
fn trunc(count: i64, text: &str) -> Outcome {
    let length = text.len() as i64;
    let (from, to) = match count {
        count if count < 0 && length + count > 0 => (length + count, length),
        count if count >= 0 && length > count => (0, count),
        _ => (0, length),
    };
    Ok(cut(text, from as usize, to as usize)?.into())
}

fn substr(start: i64, end: i64, text: &str) -> Outcome {
    let length = text.len() as i64;
    let (from, to) = match (start, end) {
        (start, end) if start < 0 => (0, end),
        (start, end) if end < 0 || end > length => (start, length),
        bounds => bounds,
    };
    if from > to || to > length || to < 0 {
        return Err(format!("slice bounds out of range [{from}:{to}]").into());
    }
    Ok(cut(text, from as usize, to as usize)?.into())
}

fn indent(c: &mut Call<'_>) -> Result<String, Failure> {
    let (spaces, text) = (c.int(0)?, c.str(1)?);
    let spaces = usize::try_from(spaces).map_err(|_| "strings: negative Repeat count")?;
    let lines = text.matches('\n').count() + 1;
    c.meter.spend_bytes(lines.saturating_mul(spaces).saturating_add(text.len()))?;
    let pad = " ".repeat(spaces);
    Ok(format!("{pad}{}", text.replace('\n', &format!("\n{pad}"))))
}

fn join(c: &mut Call<'_>) -> Outcome {
    let separator = c.str(0)?;
    let texts = to_texts(&c.value(1), c.meter)?;
    let bytes = texts.iter().fold(0usize, |sum, text| sum.saturating_add(text.len()));
    c.meter.spend_bytes(bytes.saturating_add(texts.len().saturating_mul(separator.len())))?;
    Ok(texts.join(&separator).into())
}

/// `strings.SplitN`: at most `limit` parts, all if it is negative, none if it is zero. An empty
/// separator splits into characters.
pub(crate) fn split(separator: &str, text: &str, limit: i64) -> Vec<String> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    if limit == 0 {
        return Vec::new();
    }
    if !separator.is_empty() {
        return text.splitn(limit, separator).map(str::to_owned).collect();
    }
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if parts.len() + 1 == limit {
            parts.push(rest.to_owned());
            break;
        }
        parts.push(c.to_string());
        rest = &rest[c.len_utf8()..];
    }
    parts
}

/// The parts as a map with the keys `_0`, `_1`, ...
fn numbered(parts: Vec<String>) -> Value {
    let map = Map::new(Element::Str);
    for (i, part) in parts.into_iter().enumerate() {
        map.insert(format!("_{i}"), part.into());
    }
    map.into()
}
