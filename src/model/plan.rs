//! What to do about one stack: decided once, approved by its digest, applied as it is.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::body::Format;
use super::change::{Action, Change, FieldChange, Risk};
use super::observation::{Artifact, Health};
use super::path::FieldPath;
use super::revision::Revision;
use super::value::Value;
use crate::ids::{
    AgentName, ComponentId, ContentId, Digest, RepositoryName, ResourceKey, Scope, StackName,
    TargetName,
};

/// An immutable plan. Its digest is that of its effect; the envelope may differ at every look.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Unsealed", into = "Unsealed")]
pub struct Plan {
    effect: Effect,
    digest: Digest,
    /// What surrounds the effect: why it waits, when and from what it was made.
    pub envelope: Envelope,
}

/// What approving the plan allows, and nothing else.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// Who would do it, for which repository.
    pub scope: Scope,
    /// In which stack.
    pub stack: StackName,
    /// Where.
    pub target: TargetName,
    /// What its components are made of: values, charts, modules, manifests, by content. Never a
    /// commit: the same content at another commit is the same effect.
    #[serde(with = "super::pairs")]
    pub inputs: BTreeMap<ComponentId, ContentId>,
    /// Versions of the tools that will act.
    pub tools: BTreeMap<String, String>,
    /// What happens, sorted by component and resource.
    pub changes: Vec<Change>,
    /// In which portions and order it happens.
    pub steps: Vec<Step>,
}

/// One portion that is journalled and applied as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Whose changes they are.
    pub component: ComponentId,
    /// Which ones: indices into [`Effect::changes`].
    pub changes: Vec<usize>,
    /// What may be done when it is not known whether it happened.
    pub nature: Nature,
    /// The steps that have to be done before: indices into [`Effect::steps`], all lower.
    pub after: Vec<usize>,
    /// What the tool made while observing and wants back.
    pub artifact: Option<Artifact>,
}

/// What may be done about a step of which it is not known whether it happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Nature {
    /// It names its objects: doing it again gives the same.
    IdempotentByName,
    /// Looking tells whether it happened.
    ObserveBeforeRetry,
    /// Nothing tells: a person has to look.
    IndeterminateAfterCrash,
}

/// What surrounds an effect. None of it is approved, and none of it is in the digest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Envelope {
    /// From which tree the plan was made.
    pub revision: Revision,
    /// When the target was observed.
    pub observed_at: Timestamp,
    /// Why parts of the plan may not be applied now.
    pub holds: Vec<Hold>,
    /// For every component of the stack, what the plan does about it and why.
    #[serde(with = "super::pairs")]
    pub why: BTreeMap<ComponentId, Why>,
    /// How the components were doing that did not do well and are there.
    #[serde(default, with = "super::pairs", skip_serializing_if = "BTreeMap::is_empty")]
    pub health: BTreeMap<ComponentId, Health>,
    /// What stays as it is in components that change, whatever their manifests say of it by now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub kept: Vec<Kept>,
}

/// A field that a program makes up anew each time, and that stays as it is there.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Kept {
    /// Whose resource it is in.
    pub component: ComponentId,
    /// In which resource.
    pub resource: ResourceKey,
    /// Which field.
    pub field: FieldPath,
}

/// Why something is not applied now.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Hold {
    /// What is held.
    pub part: Part,
    /// Why.
    pub reason: HoldReason,
}

/// A part of a plan.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// All of it.
    Plan,
    /// One component's steps.
    Component(ComponentId),
    /// One resource's change.
    Resource(ComponentId, ResourceKey),
}

/// Why a part of a plan is held.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum HoldReason {
    /// Nobody who may has approved this digest.
    NotReviewed {
        /// How many approvals it needs; 0: being shown on a merged pull request is enough.
        approvals_needed: u32,
        /// How many it has.
        approvals: u32,
        /// Why what was said or merged before does not count, for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        because: Option<String>,
    },
    /// The stack or component is only observed.
    Observed {
        /// What says so.
        by: String,
    },
    /// `metadata.locked`.
    Locked,
    /// Values are known only after something else is applied.
    Unknown {
        /// The questions that are open.
        questions: Vec<String>,
    },
    /// Something it depends on is not there yet, or is held itself.
    Dependency {
        /// What it waits for.
        on: ComponentId,
    },
    /// Something it depends on does not do well yet, or any more.
    Unwell {
        /// What it waits for.
        on: ComponentId,
        /// Which resource of it; `None`: all.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resource: Option<ResourceKey>,
        /// How that is doing.
        why: String,
        /// Whether it may get there by itself.
        progressing: bool,
    },
    /// More would be deleted than the repository's guard allows.
    MassDelete {
        /// How many deletes and replaces there are.
        deletes: usize,
        /// How many there may be.
        deletes_max: usize,
    },
    /// What it holds would be lost for good, and nobody has allowed that by the resource's name.
    Protected,
    /// The resource cannot be looked at.
    Unreadable {
        /// Why.
        why: String,
    },
    /// The target does not take what is wanted of the resource.
    Refused {
        /// Why, in the target's words.
        why: String,
    },
    /// What a program has made up of the resource cannot be found again in what is there.
    Ambiguous {
        /// Why.
        why: String,
    },
    /// The resource is marked as somebody else's.
    Foreign {
        /// Whose it is.
        owner: String,
    },
    /// Another component of the repository claims the same resource.
    Claimed {
        /// Which one.
        by: ComponentId,
    },
    /// The component cannot be resolved or built.
    Unresolved {
        /// The codes of what is wrong.
        codes: Vec<String>,
    },
    /// It is no longer wanted, and the evidence that a delete needs is not complete.
    NotProvenGone {
        /// What is missing.
        missing: String,
    },
    /// The stack goes to another target, and is not yet as it should be there.
    Moving {
        /// Where it goes.
        to: TargetName,
    },
    /// Nothing is applied at this time.
    Freeze {
        /// Why.
        why: String,
        /// Until when.
        until: Timestamp,
    },
    /// An independent check of the plan found something wrong with it: a defect of Isobar.
    Audit {
        /// What it found.
        finding: String,
    },
}

/// What a plan does about one component, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum Why {
    /// It is as it should be.
    Unchanged,
    /// It has changes.
    Changed,
    /// It is not there to be applied: abstract, disabled.
    Inactive {
        /// What says so.
        by: String,
    },
    /// It is held; the holds say why.
    Held,
}

/// A stored plan does not have the digest of its effect: it was altered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the plan says it is {claimed}, and its content is {actual}")]
pub struct Tampered {
    /// The digest that stands in it.
    pub claimed: Digest,
    /// The digest that it has.
    pub actual: Digest,
}

#[derive(Serialize, Deserialize)]
struct Unsealed {
    digest: Digest,
    effect: Effect,
    envelope: Envelope,
}

impl Part {
    /// Whose part it is; `None`: the whole plan's.
    pub fn component(&self) -> Option<&ComponentId> {
        match self {
            Self::Plan => None,
            Self::Component(id) | Self::Resource(id, _) => Some(id),
        }
    }
}

impl HoldReason {
    /// Whether the author of the configuration wants it so.
    fn is_meant(&self) -> bool {
        matches!(self, Self::Observed { .. } | Self::Locked)
    }

    /// Whether it leaves open that all is as it should be: that is not known, or not up to us.
    fn is_doubt(&self) -> bool {
        let theirs =
            matches!(self, Self::Refused { .. } | Self::Foreign { .. } | Self::Claimed { .. });
        let unknown = matches!(
            self,
            Self::Unreadable { .. }
                | Self::Ambiguous { .. }
                | Self::Unresolved { .. }
                | Self::NotProvenGone { .. }
        );
        theirs || unknown
    }
}

impl Plan {
    /// Seals an effect: from here on it cannot change.
    pub fn seal(effect: Effect, envelope: Envelope) -> Self {
        let digest = effect.digest();
        Self { effect, digest, envelope }
    }

    /// What approving it allows.
    pub fn effect(&self) -> &Effect {
        &self.effect
    }

    /// What is approved.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// The same effect in another envelope.
    pub fn with_envelope(self, envelope: Envelope) -> Self {
        Self { envelope, ..self }
    }

    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.differing().next().is_none()
    }

    /// Whether all is as it should be: there is nothing to do, and nothing that is wanted is refused
    /// or cannot be looked at.
    pub fn is_settled(&self) -> bool {
        use HoldReason::{Ambiguous, Refused, Unreadable};
        let in_doubt = |hold: &Hold| {
            matches!(hold.reason, Refused { .. } | Unreadable { .. } | Ambiguous { .. })
        };
        self.is_empty() && !self.envelope.holds.iter().any(in_doubt)
    }

    /// Whether it is not known, or not up to us, that all is as it should be, although there is
    /// nothing to do: people are told, whatever else goes on.
    pub fn is_in_doubt(&self) -> bool {
        self.is_empty() && self.envelope.holds.iter().any(|hold| hold.reason.is_doubt())
    }

    /// Whether it waits for nobody: all is as it should be, or differs where its author wants that
    /// shown and never changed.
    pub fn is_at_rest(&self) -> bool {
        self.is_settled() && !self.is_in_doubt() || self.is_only_shown()
    }

    /// Whether nothing would happen, and each change and hold is of what is observed or locked.
    fn is_only_shown(&self) -> bool {
        let holds = &self.envelope.holds;
        let meant = |id: Option<&ComponentId>| {
            let mut parts =
                holds.iter().filter(|hold| hold.reason.is_meant()).map(|hold| &hold.part);
            parts.any(|part| {
                *part == Part::Plan || part.component().is_some_and(|it| Some(it) == id)
            })
        };
        self.effect.steps.is_empty()
            && holds.iter().all(|hold| !hold.reason.is_doubt() && meant(hold.part.component()))
            && self.differing().all(|change| meant(Some(&change.component)))
    }

    fn differing(&self) -> impl Iterator<Item = &Change> {
        self.effect.changes.iter().filter(|change| change.action != Action::Keep)
    }

    /// The worst that can come of it.
    pub fn risk(&self) -> Option<Risk> {
        self.effect.changes.iter().map(|change| change.risk).max()
    }

    /// The holds on a step: its own, its component's, its resources', the plan's.
    pub fn holds_on(&self, step: &Step) -> impl Iterator<Item = &Hold> {
        let resources: Vec<_> =
            step.changes.iter().map(|&at| self.effect.changes[at].resource.clone()).collect();
        let component = step.component.clone();
        self.envelope.holds.iter().filter(move |hold| match &hold.part {
            Part::Plan => true,
            Part::Component(id) => *id == component,
            Part::Resource(id, key) => *id == component && resources.contains(key),
        })
    }
}

impl Effect {
    /// The digest over the canonical encoding, version 1.
    pub fn digest(&self) -> Digest {
        Digest::of_canonical(&self.canonical())
    }

    /// Whether one of its steps makes every change that the step `at` of `other` would.
    pub fn asks_for(&self, other: &Self, at: usize) -> bool {
        fn made<'e>(effect: &'e Effect, step: &Step) -> Vec<Vec<u8>> {
            let changes = step.changes.iter().map(|&at| CanonicalChange::of(&effect.changes[at]));
            let bytes = changes.map(|change: CanonicalChange<'e>| serde_json::to_vec(&change));
            bytes.map(|bytes| bytes.expect("texts, numbers, lists and maps")).collect()
        }
        let Some(wanted) = other.steps.get(at).map(|step| made(other, step)) else { return false };
        let mut steps = self.steps.iter().map(|step| made(self, step));
        steps.any(|made| wanted.iter().all(|change| made.contains(change)))
    }

    /// The changes that steps make, and those that are only shown: kept, observed, locked.
    pub fn acted_on(&self) -> (Vec<&Change>, Vec<&Change>) {
        let made: BTreeSet<usize> =
            self.steps.iter().flat_map(|step| step.changes.iter().copied()).collect();
        let all = self.changes.iter().enumerate();
        let (acted, shown): (Vec<_>, Vec<_>) = all.partition(|(at, _)| made.contains(at));
        (acted.into_iter().map(|(_, c)| c).collect(), shown.into_iter().map(|(_, c)| c).collect())
    }

    /// The canonical encoding, version 1: sorted keys, no blanks, no origins, and of a change
    /// only what it does. The intended content is in it through the fields and the inputs.
    pub fn canonical(&self) -> Vec<u8> {
        let inputs = self.inputs.iter().map(|(id, content)| (id.to_string(), content));
        let canonical = CanonicalEffect {
            agent: &self.scope.agent,
            changes: self.changes.iter().map(CanonicalChange::of).collect(),
            inputs: inputs.collect(),
            repository: &self.scope.repository,
            stack: &self.stack,
            steps: &self.steps,
            target: &self.target,
            tools: &self.tools,
        };
        serde_json::to_vec(&canonical).expect("texts, numbers, lists and maps with texts for keys")
    }
}

/// The keys stand in the order of the alphabet.
#[derive(Serialize)]
struct CanonicalEffect<'e> {
    agent: &'e AgentName,
    changes: Vec<CanonicalChange<'e>>,
    inputs: BTreeMap<String, &'e ContentId>,
    repository: &'e RepositoryName,
    stack: &'e StackName,
    steps: &'e [Step],
    target: &'e TargetName,
    tools: &'e BTreeMap<String, String>,
}

#[derive(Serialize)]
struct CanonicalChange<'e> {
    action: &'e Action,
    component: String,
    fields: BTreeMap<String, [Option<&'e Value>; 2]>,
    intended: Option<(Format, ContentId)>,
    precondition: CanonicalPrecondition<'e>,
    resource: &'e ResourceKey,
}

#[derive(Serialize)]
struct CanonicalPrecondition<'e> {
    exists: bool,
    fields: BTreeMap<String, &'e Option<ContentId>>,
    uid: &'e Option<String>,
}

impl<'e> CanonicalChange<'e> {
    fn of(change: &'e Change) -> Self {
        let sides = |field: &'e FieldChange| {
            (field.path.to_string(), [field.before.as_ref(), field.after.as_ref()])
        };
        let asked = &change.precondition;
        let contents = asked.fields.iter().map(|(path, content)| (path.to_string(), content));
        Self {
            action: &change.action,
            component: change.component.to_string(),
            fields: change.fields.iter().map(sides).collect(),
            intended: change.intended.as_ref().map(|body| (body.format, body.content_id())),
            precondition: CanonicalPrecondition {
                exists: asked.exists,
                fields: contents.collect(),
                uid: &asked.uid,
            },
            resource: &change.resource,
        }
    }
}

impl TryFrom<Unsealed> for Plan {
    type Error = Tampered;

    fn try_from(unsealed: Unsealed) -> Result<Self, Tampered> {
        let plan = Self::seal(unsealed.effect, unsealed.envelope);
        match plan.digest == unsealed.digest {
            true => Ok(plan),
            false => Err(Tampered { claimed: unsealed.digest, actual: plan.digest }),
        }
    }
}

impl From<Plan> for Unsealed {
    fn from(plan: Plan) -> Self {
        Self { digest: plan.digest, effect: plan.effect, envelope: plan.envelope }
    }
}
