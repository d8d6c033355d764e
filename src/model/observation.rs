//! What is, and what would be: the one thing a backend tells the rest of Isobar.
//!
//! A backend never diffs. It asks its target both questions (file compare, server-side dry run,
//! terraform's plan as JSON, a stored fingerprint), and one diff serves every kind.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::body::Body;
use super::path::FieldPath;
use super::value::Value;
use crate::ids::{ComponentId, ContentId, ResourceKey};

/// What a target says about one component. An incomplete one can never lead to a delete.
#[derive(Debug, Clone, PartialEq)]
pub enum Observed {
    /// Every resource was looked at.
    Complete(Observation),
    /// Some could not be, or are refused: `Seen` says which and why.
    Partial(Observation),
    /// Nothing could be seen.
    Unreachable {
        /// Why, for people.
        reason: String,
    },
}

impl Observed {
    /// Whether something of it could not be looked at.
    pub fn is_blind(&self) -> bool {
        let unread = |seen: &Seen| matches!(seen, Seen::Unreadable { .. });
        match self {
            Self::Complete(_) => false,
            Self::Partial(observation) => observation.resources.values().any(unread),
            Self::Unreachable { .. } => true,
        }
    }
}

/// One look at everything a component owns or wants.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Whose resources they are.
    pub component: ComponentId,
    /// Every resource that is rendered or owned.
    pub resources: BTreeMap<ResourceKey, Seen>,
    /// How the component is doing.
    pub health: Health,
    /// How those resources are doing that count for that and do not do well.
    pub unwell: BTreeMap<ResourceKey, Health>,
    /// What other components may read.
    pub outputs: BTreeMap<String, Value>,
    /// What the tool wants back at apply time.
    pub artifact: Option<Artifact>,
    /// Versions of the tools that were asked: part of what is approved.
    pub tools: BTreeMap<String, String>,
}

impl Observation {
    /// How a resource is doing that does not do well, as far as it counts.
    pub fn unwell(&self, resource: &ResourceKey) -> Option<Health> {
        match self.resources.get(resource) {
            Some(
                Seen::Unreadable { reason } | Seen::Refused { reason } | Seen::Ambiguous { reason },
            ) => Some(Health::Unknown(reason.clone())),
            _ => self.unwell.get(resource).cloned(),
        }
    }
}

/// One resource, live and intended.
#[derive(Debug, Clone, PartialEq)]
pub enum Seen {
    /// It is as it was last applied, and that is what is wanted.
    Same {
        /// The content it has.
        fingerprint: ContentId,
    },
    /// Both sides are known.
    Compared(Box<Compared>),
    /// It is owned, not wanted, and not there.
    Absent,
    /// It could not be looked at: neither there nor gone.
    Unreadable {
        /// Why, for people.
        reason: String,
    },
    /// The target does not take what is wanted of it. What is there stays as it is, and an
    /// observation with such a resource is a partial one: nothing is deleted in its favour.
    Refused {
        /// Why, in the target's words.
        reason: String,
    },
    /// It is there, and what a program has made up of it cannot be found again in that. It stays as it
    /// is, and an observation with such a resource is a partial one.
    Ambiguous {
        /// Why, for people.
        reason: String,
    },
}

/// Kinds of Kubernetes objects with which data goes that no manifest brings back.
pub const STATEFUL_KINDS: &[&str] =
    &["CustomResourceDefinition", "Namespace", "PersistentVolume", "PersistentVolumeClaim"];

/// Both sides of one resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Compared {
    /// What is there; `None`: nothing.
    pub live: Option<Body>,
    /// What the target says would be there; `None`: the component does not want it.
    pub intended: Option<Body>,
    /// Fields that cannot change without the resource being made anew.
    pub must_replace: Vec<FieldPath>,
    /// Fields whose content is never shown.
    pub sensitive: Vec<FieldPath>,
    /// Whether what it holds is lost with it.
    pub stateful: bool,
    /// The target's own id of the live object.
    pub uid: Option<String>,
    /// Who owns it by the target's own marks: a foreign one is never adopted silently.
    pub owner: Owner,
    /// If it holds what it would: the fields of that which the target does not count as ours. What others
    /// do to them later would go without a trace, and so would it if nobody wanted them any more.
    pub lost: Vec<FieldPath>,
    /// Fields of `live` that somebody else has written, and who, where the target tells.
    pub writers: BTreeMap<FieldPath, String>,
}

/// Whose a live object is by the target's own marks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Owner {
    /// Nobody has marked it.
    Nobody,
    /// This component.
    This,
    /// Another component of this agent and repository.
    Other(ComponentId),
    /// Another agent or repository; the text says which.
    Foreign(String),
}

/// What a tool made while observing and needs for exactly that apply (terraform's plan file).
/// It is a secret: kept encrypted, named here by its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// What it is: `terraform-plan`.
    pub kind: String,
    /// The hash of its bytes.
    pub content: ContentId,
}

/// How a component is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", content = "reason", rename_all = "lowercase")]
pub enum Health {
    /// It does what it should.
    Healthy,
    /// It is getting there.
    Progressing(String),
    /// It does not get there.
    Degraded(String),
    /// Someone has stopped it on purpose.
    Suspended(String),
    /// It is not there.
    Missing,
    /// It cannot be said.
    Unknown(String),
}

impl Health {
    /// Why what depends on it has to wait; `None`: it does not. What somebody has stopped on
    /// purpose keeps nobody waiting.
    pub fn unwell(&self) -> Option<String> {
        match self {
            Self::Healthy | Self::Suspended(_) => None,
            Self::Progressing(why) => Some(format!("progressing: {why}")),
            Self::Degraded(why) => Some(format!("degraded: {why}")),
            Self::Unknown(why) => Some(format!("unknown: {why}")),
            Self::Missing => Some("missing".to_owned()),
        }
    }
}
