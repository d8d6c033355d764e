//! What one snapshot asks for: resolved, its questions answered, and built.

use std::borrow::BorrowMut;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::answer::Reach;
use super::errands::Errands;
use super::output::Asking;
use crate::build::{self, ClusterKinds, Naming, Rendered};
use crate::diagnostic::{self, Diagnostic};
use crate::ids::{ComponentId, StackName, TargetName};
use crate::model::desired::{Component, Desired, Presence, Stack};
use crate::model::errand::Done;
use crate::model::inventory::Inventory;
use crate::model::policy::RepositoryPolicy;
use crate::model::question::{Answer, Question};
use crate::plan::Evidence;
use crate::source::Snapshot;
use crate::stacks::{
    self, Each, Found, Handed, Paired, Pairs, Resolution, Resolver, Rulebook, Selection, Verdicts,
};
use crate::world::computing;

/// Everything a snapshot asks for.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Where it was read from.
    pub snapshot: Snapshot,
    /// The stacks.
    pub desired: Desired,
    /// The repository's rules as this snapshot has them.
    pub policy: RepositoryPolicy,
    /// Every active component, built; or why it cannot or may not be: the rules it breaks.
    pub rendered: BTreeMap<ComponentId, Result<Rendered, Vec<Diagnostic>>>,
    /// Whether something of it could not be built for a reason that passes: it is worth another try.
    pub passing: bool,
    evidence: Arc<Mutex<Gathered>>,
}

/// What was gathered of each target, for the stacks that owned something there.
type Gathered = BTreeMap<TargetName, (BTreeSet<StackName>, Arc<Evidence>)>;

/// Answers may raise new questions. A chain of outputs is rarely longer than three components.
const ROUNDS_MAX: usize = 8;

/// What a snapshot asks for, resolved and not built yet.
pub struct Asked {
    snapshot: Snapshot,
    desired: Desired,
    policy: RepositoryPolicy,
    verdicts: Verdicts,
    reach: Reach,
}

/// Resolves and builds `snapshot`, to which `resolver` comes. What `reach` does not allow to be
/// asked is refused; no program is run. The targets in `clusters` call their resources as the
/// Kubernetes API does.
pub fn wanted<R: BorrowMut<Resolver>>(
    resolver: impl FnOnce() -> R,
    snapshot: &Snapshot,
    selection: &Selection,
    reach: &Reach,
    clusters: &BTreeSet<TargetName>,
) -> Wanted {
    asked(resolver, snapshot, selection, reach, BTreeSet::new()).built(clusters, &Done::new())
}

/// Resolves `snapshot`, to which `resolver` comes, as if nobody knew the answers to the questions in
/// `open` yet.
pub fn asked<R: BorrowMut<Resolver>>(
    resolver: impl FnOnce() -> R,
    snapshot: &Snapshot,
    selection: &Selection,
    reach: &Reach,
    open: BTreeSet<Question>,
) -> Asked {
    computing(|| resolve(resolver, snapshot, selection, reach, open))
}

fn resolve<R: BorrowMut<Resolver>>(
    resolver: impl FnOnce() -> R,
    snapshot: &Snapshot,
    selection: &Selection,
    reach: &Reach,
    open: BTreeSet<Question>,
) -> Asked {
    // What rules say does not depend on what there is to say it of: they are made ready while
    // manifests are read. Answers stay on this thread: they may wait for a command or a server, and
    // those that compute may not.
    let mut ruling = None;
    let resolution = rayon::in_place_scope(|scope| {
        scope.spawn(|_| {
            let (policy, found) = stacks::policy(snapshot);
            let rules = Rulebook::read(snapshot, &policy).compiled_ahead();
            ruling = Some((policy, found, rules));
        });
        answered(resolver().borrow_mut(), selection, reach, true, open)
    });
    let (policy, policy_findings, rules) = ruling.expect("a scope ends with what it spawned");
    let mut desired = resolution.desired;
    desired.diagnostics.extend(policy_findings);
    let verdicts = rules.judge(&desired);
    // What rules are compiled to is large, and nobody has to wait until it is given back.
    rayon::spawn(|| drop(rules));
    Asked { snapshot: snapshot.clone(), desired, policy, verdicts, reach: reach.clone() }
}

impl Asked {
    /// Has done what programs have to do, and builds all of it.
    pub async fn made(self, clusters: &BTreeSet<TargetName>, errands: &Errands) -> Wanted {
        let asked = self.each(clusters, build::errands);
        let asked: Vec<_> = asked.into_iter().flat_map(|(_, errands)| errands).collect();
        let done = errands.run(asked, &self.snapshot, &self.reach).await;
        computing(|| self.built(clusters, &done))
    }

    fn built(mut self, clusters: &BTreeSet<TargetName>, done: &Done) -> Wanted {
        let nothing = ClusterKinds::new();
        let render = |one: &_, desired: &_, snapshot: &_, naming| {
            build::render(one, desired, snapshot, naming, done, &nothing)
        };
        let mut rendered: BTreeMap<_, _> = self.each(clusters, render).into_iter().collect();
        // What is defined beside a component is known now.
        let beside = build::defined_beside(&rendered);
        let again = |one: &Component, desired: &_, snapshot: &_, naming| {
            let defined = beside.get(&one.id)?;
            Some(build::render(one, desired, snapshot, naming, done, defined))
        };
        if !beside.is_empty() {
            let made = self.each(clusters, again).into_iter();
            rendered.extend(made.filter_map(|(id, made)| Some((id, made?))));
        }
        self.desired.diagnostics.extend(build::claims(&self.desired, &rendered));
        self.desired.diagnostics.extend(self.verdicts.diagnostics);
        // What breaks a rule is shown like everything else, and is not built.
        for (id, broken) in self.verdicts.broken {
            let why = rendered.get(&id).and_then(|built| built.as_ref().err()).cloned();
            rendered.insert(id, Err(why.into_iter().flatten().chain(broken).collect()));
        }
        let Self { snapshot, desired, policy, .. } = self;
        let passing = done.values().any(|done| done.as_ref().is_err_and(|undone| undone.passing));
        Wanted { snapshot, desired, policy, rendered, passing, evidence: Arc::default() }
    }

    /// What `make` makes of every active component, on all cores.
    fn each<T: Send>(
        &self,
        clusters: &BTreeSet<TargetName>,
        make: impl Fn(&Component, &Desired, &Snapshot, Naming) -> T + Sync,
    ) -> Vec<(ComponentId, T)> {
        let naming = |stack: &Stack| match stack.target.as_ref() {
            Some(target) if clusters.contains(target) => Naming::Objects,
            _ => Naming::Paths,
        };
        let active = self.desired.stacks.values().flat_map(|stack| {
            let active = stack.components.values().filter(|c| c.presence == Presence::Active);
            active.map(move |component| (naming(stack), component))
        });
        let all = active.collect::<Vec<_>>().into_par_iter();
        let (desired, snapshot) = (&self.desired, &self.snapshot);
        all.map(|(naming, one)| (one.id.clone(), make(one, desired, snapshot, naming))).collect()
    }
}

/// Resolves the snapshot at which `resolver` is to look at it. What `reach` does not allow to be
/// asked is not known.
pub fn resolved(resolver: &mut Resolver, selection: &Selection, reach: &Reach) -> Resolution {
    answered(resolver, selection, reach, false, BTreeSet::new())
}

/// The same, with every stack given to `make` by itself, and what comes of it to `put`, in the order
/// of their names: they are not in memory together, unless they need to know of each other. It is
/// for a `selection` without links.
pub fn resolved_each<T: Send>(
    resolver: &mut Resolver,
    selection: &Selection,
    reach: &Reach,
    make: impl Fn(&Desired) -> io::Result<T> + Sync,
    mut put: impl FnMut(T) -> io::Result<()> + Send,
) -> io::Result<Found> {
    let mut asking = Asking::new(resolver, reach, false);
    let mut handed = Handed::default();
    let (mut rounds, mut last) = (1, None);
    loop {
        let with = (selection, &asking.answers);
        let waits = rounds < ROUNDS_MAX;
        let asked = match asking.resolver.each(with, waits, &mut handed, &make, &mut put)? {
            Each::All(found) => return Ok(found),
            Each::Asked(asked) => asked,
        };
        if asked.iter().any(|question| question.component().is_some()) {
            break;
        }
        asked.iter().for_each(|question| asking.ask(question, &Desired::default()));
        rounds = if handed.last == last { rounds + 1 } else { 1 };
        last.clone_from(&handed.last);
    }
    let Resolution { mut desired, tree, .. } =
        answered(resolver, selection, reach, false, BTreeSet::new());
    let stacks = std::mem::take(&mut desired.stacks);
    for (name, stack) in stacks {
        if handed.last.as_ref().is_none_or(|last| *last < name) {
            let stacks = BTreeMap::from([(name, stack)]);
            put(make(&Desired { stacks, ..desired.clone() })?)?;
        }
    }
    Ok(Found { diagnostics: desired.diagnostics, tree, files: desired.files })
}

/// Resolves two trees stack by stack, as [`resolved_each`] does one: each is given to `make` as both
/// have it. What comes of that, by name, and what was found in each tree; `None` if stacks have to
/// know of each other.
pub fn resolved_pairs<T: Send>(
    trees: [(&mut Resolver, &Reach); 2],
    selection: &Selection,
    make: impl Fn([&Desired; 2]) -> T + Sync,
) -> Option<(Vec<T>, [Found; 2])> {
    let [mut one, mut other] = trees.map(|(resolver, reach)| Asking::new(resolver, reach, false));
    let mut paired = Paired::default();
    let (mut rounds, mut last) = (1, None);
    loop {
        let both = [(&mut *one.resolver, &one.answers), (&mut *other.resolver, &other.answers)];
        let waits = rounds < ROUNDS_MAX;
        let asked = match stacks::pairs(both, selection, waits, &mut paired, &make) {
            Pairs::All(found) => return Some((paired.made, found)),
            Pairs::Ring => return None,
            Pairs::Asked(asked) => asked,
        };
        if asked.iter().flatten().any(|question| question.component().is_some()) {
            return None;
        }
        for (asking, asked) in [&mut one, &mut other].into_iter().zip(&asked) {
            asked.iter().for_each(|question| asking.ask(question, &Desired::default()));
        }
        rounds = if paired.last == last { rounds + 1 } else { 1 };
        last.clone_from(&paired.last);
    }
}

/// Resolves until nothing is open that can be answered.
fn answered(
    resolver: &mut Resolver,
    selection: &Selection,
    reach: &Reach,
    forced: bool,
    open: BTreeSet<Question>,
) -> Resolution {
    let mut asking = Asking::new(resolver, reach, forced);
    asking.answers.extend(open.into_iter().map(|question| (question, Answer::Later)));
    let mut resolution = asking.resolver.resolve(selection, &asking.answers);
    // What one component has of another is evaluated, however it is to be shown itself.
    let nothing = Desired::default();
    let is_evaluated = selection.evaluation.is_whole();
    for _ in 1..ROUNDS_MAX {
        let known = asking.answers.len();
        let desired = if is_evaluated { &resolution.desired } else { &nothing };
        asking.ask_all(&resolution.questions, desired);
        if asking.answers.len() == known {
            break;
        }
        resolution = asking.resolver.resolve(selection, &asking.answers);
    }
    resolution
}

impl Wanted {
    /// Whether what is missing in `target` is really gone, where this is `owned`. The same for as
    /// long as the same stacks own something there.
    pub(super) fn evidence(
        &self,
        target: &TargetName,
        owned: &Inventory,
        narrowed: Option<&str>,
    ) -> Arc<Evidence> {
        let mut owning = BTreeSet::new();
        for stack in owned.values().map(|owned| &owned.component.stack) {
            if !owning.contains(stack) {
                owning.insert(stack.clone());
            }
        }
        let gather =
            || Evidence::gather(&self.desired, target, &owning, &self.rendered, narrowed).into();
        if narrowed.is_some() {
            return gather();
        }
        let mut known = self.evidence.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(target) {
            Some((by, evidence)) if *by == owning => evidence.clone(),
            _ => {
                let evidence: Arc<Evidence> = gather();
                known.insert(target.clone(), (owning, evidence.clone()));
                evidence
            }
        }
    }

    /// Lets go of what only places are looked up in, until one is asked for.
    pub(super) fn rest(&self) {
        self.desired.files.rest();
        let built = self.rendered.values().filter_map(|built| built.as_ref().ok());
        built.for_each(|built| built.rest(&self.desired.files));
    }

    /// All findings: of resolving, and of building.
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let built = self.rendered.values().filter_map(|built| built.as_ref().err()).flatten();
        let mut all: Vec<_> = self.desired.diagnostics.iter().chain(built).cloned().collect();
        sort(&mut all);
        all
    }

    /// The same, and what is odd about the shape of manifests that resolve all the same.
    pub fn checked(&self) -> Vec<Diagnostic> {
        let mut all = self.diagnostics();
        all.extend(stacks::manifests(&self.snapshot, &self.policy, &all));
        sort(&mut all);
        all
    }
}

fn sort(found: &mut Vec<Diagnostic>) {
    found.sort_by(|a, b| (&a.span, a.code, &a.message).cmp(&(&b.span, b.code, &b.message)));
    found.dedup();
    diagnostic::without_consequences(found);
}

#[cfg(test)]
mod tests;
