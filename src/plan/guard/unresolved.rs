//! What cannot be resolved or built stays as it is.

use crate::diagnostic::Diagnostic;
use crate::model::plan::HoldReason;

/// Why nothing is planned for a component; the diagnostics say it in full elsewhere.
pub(in crate::plan) fn veto(diagnostics: &[Diagnostic]) -> HoldReason {
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error());
    let mut codes: Vec<_> = errors.map(|error| error.code.to_string()).collect();
    codes.sort();
    codes.dedup();
    HoldReason::Unresolved { codes }
}
