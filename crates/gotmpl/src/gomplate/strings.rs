//! `strings.`: what is worked on comes last, so that it can be piped.

use super::{Outcome, add, add_with_rest, alias, convert, namespace};
use crate::builtins::cut;
use crate::functions::{Call, Functions, Type};
use crate::limits::Meter;
use crate::sprig::strings::split;
use crate::sprig::wrap;
use crate::value::{Element, List, Value};
use crate::{Failure, strconv};

mod cases;

use Type::{Any, Int, Str};

const WRAP_WIDTH: i64 = 80;

pub(super) fn register(f: &mut Functions) {
    let m = &mut Functions::none();
    edges(m);
    pieces(m);
    layout(m);
    cases::register(m);
    let names = [
        ("replaceAll", "ReplaceAll"),
        ("title", "Title"),
        ("toUpper", "ToUpper"),
        ("toLower", "ToLower"),
        ("trimSpace", "TrimSpace"),
        ("indent", "Indent"),
        ("quote", "Quote"),
        ("shellQuote", "ShellQuote"),
        ("squote", "Squote"),
    ];
    alias(f, m, &names);
    f.add("strings", namespace("*funcs.StringFuncs", m.clone()));
    older(f);
}

/// The oldest aliases, whose text comes first.
fn older(f: &mut Functions) {
    add(f, &["contains"], &[Str, Str], |c| Ok(c.str(0)?.contains(&*c.str(1)?).into()));
    add(f, &["hasPrefix"], &[Str, Str], |c| Ok(c.str(0)?.starts_with(&*c.str(1)?).into()));
    add(f, &["hasSuffix"], &[Str, Str], |c| Ok(c.str(0)?.ends_with(&*c.str(1)?).into()));
    add(f, &["split"], &[Str, Str], |c| Ok(split(&c.str(1)?, &c.str(0)?, -1).into()));
    add(f, &["splitN"], &[Str, Str, Int], |c| Ok(parts(&c.str(1)?, &c.str(0)?, c.int(2)?)));
    add(f, &["trim"], &[Str, Str], |c| {
        let set = c.str(1)?;
        Ok(c.str(0)?.trim_matches(|ch| set.contains(ch)).into())
    });
}

/// A method of a text and one to do with it.
fn with(m: &mut Functions, name: &str, op: fn(&str, &str) -> Value) {
    add(m, &[name], &[Str, Any], move |c| {
        Ok(op(&c.str(0)?, &convert::text(&c.value(1), c.meter)?))
    });
}

fn edges(m: &mut Functions) {
    with(m, "Contains", |part, text| text.contains(part).into());
    with(m, "HasPrefix", |part, text| text.starts_with(part).into());
    with(m, "HasSuffix", |part, text| text.ends_with(part).into());
    with(m, "Trim", |set, text| text.trim_matches(|c| set.contains(c)).into());
    with(m, "TrimLeft", |set, text| text.trim_start_matches(|c| set.contains(c)).into());
    with(m, "TrimRight", |set, text| text.trim_end_matches(|c| set.contains(c)).into());
    with(m, "TrimPrefix", |part, text| text.strip_prefix(part).unwrap_or(text).into());
    with(m, "TrimSuffix", |part, text| text.strip_suffix(part).unwrap_or(text).into());
    add(m, &["TrimSpace"], &[Any], |c| Ok(convert::text(&c.value(0), c.meter)?.trim().into()));
    add(m, &["Trunc"], &[Int, Any], |c| {
        let text = convert::text(&c.value(1), c.meter)?;
        let length = usize::try_from(c.int(0)?).unwrap_or(text.len()).min(text.len());
        Ok(cut(&text, 0, length)?.into())
    });
    add_with_rest(m, &["Abbrev"], &[], Any, abbreviated);
}

fn pieces(m: &mut Functions) {
    add(m, &["Split"], &[Str, Any], |c| {
        Ok(split(&c.str(0)?, &convert::text(&c.value(1), c.meter)?, -1).into())
    });
    add(m, &["SplitN"], &[Str, Int, Any], |c| {
        Ok(parts(&c.str(0)?, &convert::text(&c.value(2), c.meter)?, c.int(1)?))
    });
    add(m, &["ReplaceAll"], &[Str, Str, Any], |c| {
        let (old, new) = (c.str(0)?, c.str(1)?);
        let text = convert::text(&c.value(2), c.meter)?;
        let places = if old.is_empty() { text.len() + 1 } else { text.matches(&*old).count() };
        c.meter.spend_bytes(places.saturating_mul(new.len()).saturating_add(text.len()))?;
        Ok(text.replace(&*old, &new).into())
    });
    add(m, &["Repeat"], &[Int, Any], |c| {
        let count = c.int(0)?;
        let count = usize::try_from(count).map_err(|_| format!("negative count {count}"))?;
        let text = convert::text(&c.value(1), c.meter)?;
        c.meter.spend_bytes(text.len().saturating_mul(count))?;
        Ok(text.repeat(count).into())
    });
    add(m, &["SkipLines"], &[Int, Str], |c| {
        let skip = usize::try_from(c.int(0)?).map_err(|_| "skip must be >= 0")?;
        let text = c.str(1)?;
        let mut lines = text.splitn(skip.saturating_add(1), '\n');
        Ok(lines.nth(skip).unwrap_or_default().into())
    });
    add(m, &["Sort"], &[Any], |c| {
        let Value::List(list) = c.value(0) else {
            let found = c.value(0).type_name();
            return Err(format!("wrong type for value; expected []string; got {found}").into());
        };
        let mut texts = Vec::with_capacity(list.len());
        for item in list.items() {
            texts.push(convert::text(item, c.meter)?);
        }
        texts.sort();
        Ok(texts.into())
    });
    add_with_rest(m, &["RuneCount"], &[], Any, |c| {
        let mut count = 0;
        for value in c.rest(0) {
            count += convert::text(&value, c.meter)?.chars().count();
        }
        Ok(Value::Int(count as i64))
    });
}

fn layout(m: &mut Functions) {
    add_with_rest(m, &["Indent"], &[], Any, indent);
    add_with_rest(m, &["WordWrap"], &[], Any, word_wrap);
    add(m, &["Quote"], &[Any], |c| {
        Ok(strconv::quote(&convert::text(&c.value(0), c.meter)?, false).into())
    });
    add(m, &["Squote"], &[Any], |c| {
        let text = convert::text(&c.value(0), c.meter)?;
        Ok(format!("'{}'", text.replace('\'', "''")).into())
    });
    add(m, &["ShellQuote"], &[Any], |c| {
        let shell = |value: &Value, meter: &mut Meter| -> Result<String, Failure> {
            Ok(format!("'{}'", convert::text(value, meter)?.replace('\'', "'\"'\"'")))
        };
        let Value::List(list) = c.value(0) else {
            return Ok(shell(&c.value(0), c.meter)?.into());
        };
        let quoted: Result<Vec<String>, Failure> =
            list.items().iter().map(|item| shell(item, c.meter)).collect();
        Ok(quoted?.join(" ").into())
    });
}

fn parts(separator: &str, text: &str, limit: i64) -> Value {
    if limit == 0 {
        return List::nil(Element::Str).into();
    }
    split(separator, text, limit).into()
}

fn abbreviated(c: &mut Call<'_>) -> Outcome {
    let args = c.rest(0);
    let (offset, width, text) = match args.as_slice() {
        [width, text] => (None, width, text),
        [offset, width, text] => (Some(offset), width, text),
        _ => return Err("abbrev requires a 'width' and 'input' argument".into()),
    };
    let mut number = |value: &Value, what: &str| {
        convert::int(value, c.meter)
            .map_err(|failure| Failure::Message(format!("{what} must be an integer: {failure}")))
    };
    let offset = offset.map_or(Ok(0), |offset| number(offset, "offset"))?;
    let width = number(width, "width")?;
    let text = convert::text(text, c.meter)?;
    if text.len() as i64 <= width {
        return Ok(text.into());
    }
    if width < 4 {
        return Err("stringutils illegal argument: Minimum abbreviation width is 4".into());
    }
    if offset > 4 && width < 7 && text.len() as i64 > width {
        let fits = text.len() as i64 - offset < width - 3;
        if !fits || text.len() as i64 - (width - 3) > 4 {
            return Err(
                "stringutils illegal argument: Minimum abbreviation width with offset is 7".into(),
            );
        }
    }
    Ok(wrap::abbreviate(&text, offset.max(0) as usize, width as usize)?.into())
}

/// `Indent text`, `Indent width text`, `Indent with text` or `Indent width with text`.
fn indent(c: &mut Call<'_>) -> Outcome {
    let args = c.rest(0);
    let (width, with, text) = match args.as_slice() {
        [] => return Err("expected at least 1 argument".into()),
        [Value::Str(with), text] => (1, with.to_string(), text),
        [Value::Int(width), text] => (*width, " ".to_owned(), text),
        [Value::Int(width), Value::Str(with), text] => (*width, with.to_string(), text),
        [_, _] | [_, _, _] => return Err("invalid arguments".into()),
        [.., text] => (1, " ".to_owned(), text),
    };
    let width = usize::try_from(width).ok().filter(|width| *width > 0);
    let width = width.ok_or("width must be > 0")?;
    if with.contains('\n') {
        return Err("indent must not contain '\\n'".into());
    }
    let text = convert::text(text, c.meter)?;
    let lines = text.matches('\n').count() + 1;
    let bytes = with.len().saturating_mul(width).saturating_mul(lines);
    c.meter.spend_bytes(bytes.saturating_add(text.len()))?;
    let with = with.repeat(width);
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if line != "\n" {
            out.push_str(&with);
        }
        out.push_str(line);
    }
    Ok(out.into())
}

/// `WordWrap text`, `WordWrap width text`, `WordWrap end text` or `WordWrap width end text`.
fn word_wrap(c: &mut Call<'_>) -> Outcome {
    let args = c.rest(0);
    let (width, end, text) = match args.as_slice() {
        [text] => (None, None, text),
        [Value::Str(end), text] => (None, Some(end.to_string()), text),
        [width, text] => (Some(width), None, text),
        [width, end, text] => (Some(width), Some(convert::text(end, c.meter)?), text),
        args => return Err(format!("expected 1, 2, or 3 args, got {}", args.len()).into()),
    };
    let width = match width {
        None => 0,
        Some(width) => convert::int(width, c.meter).map_err(|failure| {
            Failure::Message(format!("expected width to be a number: {failure}"))
        })?,
    };
    // The width is kept in 32 bits there.
    let width = match width as u32 {
        0 => WRAP_WIDTH,
        width => i64::from(width),
    };
    let end = end.filter(|end| !end.is_empty()).unwrap_or_else(|| "\n".to_owned());
    let text = convert::text(text, c.meter)?;
    let lines = text.len() / usize::try_from(width).unwrap_or(1);
    c.meter.spend_bytes(lines.saturating_mul(end.len()))?;
    wrap::wrap(&text, width, &end, false)
}
