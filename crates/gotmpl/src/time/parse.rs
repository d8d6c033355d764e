//! Text to times, by a layout.

use super::calendar::{days_in, is_leap};
use super::layout::{DAYS, Field, MONTHS, Offset, SHORT, next_field, quote};
use super::zone::Zone;
use super::{Civil, Time};

/// Days before each month of a year that is no leap year.
const DAYS_BEFORE: [i64; 13] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];

/// Go's `time.Parse`: without a zone in the text, the time is in UTC.
pub(crate) fn parse(layout: &str, text: &str) -> Result<Time, String> {
    parse_in(layout, text, &Zone::Utc)
}

/// Go's `time.ParseInLocation`.
pub(crate) fn parse_in(layout: &str, text: &str, zone: &Zone) -> Result<Time, String> {
    let mut reader = Reader { whole: text, layout, rest: text, found: Found::default() };
    reader.run()?;
    reader.finish(zone)
}

#[derive(Default)]
struct Found {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanoseconds: u32,
    /// Whether it said after noon.
    afternoon: Option<bool>,
    is_utc: bool,
    offset_seconds: Option<i32>,
    zone_name: String,
}

struct Reader<'t> {
    whole: &'t str,
    layout: &'t str,
    rest: &'t str,
    found: Found,
}

/// Why a field could not be read.
enum Mistake {
    Syntax,
    /// What is out of range.
    Range(&'static str),
}

type Read<T> = Result<T, Mistake>;

impl<'t> Reader<'t> {
    fn run(&mut self) -> Result<(), String> {
        let mut layout = self.layout;
        loop {
            let (prefix, field, suffix) = next_field(layout);
            self.skip(prefix)?;
            let Some((field, spelled)) = field else { break };
            layout = suffix;
            let hold = self.rest;
            match self.field(field, layout) {
                Ok(()) => {}
                Err(Mistake::Syntax) => return Err(self.cannot(hold, spelled)),
                Err(Mistake::Range(what)) => {
                    return Err(self.because(&format!("{what} out of range")));
                }
            }
        }
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(self.because(&format!("extra text: {}", quote(self.rest))))
    }

    fn cannot(&self, found: &str, expected: &str) -> String {
        let [whole, layout] = [self.whole, self.layout].map(quote);
        let [found, expected] = [found, expected].map(quote);
        format!("parsing time {whole} as {layout}: cannot parse {found} as {expected}")
    }

    fn because(&self, reason: &str) -> String {
        format!("parsing time {}: {reason}", quote(self.whole))
    }

    /// The text between fields; blanks match any number of blanks.
    fn skip(&mut self, prefix: &'t str) -> Result<(), String> {
        let mut prefix = prefix;
        while let Some(c) = prefix.chars().next() {
            if c == ' ' {
                if !self.rest.is_empty() && !self.rest.starts_with(' ') {
                    return Err(self.cannot(self.rest, prefix));
                }
                prefix = prefix.trim_start_matches(' ');
                self.rest = self.rest.trim_start_matches(' ');
                continue;
            }
            let Some(rest) = self.rest.strip_prefix(c) else {
                return Err(self.cannot(self.rest, prefix));
            };
            self.rest = rest;
            prefix = &prefix[c.len_utf8()..];
        }
        Ok(())
    }

    fn field(&mut self, field: Field, layout: &str) -> Read<()> {
        match field {
            Field::Year => {
                let year = self.digits(2)?;
                self.found.year = year + if year >= 69 { 1900 } else { 2000 };
            }
            Field::LongYear => self.found.year = self.digits(4)?,
            Field::Month => self.found.month = Some(self.name(&MONTHS, Some(SHORT))? + 1),
            Field::LongMonth => self.found.month = Some(self.name(&MONTHS, None)? + 1),
            Field::NumMonth { padded } => {
                self.found.month = Some(ranged(self.number(padded)?, 1..=12, "month")?);
            }
            Field::WeekDay => drop(self.name(&DAYS, Some(SHORT))?),
            Field::LongWeekDay => drop(self.name(&DAYS, None)?),
            Field::Day { padded } => self.found.day = Some(self.number(padded)?),
            Field::UnderDay => {
                self.rest = self.rest.strip_prefix(' ').unwrap_or(self.rest);
                self.found.day = Some(self.number(false)?);
            }
            Field::YearDay { padded } => self.found.year_day = Some(self.year_day(padded)?),
            Field::Hour => self.found.hour = ranged(self.number(false)?, 0..=23, "hour")?,
            Field::Hour12 { padded } => {
                self.found.hour = ranged(self.number(padded)?, 0..=12, "hour")?;
            }
            Field::Minute { padded } => {
                self.found.minute = ranged(self.number(padded)?, 0..=59, "minute")?;
            }
            Field::Second { padded } => self.second(padded, layout)?,
            Field::Half { upper } => {
                let half = self.take(2)?;
                self.found.afternoon = Some(match (half, upper) {
                    ("PM", true) | ("pm", false) => true,
                    ("AM", true) | ("am", false) => false,
                    _ => return Err(Mistake::Syntax),
                });
            }
            Field::Offset(form) => self.offset(form)?,
            Field::ZoneName => self.zone_name()?,
            Field::Fraction { digits, trims: false, .. } => self.fraction(digits)?,
            Field::Fraction { .. } => {
                if let Some(digits) = self.fraction_digits() {
                    self.fraction(digits)?;
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, bytes: usize) -> Read<&'t str> {
        let (taken, rest) = self.rest.split_at_checked(bytes).ok_or(Mistake::Syntax)?;
        self.rest = rest;
        Ok(taken)
    }

    fn digits(&mut self, count: usize) -> Read<i64> {
        let text = self.take(count)?;
        if !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Mistake::Syntax);
        }
        text.parse().map_err(|_| Mistake::Syntax)
    }

    /// One digit or two; two if `padded`.
    fn number(&mut self, padded: bool) -> Read<i64> {
        let is_digit = |i: usize| self.rest.as_bytes().get(i).is_some_and(u8::is_ascii_digit);
        match (is_digit(0), is_digit(1)) {
            (true, true) => self.digits(2),
            (true, false) if !padded => self.digits(1),
            _ => Err(Mistake::Syntax),
        }
    }

    fn year_day(&mut self, padded: bool) -> Read<i64> {
        if !padded {
            for _ in 0..2 {
                self.rest = self.rest.strip_prefix(' ').unwrap_or(self.rest);
            }
        }
        let count = self.rest.bytes().take(3).take_while(u8::is_ascii_digit).count();
        if count == 0 || padded && count != 3 {
            return Err(Mistake::Syntax);
        }
        self.digits(count)
    }

    /// The position of the name that comes, whatever its case.
    fn name(&mut self, names: &[&str], length: Option<usize>) -> Read<i64> {
        for (i, name) in names.iter().enumerate() {
            let name = &name[..length.unwrap_or(name.len())];
            let found = self.rest.get(..name.len());
            if found.is_some_and(|found| found.eq_ignore_ascii_case(name)) {
                self.rest = &self.rest[name.len()..];
                return Ok(i as i64);
            }
        }
        Err(Mistake::Syntax)
    }

    /// A second may have a fraction that the layout does not show.
    fn second(&mut self, padded: bool, layout: &str) -> Read<()> {
        self.found.second = ranged(self.number(padded)?, 0..=59, "second")?;
        let Some(digits) = self.fraction_digits() else { return Ok(()) };
        if let (_, Some((Field::Fraction { .. }, _)), _) = next_field(layout) {
            return Ok(());
        }
        self.fraction(digits)
    }

    /// How many digits follow a point or comma; `None` if there are none.
    fn fraction_digits(&self) -> Option<usize> {
        let digits = self.rest.strip_prefix(['.', ','])?;
        Some(digits.bytes().take_while(u8::is_ascii_digit).count()).filter(|count| *count > 0)
    }

    fn fraction(&mut self, digits: usize) -> Read<()> {
        let text = self.take(1 + digits)?;
        let text = text.strip_prefix(['.', ',']).ok_or(Mistake::Syntax)?;
        let text = text.get(..digits.min(9)).ok_or(Mistake::Syntax)?;
        if !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(Mistake::Syntax);
        }
        self.found.nanoseconds = format!("{text:0<9}").parse().map_err(|_| Mistake::Syntax)?;
        Ok(())
    }

    fn offset(&mut self, form: Offset) -> Read<()> {
        if form.zulu && self.rest.starts_with('Z') {
            self.rest = &self.rest[1..];
            self.found.is_utc = true;
            return Ok(());
        }
        let colons = usize::from(form.colons);
        let minutes = if form.minutes { 2 + colons } else { 0 };
        let text = self.take(3 + minutes + if form.seconds { 2 + colons } else { 0 })?;
        let (sign, text) = text.split_at_checked(1).ok_or(Mistake::Syntax)?;
        let mut parts = [0; 3];
        let mut rest = text;
        for (i, part) in parts.iter_mut().enumerate() {
            if rest.is_empty() {
                break;
            }
            if i > 0 && form.colons {
                rest = rest.strip_prefix(':').ok_or(Mistake::Syntax)?;
            }
            let (digits, tail) = rest.split_at_checked(2).ok_or(Mistake::Syntax)?;
            if !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err(Mistake::Syntax);
            }
            *part = digits.parse::<i32>().map_err(|_| Mistake::Syntax)?;
            rest = tail;
        }
        let [hours, minutes, seconds] = parts;
        if hours > 24 {
            return Err(Mistake::Range("time zone offset hour"));
        }
        if minutes > 60 {
            return Err(Mistake::Range("time zone offset minute"));
        }
        if seconds > 60 {
            return Err(Mistake::Range("time zone offset second"));
        }
        let total = (hours * 60 + minutes) * 60 + seconds;
        self.found.offset_seconds = Some(match sign {
            "+" => total,
            "-" => -total,
            _ => return Err(Mistake::Syntax),
        });
        Ok(())
    }

    fn zone_name(&mut self) -> Read<()> {
        if let Some(rest) = self.rest.strip_prefix("UTC") {
            self.rest = rest;
            self.found.is_utc = true;
            return Ok(());
        }
        let length = zone_name_length(self.rest).ok_or(Mistake::Syntax)?;
        self.take(length)?.clone_into(&mut self.found.zone_name);
        Ok(())
    }

    fn finish(&mut self, zone: &Zone) -> Result<Time, String> {
        let (month, day) = self.date()?;
        let found = &self.found;
        let hour = match found.afternoon {
            Some(true) if found.hour < 12 => found.hour + 12,
            Some(false) if found.hour == 12 => 0,
            _ => found.hour,
        };
        let Found { year, minute, second, nanoseconds, .. } = *found;
        let shown = Civil { year, month, day, hour, minute, second }.to_seconds();
        let time = |seconds: i64, zone: Zone| Ok(Time { seconds, nanoseconds, zone });
        if found.is_utc {
            return time(shown, Zone::Utc);
        }
        let name = found.zone_name.clone();
        if let Some(offset_seconds) = found.offset_seconds {
            let seconds = shown - i64::from(offset_seconds);
            let same_name = name.is_empty() || name == zone.abbreviation(seconds);
            if zone.offset(seconds) == offset_seconds && same_name {
                return time(seconds, zone.clone());
            }
            return time(seconds, Zone::Fixed { name, offset_seconds });
        }
        if name.is_empty() {
            return time(zone.to_utc(shown), zone.clone());
        }
        let local = zone.to_utc(shown);
        if zone.abbreviation(local) == name {
            return time(local, zone.clone());
        }
        // A name that says nothing about its offset, but for GMT+3.
        let hours = name.strip_prefix("GMT").and_then(|hours| hours.parse::<i32>().ok());
        time(shown, Zone::Fixed { name, offset_seconds: hours.unwrap_or(0) * 3600 })
    }

    /// The month and the day, whichever way they were told.
    fn date(&mut self) -> Result<(i64, i64), String> {
        let Found { year, mut month, mut day, year_day, .. } = self.found;
        if let Some(mut of_year) = year_day {
            if is_leap(year) && of_year == 60 {
                (month, day) = self.agree((2, 29))?;
            } else {
                of_year -= i64::from(is_leap(year) && of_year > 60);
                if !(1..=365).contains(&of_year) {
                    return Err(self.because("day-of-year out of range"));
                }
                let months = DAYS_BEFORE.iter().take_while(|before| **before < of_year).count();
                (month, day) = self.agree((months as i64, of_year - DAYS_BEFORE[months - 1]))?;
            }
        }
        let (month, day) = (month.unwrap_or(1), day.unwrap_or(1));
        if !(1..=days_in(year, month)).contains(&day) {
            return Err(self.because("day out of range"));
        }
        Ok((month, day))
    }

    fn agree(&self, (month, day): (i64, i64)) -> Result<(Option<i64>, Option<i64>), String> {
        if self.found.month.is_some_and(|told| told != month) {
            return Err(self.because("day-of-year does not match month"));
        }
        if self.found.day.is_some_and(|told| told != day) {
            return Err(self.because("day-of-year does not match day"));
        }
        Ok((Some(month), Some(day)))
    }
}

fn ranged(
    value: i64,
    range: std::ops::RangeInclusive<i64>,
    what: &'static str,
) -> Result<i64, Mistake> {
    if range.contains(&value) { Ok(value) } else { Err(Mistake::Range(what)) }
}

/// How much of `text` looks like a time zone's abbreviation.
fn zone_name_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    if bytes.len() < 3 {
        return None;
    }
    if text.starts_with("ChST") || text.starts_with("MeST") {
        return Some(4);
    }
    if let Some(offset) = text.strip_prefix("GMT") {
        return Some(3 + signed_offset_length(offset));
    }
    if text.starts_with(['+', '-']) {
        return Some(signed_offset_length(text)).filter(|length| *length > 0);
    }
    let upper = bytes.iter().take(6).take_while(|b| b.is_ascii_uppercase()).count();
    match upper {
        5 if bytes[4] == b'T' => Some(5),
        4 if bytes[3] == b'T' || text.starts_with("WITA") => Some(4),
        3 => Some(3),
        _ => None,
    }
}

/// `+3` to `-23`; 0 for anything else.
fn signed_offset_length(text: &str) -> usize {
    let Some(digits) = text.strip_prefix(['+', '-']) else { return 0 };
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    match digits[..count].parse::<u64>() {
        Ok(0..=23) => 1 + count,
        _ => 0,
    }
}
