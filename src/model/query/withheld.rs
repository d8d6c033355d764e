//! What a query may not look at: what nobody knows yet, and what may not be shown.
//!
//! It can be found, handed on and put beside other values. An operator or a function that would have
//! to look at it stops there, and what it would have made is as unknown, or as secret.

use super::{Expr, Found, Run};
use crate::ids::ContentId;
use crate::model::canonical;
use crate::model::value::{Node, Rules, Value};
use crate::secret::Secret;

/// What the handle of a secret begins with that a query has made.
const OVER: &str = "query over the ";

/// Why there is no value.
#[derive(Debug, PartialEq)]
pub(super) enum Stop {
    /// It does not fit what is there.
    Fault(String),
    /// It depends on this, which is unknown or a secret.
    Withheld(Node),
}

impl From<String> for Stop {
    fn from(message: String) -> Self {
        Self::Fault(message)
    }
}

impl From<&str> for Stop {
    fn from(message: &str) -> Self {
        Self::Fault(message.to_owned())
    }
}

/// Looks at what a value is, but not at what is in it.
pub(super) fn look(value: &Value) -> Result<(), Stop> {
    match &value.node {
        Node::Unknown(_) | Node::Secret(_) => Err(Stop::Withheld(value.node.clone())),
        _ => Ok(()),
    }
}

/// Looks at a value and everything in it.
pub(super) fn look_through(value: &Value) -> Result<(), Stop> {
    match &value.node {
        Node::List(items) => items.iter().try_for_each(look_through),
        Node::Map(map) => map.iter().try_for_each(|(_, value)| look_through(value)),
        _ => look(value),
    }
}

/// Nothing, where a step does not fit.
pub(super) fn or_none(found: Found) -> Found {
    match found {
        Err(Stop::Fault(_)) => Ok(Vec::new()),
        found => found,
    }
}

impl Run<'_> {
    /// One value, known or not.
    pub(super) fn known(&mut self, found: Result<Value, Stop>) -> Result<Value, Stop> {
        match found {
            Err(Stop::Withheld(node)) => Ok(self.made_of(node)),
            found => found,
        }
    }

    /// What can be told of a value that depends on `node`. Of a secret another is made, which changes
    /// with anything that it may be made of.
    pub(super) fn made_of(&mut self, node: Node) -> Value {
        let Node::Secret(secret) = node else { return Value::computed(node) };
        let (query, whole): (&Expr, &Value) = (self.query, self.whole);
        let seed = self.seed.get_or_insert_with(|| {
            ContentId::of(format!("{query:?} {}", canonical::encode(&whole.typed(Rules::Stack))))
        });
        let state = ContentId::of(format!("{seed} {} {}", secret.handle(), secret.state()));
        let handle = match secret.handle() {
            made if made.starts_with(OVER) => made.to_owned(),
            found => format!("{OVER}{found}"),
        };
        Value::computed(Node::Secret(Secret::new(handle, state).into()))
    }
}

#[cfg(test)]
mod tests;
