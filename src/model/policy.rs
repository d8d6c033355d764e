//! What may be done without asking, and what must be asked: the repository's `isobar.yaml`, and
//! the block `settings.reconcile` of a component.

use std::num::NonZeroU32;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::health_rule::HealthRule;
use super::path::FieldPath;
use crate::diagnostic::{Diagnostic, Severity};
use crate::ids::{StackName, TargetName};
use crate::pattern::StackPattern;

/// How far Isobar goes on its own. Ordered: a later one does all that an earlier one does.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Default,
    Serialize,
    Deserialize,
    JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Manage {
    /// Plans and drift are shown; nothing is changed.
    #[default]
    Observe,
    /// Reviewed plans are applied; drift is shown and waits for a review.
    Propose,
    /// Reviewed plans are applied, and drift is corrected back to the last applied state.
    Correct,
}

/// The file `isobar.yaml`: what the stack dialect lacks. Read from the base branch only.
///
/// Without the file every stack is observed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RepositoryPolicy {
    /// The version of this file's format: 1.
    pub version: Option<u32>,
    /// What has to happen before a plan may be applied.
    pub review: Review,
    /// How stacks are managed; the first rule whose pattern fits a stack's name decides.
    pub stacks: Vec<StackRule>,
    /// Times in which nothing is applied.
    pub freeze: Vec<Freeze>,
    /// What a plan may not do without a named override.
    pub guard: Guard,
    /// How strict resolving is.
    pub strictness: Strictness,
    /// The rules that lie in the repository for its components and stacks.
    pub schemas: Schemas,
    /// How objects of kinds of your own are doing, in the place of what Isobar would say of them: one
    /// rule for each kind, of CEL expressions. See `docs/kubernetes.md`.
    pub health: Vec<HealthRule>,
}

impl RepositoryPolicy {
    /// The rule that decides about a stack: the first whose pattern fits its name.
    pub fn rule(&self, stack: &StackName) -> Option<&StackRule> {
        self.stacks.iter().find(|rule| rule.pattern.fits(stack))
    }

    /// How far Isobar goes on its own in a stack; without a rule it only observes.
    pub fn manage(&self, stack: &StackName) -> Manage {
        self.rule(stack).map_or(Manage::Observe, |rule| rule.manage)
    }

    /// The freeze that holds a stack at `now`.
    pub fn freeze(&self, stack: &StackName, now: Timestamp) -> Option<&Freeze> {
        self.freeze
            .iter()
            .find(|freeze| freeze.from <= now && now < freeze.until && freeze.pattern.fits(stack))
    }
}

/// What has to happen before a plan may be applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Review {
    /// `none`: whatever is on the tracked branch is applied.
    Unreviewed(Unreviewed),
    /// A number of approvals of the plan's digest. With 0, merging approves what was shown last.
    Required(RequiredReview),
}

/// The word `none`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unreviewed {
    /// No review.
    None,
}

/// How many people have to approve, and for how long that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequiredReview {
    /// How many approvals by others than the author. 0: the merge approves what was shown last.
    pub approvals: u32,
    /// How long an approval holds, in hours.
    #[serde(default = "approval_hours_default")]
    pub approval_hours: u32,
}

impl Review {
    /// The same, but with one approval at least: a merge or a push alone is not enough.
    pub fn at_least_one(&self) -> Self {
        match self {
            Self::Required(required) if required.approvals > 0 => self.clone(),
            _ => Self::default(),
        }
    }
}

impl Default for Review {
    fn default() -> Self {
        Self::Required(RequiredReview { approvals: 1, approval_hours: approval_hours_default() })
    }
}

/// A week: a plan that waits longer should be looked at again.
fn approval_hours_default() -> u32 {
    7 * 24
}

/// How the stacks that fit a pattern are managed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StackRule {
    /// A glob over stack names: `core-*`.
    #[serde(rename = "match")]
    #[schemars(with = "String")]
    pub pattern: StackPattern,
    /// How far Isobar goes on its own there.
    pub manage: Manage,
}

/// A time in which nothing is applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// A glob over stack names.
    #[serde(rename = "match")]
    #[schemars(with = "String")]
    pub pattern: StackPattern,
    /// First moment, RFC 3339.
    #[schemars(with = "String")]
    pub from: Timestamp,
    /// First moment after it, RFC 3339.
    #[schemars(with = "String")]
    pub until: Timestamp,
    /// Why, for those who wait.
    pub reason: String,
}

/// Limits on what one plan may delete without a named override.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Guard {
    /// Deletes and replaces in one stack's plan.
    pub deletes_max: u32,
    /// The same, in percent of what the stack owns.
    pub deletes_percent_max: u32,
}

/// Ten objects or a tenth: above it a mistake is likelier than an intention.
impl Default for Guard {
    fn default() -> Self {
        Self { deletes_max: 10, deletes_percent_max: 10 }
    }
}

/// How strict resolving is where the dialect is silent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Strictness {
    /// Keys that mean nothing in their place.
    pub unknown_keys: Level,
    /// Template keys that are not there (the dialect prints `<no value>`).
    pub missing_template_keys: Level,
    /// Files that import each other in a ring. Below `deny`, the import that closes it is left out.
    pub import_cycles: Level,
}

/// A ring that is cut somewhere gives values that depend on where.
impl Default for Strictness {
    fn default() -> Self {
        Self {
            unknown_keys: Level::Warn,
            missing_template_keys: Level::Warn,
            import_cycles: Level::Deny,
        }
    }
}

/// The rules that apply by where they lie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Schemas {
    /// Their folder, from the repository's root. It holds `component-schemas/`, `stack-schemas/`
    /// and `frameworks/`. Without it, `_globals/schemas` below the folder of the stacks.
    pub base_path: Option<String>,
    /// What becomes of a component that breaks one of them.
    pub level: Level,
}

/// A rule that holds nothing back is a comment.
impl Default for Schemas {
    fn default() -> Self {
        Self { base_path: None, level: Level::Deny }
    }
}

/// What becomes of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Nothing is said.
    Allow,
    /// It is said, and holds nothing back.
    #[default]
    Warn,
    /// What it regards is not resolved.
    Deny,
}

impl Level {
    /// What becomes of `found`, an error; `None` if nothing is said.
    pub fn of(self, found: Diagnostic) -> Option<Diagnostic> {
        match self {
            Self::Allow => None,
            Self::Warn => Some(Diagnostic { severity: Severity::Warning, ..found }),
            Self::Deny => Some(found),
        }
    }
}

/// The block `settings.reconcile` of one component, merged like every other setting.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Reconcile {
    /// How far Isobar goes on its own; never further than the repository's rule for the stack.
    pub manage: Option<Manage>,
    /// Where the stack's resources live; without it, in the target called `default`.
    #[schemars(with = "Option<String>")]
    pub target: Option<TargetName>,
    /// How long it may go without a look when nothing happens: `10m`. A stack is looked at as often
    /// as its most impatient component asks; without it, as often as the repository.
    #[schemars(with = "Option<String>")]
    pub interval: Option<SignedDuration>,
    /// How long one step may take, and how long `isobar apply` waits for the component to do well:
    /// `1h`.
    #[schemars(with = "Option<String>")]
    pub timeout: Option<SignedDuration>,
    /// Whether what depends on it waits until it does well. Unless this says `false`, it does.
    pub wait: Option<bool>,
    /// How a failed step is tried again within a run.
    pub retry: Option<Retry>,
    /// Whether a resource that is no longer desired is deleted. Off: it is forgotten.
    pub prune: Option<bool>,
    /// Fields whose difference is nobody's business: `spec.replicas`, or `/spec/replicas`.
    #[schemars(with = "Vec<String>")]
    pub ignore: Vec<FieldPath>,
}

impl Reconcile {
    /// Whether what the component owns is forgotten, never deleted, once nobody wants it.
    pub fn outlives(&self) -> bool {
        self.prune == Some(false)
    }

    /// Whether what depends on the component waits until it does well.
    pub fn is_awaited(&self) -> bool {
        self.wait != Some(false)
    }
}

/// How a failed step is tried again within a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// How often it is tried in all.
    pub max_attempts: NonZeroU32,
}
