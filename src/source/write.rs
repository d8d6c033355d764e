//! Making commits in a repository on this machine: for the local forge and the demo.
//!
//! A branch moves only from the commit its writer believes it to be at. The branch that a work
//! tree is on is left alone, because its files would not follow.

use std::collections::BTreeMap;
use std::path::Path;

use gix::ObjectId;
use gix::objs::tree::EntryKind;
use gix::refs::Target;
use gix::refs::transaction::{PreviousValue, RefEdit};
use jiff::Timestamp;

use super::merge::{Merged, merge};
use super::{FetchError, tree};
use crate::ids::{Actor, CommitId};

/// Who commits, when, and why.
#[derive(Debug, Clone)]
pub struct Author<'a> {
    /// The person.
    pub actor: &'a Actor,
    /// The time of the commit.
    pub at: Timestamp,
    /// The message; its first line is the subject.
    pub message: &'a str,
}

/// What came of a merge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Merging {
    /// This commit has both.
    Done(CommitId),
    /// The branch had the head already; since this commit, as far as can be told.
    Already(CommitId),
    /// These paths were changed on both sides.
    Conflict(Vec<String>),
}

/// Why nothing was committed.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The branch is elsewhere by now: look again.
    #[error("the branch {branch} is no longer at {expected}")]
    Moved {
        /// Which branch.
        branch: String,
        /// Where the writer believed it to be.
        expected: String,
    },
    /// The branch is checked out in the repository's work tree.
    #[error("the branch {branch} is checked out in {path}; commit there, or check out another")]
    CheckedOut {
        /// Which branch.
        branch: String,
        /// The work tree.
        path: String,
    },
    /// There is no such branch.
    #[error("there is no branch {branch}")]
    NoBranch {
        /// Its name.
        branch: String,
    },
    /// The repository or what is read from it is not as it should be.
    #[error("cannot read what to commit onto")]
    Read(#[from] FetchError),
    /// Git says no.
    #[error("cannot write to the repository {path}")]
    Git {
        /// Which repository.
        path: String,
        /// What went wrong.
        #[source]
        cause: gix::Error,
    },
}

/// Makes an empty bare repository.
pub fn init(path: &Path) -> Result<(), WriteError> {
    let options = gix::create::Options::default();
    match gix::create::into(path, gix::create::Kind::Bare, options) {
        Ok(_) => Ok(()),
        Err(cause) => Err(WriteError::Git { path: path.display().to_string(), cause }),
    }
}

/// The commit a branch is at.
pub fn branch_tip(path: &Path, branch: &str) -> Result<Option<CommitId>, WriteError> {
    Writer::open(path)?.tip(branch).map(|tip| tip.map(commit_id))
}

/// The commit of `branch` since which it contains `head`, as far as can be told; `None` if it
/// does not contain it.
pub fn contained_since(
    path: &Path,
    branch: &str,
    head: &CommitId,
) -> Result<Option<CommitId>, WriteError> {
    let writer = Writer::open(path)?;
    let head = tree::commit(&writer.repository, head)?.id;
    match writer.tip(branch)? {
        Some(base) => Ok(writer.contained_since(base, head)?.map(commit_id)),
        None => Ok(None),
    }
}

/// Commits `changes` (a path with its new content, or with `None` to remove it) on top of
/// `parent` and moves `branch` there. The branch is at the parent, or starts with this commit.
pub fn commit(
    path: &Path,
    branch: &str,
    parent: Option<&CommitId>,
    changes: &BTreeMap<String, Option<Vec<u8>>>,
    author: &Author<'_>,
) -> Result<CommitId, WriteError> {
    let writer = Writer::open(path)?;
    let repository = &writer.repository;
    let parent = match parent {
        Some(parent) => Some(tree::commit(repository, parent)?),
        None => None,
    };
    let root = match &parent {
        Some(parent) => parent.tree_id().map_err(|cause| writer.git(cause))?.detach(),
        None => ObjectId::empty_tree(repository.object_hash()),
    };
    let mut editor = repository.edit_tree(root).map_err(|cause| writer.git(cause))?;
    for (path, content) in changes {
        match content {
            Some(bytes) => repository
                .write_blob(bytes)
                .and_then(|blob| editor.upsert(path.as_str(), EntryKind::Blob, blob).map(drop)),
            None => editor.remove(path.as_str()).map(drop),
        }
        .map_err(|cause| writer.git(cause))?;
    }
    let root = editor.write().map_err(|cause| writer.git(cause))?.detach();
    let parent = parent.map(|parent| parent.id);
    let expected = match parent {
        Some(parent) => PreviousValue::ExistingMustMatch(Target::Object(parent)),
        None => PreviousValue::MustNotExist,
    };
    writer.advance(branch, expected, parent.into_iter().collect(), root, author)
}

/// Makes a merge commit of `head` on `branch`.
pub fn merge_commit(
    path: &Path,
    branch: &str,
    head: &CommitId,
    author: &Author<'_>,
) -> Result<Merging, WriteError> {
    let writer = Writer::open(path)?;
    let Some(base) = writer.tip(branch)? else {
        return Err(WriteError::NoBranch { branch: branch.to_owned() });
    };
    let theirs = tree::commit(&writer.repository, head)?.id;
    if let Some(since) = writer.contained_since(base, theirs)? {
        return Ok(Merging::Already(commit_id(since)));
    }
    match merge(&writer.repository, head, &commit_id(base))? {
        Merged::Conflict(paths) => Ok(Merging::Conflict(paths)),
        Merged::Tree(root) => {
            let expected = PreviousValue::MustExistAndMatch(Target::Object(base));
            writer.advance(branch, expected, vec![base, theirs], root, author).map(Merging::Done)
        }
    }
}

struct Writer {
    repository: gix::Repository,
    path: String,
}

impl Writer {
    fn open(path: &Path) -> Result<Self, WriteError> {
        let shown = path.display().to_string();
        match tree::isolated().open(path) {
            Ok(repository) => Ok(Self { repository: repository.to_thread_local(), path: shown }),
            Err(cause) => Err(WriteError::Git { path: shown, cause }),
        }
    }

    fn tip(&self, branch: &str) -> Result<Option<ObjectId>, WriteError> {
        super::address::check_branch(&self.path, branch)?;
        Ok(super::cache::read_ref(&self.repository, &full_name(branch))?)
    }

    /// The first commit on the way back from `base`, always to the first parent, that has `head`
    /// as another parent; `base` itself if `head` came in without a merge commit.
    fn contained_since(
        &self,
        base: ObjectId,
        head: ObjectId,
    ) -> Result<Option<ObjectId>, WriteError> {
        let both = self.repository.merge_base(base, head).map_err(|cause| self.git(cause))?;
        if both.map(gix::Id::detach) != Some(head) {
            return Ok(None);
        }
        let walk = self.repository.rev_walk([base]).first_parent_only().all();
        for info in walk.map_err(|cause| self.git(cause))? {
            let info = info.map_err(|cause| self.git(cause))?;
            let commit = info.object().map_err(|cause| self.git(cause))?;
            if commit.parent_ids().skip(1).any(|parent| parent.detach() == head) {
                return Ok(Some(info.id));
            }
        }
        Ok(Some(base))
    }

    fn advance(
        &self,
        branch: &str,
        expected: PreviousValue,
        parents: Vec<ObjectId>,
        tree: ObjectId,
        author: &Author<'_>,
    ) -> Result<CommitId, WriteError> {
        super::address::check_branch(&self.path, branch)?;
        self.refuse_checked_out(branch)?;
        let from = parents.first().copied();
        let name: String = author.actor.as_str().replace(['<', '>'], "");
        let signature = gix::actor::Signature {
            email: format!("{name}@local").into(),
            name: name.into(),
            time: gix::date::Time { seconds: author.at.as_second(), offset: 0 },
        };
        let commit = gix::objs::Commit {
            tree,
            parents: parents.into(),
            author: signature.clone(),
            committer: signature.clone(),
            encoding: None,
            message: author.message.into(),
            extra_headers: Vec::new(),
        };
        let id = self.repository.write_object(&commit).map_err(|cause| self.git(cause))?.detach();
        let full = gix::refs::FullName::try_from(full_name(branch))
            .map_err(|cause| self.git(gix::Error::from_error(cause)))?;
        let subject = author.message.lines().next().unwrap_or_default();
        let edit = RefEdit::update(full, id, expected, subject);
        let mut time = gix::date::parse::TimeBuf::default();
        let committer = signature.to_ref(&mut time);
        if let Err(cause) = self.repository.edit_references_as([edit], Some(committer)) {
            if self.tip(branch)? != from {
                let expected = from.map_or("nothing".to_owned(), |from| from.to_string());
                return Err(WriteError::Moved { branch: branch.to_owned(), expected });
            }
            return Err(self.git(cause));
        }
        Ok(commit_id(id))
    }

    fn refuse_checked_out(&self, branch: &str) -> Result<(), WriteError> {
        let head = self.repository.head_name().map_err(|cause| self.git(cause))?;
        let is_head = head.is_some_and(|head| head.as_bstr() == full_name(branch));
        match self.repository.workdir() {
            Some(workdir) if is_head => Err(WriteError::CheckedOut {
                branch: branch.to_owned(),
                path: workdir.display().to_string(),
            }),
            _ => Ok(()),
        }
    }

    fn git(&self, cause: gix::Error) -> WriteError {
        WriteError::Git { path: self.path.clone(), cause }
    }
}

fn full_name(branch: &str) -> String {
    format!("refs/heads/{branch}")
}

fn commit_id(id: ObjectId) -> CommitId {
    CommitId::new(id.to_string()).expect("an object id is hexadecimal")
}

#[cfg(test)]
mod tests;
