//! Go's layouts: the reference time `Mon Jan 2 15:04:05 MST 2006`, spelled as it should look.

use std::fmt::Write;

use super::Time;

pub(super) const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
pub(super) const DAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
/// How much of a name its short form keeps.
pub(super) const SHORT: usize = 3;

/// What a piece of a layout stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Year,
    LongYear,
    Month,
    LongMonth,
    NumMonth {
        padded: bool,
    },
    WeekDay,
    LongWeekDay,
    Day {
        padded: bool,
    },
    UnderDay,
    YearDay {
        padded: bool,
    },
    Hour,
    Hour12 {
        padded: bool,
    },
    Minute {
        padded: bool,
    },
    Second {
        padded: bool,
    },
    Half {
        upper: bool,
    },
    ZoneName,
    Offset(Offset),
    /// Digits after the second; with nines, without trailing zeros.
    Fraction {
        digits: usize,
        trims: bool,
        separator: char,
    },
}

/// `-07:00:00` in one of its forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offset {
    /// UTC is `Z`.
    pub zulu: bool,
    pub colons: bool,
    pub minutes: bool,
    pub seconds: bool,
}

/// What stands before the first field, the field with its spelling, and what follows.
pub(super) fn next_field(layout: &str) -> (&str, Option<(Field, &str)>, &str) {
    for (i, _) in layout.char_indices() {
        if let Some((skipped, length, field)) = field_at(&layout[i..]) {
            let (start, end) = (i + skipped, i + skipped + length);
            return (&layout[..start], Some((field, &layout[start..end])), &layout[end..]);
        }
    }
    (layout, None, "")
}

/// The field at the start of `s`: how much before it belongs to the text, its length, itself.
fn field_at(s: &str) -> Option<(usize, usize, Field)> {
    let bytes = s.as_bytes();
    let lower_follows = || bytes.get(3).is_some_and(u8::is_ascii_lowercase);
    let found = |length: usize, field: Field| Some((0, length, field));
    match bytes[0] {
        b'J' if s.starts_with("January") => found(7, Field::LongMonth),
        b'J' if s.starts_with("Jan") && !lower_follows() => found(3, Field::Month),
        b'M' if s.starts_with("Monday") => found(6, Field::LongWeekDay),
        b'M' if s.starts_with("Mon") && !lower_follows() => found(3, Field::WeekDay),
        b'M' if s.starts_with("MST") => found(3, Field::ZoneName),
        b'0' if s.starts_with("002") => found(3, Field::YearDay { padded: true }),
        b'0' => match bytes.get(1)? {
            b'1' => found(2, Field::NumMonth { padded: true }),
            b'2' => found(2, Field::Day { padded: true }),
            b'3' => found(2, Field::Hour12 { padded: true }),
            b'4' => found(2, Field::Minute { padded: true }),
            b'5' => found(2, Field::Second { padded: true }),
            b'6' => found(2, Field::Year),
            _ => None,
        },
        b'1' if s.starts_with("15") => found(2, Field::Hour),
        b'1' => found(1, Field::NumMonth { padded: false }),
        b'2' if s.starts_with("2006") => found(4, Field::LongYear),
        b'2' => found(1, Field::Day { padded: false }),
        b'_' if s.starts_with("_2006") => Some((1, 4, Field::LongYear)),
        b'_' if s.starts_with("_2") => found(2, Field::UnderDay),
        b'_' if s.starts_with("__2") => found(3, Field::YearDay { padded: false }),
        b'3' => found(1, Field::Hour12 { padded: false }),
        b'4' => found(1, Field::Minute { padded: false }),
        b'5' => found(1, Field::Second { padded: false }),
        b'P' if s.starts_with("PM") => found(2, Field::Half { upper: true }),
        b'p' if s.starts_with("pm") => found(2, Field::Half { upper: false }),
        b'-' | b'Z' => offset_at(s),
        b'.' | b',' => fraction_at(s),
        _ => None,
    }
}

fn offset_at(s: &str) -> Option<(usize, usize, Field)> {
    let zulu = s.starts_with('Z');
    let forms = [("070000", false, true), ("07:00:00", true, true), ("0700", false, false)];
    let forms = forms.into_iter().chain([("07:00", true, false)]);
    for (form, colons, seconds) in forms {
        if s[1..].starts_with(form) {
            let offset = Offset { zulu, colons, minutes: true, seconds };
            return Some((0, 1 + form.len(), Field::Offset(offset)));
        }
    }
    let short = Offset { zulu, colons: false, minutes: false, seconds: false };
    s[1..].starts_with("07").then_some((0, 3, Field::Offset(short)))
}

fn fraction_at(s: &str) -> Option<(usize, usize, Field)> {
    let bytes = s.as_bytes();
    let digit = *bytes.get(1).filter(|b| matches!(b, b'0' | b'9'))?;
    let digits = bytes[1..].iter().take_while(|b| **b == digit).count();
    if bytes.get(1 + digits).is_some_and(u8::is_ascii_digit) {
        return None;
    }
    let separator = char::from(bytes[0]);
    Some((0, 1 + digits, Field::Fraction { digits, trims: digit == b'9', separator }))
}

pub(super) fn format(time: &Time, layout: &str) -> String {
    let mut out = String::with_capacity(layout.len() + 16);
    let mut rest = layout;
    loop {
        let (text, field, suffix) = next_field(rest);
        out.push_str(text);
        let Some((field, _)) = field else { return out };
        push(&mut out, time, field);
        rest = suffix;
    }
}

fn push(out: &mut String, time: &Time, field: Field) {
    let civil = time.civil();
    let offset = time.zone.offset(time.seconds);
    let month = MONTHS[(civil.month - 1) as usize];
    let day = DAYS[usize::from(civil.weekday())];
    let hour12 = if civil.hour % 12 == 0 { 12 } else { civil.hour % 12 };
    let mut number = |value: i64, padded: bool| padded_to(out, value, if padded { 2 } else { 0 });
    match field {
        Field::Year => number(civil.year.max(0) % 100, true),
        Field::LongYear => padded_to(out, civil.year, 4),
        Field::Month => out.push_str(&month[..SHORT]),
        Field::LongMonth => out.push_str(month),
        Field::NumMonth { padded } => number(civil.month, padded),
        Field::WeekDay => out.push_str(&day[..SHORT]),
        Field::LongWeekDay => out.push_str(day),
        Field::Day { padded } => number(civil.day, padded),
        Field::UnderDay => out.push_str(&format!("{:2}", civil.day)),
        Field::YearDay { padded: true } => padded_to(out, civil.year_day(), 3),
        Field::YearDay { padded: false } => out.push_str(&format!("{:3}", civil.year_day())),
        Field::Hour => number(civil.hour, true),
        Field::Hour12 { padded } => number(hour12, padded),
        Field::Minute { padded } => number(civil.minute, padded),
        Field::Second { padded } => number(civil.second, padded),
        Field::Half { upper } => out.push_str(match (civil.hour >= 12, upper) {
            (true, true) => "PM",
            (true, false) => "pm",
            (false, true) => "AM",
            (false, false) => "am",
        }),
        Field::Offset(form) => push_offset(out, offset, form),
        Field::ZoneName => match time.zone.abbreviation(time.seconds) {
            name if !name.is_empty() => out.push_str(&name),
            _ => {
                let form = Offset { zulu: false, colons: false, minutes: true, seconds: false };
                push_offset(out, offset, form);
            }
        },
        Field::Fraction { digits, trims, separator } => {
            push_fraction(out, time.nanoseconds, (digits, trims, separator));
        }
    }
}

fn padded_to(out: &mut String, value: i64, width: usize) {
    let sign = if value < 0 { "-" } else { "" };
    write!(out, "{sign}{:0width$}", value.unsigned_abs()).expect("writing to a String cannot fail");
}

fn push_offset(out: &mut String, offset: i32, form: Offset) {
    if form.zulu && offset == 0 {
        return out.push('Z');
    }
    // Go counts in minutes, so that less than one is still positive.
    let minutes = offset / 60;
    out.push(if minutes < 0 { '-' } else { '+' });
    let colon = if form.colons { ":" } else { "" };
    padded_to(out, i64::from(minutes.abs() / 60), 2);
    if form.minutes {
        out.push_str(colon);
        padded_to(out, i64::from(minutes.abs() % 60), 2);
    }
    if form.seconds {
        out.push_str(colon);
        padded_to(out, i64::from((offset % 60).abs()), 2);
    }
}

fn push_fraction(
    out: &mut String,
    nanoseconds: u32,
    (digits, trims, separator): (usize, bool, char),
) {
    if trims && nanoseconds == 0 {
        return;
    }
    let text = format!("{nanoseconds:09}");
    let text = &text[..digits.min(9)];
    let text = if trims { text.trim_end_matches('0') } else { text };
    if !(trims && text.is_empty()) {
        out.push(separator);
        out.push_str(text);
    }
}

/// The way messages about times quote: bytes that are not plain ASCII as `\xNN`.
pub(super) fn quote(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            ' '..='~' | '\x7f' => out.push(c),
            c => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    write!(out, "\\x{byte:02x}").expect("writing to a String cannot fail");
                }
            }
        }
    }
    out.push('"');
    out
}
