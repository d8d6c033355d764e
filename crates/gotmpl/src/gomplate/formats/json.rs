//! JSON as Gomplate writes it: whole floats keep a point, and keys are sorted.

use crate::limits::Meter;
use crate::sprig::encode::encode_base64;
use crate::value::Value;
use crate::{Failure, float};

/// On one line, or with each entry on its own behind `indent`.
pub(super) fn write(
    value: &Value,
    indent: Option<&str>,
    meter: &mut Meter,
) -> Result<String, Failure> {
    let mut writer = Writer { out: String::new(), indent, depth: 0, meter };
    writer.value(value)?;
    Ok(writer.out)
}

struct Writer<'w> {
    out: String,
    indent: Option<&'w str>,
    depth: usize,
    meter: &'w mut Meter,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value) -> Result<(), Failure> {
        self.meter.spend(1)?;
        self.meter.fits(self.out.len())?;
        match value {
            Value::Absent | Value::Nil => self.out.push_str("null"),
            Value::Bool(b) => self.out.push_str(if *b { "true" } else { "false" }),
            Value::Float(number) => self.float(*number),
            Value::Str(text) => self.text(text),
            Value::Object(object) => match object.integer() {
                Some(number) => self.out += &number.to_string(),
                None => self.text(&object.encoded()),
            },
            Value::List(list) if list.is_nil() => self.out.push_str("null"),
            Value::Map(map) if map.is_nil() => self.out.push_str("null"),
            Value::List(list) => match list.as_bytes() {
                Some(bytes) => self.text(&encode_base64(&bytes)),
                None => self.group('[', ']', list.items(), Self::value)?,
            },
            Value::Map(map) => self.group('{', '}', &map.entries(), |writer, (key, value)| {
                writer.text(key);
                writer.out.push_str(if writer.indent.is_some() { ": " } else { ":" });
                writer.value(value)
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
        if let Some(indent) = self.indent {
            self.meter.spend_bytes(indent.len().saturating_mul(self.depth))?;
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n(indent, self.depth));
        }
        Ok(())
    }

    fn float(&mut self, number: f64) {
        let size = number.abs();
        let text = if !number.is_finite() {
            "null".to_owned()
        } else if size != 0.0 && !(1e-6..1e21).contains(&size) {
            float::format(number, 'e', None)
        } else if number.fract() == 0.0 {
            float::format(number, 'f', Some(1))
        } else {
            float::format(number, 'f', None)
        };
        self.out += &text;
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
                '\0'..='\x1f' | '<' | '>' | '&' | '\x7f' | '\u{2028}' | '\u{2029}' => {
                    self.out += &format!("\\u{:04x}", u32::from(c));
                }
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }
}
