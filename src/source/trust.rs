//! Whether a server is who it says it is: what TLS found wrong, and what to do about it.

use std::error::Error;
use std::path::Path;

use rustls::CertificateError;

use super::FetchError;
use super::address::without_user;
use crate::settings;

/// Why a server is not trusted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Distrust {
    /// Nobody here knows who vouches for it.
    #[error(
        "its certificate is from an authority that is not known here; if it should be, name the \
         authority's PEM file under `authorities` in the agent's settings"
    )]
    Authority,
    /// It shows the certificate of another host.
    #[error(
        "its certificate is for another host; write the url with a name that is in the \
         certificate, or have one made for this name"
    )]
    Host,
    /// Its certificate was good once.
    #[error("its certificate has expired; renew it there, and see that the clock here is right")]
    Expired,
    /// Its certificate will be good later.
    #[error("its certificate is not valid yet; see that the clocks here and there are right")]
    NotYetValid,
    /// Something else.
    #[error("its certificate is refused: {0}; have it made anew by its authority")]
    Other(String),
}

impl Distrust {
    /// What TLS found wrong with the server's certificate, if that is why something failed.
    pub(super) fn cause_of(error: &(dyn Error + 'static)) -> Option<Self> {
        if let Some(rustls::Error::InvalidCertificate(cause)) = error.downcast_ref() {
            return Some(Self::of(cause));
        }
        // An I/O error does not name what it wraps as its source.
        let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        let wrapped = wrapped.and_then(|inner| Self::cause_of(inner));
        wrapped.or_else(|| error.source().and_then(Self::cause_of))
    }

    fn of(cause: &CertificateError) -> Self {
        match cause {
            CertificateError::UnknownIssuer => Self::Authority,
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                Self::Host
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                Self::NotYetValid
            }
            other => Self::Other(other.to_string()),
        }
    }
}

/// The authorities in `file`, read anew each time so that a renewed one counts at once.
pub(super) fn authorities(url: &str, file: &Path) -> Result<Vec<reqwest::Certificate>, FetchError> {
    let unusable = |what: String| FetchError::Unusable {
        url: without_user(url),
        what: format!("its authorities in {}: {what}", file.display()),
    };
    let found = settings::certificates(file).map_err(|error| unusable(error.to_string()))?;
    let certificate = |der: rustls::pki_types::CertificateDer<'static>| {
        reqwest::Certificate::from_der(&der).map_err(|error| unusable(error.to_string()))
    };
    found.into_iter().map(certificate).collect()
}
