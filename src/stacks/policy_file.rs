//! `isobar.yaml`: what the repository allows.

use crate::diagnostic::{Code, Diagnostic, Span};
use crate::model::policy::RepositoryPolicy;
use crate::schema;
use crate::source::Snapshot;

/// Where the file is.
pub(super) const POLICY_PATH: &str = "isobar.yaml";

/// The policy of a snapshot. Without the file, or with mistakes in it, everything is observed.
pub fn policy(snapshot: &Snapshot) -> (RepositoryPolicy, Vec<Diagnostic>) {
    let text = match snapshot.text(POLICY_PATH) {
        Ok(Some(text)) => text,
        Ok(None) => return (RepositoryPolicy::default(), Vec::new()),
        Err(error) => {
            let span = Span::file(POLICY_PATH);
            let found = Diagnostic::error(Code::FileUnreadable, span, error.to_string());
            return (RepositoryPolicy::default(), vec![found]);
        }
    };
    match schema::read(POLICY_PATH, &text) {
        Ok(policy) => (policy, Vec::new()),
        Err(found) => (RepositoryPolicy::default(), found),
    }
}
