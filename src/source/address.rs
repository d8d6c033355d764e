//! What a repository's url and branch may look like.

use std::path::PathBuf;

use super::FetchError;
use crate::model::remote::is_this_machine;

/// Where a repository is, in one of the ways Isobar fetches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// On this machine: a bare repository, or a folder with a `.git` in it.
    Local(PathBuf),
    /// At a server that speaks Git's smart protocol over HTTP.
    Remote(String),
}

impl Address {
    /// Reads a url or a path. Everything that is not understood is refused by name.
    pub(super) fn parse(url: &str) -> Result<Self, FetchError> {
        let refuse = |what: &str| {
            Err(FetchError::Unusable { url: without_user(url), what: what.to_owned() })
        };
        if url.is_empty() || url.starts_with('-') || url.chars().any(char::is_control) {
            return refuse("a url is not empty, has no control characters and no leading \"-\"");
        }
        let Some((scheme, rest)) = url.split_once("://") else {
            return match url.split_once(':') {
                Some((helper, rest)) if rest.starts_with(':') => {
                    refuse(&format!("the transport {helper:?} would run a program"))
                }
                Some((host, _)) if !host.contains('/') => refuse("ssh is not supported; use https"),
                _ => Ok(Self::Local(url.into())),
            };
        };
        match scheme {
            "file" if rest.starts_with('/') => Ok(Self::Local(rest.into())),
            "file" => refuse("a file url has an absolute path and no host"),
            "https" | "http" => {
                let authority = rest.split('/').next().unwrap_or_default();
                if authority.contains('@') {
                    return refuse("credentials do not belong into a url");
                }
                if authority.is_empty() || authority.starts_with('-') {
                    return refuse("it names no host");
                }
                if url.contains(['?', '#']) {
                    return refuse("a repository's url has no query and no fragment");
                }
                if scheme == "http" && !is_this_machine(authority) {
                    return refuse("without TLS anyone on the way can change it; use https");
                }
                Ok(Self::Remote(url.to_owned()))
            }
            "ssh" | "git+ssh" | "ssh+git" => refuse("ssh is not supported; use https"),
            other => refuse(&format!("the protocol {other:?} is not supported; use https")),
        }
    }
}

/// A branch name that can never be taken for an option or another kind of ref.
pub(super) fn check_branch(url: &str, branch: &str) -> Result<(), FetchError> {
    let well_formed =
        gix::validate::reference::name(format!("refs/heads/{branch}").as_str().into()).is_ok();
    if well_formed && !branch.starts_with('-') && !branch.starts_with("refs/") {
        return Ok(());
    }
    Err(FetchError::Unusable {
        url: without_user(url),
        what: format!("{branch:?} is not a branch name"),
    })
}

/// The url for people: no user, no password, no token.
pub(super) fn without_user(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match authority.rfind('@') {
        Some(at) => format!("{scheme}://{}", &rest[at + 1..]),
        None => url.to_owned(),
    }
}

#[cfg(test)]
mod tests;
