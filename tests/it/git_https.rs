//! A Git repository behind TLS: a real server on this machine, whose certificate is of an
//! authority of our own. Nobody is trusted who cannot be checked, and each reason has its name.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use isobar::ids::Actor;
use isobar::source::write::{self, Author};
use isobar::source::{Distrust, FetchError, GitSettings, GitSource, Source, Tip};
use isobar::world::World;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::PrivatePkcs8KeyDer;
use tempfile::TempDir;

use crate::git_http::server::Server;

/// An authority of our own: its certificate as a file, and what it signs with.
pub(crate) struct Authority {
    pub(crate) file: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new(folder: &Path, name: &str) -> Self {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let file = folder.join(format!("{name}.pem"));
        std::fs::write(&file, params.self_signed(&key).unwrap().pem()).unwrap();
        Self { file, issuer: Issuer::new(params, key) }
    }

    /// A server's settings with a certificate for `host`, good until `year`.
    pub(crate) fn vouch(&self, host: &str, year: i32) -> Arc<ServerConfig> {
        let mut params = CertificateParams::new(vec![host.to_owned()]).unwrap();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year, 1, 1);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivatePkcs8KeyDer::from(key.serialize_der());
        let config = ServerConfig::builder().with_no_client_auth();
        Arc::new(config.with_single_cert(vec![certificate.der().clone()], key.into()).unwrap())
    }
}

/// A repository with one commit on `main`.
fn repository() -> TempDir {
    let folder = TempDir::new().unwrap();
    let git = folder.path().join("config.git");
    write::init(&git).unwrap();
    let ada = Actor::new("ada").unwrap();
    let at = "2026-01-02T03:04:05Z".parse().unwrap();
    let author = Author { actor: &ada, at, message: "a change" };
    let changes = BTreeMap::from([("a".to_owned(), Some(b"1".to_vec()))]);
    write::commit(&git, "main", None, &changes, &author).unwrap();
    folder
}

async fn fetch(
    folder: &TempDir,
    server: &Server,
    authorities: Option<&Path>,
) -> Result<Tip, FetchError> {
    let settings = GitSettings {
        url: server.url("config.git"),
        branch: "main".to_owned(),
        folder: String::new(),
        cache_folder: folder.path().join("cache"),
        period: Duration::from_secs(3600),
        credential: None,
        authorities: authorities.map(Path::to_owned),
    };
    let source = GitSource::open(settings, World::real()).unwrap();
    let tip = source.fetch().await?;
    if let Tip::At(revision) = &tip {
        let snapshot = source.snapshot(revision).await?;
        assert_eq!(&*snapshot.text("a").unwrap().unwrap(), "1");
    }
    Ok(tip)
}

/// A year that no test lives to see.
pub(crate) const FAR: i32 = 2120;

#[tokio::test]
async fn who_an_authority_of_ours_vouches_for_is_trusted() {
    let folder = repository();
    let ours = Authority::new(folder.path(), "ours");
    let server = Server::start_tls(folder.path(), ours.vouch("127.0.0.1", FAR));
    let tip = fetch(&folder, &server, Some(&ours.file)).await.unwrap();
    assert!(matches!(tip, Tip::At(_)), "{tip:?}");
}

#[tokio::test]
async fn who_nobody_vouches_for_is_refused_by_name() {
    let folder = repository();
    let ours = Authority::new(folder.path(), "ours");
    let theirs = Authority::new(folder.path(), "theirs");
    for (server, authorities, why) in [
        (theirs.vouch("127.0.0.1", FAR), Some(&ours), Distrust::Authority),
        (ours.vouch("127.0.0.1", FAR), None, Distrust::Authority),
        (ours.vouch("git.example", FAR), Some(&ours), Distrust::Host),
        (ours.vouch("127.0.0.1", 2021), Some(&ours), Distrust::Expired),
    ] {
        let server = Server::start_tls(folder.path(), server);
        let authorities = authorities.map(|authority| authority.file.as_path());
        match fetch(&folder, &server, authorities).await {
            Err(FetchError::Untrusted { url, why: found }) => {
                assert_eq!((url, found), (server.url("config.git"), why));
            }
            other => panic!("{why:?}: {other:?}"),
        }
        assert_eq!(server.requests(), Vec::<String>::new(), "nothing is asked of it");
    }
    for hint in [
        (Distrust::Authority, "`authorities`"),
        (Distrust::Host, "another host; write the url"),
        (Distrust::Expired, "renew it"),
    ] {
        assert!(hint.0.to_string().contains(hint.1), "{}", hint.0);
    }
}

/// The file is read at each fetch: what is wrong with it by then is told, and nothing is asked.
#[tokio::test]
async fn authorities_that_cannot_be_read_trust_nobody() {
    let folder = repository();
    let ours = Authority::new(folder.path(), "ours");
    let server = Server::start_tls(folder.path(), ours.vouch("127.0.0.1", FAR));
    std::fs::write(&ours.file, "no certificate").unwrap();
    let failed = fetch(&folder, &server, Some(&ours.file)).await.unwrap_err();
    assert!(failed.to_string().contains("there is no certificate in it"), "{failed}");
    assert_eq!(server.requests(), Vec::<String>::new());
}
