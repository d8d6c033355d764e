//! What was certain of a cluster's objects, kept from one process to the next.
//!
//! It is a file of the agent's cache, and nothing is lost with it. Nothing in it is taken on trust
//! either: an object is as it was only if a list says that it has the same uid, the same fields of
//! ours and of others, and the same generation or version. The server's own version is kept with
//! it, since another one may make something else of the same manifest.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::OnceCell;

use super::connection::{Call, Connection, Failure};
use super::identity::Identity;
use super::kinds::Kind;
use super::truth::Kept;
use crate::ids::{ContentId, ResourceKey};
use crate::model::health_rule::HealthRule;

/// The form of the file.
const VERSION: u32 = 2;

/// Largest file that is read: an object takes some 600 bytes, so this is room for 100,000.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Reads and writes what is kept.
pub(super) struct Memory {
    file: PathBuf,
    /// The version of the server, once it was asked.
    server: OnceCell<String>,
    /// What is in the file, as far as we have written it.
    written: Mutex<Option<ContentId>>,
}

/// What was certain.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Page {
    version: u32,
    /// The version of the server that said all this.
    server: String,
    /// The kinds of the objects, each with one of them.
    pub(super) kinds: Vec<(Kind, Identity)>,
    /// The rules by which it was told how they are doing.
    #[serde(default)]
    pub(super) rules: Vec<HealthRule>,
    pub(super) objects: Vec<(ResourceKey, Kept)>,
}

impl Memory {
    pub(super) fn new(file: PathBuf) -> Self {
        Self { file, server: OnceCell::new(), written: Mutex::default() }
    }

    /// What was certain when it was last written, if it was of the same server. One request.
    pub(super) async fn read(&self, connection: &Connection) -> Result<Page, Failure> {
        if let Some(folder) = self.file.parent() {
            // Whoever writes is told why there is none.
            let _ = fs::create_dir_all(folder);
        }
        let server = self.server.get_or_try_init(|| version(connection)).await?;
        let page = page(&self.file).filter(|page| page.server == *server);
        Ok(page.unwrap_or_default())
    }

    /// Writes down what is certain, if that has changed since.
    pub(super) fn write(
        &self,
        kinds: Vec<(Kind, Identity)>,
        rules: Vec<HealthRule>,
        objects: Vec<(ResourceKey, Kept)>,
        unique: &str,
    ) {
        let Some(server) = self.server.get().cloned() else { return };
        let page = Page { version: VERSION, server, kinds, rules, objects };
        let Ok(text) = serde_json::to_vec(&page) else { return };
        let content = ContentId::of(&text);
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if *written == Some(content) {
            return;
        }
        match put(&self.file, &text, unique) {
            Ok(()) => *written = Some(content),
            Err(error) => {
                let file = self.file.display();
                tracing::warn!(%error, %file, "what is certain of a cluster is not kept");
            }
        }
    }
}

/// One that is broken, or of another form, is none.
fn page(file: &Path) -> Option<Page> {
    let fits = fs::metadata(file).ok()?.len() <= FILE_BYTES_MAX;
    let text = fits.then(|| fs::read(file).ok())??;
    let page: Page = serde_json::from_slice(&text).ok()?;
    (page.version == VERSION).then_some(page)
}

/// Whole or not at all, and for nobody else to read: hashes of Secrets are in it. Its folder may have
/// been emptied; a whole cache that was taken away is not made anew on the way out.
fn put(file: &Path, text: &[u8], unique: &str) -> io::Result<()> {
    if let Some(Err(error)) = file.parent().map(fs::create_dir)
        && error.kind() != io::ErrorKind::AlreadyExists
    {
        return Err(error);
    }
    let new = file.with_extension(unique);
    let mut open = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
    let put = open.write_all(text).and_then(|()| fs::rename(&new, file));
    if put.is_err() {
        // The error that led here says more than one of clearing up.
        let _ = fs::remove_file(&new);
    }
    put
}

async fn version(connection: &Connection) -> Result<String, Failure> {
    let told = connection.read(Call::get("/version".to_owned())).await?;
    Ok(told["gitVersion"].as_str().unwrap_or_default().to_owned())
}

#[cfg(test)]
mod tests;
