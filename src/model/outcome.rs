//! What happened, and whether it is what was predicted.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::authority::Authority;
use super::path::FieldPath;
use super::value::Value;
use crate::ids::{ComponentId, Digest, Epoch, ResourceKey, RunId, StackName};

/// How one run of one plan ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// The run.
    pub run: RunId,
    /// The stack it ran on.
    pub stack: StackName,
    /// The plan it ran.
    pub digest: Digest,
    /// The lease it ran under.
    pub epoch: Epoch,
    /// When it ended.
    pub ended_at: Timestamp,
    /// For each step of the plan, in the plan's order.
    pub steps: Vec<StepOutcome>,
}

/// How one step ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepOutcome {
    /// Its index in the plan.
    pub step: usize,
    /// Whose it was.
    pub component: ComponentId,
    /// What let it start, if it did.
    pub authority: Option<Authority>,
    /// How it ended.
    pub end: StepEnd,
    /// For each of its changes, how what is there compares with what was predicted.
    pub comparisons: Vec<Comparison>,
}

/// How a step ended. There is no "unknown and forgotten".
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "end", rename_all = "kebab-case")]
pub enum StepEnd {
    /// It happened.
    Done,
    /// It did not begin.
    NotStarted {
        /// Why.
        why: String,
    },
    /// It did not begin, because a value in it is not known yet. What was approved covers it once
    /// the value is.
    Waits {
        /// What for.
        why: String,
    },
    /// The target has moved since the plan was made: it has to be planned again.
    Stale {
        /// What moved.
        why: String,
    },
    /// It was refused or went wrong, and nothing of it is there.
    Failed {
        /// Why.
        why: String,
    },
    /// It is not known whether it happened.
    Indeterminate {
        /// Why.
        why: String,
    },
}

/// One change, predicted against actual, field by field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// Which resource.
    pub resource: ResourceKey,
    /// How many fields were predicted.
    pub predicted: usize,
    /// Those that came out otherwise.
    pub deviations: Vec<Deviation>,
}

/// A field that came out otherwise than predicted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Deviation {
    /// Which field.
    pub path: FieldPath,
    /// What the plan said; `None`: that it would not be there.
    pub predicted: Option<Value>,
    /// What is there.
    pub actual: Option<Value>,
    /// Whether its content is never shown.
    pub sensitive: bool,
}

impl StepEnd {
    /// One word for it.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::NotStarted { .. } => "not-started",
            Self::Waits { .. } => "waits",
            Self::Stale { .. } => "stale",
            Self::Failed { .. } => "failed",
            Self::Indeterminate { .. } => "indeterminate",
        }
    }
}

impl Outcome {
    /// Whether every step happened.
    pub fn is_done(&self) -> bool {
        self.steps.iter().all(|step| step.end == StepEnd::Done)
    }

    /// Whether every step happened that did not wait for a value, and at least one did wait.
    pub fn is_done_so_far(&self) -> bool {
        let waits = |step: &StepOutcome| matches!(step.end, StepEnd::Waits { .. });
        self.steps.iter().any(waits)
            && self.steps.iter().all(|step| step.end == StepEnd::Done || waits(step))
    }

    /// Whether every step happened that could, or at least one did, and the others did not begin: nothing
    /// allowed them, or something held them, and they are to be looked at again.
    pub fn is_begun_well(&self) -> bool {
        let began = |step: &&StepOutcome| !matches!(step.end, StepEnd::NotStarted { .. });
        let mut began = self.steps.iter().filter(began).map(|step| &step.end);
        let is_any_done = self.steps.iter().any(|step| step.end == StepEnd::Done);
        let is_well = |end: &StepEnd| matches!(end, StepEnd::Done | StepEnd::Waits { .. });
        self.went_well() || is_any_done && began.all(is_well)
    }

    /// Whether every step happened that could.
    pub fn went_well(&self) -> bool {
        self.is_done() || self.is_done_so_far()
    }

    /// How many fields were predicted, and how many came out so.
    pub fn fields_as_predicted(&self) -> (usize, usize) {
        let comparisons = || self.steps.iter().flat_map(|step| &step.comparisons);
        let predicted: usize = comparisons().map(|c| c.predicted).sum();
        let deviating: usize = comparisons().map(|c| c.deviations.len()).sum();
        (predicted, predicted.saturating_sub(deviating))
    }
}

#[cfg(test)]
mod tests;
