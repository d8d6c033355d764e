//! The keys of a bed: one authority, a certificate for its server, one for each user; tokens for those
//! that ask much.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};

/// Members of [`MASTERS`] that say who they are by a token, as pods and most people do: the signature of a
/// certificate is verified for each request, which is a fifteenth of what the server computes.
const BY_TOKEN: &[&str] = &["admin", "controllers", "scheduler", "kwok", "isobar", "loop", "flux"];

/// Who may do everything.
pub(super) const MASTERS: &str = "system:masters";

/// The file with all tokens, as the server reads it.
pub(super) const TOKENS: &str = "tokens.csv";

/// The authority that everybody in a bed trusts. Its name is always the same, so its key is all
/// there is to keep.
pub(super) struct Authority {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    /// Makes the authority of a new bed, and the keys of its server and of its service accounts.
    pub(super) fn new(folder: &Path, port: u16) -> Result<Self> {
        let key = KeyPair::generate()?;
        fs::write(folder.join("ca.key"), key.serialize_pem())?;
        fs::write(folder.join("ca.crt"), params()?.self_signed(&key)?.pem())?;
        fs::write(folder.join("server"), format!("https://127.0.0.1:{port}"))?;
        let authority = Self::of(folder)?;

        let names = ["localhost", "127.0.0.1", "kubernetes.default.svc"].map(str::to_owned);
        let mut server = CertificateParams::new(names)?;
        server.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        authority.sign("server", &server)?;

        let accounts = KeyPair::generate()?;
        fs::write(folder.join("accounts.key"), accounts.serialize_pem())?;
        fs::write(folder.join("accounts.pub"), accounts.public_key_pem())?;

        let mut tokens = String::new();
        for user in BY_TOKEN {
            let key = KeyPair::generate()?.serialize_der();
            let token: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
            fs::write(folder.join(format!("{user}.token")), &token)?;
            tokens += &format!("{token},{user},{user},{MASTERS}\n");
        }
        fs::write(folder.join(TOKENS), tokens)?;
        Ok(authority)
    }

    /// The authority of a bed that is there.
    pub(super) fn of(folder: &Path) -> Result<Self> {
        let pem = fs::read_to_string(folder.join("ca.key")).context("this bed has no keys")?;
        let issuer = Issuer::new(params()?, KeyPair::from_pem(&pem)?);
        Ok(Self { folder: folder.to_owned(), issuer })
    }

    /// A kubeconfig for `name`, a member of `group`.
    pub(super) fn user(&self, name: &str, group: &str) -> Result<PathBuf> {
        let server = fs::read_to_string(self.folder.join("server"))?;
        let file = |name: String| self.folder.join(name).display().to_string();
        let ca = file("ca.crt".into());
        let by = if group == MASTERS && BY_TOKEN.contains(&name) {
            format!("tokenFile: '{}'", file(format!("{name}.token")))
        } else {
            let mut params = CertificateParams::default();
            params.distinguished_name = DistinguishedName::new();
            params.distinguished_name.push(DnType::CommonName, name);
            params.distinguished_name.push(DnType::OrganizationName, group);
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
            self.sign(name, &params)?;
            let [crt, key] = ["crt", "key"].map(|end| file(format!("{name}.{end}")));
            format!("client-certificate: '{crt}', client-key: '{key}'")
        };
        let kubeconfig = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: bed\n\
             clusters:\n- name: bed\n  cluster: {{server: '{server}', certificate-authority: '{ca}'}}\n\
             users:\n- name: {name}\n  user: {{{by}}}\n\
             contexts:\n- name: bed\n  context: {{cluster: bed, user: {name}}}\n"
        );
        let path = self.folder.join(format!("{name}.kubeconfig"));
        fs::write(&path, kubeconfig)?;
        Ok(path)
    }

    fn sign(&self, name: &str, params: &CertificateParams) -> Result<()> {
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?;
        fs::write(self.folder.join(format!("{name}.crt")), certificate.pem())?;
        fs::write(self.folder.join(format!("{name}.key")), key.serialize_pem())?;
        Ok(())
    }
}

fn params() -> Result<CertificateParams> {
    let mut params = CertificateParams::new(Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "test bed");
    Ok(params)
}
