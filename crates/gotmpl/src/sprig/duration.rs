//! Durations, which need no clock.

use super::add;
use crate::functions::{Functions, Type};
use crate::value::Value;

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

pub(super) fn register(f: &mut Functions) {
    add(f, &["duration"], &[Type::Any], |c| {
        let seconds = match c.value(0) {
            Value::Str(text) => text.parse::<i64>().unwrap_or(0),
            Value::Int64(seconds) => seconds,
            _ => 0,
        };
        Ok(in_words(seconds).into())
    });
    add(f, &["durationRound"], &[Type::Any], |c| {
        let nanoseconds = match c.value(0) {
            Value::Str(text) => parse(&text).unwrap_or(0),
            Value::Int64(nanoseconds) => nanoseconds,
            _ => 0,
        };
        Ok(rounded(nanoseconds.unsigned_abs()).into())
    });
}

/// `1h2m3s`, of the seconds that fit Go's 64-bit nanoseconds.
fn in_words(seconds: i64) -> String {
    let nanoseconds = seconds.wrapping_mul(SECOND as i64);
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let total = nanoseconds.unsigned_abs();
    let (hours, minutes) = (total / HOUR, total % HOUR / MINUTE);
    let fraction = format!("{:09}", total % SECOND);
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    let seconds = format!("{}{point}{fraction}s", total % MINUTE / SECOND);
    match (hours, minutes) {
        (0, 0) => format!("{sign}{seconds}"),
        (0, minutes) => format!("{sign}{minutes}m{seconds}"),
        (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}"),
    }
}

/// The largest unit that fits more than once.
fn rounded(nanoseconds: u64) -> String {
    let units =
        [(365 * DAY, "y"), (30 * DAY, "mo"), (DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s")];
    match units.iter().find(|(unit, _)| nanoseconds > *unit) {
        Some((unit, name)) => format!("{}{name}", nanoseconds / unit),
        None => "0s".to_owned(),
    }
}

/// Go's `time.ParseDuration`, in nanoseconds: `-1h2.5m`.
fn parse(text: &str) -> Option<i64> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(0);
    }
    let mut total: i64 = 0;
    loop {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, tail) = rest.split_at(end);
        let end = tail.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        let scale = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => SECOND as i64,
            "m" => MINUTE as i64,
            "h" => HOUR as i64,
            _ => return None,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
            return None;
        }
        let whole: i64 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let part: f64 =
            if fraction.is_empty() { 0.0 } else { format!("0.{fraction}").parse().ok()? };
        let step = whole.checked_mul(scale)?.checked_add((part * scale as f64) as i64)?;
        total = total.checked_add(step)?;
        rest = tail;
        if rest.is_empty() {
            return Some(if negative { -total } else { total });
        }
    }
}
