//! The agent's own settings: `agent.yaml`, variables, flags. The only reader of the environment.
//!
//! Takes: a settings file (`--settings`, `ISOBAR_SETTINGS`) and variables `ISOBAR_...`.
//! Gives: [`AgentSettings`], with paths made absolute; or every mistake at its place.
//! Never: anything from a config repository: it cannot define a target or a credential.
//!
//! Every key is also a variable: `ISOBAR_` and the path in upper case, levels joined by two
//! underscores, other characters as one: `ISOBAR_REPOSITORIES__PLATFORM__URL`. A variable wins
//! over the file.

mod agent;
mod authorities;
mod target;

use std::path::{Path, PathBuf};

pub use agent::{
    AgentSettings, AllowSettings, Credential, ForgeSettings, LocalForgeSettings, MetricsSettings,
    ProgramSettings, RepositorySettings, RetentionSettings, SopsSettings, is_place,
};
pub use authorities::{AuthoritiesError, certificates};
pub use target::{FilesSettings, KubernetesSettings, PlaceSettings, TargetSettings};

use crate::diagnostic::{Code, Diagnostic};
use crate::schema;

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Io {
        /// Which file.
        path: String,
        /// What went wrong.
        #[source]
        cause: std::io::Error,
    },
    /// The file or a variable is wrong.
    #[error("{} in {path}", count(diagnostics))]
    Invalid {
        /// Which file.
        path: String,
        /// Its text without credentials, for showing the places.
        text: String,
        /// All that is wrong.
        diagnostics: Vec<Diagnostic>,
    },
}

/// Reads the settings file at `path`; paths in it are relative to its folder.
pub fn read(path: &Path) -> Result<AgentSettings, SettingsError> {
    read_with(path, AgentSettings::check_authorities)
}

/// The same for an agent at another place: the files that it names need not be here.
pub fn read_for_elsewhere(path: &Path) -> Result<AgentSettings, SettingsError> {
    read_with(path, AgentSettings::check_authorities_named)
}

/// What is wrong with settings whose paths are absolute, beyond their form.
type Check = fn(&AgentSettings, &schema::Places<'_>) -> Vec<Diagnostic>;

fn read_with(path: &Path, check: Check) -> Result<AgentSettings, SettingsError> {
    let shown = path.display().to_string();
    let text = std::fs::read_to_string(path)
        .map_err(|cause| SettingsError::Io { path: shown.clone(), cause })?;
    let invalid = |diagnostics| SettingsError::Invalid {
        path: shown.clone(),
        text: schema::veiled(&text),
        diagnostics,
    };
    let folder = absolute(path.parent().unwrap_or(Path::new("")));
    let settings = checked(&shown, &text, &folder, check).map_err(invalid)?;
    Ok(settings.anchored(&folder))
}

/// The settings of someone who has no settings file: one repository, the folder `folder`; every
/// target a folder below `.isobar` in it; a database and a local forge there too. `branch` is kept
/// true, without one `main`.
pub fn for_folder(folder: &Path, branch: Option<String>) -> Result<AgentSettings, SettingsError> {
    let text = "";
    let invalid = |diagnostics| SettingsError::Invalid {
        path: "the environment".to_owned(),
        text: text.to_owned(),
        diagnostics,
    };
    let folder = absolute(folder);
    let check = AgentSettings::check_authorities;
    let settings = checked("the environment", text, &folder, check).map_err(invalid)?;
    Ok(settings.with_folder(branch).anchored(&folder))
}

/// The settings in `text`, whose paths are taken from `folder`, with nothing wrong in them.
fn checked(
    path: &str,
    text: &str,
    folder: &Path,
    check: Check,
) -> Result<AgentSettings, Vec<Diagnostic>> {
    schema::read_with(path, text, &variables(), |settings: &AgentSettings, places| {
        let mut found = settings.check(places);
        found.extend(check(&settings.clone().anchored(folder), places));
        found
    })
}

/// What is wrong with the value at `pointer` of the settings, found out only when it was used: in the
/// variable that says it, or in the file at `path`.
pub fn unusable(path: Option<&Path>, pointer: &str, message: String, hint: &str) -> SettingsError {
    let shown = path.map_or("the environment".to_owned(), |path| path.display().to_string());
    let text = path.and_then(|path| std::fs::read_to_string(path).ok()).unwrap_or_default();
    let span = schema::place(&shown, &text, &variables(), pointer);
    let found = Diagnostic::error(Code::SettingsInvalid, span, message);
    let text = schema::veiled(&text);
    SettingsError::Invalid { path: shown, text, diagnostics: vec![found.hint(hint)] }
}

/// The value of an environment variable, if it is set and readable.
#[expect(clippy::disallowed_methods, reason = "this is the reader of the environment")]
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// All variables, sorted, as the dialect's `!env` and `env` see them on a person's machine.
#[expect(clippy::disallowed_methods, reason = "this is the reader of the environment")]
pub fn environment() -> std::collections::BTreeMap<String, String> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// Variables that are no settings: they say where the settings are, or serve tests.
const NOT_SETTINGS: &[&str] =
    &["ISOBAR_SETTINGS", "ISOBAR_PAUSE_AT", "ISOBAR_LOG", "ISOBAR_ALLOW_IMPORTS"];

fn variables() -> Vec<schema::Overlay> {
    let overlay = |(name, value): (String, String)| {
        let keys = name.strip_prefix("ISOBAR_")?;
        let path = keys.split("__").map(str::to_lowercase).collect();
        (!NOT_SETTINGS.contains(&name.as_str())).then_some(schema::Overlay {
            name,
            path,
            text: value,
        })
    };
    environment().into_iter().filter_map(overlay).collect()
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn count(diagnostics: &[Diagnostic]) -> String {
    match diagnostics.len() {
        1 => "1 mistake".to_owned(),
        n => format!("{n} mistakes"),
    }
}

#[cfg(test)]
mod tests;
