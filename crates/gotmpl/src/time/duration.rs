//! Lengths of time in nanoseconds: `1h30m0s`.

use super::{DURATION, constant};
use crate::functions::{Call, Function};
use crate::value::{Object, Value};

const MICROSECOND: u64 = 1_000;
const MILLISECOND: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;

/// Nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Duration(pub i64);

impl Duration {
    /// That many of a unit, wrapping around as Go's do.
    pub(crate) fn of(count: i64, unit_nanoseconds: i64) -> Self {
        Self(count.wrapping_mul(unit_nanoseconds))
    }

    fn truncated(self, unit: Self) -> Self {
        if unit.0 <= 0 { self } else { Self(self.0 - self.0 % unit.0) }
    }

    /// Half away from zero.
    fn rounded(self, unit: Self) -> Self {
        if unit.0 <= 0 {
            return self;
        }
        let rest = self.0 % unit.0;
        let down = self.0 - rest;
        if rest.unsigned_abs().saturating_mul(2) < unit.0.unsigned_abs() {
            return Self(down);
        }
        Self(down.saturating_add(if self.0 < 0 { -unit.0 } else { unit.0 }))
    }
}

impl Object for Duration {
    fn type_name(&self) -> &str {
        "time.Duration"
    }

    fn kind_name(&self) -> &'static str {
        "int64"
    }

    fn integer(&self) -> Option<i64> {
        Some(self.0)
    }

    fn method(&self, name: &str) -> Option<Function> {
        let nanoseconds = self.0;
        let whole = |unit: u64| constant(Value::Int64(nanoseconds / unit as i64));
        let exact = |unit: u64| {
            let (whole, rest) = (nanoseconds / unit as i64, nanoseconds % unit as i64);
            constant(Value::Float(whole as f64 + rest as f64 / unit as f64))
        };
        let by = |change: fn(Self, Self) -> Self| {
            let duration = *self;
            let body =
                move |c: &mut Call<'_>| Ok(Value::object(change(duration, *c.object::<Self>(0)?)));
            Some(Function::new(&[DURATION], body))
        };
        match name {
            "Nanoseconds" => whole(1),
            "Microseconds" => whole(MICROSECOND),
            "Milliseconds" => whole(MILLISECOND),
            "Seconds" => exact(SECOND),
            "Minutes" => exact(MINUTE),
            "Hours" => exact(HOUR),
            "Abs" => constant(Value::object(Self(nanoseconds.saturating_abs()))),
            "Truncate" => by(Self::truncated),
            "Round" => by(Self::rounded),
            "String" => constant(self.text().into()),
            _ => None,
        }
    }

    fn text(&self) -> String {
        let total = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        if total < SECOND {
            let (unit, name, digits) = match total {
                0 => return "0s".to_owned(),
                1..MICROSECOND => return format!("{sign}{total}ns"),
                MICROSECOND..MILLISECOND => (MICROSECOND, "µs", 3),
                _ => (MILLISECOND, "ms", 6),
            };
            return format!("{sign}{}{name}", decimal(total / unit, total % unit, digits));
        }
        let seconds = decimal(total % MINUTE / SECOND, total % SECOND, 9);
        match (total / HOUR, total % HOUR / MINUTE) {
            (0, 0) => format!("{sign}{seconds}s"),
            (0, minutes) => format!("{sign}{minutes}m{seconds}s"),
            (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}s"),
        }
    }
}

/// `whole.fraction` without trailing zeros; the fraction is in units of `digits` places.
fn decimal(whole: u64, fraction: u64, digits: usize) -> String {
    let fraction = format!("{fraction:0digits$}");
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{whole}{point}{fraction}")
}

/// Go's `time.ParseDuration`: `-1h2.5m`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let shown = || super::layout::quote(text);
    let invalid = || format!("time: invalid duration {}", shown());
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Ok(Duration(0));
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total: u64 = 0;
    while !rest.is_empty() {
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let (whole, tail) = rest.split_at(digits(rest));
        let (fraction, tail) = match tail.strip_prefix('.') {
            Some(tail) => tail.split_at(digits(tail)),
            None => ("", tail),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let end = tail.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        if unit.is_empty() {
            return Err(format!("time: missing unit in duration {}", shown()));
        }
        let scale = unit_nanoseconds(unit).ok_or_else(|| {
            let unit = super::layout::quote(unit);
            format!("time: unknown unit {unit} in duration {}", shown())
        })?;
        let whole: u64 = if whole.is_empty() { 0 } else { whole.parse().map_err(|_| invalid())? };
        let step = whole.checked_mul(scale).filter(|step| *step <= 1 << 63);
        let step = step.and_then(|step| step.checked_add(part(fraction, scale)));
        total = step.and_then(|step| total.checked_add(step)).ok_or_else(invalid)?;
        if total > 1 << 63 {
            return Err(invalid());
        }
        rest = tail;
    }
    if negative {
        return Ok(Duration((total as i64).wrapping_neg()));
    }
    i64::try_from(total).map(Duration).map_err(|_| invalid())
}

/// `0.fraction` of a unit; digits beyond what a number holds do not count.
fn part(fraction: &str, scale: u64) -> u64 {
    let (mut value, mut divisor) = (0u64, 1f64);
    for digit in fraction.bytes() {
        if value > (i64::MAX as u64) / 10 {
            break;
        }
        let next = value * 10 + u64::from(digit - b'0');
        if next > 1 << 63 {
            break;
        }
        value = next;
        divisor *= 10.0;
    }
    (value as f64 * (scale as f64 / divisor)) as u64
}

fn unit_nanoseconds(unit: &str) -> Option<u64> {
    Some(match unit {
        "ns" => 1,
        "us" | "µs" | "μs" => MICROSECOND,
        "ms" => MILLISECOND,
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        _ => return None,
    })
}
