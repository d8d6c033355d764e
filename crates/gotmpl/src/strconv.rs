//! Go's character classes, string quoting and number syntax.

use std::sync::LazyLock;

use regex::Regex;

static LETTER_OR_DIGIT: LazyLock<Regex> = LazyLock::new(|| class(r"[\p{L}\p{Nd}]"));
static PRINTABLE: LazyLock<Regex> = LazyLock::new(|| class(r"[\p{L}\p{M}\p{N}\p{P}\p{S}]"));

fn class(class: &str) -> Regex {
    Regex::new(&format!("^{class}$")).expect("a constant pattern")
}

/// `_`, a letter or a decimal digit: what names are made of.
pub(crate) fn is_alphanumeric(c: char) -> bool {
    c == '_' || is_letter_or_digit(c)
}

pub(crate) fn is_letter_or_digit(c: char) -> bool {
    if c.is_ascii() { c.is_ascii_alphanumeric() } else { matches(&LETTER_OR_DIGIT, c) }
}

/// What quoting leaves as it is: graphic characters, and of the blanks only U+0020.
pub(crate) fn is_printable(c: char) -> bool {
    if c.is_ascii() { (' '..='~').contains(&c) } else { matches(&PRINTABLE, c) }
}

fn matches(class: &Regex, c: char) -> bool {
    class.is_match(c.encode_utf8(&mut [0; 4]))
}

/// `strconv.Quote`, or with `ascii` `QuoteToASCII`.
pub(crate) fn quote(text: &str, ascii: bool) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        push_escaped(&mut out, c, '"', ascii);
    }
    out.push('"');
    out
}

/// `strconv.QuoteRune`, or with `ascii` `QuoteRuneToASCII`.
pub(crate) fn quote_char(c: char, ascii: bool) -> String {
    let mut out = String::from('\'');
    push_escaped(&mut out, c, '\'', ascii);
    out.push('\'');
    out
}

fn push_escaped(out: &mut String, c: char, delimiter: char, ascii: bool) {
    if c == delimiter || c == '\\' {
        out.extend(['\\', c]);
    } else if is_printable(c) && (c.is_ascii() || !ascii) {
        out.push(c);
    } else {
        match c {
            '\x07' => out.push_str("\\a"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x0b' => out.push_str("\\v"),
            c if c < ' ' || c == '\x7f' => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if u32::from(c) < 0x10000 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
}

/// The text of a quoted (`"..."`) or raw (`` `...` ``) string literal. Escapes may spell bytes,
/// which together must be UTF-8.
pub(crate) fn unquote(literal: &str) -> Result<String, &'static str> {
    const INVALID: &str = "invalid syntax";
    let inner = literal.get(1..literal.len().saturating_sub(1)).ok_or(INVALID)?;
    if literal.starts_with('`') {
        return Ok(inner.replace('\r', ""));
    }
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while !rest.is_empty() {
        let (unit, tail) = unquote_unit(rest, '"').ok_or(INVALID)?;
        match unit {
            Unit::Byte(b) => bytes.push(b),
            Unit::Char(c) => bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = tail;
    }
    String::from_utf8(bytes).map_err(|_| "the string is not UTF-8")
}

/// The code point of a character literal `'x'`.
pub(crate) fn unquote_char(literal: &str) -> Result<u32, String> {
    let (unit, tail) =
        literal.get(1..).and_then(|s| unquote_unit(s, '\'')).ok_or("invalid syntax")?;
    if tail != "'" {
        return Err(format!("malformed character constant: {literal}"));
    }
    Ok(match unit {
        Unit::Byte(b) => u32::from(b),
        Unit::Char(c) => u32::from(c),
    })
}

enum Unit {
    Byte(u8),
    Char(char),
}

/// One character or escape at the start of `s`, and what follows it.
fn unquote_unit(s: &str, delimiter: char) -> Option<(Unit, &str)> {
    let mut chars = s.chars();
    let c = chars.next()?;
    if c == delimiter || c == '\n' {
        return None;
    }
    if c != '\\' {
        return Some((Unit::Char(c), chars.as_str()));
    }
    let escape = chars.next()?;
    let rest = chars.as_str();
    let simple = |c| Some((Unit::Char(c), rest));
    let digits = |from: &'_ str, n: usize, radix| {
        let digits = from.get(..n)?;
        let clean = digits.bytes().all(|b| b.is_ascii_hexdigit());
        u32::from_str_radix(digits, radix).ok().filter(|_| clean)
    };
    match escape {
        'a' => simple('\x07'),
        'b' => simple('\x08'),
        'f' => simple('\x0c'),
        'n' => simple('\n'),
        'r' => simple('\r'),
        't' => simple('\t'),
        'v' => simple('\x0b'),
        '\\' => simple('\\'),
        '\'' | '"' if escape == delimiter => simple(escape),
        'x' => Some((Unit::Byte(digits(rest, 2, 16)? as u8), &rest[2..])),
        'u' => Some((Unit::Char(char::from_u32(digits(rest, 4, 16)?)?), &rest[4..])),
        'U' => Some((Unit::Char(char::from_u32(digits(rest, 8, 16)?)?), &rest[8..])),
        '0'..='7' => {
            let value = digits(&s[1..], 3, 8)?;
            Some((Unit::Byte(u8::try_from(value).ok()?), &s[4..]))
        }
        _ => None,
    }
}

/// `strconv.ParseInt(text, 0, 64)` and `ParseUint` in one: the number, if the syntax is Go's.
/// The sign is allowed; the caller checks the range.
pub(crate) fn parse_integer(text: &str) -> Option<i128> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let (radix, body) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, lower.as_str()),
    };
    let prefixed = body.len() < lower.len();
    let body = clean_underscores(body, prefixed)?;
    let magnitude = u64::from_str_radix(&body, radix).ok().filter(|_| !body.starts_with('+'))?;
    Some(if negative { -i128::from(magnitude) } else { i128::from(magnitude) })
}

/// What `strconv.ParseInt(text, 10, 64)` gives whether or not it fails: 0 for what is no number,
/// the nearest end for one that does not fit.
pub(crate) fn parse_i64(text: &str) -> i64 {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return 0;
    }
    text.parse().unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX })
}

/// Removes underscores if each stands between digits, or between a base prefix and a digit.
fn clean_underscores(body: &str, after_prefix: bool) -> Option<String> {
    let bytes = body.as_bytes();
    let badly_placed = |i: usize| {
        bytes[i] == b'_'
            && (i + 1 == bytes.len() || bytes[i + 1] == b'_' || (i == 0 && !after_prefix))
    };
    if (0..bytes.len()).any(badly_placed) {
        return None;
    }
    Some(body.replace('_', ""))
}

/// `strconv.ParseFloat(text, 64)`, without infinities that come from too large numbers.
/// Single underscores may stand between digits.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let is_digit = |b: Option<&u8>| b.is_some_and(u8::is_ascii_hexdigit);
    let well_placed =
        |i: usize| is_digit(bytes.get(i.wrapping_sub(1))) && is_digit(bytes.get(i + 1));
    let mut underscores = (0..bytes.len()).filter(|i| bytes[*i] == b'_');
    underscores.all(well_placed).then(|| plain_float(&text.replace('_', "")))?
}

fn plain_float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let lower = unsigned.to_ascii_lowercase();
    if let Some(hex) = lower.strip_prefix("0x") {
        let value = parse_hex_float(hex)?;
        return Some(if text.starts_with('-') { -value } else { value });
    }
    if matches!(lower.as_str(), "inf" | "infinity" | "nan") {
        return text.parse().ok();
    }
    let value: f64 = text.parse().ok()?;
    value.is_finite().then_some(value)
}

/// `1.8p3` with hexadecimal digits; the exponent is mandatory.
fn parse_hex_float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once('p')?;
    let mantissa = clean_underscores(mantissa, true)?;
    let exponent: i32 = exponent.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((&mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let bits = u64::from_str_radix(&digits, 16).ok().filter(|b| *b < 1 << 53)?;
    let scale = exponent.checked_sub(4 * i32::try_from(fraction.len()).ok()?)?;
    let value = bits as f64 * 2f64.powi(scale);
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests;
