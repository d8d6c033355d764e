//! Reports for pull-request comments.
//!
//! Takes: the values that every surface shows, and what the forge's comments can hold.
//! Gives: markdown, its first line the marker the comment is found by.
//! Never: user text outside of `escape.rs`; a cut inside a fence; more than the forge takes.
//! Start at: `comment.rs`.
//! How to add: one file per comment; a new way of dropping detail is a step of [`Detail`].

mod comment;
mod earlier;
mod stack;
mod order;
mod progress;
mod outcome;
mod conflict;
mod unplanned;

mod escape;

use crate::ids::Scope;

pub use comment::comment;
pub use conflict::conflict;
pub use outcome::{outcome, outcomes};
pub use unplanned::unplanned;

/// What a forge's comments can show and hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Longest comment. Counted in bytes here, which are never fewer than characters.
    pub characters_max: usize,
    /// Whether `<details>` folds.
    pub folds: bool,
    /// Whether `> [!CAUTION]` is a box.
    pub alerts: bool,
    /// Whether a fence of `mermaid` is a diagram.
    pub diagrams: bool,
}

/// How much a comment says. Each step leaves out more; what goes for good is named at all but
/// the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Detail {
    /// Everything.
    Full,
    /// Long texts without the lines around a difference.
    Lines,
    /// Only changes of what is there: no bodies of what is created.
    Changes,
    /// Fields without values.
    Fields,
    /// Counts, and the names of what goes.
    Counts,
    /// The verdict.
    Verdict,
}

impl Detail {
    const LADDER: [Self; 6] =
        [Self::Full, Self::Lines, Self::Changes, Self::Fields, Self::Counts, Self::Verdict];

    /// What was left out, for the reader; `None`: nothing.
    fn omission(self) -> Option<&'static str> {
        match self {
            Self::Full => None,
            Self::Lines => Some("unchanged lines around differences"),
            Self::Changes => Some("the content of what is created"),
            Self::Fields => Some("the values of fields"),
            Self::Counts | Self::Verdict => Some("everything but the counts"),
        }
    }
}

/// The invisible first line that a comment of this agent about this repository is found by; a
/// pull request has one comment for each topic.
pub fn marker(topic: &str, scope: &Scope) -> String {
    // Names of agents and repositories hold letters, digits, `-`, `_` and `.`; two dashes would
    // end the comment for some readers.
    format!("<!-- isobar:{topic} {} -->", scope.to_string().replace("--", "-\u{2010}"))
}

#[cfg(test)]
mod tests;
