//! What people do at the local forge. All of it blocks for as long as a few small files take.

use jiff::Timestamp;

use super::files::{self, PullFile, State};
use super::{LocalForge, check_comment};
use crate::forge::{ForgeError, PullApproval, PullRequest, PullState, Status};
use crate::ids::{Actor, CommitId, PullNumber};
use crate::source::write::{self, Author, Merging, WriteError};

/// A pull request to be opened.
#[derive(Debug, Clone)]
pub struct NewPull {
    /// One line about it.
    pub title: String,
    /// Who opens it.
    pub author: Actor,
    /// The branch that is to be merged.
    pub head: String,
    /// The branch it is to be merged into.
    pub base: String,
}

/// A pull request with all that was said about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PullView {
    /// The pull request.
    pub pull: PullRequest,
    /// The branch that is to be merged.
    pub branch: String,
    /// What was said, the oldest first.
    pub comments: Vec<Comment>,
    /// How its head stands, by context.
    pub statuses: Vec<Status>,
}

/// One comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Comment {
    /// Its id.
    pub id: String,
    /// Who wrote it.
    pub author: Actor,
    /// When it was written first.
    pub at: Timestamp,
    /// The text.
    pub body: String,
}

impl LocalForge {
    /// Opens a pull request. Both branches have to be there, and the head has something new.
    pub fn open_pull(&self, new: &NewPull) -> Result<PullNumber, ForgeError> {
        let title = new.title.trim();
        if title.is_empty() || title.contains('\n') {
            return Err(ForgeError::Refused("a title is one line of text".to_owned()));
        }
        let head = self.tip(&new.head)?.ok_or_else(|| no_branch(&new.head))?;
        self.tip(&new.base)?.ok_or_else(|| no_branch(&new.base))?;
        if self.contained_since(&new.base, &head)?.is_some() {
            let (head, base) = (&new.head, &new.base);
            return Err(ForgeError::Refused(format!("{base} has all of {head} already")));
        }
        let same = |pull: &PullFile| (&pull.head, &pull.base) == (&new.head, &new.base);
        let all = self.files()?;
        if let Some(open) = all.iter().find(|pull| pull.state == State::Open && same(pull)) {
            let number = PullNumber(open.number);
            return Err(ForgeError::Refused(format!("{number} is about that branch already")));
        }
        let (number, folder) = files::new_pull_folder(&self.inner.folder)?;
        let pull = PullFile {
            number: number.0,
            title: title.to_owned(),
            author: new.author.clone(),
            head: new.head.clone(),
            base: new.base.clone(),
            state: State::Open,
            merged: None,
            commit: head,
            ended: None,
        };
        files::write_pull(&folder, &pull)?;
        Ok(number)
    }

    /// Says yes to the head as it is now.
    pub fn approve(&self, number: PullNumber, by: &Actor) -> Result<PullApproval, ForgeError> {
        let folder = self.pull_folder(number);
        let _lock = files::lock(&folder)?;
        let pull = self.open_one(number)?;
        let at = self.inner.world.clock.now();
        let approval = PullApproval { by: by.clone(), head: pull.commit, at };
        files::write_approval(&folder, &approval)?;
        Ok(approval)
    }

    /// Says something. Gives the comment's id.
    pub fn comment(
        &self,
        number: PullNumber,
        by: &Actor,
        body: &str,
    ) -> Result<String, ForgeError> {
        check_comment(body)?;
        let folder = self.pull_folder(number);
        let _lock = files::lock(&folder)?;
        self.file(number)?;
        self.write_comment(&folder, by.clone(), body.to_owned())
    }

    /// Merges the head as it is now into the base, with a merge commit.
    pub fn merge(&self, number: PullNumber, by: &Actor) -> Result<CommitId, ForgeError> {
        let folder = self.pull_folder(number);
        let _lock = files::lock(&folder)?;
        let pull = self.open_one(number)?;
        let at = self.inner.world.clock.now();
        let message = format!("Merge pull request {number}: {}\n", pull.title);
        let author = Author { actor: by, at, message: &message };
        match write::merge_commit(self.repository(), &pull.base, &pull.commit, &author) {
            Ok(Merging::Done(commit) | Merging::Already(commit)) => {
                let merged = Some(commit.clone());
                let pull = PullFile { state: State::Merged, merged, ended: Some(at), ..pull };
                files::write_pull(&folder, &pull)?;
                Ok(commit)
            }
            Ok(Merging::Conflict(paths)) => Err(ForgeError::Refused(format!(
                "{number} conflicts with {} in {}",
                pull.base,
                paths.join(", ")
            ))),
            Err(cause) => Err(refused(&cause)),
        }
    }

    /// Closes a pull request without merging it.
    pub fn close(&self, number: PullNumber) -> Result<(), ForgeError> {
        let folder = self.pull_folder(number);
        let _lock = files::lock(&folder)?;
        let pull = self.open_one(number)?;
        let ended = Some(self.inner.world.clock.now());
        files::write_pull(&folder, &PullFile { state: State::Closed, ended, ..pull })
    }

    /// One pull request with all that was said about it.
    pub fn show(&self, number: PullNumber) -> Result<PullView, ForgeError> {
        let file = self.current(&self.file(number)?)?;
        let branch = file.head.clone();
        let comments = files::comments(&self.pull_folder(number))?;
        let statuses = files::statuses(&self.status_folder(&file.commit))?;
        Ok(PullView { pull: self.request(file)?, branch, comments, statuses })
    }

    /// Every pull request into any branch, whatever its state.
    pub fn list(&self) -> Result<Vec<PullRequest>, ForgeError> {
        self.pulls_now(None, None)
    }

    /// Those into `base`, if it is given, which are open or ended since `since`, if it is given.
    pub(super) fn pulls_now(
        &self,
        base: Option<&str>,
        since: Option<Timestamp>,
    ) -> Result<Vec<PullRequest>, ForgeError> {
        let mut found = Vec::new();
        for pull in self.files()? {
            if base.is_some_and(|base| pull.base != base) {
                continue;
            }
            let pull = self.current(&pull)?;
            if pull.ended.zip(since).is_none_or(|(ended, since)| ended >= since) {
                found.push(self.request(pull)?);
            }
        }
        Ok(found)
    }

    fn files(&self) -> Result<Vec<PullFile>, ForgeError> {
        files::pulls(&self.inner.folder)
    }

    fn file(&self, number: PullNumber) -> Result<PullFile, ForgeError> {
        match files::read_pull(&self.pull_folder(number))? {
            Some(pull) => Ok(pull),
            None => Err(ForgeError::Refused(format!("there is no pull request {number}"))),
        }
    }

    /// An open pull request with its head as it is now. The caller holds its lock.
    fn open_one(&self, number: PullNumber) -> Result<PullFile, ForgeError> {
        let pull = self.settled(self.file(number)?)?;
        match pull.state {
            State::Open => Ok(pull),
            State::Merged => Err(ForgeError::Refused(format!("{number} is merged"))),
            State::Closed => Err(ForgeError::Refused(format!("{number} is closed"))),
        }
    }

    /// A pull request as it is now; what the repository ended is written down.
    fn current(&self, pull: &PullFile) -> Result<PullFile, ForgeError> {
        let settled = self.settled(pull.clone())?;
        if settled.state == pull.state {
            return Ok(settled);
        }
        let number = PullNumber(pull.number);
        let folder = self.pull_folder(number);
        let _lock = files::lock(&folder)?;
        let settled = self.settled(self.file(number)?)?;
        files::write_pull(&folder, &settled)?;
        Ok(settled)
    }

    /// What the repository makes of an open pull request: a new head, merged, or closed.
    fn settled(&self, pull: PullFile) -> Result<PullFile, ForgeError> {
        if pull.state != State::Open {
            return Ok(pull);
        }
        let ended = Some(self.inner.world.clock.now());
        let Some(commit) = self.tip(&pull.head)? else {
            return Ok(PullFile { state: State::Closed, ended, ..pull });
        };
        match self.contained_since(&pull.base, &commit)? {
            Some(since) => {
                let merged = Some(since);
                Ok(PullFile { state: State::Merged, merged, ended, commit, ..pull })
            }
            None => Ok(PullFile { commit, ..pull }),
        }
    }

    fn request(&self, file: PullFile) -> Result<PullRequest, ForgeError> {
        let number = PullNumber(file.number);
        let state = match (file.state, file.merged) {
            (State::Merged, Some(commit)) => PullState::Merged(commit),
            (State::Open, _) => PullState::Open,
            (State::Closed | State::Merged, _) => PullState::Closed,
        };
        Ok(PullRequest {
            number,
            title: file.title,
            author: file.author,
            head: file.commit,
            base: file.base,
            state,
            approvals: files::approvals(&self.pull_folder(number))?,
        })
    }

    fn tip(&self, branch: &str) -> Result<Option<CommitId>, ForgeError> {
        write::branch_tip(self.repository(), branch).map_err(|cause| refused(&cause))
    }

    fn contained_since(&self, base: &str, head: &CommitId) -> Result<Option<CommitId>, ForgeError> {
        write::contained_since(self.repository(), base, head).map_err(|cause| refused(&cause))
    }
}

fn no_branch(branch: &str) -> ForgeError {
    ForgeError::Refused(format!("there is no branch {branch}"))
}

/// With its causes, because a [`ForgeError`] has none.
fn refused(cause: &WriteError) -> ForgeError {
    let mut text = cause.to_string();
    let mut below = std::error::Error::source(cause);
    while let Some(cause) = below {
        text = format!("{text}: {cause}");
        below = cause.source();
    }
    ForgeError::Refused(text)
}
