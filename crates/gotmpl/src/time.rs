//! Go's `time.Time`, `time.Duration` and `time.Month`, as far as they need no clock.
//!
//! The local time zone is UTC, so that a template gives the same everywhere.

use crate::functions::{Call, Function, Type};
use crate::value::{Object, Value};

mod calendar;
mod duration;
mod layout;
mod parse;
mod zone;

pub(crate) use calendar::Civil;
pub(crate) use duration::{Duration, parse_duration};
pub(crate) use parse::{parse, parse_in};
pub(crate) use zone::Zone;

const NANOSECONDS: i64 = 1_000_000_000;
pub(crate) const RFC3339_NANO: &str = "2006-01-02T15:04:05.999999999Z07:00";
/// The types' names, for signatures.
pub(crate) const TIME: Type = Type::Object("time.Time");
pub(crate) const DURATION: Type = Type::Object("time.Duration");

/// An instant and the zone it is shown in.
#[derive(Debug, Clone)]
pub(crate) struct Time {
    /// Since 1970 in UTC.
    pub seconds: i64,
    /// Below a second's.
    pub nanoseconds: u32,
    pub zone: Zone,
}

struct Month(u8);
struct Weekday(u8);

impl Value {
    /// A `time.Time` in UTC; for an embedder who lets templates see a clock.
    pub fn time(unix_seconds: i64, nanoseconds: u32) -> Self {
        Self::object(Time { seconds: unix_seconds, nanoseconds, zone: Zone::Utc })
    }
}

impl Time {
    /// Go's zero time, the first of January of year 1.
    pub(crate) fn zero() -> Self {
        Self { seconds: -62_135_596_800, nanoseconds: 0, zone: Zone::Utc }
    }

    /// Date and time as shown in its zone.
    pub(crate) fn civil(&self) -> Civil {
        Civil::from_seconds(self.seconds.saturating_add(i64::from(self.zone.offset(self.seconds))))
    }

    pub(crate) fn format(&self, layout: &str) -> String {
        layout::format(self, layout)
    }

    pub(crate) fn plus(&self, duration: Duration) -> Self {
        let total = i128::from(self.nanoseconds) + i128::from(duration.0);
        let seconds = total.div_euclid(i128::from(NANOSECONDS)) as i64;
        Self {
            seconds: self.seconds.saturating_add(seconds),
            nanoseconds: total.rem_euclid(i128::from(NANOSECONDS)) as u32,
            zone: self.zone.clone(),
        }
    }

    /// The time from `other` to this, or the longest there is.
    fn since(&self, other: &Self) -> Duration {
        let clamped = |n: i128| n.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64;
        Duration(clamped(self.total() - other.total()))
    }

    /// Nanoseconds since 1970.
    fn total(&self) -> i128 {
        i128::from(self.seconds) * i128::from(NANOSECONDS) + i128::from(self.nanoseconds)
    }

    fn plus_date(&self, years: i64, months: i64, days: i64) -> Self {
        let civil = self.civil();
        let seconds = Civil {
            year: civil.year.saturating_add(years),
            month: civil.month.saturating_add(months),
            day: civil.day.saturating_add(days),
            ..civil
        }
        .to_seconds();
        Self { seconds: self.zone.to_utc(seconds), ..self.clone() }
    }

    /// Down to a multiple of `duration` since the zero time.
    fn truncated(&self, duration: Duration) -> Self {
        if duration.0 <= 0 {
            return self.clone();
        }
        let since = self.total() - Self::zero().total();
        self.plus(Duration(-(since.rem_euclid(i128::from(duration.0)) as i64)))
    }

    fn rounded(&self, duration: Duration) -> Self {
        if duration.0 <= 0 {
            return self.clone();
        }
        let since = self.total() - Self::zero().total();
        let over = since.rem_euclid(i128::from(duration.0)) as i64;
        let up = i128::from(over) * 2 >= i128::from(duration.0);
        self.plus(Duration(if up { duration.0 - over } else { -over }))
    }
}

/// A method without arguments that gives this.
fn constant(value: Value) -> Option<Function> {
    Some(Function::new(&[], move |_| Ok(value.clone())))
}

impl Object for Time {
    fn type_name(&self) -> &str {
        "time.Time"
    }

    fn kind_name(&self) -> &'static str {
        "struct"
    }

    fn method(&self, name: &str) -> Option<Function> {
        let civil = self.civil();
        let number = |number: i64| constant(Value::Int(number));
        let long = |number: i128| constant(Value::Int64(number as i64));
        let time = self.clone();
        let against = |test: fn(i128, i128) -> Value| {
            let time = self.clone();
            let body = move |c: &mut Call<'_>| Ok(test(time.total(), c.object::<Self>(0)?.total()));
            Some(Function::new(&[TIME], body))
        };
        let moved = |change: fn(&Self, Duration) -> Self| {
            let time = self.clone();
            let body =
                move |c: &mut Call<'_>| Ok(Value::object(change(&time, *c.object::<Duration>(0)?)));
            Some(Function::new(&[DURATION], body))
        };
        match name {
            "Format" => Some(Function::new(&[Type::Str], move |c| {
                let layout = c.str(0)?;
                c.meter.spend_bytes(layout.len().saturating_mul(8))?;
                Ok(time.format(&layout).into())
            })),
            "Unix" => constant(Value::Int64(self.seconds)),
            "UnixMilli" => long(self.total().div_euclid(1_000_000)),
            "UnixMicro" => long(self.total().div_euclid(1_000)),
            "UnixNano" => long(self.total()),
            "Year" => number(civil.year),
            "Month" => constant(Value::object(Month(civil.month as u8))),
            "Day" => number(civil.day),
            "Hour" => number(civil.hour),
            "Minute" => number(civil.minute),
            "Second" => number(civil.second),
            "Nanosecond" => number(i64::from(self.nanoseconds)),
            "YearDay" => number(civil.year_day()),
            "Weekday" => constant(Value::object(Weekday(civil.weekday()))),
            "IsZero" => constant((self.total() == Self::zero().total()).into()),
            "UTC" | "Local" => constant(Value::object(Self { zone: Zone::Utc, ..time })),
            "String" => constant(self.text().into()),
            "After" => against(|a, b| (a > b).into()),
            "Before" => against(|a, b| (a < b).into()),
            "Equal" => against(|a, b| (a == b).into()),
            "Compare" => against(|a, b| Value::Int(a.cmp(&b) as i64)),
            "Add" => moved(Self::plus),
            "Truncate" => moved(Self::truncated),
            "Round" => moved(Self::rounded),
            "Sub" => Some(Function::new(&[TIME], move |c| {
                Ok(Value::object(time.since(c.object::<Self>(0)?)))
            })),
            "AddDate" => Some(Function::new(&[Type::Int; 3], move |c| {
                Ok(Value::object(time.plus_date(c.int(0)?, c.int(1)?, c.int(2)?)))
            })),
            _ => None,
        }
    }

    fn text(&self) -> String {
        self.format("2006-01-02 15:04:05.999999999 -0700 MST")
    }

    fn encoded(&self) -> String {
        self.format(RFC3339_NANO)
    }
}

impl Object for Month {
    fn type_name(&self) -> &str {
        "time.Month"
    }

    fn kind_name(&self) -> &'static str {
        "int"
    }

    fn integer(&self) -> Option<i64> {
        Some(i64::from(self.0))
    }

    fn method(&self, name: &str) -> Option<Function> {
        if name == "String" { constant(self.text().into()) } else { None }
    }

    fn text(&self) -> String {
        layout::MONTHS[usize::from(self.0) - 1].to_owned()
    }
}

impl Object for Weekday {
    fn type_name(&self) -> &str {
        "time.Weekday"
    }

    fn kind_name(&self) -> &'static str {
        "int"
    }

    fn integer(&self) -> Option<i64> {
        Some(i64::from(self.0))
    }

    fn method(&self, name: &str) -> Option<Function> {
        if name == "String" { constant(self.text().into()) } else { None }
    }

    fn text(&self) -> String {
        layout::DAYS[usize::from(self.0)].to_owned()
    }
}
