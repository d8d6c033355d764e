//! The three authorities that may start a step. There is no fourth.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::change::{Action, Cause};
use super::plan::{Effect, Step};
use crate::ids::{Actor, CommitId, ComponentId, Digest, PullNumber, ResourceKey};

/// Why a step may start.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "authority", rename_all = "lowercase")]
pub enum Authority {
    /// Enough people approved the plan's digest.
    Reviewed {
        /// What they approved.
        digest: Digest,
        /// Who.
        by: Vec<Actor>,
    },
    /// The repository asks for no approval, and a merge let through the digest last shown; or it
    /// asks for no review at all (then there is no pull request).
    Merged {
        /// What was shown, or is there.
        digest: Digest,
        /// The pull request it was shown on.
        pull: Option<PullNumber>,
    },
    /// `manage: correct` restores what was last applied.
    Standing {
        /// The component whose drift is corrected.
        component: ComponentId,
    },
}

impl Authority {
    /// What was said yes to; `None`: a standing authority needs no yes.
    pub fn digest(&self) -> Option<Digest> {
        match self {
            Self::Reviewed { digest, .. } | Self::Merged { digest, .. } => Some(*digest),
            Self::Standing { .. } => None,
        }
    }

    /// Whether a standing authority could ever cover `step`: it only restores, by create and
    /// update of owned resources; never a delete, a replace, or something newly wished for.
    pub fn may_stand(effect: &Effect, step: &Step) -> bool {
        step.artifact.is_none()
            && step.changes.iter().map(|&at| &effect.changes[at]).all(|change| {
                change.cause == Cause::Drift
                    && matches!(change.action, Action::Create | Action::Update)
            })
    }
}

/// One person's yes to one digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// What is approved.
    pub digest: Digest,
    /// Who says so.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// First moment at which it no longer holds.
    pub until: Timestamp,
    /// The pull request and head it was said about, if there is one.
    pub pull: Option<(PullNumber, CommitId)>,
    /// Resources that may be deleted or replaced although a guard holds them.
    #[serde(default)]
    pub overrides: BTreeSet<ResourceKey>,
}

impl Approval {
    /// A yes that names no overrides and is about no pull request. How long it holds is the
    /// policy's business.
    pub fn of(digest: Digest, by: Actor, at: Timestamp) -> Self {
        Self { digest, by, at, until: Timestamp::MAX, pull: None, overrides: BTreeSet::new() }
    }
}
