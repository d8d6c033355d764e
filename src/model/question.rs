//! What resolving needs to know from the world: asked, never fetched.
//!
//! `resolve` puts a [`Question`] where an answer is missing; its caller answers what policy allows
//! and resolves again. What stays open is [`super::value::Node::Unknown`] and passes through
//! merge, plan, digest and report as "known after apply".

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::value::Value;
use crate::diagnostic::Span;
use crate::ids::{ComponentId, ComponentName, KindName, StackName};

/// One thing to find out. Equal questions have equal answers within one resolution.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Question {
    /// The function that asks, as the dialect calls it: `env`, `terraform.output`, ...
    pub function: Arc<str>,
    /// Its arguments, with everything implied (the asking component's stack) spelled out.
    pub arguments: Vec<Arc<str>>,
}

impl Question {
    /// The component that it is about, if it is about one: only those of terraform give anything.
    pub fn component(&self) -> Option<ComponentId> {
        let (name, stack) = match (self.function.as_ref(), self.arguments.as_slice()) {
            ("terraform.output" | "terraform.state" | "output", [name, stack, _])
            | ("atmos.Component", [name, stack]) => (name, stack),
            _ => return None,
        };
        Some(ComponentId {
            stack: StackName::new(stack).ok()?,
            kind: KindName::new("terraform").ok()?,
            name: ComponentName::new(name).ok()?,
        })
    }
}

impl fmt::Display for Question {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.function)?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {argument}"))
    }
}

/// What the caller found out about a question.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It is this.
    Value(Value),
    /// It cannot be known yet: what it regards is not applied.
    Later,
    /// Policy does not let it be asked here; the text says which policy.
    Refused(String),
    /// Asking failed; the text says how.
    Failed(String),
    /// What it regards has a mistake of its own, which is here.
    Unresolved {
        /// What is wrong with it.
        why: String,
        /// The mistake.
        at: Span,
    },
}

/// All answers so far.
pub type Answers = BTreeMap<Question, Answer>;
