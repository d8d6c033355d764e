//! Repositories for the tests of this module, down to trees that no Git client would write.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use gix::ObjectId;
use gix::objs::tree::EntryKind;
use gix::refs::transaction::PreviousValue;
use tempfile::TempDir;

use super::write::{self, Author};
use super::{GitSettings, GitSource, Snapshot, Source as _, Tip};
use crate::ids::{Actor, CommitId};
use crate::model::revision::Revision;
use crate::world::World;

/// A bare repository that goes away with the test.
pub(super) struct Repo {
    pub(super) folder: TempDir,
}

impl Repo {
    pub(super) fn new() -> Self {
        let repo = Self { folder: TempDir::new().unwrap() };
        write::init(&repo.path()).unwrap();
        repo
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join("repo.git")
    }

    pub(super) fn git(&self) -> gix::Repository {
        super::tree::isolated().open(self.path()).unwrap().to_thread_local()
    }

    /// Commits onto the branch; an empty content removes the file.
    pub(super) fn commit(&self, branch: &str, files: &[(&str, &str)]) -> CommitId {
        let parent = write::branch_tip(&self.path(), branch).unwrap();
        self.commit_on(branch, parent.as_ref(), files)
    }

    pub(super) fn commit_on(
        &self,
        branch: &str,
        parent: Option<&CommitId>,
        files: &[(&str, &str)],
    ) -> CommitId {
        let changes: BTreeMap<String, Option<Vec<u8>>> = files
            .iter()
            .map(|(path, text)| {
                ((*path).to_owned(), (!text.is_empty()).then(|| text.as_bytes().to_vec()))
            })
            .collect();
        write::commit(&self.path(), branch, parent, &changes, &author(&actor("ada"))).unwrap()
    }

    /// Makes a branch out of nothing but a commit: a push, forced if need be.
    pub(super) fn set(&self, branch: &str, commit: &CommitId) {
        let id = ObjectId::from_hex(commit.as_str().as_bytes()).unwrap();
        let name = format!("refs/heads/{branch}");
        self.git().reference(name, id, PreviousValue::Any, "").unwrap();
    }

    pub(super) fn delete(&self, branch: &str) {
        super::cache::remove_ref(&self.git(), &format!("refs/heads/{branch}")).unwrap();
    }

    pub(super) fn blob(&self, text: &str) -> ObjectId {
        self.git().write_blob(text).unwrap().detach()
    }

    /// A tree with exactly these entries, in this order, checked by nobody.
    pub(super) fn tree(&self, entries: &[(&str, EntryKind, ObjectId)]) -> ObjectId {
        use gix::objs::Write as _;
        let mut data = Vec::new();
        for (name, kind, id) in entries {
            data.extend_from_slice(format!("{:o} {name}\0", *kind as u16).as_bytes());
            data.extend_from_slice(id.as_slice());
        }
        self.git().objects.write_buf(gix::objs::Kind::Tree, &data).unwrap()
    }

    /// The only commit of `main`, with this tree.
    pub(super) fn commit_tree(&self, tree: ObjectId) -> CommitId {
        let git = self.git();
        let time = "1700000000 +0000";
        let signature =
            gix::actor::SignatureRef { name: "ada".into(), email: "ada@local".into(), time };
        let commit =
            git.new_commit_as(signature, signature, "raw", tree, Vec::<ObjectId>::new()).unwrap();
        let id = CommitId::new(commit.id.to_string()).unwrap();
        self.set("main", &id);
        id
    }
}

pub(super) fn actor(name: &str) -> Actor {
    Actor::new(name).unwrap()
}

pub(super) fn author(actor: &Actor) -> Author<'_> {
    Author { actor, at: "2026-01-02T03:04:05Z".parse().unwrap(), message: "a change" }
}

/// A source that tracks `main`, with its copies beside the repository.
pub(super) fn source(repo: &Repo) -> GitSource {
    source_at(&repo.path().display().to_string(), &repo.folder.path().join("cache")).unwrap()
}

pub(super) fn source_at(url: &str, cache: &Path) -> Result<GitSource, super::FetchError> {
    let settings = GitSettings {
        url: url.to_owned(),
        branch: "main".to_owned(),
        folder: String::new(),
        cache_folder: cache.to_owned(),
        period: Duration::from_secs(3600),
        credential: None,
        authorities: None,
    };
    GitSource::open(settings, World::real())
}

/// Fetches, and gives the snapshot of the tip, which has moved forward.
pub(super) async fn latest(source: &GitSource) -> Snapshot {
    match source.fetch().await.unwrap() {
        Tip::At(revision) => source.snapshot(&revision).await.unwrap(),
        other => panic!("{other:?}"),
    }
}

pub(super) fn at(commit: &CommitId) -> Revision {
    Revision::Commit(commit.clone())
}

/// What cannot be read.
pub(super) fn gaps(snapshot: &Snapshot) -> Vec<&str> {
    snapshot.gaps("").map(|(path, _)| &**path).collect()
}

/// Paths and texts of what can be, one a line.
pub(super) fn shown(snapshot: &Snapshot) -> String {
    let gaps = gaps(snapshot);
    snapshot
        .entries()
        .filter(|(path, _)| !gaps.contains(&&***path))
        .map(|(path, _)| format!("{path}: {}\n", snapshot.text(path).unwrap().unwrap()))
        .collect()
}
