//! What the log says of single components: who does well by now, and who no longer does.

use crate::ids::ComponentId;
use crate::model::plan::{Envelope, Why};
use crate::report::words;

/// Says how components are doing whose state is another one than when the `last` plan of their stack
/// was remembered. The log is written after the plan: what it says, `isobar status` shows.
pub(super) fn news(last: Option<&Envelope>, now: &Envelope) {
    for id in now.why.keys() {
        let before = last.and_then(|last| last.health.get(id));
        match now.health.get(id) {
            Some(health) if before != Some(health) => {
                let health = words::health(health).unwrap_or_default();
                tracing::info!(component = %id, "is {health}");
            }
            None if is_well(now, id) && !last.is_some_and(|last| is_well(last, id)) => {
                tracing::info!(component = %id, "is as it should be and does well");
            }
            _ => {}
        }
    }
}

fn is_well(plan: &Envelope, id: &ComponentId) -> bool {
    plan.why.get(id) == Some(&Why::Unchanged) && !plan.health.contains_key(id)
}
