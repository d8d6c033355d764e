//! A state from conditions that are known by name.

use jiff::SignedDuration;

use crate::health::Health;
use crate::object::{Condition, Object, Status};

/// How long a failure may last before it counts, in seconds: what one controller waits for is
/// often being made by another one at the same time.
const PATIENCE_SECONDS: i64 = 15;

/// Parts of the reason of a False that tell a failure from work under way.
const FAILURES: &[&str] = &[
    "Fail",
    "Error",
    "Invalid",
    "Denied",
    "Rejected",
    "Unsupported",
    "Forbidden",
    "Unauthorized",
    "Misconfigured",
    "NotAllowed",
    "Conflict",
    "Exceeded",
    "CrashLoop",
];

/// Which conditions must be true, and which say something by themselves.
#[derive(Clone, Copy)]
pub(crate) struct Conditions {
    required: &'static [&'static str],
    also: &'static [&'static str],
    signs: &'static [Sign],
    patience_seconds: i64,
    strict: bool,
}

impl Conditions {
    /// Healthy once all of these are true. One that is False is a failure if its reason or
    /// severity says so, and work under way otherwise.
    pub(crate) const fn required(names: &'static [&'static str]) -> Self {
        Self {
            required: names,
            also: &[],
            signs: &[],
            patience_seconds: PATIENCE_SECONDS,
            strict: false,
        }
    }

    /// The first of these that the object shows decides before all else.
    pub(crate) const fn signs(mut self, signs: &'static [Sign]) -> Self {
        self.signs = signs;
        self
    }

    /// A False is a failure whatever its reason.
    pub(crate) const fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// How long a failure may last before it counts.
    pub(crate) const fn patience(mut self, seconds: i64) -> Self {
        self.patience_seconds = seconds;
        self
    }

    /// These must be true as well where they are there; being parts, they say more.
    pub(crate) const fn also(mut self, names: &'static [&'static str]) -> Self {
        self.also = names;
        self
    }

    /// None of those that are required is waited for.
    pub(crate) const fn optional(mut self) -> Self {
        self.also = self.required;
        self.required = &[];
        self
    }

    pub(crate) fn judge(&self, object: Object<'_>) -> Health {
        if let Some(health) = self.signs.iter().find_map(|sign| sign.seen(object)) {
            return health;
        }
        let required = self.required.iter().map(|name| match object.condition(name) {
            None => Health::progressing(format!("its condition {name} is not reported yet")),
            Some(condition) => self.weigh(object, condition),
        });
        let also = self.also.iter().filter_map(|name| object.condition(name));
        worst(also.map(|condition| self.weigh(object, condition)).chain(required))
    }

    /// What one condition that ought to be true means.
    pub(crate) fn weigh(&self, object: Object<'_>, condition: Condition<'_>) -> Health {
        if let Some(health) = outdated(object, condition) {
            return health;
        }
        match condition.status {
            Status::True => Health::Healthy,
            Status::Unknown => Health::progressing(condition.to_string()),
            Status::False if self.strict || fails(condition) => self.failed(object, condition),
            Status::False => Health::progressing(condition.to_string()),
        }
    }

    fn failed(&self, object: Object<'_>, condition: Condition<'_>) -> Health {
        let patience = SignedDuration::from_secs(self.patience_seconds);
        let until = condition.since().and_then(|since| since.checked_add(patience).ok());
        match until.filter(|until| *until > object.now) {
            None => Health::degraded(condition.to_string()),
            until => Health::Progressing { reason: condition.to_string().into(), until },
        }
    }
}

/// A condition with this status, and one of these reasons if there are any, means this.
pub(crate) struct Sign {
    name: &'static str,
    status: Status,
    reasons: &'static [&'static str],
    means: fn(String) -> Health,
}

impl Sign {
    fn seen(&self, object: Object<'_>) -> Option<Health> {
        let named =
            object.conditions().filter(|it| it.name == self.name && it.status == self.status);
        let seen = named
            .filter(|it| self.reasons.is_empty() || self.reasons.contains(&it.reason))
            .find(|it| outdated(object, *it).is_none());
        seen.map(|it| (self.means)(it.to_string()))
    }

    /// Only with one of these reasons.
    pub(crate) const fn because(mut self, reasons: &'static [&'static str]) -> Self {
        self.reasons = reasons;
        self
    }

    pub(crate) const fn degraded(name: &'static str, status: Status) -> Self {
        Self { name, status, reasons: &[], means: Health::degraded::<String> }
    }

    pub(crate) const fn progressing(name: &'static str, status: Status) -> Self {
        Self { name, status, reasons: &[], means: Health::progressing::<String> }
    }

    pub(crate) const fn suspended(name: &'static str, status: Status) -> Self {
        Self { name, status, reasons: &[], means: Health::suspended::<String> }
    }

    pub(crate) const fn healthy(name: &'static str, status: Status) -> Self {
        Self { name, status, reasons: &[], means: |_| Health::Healthy }
    }
}

/// The first that is degraded, else the first that is not healthy, due when any of them is.
pub(crate) fn worst(parts: impl IntoIterator<Item = Health>) -> Health {
    let (mut worst, mut earliest) = (Health::Healthy, None);
    for part in parts {
        match &part {
            Health::Degraded(_) => return part,
            Health::Progressing { until: Some(until), .. } => {
                earliest = earliest.into_iter().chain([*until]).min();
            }
            _ => {}
        }
        if worst == Health::Healthy {
            worst = part;
        }
    }
    if let Health::Progressing { until, .. } = &mut worst {
        *until = earliest;
    }
    worst
}

/// Whether a False tells of a failure and not of work under way.
fn fails(condition: Condition<'_>) -> bool {
    condition.severity == "Error" || FAILURES.iter().any(|part| condition.reason.contains(part))
}

/// A condition of an earlier generation says nothing of this one. Where the status as a whole
/// names its generation, that has been compared already.
pub(crate) fn outdated(object: Object<'_>, condition: Condition<'_>) -> Option<Health> {
    let generation = object.number("/metadata/generation")?;
    let observed = condition.observed_generation.filter(|observed| *observed < generation)?;
    let whole = object.number("/status/observedGeneration");
    whole.is_none().then(|| {
        let name = condition.name;
        Health::progressing(format!(
            "generation {generation} is not observed yet, the condition {name} is of {observed}"
        ))
    })
}
