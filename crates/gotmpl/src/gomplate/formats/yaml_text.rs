//! Values to YAML, as Go's `yaml.v3` writes them with an indent of two.

use std::cmp::Ordering;
use std::fmt::Write;
use std::sync::Arc;

use yaml_span::schema::{Scalar, v3};

use crate::limits::Meter;
use crate::time::Time;
use crate::value::{Object, Value};
use crate::{Failure, float};

const INDENT: usize = 2;

pub(super) fn write(value: &Value, meter: &mut Meter) -> Result<String, Failure> {
    let mut writer = Writer { out: String::new(), meter };
    writer.block(value, 0)?;
    if !writer.out.ends_with('\n') {
        writer.out.push('\n');
    }
    Ok(writer.out)
}

struct Writer<'m> {
    out: String,
    meter: &'m mut Meter,
}

impl Writer<'_> {
    /// A value at the start of a line, or behind `- `, whose further lines stand at `indent`.
    fn block(&mut self, value: &Value, indent: usize) -> Result<(), Failure> {
        self.meter.spend(1)?;
        self.meter.fits(self.out.len())?;
        self.meter.enter()?;
        match value {
            Value::Map(map) if !map.is_empty() => {
                let mut entries = map.entries();
                entries.sort_by(|(a, _), (b, _)| natural(a, b));
                for (i, (key, value)) in entries.iter().enumerate() {
                    self.line(i, indent)?;
                    self.entry(key, value, indent)?;
                }
            }
            Value::List(list) if !list.is_empty() => {
                for (i, item) in list.items().iter().enumerate() {
                    self.line(i, indent)?;
                    self.out.push_str("- ");
                    self.block(item, indent + INDENT)?;
                }
            }
            scalar => self.scalar(scalar, indent)?,
        }
        self.meter.leave();
        Ok(())
    }

    /// A short key stands before its colon; one that is long or has lines behind a `?`.
    fn entry(&mut self, key: &Arc<str>, value: &Value, indent: usize) -> Result<(), Failure> {
        const SIMPLE_BYTES: usize = 128;
        let is_simple = key.len() <= SIMPLE_BYTES && !key.contains('\n');
        if is_simple {
            self.out += &inline(key, true);
            self.out.push(':');
        } else {
            self.out.push_str("? ");
            self.block(&Value::Str(key.clone()), indent + INDENT)?;
            self.line(1, indent)?;
            self.out.push(':');
        }
        let nests = match value {
            Value::Map(map) => !map.is_empty(),
            Value::List(list) => !list.is_empty(),
            _ => false,
        };
        if nests && is_simple {
            self.out.push('\n');
            self.pad(indent + INDENT)?;
        } else {
            self.out.push(' ');
        }
        self.block(value, indent + INDENT)
    }

    fn line(&mut self, i: usize, indent: usize) -> Result<(), Failure> {
        if i == 0 {
            return Ok(());
        }
        if !self.out.ends_with('\n') {
            self.out.push('\n');
        }
        self.pad(indent)
    }

    fn pad(&mut self, indent: usize) -> Result<(), Failure> {
        self.meter.spend_bytes(indent)?;
        self.out.extend(std::iter::repeat_n(' ', indent));
        Ok(())
    }

    fn scalar(&mut self, value: &Value, indent: usize) -> Result<(), Failure> {
        match value {
            Value::Str(text) if text.contains('\n') => self.literal(text, indent)?,
            Value::Str(text) => self.out += &inline(text, false),
            Value::Absent | Value::Nil => self.out.push_str("null"),
            Value::Map(map) if map.is_nil() => self.out.push_str("{}"),
            Value::Map(_) => self.out.push_str("{}"),
            Value::List(_) => self.out.push_str("[]"),
            Value::Bool(b) => self.out.push_str(if *b { "true" } else { "false" }),
            Value::Float(number) => self.out += &decimal(*number),
            Value::Object(object) => match value.as_object::<Time>() {
                Some(time) => self.out += &time.encoded(),
                None => self.out += &inline(&object.text(), false),
            },
            number => self.out += &number.integer().unwrap_or_default().to_string(),
        }
        Ok(())
    }

    /// Lines as they are behind `|`, if that can say them.
    fn literal(&mut self, text: &str, indent: usize) -> Result<(), Failure> {
        if !Shape::of(text).block {
            self.out += &double_quoted(text);
            return Ok(());
        }
        // At the top of a document a block stands two in all the same.
        let indent = indent.max(INDENT);
        self.out.push('|');
        if text.starts_with([' ', '\n']) {
            self.out += &INDENT.to_string();
        }
        if !text.ends_with('\n') {
            self.out.push('-');
        } else if text.ends_with("\n\n") || text == "\n" {
            self.out.push('+');
        }
        self.out.push('\n');
        let body = text.strip_suffix('\n').unwrap_or(text);
        for (i, line) in body.split('\n').enumerate() {
            if i > 0 {
                self.out.push('\n');
            }
            if !line.is_empty() {
                self.pad(indent)?;
                self.out.push_str(line);
            }
        }
        if text.ends_with('\n') {
            self.out.push('\n');
        }
        Ok(())
    }
}

/// A text on one line: plain where it reads as itself, else in quotes.
fn inline(text: &str, is_key: bool) -> String {
    let reads_as_text = matches!(v3::resolve(text, true, None), Ok(Scalar::Str(_)));
    let shape = Shape::of(text);
    if !reads_as_text || is_old_bool(text) || is_base_60(text) {
        return double_quoted(text);
    }
    if shape.plain && !(is_key && text.is_empty()) {
        return text.to_owned();
    }
    if shape.single_quoted {
        format!("'{}'", text.replace('\'', "''"))
    } else {
        double_quoted(text)
    }
}

/// What YAML 1.1 took for true or false.
fn is_old_bool(text: &str) -> bool {
    let words = [
        "y", "Y", "yes", "Yes", "YES", "on", "On", "ON", "n", "N", "no", "No", "NO", "off", "Off",
        "OFF",
    ];
    words.contains(&text)
}

/// `1:30:00`, which YAML 1.1 took for a number.
fn is_base_60(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let Some((first, rest)) = unsigned.split_once(':') else { return false };
    let number = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let digits = first.bytes().all(|b| b.is_ascii_digit() || b == b'_');
    if !first.starts_with(|c: char| c.is_ascii_digit()) || !digits {
        return false;
    }
    let (parts, fraction) = rest.split_once('.').unwrap_or((rest, ""));
    let sixtieth = |part: &str| match part.len() {
        1 => number(part),
        2 => number(part) && part < "60",
        _ => false,
    };
    fraction.bytes().all(|b| b.is_ascii_digit() || b == b'_') && parts.split(':').all(sixtieth)
}

/// In which styles a text can be written.
struct Shape {
    plain: bool,
    single_quoted: bool,
    block: bool,
}

impl Shape {
    fn of(text: &str) -> Self {
        let mut shape = Self { plain: true, single_quoted: true, block: true };
        if text.is_empty() {
            return Self { block: false, ..shape };
        }
        let chars: Vec<char> = text.chars().collect();
        let is_blank = |c: char| matches!(c, ' ' | '\t') || is_break(c);
        if text.starts_with("---") || text.starts_with("...") {
            shape.plain = false;
        }
        for (i, c) in chars.iter().enumerate() {
            let before = i.checked_sub(1).map(|i| chars[i]);
            let blank_follows = chars.get(i + 1).is_none_or(|next| is_blank(*next));
            shape.plain &= match c {
                '#' | ',' | '[' | ']' | '{' | '}' | '&' | '*' | '!' | '|' | '>' | '\'' | '"'
                | '%' | '@' | '`'
                    if i == 0 =>
                {
                    false
                }
                '?' | '-' if i == 0 => !blank_follows,
                ':' => !blank_follows,
                '#' => !before.is_some_and(is_blank),
                _ => true,
            };
            let special = !matches!(c, '\n' | '\t') && !is_written(*c);
            let space_then_break = is_break(*c) && before == Some(' ');
            if *c == ' ' && before.is_some_and(is_break) {
                (shape.plain, shape.single_quoted) = (false, false);
            }
            if special || space_then_break || *c == '\t' {
                (shape.plain, shape.single_quoted) = (false, false);
            }
            if special || space_then_break {
                shape.block = false;
            }
            shape.plain &= !is_break(*c);
        }
        let edge = |c: Option<&char>| c.is_some_and(|c| *c == ' ' || is_break(*c));
        shape.plain &= !edge(chars.first()) && !edge(chars.last());
        shape.block &= chars.last() != Some(&' ');
        shape
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\r' | '\n' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Whether YAML writes the character as it is.
fn is_written(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && c != '\u{feff}'
}

fn double_quoted(text: &str) -> String {
    // Behind a byte order mark nothing is taken for written.
    let all = text.starts_with('\u{feff}');
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\0' => out.push_str("\\0"),
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\x0b' => out.push_str("\\v"),
            '\x0c' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\x1b' => out.push_str("\\e"),
            '\u{85}' => out.push_str("\\N"),
            '\u{2028}' => out.push_str("\\L"),
            '\u{2029}' => out.push_str("\\P"),
            c if is_written(c) && !all => out.push(c),
            c if u32::from(c) <= 0xff => push_code(&mut out, 'x', c, 2),
            c if u32::from(c) <= 0xffff => push_code(&mut out, 'u', c, 4),
            c => push_code(&mut out, 'U', c, 8),
        }
    }
    out.push('"');
    out
}

fn push_code(out: &mut String, letter: char, c: char, width: usize) {
    write!(out, "\\{letter}{:0width$X}", u32::from(c)).expect("writing to a String cannot fail");
}

fn decimal(number: f64) -> String {
    match number {
        f64::INFINITY => ".inf".to_owned(),
        f64::NEG_INFINITY => "-.inf".to_owned(),
        number if number.is_nan() => ".nan".to_owned(),
        number => float::format(number, 'g', None),
    }
}

/// Keys with numbers in them by their numbers, letters after everything else.
fn natural(a: &Arc<str>, b: &Arc<str>) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let digit = |c: Option<&char>| c.is_some_and(|c| c.is_numeric());
    let mut digits = false;
    for (i, (x, y)) in a.iter().zip(&b).enumerate() {
        if x == y {
            digits = x.is_numeric();
            continue;
        }
        match (x.is_alphabetic(), y.is_alphabetic()) {
            (true, true) => return x.cmp(y),
            (false, false) => {}
            (first_is_letter, _) if digits == first_is_letter => return Ordering::Less,
            _ => return Ordering::Greater,
        }
        let zeros = *x == '0' || *y == '0';
        let nonzero_before =
            || a[..i].iter().rev().take_while(|c| c.is_numeric()).any(|c| *c != '0');
        let start = i128::from(zeros && nonzero_before());
        let number = |of: &[char]| {
            let run = of[i..].iter().take_while(|c| digit(Some(c)));
            run.fold((start, i), |(total, end), c| {
                let value = i128::from(u32::from(*c)) - i128::from(u32::from('0'));
                (total.saturating_mul(10).saturating_add(value), end + 1)
            })
        };
        let order = number(&a).cmp(&number(&b));
        return order.then(x.cmp(y));
    }
    a.len().cmp(&b.len())
}
