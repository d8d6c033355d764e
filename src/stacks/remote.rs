//! Imports of files that are not in the repository: what the lock says of them, and what was
//! fetched.
//!
//! Nothing is fetched here. A file that is not known is a [`Question`] with the url and what the
//! lock says, and the answer is held against the lock before anything is made of it. A file that
//! the lock does not know is never asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::lock::Lock;
use super::path;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::ids::ContentId;
use crate::model::chart::LockedChart;
use crate::model::question::{Answer, Answers, Question};
use crate::model::remote::{RemoteFile, is_remote};
use crate::source::Snapshot;

/// How many files of other places one tree may import. Each is a request of its own, and all stacks
/// of its repository wait for it.
const REMOTES_MAX: usize = 1_000;

/// The function of the questions.
const IMPORT: &str = "import";

/// What is known of files at other places.
#[derive(Clone, Default)]
pub(super) struct Remotes {
    /// What they have to be; `None` while that is being found out.
    lock: Option<Lock>,
    known: BTreeMap<Question, Answer>,
    /// The texts that are what they have to be, by url.
    texts: BTreeMap<Arc<str>, Arc<str>>,
    /// What would have to be known.
    asked: BTreeSet<Question>,
}

impl Remotes {
    /// Those of a snapshot, with what is wrong with its lock.
    pub(super) fn of(snapshot: &Snapshot) -> (Self, Vec<Diagnostic>) {
        let (lock, found) = Lock::of(snapshot);
        (Self { lock: Some(lock), ..Self::default() }, found)
    }

    /// Takes over what `before` knew, as far as it still matters.
    pub(super) fn with(mut self, before: Self) -> Self {
        self.known = before.known;
        if let Some(lock) = &self.lock {
            let matters = |question: &Question| {
                let url = question.arguments.first().map(AsRef::as_ref).unwrap_or_default();
                self.question(lock, url).as_ref() == Some(question)
            };
            let known: Vec<_> = self.known.keys().filter(|one| matters(one)).cloned().collect();
            self.known.retain(|question, _| known.contains(question));
        }
        self
    }

    /// Learns what `answers` say about imports. Whether any of it is new.
    pub(super) fn learn(&mut self, answers: &Answers) -> bool {
        let mut is_new = false;
        for (question, answer) in answers {
            let is_import = question.function.as_ref() == IMPORT && *answer != Answer::Later;
            if is_import && self.known.get(question) != Some(answer) {
                self.known.insert(question.clone(), answer.clone());
                is_new = true;
            }
        }
        is_new
    }

    /// What is locked of charts.
    pub(super) fn charts(&self) -> BTreeMap<String, LockedChart> {
        self.lock.as_ref().map(|lock| lock.charts.clone()).unwrap_or_default()
    }

    /// Whether there is a lock to hold against what is fetched.
    pub(super) fn is_locked(&self) -> bool {
        self.lock.is_some()
    }

    /// What is needed and not known.
    pub(super) fn asked(&self) -> &BTreeSet<Question> {
        &self.asked
    }

    /// Begins anew with what is needed.
    pub(super) fn forget_asked(&mut self) {
        self.asked.clear();
    }

    /// The text at `url`, if it was found.
    pub(super) fn text(&self, url: &str) -> Option<Arc<str>> {
        self.texts.get(url).cloned()
    }

    /// Makes sure that the text at `url` is here and is what the lock says; or says why not.
    pub(super) fn find(&mut self, url: &Arc<str>, at: &Span) -> Result<(), Box<Diagnostic>> {
        if self.texts.contains_key(url) {
            return Ok(());
        }
        let fault = |code, message: String| Diagnostic::error(code, at.clone(), message);
        if self.texts.len() + self.asked.len() >= REMOTES_MAX {
            let message =
                format!("a repository imports at most {REMOTES_MAX} files of other places");
            return Err(Box::new(fault(Code::ImportRemote, message)));
        }
        RemoteFile::parse(url).map_err(|why| {
            let found = fault(Code::ImportRemote, format!("`{url}` is not fetched: {why}"));
            found.hint("write it in a form that is fetched, or copy the file into the repository")
        })?;
        let question = match &self.lock {
            Some(lock) => self.question(lock, url).ok_or_else(|| {
                fault(Code::ImportUnlocked, format!("`{url}` is not in `{}`", Lock::PATH))
            })?,
            None => Question { function: IMPORT.into(), arguments: vec![url.clone()] },
        };
        let found = match self.known.get(&question) {
            Some(Answer::Value(value)) => {
                let text: Arc<str> = value.as_str().unwrap_or_default().into();
                let locked = question.arguments.get(1).map(AsRef::as_ref);
                let digest = ContentId::of(text.as_bytes()).to_string();
                if locked.is_none_or(|locked| locked == digest) {
                    self.texts.insert(url.clone(), text);
                    return Ok(());
                }
                let message = format!("what `{url}` gives is not what `{}` says", Lock::PATH);
                fault(Code::ImportChanged, message)
            }
            Some(Answer::Failed(why) | Answer::Unresolved { why, .. }) => {
                fault(Code::ImportFailed, format!("`{url}` cannot be fetched: {why}"))
            }
            Some(Answer::Refused(why)) => {
                fault(Code::ImportRemote, format!("`{url}` is not fetched: {why}"))
            }
            Some(Answer::Later) | None => {
                fault(Code::ImportRemote, format!("`{url}` is not in this repository"))
            }
        };
        self.asked.insert(question);
        Err(Box::new(found))
    }

    /// What is asked to learn what `lock` knows as `url`.
    fn question(&self, lock: &Lock, url: &str) -> Option<Question> {
        let locked = lock.imports.get(url)?;
        let commit = locked.commit.as_ref().map(|commit| Arc::from(commit.as_str()));
        let arguments = [url.into(), locked.sha256.to_string().into()].into_iter().chain(commit);
        Some(Question { function: IMPORT.into(), arguments: arguments.collect() })
    }
}

/// Whether `path` is a url and no path of the repository: those have no doubled slashes.
pub(super) fn is_url(path: &str) -> bool {
    path.contains("//")
}

/// The url that `written` names in the file `from`, if it is one.
pub(super) fn url(written: &str, from: &str) -> Option<Arc<str>> {
    let beside = is_url(from) && (written.starts_with("./") || written.starts_with("../"));
    match beside {
        true => RemoteFile::parse(from).ok()?.beside(written).map(Arc::from),
        false => is_remote(written).then(|| written.into()),
    }
}

/// Whether the file is rendered before it is read.
pub(super) fn is_template(path: &str) -> bool {
    let end = if is_url(path) { path.find('?') } else { None };
    path[..end.unwrap_or(path.len())].ends_with(path::TEMPLATE)
}
