//! A folder as it stands, uncommitted edits included.
//!
//! It holds what `git add --all` would commit: files that the repository around it ignores are
//! left out unless they are tracked, and repositories inside it count as submodules. What tools
//! keep for themselves ([`TOOL_FOLDERS`]) is never part of it. Without a repository around it,
//! everything else is. Only the repository's own ignore rules count, not those of the person.
//!
//! Files are named by their Git object id, so a folder and a commit with the same content have
//! the same entries. What was small when it was listed stays in memory, and with it the snapshot
//! as it was; reading anything else checks the id again: what was edited since is torn.

mod seen;

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use gix::bstr::ByteSlice as _;
use jiff::Timestamp;
use rayon::prelude::*;

use self::seen::{Item, Kind, Known, KnownFolder, Seen};
use super::listing::{Bounds, Listed, Listing, join, refused};
use super::watch::Watch;
use super::{Entry, FetchError, Merge, Snapshot, Source, Tip, tree};
use crate::diagnostic::closest;
use crate::ids::{CommitId, ContentId, PullNumber};
use crate::model::revision::Revision;
use crate::world::World;

/// Folders in which tools keep what is theirs: Git, Isobar, and Terraform's downloads.
pub const TOOL_FOLDERS: &[&str] = &[".git", ".isobar", ".terraform"];

/// How many files are looked at before their size is counted: with [`seen::KEPT_FILE_BYTES_MAX`]
/// of each in memory 16 MiB. And how many folders before what is in them is.
const BATCH: usize = 256;

/// Folders that are looked into before it is known what is ignored: a repository that is slow to open
/// must not fill the memory.
const AHEAD_MAX: usize = 4_096;

/// A folder as a source of snapshots. Its revisions cannot be approved.
pub struct FolderSource {
    folder: Arc<Mutex<Folder>>,
    root: PathBuf,
    last: Mutex<Option<Snapshot>>,
    watch: Watch,
    world: World,
}

/// A folder that is looked at again and again: a file that has not changed is not read again.
pub struct Folder {
    root: PathBuf,
    seen: Arc<Seen>,
}

/// The folder `root` as it stands.
pub fn folder_snapshot(root: &Path) -> Result<Snapshot, FetchError> {
    Folder::new(root).look(None)
}

impl Folder {
    /// The folder `root`, of which nothing was read yet.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), seen: Arc::default() }
    }

    /// The folder as it stands `now`.
    pub fn snapshot(&mut self, now: Timestamp) -> Result<Snapshot, FetchError> {
        self.look(Some(now))
    }

    fn look(&mut self, now: Option<Timestamp>) -> Result<Snapshot, FetchError> {
        let bounds = Bounds::default();
        let (listed, seen) = list(&self.root, bounds, &self.seen, now)?;
        self.seen = Arc::new(seen);
        let revision = Revision::Folder(content_id(&listed.entries));
        let (root, seen) = (self.root.clone(), self.seen.clone());
        let read = move |path: &str, entry: &Entry| {
            if let Some(bytes) = seen.bytes(path) {
                return Ok(bytes);
            }
            let read = seen::read(&root.join(path), bounds.bytes_max);
            let checked = read.and_then(|bytes| Ok((seen::object_id(&bytes)?, bytes)));
            match checked {
                Ok((id, bytes)) if id == entry.id => Ok(bytes.into()),
                Ok(_) => Err("it was edited in the meantime".to_owned()),
                Err(cause) => Err(cause.to_string()),
            }
        };
        Ok(Snapshot::new(revision, listed.entries, read).with_gaps(listed.gaps))
    }
}

/// The same folder as it is in a commit of the repository around it; `revision` is anything Git
/// would understand: `main`, `v1.2`, `HEAD~3`.
pub fn commit_snapshot(root: &Path, revision: &str) -> Result<Snapshot, FetchError> {
    let Some((mut repository, prefix)) = repository_around(root)? else {
        return Err(refused(&root.display().to_string(), "it is in no Git repository"));
    };
    let unknown = |cause: gix::Error| FetchError::Incomplete {
        revision: revision.to_owned(),
        what: cause.to_string(),
    };
    let (id, root) = {
        let Ok(found) = repository.rev_parse_single(revision) else {
            return Err(no_revision(&repository, revision));
        };
        let commit = found.object().and_then(|object| object.peel_to_commit()).map_err(unknown)?;
        (commit.id, commit.tree_id().map_err(unknown)?.detach())
    };
    let commit = CommitId::new(id.to_string()).expect("an object id is hexadecimal");
    let revision = Revision::Commit(commit);
    let listed = tree::list(&mut repository, &revision, root, &prefix, Bounds::default())?;
    let (made, _pins) = Default::default();
    let objects = tree::Objects { repository: repository.into_sync(), made, _pins };
    Ok(tree::snapshot(revision, listed, objects))
}

/// The commit that is checked out in the repository around the folder `root`.
pub fn checked_out(root: &Path) -> Option<CommitId> {
    let (repository, _) = repository_around(root).ok()??;
    CommitId::new(repository.head_id().ok()?.to_string()).ok()
}

/// The branch that the repository around the folder `root` is about: `main` or `master` if there is
/// one, and else what is checked out.
pub fn main_branch(root: &Path) -> Option<String> {
    let (repository, _) = repository_around(root).ok()??;
    let is_there = |name: &&str| repository.find_reference(&format!("refs/heads/{name}")).is_ok();
    let known = ["main", "master"].into_iter().find(is_there).map(str::to_owned);
    known.or_else(|| Some(repository.head_name().ok()??.shorten().to_string()))
}

/// Why nothing is called `revision`, with the branch or tag that is closest to it.
fn no_revision(repository: &gix::Repository, revision: &str) -> FetchError {
    let mut names = Vec::new();
    if let Ok(references) = repository.references()
        && let Ok(all) = references.all()
    {
        names.extend(all.flatten().map(|one| one.name().shorten().to_string()));
    }
    names.sort_unstable();
    let advice = match closest(revision, names.iter().map(String::as_str)) {
        Some(close) => format!("did you mean `{close}`?"),
        None => "fetch it, or name a branch, a tag or a commit of this clone".to_owned(),
    };
    FetchError::NoRevision { revision: revision.to_owned(), advice }
}

/// What the clone around a folder says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitFacts {
    /// Its folder.
    pub root: PathBuf,
    /// The commit that is checked out, if there is one.
    pub sha: Option<String>,
    /// The branch that is checked out, if one is.
    pub branch: Option<String>,
    /// Where `origin` is, as it is configured.
    pub remote: Option<String>,
}

/// What the clone around the folder `root` says of itself; `None` if it is in none.
pub fn git_facts(root: &Path) -> Result<Option<GitFacts>, FetchError> {
    let Some((repository, _)) = repository_around(root)? else { return Ok(None) };
    let remote = repository.find_remote("origin").ok();
    let url = remote.and_then(|remote| Some(remote.url(gix::remote::Direction::Fetch)?.clone()));
    Ok(Some(GitFacts {
        root: repository.workdir().unwrap_or(repository.git_dir()).to_owned(),
        sha: repository.head_id().ok().map(|id| id.to_string()),
        branch: repository.head_name().ok().flatten().map(|name| name.shorten().to_string()),
        remote: url.map(|url| url.to_bstring().to_string()),
    }))
}

impl FolderSource {
    /// Watches `root`, and looks at it once a `period` in any case.
    pub fn new(root: impl Into<PathBuf>, period: Duration, world: World) -> Self {
        let root = root.into();
        let watch = Watch::new(period).and_below_except(&root, TOOL_FOLDERS);
        let folder = Arc::new(Mutex::new(Folder::new(root.clone())));
        Self { folder, root, last: Mutex::default(), watch, world }
    }
}

#[async_trait]
impl Source for FolderSource {
    async fn fetch(&self) -> Result<Tip, FetchError> {
        let (folder, now) = (self.folder.clone(), self.world.clock.now());
        let listing = self
            .world
            .work
            .blocking(move || folder.lock().unwrap_or_else(PoisonError::into_inner).snapshot(now));
        let snapshot = listing.await.unwrap_or(Err(FetchError::Cancelled))?;
        let revision = snapshot.revision().clone();
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(snapshot);
        Ok(Tip::At(revision))
    }

    async fn snapshot(&self, revision: &Revision) -> Result<Snapshot, FetchError> {
        let last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match last.as_ref().filter(|last| last.revision() == revision) {
            Some(last) => Ok(last.clone()),
            None => Err(FetchError::Incomplete {
                revision: revision.to_string(),
                what: "the folder has changed since".to_owned(),
            }),
        }
    }

    async fn merge(&self, _: PullNumber, _: &CommitId, _: &CommitId) -> Result<Merge, FetchError> {
        Err(refused(&self.root.display().to_string(), "a folder has no commits to merge"))
    }

    async fn contains(&self, _: &CommitId, _: &CommitId) -> Result<bool, FetchError> {
        Ok(false)
    }

    async fn wake(&self) {
        self.watch.wake(&self.world).await;
    }
}

/// What is in the folder `root`, of which `seen` is known.
fn list(
    root: &Path,
    bounds: Bounds,
    seen: &Seen,
    now: Option<Timestamp>,
) -> Result<(Listed, Seen), FetchError> {
    let is_open = AtomicBool::new(false);
    let open = || {
        let around = tracking(root);
        is_open.store(true, Ordering::Relaxed);
        around
    };
    let (around, mut ahead) = rayon::join(open, || ahead(root, seen, now, &is_open));
    let around = around?;
    let mut ignored = match &around {
        Some((repository, prefix, index)) => Some(Ignored::new(repository, prefix, index.clone())?),
        None => None,
    };
    let mut listing = Listing::new(Revision::Folder(ContentId::of("")).to_string(), bounds);
    let (mut open, mut files) = (vec![String::new()], Vec::new());
    let mut now_seen = Seen::default();
    while !open.is_empty() {
        let folders = open.split_off(open.len().saturating_sub(BATCH));
        let read = folders.into_iter().map(|folder| (ahead.remove(&folder), folder));
        let read: Vec<_> = read.collect();
        let look = |(ahead, folder): (Option<_>, String)| {
            let known = ahead.unwrap_or_else(|| seen.look_into(&folder, &root.join(&folder), now));
            (folder, known)
        };
        let read: Vec<(String, std::io::Result<KnownFolder>)> =
            read.into_par_iter().map(look).collect();
        for (folder, known) in read {
            let io =
                |cause| FetchError::Io { path: root.join(&folder).display().to_string(), cause };
            let known = known.map_err(io)?;
            if known.items.is_repository && !folder.is_empty() {
                listing.submodule(&folder)?;
                continue;
            }
            for Item { name, kind } in &known.items.all {
                let shown = join(&folder, &name.to_string_lossy());
                let is_folder = matches!(kind, Kind::Folder);
                if let Some(ignored) = &mut ignored
                    && ignored.holds(&shown, is_folder)?
                {
                    continue;
                }
                let path = listing.path(&folder, name.as_encoded_bytes())?;
                match kind {
                    Kind::Folder => open.push(path),
                    Kind::Link => {
                        let at = root.join(&path);
                        let io = |cause| FetchError::Io { path: at.display().to_string(), cause };
                        let target = at.read_link().map_err(io)?;
                        listing.link(&path, target.as_os_str().as_encoded_bytes())?;
                    }
                    Kind::File => files.push(path),
                }
            }
            now_seen.add_folder(folder, known);
        }
    }
    for files in files.chunks(BATCH) {
        let look = |buffer: &mut Vec<u8>, path: &String| {
            seen.look(path, &root.join(path), bounds.bytes_max, now, buffer)
        };
        let buffer = || Vec::with_capacity(seen::KEPT_FILE_BYTES_MAX);
        let known: Vec<std::io::Result<Known>> = files.par_iter().map_init(buffer, look).collect();
        for (path, known) in files.iter().zip(known) {
            let io = |cause| FetchError::Io { path: root.join(path).display().to_string(), cause };
            let known = known.map_err(io)?;
            listing.file(path, known.entry.clone())?;
            now_seen.add(path, known);
        }
    }
    Ok((listing.finish()?, now_seen))
}

/// What is in folders of `root`, before it is known what of it is ignored: as much as is read while
/// somebody finds that out. A folder that is ignored is read in vain, and may not be readable.
fn ahead(
    root: &Path,
    seen: &Seen,
    now: Option<Timestamp>,
    is_over: &AtomicBool,
) -> BTreeMap<String, std::io::Result<KnownFolder>> {
    let (mut found, mut open) = (BTreeMap::new(), VecDeque::from([String::new()]));
    while let Some(folder) = open.pop_front() {
        if is_over.load(Ordering::Relaxed) || found.len() == AHEAD_MAX {
            break;
        }
        let known = seen.look_into(&folder, &root.join(&folder), now);
        let items = known.iter().flat_map(|known| &known.items.all);
        for Item { name, .. } in items.filter(|item| matches!(item.kind, Kind::Folder)) {
            open.push_back(join(&folder, &name.to_string_lossy()));
        }
        found.insert(folder, known);
    }
    found
}

fn content_id(entries: &BTreeMap<Arc<str>, Entry>) -> ContentId {
    let mut all = Vec::new();
    for (path, entry) in entries {
        for part in [path, &entry.id] {
            all.extend_from_slice(part.as_bytes());
            all.push(0);
        }
    }
    ContentId::of(all)
}

/// The repository that `root` is in, and where in it.
fn repository_around(root: &Path) -> Result<Option<(gix::Repository, String)>, FetchError> {
    let io = |cause| FetchError::Io { path: root.display().to_string(), cause };
    let root = root.canonicalize().map_err(io)?;
    let Some(top) = root.ancestors().find(|folder| folder.join(".git").exists()) else {
        return Ok(None);
    };
    let opened = tree::isolated().open(top);
    let repository = opened.map_err(|cause| io(std::io::Error::other(cause)))?;
    let prefix = root.strip_prefix(top).unwrap_or(Path::new(""));
    Ok(Some((repository.to_thread_local(), prefix.to_string_lossy().into_owned())))
}

/// The repository that `root` is in, where in it, and what is tracked there.
fn tracking(
    root: &Path,
) -> Result<Option<(gix::Repository, String, gix::worktree::Index)>, FetchError> {
    let Some((repository, prefix)) = repository_around(root)? else { return Ok(None) };
    let index = repository.index_or_empty().map_err(|cause| misread(&repository, cause))?;
    Ok(Some((repository, prefix, index)))
}

fn misread(repository: &gix::Repository, cause: gix::Error) -> FetchError {
    let path = repository.git_dir().display().to_string();
    FetchError::Io { path, cause: std::io::Error::other(cause) }
}

/// What the repository around a folder ignores.
struct Ignored<'repo> {
    rules: gix::AttributeStack<'repo>,
    index: gix::worktree::Index,
    prefix: &'repo str,
}

impl<'repo> Ignored<'repo> {
    /// Where `index` is what the repository tracks.
    fn new(
        repository: &'repo gix::Repository,
        prefix: &'repo str,
        index: gix::worktree::Index,
    ) -> Result<Self, FetchError> {
        let source = gix::worktree::stack::state::ignore::Source::WorktreeThenIdMappingIfNotSkipped;
        let rules = repository.excludes(&index, None, source);
        let rules = rules.map_err(|cause| misread(repository, cause))?;
        Ok(Self { rules, index, prefix })
    }

    fn holds(&mut self, path: &str, is_folder: bool) -> Result<bool, FetchError> {
        let path = join(self.prefix, path);
        // What is tracked is never ignored, and no rule has to be looked for.
        let (tracked, mode) = match is_folder {
            true => {
                let below = format!("{path}/");
                let range = self.index.prefixed_entries_range(below.as_bytes().as_bstr());
                (range.is_some(), gix::index::entry::Mode::DIR)
            }
            false => {
                let entry = self.index.entry_by_path(path.as_bytes().as_bstr());
                (entry.is_some(), gix::index::entry::Mode::FILE)
            }
        };
        if tracked {
            return Ok(false);
        }
        match self.rules.at_entry(path.as_bytes().as_bstr(), Some(mode)) {
            Ok(at) => Ok(at.is_excluded()),
            Err(cause) => Err(FetchError::Io { path, cause: std::io::Error::other(cause) }),
        }
    }
}

#[cfg(test)]
mod tests;
