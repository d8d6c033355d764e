//! Two trees that have much in common, stack by stack: a stack that is the same in both is made once,
//! and each is forgotten as soon as it was compared.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::Selection;
use super::dependency::{self, Edge, Edges, Index};
use super::each::{Found, Shelf};
use super::resolve::{Making, Resolver};
use super::whole::{Members, Whole};
use crate::diagnostic::Diagnostic;
use crate::ids::{ComponentId, StackName};
use crate::model::desired::Desired;
use crate::model::question::{Answers, Question};

/// How many stacks are made before it is seen whether they ask anything. Only what they came to is
/// in memory together.
const BATCH: usize = 64;

/// How far stacks were compared, and what they came to.
pub struct Paired<T> {
    /// The last of them.
    pub last: Option<StackName>,
    /// What was made of each, by name.
    pub made: Vec<T>,
    found: [Vec<Diagnostic>; 2],
    /// What components need that may be part of a ring.
    needs: [BTreeMap<ComponentId, Vec<Edge>>; 2],
}

/// How comparing ended.
#[derive(Debug)]
pub enum Pairs {
    /// All were compared; this was found in each tree.
    All([Found; 2]),
    /// The next stacks ask this in each tree, and have no answer to it among those given.
    Asked([BTreeSet<Question>; 2]),
    /// Components of several stacks need each other in a ring: what becomes of them only those know
    /// who have all stacks.
    Ring,
}

/// Resolves the selected stacks of two trees behind the last that was compared, by name. On all cores
/// each is given to `make` as both trees have it: one that has no such stack has none. If it `waits`,
/// it stops at stacks that ask anything.
pub fn pairs<T: Send>(
    trees: [(&mut Resolver, &Answers); 2],
    selection: &Selection,
    waits: bool,
    paired: &mut Paired<T>,
    make: &(impl Fn([&Desired; 2]) -> T + Sync),
) -> Pairs {
    let [(one, answers), (other, others)] = trees;
    let known = [one.prepare(selection, answers), other.prepare(selection, others)];
    let open = [&*one, &*other].map(|tree| tree.library.remotes.asked().clone());
    if waits && open.iter().any(|open| !open.is_empty()) {
        return Pairs::Asked(open);
    }
    let [first, second] = &known;
    let both = Both {
        trees: [
            Tree::new(one, first, (selection, answers)),
            Tree::new(other, second, (selection, others)),
        ],
        is_known_alike: answers == others,
    };
    let asked = both.go_on(waits, paired, make);
    drop(both);
    if let Some(asked) = asked {
        return Pairs::Asked(asked);
    }
    let is_ring = |needs: &BTreeMap<ComponentId, Vec<Edge>>| {
        let edges: Edges<'_> = needs.iter().map(|(id, needs)| (id, needs.as_slice())).collect();
        !dependency::rings(&edges).is_empty()
    };
    if paired.needs.iter().any(is_ring) {
        return Pairs::Ring;
    }
    let [found, others] = std::mem::take(&mut paired.found);
    Pairs::All([Found::of(one, selection, found), Found::of(other, selection, others)])
}

/// One of the trees.
struct Tree<'r> {
    index: &'r Index,
    uncertain: bool,
    making: Making<'r>,
    shelf: Shelf<'r>,
    tasks: BTreeMap<StackName, Members>,
    /// All but the stacks.
    frame: Desired,
}

struct Both<'r> {
    trees: [Tree<'r>; 2],
    /// Whether the same is known in both.
    is_known_alike: bool,
}

/// A stack as a worker leaves it.
struct Made<T> {
    made: T,
    found: [Vec<Diagnostic>; 2],
    needs: [BTreeMap<ComponentId, Vec<Edge>>; 2],
    asked: [BTreeSet<Question>; 2],
}

impl<'r> Tree<'r> {
    fn new(
        resolver: &'r Resolver,
        (index, uncertain): &'r (Index, bool),
        (selection, answers): (&'r Selection, &'r Answers),
    ) -> Self {
        let files = Arc::new(resolver.library.files.clone());
        Self {
            index,
            uncertain: *uncertain,
            making: resolver.making(index, *uncertain, selection, answers),
            shelf: Shelf::default(),
            tasks: resolver.tasks(index, selection).into_iter().collect(),
            frame: resolver.desired(BTreeMap::new(), files),
        }
    }

    fn made(&self, name: &StackName) -> Option<Whole> {
        Some(self.shelf.whole(&self.making, name, self.tasks.get(name)?))
    }

    /// What it asks for with `whole` as its only stack.
    fn with(&self, name: &StackName, whole: Option<&Whole>) -> Desired {
        let stacks = whole.map(|whole| (name.clone(), whole.stack.clone()));
        Desired { stacks: stacks.into_iter().collect(), ..self.frame.clone() }
    }
}

impl Both<'_> {
    /// Compares what is left; gives what is asked by the stacks it stops at.
    fn go_on<T: Send>(
        &self,
        waits: bool,
        paired: &mut Paired<T>,
        make: &(impl Fn([&Desired; 2]) -> T + Sync),
    ) -> Option<[BTreeSet<Question>; 2]> {
        let names: BTreeSet<_> = self.trees.iter().flat_map(|tree| tree.tasks.keys()).collect();
        let is_left = |name: &&StackName| paired.last.as_ref().is_none_or(|last| last < *name);
        let names: Vec<_> = names.into_iter().filter(is_left).collect();
        for batch in names.chunks(BATCH) {
            let mut all: Vec<_> = batch.par_iter().map(|name| self.made(name, make)).collect();
            let mut asked = [BTreeSet::new(), BTreeSet::new()];
            for (asked, at) in asked.iter_mut().zip(0..) {
                all.iter_mut().for_each(|one| asked.append(&mut one.asked[at]));
            }
            if waits && asked.iter().any(|asked| !asked.is_empty()) {
                return Some(asked);
            }
            for one in all {
                paired.made.push(one.made);
                for (all, found) in paired.found.iter_mut().zip(one.found) {
                    all.extend(found);
                }
                for (all, needs) in paired.needs.iter_mut().zip(one.needs) {
                    all.extend(needs);
                }
            }
            paired.last = batch.last().map(|name| (*name).clone());
        }
        None
    }

    fn made<T>(&self, name: &StackName, make: &impl Fn([&Desired; 2]) -> T) -> Made<T> {
        let [one, other] = &self.trees;
        let first = one.made(name);
        let shared = first.as_ref().filter(|whole| self.is_same(name, whole));
        let second = if shared.is_some() { None } else { other.made(name) };
        let wholes = [first.as_ref(), shared.or(second.as_ref())];
        let made = make([&one.with(name, wholes[0]), &other.with(name, wholes[1])]);
        Made {
            made,
            found: wholes.map(|whole| whole.map_or_else(Vec::new, |whole| whole.found.clone())),
            needs: wholes
                .map(|whole| whole.map_or_else(BTreeMap::new, |whole| whole.edges.clone())),
            asked: wholes
                .map(|whole| whole.map_or_else(BTreeSet::new, |whole| whole.asked.clone())),
        }
    }

    /// Whether a stack of the first tree is the same in the other.
    fn is_same(&self, name: &StackName, whole: &Whole) -> bool {
        let [one, other] = &self.trees;
        let (Some(own), Some(others)) = (one.tasks.get(name), other.tasks.get(name)) else {
            return false;
        };
        let is_known = self.is_known_alike || whole.consulting.is_empty();
        is_known
            && one.uncertain == other.uncertain
            && whole.holds((own, one.index), (others, other.index))
    }
}

impl<T> Default for Paired<T> {
    fn default() -> Self {
        Self { last: None, made: Vec::new(), found: Default::default(), needs: Default::default() }
    }
}
