//! `isobar.lock`: what every file and chart of another place is, by its content.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::diagnostic::{Code, Diagnostic, Span};
use crate::ids::{CommitId, ContentId};
use crate::model::chart::LockedChart;
use crate::schema;
use crate::source::Snapshot;

/// The file `isobar.lock`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// By what imports say.
    #[serde(default)]
    pub imports: BTreeMap<String, Locked>,
    /// By what components ask for: `https://host/path/name@^1.2`.
    #[serde(default)]
    pub charts: BTreeMap<String, LockedChart>,
}

/// What one import is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Locked {
    /// The hash of its content.
    #[schemars(with = "String")]
    pub sha256: ContentId,
    /// Of a Git repository, the commit it is from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub commit: Option<CommitId>,
}

impl Lock {
    /// Where the file is, from the root.
    pub const PATH: &str = "isobar.lock";

    /// That of a snapshot. Without the file, or with mistakes in it, nothing is locked.
    pub fn of(snapshot: &Snapshot) -> (Self, Vec<Diagnostic>) {
        let text = match snapshot.text(Self::PATH) {
            Ok(Some(text)) => text,
            Ok(None) => return (Self::default(), Vec::new()),
            Err(error) => {
                let span = Span::file(Self::PATH);
                let found = Diagnostic::error(Code::FileUnreadable, span, error.to_string());
                return (Self::default(), vec![found]);
            }
        };
        match schema::read(Self::PATH, &text) {
            Ok(lock) => (lock, Vec::new()),
            Err(found) => (Self::default(), found),
        }
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        let what = match self.charts.is_empty() {
            true => "every remote import",
            false => "every remote import and chart",
        };
        let mut text = format!("# Made by `isobar lock`: what {what} is.\n");
        // JSON's texts are YAML's, and a url may have anything in it.
        let quoted = |text: &str| serde_json::Value::from(text);
        if !self.imports.is_empty() || self.charts.is_empty() {
            text.push_str("imports:\n");
        }
        for (url, locked) in &self.imports {
            let _ = writeln!(text, "  {}:", quoted(url));
            let _ = writeln!(text, "    sha256: \"{}\"", locked.sha256);
            if let Some(commit) = &locked.commit {
                let _ = writeln!(text, "    commit: \"{commit}\"");
            }
        }
        if !self.charts.is_empty() {
            text.push_str("charts:\n");
        }
        for (asked, locked) in &self.charts {
            let _ = writeln!(text, "  {}:", quoted(asked));
            if let Some(version) = &locked.version {
                let _ = writeln!(text, "    version: {}", quoted(version));
            }
            let _ = writeln!(text, "    url: {}", quoted(&locked.url));
            let _ = writeln!(text, "    sha256: \"{}\"", locked.sha256);
        }
        if self.imports.is_empty() && self.charts.is_empty() {
            text.truncate(text.len() - 1);
            text.push_str(" {}\n");
        }
        text
    }
}
