//! Credentials of a repository: read when they are needed, sent to one place only.

use crate::secret::Clear;
use crate::settings::{self, Credential};

/// Why a credential cannot be sent. Never says what it is.
#[derive(Debug, thiserror::Error)]
pub(super) enum CredentialError {
    #[error("cannot read the credential file {path}")]
    File {
        path: String,
        #[source]
        cause: std::io::Error,
    },
    #[error("the environment variable {name}, which should hold a credential, is not set")]
    Environment { name: String },
    #[error("the credential is empty, too long, or not one line of text")]
    Form,
    #[error("{asking} asks for a credential that belongs to {owner}")]
    Elsewhere { asking: String, owner: String },
}

/// What forges take as the user of a token.
const TOKEN_USER: &str = "x-access-token";

/// Longest credential: twice what the largest header of usual servers (8 KiB) would carry.
const CREDENTIAL_BYTES_MAX: usize = 16 << 10;

fn read(credential: &Credential) -> Result<Clear, CredentialError> {
    match credential {
        // Read anew each time, so that a rotated one is used at once.
        Credential::File(path) => match std::fs::read(path) {
            Ok(text) => Ok(Clear::new(text)),
            Err(cause) => Err(CredentialError::File { path: path.display().to_string(), cause }),
        },
        Credential::Environment(name) => match settings::variable(name) {
            Some(text) => Ok(Clear::new(text)),
            None => Err(CredentialError::Environment { name: name.clone() }),
        },
    }
}

/// A credential and the one place it may be sent to: scheme, host, port and path prefix of the
/// repository it is configured for.
#[derive(Debug, Clone)]
pub(super) struct BoundCredential {
    from: Credential,
    place: Place,
    shown: String,
}

impl BoundCredential {
    /// Binds a credential to a repository; `None` if the url has no place that could be bound.
    pub(super) fn new(from: Credential, url: &str) -> Option<Self> {
        Some(Self { from, place: Place::of(url)?, shown: super::address::without_user(url) })
    }

    /// User and password for a request to `url`, if that is where the credential belongs.
    pub(super) fn for_url(&self, url: &str) -> Result<(String, Clear), CredentialError> {
        if !Place::of(url).is_some_and(|asking| self.place.holds(&asking)) {
            return Err(CredentialError::Elsewhere {
                asking: super::address::without_user(url),
                owner: self.shown.clone(),
            });
        }
        let clear = read(&self.from)?;
        let text = clear.expose_text().ok_or(CredentialError::Form)?.trim();
        if text.is_empty()
            || text.len() > CREDENTIAL_BYTES_MAX
            || text.chars().any(char::is_control)
        {
            return Err(CredentialError::Form);
        }
        let (user, password) = text.split_once(':').unwrap_or((TOKEN_USER, text));
        Ok((user.to_owned(), Clear::new(password)))
    }
}

/// Scheme, host, port, and path without a final `.git`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Place {
    scheme: String,
    host: String,
    port: Option<u16>,
    path: String,
}

impl Place {
    fn of(url: &str) -> Option<Self> {
        let url = gix::url::parse(url).ok()?;
        let path = std::str::from_utf8(&url.path).ok()?.trim_end_matches('/');
        Some(Self {
            scheme: url.scheme.as_str().to_owned(),
            host: url.host()?.to_ascii_lowercase(),
            port: url.port_or_default(),
            path: path.strip_suffix(".git").unwrap_or(path).to_owned(),
        })
    }

    fn holds(&self, other: &Self) -> bool {
        let below = match other.path.strip_prefix(&self.path) {
            Some(rest) => rest.is_empty() || rest.starts_with('/') || rest.starts_with(".git/"),
            None => false,
        };
        let climbs = other.path.split('/').any(|part| part == "..");
        below
            && !climbs
            && (&self.scheme, &self.host, self.port) == (&other.scheme, &other.host, other.port)
    }
}

#[cfg(test)]
mod tests;
