//! One value under one verb, with flags, width and precision.

use crate::limits::Meter;
use crate::strconv::{is_printable, quote, quote_char};
use crate::value::{List, Map, Value};
use crate::{Failure, float};

/// What stands between `%` and the verb.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Spec {
    pub width: Option<usize>,
    pub precision: Option<usize>,
    pub minus: bool,
    pub plus: bool,
    pub sharp: bool,
    pub space: bool,
    pub zero: bool,
    /// `%#v`: Go syntax.
    pub go_syntax: bool,
}

impl Spec {
    /// For `v` the flags `#` and `+` choose the style instead.
    pub(super) fn settle(&mut self, verb: char) {
        if matches!(verb, 'v' | 'w') {
            self.go_syntax = std::mem::take(&mut self.sharp);
            self.plus = false;
        }
    }
}

pub(super) struct Printer<'m> {
    pub out: String,
    pub spec: Spec,
    meter: &'m mut Meter,
    /// Inside `%!v(...)`, where objects are not asked for their text.
    complaining: bool,
}

impl<'m> Printer<'m> {
    pub(super) fn new(meter: &'m mut Meter) -> Self {
        Self { out: String::new(), spec: Spec::default(), meter, complaining: false }
    }

    pub(super) fn push(&mut self, text: &str) -> Result<(), Failure> {
        self.meter.fits(self.out.len() + text.len())?;
        self.out.push_str(text);
        Ok(())
    }

    /// An argument.
    pub(super) fn value(&mut self, value: &Value, verb: char) -> Result<(), Failure> {
        match (value, verb) {
            (Value::Absent | Value::Nil, 'v' | 'T') => self.pad("<nil>"),
            (Value::Absent | Value::Nil, _) => self.push(&format!("%!{verb}(<nil>)")),
            (_, 'T') => {
                let name = value.type_name();
                self.text(&name, 's', value)
            }
            (Value::List(_) | Value::Map(_) | Value::Object(_), 'p') => {
                Err("%p would print an address, which differs from run to run".into())
            }
            _ => self.inner(value, verb),
        }
    }

    /// A value that is an argument or inside one.
    fn inner(&mut self, value: &Value, verb: char) -> Result<(), Failure> {
        self.meter.spend(1)?;
        match value {
            Value::Absent | Value::Nil if self.spec.go_syntax => self.push("interface {}(nil)"),
            Value::Absent | Value::Nil => self.push("<nil>"),
            Value::Bool(b) => match verb {
                't' | 'v' => self.pad(if *b { "true" } else { "false" }),
                _ => self.bad_verb(value, verb),
            },
            Value::Int(i) | Value::Int64(i) => self.integer(i.unsigned_abs(), *i < 0, verb, value),
            Value::Uint8(_) | Value::Uint64(_) => {
                let magnitude = value.integer().unwrap_or_default() as u64;
                if verb == 'v' && self.spec.go_syntax {
                    self.spec.sharp = true;
                    let printed = self.integer(magnitude, false, 'x', value);
                    self.spec.sharp = false;
                    return printed;
                }
                self.integer(magnitude, false, verb, value)
            }
            Value::Float(f) => self.float(*f, verb, value),
            Value::Str(text) => self.text(text, verb, value),
            Value::List(_) | Value::Map(_) | Value::Object(_) if verb == 'w' => {
                self.bad_verb(value, verb)
            }
            Value::List(list) => match list.as_bytes() {
                Some(bytes) => self.bytes(&bytes, list, verb),
                None => self.deeper(|printer| printer.list(list, verb)),
            },
            Value::Map(map) => self.deeper(|printer| printer.map(map, verb)),
            Value::Object(object) => match verb {
                'v' | 's' | 'x' | 'X' | 'q' if !self.complaining => {
                    self.text(&object.text(), verb, value)
                }
                'v' => self.push(&object.text()),
                _ => match object.integer() {
                    Some(number) => self.integer(number.unsigned_abs(), number < 0, verb, value),
                    None => self.bad_verb(value, verb),
                },
            },
        }
    }

    fn deeper(
        &mut self,
        inner: impl FnOnce(&mut Self) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        self.meter.enter()?;
        inner(self)?;
        self.meter.leave();
        Ok(())
    }

    fn bad_verb(&mut self, value: &Value, verb: char) -> Result<(), Failure> {
        self.complaining = true;
        self.push(&format!("%!{verb}({}=", value.type_name()))?;
        self.inner(value, 'v')?;
        self.complaining = false;
        self.push(")")
    }

    /// A `[]byte`: its numbers, or its text.
    fn bytes(&mut self, bytes: &[u8], list: &List, verb: char) -> Result<(), Failure> {
        match verb {
            's' | 'q' => {
                let text = std::str::from_utf8(bytes).map_err(|_| "the bytes are not UTF-8")?;
                self.text(text, verb, &Value::List(list.clone()))
            }
            'x' | 'X' => self.hex_bytes(bytes, verb),
            _ => self.deeper(|printer| printer.list(list, verb)),
        }
    }

    fn list(&mut self, list: &List, verb: char) -> Result<(), Failure> {
        let go = self.spec.go_syntax;
        if go {
            self.push(&Value::List(list.clone()).type_name())?;
            if list.is_nil() {
                return self.push("(nil)");
            }
        }
        self.push(if go { "{" } else { "[" })?;
        for (i, item) in list.items().iter().enumerate() {
            if i > 0 {
                self.push(if go { ", " } else { " " })?;
            }
            self.inner(item, verb)?;
        }
        self.push(if go { "}" } else { "]" })
    }

    fn map(&mut self, map: &Map, verb: char) -> Result<(), Failure> {
        let go = self.spec.go_syntax;
        if go {
            self.push(&Value::Map(map.clone()).type_name())?;
            if map.is_nil() {
                return self.push("(nil)");
            }
        }
        self.push(if go { "{" } else { "map[" })?;
        for (i, (key, item)) in map.entries().into_iter().enumerate() {
            if i > 0 {
                self.push(if go { ", " } else { " " })?;
            }
            self.inner(&Value::Str(key), verb)?;
            self.push(":")?;
            self.inner(&item, verb)?;
        }
        self.push(if go { "}" } else { "]" })
    }

    /// Fills up to the width, on the side the flags say.
    fn pad(&mut self, text: &str) -> Result<(), Failure> {
        let missing = self.spec.width.unwrap_or(0).saturating_sub(text.chars().count());
        if self.spec.minus {
            self.push(text)?;
            return self.fill(missing);
        }
        self.fill(missing)?;
        self.push(text)
    }

    fn fill(&mut self, count: usize) -> Result<(), Failure> {
        self.meter.fits(self.out.len() + count)?;
        let with = if self.spec.zero && !self.spec.minus { '0' } else { ' ' };
        self.out.extend(std::iter::repeat_n(with, count));
        Ok(())
    }

    fn pad_without_zeros(&mut self, text: &str) -> Result<(), Failure> {
        let zero = std::mem::take(&mut self.spec.zero);
        let padded = self.pad(text);
        self.spec.zero = zero;
        padded
    }

    fn text(&mut self, text: &str, verb: char, value: &Value) -> Result<(), Failure> {
        let cut = match self.spec.precision.and_then(|p| text.char_indices().nth(p)) {
            Some((end, _)) => &text[..end],
            None => text,
        };
        match verb {
            'v' if self.spec.go_syntax => self.quoted(cut),
            'v' | 's' => self.pad(cut),
            'q' => self.quoted(cut),
            'x' | 'X' => self.hex_bytes(text.as_bytes(), verb),
            _ => self.bad_verb(value, verb),
        }
    }

    fn quoted(&mut self, text: &str) -> Result<(), Failure> {
        let plain = |c: char| c == '\t' || c != '`' && c != '\u{feff}' && c >= ' ' && c != '\x7f';
        if self.spec.sharp && text.chars().all(plain) {
            return self.pad(&format!("`{text}`"));
        }
        self.pad(&quote(text, self.spec.plus))
    }

    fn hex_bytes(&mut self, bytes: &[u8], verb: char) -> Result<(), Failure> {
        let bytes = &bytes[..self.spec.precision.unwrap_or(bytes.len()).min(bytes.len())];
        let prefix = if verb == 'X' { "0X" } else { "0x" };
        let mut out = String::new();
        for (i, byte) in bytes.iter().enumerate() {
            if i > 0 && self.spec.space {
                out.push(' ');
            }
            if self.spec.sharp && (i == 0 || self.spec.space) {
                out.push_str(prefix);
            }
            out += &if verb == 'X' { format!("{byte:02X}") } else { format!("{byte:02x}") };
        }
        self.pad(&out)
    }

    fn integer(
        &mut self,
        magnitude: u64,
        negative: bool,
        verb: char,
        value: &Value,
    ) -> Result<(), Failure> {
        let digits = match verb {
            'v' | 'd' => magnitude.to_string(),
            'b' => format!("{magnitude:b}"),
            'o' | 'O' => format!("{magnitude:o}"),
            'x' => format!("{magnitude:x}"),
            'X' => format!("{magnitude:X}"),
            'c' | 'q' => {
                let code = u32::try_from(magnitude).ok().filter(|_| !negative);
                let c = code.and_then(char::from_u32).unwrap_or(char::REPLACEMENT_CHARACTER);
                return match verb {
                    'c' => self.pad(c.encode_utf8(&mut [0; 4])),
                    _ => self.pad(&quote_char(c, self.spec.plus)),
                };
            }
            'U' => {
                return self.code_point(if negative {
                    magnitude.wrapping_neg()
                } else {
                    magnitude
                });
            }
            _ => return self.bad_verb(value, verb),
        };
        let spec = self.spec;
        let signed = negative || spec.plus || spec.space;
        let least = match (spec.precision, spec.width) {
            (Some(0), _) if magnitude == 0 => return self.pad_without_zeros(""),
            (Some(precision), _) => precision,
            (None, Some(width)) if spec.zero && !spec.minus => {
                width.saturating_sub(usize::from(signed))
            }
            _ => 0,
        };
        self.meter.fits(self.out.len() + least)?;
        let digits = with_zeros(&digits, least);
        let prefix = match verb {
            'O' if spec.sharp && !digits.starts_with('0') => "0o0",
            'O' => "0o",
            'b' if spec.sharp => "0b",
            'o' if spec.sharp && !digits.starts_with('0') => "0",
            'x' if spec.sharp => "0x",
            'X' if spec.sharp => "0X",
            _ => "",
        };
        let sign = match () {
            () if negative => "-",
            () if spec.plus => "+",
            () if spec.space => " ",
            () => "",
        };
        self.pad_without_zeros(&format!("{sign}{prefix}{digits}"))
    }

    fn code_point(&mut self, code: u64) -> Result<(), Failure> {
        let least = self.spec.precision.unwrap_or(0).max(4);
        self.meter.fits(self.out.len() + least)?;
        let mut text = format!("U+{}", with_zeros(&format!("{code:X}"), least));
        let c = u32::try_from(code).ok().and_then(char::from_u32).filter(|c| is_printable(*c));
        if let Some(c) = c.filter(|_| self.spec.sharp) {
            text += &format!(" '{c}'");
        }
        self.pad_without_zeros(&text)
    }

    fn float(&mut self, value: f64, verb: char, source: &Value) -> Result<(), Failure> {
        let (style, precision) = match verb {
            'v' => ('g', None),
            'b' | 'g' | 'G' | 'x' | 'X' => (verb, None),
            'f' | 'e' | 'E' => (verb, Some(6)),
            'F' => ('f', Some(6)),
            _ => return self.bad_verb(source, verb),
        };
        let spec = self.spec;
        let precision = spec.precision.or(precision);
        self.meter.fits(self.out.len() + precision.unwrap_or(0))?;
        let mut text = float::format(value, style, precision);
        if !text.starts_with(['-', '+']) {
            text.insert(0, '+');
        }
        if spec.space && text.starts_with('+') && !spec.plus {
            text.replace_range(..1, " ");
        }
        if !value.is_finite() {
            let bare = value.is_nan() && !spec.space && !spec.plus;
            let shown = &text[usize::from(bare)..];
            return self.pad_without_zeros(shown);
        }
        if spec.sharp && verb != 'b' {
            text = with_point(&text, verb, precision);
        }
        if spec.plus || !text.starts_with('+') {
            let width = spec.width.unwrap_or(0);
            if spec.zero && !spec.minus && width > text.len() {
                let (sign, digits) = text.split_at(1);
                self.push(sign)?;
                self.fill(width - text.len())?;
                return self.push(digits);
            }
            return self.pad(&text);
        }
        self.pad(&text[1..])
    }
}

/// Filled with zeros on the left; `format!` itself ends at 65,535.
fn with_zeros(digits: &str, least: usize) -> String {
    let missing = least.saturating_sub(digits.len());
    std::iter::repeat_n('0', missing).chain(digits.chars()).collect()
}

/// `%#g`: always a point, and the zeros that `g` drops. `text` starts with a sign.
fn with_point(text: &str, verb: char, precision: Option<usize>) -> String {
    let hex = matches!(verb, 'x' | 'X');
    let wanted = match verb {
        'v' | 'g' | 'G' | 'x' => precision.unwrap_or(6) as i64,
        _ => 0,
    };
    let exponent = if hex { ['p', 'P'] } else { ['e', 'E'] };
    let (number, tail) = text.split_at(text.find(exponent).unwrap_or(text.len()));
    let digits = || number.bytes().skip(1).filter(|b| *b != b'.');
    let significant = digits().skip_while(|b| *b == b'0').count() as i64;
    let mut missing = wanted - significant;
    let mut out = number.to_owned();
    if !number.contains('.') {
        if &number[1..] == "0" {
            missing -= 1;
        }
        out.push('.');
    }
    out.extend(std::iter::repeat_n('0', usize::try_from(missing).unwrap_or(0)));
    out + tail
}
