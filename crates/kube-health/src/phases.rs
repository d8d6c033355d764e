//! A state from a word at a known place of the status.

use crate::conditions::Conditions;
use crate::health::Health;
use crate::object::{Object, field};

/// Where the word stands and which words mean what. Any other word is a failure if it ends like
/// one, and work under way otherwise.
#[derive(Clone, Copy)]
pub(crate) struct Phases {
    at: &'static str,
    /// Where the status says more; the first that is there is shown.
    messages: &'static [&'static str],
    healthy: &'static [&'static str],
    degraded: &'static [&'static str],
    suspended: &'static [&'static str],
    unset: Unset,
    next: Next,
}

/// What an absent word means.
#[derive(Clone, Copy)]
enum Unset {
    Waits,
    Passes,
}

/// What is asked once the word is a healthy one.
#[derive(Clone, Copy)]
enum Next {
    Nothing,
    Phases(&'static Phases),
    Conditions(&'static Conditions),
}

impl Phases {
    pub(crate) const fn at(pointer: &'static str) -> Self {
        Self {
            at: pointer,
            messages: &["/status/message", "/status/reason"],
            healthy: &[],
            degraded: &[],
            suspended: &[],
            unset: Unset::Waits,
            next: Next::Nothing,
        }
    }

    pub(crate) const fn healthy(mut self, words: &'static [&'static str]) -> Self {
        self.healthy = words;
        self
    }

    pub(crate) const fn degraded(mut self, words: &'static [&'static str]) -> Self {
        self.degraded = words;
        self
    }

    pub(crate) const fn suspended(mut self, words: &'static [&'static str]) -> Self {
        self.suspended = words;
        self
    }

    pub(crate) const fn messages(mut self, pointers: &'static [&'static str]) -> Self {
        self.messages = pointers;
        self
    }

    /// An absent word is as good as a healthy one.
    pub(crate) const fn may_be_unset(mut self) -> Self {
        self.unset = Unset::Passes;
        self
    }

    pub(crate) const fn then(mut self, next: &'static Phases) -> Self {
        self.next = Next::Phases(next);
        self
    }

    pub(crate) const fn then_conditions(mut self, next: &'static Conditions) -> Self {
        self.next = Next::Conditions(next);
        self
    }

    pub(crate) fn judge(&self, object: Object<'_>) -> Health {
        let field = field(self.at);
        let Some(word) = object.text(self.at) else {
            return match self.unset {
                Unset::Passes => self.next(object),
                Unset::Waits => Health::progressing(format!("{field} is not reported yet")),
            };
        };
        let is_in = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
        if is_in(self.healthy) {
            return self.next(object);
        }
        let message = self.messages.iter().find_map(|pointer| object.sentence(pointer));
        let reason = match message {
            None => format!("{field} is {word}"),
            Some(message) => format!("{field} is {word}: {message}"),
        };
        if is_in(self.suspended) {
            Health::suspended(reason)
        } else if is_in(self.degraded) || ends_in_failure(word) {
            Health::degraded(reason)
        } else {
            Health::progressing(reason)
        }
    }

    fn next(&self, object: Object<'_>) -> Health {
        match self.next {
            Next::Nothing => Health::Healthy,
            Next::Phases(phases) => phases.judge(object),
            Next::Conditions(conditions) => conditions.judge(object),
        }
    }
}

pub(crate) fn ends_in_failure(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    ["failed", "failure", "error", "errored"].iter().any(|end| word.ends_with(end))
}
