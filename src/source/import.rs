//! Files at other places, which imports name: fetched from places that are allowed, and no others.
//!
//! What was fetched once is kept by its content, so that it is there when its place is not. A
//! redirect is not followed: it could lead to a place that is not allowed.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use gix::ObjectId;
use gix::objs::tree::EntryKind;
use reqwest::blocking::{RequestBuilder, Response};

use super::address::Address;
use super::cache::{Cache, read_ref};
use super::fetch::{self, Access, BRANCHES};
use super::trust::{self, Distrust};
use super::{TEXT_BYTES_MAX, tree};
use crate::ids::{CommitId, ContentId};
use crate::model::remote::{RemoteFile, allows};
use crate::settings::AgentSettings;

/// How long a server may take for one file: at the largest, 170 KiB a second.
const SECONDS_MAX: u64 = 30;

/// How long a server may take to be there at all: ten times the way around the world.
const CONNECT_SECONDS_MAX: u64 = 5;

/// What is tried behind a file's name in a Git repository, as Atmos does.
const EXTENSIONS: [&str; 3] = ["", ".yaml", ".yml"];

/// From where files may be fetched, and how.
#[derive(Debug, Clone, Default)]
pub struct Imports {
    /// Places, each with all below it: `https://git.example.com/platform`.
    allowed: BTreeSet<String>,
    /// The PEM file of the authorities that may vouch for a host, by url.
    authorities: BTreeMap<String, PathBuf>,
    /// Where what was fetched is kept.
    folder: Option<PathBuf>,
}

/// A file as it is at its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Its content.
    pub text: Arc<str>,
    /// Of a Git repository, the commit it is from.
    pub commit: Option<CommitId>,
}

/// Why a file is not here.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It may not be fetched.
    #[error("{0}")]
    Refused(String),
    /// It could not be fetched.
    #[error("{0}")]
    Failed(String),
    /// It is not what it was locked as.
    #[error("{0}")]
    Changed(String),
}

impl Imports {
    /// What `allowed` says, with the authorities and the cache of `settings`.
    pub fn new(allowed: BTreeSet<String>, settings: &AgentSettings) -> Self {
        let authorities = allowed
            .iter()
            .filter_map(|place| Some((place.clone(), settings.authorities_for(place)?.to_owned())));
        let authorities = authorities.collect();
        Self { allowed, authorities, folder: Some(settings.cache.join("imports")) }
    }

    /// Whether nothing may be fetched.
    pub fn is_nothing(&self) -> bool {
        self.allowed.is_empty()
    }

    /// What `url` names, and which of the allowed places it lies in; or why it may not be fetched.
    pub fn permitted(&self, url: &str) -> Result<(RemoteFile, &str), ImportError> {
        let file = RemoteFile::parse(url).map_err(ImportError::Refused)?;
        let place = file.place();
        match self.allowed.iter().find(|allowed| allows(allowed, &place)) {
            Some(allowed) => Ok((file, allowed)),
            None => Err(ImportError::Refused(format!("nothing allows imports from `{place}`"))),
        }
    }

    /// The file that `url` names, with the content `sha256`, from the commit it was locked at. What
    /// is here already is not fetched; `asks` is whether anything else may be.
    ///
    /// The content is not held against the lock: whoever asked for it does that.
    pub fn locked(
        &self,
        url: &str,
        sha256: &ContentId,
        commit: Option<&CommitId>,
        asks: bool,
    ) -> Result<Arc<str>, ImportError> {
        let kept = self.kept(url, sha256);
        if let Some(path) = &kept
            && let Ok(text) = std::fs::read_to_string(path)
            && ContentId::of(text.as_bytes()) == *sha256
        {
            return Ok(text.into());
        }
        if !asks {
            let why = "nothing is fetched for a pull request that the branch does not have";
            return Err(ImportError::Refused(why.to_owned()));
        }
        let found = self.fetched(url, commit)?.text;
        if ContentId::of(found.as_bytes()) == *sha256
            && let Some(path) = kept
            && let Err(error) = keep(&path, found.as_bytes())
        {
            tracing::warn!(path = %path.display(), %error, "an import is not kept");
        }
        Ok(found)
    }

    /// The file that `url` names, as it is now.
    pub fn latest(&self, url: &str) -> Result<Imported, ImportError> {
        self.fetched(url, None)
    }

    /// Where a content is kept. One that another url gave is not found, so that a repository learns
    /// nothing of what others import.
    pub(super) fn kept(&self, url: &str, sha256: &ContentId) -> Option<PathBuf> {
        let name = ContentId::of(format!("{url}\n{sha256}").as_bytes());
        Some(self.folder.as_ref()?.join(format!("{name}.yaml")))
    }

    fn fetched(&self, url: &str, commit: Option<&CommitId>) -> Result<Imported, ImportError> {
        let (file, allowed) = self.permitted(url)?;
        let authorities = self.authorities.get(allowed).map(PathBuf::as_path);
        self.apart(|| match &file {
            RemoteFile::Web { url } => {
                let text = web(url, authorities)?;
                Ok(Imported { text, commit: None })
            }
            RemoteFile::Git { repository, path, reference } => {
                let wanted = commit.map(CommitId::as_str).or(reference.as_deref());
                self.git(repository, path, wanted, authorities)
            }
        })
    }

    /// Does `work` on a thread of its own: a client that waits brings a runtime, and two cannot share
    /// a thread.
    pub(super) fn apart<T: Send>(
        &self,
        work: impl FnOnce() -> Result<T, ImportError> + Send,
    ) -> Result<T, ImportError> {
        std::thread::scope(|scope| {
            let died = |_| Err(failed("fetching it ended without an answer"));
            scope.spawn(work).join().unwrap_or_else(died)
        })
    }

    /// The places that are allowed.
    pub(super) fn places(&self) -> impl Iterator<Item = &str> {
        self.allowed.iter().map(String::as_str)
    }

    /// The file of the authorities that may vouch for the host of `url`: an allowed place has it.
    pub(super) fn authorities_of(&self, url: &str) -> Option<PathBuf> {
        let host = |url: &str| url.split_once("://")?.1.split('/').next().map(str::to_owned);
        let wanted = host(url)?;
        let of = |(place, file): (&String, &PathBuf)| {
            (host(place).as_deref() == Some(&wanted)).then(|| file.clone())
        };
        self.authorities.iter().find_map(of)
    }

    fn git(
        &self,
        repository: &str,
        path: &str,
        wanted: Option<&str>,
        authorities: Option<&Path>,
    ) -> Result<Imported, ImportError> {
        let address = Address::parse(repository).map_err(|error| failed(&chain(&error)))?;
        let read = |repository: &gix::Repository| {
            let commit = named(repository, wanted)?;
            let id = CommitId::new(commit.to_string()).map_err(|error| error.to_string())?;
            Ok((blob(repository, &id, path)?, id))
        };
        let found: Result<_, String> = match &address {
            Address::Local(path) => match tree::isolated().open(path) {
                Ok(repository) => read(&repository.to_thread_local()),
                Err(cause) => Err(cause.to_string()),
            },
            Address::Remote(url) => {
                let Some(folder) = &self.folder else {
                    return Err(failed("there is no folder for copies of repositories"));
                };
                let access =
                    Access { authorities: authorities.map(Path::to_owned), credential: None };
                copy(folder, url, &access, wanted).and_then(|cache| read(&cache.repository()))
            }
        };
        let (text, commit) = found.map_err(|why| failed(&why))?;
        Ok(Imported { text, commit: Some(commit) })
    }
}

pub(super) fn failed(why: &str) -> ImportError {
    ImportError::Failed(why.to_owned())
}

/// A copy of the repository at `url` that has what is `wanted`, if that is anywhere.
fn copy(folder: &Path, url: &str, access: &Access, wanted: Option<&str>) -> Result<Cache, String> {
    let owner = std::process::id().to_string();
    let cache = Cache::open(folder, url, owner).map_err(|error| chain(&error))?;
    let _lock = cache.lock().map_err(|error| chain(&error))?;
    let is_commit = |name: &str| ObjectId::from_hex(name.as_bytes()).is_ok();
    let is_here = |name: &str| is_commit(name) && named(&cache.repository(), Some(name)).is_ok();
    if wanted.is_some_and(is_here) {
        return Ok(cache);
    }
    let heads = format!("+refs/heads/*:{BRANCHES}*");
    for spec in [heads.as_str(), "+refs/tags/*:refs/tags/*", "+HEAD:refs/isobar/head"] {
        let stop = AtomicBool::new(false);
        fetch::remote(url, access, &cache, spec, &stop).map_err(|error| chain(&error))?;
    }
    Ok(cache)
}

/// The commit that is called `name`: a tag before a branch, as Git has it.
fn named(repository: &gix::Repository, name: Option<&str>) -> Result<ObjectId, String> {
    let refs = match name {
        Some(name) => vec![
            format!("refs/tags/{name}"),
            format!("{BRANCHES}{name}"),
            format!("refs/heads/{name}"),
        ],
        None => vec!["refs/isobar/head".to_owned(), "HEAD".to_owned()],
    };
    for name in refs {
        if let Some(id) = read_ref(repository, &name).map_err(|error| chain(&error))? {
            return Ok(id);
        }
    }
    let name = name.unwrap_or("HEAD");
    match ObjectId::from_hex(name.as_bytes()) {
        Ok(id) if repository.has_object(id) => Ok(id),
        _ => Err(format!("the repository has no `{name}`")),
    }
}

/// The text of the file at `path` in a commit.
fn blob(repository: &gix::Repository, commit: &CommitId, path: &str) -> Result<Arc<str>, String> {
    let root = tree::commit(repository, commit).map_err(|error| chain(&error))?;
    let root = root.tree().map_err(|error| error.to_string())?;
    for extension in EXTENSIONS {
        let path = format!("{path}{extension}");
        let entry = root.lookup_entry_by_path(&path).map_err(|error| error.to_string())?;
        let Some(entry) = entry else { continue };
        if !matches!(entry.mode().kind(), EntryKind::Blob | EntryKind::BlobExecutable) {
            return Err(format!("`{path}` is no file there; name one file"));
        }
        let header = repository.find_header(entry.id()).map_err(|error| error.to_string())?;
        if header.size() > TEXT_BYTES_MAX {
            return Err(too_large());
        }
        let object = entry.object().map_err(|error| error.to_string())?;
        return text(object.detach().data);
    }
    Err(format!("the repository has no `{path}` at {commit}"))
}

/// What a server, or this machine, gives for `url`.
fn web(url: &str, authorities: Option<&Path>) -> Result<Arc<str>, ImportError> {
    if let Some(path) = url.strip_prefix("file://") {
        let path = path.split('?').next().unwrap_or_default();
        let is_file = std::fs::metadata(path).is_ok_and(|about| about.is_file());
        let file = if is_file { std::fs::File::open(path).ok() } else { None };
        let file = file.ok_or_else(|| failed("there is no such file"))?;
        return bounded(file).map_err(|why| failed(&why));
    }
    let answer = asked(url, authorities, |request| request)?;
    let status = answer.status();
    if status.is_redirection() {
        let to = answer.headers().get(reqwest::header::LOCATION);
        let to = to.and_then(|to| to.to_str().ok()).unwrap_or("another place");
        return Err(failed(&format!("it moved to {to}; import it from there")));
    }
    if !status.is_success() {
        return Err(failed(&format!("the server answers {status}")));
    }
    bounded(answer).map_err(|why| failed(&why))
}

/// What a server answers about `url` to a request that `with` completes. It is led nowhere.
pub(super) fn asked(
    url: &str,
    authorities: Option<&Path>,
    with: impl FnOnce(RequestBuilder) -> RequestBuilder,
) -> Result<Response, ImportError> {
    let mut client = reqwest::blocking::Client::builder()
        .connect_timeout(Duration::from_secs(CONNECT_SECONDS_MAX))
        .timeout(Duration::from_secs(SECONDS_MAX))
        .redirect(reqwest::redirect::Policy::none())
        .user_agent(concat!("isobar/", env!("CARGO_PKG_VERSION")));
    if let Some(file) = authorities {
        let found = trust::authorities(url, file).map_err(|error| failed(&chain(&error)))?;
        client = client.tls_certs_merge(found);
    }
    let sent = client.build().and_then(|client| with(client.get(url)).send());
    sent.map_err(|error| match Distrust::cause_of(&error) {
        Some(why) => failed(&why.to_string()),
        None => failed(&chain(&error.without_url())),
    })
}

fn bounded(from: impl std::io::Read) -> Result<Arc<str>, String> {
    let mut bytes = Vec::new();
    from.take(TEXT_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| chain(&error))?;
    match bytes.len() as u64 > TEXT_BYTES_MAX {
        true => Err(too_large()),
        false => text(bytes),
    }
}

fn text(bytes: Vec<u8>) -> Result<Arc<str>, String> {
    String::from_utf8(bytes).map(Arc::from).map_err(|_| "it is not a text".to_owned())
}

fn too_large() -> String {
    format!("it has more than {TEXT_BYTES_MAX} bytes")
}

/// Writes a content so that it is there whole or not at all.
pub(super) fn keep(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new(""));
    std::fs::create_dir_all(folder)?;
    let beside = path.with_extension(format!("{}.new", std::process::id()));
    std::fs::write(&beside, content)?;
    std::fs::rename(&beside, path)
}

/// One line: what went wrong, and why.
fn chain(error: &dyn std::error::Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        said = format!("{said}: {error}");
        cause = error.source();
    }
    said
}

#[cfg(test)]
mod tests;
