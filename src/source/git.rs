//! A branch of a Git repository as a source of snapshots.

use std::error::Error as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use gix::ObjectId;

use super::address::{Address, check_branch, without_user};
use super::cache::{Cache, read_ref, set_ref};
use super::credentials::BoundCredential;
use super::fetch::Access;
use super::listing::{Bounds, refused};
use super::merge::{Merged, made_files, merge};
use super::watch::Watch;
use super::{FetchError, Merge, Snapshot, Source, Tip, fetch, packs, tree};
use crate::ids::{CommitId, PullNumber};
use crate::model::revision::Revision;
use crate::settings::Credential;
use crate::world::World;

/// How long one fetch may take in all: a repository at its bounds over a slow line.
const FETCH_SECONDS_MAX: u64 = 600;

/// How often a writer that has to wait for another one looks again.
const LOCK_PERIOD: Duration = Duration::from_millis(50);

/// Which branch of which repository, and how it is fetched.
#[derive(Debug, Clone)]
pub struct GitSettings {
    /// `https://host/path`, `file:///path`, or a path.
    pub url: String,
    /// The tracked branch: `main`.
    pub branch: String,
    /// The folder of the repository that is the config repository; empty for all of it.
    pub folder: String,
    /// Where copies of repositories are kept, one folder for each.
    pub cache_folder: PathBuf,
    /// How often the repository is looked at without a reason.
    pub period: Duration,
    /// What to show to a server that asks who we are.
    pub credential: Option<Credential>,
    /// A PEM file of authorities that may vouch for the server, beside the system's.
    pub authorities: Option<PathBuf>,
}

/// A branch of a Git repository.
pub struct GitSource {
    inner: Arc<Inner>,
    world: World,
    watch: Watch,
}

struct Inner {
    address: Address,
    branch: String,
    folder: String,
    access: Access,
    cache: Cache,
    /// What the last fetch told its caller. It counts as seen when the caller asks again: who
    /// crashes in between is told once more that history was rewritten.
    told: Mutex<Option<ObjectId>>,
}

impl GitSource {
    /// Opens Isobar's copy of the repository, or makes an empty one. Fetches nothing.
    pub fn open(settings: GitSettings, world: World) -> Result<Self, FetchError> {
        let GitSettings { url, branch, folder, cache_folder, period, credential, authorities } =
            settings;
        let address = Address::parse(&url)?;
        check_branch(&url, &branch)?;
        let credential = match (credential, &address) {
            (None, _) => None,
            (Some(credential), Address::Remote(url)) => BoundCredential::new(credential, url),
            (Some(_), Address::Local(_)) => {
                let what = "a repository on this machine asks for no credential".to_owned();
                return Err(FetchError::Unusable { url: without_user(&url), what });
            }
        };
        let watch = match &address {
            Address::Local(path) => Watch::new(period).and_branches(path),
            Address::Remote(_) => Watch::new(period),
        };
        let cache = Cache::open(&cache_folder, &url, world.ids.unique())?;
        let folder = folder.trim_matches('/').to_owned();
        let told = Mutex::default();
        let access = Access { credential, authorities };
        let inner = Arc::new(Inner { address, branch, folder, access, cache, told });
        Ok(Self { inner, world, watch })
    }

    /// Runs `work` on a thread that may block, with the copy locked and a deadline. Whoever
    /// drops the future, or the deadline, makes the work stop at its next step.
    async fn with_lock<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner, &AtomicBool) -> Result<T, FetchError> + Send + 'static,
    ) -> Result<T, FetchError> {
        let stop = StopOnDrop(Arc::default());
        let working = async {
            let lock = loop {
                match self.inner.cache.try_lock()? {
                    Some(lock) => break lock,
                    None => self.world.clock.sleep(LOCK_PERIOD).await,
                }
            };
            let stop = stop.0.clone();
            self.blocking(move |inner| {
                let _lock = lock;
                work(inner, &stop)
            })
            .await
        };
        tokio::select! {
            done = working => done,
            () = self.world.clock.sleep(Duration::from_secs(FETCH_SECONDS_MAX)) => {
                let url = self.inner.shown();
                let what = format!("it took more than {FETCH_SECONDS_MAX} seconds");
                Err(FetchError::Unreachable { url, cause: what.into() })
            }
        }
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Inner) -> Result<T, FetchError> + Send + 'static,
    ) -> Result<T, FetchError> {
        let inner = self.inner.clone();
        let done = self.world.work.blocking(move || work(&inner)).await;
        done.unwrap_or(Err(FetchError::Cancelled))
    }
}

#[async_trait]
impl Source for GitSource {
    async fn fetch(&self) -> Result<Tip, FetchError> {
        self.with_lock(Inner::fetch).await
    }

    async fn snapshot(&self, revision: &Revision) -> Result<Snapshot, FetchError> {
        match revision.clone() {
            Revision::Commit(commit) => self.blocking(move |inner| inner.snapshot(&commit)).await,
            Revision::Merge { pull, head, base } => match self.merge(pull, &head, &base).await? {
                Merge::Clean(snapshot) => Ok(snapshot),
                Merge::Conflict(paths) => {
                    Err(refused(&paths.join(", "), "there are conflicts with the base"))
                }
            },
            Revision::Folder(_) => Err(refused(&self.inner.shown(), "it is no folder")),
        }
    }

    async fn merge(
        &self,
        pull: PullNumber,
        head: &CommitId,
        base: &CommitId,
    ) -> Result<Merge, FetchError> {
        let (head, base) = (head.clone(), base.clone());
        let wanted = head.clone();
        if !self.blocking(move |inner| Ok(inner.has(&wanted))).await? {
            self.with_lock(move |inner, stop| inner.bring_head(pull, stop)).await?;
        }
        self.blocking(move |inner| inner.merge(pull, &head, &base)).await
    }

    async fn contains(&self, tip: &CommitId, earlier: &CommitId) -> Result<bool, FetchError> {
        let (tip, earlier) = (tip.clone(), earlier.clone());
        self.blocking(move |inner| {
            let repository = inner.cache.repository();
            match [&tip, &earlier].map(|id| tree::commit(&repository, id)) {
                [Ok(tip), Ok(earlier)] => contains(&repository, tip.id, earlier.id),
                _ => Ok(false),
            }
        })
        .await
    }

    async fn wake(&self) {
        self.watch.wake(&self.world).await;
    }
}

impl Inner {
    fn fetch(&self, stop: &AtomicBool) -> Result<Tip, FetchError> {
        let repository = self.cache.repository();
        let seen_ref = format!("refs/isobar/seen/{}", self.branch);
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(told) = told.take() {
            set_ref(&repository, &seen_ref, told)?;
        }
        self.cache.drop_unused_pins()?;
        let seen = read_ref(&repository, &seen_ref)?;
        let tip = self.bring(stop)?;
        let Some(tip) = tip else {
            return Ok(Tip::Deleted { last: seen.map(commit_id) });
        };
        *told = Some(tip);
        match seen {
            Some(seen) if !contains(&repository, tip, seen)? => {
                Ok(Tip::Rewritten { from: commit_id(seen), to: commit_id(tip) })
            }
            _ => Ok(Tip::At(Revision::Commit(commit_id(tip)))),
        }
    }

    fn bring(&self, stop: &AtomicBool) -> Result<Option<ObjectId>, FetchError> {
        let tip = fetch::branches(&self.address, &self.access, &self.cache, &self.branch, stop)?;
        // Nothing is missing where this fails; only the next lookups are slower.
        if let Err(error) = packs::combine(self.cache.folder(), packs::Bounds::default(), stop) {
            let folder = self.cache.folder().display();
            tracing::warn!(%folder, %error, cause = ?error.source(), "packs are not combined");
        }
        Ok(tip)
    }

    /// A head is on a branch, or where the forge keeps heads of forks.
    fn bring_head(&self, pull: PullNumber, stop: &AtomicBool) -> Result<(), FetchError> {
        self.bring(stop)?;
        fetch::pull_head(&self.address, &self.access, &self.cache, pull, stop)
    }

    fn has(&self, commit: &CommitId) -> bool {
        tree::commit(&self.cache.repository(), commit).is_ok()
    }

    fn snapshot(&self, id: &CommitId) -> Result<Snapshot, FetchError> {
        let mut repository = self.cache.repository();
        let (commit, root) = self.commit_and_tree(&repository, id)?;
        let pins = vec![self.cache.pin(commit)?];
        let revision = Revision::Commit(id.clone());
        let listed = tree::list(&mut repository, &revision, root, &self.folder, Bounds::default())?;
        let made = Default::default();
        let objects = tree::Objects { repository: self.cache.shared(), made, _pins: pins };
        Ok(tree::snapshot(revision, listed, objects))
    }

    fn merge(
        &self,
        pull: PullNumber,
        head: &CommitId,
        base: &CommitId,
    ) -> Result<Merge, FetchError> {
        let mut repository = self.cache.repository().with_object_memory();
        let pins = [head, base].map(|id| self.commit_and_tree(&repository, id));
        let [head_pin, base_pin] = pins;
        let pins = vec![self.cache.pin(head_pin?.0)?, self.cache.pin(base_pin?.0)?];
        let root = match merge(&repository, head, base)? {
            Merged::Tree(root) => root,
            Merged::Conflict(paths) => return Ok(Merge::Conflict(paths)),
        };
        let revision = Revision::Merge { pull, head: head.clone(), base: base.clone() };
        let listed = tree::list(&mut repository, &revision, root, &self.folder, Bounds::default())?;
        let made = made_files(&mut repository);
        let objects = tree::Objects { repository: self.cache.shared(), made, _pins: pins };
        Ok(Merge::Clean(tree::snapshot(revision, listed, objects)))
    }

    fn commit_and_tree(
        &self,
        repository: &gix::Repository,
        id: &CommitId,
    ) -> Result<(ObjectId, ObjectId), FetchError> {
        let commit = tree::commit(repository, id)?;
        match commit.tree_id() {
            Ok(tree) => Ok((commit.id, tree.detach())),
            Err(cause) => Err(FetchError::Incomplete {
                revision: id.to_string(),
                what: format!("{cause} (the copy is in {})", self.cache.folder().display()),
            }),
        }
    }

    fn shown(&self) -> String {
        match &self.address {
            Address::Local(path) => path.display().to_string(),
            Address::Remote(url) => without_user(url),
        }
    }
}

/// Whether the history of `tip` contains `earlier`.
fn contains(
    repository: &gix::Repository,
    tip: ObjectId,
    earlier: ObjectId,
) -> Result<bool, FetchError> {
    match repository.merge_base(tip, earlier) {
        Ok(both) => Ok(both.is_some_and(|both| both.detach() == earlier)),
        Err(cause) => Err(FetchError::Incomplete {
            revision: tip.to_string(),
            what: format!("its history cannot be read: {cause}"),
        }),
    }
}

fn commit_id(id: ObjectId) -> CommitId {
    CommitId::new(id.to_string()).expect("an object id is hexadecimal")
}

/// Tells blocking work that nobody waits for it any more.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests;
