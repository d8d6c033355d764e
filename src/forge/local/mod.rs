//! Pull requests in a folder, for a repository on this machine: the whole of a forge, without one.
//!
//! Takes: a folder of its own, a repository, and the name the agent writes under.
//! Gives: [`LocalForge`]: a [`Forge`] for the agent, and what people do (`people.rs`).
//! Never: tells people apart. Whoever may write to the folder may say anything in any name.
//! Start at: the layout below, then `people.rs`.
//! How to add: a field of a file in `files.rs`, with a default so that older files stay readable.
//!
//! ```text
//! pulls/7/pull.yaml                   number, title, author, head and base branch, state
//! pulls/7/comments/<id>.md            author and time, an empty line, the text
//! pulls/7/approvals/<user>.yaml       who approved which head, and when
//! pulls/7/.lock                       held while any of these is changed
//! statuses/<commit>/<context>.json    one status; a `.lock` beside it, too
//! ```
//!
//! The head is what its branch is at: a push moves it, and approvals of an earlier head do not
//! count. A head branch that is gone closes its pull request; one that the base contains is
//! merged, however that came about.

mod files;
mod people;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Capabilities, Forge, ForgeError, PullRequest, Status};
use crate::ids::{Actor, CommitId, PullNumber};
use crate::source::watch::Watch;
use crate::world::World;

pub use people::{Comment, NewPull, PullView};

/// How often a missed change is noticed.
const PERIOD: Duration = Duration::from_secs(15);

/// As long as GitHub's, so that what is tried here fits there.
const COMMENT_CHARACTERS_MAX: usize = 65_536;

/// A line of a status, as [`Status::description`] promises it.
const DESCRIPTION_CHARACTERS_MAX: usize = 140;

/// A forge in a folder. Cheap to clone.
#[derive(Clone)]
pub struct LocalForge {
    inner: Arc<Inner>,
}

struct Inner {
    folder: PathBuf,
    repository: PathBuf,
    user: Actor,
    world: World,
    watch: Watch,
}

impl LocalForge {
    /// Opens the forge in `folder`, made if it is not there, for the repository at `repository`.
    /// The agent writes its comments as `user`.
    pub fn open(
        folder: impl Into<PathBuf>,
        repository: impl Into<PathBuf>,
        user: Actor,
        world: World,
    ) -> Result<Self, ForgeError> {
        let (folder, repository) = (folder.into(), repository.into());
        for inside in ["pulls", "statuses"] {
            files::make_folder(&folder.join(inside))?;
        }
        let watch = Watch::new(PERIOD).and_below(&folder).and_branches(&repository);
        Ok(Self { inner: Arc::new(Inner { folder, repository, user, world, watch }) })
    }

    /// Runs `work`, which reads and writes files, where it may block.
    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self) -> Result<T, ForgeError> + Send + 'static,
    ) -> Result<T, ForgeError> {
        let forge = self.clone();
        let stopped = || ForgeError::Unreachable("the process is about to end".to_owned());
        let done = self.inner.world.work.blocking(move || work(&forge)).await;
        done.unwrap_or_else(|_| Err(stopped()))
    }

    fn pull_folder(&self, pull: PullNumber) -> PathBuf {
        self.inner.folder.join("pulls").join(pull.0.to_string())
    }

    fn status_folder(&self, commit: &CommitId) -> PathBuf {
        self.inner.folder.join("statuses").join(commit.as_str())
    }

    fn repository(&self) -> &Path {
        &self.inner.repository
    }

    fn say_now(&self, pull: PullNumber, marker: &str, body: &str) -> Result<String, ForgeError> {
        let text = match body.lines().next() == Some(marker) {
            true => body.to_owned(),
            false => format!("{marker}\n{body}"),
        };
        check_comment(&text)?;
        let folder = self.pull_folder(pull);
        let _lock = files::lock(&folder)?;
        let said = files::comments(&folder)?.into_iter().find(|comment| {
            comment.author == self.inner.user && comment.body.lines().next() == Some(marker)
        });
        match said {
            Some(said) if said.body == text => Ok(said.id),
            Some(said) => {
                files::write_comment(&folder, &Comment { body: text, ..said.clone() })?;
                Ok(said.id)
            }
            None => self.write_comment(&folder, self.inner.user.clone(), text),
        }
    }

    fn write_comment(
        &self,
        folder: &Path,
        author: Actor,
        body: String,
    ) -> Result<String, ForgeError> {
        let id = self.inner.world.ids.unique();
        let at = self.inner.world.clock.now();
        files::write_comment(folder, &Comment { id: id.clone(), author, at, body })?;
        Ok(id)
    }

    fn set_status_now(&self, commit: &CommitId, status: &Status) -> Result<(), ForgeError> {
        let characters = status.description.chars().count();
        if characters > DESCRIPTION_CHARACTERS_MAX {
            return Err(ForgeError::Refused(format!(
                "a status has at most {DESCRIPTION_CHARACTERS_MAX} characters, this one {characters}"
            )));
        }
        let folder = self.status_folder(commit);
        files::make_folder(&folder)?;
        let _lock = files::lock(&folder)?;
        files::write_status(&folder, status)
    }
}

#[async_trait]
impl Forge for LocalForge {
    fn capabilities(&self) -> Capabilities {
        Capabilities {
            comment_characters_max: COMMENT_CHARACTERS_MAX,
            folds: true,
            alerts: true,
            diagrams: true,
        }
    }

    async fn pulls(&self, base: &str, since: Timestamp) -> Result<Vec<PullRequest>, ForgeError> {
        let base = base.to_owned();
        self.blocking(move |forge| forge.pulls_now(Some(&base), Some(since))).await
    }

    async fn say(&self, pull: PullNumber, marker: &str, body: &str) -> Result<String, ForgeError> {
        let (marker, body) = (marker.to_owned(), body.to_owned());
        self.blocking(move |forge| forge.say_now(pull, &marker, &body)).await
    }

    async fn set_status(&self, commit: &CommitId, status: &Status) -> Result<(), ForgeError> {
        let (commit, status) = (commit.clone(), status.clone());
        self.blocking(move |forge| forge.set_status_now(&commit, &status)).await
    }

    async fn wake(&self) {
        self.inner.watch.wake(&self.inner.world).await;
    }
}

fn check_comment(text: &str) -> Result<(), ForgeError> {
    let characters = text.chars().count();
    if characters <= COMMENT_CHARACTERS_MAX {
        return Ok(());
    }
    Err(ForgeError::Refused(format!(
        "a comment has at most {COMMENT_CHARACTERS_MAX} characters, this one {characters}"
    )))
}

#[cfg(test)]
mod tests;
