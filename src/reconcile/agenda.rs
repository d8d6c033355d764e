//! When each stack is looked at again without a reason.

use std::collections::BTreeMap;
use std::time::Duration;

use super::task::backoff;
use crate::ids::StackName;
use crate::model::desired::{Presence, Stack};

/// Nothing is looked at more often without a reason: a look at a large stack takes some 100 ms.
const INTERVAL_MIN: Duration = Duration::from_secs(1);

/// Stacks that need not be looked at before a moment, by the monotonic clock.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    again: BTreeMap<StackName, Moment>,
}

/// When a stack is looked at again.
#[derive(Debug, Clone, Copy)]
struct Moment {
    /// At the latest.
    at: Duration,
    rest: Rest,
}

/// Why a stack is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// It is as it should be, and may be looked at with the others.
    True,
    /// It is as it should be, and says how long it may wait.
    Said,
    /// It has failed so often in a row.
    Failed(u32),
}

impl Agenda {
    /// Whether `stack` is to be looked at: its moment has come, or it has none. Where others are
    /// the reason for looking at all, `for_others`, one that was looked at waits for its own.
    pub(super) fn is_due(&self, stack: &StackName, now: Duration, for_others: bool) -> bool {
        let again = self.again.get(stack);
        again.is_none_or(|again| again.at <= now || again.rest != Rest::Said && !for_others)
    }

    /// Whether `stack` has failed, and is not to be tried again yet, whatever happens to it.
    pub(super) fn backs_off(&self, stack: &StackName, now: Duration) -> bool {
        let again = self.again.get(stack);
        again.is_some_and(|again| matches!(again.rest, Rest::Failed(_)) && again.at > now)
    }

    /// Whether a stack's own moment is the reason for looking at all.
    pub(super) fn has_come(&self, now: Duration) -> bool {
        self.own().any(|again| again.at <= now)
    }

    /// At `now` the stack was as it should be: the next look is an `interval` later, or with the
    /// others, and at the latest a `usual` one later.
    pub(super) fn put(
        &mut self,
        stack: StackName,
        now: Duration,
        interval: Option<Duration>,
        usual: Duration,
    ) {
        let rest = if interval.is_some() { Rest::Said } else { Rest::True };
        self.again.insert(stack, Moment { at: now + interval.unwrap_or(usual), rest });
    }

    /// At `now` it could not be done: each time in a row it is left alone for longer.
    pub(super) fn fail(&mut self, stack: StackName, now: Duration, jitter: f64) {
        let times = match self.again.get(&stack) {
            Some(Moment { rest: Rest::Failed(times), .. }) => times + 1,
            _ => 1,
        };
        let at = now + backoff(times, jitter);
        self.again.insert(stack, Moment { at, rest: Rest::Failed(times) });
    }

    /// The stack is looked at every time.
    pub(super) fn strike(&mut self, stack: &StackName) {
        self.again.remove(stack);
    }

    /// How long until the first of them, `most` at most.
    pub(super) fn pause(&self, now: Duration, most: Duration) -> Duration {
        let first = self.own().map(|again| again.at.saturating_sub(now)).min();
        first.map_or(most, |pause| pause.max(INTERVAL_MIN).min(most))
    }

    /// The moments that are not those of all others, too.
    fn own(&self) -> impl Iterator<Item = &Moment> {
        self.again.values().filter(|again| again.rest != Rest::True)
    }
}

/// How long a stack may wait for a look without a reason: as long as its most impatient component.
/// A component that does not say waits for `usual`. `None`: no component says anything.
pub(super) fn interval(stack: &Stack, usual: Duration) -> Option<Duration> {
    let active = stack.components.values().filter(|one| one.presence == Presence::Active);
    let said: Vec<_> = active.map(|component| component.reconcile.interval).collect();
    said.iter().flatten().next()?;
    let wait = |said: &Option<jiff::SignedDuration>| match said {
        Some(said) => Duration::try_from(*said).unwrap_or_default().max(INTERVAL_MIN),
        None => usual,
    };
    said.iter().map(wait).min()
}

#[cfg(test)]
mod tests;
