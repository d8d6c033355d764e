//! One resource's difference, as people, guards and renderers see it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::body::Body;
use super::path::FieldPath;
use super::value::Value;
use crate::diagnostic::Span;
use crate::ids::{ComponentId, ContentId, ResourceKey};

/// What happens to one resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// Whose resource it is, or becomes.
    pub component: ComponentId,
    /// Which one.
    pub resource: ResourceKey,
    /// What happens to it.
    pub action: Action,
    /// What it would cost to be wrong.
    pub risk: Risk,
    /// Whether it restores the last applied state, or follows a new wish.
    pub cause: Cause,
    /// The fields that differ, sorted by path. For a create: everything; for a delete: what goes.
    pub fields: Vec<FieldChange>,
    /// What the resource holds afterwards; `None` after a delete or forget.
    pub intended: Option<Body>,
    /// What has to hold just before.
    pub precondition: Precondition,
}

/// What happens to a resource.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is not there and will be.
    Create,
    /// Fields of it change. Without any, it holds what it is to, and is written to be ours.
    Update,
    /// It is deleted and made anew, because a field cannot change otherwise.
    Replace,
    /// It goes.
    Delete,
    /// It is there, nobody's, as wanted or to be updated; from now on it is ours.
    Adopt,
    /// It stays as it is and belongs to another component from now on.
    Move {
        /// Whose it was.
        from: ComponentId,
    },
    /// It stays as it is and is nobody's from now on.
    Forget,
    /// It is no longer wanted, stays as it is, and stays ours: the reason is a hold.
    Keep,
}

/// What it would cost to be wrong. Ordered: the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// The next plan can undo it.
    Reversible,
    /// Something stops working meanwhile.
    Disruptive,
    /// What is lost does not come back.
    DataLoss,
}

/// Why a change is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Cause {
    /// The configuration asks for something new.
    Wish,
    /// The target left the last applied state without a commit that asks for it.
    Drift,
}

/// One field's difference.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldChange {
    /// Which field.
    pub path: FieldPath,
    /// What is there; `None`: nothing.
    pub before: Option<Value>,
    /// What will be there; `None`: nothing.
    pub after: Option<Value>,
    /// Whether its content is never shown.
    pub sensitive: bool,
    /// Where the configuration says so. Not part of the digest.
    pub origin: Option<Span>,
    /// Who else has written what is there, as the target tells it. Not part of the digest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub writer: Option<String>,
    /// Whether a program has made it up, once: from then on it stays as it is. Not part of the digest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub made_up: bool,
}

/// What has to hold just before a change; otherwise the plan is stale.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Precondition {
    /// The target's own id of the object that was planned on.
    pub uid: Option<String>,
    /// The live content of exactly the fields the change touches (for delete and replace: those
    /// shown), by content; `None`: the field is not there.
    pub fields: BTreeMap<FieldPath, Option<ContentId>>,
    /// Whether the object itself has to be there.
    pub exists: bool,
}

impl Action {
    /// The word people and reports use.
    pub fn verb(&self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace => "replace",
            Self::Delete => "delete",
            Self::Adopt => "adopt",
            Self::Move { .. } => "move",
            Self::Forget => "forget",
            Self::Keep => "keep",
        }
    }

    /// Whether it takes something away: these come first in every report and count for the guard.
    pub fn is_destructive(&self) -> bool {
        matches!(self, Self::Replace | Self::Delete)
    }

    /// Whether the target is touched at all, or only the marks.
    pub fn touches_target(&self) -> bool {
        matches!(self, Self::Create | Self::Update | Self::Replace | Self::Delete | Self::Adopt)
    }
}
