//! JSON, encoded as Go does and decoded with all numbers as floats.

use super::{Outcome, add};
use crate::functions::{Call, Functions, Type};
use crate::limits::Meter;
use crate::value::{Map, Value};
use crate::{Failure, float};

use Type::{Any, Str};

pub(super) fn register(f: &mut Functions) {
    add(f, &["fromJson"], &[Str], |c| Ok(decode(c).unwrap_or(Value::Nil)));
    add(f, &["mustFromJson"], &[Str], decode);
    let mut encoder = |name: &str, must: &str, style: Style| {
        add(f, &[must], &[Any], move |c| encode(c, style));
        // Of what cannot be encoded, the plain forms make nothing; only the raw one fails.
        add(f, &[name], &[Any], move |c| match encode(c, style) {
            Err(Failure::Message(_)) if style.escapes_html => Ok("".into()),
            result => result,
        });
    };
    encoder("toJson", "mustToJson", Style { pretty: false, escapes_html: true });
    encoder("toPrettyJson", "mustToPrettyJson", Style { pretty: true, escapes_html: true });
    encoder("toRawJson", "mustToRawJson", Style { pretty: false, escapes_html: false });
}

#[derive(Clone, Copy)]
struct Style {
    pretty: bool,
    /// `<`, `>` and `&` as `\u003c` and so on.
    escapes_html: bool,
}

struct Encoder<'m> {
    out: String,
    style: Style,
    depth: usize,
    meter: &'m mut Meter,
}

fn encode(c: &mut Call<'_>, style: Style) -> Outcome {
    let value = c.value(0);
    let mut encoder = Encoder { out: String::new(), style, depth: 0, meter: c.meter };
    encoder.value(&value)?;
    Ok(encoder.out.into())
}

impl Encoder<'_> {
    fn value(&mut self, value: &Value) -> Result<(), Failure> {
        self.meter.spend(1)?;
        self.meter.fits(self.out.len())?;
        match value {
            Value::Absent | Value::Nil => self.out.push_str("null"),
            Value::Bool(b) => self.out.push_str(if *b { "true" } else { "false" }),
            Value::Float(f) => self.float(*f)?,
            Value::Str(text) => self.text(text),
            Value::Object(object) if object.integer().is_none() => self.text(&object.encoded()),
            Value::List(list) if list.is_nil() => self.out.push_str("null"),
            Value::Map(map) if map.is_nil() => self.out.push_str("null"),
            Value::List(list) => {
                self.sequence('[', ']', list.items(), |encoder, item| encoder.value(item))?;
            }
            Value::Map(map) => {
                self.sequence('{', '}', &map.entries(), |encoder, (key, value)| {
                    encoder.text(key);
                    encoder.out.push_str(if encoder.style.pretty { ": " } else { ":" });
                    encoder.value(value)
                })?;
            }
            _ => self.out += &value.integer().unwrap_or_default().to_string(),
        }
        Ok(())
    }

    fn sequence<T>(
        &mut self,
        open: char,
        close: char,
        items: &[T],
        item: impl Fn(&mut Self, &T) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.out.push(open);
        self.meter.enter()?;
        self.depth += 1;
        for (i, entry) in items.iter().enumerate() {
            if i > 0 {
                self.out.push(',');
            }
            self.line();
            item(self, entry)?;
        }
        self.depth -= 1;
        self.meter.leave();
        if !items.is_empty() {
            self.line();
        }
        self.out.push(close);
        Ok(())
    }

    fn line(&mut self) {
        if self.style.pretty {
            self.out.push('\n');
            self.out.extend(std::iter::repeat_n("  ", self.depth));
        }
    }

    fn float(&mut self, value: f64) -> Result<(), Failure> {
        if !value.is_finite() {
            return Err(format!("json: unsupported value: {value}").into());
        }
        let size = value.abs();
        if size != 0.0 && !(1e-6..1e21).contains(&size) {
            let text = float::format(value, 'e', None);
            self.out += &text.replace("e-0", "e-");
        } else {
            self.out += &float::format(value, 'f', None);
        }
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
                '<' | '>' | '&' if !self.style.escapes_html => self.out.push(c),
                '\0'..='\x1f' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                    self.out += &format!("\\u{:04x}", u32::from(c));
                }
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }
}

fn decode(c: &mut Call<'_>) -> Outcome {
    let text = c.str(0)?;
    c.meter.spend(text.len() / 8)?;
    let json: serde_json::Value = serde_json::from_str(&text).map_err(|e| e.to_string())?;
    Ok(floats(&json))
}

fn floats(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Number(number) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        serde_json::Value::Array(items) => items.iter().map(floats).collect::<Vec<_>>().into(),
        serde_json::Value::Object(entries) => {
            entries.iter().map(|(k, v)| (k.as_str(), floats(v))).collect::<Map>().into()
        }
        other => Value::from(other),
    }
}
