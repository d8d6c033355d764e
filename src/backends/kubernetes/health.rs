//! How objects are doing, and how a component is that they are of.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use kube_health::Health as Judged;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::identity::Identity;
use super::rules::{self, Rule};
use crate::ids::ResourceKey;
use crate::model::observation::Health;

/// How an object is doing, and what becomes of that for as long as nobody changes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Outlook {
    pub(super) now: Health,
    /// From when on it is doing otherwise, by the wall clock, and how.
    then: Option<Box<(Timestamp, Health)>>,
}

impl Outlook {
    /// How it is doing at a moment.
    pub(super) fn at(&self, moment: Timestamp) -> &Health {
        self.then.as_ref().filter(|then| then.0 <= moment).map_or(&self.now, |then| &then.1)
    }

    /// When it turns by itself, if it is to.
    pub(super) fn turns_at(&self) -> Option<Timestamp> {
        self.then.as_ref().map(|then| then.0)
    }

    /// Turns if it is time to. Gives whether it did.
    pub(super) fn turn(&mut self, now: Timestamp) -> bool {
        let Some(then) = self.then.take_if(|then| then.0 <= now) else { return false };
        self.now = then.1;
        true
    }
}

impl From<Health> for Outlook {
    fn from(now: Health) -> Self {
        Self { now, then: None }
    }
}

/// How an object is doing, by the rule for its kind if there is one; `None`: it is not there. What
/// may pass is judged for the moment at which it no longer may, too: an object that then says nothing
/// more need not be asked for again.
pub(super) fn judge(
    rule: Option<&Arc<Rule>>,
    identity: &Identity,
    object: Option<&Json>,
    now: Timestamp,
) -> Outlook {
    let Some(object) = object else { return Health::Missing.into() };
    let judge = |at| rules::judge(rule, identity, object, at);
    let judged = judge(now);
    let until = match judged {
        Judged::Progressing { until, .. } => until,
        _ => None,
    };
    let then = until.map(|until| Box::new((until, told(&judge(until)))));
    Outlook { now: told(&judged), then }
}

fn told(judged: &Judged) -> Health {
    let why = judged.reason().map(|reason| reason.as_str().to_owned()).unwrap_or_default();
    match judged {
        Judged::Healthy => Health::Healthy,
        Judged::Progressing { .. } => Health::Progressing(why),
        Judged::Degraded(_) => Health::Degraded(why),
        Judged::Suspended(_) => Health::Suspended(why),
        Judged::Unknown(_) => Health::Unknown(why),
    }
}

/// How a component is doing, by the worst of what it wants: the first of them says why, the others
/// are counted.
pub(super) fn worst(objects: &BTreeMap<ResourceKey, Health>) -> Health {
    let all_missing = objects.values().all(|health| *health == Health::Missing);
    if all_missing && !objects.is_empty() {
        return Health::Missing;
    }
    let Some(rank) = objects.values().map(rank).max().filter(|rank| *rank > 0) else {
        return Health::Healthy;
    };
    let mut worst = objects.iter().filter(|(_, health)| self::rank(health) == rank);
    let Some((key, health)) = worst.next() else { return Health::Healthy };
    let more = match worst.count() {
        0 => String::new(),
        more => format!(" (and {more} more)"),
    };
    let because = |why: &str| format!("{key}: {why}{more}");
    match health {
        Health::Healthy => Health::Healthy,
        Health::Suspended(why) => Health::Suspended(because(why)),
        Health::Unknown(why) => Health::Unknown(because(why)),
        Health::Progressing(why) => Health::Progressing(because(why)),
        // What is not there yet is on its way, or a plan says why not.
        Health::Missing => Health::Progressing(because("it is not there")),
        Health::Degraded(why) => Health::Degraded(because(why)),
    }
}

/// Higher is worse.
fn rank(health: &Health) -> u8 {
    match health {
        Health::Healthy => 0,
        Health::Suspended(_) => 1,
        Health::Unknown(_) => 2,
        Health::Progressing(_) => 3,
        Health::Missing => 4,
        Health::Degraded(_) => 5,
    }
}

#[cfg(test)]
mod tests;
