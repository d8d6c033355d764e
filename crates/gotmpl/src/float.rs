//! Floats as text, digit for digit like Go's `strconv.FormatFloat`.

/// No float has a digit other than 0 beyond these; more are not asked of `format!`, whose widths
/// and precisions end at 65,535.
const DIGITS_MAX: usize = 1100;

/// The significant decimal digits of a positive finite number: `0.d1d2d3... * 10^point`.
struct Decimal {
    digits: Vec<u8>,
    point: i32,
}

/// `strconv.FormatFloat(value, verb, precision, 64)` for the verbs `e E f g G x X b`; `None`
/// means the shortest text that reads back as the same number.
pub(crate) fn format(value: f64, verb: char, precision: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let value = value.abs();
    let text = match verb {
        'x' | 'X' => hexadecimal(value, precision, verb),
        'b' => binary(value),
        'f' => match precision {
            Some(p) => fixed(value, p),
            None => plain(&shortest(value), None),
        },
        'e' | 'E' => exponential(&rounded(value, precision.map(|p| p + 1)), precision, verb),
        _ => general(value, precision, verb),
    };
    format!("{sign}{text}")
}

/// `%g`: plain for moderate exponents, else with an exponent.
fn general(value: f64, precision: Option<usize>, verb: char) -> String {
    let precision = precision.map(|p| p.max(1));
    let decimal = rounded(value, precision);
    let count = decimal.digits.len() as i32;
    let threshold = match precision {
        None => 6,
        Some(p) => {
            let p = p as i32;
            if p > count && count >= decimal.point { count } else { p }
        }
    };
    let exponent = decimal.point - 1;
    if exponent < -4 || exponent >= threshold {
        let shown = decimal.digits.len().saturating_sub(1);
        let verb = if verb == 'G' { 'E' } else { 'e' };
        exponential(&decimal, Some(shown), verb)
    } else {
        plain(&decimal, None)
    }
}

/// `precision` digits after the point, however many.
fn fixed(value: f64, precision: usize) -> String {
    let exact = precision.min(DIGITS_MAX);
    let mut text = format!("{value:.exact$}");
    text.extend(std::iter::repeat_n('0', precision - exact));
    text
}

fn shortest(value: f64) -> Decimal {
    from_scientific(&format!("{value:e}"))
}

/// Rounded to `count` significant digits, without trailing zeros; the shortest for `None`.
fn rounded(value: f64, count: Option<usize>) -> Decimal {
    match count {
        None => shortest(value),
        Some(count) => {
            let precision = count.saturating_sub(1).min(DIGITS_MAX);
            from_scientific(&format!("{value:.precision$e}"))
        }
    }
}

fn from_scientific(text: &str) -> Decimal {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    let mut digits: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
    while digits.last() == Some(&b'0') {
        digits.pop();
    }
    let point = if digits.is_empty() { 0 } else { exponent.parse::<i32>().unwrap_or(0) + 1 };
    Decimal { digits, point }
}

/// `123.45`, padded with zeros to `precision` digits after the point if given.
fn plain(decimal: &Decimal, precision: Option<usize>) -> String {
    let digit = |i: i32| {
        usize::try_from(i).ok().and_then(|i| decimal.digits.get(i)).map_or('0', |&d| char::from(d))
    };
    let mut out: String = (0..decimal.point).map(digit).collect();
    if out.is_empty() {
        out.push('0');
    }
    let natural = (decimal.digits.len() as i32 - decimal.point).max(0) as usize;
    let fraction = precision.unwrap_or(natural) as i32;
    if fraction > 0 {
        out.push('.');
        out.extend((decimal.point..decimal.point + fraction).map(digit));
    }
    out
}

/// `1.2345e+06`, with `precision` digits after the point, or as many as there are.
fn exponential(decimal: &Decimal, precision: Option<usize>, verb: char) -> String {
    let exponent = if decimal.digits.is_empty() { 0 } else { decimal.point - 1 };
    let scaled = Decimal { digits: decimal.digits.clone(), point: 1 };
    let mantissa = plain(&scaled, precision);
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}{verb}{sign}{:02}", exponent.abs())
}

/// The 53-bit mantissa and the power of two it is scaled by.
fn parts(value: f64) -> (u64, i32) {
    let bits = value.to_bits();
    let biased = (bits >> 52 & 0x7ff) as i32;
    let fraction = bits & ((1 << 52) - 1);
    if biased == 0 { (fraction, -1074) } else { (fraction | 1 << 52, biased - 1075) }
}

fn binary(value: f64) -> String {
    let (mantissa, exponent) = parts(value);
    format!("{mantissa}p{exponent:+}")
}

/// `0x1.8p+00`.
fn hexadecimal(value: f64, precision: Option<usize>, verb: char) -> String {
    let (mut mantissa, mut exponent) = parts(value);
    if mantissa == 0 {
        exponent = 0;
    } else {
        exponent += 52;
        while mantissa & 1 << 52 == 0 {
            mantissa <<= 1;
            exponent -= 1;
        }
    }
    if let Some(precision) = precision.filter(|p| *p < 13) {
        let shift = 52 - 4 * precision as u32;
        let (kept, lost) = (mantissa >> shift, mantissa & ((1 << shift) - 1));
        let half = 1 << (shift - 1);
        let up = lost > half || lost == half && kept & 1 == 1;
        mantissa = (kept + u64::from(up)) << shift;
        if mantissa & 1 << 53 != 0 {
            mantissa >>= 1;
            exponent += 1;
        }
    }
    let fraction = format!("{:013x}", mantissa & ((1 << 52) - 1));
    let fraction = match precision {
        None => fraction.trim_end_matches('0').to_owned(),
        Some(p) => fraction.chars().chain(std::iter::repeat('0')).take(p).collect(),
    };
    let point = if fraction.is_empty() { "" } else { "." };
    let sign = if exponent < 0 { '-' } else { '+' };
    let text = format!("0x{}{point}{fraction}p{sign}{:02}", mantissa >> 52, exponent.abs());
    if verb == 'X' { text.to_uppercase() } else { text }
}

#[cfg(test)]
mod tests;
