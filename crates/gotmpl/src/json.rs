//! Values as JSON texts, as Go's own package writes them and as Gomplate's does.

use crate::limits::Meter;
use crate::sprig::encode::encode_base64;
use crate::value::Value;
use crate::{Failure, float};

/// How JSON is written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style<'s> {
    /// What stands before each entry, on its own line, for each map or list around it; `None`: all
    /// on one line.
    pub(crate) indent: Option<&'s str>,
    pub(crate) writer: Writer,
}

/// Whose JSON it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Writer {
    /// Go's: `1` for a whole float, nothing for one that is not finite.
    Go,
    /// Go's with `<`, `>` and `&` as they are.
    GoRaw,
    /// Gomplate's: `1.0` for a whole float, `null` for one that is not finite.
    Gomplate,
}

/// The text of `value`, keys sorted.
pub(crate) fn encode(
    value: &Value,
    style: Style<'_>,
    meter: &mut Meter,
) -> Result<String, Failure> {
    let mut encoder = Encoder { out: String::new(), style, depth: 0, meter };
    encoder.value(value)?;
    Ok(encoder.out)
}

struct Encoder<'m> {
    out: String,
    style: Style<'m>,
    depth: usize,
    meter: &'m mut Meter,
}

impl Encoder<'_> {
    fn value(&mut self, value: &Value) -> Result<(), Failure> {
        self.meter.spend(1)?;
        self.meter.fits(self.out.len())?;
        match value {
            Value::Absent | Value::Nil => self.out.push_str("null"),
            Value::Bool(b) => self.out.push_str(if *b { "true" } else { "false" }),
            Value::Float(number) => self.float(*number)?,
            Value::Str(text) => self.text(text),
            Value::Object(object) if object.integer().is_none() => self.text(&object.encoded()),
            Value::List(list) if list.is_nil() => self.out.push_str("null"),
            Value::Map(map) if map.is_nil() => self.out.push_str("null"),
            Value::List(list) => match list.as_bytes() {
                Some(bytes) => self.text(&encode_base64(&bytes)),
                None => self.group('[', ']', list.items(), Self::value)?,
            },
            Value::Map(map) => self.group('{', '}', &map.entries(), |encoder, (key, value)| {
                encoder.text(key);
                encoder.out.push_str(if encoder.style.indent.is_some() { ": " } else { ":" });
                encoder.value(value)
            })?,
            number => self.out += &number.integer().unwrap_or_default().to_string(),
        }
        Ok(())
    }

    fn group<T>(
        &mut self,
        open: char,
        close: char,
        items: &[T],
        write: impl Fn(&mut Self, &T) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.out.push(open);
        self.meter.enter()?;
        self.depth += 1;
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            self.line()?;
            write(self, item)?;
        }
        self.depth -= 1;
        self.meter.leave();
        if !items.is_empty() {
            self.line()?;
        }
        self.out.push(close);
        Ok(())
    }

    fn line(&mut self) -> Result<(), Failure> {
        if let Some(indent) = self.style.indent {
            self.meter.spend_bytes(indent.len().saturating_mul(self.depth))?;
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n(indent, self.depth));
        }
        Ok(())
    }

    fn float(&mut self, number: f64) -> Result<(), Failure> {
        let is_gomplate = self.style.writer == Writer::Gomplate;
        let size = number.abs();
        let is_long = size != 0.0 && !(1e-6..1e21).contains(&size);
        let text = match (number.is_finite(), is_long) {
            (false, _) if is_gomplate => "null".to_owned(),
            (false, _) => return Err(format!("json: unsupported value: {number}").into()),
            (true, true) if is_gomplate => float::format(number, 'e', None),
            (true, true) => float::format(number, 'e', None).replace("e-0", "e-"),
            (true, false) if is_gomplate && number.fract() == 0.0 => {
                float::format(number, 'f', Some(1))
            }
            (true, false) => float::format(number, 'f', None),
        };
        self.out += &text;
        Ok(())
    }

    fn text(&mut self, text: &str) {
        self.out.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => self.out.extend(['\\', c]),
                '\n' => self.out.push_str("\\n"),
                '\r' => self.out.push_str("\\r"),
                '\t' => self.out.push_str("\\t"),
                '\x08' => self.out.push_str("\\b"),
                '\x0c' => self.out.push_str("\\f"),
                '<' | '>' | '&' if self.style.writer == Writer::GoRaw => self.out.push(c),
                '\x7f' if self.style.writer != Writer::Gomplate => self.out.push(c),
                '\0'..='\x1f' | '<' | '>' | '&' | '\x7f' | '\u{2028}' | '\u{2029}' => {
                    self.out += &format!("\\u{:04x}", u32::from(c));
                }
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }
}
