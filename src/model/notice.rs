//! What a target is told of what happens to its resources, so that people see it there.

use super::revision::Revision;
use crate::ids::{ComponentId, ResourceKey, StackName};

/// One thing to say at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What it is about.
    pub about: About,
    /// What happened, in one word.
    pub reason: Reason,
    /// The same in a sentence. Fields are named in it; no value ever is.
    pub note: String,
    /// What was wanted then.
    pub revision: Revision,
}

/// What a notice is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum About {
    /// One resource, with the target's own id of it if that is known.
    Resource(ComponentId, ResourceKey, Option<String>),
    /// A stack as a whole.
    Stack(StackName),
}

/// What happened, what went wrong first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The target does not take what is wanted.
    Refused,
    /// It was to be changed, and was not.
    Failed,
    /// It does not get to where it should.
    Degraded,
    /// It had left what was last applied, and was put back.
    Corrected,
    /// It was not wanted any more.
    Deleted,
    /// It was made anew, because it could not change.
    Replaced,
    /// A commit changed it.
    Updated,
    /// It was degraded, and is not any more.
    Recovered,
    /// Not all of a plan was applied.
    Incomplete,
    /// A plan was applied.
    Applied,
}

impl Reason {
    /// Every one.
    pub const ALL: [Self; 10] = [
        Self::Refused,
        Self::Failed,
        Self::Degraded,
        Self::Corrected,
        Self::Deleted,
        Self::Replaced,
        Self::Updated,
        Self::Recovered,
        Self::Incomplete,
        Self::Applied,
    ];

    /// The word, as targets write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Refused => "Refused",
            Self::Failed => "Failed",
            Self::Degraded => "Degraded",
            Self::Corrected => "Corrected",
            Self::Deleted => "Deleted",
            Self::Replaced => "Replaced",
            Self::Updated => "Updated",
            Self::Recovered => "Recovered",
            Self::Incomplete => "Incomplete",
            Self::Applied => "Applied",
        }
    }

    /// What was being done.
    pub fn action(self) -> &'static str {
        match self {
            Self::Refused => "Plan",
            Self::Degraded | Self::Recovered => "Watch",
            Self::Corrected => "Correct",
            Self::Deleted => "Delete",
            Self::Replaced => "Replace",
            Self::Updated => "Update",
            Self::Failed | Self::Incomplete | Self::Applied => "Apply",
        }
    }

    /// Whether somebody should look.
    pub fn is_warning(self) -> bool {
        matches!(self, Self::Refused | Self::Failed | Self::Degraded | Self::Incomplete)
    }
}
