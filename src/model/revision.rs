//! Which tree something was read from.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::{CommitId, ContentId, PullNumber};

/// Where a snapshot comes from. Only a commit can be approved, or applied by `serve`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Revision {
    /// A commit on the tracked branch.
    Commit(CommitId),
    /// What the branch would be if the pull request were merged now.
    Merge {
        /// The pull request.
        pull: PullNumber,
        /// Its last commit.
        head: CommitId,
        /// The tip of the branch it goes into.
        base: CommitId,
    },
    /// A folder as it stands, uncommitted edits included; the id is over paths and contents.
    Folder(ContentId),
}

impl Revision {
    /// The commit on the tracked branch, if it is one.
    pub fn commit(&self) -> Option<&CommitId> {
        match self {
            Self::Commit(id) => Some(id),
            Self::Merge { .. } | Self::Folder(_) => None,
        }
    }
}

/// Short, for people.
impl fmt::Display for Revision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |id: &CommitId| id.as_str().chars().take(8).collect::<String>();
        match self {
            Self::Commit(id) => f.write_str(&short(id)),
            Self::Merge { pull, head, base } => {
                write!(f, "{} onto {} ({pull})", short(head), short(base))
            }
            Self::Folder(_) => f.write_str("this folder"),
        }
    }
}
