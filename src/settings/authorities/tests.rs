use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair};

use super::*;
use crate::settings::{SettingsError, read};

fn authority() -> String {
    let mut params = CertificateParams::new(vec![]).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().pem()
}

fn found(text: &str) -> Result<(), String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("ca.pem"), authority()).unwrap();
    std::fs::write(folder.path().join("text.pem"), "no certificate").unwrap();
    let path = folder.path().join("agent.yaml");
    std::fs::write(&path, text).unwrap();
    match read(&path) {
        Ok(settings) => {
            let url = "https://Git.Example.com:8443/platform.git";
            assert_eq!(settings.authorities_for(url), Some(&*folder.path().join("ca.pem")));
            assert_eq!(settings.authorities_for("https://example.com/platform.git"), None);
            Ok(())
        }
        Err(SettingsError::Invalid { diagnostics, .. }) => {
            let line = |d: &Diagnostic| format!("{} = {}\n", d.message, d.advice());
            let all: String = diagnostics.iter().map(line).collect();
            Err(all.replace(&folder.path().display().to_string(), ""))
        }
        Err(error) => panic!("{error}"),
    }
}

const REPOSITORY: &str =
    "repositories:\n  platform: {url: 'https://git.example.com:8443/platform.git'}\n";

#[test]
fn an_authority_counts_for_its_host_or_its_host_and_port() {
    for host in ["git.example.com", "git.example.com:8443"] {
        assert_eq!(found(&format!("{REPOSITORY}authorities: {{'{host}': ca.pem}}\n")), Ok(()));
    }
}

#[test]
fn every_mistake_is_told_at_once() {
    let text = format!(
        "lease: 1s\n{REPOSITORY}authorities:\n  gti.example.com: ca.pem\n  \
         git.example.com: text.pem\n  git.example.com:8443: none.pem\n"
    );
    expect_test::expect![[r#"
        `lease` is 1s, not from 3s to 10m = the reference of the settings has every key and what it may be
        `authorities` names the host `gti.example.com`, and nothing is fetched there = did you mean `git.example.com`?
        `authorities.git.example.com`: /text.pem: there is no certificate in it = name a PEM file: `-----BEGIN CERTIFICATE-----` and what follows
        `authorities.git.example.com:8443`: /none.pem: it cannot be read: No such file or directory (os error 2) = name a PEM file: `-----BEGIN CERTIFICATE-----` and what follows
    "#]]
    .assert_eq(&found(&text).unwrap_err());
}

#[test]
fn a_file_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    let one = authority();
    std::fs::write(&path, one.repeat(CERTIFICATES_MAX)).unwrap();
    assert_eq!(certificates(&path).unwrap().len(), CERTIFICATES_MAX);
    std::fs::write(&path, one.repeat(CERTIFICATES_MAX + 1)).unwrap();
    assert!(matches!(certificates(&path), Err(AuthoritiesError::TooMany)));
    let padded =
        |bytes: u64| one.clone() + &"\n".repeat(usize::try_from(bytes).unwrap() - one.len());
    std::fs::write(&path, padded(BYTES_MAX)).unwrap();
    assert_eq!(certificates(&path).unwrap().len(), 1);
    std::fs::write(&path, padded(BYTES_MAX + 1)).unwrap();
    assert!(matches!(certificates(&path), Err(AuthoritiesError::TooLarge(_))));
    let broken = "-----BEGIN CERTIFICATE-----\nbm8gY2VydGlmaWNhdGU=\n-----END CERTIFICATE-----\n";
    std::fs::write(&path, one + broken).unwrap();
    assert!(matches!(certificates(&path), Err(AuthoritiesError::Broken { at: 2, .. })));
}
