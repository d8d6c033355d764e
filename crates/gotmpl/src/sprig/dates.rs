//! Dates, of those given: what would ask the clock is refused.

use super::{Outcome, add};
use crate::Failure;
use crate::functions::{Call, Functions, Type};
use crate::time::{Duration, TIME, Time, Zone, parse_duration, parse_in};
use crate::value::{Object, Value};

use Type::{Any, Str};

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const HTML: &str = "2006-01-02";

pub(super) fn register(f: &mut Functions) {
    add(f, &["date"], &[Str, Any], |c| shown(&c.str(0)?, &c.value(1), "UTC"));
    add(f, &["htmlDate"], &[Any], |c| shown(HTML, &c.value(0), "UTC"));
    add(f, &["dateInZone", "date_in_zone"], &[Str, Any, Str], |c| {
        shown(&c.str(0)?, &c.value(1), &c.str(2)?)
    });
    add(f, &["htmlDateInZone"], &[Any, Str], |c| shown(HTML, &c.value(0), &c.str(1)?));
    add(f, &["toDate"], &[Str, Str], |c| {
        Ok(Value::object(read(c).unwrap_or_else(|_| Time::zero())))
    });
    add(f, &["mustToDate"], &[Str, Str], |c| Ok(Value::object(read(c)?)));
    add(f, &["dateModify", "date_modify"], &[Str, TIME], |c| {
        let moved = parse_duration(&c.str(0)?).unwrap_or(Duration(0));
        Ok(Value::object(c.object::<Time>(1)?.plus(moved)))
    });
    add(f, &["mustDateModify", "must_date_modify"], &[Str, TIME], |c| {
        Ok(Value::object(c.object::<Time>(1)?.plus(parse_duration(&c.str(0)?)?)))
    });
    add(f, &["unixEpoch"], &[TIME], |c| Ok(c.object::<Time>(0)?.seconds.to_string().into()));
    add(f, &["duration"], &[Any], |c| {
        let seconds = match c.value(0) {
            Value::Str(text) => crate::strconv::parse_i64(&text),
            Value::Int64(seconds) => seconds,
            _ => 0,
        };
        Ok(Duration::of(seconds, SECOND as i64).text().into())
    });
    add(f, &["durationRound"], &[Any], |c| {
        let nanoseconds = match c.value(0) {
            Value::Str(text) => parse_duration(&text).map_or(0, |duration| duration.0),
            Value::Int64(nanoseconds) => nanoseconds,
            value if value.as_object::<Time>().is_some() => return Err(clock()),
            _ => 0,
        };
        Ok(rounded(nanoseconds.unsigned_abs()).into())
    });
}

fn clock() -> Failure {
    Failure::Refused("it reads the clock where it is not given a time".to_owned())
}

/// A time, or the seconds since 1970, by a layout; an unknown zone is UTC.
fn shown(layout: &str, date: &Value, zone: &str) -> Outcome {
    let at = |seconds: i64| Time { seconds, nanoseconds: 0, zone: Zone::Utc };
    let time = match date {
        Value::Int(seconds) | Value::Int64(seconds) => at(*seconds),
        other => other.as_object::<Time>().ok_or_else(clock)?.clone(),
    };
    let zone = Zone::load(zone).unwrap_or(Zone::Utc);
    Ok(Time { zone, ..time }.format(layout).into())
}

fn read(c: &Call<'_>) -> Result<Time, String> {
    let text = |i: usize| c.str(i).map_err(|failure| failure.to_string());
    parse_in(&text(0)?, &text(1)?, &Zone::Utc)
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
