//! Where people review: pull requests, their comments, statuses and approvals.
//!
//! Takes: finished texts and states; a pull request is named by its number.
//! Gives: [`PullRequest`]s as they are now. What an event said is never used, only re-read.
//! Never: decides who may do what; renders a report; retries.
//! Start at: [`Forge`], then `local/mod.rs`.
//! How to add: one folder that implements [`Forge`], one arm where the agent's settings are
//! opened.

pub mod local;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ids::{Actor, CommitId, PullNumber};

/// A place with pull requests.
#[async_trait]
pub trait Forge: Send + Sync {
    /// What its comments can show and hold.
    fn capabilities(&self) -> Capabilities;

    /// Every open pull request into `base`, and those closed or merged since `since`.
    async fn pulls(&self, base: &str, since: Timestamp) -> Result<Vec<PullRequest>, ForgeError>;

    /// Makes the comment that starts with `marker` say `body`: edits it if it is there, writes it
    /// if not. Gives the comment's id. Saying the same again changes nothing.
    async fn say(&self, pull: PullNumber, marker: &str, body: &str) -> Result<String, ForgeError>;

    /// Sets one status of a commit.
    async fn set_status(&self, commit: &CommitId, status: &Status) -> Result<(), ForgeError>;

    /// Returns when something may have changed.
    async fn wake(&self);
}

/// A pull request as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullRequest {
    /// Its number.
    pub number: PullNumber,
    /// Its title. Hostile text, like all of it.
    pub title: String,
    /// Who opened it.
    pub author: Actor,
    /// Its last commit.
    pub head: CommitId,
    /// The branch it goes into.
    pub base: String,
    /// Whether it is still to be decided.
    pub state: PullState,
    /// Approvals by people, of a head each. Those of an earlier head do not count.
    pub approvals: Vec<PullApproval>,
}

/// Whether a pull request is still to be decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PullState {
    /// It is.
    Open,
    /// It is part of its base since this commit.
    Merged(CommitId),
    /// It never will be.
    Closed,
}

/// One person's yes to one head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PullApproval {
    /// Who says so.
    pub by: Actor,
    /// To which commit.
    pub head: CommitId,
    /// When.
    pub at: Timestamp,
}

/// One status of a commit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// What it is about: `isobar/plan`.
    pub context: String,
    /// How it stands.
    pub state: StatusState,
    /// One line, at most 140 characters.
    pub description: String,
}

/// How a status stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StatusState {
    /// Not decided.
    Pending,
    /// Good.
    Success,
    /// Not good, for a reason in the change.
    Failure,
    /// Not good, for a reason outside the change.
    Error,
}

/// What a forge's comments can show and hold: drives the renderer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capabilities {
    /// Longest comment, in characters.
    pub comment_characters_max: usize,
    /// Whether `<details>` folds.
    pub folds: bool,
    /// Whether `> [!CAUTION]` is a box.
    pub alerts: bool,
    /// Whether a fence of `mermaid` is a diagram.
    pub diagrams: bool,
}

/// The forge did not do it.
#[derive(Debug, thiserror::Error)]
pub enum ForgeError {
    /// It cannot be reached, or is busy.
    #[error("the forge cannot be reached: {0}")]
    Unreachable(String),
    /// It says no.
    #[error("the forge refuses: {0}")]
    Refused(String),
}
