//! Days and seconds to dates and back, in the Gregorian calendar of all years.

const DAY_SECONDS: i64 = 86_400;
/// Days of 400 years, after which the calendar repeats.
const ERA_DAYS: i64 = 146_097;
/// Beyond this the arithmetic would overflow; no date anyone writes is near.
const YEAR_MAX: i64 = 1_000_000_000;

/// A date and a time of day. Fields out of range count on: January 32 is February 1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Civil {
    pub year: i64,
    /// From 1.
    pub month: i64,
    /// From 1.
    pub day: i64,
    pub hour: i64,
    pub minute: i64,
    pub second: i64,
}

impl Civil {
    /// Of the seconds since 1970.
    pub(super) fn from_seconds(seconds: i64) -> Self {
        let (days, rest) = (seconds.div_euclid(DAY_SECONDS), seconds.rem_euclid(DAY_SECONDS));
        // Years that begin in March end with the leap day.
        let shifted = days + 719_468;
        let (era, of_era) = (shifted.div_euclid(ERA_DAYS), shifted.rem_euclid(ERA_DAYS));
        let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year + year / 4 - year / 100);
        let month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month + 2) / 5 + 1;
        let month = if month < 10 { month + 3 } else { month - 9 };
        Self {
            year: year + era * 400 + i64::from(month <= 2),
            month,
            day,
            hour: rest / 3600,
            minute: rest / 60 % 60,
            second: rest % 60,
        }
    }

    /// Seconds since 1970.
    pub(crate) fn to_seconds(self) -> i64 {
        let months = self.month.saturating_sub(1);
        let year = self.year.saturating_add(months.div_euclid(12)).clamp(-YEAR_MAX, YEAR_MAX);
        let month = months.rem_euclid(12) + 1;
        let limit = YEAR_MAX * 366;
        let days = days_from_civil(year, month) + self.day.clamp(-limit, limit) - 1;
        days * DAY_SECONDS + self.hour * 3600 + self.minute * 60 + self.second
    }

    /// From 1.
    pub(super) fn year_day(self) -> i64 {
        days_from_civil(self.year, self.month) - days_from_civil(self.year, 1) + self.day
    }

    /// From Sunday, which is 0.
    pub(super) fn weekday(self) -> u8 {
        let days = days_from_civil(self.year, self.month) + self.day - 1;
        (days + 4).rem_euclid(7) as u8
    }
}

/// Days from 1970 to the first of this month, which is in range.
fn days_from_civil(year: i64, month: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5;
    era * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

pub(super) fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub(super) fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests;
