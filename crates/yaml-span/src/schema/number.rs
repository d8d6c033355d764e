//! Numbers in the notations of Go.

use super::Scalar;

/// A text that begins with a dot: `.5`, `.5e3`, with `_` between digits.
pub(super) fn dotted(text: &str) -> Option<Scalar<'static>> {
    if !text.contains('_') {
        return float(text);
    }
    let bytes = text.as_bytes();
    let digit = |index: Option<usize>| {
        index.is_some_and(|index| bytes.get(index).is_some_and(u8::is_ascii_digit))
    };
    let between_digits = (0..bytes.len())
        .filter(|index| bytes[*index] == b'_')
        .all(|index| digit(index.checked_sub(1)) && digit(Some(index + 1)));
    if between_digits { float(&text.replace('_', "")) } else { None }
}

/// A text that begins with a digit or a sign. `_` may stand anywhere behind it. What stands behind one of
/// `prefixes`, whose digits are of that base, may have a sign of its own: `0b+1`.
pub(super) fn signed(text: &str, prefixes: &[(&str, u32)]) -> Option<Scalar<'static>> {
    let stripped;
    let plain = if text.contains('_') {
        stripped = text.replace('_', "");
        &stripped
    } else {
        text
    };
    whole(plain).or_else(|| float(plain)).or_else(|| {
        let behind = |(prefix, radix): &(&str, u32)| {
            let digits = plain.strip_prefix(prefix)?;
            i64::from_str_radix(digits, *radix).ok()
        };
        prefixes.iter().find_map(behind).map(Scalar::Int)
    })
}

/// `12`, `-0x1A`, `0b11`, `0o17`, `0777`; what exceeds `u64` is none.
fn whole(text: &str) -> Option<Scalar<'static>> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let signed = digits.len() < text.len();
    let (radix, digits) = radix(digits);
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    match (negative, i64::try_from(magnitude)) {
        (false, Ok(int)) => Some(Scalar::Int(int)),
        (true, Ok(int)) => Some(Scalar::Int(-int)),
        (true, Err(_)) if magnitude == 1 << 63 => Some(Scalar::Int(i64::MIN)),
        (false, Err(_)) if !signed => Some(Scalar::Uint(magnitude)),
        _ => None,
    }
}

/// A leading zero alone means octal, as in `0644`.
fn radix(digits: &str) -> (u32, &str) {
    let bytes = digits.as_bytes();
    if bytes.len() < 2 || bytes[0] != b'0' {
        return (10, digits);
    }
    if bytes.len() > 2 {
        match bytes[1].to_ascii_lowercase() {
            b'x' => return (16, &digits[2..]),
            b'o' => return (8, &digits[2..]),
            b'b' => return (2, &digits[2..]),
            _ => {}
        }
    }
    (8, &digits[1..])
}

/// Decimal notation only; what exceeds the range is none.
fn float(text: &str) -> Option<Scalar<'static>> {
    let notation =
        text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'+' | b'-' | b'e' | b'E'));
    let value: f64 = text.parse().ok().filter(|_| notation)?;
    value.is_finite().then_some(Scalar::Float(value))
}
