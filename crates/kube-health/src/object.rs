//! A live object as rules read it: by pointer, and wrong types read as absent.

use std::fmt;

use jiff::Timestamp;
use serde_json::Value;

/// A live object and the time at which it is judged.
#[derive(Clone, Copy)]
pub(crate) struct Object<'a> {
    root: &'a Value,
    pub(crate) now: Timestamp,
}

impl<'a> Object<'a> {
    pub(crate) fn new(root: &'a Value, now: Timestamp) -> Self {
        Self { root, now }
    }

    /// The value at a JSON pointer, null as absent.
    pub(crate) fn at(self, pointer: &str) -> Option<&'a Value> {
        self.root.pointer(pointer).filter(|value| !value.is_null())
    }

    /// A text that is not empty.
    pub(crate) fn text(self, pointer: &str) -> Option<&'a str> {
        self.at(pointer)?.as_str().filter(|text| !text.is_empty())
    }

    /// A text, or the texts of a list as one.
    pub(crate) fn sentence(self, pointer: &str) -> Option<String> {
        if let Some(text) = self.text(pointer) {
            return Some(text.to_owned());
        }
        let texts: Vec<_> = self.list(pointer).iter().filter_map(Value::as_str).collect();
        (!texts.is_empty()).then(|| texts.join("; "))
    }

    /// A whole number, also one that is written as text.
    pub(crate) fn number(self, pointer: &str) -> Option<i64> {
        let value = self.at(pointer)?;
        value.as_i64().or_else(|| value.as_str()?.parse().ok())
    }

    /// A count of which the API leaves out zero.
    pub(crate) fn count(self, pointer: &str) -> i64 {
        self.number(pointer).unwrap_or(0)
    }

    pub(crate) fn is_true(self, pointer: &str) -> bool {
        self.at(pointer).is_some_and(|value| value.as_bool() == Some(true))
    }

    pub(crate) fn list(self, pointer: &str) -> &'a [Value] {
        self.at(pointer).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn has_status(self) -> bool {
        self.at("/status")
            .is_some_and(|status| status.as_object().is_none_or(|fields| !fields.is_empty()))
    }

    pub(crate) fn annotation(self, name: &str) -> Option<&'a str> {
        self.at("/metadata/annotations")?.get(name)?.as_str()
    }

    pub(crate) fn conditions(self) -> impl Iterator<Item = Condition<'a>> {
        conditions(self.list("/status/conditions"))
    }

    pub(crate) fn condition(self, name: &str) -> Option<Condition<'a>> {
        self.conditions().find(|condition| condition.name == name)
    }

    /// The condition of this name if it is true.
    pub(crate) fn holds(self, name: &str) -> Option<Condition<'a>> {
        self.condition(name).filter(|condition| condition.is_true())
    }
}

/// The conditions in a list that need not be that of the object itself.
pub(crate) fn conditions(list: &[Value]) -> impl Iterator<Item = Condition<'_>> {
    list.iter().filter_map(Condition::read)
}

/// A pointer as a person writes it: `status.phase`.
pub(crate) fn field(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

/// The three values of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    True,
    False,
    Unknown,
}

/// One entry of `status.conditions`.
#[derive(Clone, Copy)]
pub(crate) struct Condition<'a> {
    pub(crate) name: &'a str,
    pub(crate) status: Status,
    /// The status as written: some controllers have words of their own.
    word: &'a str,
    pub(crate) reason: &'a str,
    pub(crate) message: &'a str,
    pub(crate) observed_generation: Option<i64>,
    pub(crate) severity: &'a str,
    since: Option<&'a str>,
}

impl<'a> Condition<'a> {
    fn read(entry: &'a Value) -> Option<Self> {
        let text = |key: &str| entry.get(key).and_then(Value::as_str);
        let word = match entry.get("status")? {
            Value::Bool(true) => "True",
            Value::Bool(false) => "False",
            other => other.as_str().filter(|word| !word.is_empty()).unwrap_or("Unknown"),
        };
        let status = match word {
            _ if word.eq_ignore_ascii_case("true") => Status::True,
            _ if word.eq_ignore_ascii_case("false") => Status::False,
            _ => Status::Unknown,
        };
        Some(Self {
            name: text("type")?,
            status,
            word,
            reason: text("reason").unwrap_or_default(),
            message: text("message").unwrap_or_default(),
            severity: text("severity").unwrap_or_default(),
            observed_generation: entry.get("observedGeneration").and_then(Value::as_i64),
            since: text("lastTransitionTime"),
        })
    }

    pub(crate) fn is_true(self) -> bool {
        self.status == Status::True
    }

    /// Since when it has its status.
    pub(crate) fn since(self) -> Option<Timestamp> {
        self.since?.parse().ok()
    }
}

impl fmt::Display for Condition<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is {}", self.name, self.word)?;
        let parts = [self.reason, self.message];
        for part in parts.into_iter().filter(|part| !part.is_empty()) {
            write!(f, ": {part}")?;
        }
        Ok(())
    }
}
