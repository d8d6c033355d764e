//! Files that are not in the repository, as imports name them: `https://host/file.yaml`,
//! `git::https://host/repository.git//file.yaml?ref=v1`, `github.com/owner/name//file.yaml`.

use std::fmt;

/// A file at another place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RemoteFile {
    /// What a server gives for a url.
    Web {
        /// `https://host/path`, `file:///path`, or `http` to this machine.
        url: String,
    },
    /// A file of a Git repository.
    Git {
        /// `https://host/path`, `file:///path`, or `http` to this machine.
        repository: String,
        /// From the repository's root.
        path: String,
        /// A tag, a branch or a commit; without one the repository's own default.
        reference: Option<String>,
    },
}

/// Hosts that are known to have Git repositories: `host/owner/name//file`.
const HOSTS: [&str; 3] = ["github.com", "gitlab.com", "bitbucket.org"];

const NO_FILE: &str = "name the file behind two slashes: `repository.git//file.yaml`";

/// Longest name: what servers and browsers take of a url.
const BYTES_MAX: usize = 2048;

/// Whether an import of `text` names a file at another place. What has a scheme, a getter or a host
/// in front does, and no path of a repository.
pub fn is_remote(text: &str) -> bool {
    let first = text.split(['/', ':']).next().unwrap_or_default();
    text.contains("://")
        || text.contains("::")
        || (first.contains('@') && text.contains(':'))
        || HOSTS.iter().any(|host| text.strip_prefix(host).is_some_and(|s| s.starts_with('/')))
}

/// Whether `place` lies at or below `allowed`, both as [`RemoteFile::place`] writes them.
pub fn allows(allowed: &str, place: &str) -> bool {
    let folder = allowed.trim_end_matches('/');
    // Without a host it would allow everything.
    let has_host = folder.split_once("://").is_some_and(|(_, rest)| !rest.is_empty());
    let below = |rest: &str| rest.is_empty() || rest.starts_with('/');
    has_host && place.strip_prefix(folder).is_some_and(below)
}

impl RemoteFile {
    /// Reads what an import names. The error says which form is not known, and what to write.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > BYTES_MAX {
            return Err(format!("it is longer than {BYTES_MAX} bytes"));
        }
        let is_odd = |letter: char| letter.is_control() || letter.is_whitespace() || letter == '\\';
        if text.chars().any(is_odd) {
            return Err("a url has no blanks, no backslashes and no control characters".to_owned());
        }
        let (getter, address) = match text.split_once("::") {
            Some((getter, address)) => (Some(getter), address),
            None => (None, text),
        };
        let is_known =
            |host: &&str| address.strip_prefix(*host).is_some_and(|rest| rest.starts_with('/'));
        let (address, is_git) = match (getter, HOSTS.iter().any(is_known)) {
            (None | Some("git"), true) => (format!("https://{address}"), true),
            (Some("git"), false) => (address.to_owned(), true),
            (None | Some("http" | "https" | "file"), _) => (address.to_owned(), false),
            (Some(other), _) => {
                return Err(format!("`{other}::` is not supported; use `https://` or `git::`"));
            }
        };
        let address = checked(&address)?;
        let (address, query) = address.split_once('?').unwrap_or((&address, ""));
        let (scheme, rest) = address.split_once("://").unwrap_or_default();
        match rest.split_once("//") {
            // As everywhere, what ends with `.git` is a repository.
            Some((outer, path)) if is_git || outer.ends_with(".git") => {
                Self::git(scheme, outer, path.trim_matches('/'), query)
            }
            Some(_) => Err("only a Git repository has a `//` in it: `git::https://`".to_owned()),
            None if is_git => Err(NO_FILE.to_owned()),
            None => Self::web(address, query),
        }
    }

    fn git(scheme: &str, outer: &str, path: &str, query: &str) -> Result<Self, String> {
        if path.is_empty() {
            return Err(NO_FILE.to_owned());
        }
        let is_known = outer.split_once('/').is_some_and(|(host, _)| HOSTS.contains(&host));
        let end = if is_known && !outer.ends_with(".git") { ".git" } else { "" };
        let repository = format!("{scheme}://{outer}{end}");
        Ok(Self::Git { repository, path: path.to_owned(), reference: reference(query)? })
    }

    fn web(address: &str, query: &str) -> Result<Self, String> {
        let mut asked = query.split('&').map(|pair| pair.split('=').next().unwrap_or_default());
        if let Some(name) = asked.find(|name| ["archive", "checksum", "filename"].contains(name)) {
            let instead = "`isobar.lock` has the checksum of every import";
            return Err(format!("`{name}` is not supported; {instead}"));
        }
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        Ok(Self::Web { url: format!("{address}{query}") })
    }

    /// What a list of places that are allowed is compared with: no getter, no query.
    pub fn place(&self) -> String {
        match self {
            Self::Web { url } => url.split('?').next().unwrap_or_default().to_owned(),
            Self::Git { repository, path, .. } => format!("{repository}/{path}"),
        }
    }

    /// The same file as an import names it, with `path` in place of its last step: `./b.yaml` in
    /// `git::https://host/r.git//a.yaml?ref=v1` is `git::https://host/r.git//b.yaml?ref=v1`. `None`
    /// if it leads out.
    pub fn beside(&self, path: &str) -> Option<String> {
        let (root, own) = match self {
            Self::Web { url } => {
                let url = url.split('?').next().unwrap_or_default();
                let at = url.find("://")? + 3;
                let at = at + url[at..].find('/')?;
                (&url[..at], &url[at..])
            }
            Self::Git { path, .. } => ("", path.as_str()),
        };
        let folder = own.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut steps: Vec<&str> = folder.split('/').filter(|step| !step.is_empty()).collect();
        for step in path.split('/') {
            match step {
                "" | "." => {}
                ".." => drop(steps.pop()?),
                step => steps.push(step),
            }
        }
        let path = steps.join("/");
        Some(match self {
            Self::Web { .. } => format!("{root}/{path}"),
            Self::Git { repository, reference, .. } => {
                let query = reference.as_ref().map(|name| format!("?ref={name}"));
                format!("git::{repository}//{path}{}", query.unwrap_or_default())
            }
        })
    }
}

impl fmt::Display for RemoteFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.place())
    }
}

/// The address with its host in lower case; or why nothing is fetched from it.
pub(super) fn checked(address: &str) -> Result<String, String> {
    let Some((scheme, rest)) = address.split_once("://") else {
        return Err(match address.contains('@') {
            true => "ssh is not supported; use `git::https://`".to_owned(),
            false => "it names no protocol; use `https://` or `git::https://`".to_owned(),
        });
    };
    let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if host.contains('@') {
        return Err("credentials do not belong into a url".to_owned());
    }
    if address.contains('#') {
        return Err("a url of a file has no fragment".to_owned());
    }
    let is_step_up = |step: &str| {
        let step = step.to_ascii_lowercase().replace("%2e", ".");
        step == "." || step == ".."
    };
    let plain = path.split('?').next().unwrap_or_default();
    if plain.split('/').any(is_step_up) || plain.to_ascii_lowercase().contains("%2f") {
        return Err("a url has no `.` and `..` among its steps".to_owned());
    }
    match scheme {
        "https" if !host.is_empty() => {}
        "http" if is_this_machine(host) => {}
        "http" => return Err("without TLS anyone on the way can change it; use https".to_owned()),
        "file" if host.is_empty() && path.starts_with('/') => {}
        "file" => return Err("a file url has an absolute path and no host".to_owned()),
        "https" => return Err("it names no host".to_owned()),
        "ssh" | "git" => return Err(format!("{scheme} is not supported; use `git::https://`")),
        other => return Err(format!("`{other}://` is not supported; use `https://` or `git::`")),
    }
    Ok(format!("{scheme}://{}{path}", host.to_ascii_lowercase()))
}

/// What of a Git repository is wanted.
fn reference(query: &str) -> Result<Option<String>, String> {
    let mut found = None;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        match pair.split_once('=').unwrap_or((pair, "")) {
            ("ref", name) if name.is_empty() || name.starts_with('-') || name.contains('%') => {
                return Err("`ref` is a tag, a branch or a commit".to_owned());
            }
            ("ref", name) => found = Some(name.to_owned()),
            // How much of the history comes along does not change a file.
            ("depth", _) => {}
            (other, _) => return Err(format!("`{other}` is not supported; only `ref` is")),
        }
    }
    Ok(found)
}

/// Whether the host of a url is this machine, with or without a port.
pub fn is_this_machine(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next(),
        None => authority.split(':').next(),
    };
    matches!(host, Some("localhost" | "127.0.0.1" | "::1"))
}

#[cfg(test)]
mod tests;
