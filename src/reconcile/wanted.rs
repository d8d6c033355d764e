//! What one snapshot asks for: resolved, its questions answered, and built.

use std::collections::{BTreeMap, BTreeSet};

use crate::build::{self, Rendered};
use crate::diagnostic::Diagnostic;
use crate::ids::ComponentId;
use crate::model::desired::{Desired, Presence};
use crate::model::policy::RepositoryPolicy;
use crate::model::question::{Answer, Answers, Question};
use crate::source::Snapshot;
use crate::stacks::{self, Resolution, Resolver, Selection};

/// Everything a snapshot asks for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Where it was read from.
    pub snapshot: Snapshot,
    /// The stacks.
    pub desired: Desired,
    /// The repository's rules as this snapshot has them.
    pub policy: RepositoryPolicy,
    /// Every active component, built; or why it cannot be.
    pub rendered: BTreeMap<ComponentId, Result<Rendered, Vec<Diagnostic>>>,
}

/// Answers may raise new questions. A chain of outputs is rarely longer than three components.
const ROUNDS_MAX: usize = 8;

/// Resolves and builds `snapshot`, at which `resolver` is. `answer` is asked each question once.
pub fn wanted(
    resolver: &mut Resolver,
    snapshot: &Snapshot,
    selection: &Selection,
    answer: impl Fn(&Question, &Desired) -> Answer,
) -> Wanted {
    let (policy, policy_findings) = stacks::policy(snapshot);
    let mut desired = resolved(resolver, selection, answer).desired;
    desired.diagnostics.extend(policy_findings);
    let rendered = render(&desired, snapshot);
    desired.diagnostics.extend(build::claims(&desired, &rendered));
    Wanted { snapshot: snapshot.clone(), desired, policy, rendered }
}

/// Resolves the snapshot at which `resolver` is until nothing is open that can be answered. `answer` is asked each question
/// once.
pub fn resolved(
    resolver: &mut Resolver,
    selection: &Selection,
    answer: impl Fn(&Question, &Desired) -> Answer,
) -> Resolution {
    let mut answers = Answers::new();
    let mut resolution = resolver.resolve(selection, &answers);
    for _ in 1..ROUNDS_MAX {
        let open = resolution.questions.iter().filter(|question| !answers.contains_key(question));
        let open: BTreeSet<_> = open.cloned().collect();
        if open.is_empty() {
            break;
        }
        for question in open {
            let found = answer(&question, &resolution.desired);
            answers.insert(question, found);
        }
        resolution = resolver.resolve(selection, &answers);
    }
    resolution
}

impl Wanted {
    /// All findings: of resolving, and of building.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let built = self.rendered.values().filter_map(|built| built.as_ref().err()).flatten();
        let mut all: Vec<_> = self.desired.diagnostics.iter().chain(built).cloned().collect();
        all.sort_by(|a, b| (&a.span, a.code).cmp(&(&b.span, b.code)));
        all.dedup();
        all
    }
}

fn render(
    desired: &Desired,
    snapshot: &Snapshot,
) -> BTreeMap<ComponentId, Result<Rendered, Vec<Diagnostic>>> {
    let active = desired.components().filter(|component| component.presence == Presence::Active);
    active
        .map(|component| (component.id.clone(), build::render(component, desired, snapshot)))
        .collect()
}
