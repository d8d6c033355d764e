//! What is said of an object.

use std::fmt;

use jiff::Timestamp;

/// Longest reason, in bytes: three lines of a terminal of 80 columns.
const REASON_BYTES_MAX: usize = 240;

/// What an object is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// It does what it was asked to do, or nothing more is to be expected of it.
    Healthy,
    /// It is on its way.
    Progressing {
        /// What it waits for.
        reason: Reason,
        /// From then on this very object is degraded unless it changes before; without it only a
        /// change of the object can change its state.
        until: Option<Timestamp>,
    },
    /// It says of itself that it failed. It may recover by itself, but a person should look.
    Degraded(Reason),
    /// Somebody asked that nothing happens to it for now.
    Suspended(Reason),
    /// It cannot be judged.
    Unknown(Reason),
}

impl Health {
    /// Progress that only a change of the object can end.
    pub(crate) fn progressing<T: Into<Reason>>(reason: T) -> Self {
        Self::Progressing { reason: reason.into(), until: None }
    }

    pub(crate) fn degraded<T: Into<Reason>>(reason: T) -> Self {
        Self::Degraded(reason.into())
    }

    pub(crate) fn suspended<T: Into<Reason>>(reason: T) -> Self {
        Self::Suspended(reason.into())
    }

    pub(crate) fn unknown<T: Into<Reason>>(reason: T) -> Self {
        Self::Unknown(reason.into())
    }

    /// One lowercase word for the state.
    pub fn state(&self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Progressing { .. } => "progressing",
            Self::Degraded(_) => "degraded",
            Self::Suspended(_) => "suspended",
            Self::Unknown(_) => "unknown",
        }
    }

    /// Why; what is healthy needs no reason.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Healthy => None,
            Self::Progressing { reason, .. }
            | Self::Degraded(reason)
            | Self::Suspended(reason)
            | Self::Unknown(reason) => Some(reason),
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.reason() {
            None => f.write_str(self.state()),
            Some(reason) => write!(f, "{}: {reason}", self.state()),
        }
    }
}

/// One line of at most 240 bytes without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason(Box<str>);

impl Reason {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<T: AsRef<str>> From<T> for Reason {
    fn from(text: T) -> Self {
        let mut line = String::new();
        for word in text.as_ref().split(|c: char| c.is_whitespace() || c.is_control()) {
            if word.is_empty() {
                continue;
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
            if line.len() > REASON_BYTES_MAX {
                line.truncate(line.floor_char_boundary(REASON_BYTES_MAX - '…'.len_utf8()));
                line.push('…');
                break;
            }
        }
        Self(line.into())
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests;
