//! Bringing what a repository has into Isobar's copy of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gix::ObjectId;
use gix::bstr::ByteSlice as _;
use gix::credentials::helper::Action;
use gix::protocol::transport::client::blocking_io::http;
use gix::remote::Direction;
use gix::remote::fetch::Tags;

use super::address::{Address, without_user};
use super::cache::{Cache, read_ref, refs_below, remove_ref, set_ref};
use super::credentials::BoundCredential;
use super::trust::{self, Distrust};
use super::{FetchError, copy, tree};
use crate::ids::PullNumber;

/// The remote's branches, as the copy names them.
pub(super) const BRANCHES: &str = "refs/remotes/origin/";

/// How long a server may be silent: ten times what a busy one needs to begin its answer.
const SILENCE_SECONDS_MAX: u64 = 30;

/// How a server is talked to.
#[derive(Debug, Clone, Default)]
pub(super) struct Access {
    /// What to show to one that asks who we are.
    pub(super) credential: Option<BoundCredential>,
    /// The file of the authorities that may vouch for it, beside the system's.
    pub(super) authorities: Option<PathBuf>,
}

/// Brings every branch. Gives where `branch` stands now; `None` if there is no such branch.
pub(super) fn branches(
    address: &Address,
    access: &Access,
    cache: &Cache,
    branch: &str,
    stop: &AtomicBool,
) -> Result<Option<ObjectId>, FetchError> {
    match address {
        Address::Local(path) => local_branches(path, cache, branch, stop),
        Address::Remote(url) => {
            let spec = format!("+refs/heads/*:{BRANCHES}*");
            let heads = remote(url, access, cache, &spec, stop)?;
            Ok(heads.get(&format!("refs/heads/{branch}")).copied())
        }
    }
}

/// Brings the head of a pull request, for forges that keep it apart from the branches.
pub(super) fn pull_head(
    address: &Address,
    access: &Access,
    cache: &Cache,
    pull: PullNumber,
    stop: &AtomicBool,
) -> Result<(), FetchError> {
    let Address::Remote(url) = address else { return Ok(()) };
    let spec = format!("+refs/pull/{0}/head:refs/isobar/pulls/{0}", pull.0);
    remote(url, access, cache, &spec, stop).map(drop)
}

/// The tracked branch has to come whole. Another one that is broken is left where it was: it
/// must not keep the tracked one from being seen.
fn local_branches(
    path: &std::path::Path,
    cache: &Cache,
    branch: &str,
    stop: &AtomicBool,
) -> Result<Option<ObjectId>, FetchError> {
    let shown = path.display().to_string();
    let from = match tree::isolated().open(path) {
        Ok(from) => from.to_thread_local(),
        Err(cause) => return Err(unreachable_at(&shown, cause)),
    };
    let to = cache.repository();
    let tracked = format!("refs/heads/{branch}");
    let tip = read_ref(&from, &tracked)?;
    let mut heads = refs_below(&from, "refs/heads/")?;
    heads.extend(tip.map(|tip| (tracked.clone(), tip)));
    prune(&to, &heads)?;
    let known = refs_below(&to, BRANCHES)?;
    let news = heads.iter().filter(|(name, tip)| known.get(&tracking(name)) != Some(*tip));
    for (name, &tip) in news {
        let brought =
            copy::copy(&from, &to, tip, stop).and_then(|()| set_ref(&to, &tracking(name), tip));
        match brought {
            Err(FetchError::Cancelled) => return Err(FetchError::Cancelled),
            Err(cause) if *name == tracked => return Err(cause),
            Err(cause) => tracing::warn!(repository = %shown, branch = %name, %cause, "left out"),
            Ok(()) => {}
        }
    }
    Ok(tip)
}

/// Fetches what `spec` names. Gives every ref the remote speaks of.
pub(super) fn remote(
    url: &str,
    access: &Access,
    cache: &Cache,
    spec: &str,
    stop: &AtomicBool,
) -> Result<BTreeMap<String, ObjectId>, FetchError> {
    let failed = |cause: gix::Error| match stop.load(Ordering::Relaxed) {
        true => FetchError::Cancelled,
        false => unreachable_at(&without_user(url), cause),
    };
    let authorities = access.authorities.as_deref();
    let authorities = authorities.map(|file| trust::authorities(url, file)).transpose()?;
    let repository = cache.repository();
    let remote = repository
        .remote_at_without_url_rewrite(url)
        .and_then(|remote| remote.with_refspecs([spec.as_bytes().as_bstr()], Direction::Fetch))
        .map_err(failed)?
        .with_fetch_tags(Tags::None);
    let prepared = remote
        .connect(Direction::Fetch)
        .map_err(failed)?
        .with_transport_options(Box::new(http_options(authorities)))
        .with_credentials(|action| identity(access.credential.as_ref(), action))
        .prepare_fetch(gix::progress::Discard, Default::default())
        .map_err(failed)?;
    let there = named(&prepared.ref_map().remote_refs);
    if spec.contains(BRANCHES) {
        prune(&repository, &there)?;
    }
    // A repository without a branch is no error, but nothing that could be received.
    if !prepared.ref_map().mappings.is_empty() {
        prepared.receive(gix::progress::Discard, stop).map_err(failed)?;
    }
    Ok(there)
}

/// A deleted branch `a` must not stand in the way of a new one `a/b`.
fn prune(to: &gix::Repository, there: &BTreeMap<String, ObjectId>) -> Result<(), FetchError> {
    let kept: BTreeSet<String> = there.keys().map(|name| tracking(name)).collect();
    for name in refs_below(to, BRANCHES)?.keys().filter(|name| !kept.contains(*name)) {
        remove_ref(to, name)?;
    }
    Ok(())
}

fn tracking(branch: &str) -> String {
    format!("{BRANCHES}{}", branch.strip_prefix("refs/heads/").unwrap_or(branch))
}

fn named(refs: &[gix::protocol::handshake::Ref]) -> BTreeMap<String, ObjectId> {
    refs.iter()
        .filter_map(|there| {
            let (name, tag, object) = there.unpack();
            Some((name.to_string(), tag.or(object)?.to_owned()))
        })
        .collect()
}

/// Gives the credential to whoever asks, if it is the place the credential belongs to. After
/// that, redirects are not followed any more.
fn identity(
    credential: Option<&BoundCredential>,
    action: Action,
) -> gix::Result<Option<gix::credentials::protocol::Outcome>> {
    let Action::Get(context) = action else { return Ok(None) };
    let Some(credential) = credential else { return Ok(None) };
    let asking = context.url.clone().unwrap_or_default().to_string();
    let (username, password) = credential.for_url(&asking).map_err(gix::Error::from_error)?;
    let password = password.expose_text().unwrap_or_default().to_owned();
    let identity = gix::sec::identity::Account { username, password, oauth_refresh_token: None };
    Ok(Some(gix::credentials::protocol::Outcome { identity, next: context.into() }))
}

fn http_options(authorities: Option<Vec<reqwest::Certificate>>) -> http::Options {
    let silence = Duration::from_secs(SILENCE_SECONDS_MAX);
    let configure = move |client: reqwest::blocking::ClientBuilder| {
        let client = client.timeout(silence);
        Ok(match &authorities {
            Some(authorities) => client.tls_certs_merge(authorities.clone()),
            None => client,
        })
    };
    let backend = http::reqwest::Options {
        configure_client: Some(Box::new(configure)),
        configure_request: None,
    };
    http::Options {
        user_agent: Some(concat!("isobar/", env!("CARGO_PKG_VERSION")).to_owned()),
        backend: Some(Arc::new(Mutex::new(backend))),
        ..http::Options::default()
    }
}

fn unreachable_at(url: &str, cause: gix::Error) -> FetchError {
    if let Some(why) = Distrust::cause_of(&cause) {
        return FetchError::Untrusted { url: url.to_owned(), why };
    }
    FetchError::Unreachable { url: url.to_owned(), cause: Box::new(cause) }
}
