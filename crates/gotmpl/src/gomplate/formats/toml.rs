//! TOML to values and back.

use toml::Value as Toml;

use super::Outcome;
use crate::limits::Meter;
use crate::time::{RFC3339_NANO, Time, Zone, parse};
use crate::value::{Element, List, Map, Value};
use crate::{Failure, float};

/// Dates and times without a zone: the name Go's reader gives it, and how they look.
const LOCAL: &[(&str, &str)] = &[
    ("datetime-local", "2006-01-02T15:04:05.999999999"),
    ("date-local", "2006-01-02"),
    ("time-local", "15:04:05.999999999"),
];

pub(super) fn read(text: &str, meter: &mut Meter) -> Outcome {
    meter.spend(text.len() / 4)?;
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        Failure::Message(format!("unable to unmarshal object {text}: {}", error.message()))
    })?;
    Ok(value(&Toml::Table(table)))
}

fn value(toml: &Toml) -> Value {
    match toml {
        Toml::String(text) => text.as_str().into(),
        Toml::Integer(number) => Value::Int64(*number),
        Toml::Float(number) => (*number).into(),
        Toml::Boolean(value) => (*value).into(),
        Toml::Datetime(time) => datetime(&time.to_string()),
        Toml::Array(items) => {
            let tables = !items.is_empty() && items.iter().all(Toml::is_table);
            let element = if tables { Element::AnyMap } else { Element::Any };
            List::of(element, items.iter().map(value).collect()).into()
        }
        Toml::Table(entries) => {
            let entries = entries.iter().map(|(key, item)| (key.as_str(), value(item)));
            entries.collect::<Map>().into()
        }
    }
}

fn datetime(text: &str) -> Value {
    if let Ok(time) = parse("2006-01-02T15:04:05Z07:00", text) {
        return Value::object(time);
    }
    let found = LOCAL.iter().find_map(|(name, layout)| {
        let zone = Zone::Fixed { name: (*name).to_owned(), offset_seconds: 0 };
        Some(Time { zone, ..parse(layout, text).ok()? })
    });
    found.map_or_else(|| text.into(), Value::object)
}

pub(super) fn write(value: &Value, meter: &mut Meter) -> Result<String, Failure> {
    let mut writer = Writer { out: String::new(), meter };
    match value {
        Value::Map(map) => writer.table(&[], map)?,
        _ => return Err("unable to marshal: only a map is a TOML document".into()),
    }
    Ok(writer.out)
}

struct Writer<'m> {
    out: String,
    meter: &'m mut Meter,
}

/// Whether it is written as a table of its own, or as several.
fn is_table(value: &Value) -> bool {
    match value {
        Value::Map(_) => true,
        Value::List(list) => is_table_list(list),
        _ => false,
    }
}

fn is_table_list(list: &List) -> bool {
    !list.is_empty() && list.items().iter().all(|item| matches!(item, Value::Map(_)))
}

impl Writer<'_> {
    /// The plain entries first, then the tables among them.
    fn table(&mut self, path: &[&str], map: &Map) -> Result<(), Failure> {
        self.meter.enter()?;
        let entries = map.entries();
        for (key, value) in entries.iter().filter(|(_, value)| !is_table(value)) {
            if value.is_nil() {
                continue;
            }
            self.indent(path.len())?;
            self.out += &format!("{} = ", quoted_key(key));
            self.element(value)?;
            self.out.push('\n');
        }
        for (key, value) in &entries {
            let path: Vec<&str> = path.iter().copied().chain([&**key]).collect();
            match value {
                Value::Map(map) if !map.is_nil() => {
                    if path.len() == 1 {
                        self.newline();
                    }
                    self.header(&path, "[", "]")?;
                    self.table(&path, map)?;
                }
                Value::List(list) if is_table_list(list) => {
                    for item in list.items() {
                        let Value::Map(map) = item else { continue };
                        self.newline();
                        self.header(&path, "[[", "]]")?;
                        self.table(&path, map)?;
                    }
                }
                _ => {}
            }
        }
        self.meter.leave();
        Ok(())
    }

    fn newline(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    fn header(&mut self, path: &[&str], open: &str, close: &str) -> Result<(), Failure> {
        self.indent(path.len() - 1)?;
        let keys: Vec<String> = path.iter().map(|key| quoted_key(key)).collect();
        self.out += &format!("{open}{}{close}\n", keys.join("."));
        Ok(())
    }

    fn indent(&mut self, levels: usize) -> Result<(), Failure> {
        self.meter.spend_bytes(levels)?;
        self.meter.fits(self.out.len())?;
        // Entries of a table stand as deep as its header.
        self.out.extend(std::iter::repeat_n("  ", levels));
        Ok(())
    }

    fn element(&mut self, value: &Value) -> Result<(), Failure> {
        self.meter.spend(1)?;
        match value {
            Value::Str(text) => self.out += &quoted(text),
            Value::Bool(b) => self.out.push_str(if *b { "true" } else { "false" }),
            Value::Float(number) => self.out += &decimal(*number),
            Value::List(list) => {
                self.meter.enter()?;
                self.out.push('[');
                for (i, item) in list.items().iter().enumerate() {
                    if i > 0 {
                        self.out.push_str(", ");
                    }
                    self.element(item)?;
                }
                self.out.push(']');
                self.meter.leave();
            }
            Value::Map(map) => {
                self.meter.enter()?;
                self.out.push('{');
                let entries = map.entries();
                // Plain entries stand first here as well.
                let (tables, plain): (Vec<_>, Vec<_>) =
                    entries.iter().filter(|(_, v)| !v.is_nil()).partition(|(_, v)| is_table(v));
                for (i, (key, value)) in plain.into_iter().chain(tables).enumerate() {
                    if i > 0 {
                        self.out.push_str(", ");
                    }
                    self.out += &format!("{} = ", quoted_key(key));
                    self.element(value)?;
                }
                self.out.push('}');
                self.meter.leave();
            }
            Value::Absent | Value::Nil => {
                return Err("unable to marshal: TOML has no null".into());
            }
            Value::Object(object) if object.integer().is_none() => {
                self.out += &match value.as_object::<Time>() {
                    Some(time) => moment(time),
                    None => quoted(&object.text()),
                };
            }
            number => self.out += &number.integer().unwrap_or_default().to_string(),
        }
        Ok(())
    }
}

fn quoted_key(key: &str) -> String {
    let is_bare = |b: u8| b.is_ascii_alphanumeric() || b == b'_' || b == b'-';
    if !key.is_empty() && key.bytes().all(is_bare) { key.to_owned() } else { quoted(key) }
}

fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\0'..='\x1f' | '\x7f' => out += &format!("\\u{:04x}", u32::from(c)),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn decimal(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+inf" } else { "-inf" }.to_owned();
    }
    let text = float::format(number, 'f', None);
    if text.contains('.') { text } else { format!("{text}.0") }
}

fn moment(time: &Time) -> String {
    let local = LOCAL
        .iter()
        .find(|(name, _)| matches!(&time.zone, Zone::Fixed { name: found, .. } if found == name));
    time.format(local.map_or(RFC3339_NANO, |(_, layout)| *layout))
}
