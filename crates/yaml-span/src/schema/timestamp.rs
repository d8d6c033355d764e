//! Dates and times as go-yaml recognises them.

/// `2024-1-2`, `2024-1-2 3:4:5.6`, `2024-1-2T3:4:5.6Z`, `2024-1-2t3:4:5+01:00`.
///
/// Fields but the year may have one digit; the fraction may have any number, after `.` or `,`.
pub(super) fn is_timestamp(text: &str) -> bool {
    let mut rest = Reader(text.as_bytes());
    let Some(year) = rest.year() else {
        return false;
    };
    let Some(valid) = rest.month_and_day(year) else {
        return false;
    };
    let ends = match rest.0.first() {
        None => Some(()),
        Some(b'T' | b't') => {
            rest.0 = &rest.0[1..];
            rest.time().and_then(|()| rest.zone())
        }
        Some(b' ') => {
            let blanks = rest.0.iter().take_while(|byte| **byte == b' ').count();
            rest.0 = &rest.0[blanks..];
            rest.time()
        }
        _ => None,
    };
    valid && ends.is_some() && rest.0.is_empty()
}

struct Reader<'t>(&'t [u8]);

impl Reader<'_> {
    fn year(&mut self) -> Option<u32> {
        let (digits, rest) = self.0.split_at_checked(4)?;
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        self.0 = rest;
        self.literal(b'-')?;
        Some(digits.iter().fold(0, |year, digit| year * 10 + u32::from(digit - b'0')))
    }

    /// Tells whether the calendar has that day.
    fn month_and_day(&mut self, year: u32) -> Option<bool> {
        let month = self.number().filter(|month| (1..=12).contains(month))?;
        self.literal(b'-')?;
        let day = self.number()?;
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        Some((1..=days).contains(&day))
    }

    fn time(&mut self) -> Option<()> {
        self.number().filter(|hour| *hour < 24)?;
        self.literal(b':')?;
        self.number().filter(|minute| *minute < 60)?;
        self.literal(b':')?;
        self.number().filter(|second| *second < 60)?;
        if let [b'.' | b',', b'0'..=b'9', ..] = self.0 {
            let digits = self.0[1..].iter().take_while(|byte| byte.is_ascii_digit());
            self.0 = &self.0[1 + digits.count()..];
        }
        Some(())
    }

    /// `Z` or `+hh:mm`, up to 24 hours and 60 minutes.
    fn zone(&mut self) -> Option<()> {
        if let [b'Z', rest @ ..] = self.0 {
            self.0 = rest;
            return Some(());
        }
        let [b'+' | b'-', h1, h2, b':', m1, m2, rest @ ..] = self.0 else {
            return None;
        };
        let pair = |tens: u8, ones: u8| {
            let digits = tens.is_ascii_digit() && ones.is_ascii_digit();
            digits.then(|| (tens - b'0') * 10 + (ones - b'0'))
        };
        let within = pair(*h1, *h2)? <= 24 && pair(*m1, *m2)? <= 60;
        self.0 = rest;
        within.then_some(())
    }

    /// One or two digits.
    fn number(&mut self) -> Option<u32> {
        let digits = self.0.iter().take(2).take_while(|byte| byte.is_ascii_digit());
        let length = digits.count();
        let (digits, rest) = self.0.split_at(length);
        self.0 = rest;
        let value = digits.iter().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'));
        (length > 0).then_some(value)
    }

    fn literal(&mut self, byte: u8) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        (*first == byte).then_some(())
    }
}
