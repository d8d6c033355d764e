//! What could not be looked at is neither there nor gone.

use crate::model::observation::{Observed, Seen};
use crate::model::plan::HoldReason;

/// Why nothing can be said about a whole component.
pub(in crate::plan) fn component(observed: Option<&Observed>) -> HoldReason {
    let why = match observed {
        Some(Observed::Unreachable { reason }) => reason.clone(),
        _ => "it was not looked at".to_owned(),
    };
    HoldReason::Unreadable { why }
}

/// Why nothing can be said about one resource: it could not be read, or the answer does not fit
/// what was asked. An answer that does not fit is never taken for "gone".
pub(in crate::plan) fn veto(seen: Option<&Seen>, wanted: bool, sealed: bool) -> Option<HoldReason> {
    let why = match seen {
        Some(Seen::Unreadable { reason }) => reason.as_str(),
        Some(Seen::Refused { reason }) => return Some(HoldReason::Refused { why: reason.clone() }),
        Some(Seen::Ambiguous { reason }) => {
            return Some(HoldReason::Ambiguous { why: reason.clone() });
        }
        None => "the target did not say what is there",
        Some(Seen::Absent) if wanted => "the target did not say what would be there",
        Some(Seen::Compared(both)) if !sealed && wanted != both.intended.is_some() => {
            "what the target would make of it does not fit what was asked"
        }
        Some(Seen::Same { .. }) if !sealed && !wanted => {
            "the target takes it for wanted, and it is not"
        }
        Some(_) => return None,
    };
    Some(HoldReason::Unreadable { why: why.to_owned() })
}
