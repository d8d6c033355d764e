//! What an API server can refuse, what may be done about it, and how people are told.

use std::time::Duration;

use kube::core::Status;

use super::connection::{AWAY, Failure};
use super::identity::Identity;
use crate::backends::StepError;

/// How long to leave a server alone that says it is busy and not for how long.
const BUSY: Duration = Duration::from_secs(1);

impl Failure {
    /// The same for a request that changes something.
    pub(super) fn into_step(self, identity: Option<&Identity>) -> StepError {
        let reason = self.told(identity);
        match self {
            Self::Away(_) => StepError::retry_after(AWAY, reason),
            Self::Lost(_) => StepError::unknown(reason),
            Self::Late(_) => StepError::refused(reason),
            Self::Refused(status) => match status.code {
                429 | 503 => StepError::retry_after(wait(&status), reason),
                // An admission webhook that does not answer: nothing was stored.
                500 if status.message.contains("failed calling webhook") => {
                    StepError::retry_after(BUSY, reason)
                }
                // Fields that its kind does not have.
                500 if status.message.contains("typed patch object") => StepError::refused(reason),
                408 | 500 | 502 | 504 => StepError::unknown(reason),
                409 => StepError::stale(reason),
                _ => StepError::refused(reason),
            },
        }
    }

    /// Whether what was asked for, or what it would be in, is not there.
    pub(super) fn is_not_found(&self) -> bool {
        matches!(self, Self::Refused(status) if status.code == 404)
    }

    /// Whether whoever asks has no right to it.
    pub(super) fn is_forbidden(&self) -> bool {
        matches!(self, Self::Refused(status) if status.code == 403) && !self.is_about_manifest()
    }

    /// Whether there is no such place in the API: its version, or its kind, is gone.
    pub(super) fn is_no_path(&self) -> bool {
        matches!(self, Self::Refused(status) if status.code == 404 && status.reason != "NotFound")
    }

    /// Whether it may be because owners of fields are written down for a version that is gone: the server
    /// says that in many ways, and none of them is meant for programs.
    pub(super) fn may_be_of_version(&self) -> bool {
        matches!(self, Self::Refused(status) if status.code == 500)
    }

    /// Whether somebody else has written another value of a field that was to be written.
    pub(super) fn is_conflict(&self) -> bool {
        let Self::Refused(status) = self else { return false };
        let mut causes = status.details.iter().flat_map(|details| &details.causes);
        status.code == 409 && causes.any(|cause| cause.reason == "FieldManagerConflict")
    }

    /// Whether it is what was sent that the server does not take, whoever sends it and whenever.
    pub(super) fn is_about_manifest(&self) -> bool {
        let Self::Refused(status) = self else { return false };
        match status.code {
            400 | 413 | 422 => true,
            403 => status.message.contains("denied the request"),
            500 => status.message.contains("typed patch object"),
            _ => false,
        }
    }

    /// For people. What a server says about an object with secrets may hold a part of them: then only the
    /// fields are named.
    pub(super) fn told(&self, identity: Option<&Identity>) -> String {
        let about = identity.map(|identity| format!("{identity}: ")).unwrap_or_default();
        format!("{about}{}", self.words(identity))
    }

    /// The same without the name of the object.
    pub(super) fn words(&self, identity: Option<&Identity>) -> String {
        match self {
            Self::Away(why) => format!("the cluster cannot be reached: {why}"),
            Self::Lost(why) | Self::Late(why) => why.clone(),
            Self::Refused(status) if identity.is_some_and(Identity::is_confidential) => {
                let details = status.details.as_ref();
                let causes = details.iter().flat_map(|details| &details.causes);
                let fields: Vec<_> = causes.map(|cause| cause.field.as_str()).collect();
                match (undeclared(&status.message), fields.is_empty()) {
                    (Some(field), _) => format!("{field}: field not declared in schema"),
                    (None, true) => format!("refused ({})", reason(status)),
                    (None, false) => format!("refused ({}): {}", reason(status), fields.join(", ")),
                }
            }
            Self::Refused(status) => status.message.clone(),
        }
    }
}

/// The agent itself says no: for the same reason a server would.
pub(super) fn not_permitted(account: &str) -> Failure {
    let why = format!(
        "the agent's settings denied the request: `service_accounts` of the target does not have {account}"
    );
    Failure::Refused(Box::new(Status::failure(&why, "Forbidden").with_code(403)))
}

/// The field that a message says its kind does not have, if that is all it says.
fn undeclared(message: &str) -> Option<&str> {
    let (_, told) = message.rsplit_once("): ")?;
    let field = told.strip_suffix(": field not declared in schema")?;
    field.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.').then_some(field)
}

fn reason(status: &Status) -> String {
    match status.reason.as_str() {
        "" => status.code.to_string(),
        reason => reason.to_owned(),
    }
}

/// How long to leave a server alone that has said no.
pub(super) fn wait(status: &Status) -> Duration {
    let seconds = status.details.as_ref().map_or(0, |details| details.retry_after_seconds);
    BUSY.max(Duration::from_secs(u64::from(seconds)))
}

#[cfg(test)]
mod tests;
