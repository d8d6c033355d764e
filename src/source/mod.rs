//! Config repositories: from a branch or a folder to a complete [`Snapshot`].
//!
//! Takes: a repository as the agent's settings name it (url, branch, path, credentials).
//! Gives: [`Snapshot`], complete or not at all; [`Tip`], where the branch stands and how it moved.
//! Never: a work tree for what a repository says; hooks, filters, submodules; an empty tree for
//! one that could not be read; a credential sent to another host or path.
//! Start at: `snapshot.rs`, then `listing.rs` (what a tree may hold) and `git.rs`.
//! How to add: implement [`Source`], and mint snapshots through `Snapshot::new` alone.

mod snapshot;
mod listing;
mod tree;
mod merge;
mod address;
mod credentials;
mod trust;
mod cache;
mod copy;
mod packs;
mod fetch;
mod git;
mod import;
mod chart;
mod folder;
pub mod write;
pub(crate) mod watch;

use async_trait::async_trait;

use crate::ids::{CommitId, PullNumber};
use crate::model::revision::Revision;

pub use folder::{
    Folder, FolderSource, GitFacts, TOOL_FOLDERS, checked_out, commit_snapshot, folder_snapshot,
    git_facts, main_branch,
};
pub use git::{GitSettings, GitSource};
pub use import::{ImportError, Imported, Imports};
pub use packs::PACKS_MAX;
pub use snapshot::{Entry, ReadError, Said, Snapshot, TEXT_BYTES_MAX};
pub use trust::Distrust;

/// A repository that snapshots come from.
#[async_trait]
pub trait Source: Send + Sync {
    /// Brings what is new, and tells where the tracked branch stands.
    async fn fetch(&self) -> Result<Tip, FetchError>;

    /// The tree of a revision that is already here.
    async fn snapshot(&self, revision: &Revision) -> Result<Snapshot, FetchError>;

    /// What the tracked branch would be if `head` were merged into `base` now, made in the object
    /// store alone.
    async fn merge(
        &self,
        pull: PullNumber,
        head: &CommitId,
        base: &CommitId,
    ) -> Result<Merge, FetchError>;

    /// Whether the history of `tip` has `earlier` in it. What is not here is in no history.
    async fn contains(&self, tip: &CommitId, earlier: &CommitId) -> Result<bool, FetchError>;

    /// Returns when something may have changed: the period with jitter is over, or a local
    /// repository was written to.
    async fn wake(&self);
}

/// Where a tracked branch stands, and how it came there. None of these is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tip {
    /// Here; it moved forward, or not at all, since the last look.
    At(Revision),
    /// Here; it does not contain what was last seen (force-push, reset).
    Rewritten {
        /// What was last seen.
        from: CommitId,
        /// Where it is now.
        to: CommitId,
    },
    /// The branch is gone; the last seen commit, if any, is kept.
    Deleted {
        /// What was last seen.
        last: Option<CommitId>,
    },
}

/// What merging two commits gives.
#[derive(Debug, Clone)]
pub enum Merge {
    /// A tree.
    Clean(Snapshot),
    /// No tree: a person has to decide about these paths.
    Conflict(Vec<String>),
}

/// Why there is no snapshot. The last good one stays valid.
#[derive(Debug, thiserror::Error)]
pub enum FetchError {
    /// The url or the branch is not one that Isobar uses.
    #[error("{url} cannot be used: {what}")]
    Unusable {
        /// Without credentials.
        url: String,
        /// What is wrong with it.
        what: String,
    },
    /// The repository cannot be reached or refuses us.
    #[error("cannot fetch {url}")]
    Unreachable {
        /// Without credentials.
        url: String,
        /// What went wrong.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The server cannot show that it is who it says it is.
    #[error("cannot trust {url}")]
    Untrusted {
        /// Without credentials.
        url: String,
        /// What is wrong, and what to do.
        #[source]
        why: Distrust,
    },
    /// What came is not a complete tree.
    #[error("revision {revision} is incomplete: {what}")]
    Incomplete {
        /// Which one.
        revision: String,
        /// What is missing or broken.
        what: String,
    },
    /// Nothing in the clone is called so.
    #[error("there is no revision `{revision}` here; {advice}")]
    NoRevision {
        /// What was asked for.
        revision: String,
        /// What may have been meant, or what to do.
        advice: String,
    },
    /// The repository is larger than Isobar reads.
    #[error("revision {revision} has {what}, more than the limit of {limit}")]
    TooLarge {
        /// Which one.
        revision: String,
        /// What there is too much of, with its number.
        what: String,
        /// The limit.
        limit: u64,
    },
    /// The tree holds a name that is never used, or what was asked for is not there.
    #[error("{path}: {what}")]
    Refused {
        /// Where.
        path: String,
        /// What and why.
        what: String,
    },
    /// A local folder cannot be read.
    #[error("cannot read {path}")]
    Io {
        /// Where.
        path: String,
        /// What went wrong.
        #[source]
        cause: std::io::Error,
    },
    /// The work was cancelled.
    #[error("cancelled")]
    Cancelled,
}

#[cfg(test)]
mod fixture;
