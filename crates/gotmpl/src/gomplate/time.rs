//! `time.`, as far as it needs no clock. The local time zone is UTC.

use super::{ENVIRONMENT, Outcome, add, convert, namespace};
use crate::Failure;
use crate::functions::{Call, Functions, Type, refuse};
use crate::time::{Duration, Zone, parse, parse_duration, parse_in};
use crate::value::Value;

use Type::{Any, Str};

const LAYOUTS: &[(&str, &str)] = &[
    ("ANSIC", "Mon Jan _2 15:04:05 2006"),
    ("UnixDate", "Mon Jan _2 15:04:05 MST 2006"),
    ("RubyDate", "Mon Jan 02 15:04:05 -0700 2006"),
    ("RFC822", "02 Jan 06 15:04 MST"),
    ("RFC822Z", "02 Jan 06 15:04 -0700"),
    ("RFC850", "Monday, 02-Jan-06 15:04:05 MST"),
    ("RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"),
    ("RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"),
    ("RFC3339", "2006-01-02T15:04:05Z07:00"),
    ("RFC3339Nano", "2006-01-02T15:04:05.999999999Z07:00"),
    ("Kitchen", "3:04PM"),
    ("Stamp", "Jan _2 15:04:05"),
    ("StampMilli", "Jan _2 15:04:05.000"),
    ("StampMicro", "Jan _2 15:04:05.000000"),
    ("StampNano", "Jan _2 15:04:05.000000000"),
];
const UNITS_NANOSECONDS: &[(&str, i64)] = &[
    ("Nanosecond", 1),
    ("Microsecond", 1_000),
    ("Millisecond", 1_000_000),
    ("Second", 1_000_000_000),
    ("Minute", 60_000_000_000),
    ("Hour", 3_600_000_000_000),
];

pub(super) fn register(f: &mut Functions) {
    let m = &mut Functions::none();
    for (name, layout) in LAYOUTS {
        add(m, &[name], &[], |_| Ok((*layout).into()));
    }
    for (name, unit) in UNITS_NANOSECONDS {
        add(m, &[name], &[Any], |c| {
            let count = convert::int(&c.value(0), c.meter)
                .map_err(|failure| Failure::Message(format!("expected a number: {failure}")))?;
            Ok(Value::object(Duration::of(count, *unit)))
        });
    }
    add(m, &["ZoneName"], &[], |_| Ok("UTC".into()));
    add(m, &["ZoneOffset"], &[], |_| Ok(Value::Int(0)));
    add(m, &["Parse"], &[Str, Any], |c| {
        let text = convert::text(&c.value(1), c.meter)?;
        Ok(Value::object(parse(&c.str(0)?, &text)?))
    });
    add(m, &["ParseInLocation"], &[Str, Str, Any], |c| {
        let text = convert::text(&c.value(2), c.meter)?;
        Ok(Value::object(parse_in(&c.str(0)?, &text, &Zone::load(&c.str(1)?)?)?))
    });
    add(m, &["ParseDuration"], &[Any], |c| {
        let text = convert::text(&c.value(0), c.meter)?;
        Ok(Value::object(parse_duration(&text)?))
    });
    add(m, &["Unix"], &[Any], unix);
    refuse(m, &[("it reads the clock", "Now Since Until"), (ENVIRONMENT, "ParseLocal")]);
    f.add("time", namespace("*funcs.TimeFuncs", m.clone()));
}

/// Of whole seconds, or of a text with a fraction.
fn unix(c: &mut Call<'_>) -> Outcome {
    let (seconds, nanoseconds) = match c.value(0) {
        Value::Str(text) => split_seconds(&text)?,
        Value::Int(seconds) => (seconds, 0),
        Value::Uint64(seconds) => match i64::try_from(seconds) {
            Ok(seconds) => (seconds, 0),
            Err(_) => {
                return Err(format!("can not parse {seconds} - would overflow int64").into());
            }
        },
        Value::Float(number) => {
            let shown = crate::float::format(number, 'f', Some(6));
            return Err(format!(
                "can not parse floating point number ({shown}) - use a string instead"
            )
            .into());
        }
        Value::Object(object) if !convert::is_time(&c.value(0)) => split_seconds(&object.text())?,
        _ => (0, 0),
    };
    let (carry, nanoseconds) =
        (nanoseconds.div_euclid(1_000_000_000), nanoseconds.rem_euclid(1_000_000_000));
    Ok(Value::time(seconds.saturating_add(carry), nanoseconds as u32))
}

fn split_seconds(text: &str) -> Result<(i64, i64), Failure> {
    let number = |part: &str| {
        let found = crate::strconv::parse_integer(part).and_then(|n| i64::try_from(n).ok());
        found.ok_or_else(|| {
            let shown = crate::strconv::quote(part, false);
            Failure::Message(format!("strconv.ParseInt: parsing {shown}: invalid syntax"))
        })
    };
    match text.split('.').collect::<Vec<_>>()[..] {
        [whole] => Ok((number(whole)?, 0)),
        [whole, fraction] => {
            let padded = format!("{fraction:0<9}");
            let cut = padded.char_indices().nth(9).map_or(&*padded, |(end, _)| &padded[..end]);
            Ok((number(whole)?, number(cut)?))
        }
        _ => Err(format!("can not parse '{text}' as a number - too many decimal points").into()),
    }
}
