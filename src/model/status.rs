//! How a stack stands: what `status`, the API and the page show.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::observation::Health;
use super::outcome::Outcome;
use super::plan::Plan;
use crate::ids::ComponentId;

/// How one stack stands.
#[derive(Debug, Clone, PartialEq)]
pub struct StackStatus {
    /// The last plan: what differs, and what is held.
    pub plan: Plan,
    /// How its components are doing, as far as it is known.
    pub health: BTreeMap<ComponentId, Health>,
    /// How the last run ended, if there was one.
    pub last: Option<Outcome>,
}

/// What is wrong with a branch that an agent follows: what it said last is kept true meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// Which branch.
    pub branch: String,
    /// What is wrong, for people.
    pub why: String,
    /// Since when it is known.
    pub since: Timestamp,
}

impl StackStatus {
    /// The component that is doing worst; `None` if nothing is known.
    pub fn worst_health(&self) -> Option<(&ComponentId, &Health)> {
        self.health.iter().max_by_key(|(_, health)| match health {
            Health::Healthy => 0,
            Health::Suspended(_) => 1,
            Health::Unknown(_) => 2,
            Health::Progressing(_) => 3,
            Health::Missing => 4,
            Health::Degraded(_) => 5,
        })
    }
}
