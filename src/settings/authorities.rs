//! Certificate authorities that count beside the system's, each for one host.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

use super::agent::AgentSettings;
use crate::diagnostic::{Diagnostic, closest};
use crate::schema::Places;

/// Largest file: four times what a whole system's authorities take (about 220 KiB).
const BYTES_MAX: u64 = 1 << 20;

/// Most certificates in one file: twice what a whole system has.
const CERTIFICATES_MAX: usize = 300;

/// A file names no authorities.
#[derive(Debug, thiserror::Error)]
pub enum AuthoritiesError {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Io(std::io::Error),
    /// It is larger than any such file.
    #[error("it has {0} bytes, more than {BYTES_MAX}")]
    TooLarge(u64),
    /// It is not PEM.
    #[error("it is not PEM: {0}")]
    Form(String),
    /// It holds none.
    #[error("there is no certificate in it")]
    Empty,
    /// It holds more than any such file.
    #[error("there are more than {CERTIFICATES_MAX} certificates in it")]
    TooMany,
    /// One of them is broken.
    #[error("certificate {at} in it is broken: {why}")]
    Broken {
        /// Which one, from 1.
        at: usize,
        /// What is wrong with it.
        why: String,
    },
}

/// The certificates in a PEM file; one at least, and each can be an authority.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, AuthoritiesError> {
    let size = std::fs::metadata(path).map_err(AuthoritiesError::Io)?.len();
    if size > BYTES_MAX {
        return Err(AuthoritiesError::TooLarge(size));
    }
    let text = std::fs::read(path).map_err(AuthoritiesError::Io)?;
    let mut found = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(&text).take(CERTIFICATES_MAX + 1) {
        let certificate = certificate.map_err(|error| AuthoritiesError::Form(error.to_string()))?;
        let at = found.len() + 1;
        RootCertStore::empty()
            .add(certificate.clone())
            .map_err(|error| AuthoritiesError::Broken { at, why: error.to_string() })?;
        found.push(certificate);
    }
    match found.len() {
        0 => Err(AuthoritiesError::Empty),
        1..=CERTIFICATES_MAX => Ok(found),
        _ => Err(AuthoritiesError::TooMany),
    }
}

impl AgentSettings {
    /// The file of the authorities that count for the host of `url`: those of its host and port,
    /// or else those of its host.
    pub fn authorities_for(&self, url: &str) -> Option<&Path> {
        let place = place(url)?;
        let host = without_port(&place);
        let file = self.authorities.get(&place).or_else(|| self.authorities.get(host));
        file.map(PathBuf::as_path)
    }

    /// Every entry that is no host, is nobody's, or names a file without authorities.
    pub(super) fn check_authorities(&self, at: &Places<'_>) -> Vec<Diagnostic> {
        let mut found = self.check_authorities_named(at);
        for (host, file) in &self.authorities {
            if let Err(error) = certificates(file) {
                let message = format!("`authorities.{host}`: {}: {error}", file.display());
                let hint = "name a PEM file: `-----BEGIN CERTIFICATE-----` and what follows";
                found.push(at.wrong(&["authorities", host], message).hint(hint));
            }
        }
        found
    }

    /// Every entry that is no host or is nobody's.
    pub(super) fn check_authorities_named(&self, at: &Places<'_>) -> Vec<Diagnostic> {
        let urls = self
            .repositories
            .values()
            .flat_map(|one| std::iter::once(&one.url).chain(&one.allow.imports));
        let places: BTreeMap<String, ()> = urls
            .filter_map(|url| place(url))
            .flat_map(|place| [(without_port(&place).to_owned(), ()), (place, ())])
            .collect();
        let mut found = Vec::new();
        for host in self.authorities.keys() {
            let wrong = |message: String| at.wrong(&["authorities", host], message);
            // A repository that cannot be read may be at the host.
            if !places.contains_key(host) && !at.are_left_out(&["repositories"]) {
                let message =
                    format!("`authorities` names the host `{host}`, and nothing is fetched there");
                let close = closest(host, places.keys().map(String::as_str));
                let hint = match close {
                    Some(close) => format!("did you mean `{close}`?"),
                    None => "write a host as in a repository's `https` url, or take it out".into(),
                };
                found.push(wrong(message).hint(hint));
            }
        }
        found
    }
}

/// The host of an `https` or `oci` url as it is written, with its port; in lower case.
fn place(url: &str) -> Option<String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("oci://"))?;
    let authority = rest.split('/').next()?;
    (!authority.is_empty()).then(|| authority.to_ascii_lowercase())
}

fn without_port(place: &str) -> &str {
    match place.rsplit_once(':') {
        Some((host, port)) if port.chars().all(|c| c.is_ascii_digit()) => host,
        _ => place,
    }
}

#[cfg(test)]
mod tests;
