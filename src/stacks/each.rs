//! Stacks made one after the other, each of them forgotten as soon as it was handed on: what is only
//! to be shown does not have to be in memory all at once.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::Selection;
use super::resolve::{Making, Resolver, Tools};
use super::whole::{Members, Whole};
use crate::diagnostic::Diagnostic;
use crate::ids::StackName;
use crate::model::desired::Desired;
use crate::model::files::Files;
use crate::model::question::{Answers, Question};

/// How many stacks are made at a time: enough for the cores there are, and little memory.
const BATCH: usize = 16;

/// How far stacks were handed on.
#[derive(Debug, Default)]
pub struct Handed {
    /// The last of them.
    pub last: Option<StackName>,
    /// What was found in them.
    found: Vec<Diagnostic>,
}

/// How handing on ended.
#[derive(Debug)]
pub enum Each {
    /// All were.
    All(Found),
    /// The next stacks ask this, and have no answer to it among those given.
    Asked(BTreeSet<Question>),
}

/// What is wrong or odd, without the stacks it is about.
#[derive(Debug)]
pub struct Found {
    /// All findings, in the order of files and positions.
    pub diagnostics: Vec<Diagnostic>,
    /// Those of them about the tree as such; see [`super::Resolution::tree`].
    pub tree: Vec<Diagnostic>,
    /// The files they are in.
    pub files: Arc<Files>,
}

/// A stack as a worker leaves it.
struct Made<T> {
    given: io::Result<T>,
    found: Vec<Diagnostic>,
    asked: BTreeSet<Question>,
}

/// What workers put down after one stack and take up for the next.
#[derive(Default)]
pub(super) struct Shelf<'r>(Mutex<Vec<Tools<'r>>>);

impl Resolver {
    /// Resolves the selected stacks behind the last that was `handed` on, by name. On all cores
    /// each is given to `make`, by itself, and what comes of it in their order to `put`. If it
    /// `waits`, it stops at stacks that ask anything: they are not handed on.
    ///
    /// It is for those who need no links: nothing is found about rings.
    pub fn each<T: Send>(
        &mut self,
        (selection, answers): (&Selection, &Answers),
        waits: bool,
        handed: &mut Handed,
        make: &(impl Fn(&Desired) -> io::Result<T> + Sync),
        put: &mut (impl FnMut(T) -> io::Result<()> + Send),
    ) -> io::Result<Each> {
        let (index, uncertain) = self.prepare(selection, answers);
        let open = self.library.remotes.asked();
        if waits && !open.is_empty() {
            return Ok(Each::Asked(open.clone()));
        }
        let mut tasks = self.tasks(&index, selection);
        tasks.retain(|(name, _)| handed.last.as_ref().is_none_or(|last| last < name));
        tasks.sort_by(|(a, _), (b, _)| a.cmp(b));
        let frame = self.desired(BTreeMap::new(), Arc::new(self.library.files.clone()));
        let making = self.making(&index, uncertain, selection, answers);
        if let Some(asked) = handed.go_on(&making, &tasks, &frame, waits, make, put)? {
            return Ok(Each::Asked(asked));
        }
        Ok(Each::All(Found::of(self, selection, std::mem::take(&mut handed.found))))
    }
}

impl Found {
    /// What is found in the tree of `resolver`; `own` was found in stacks.
    pub(super) fn of(resolver: &mut Resolver, selection: &Selection, own: Vec<Diagnostic>) -> Self {
        let refused = resolver.refused(selection);
        let (diagnostics, tree) = resolver.findings(own, &refused);
        Self { diagnostics, tree, files: Arc::new(resolver.library.files.clone()) }
    }
}

impl Handed {
    /// Hands on what `tasks` come to; gives what is asked by those it stops at.
    fn go_on<T: Send>(
        &mut self,
        making: &Making<'_>,
        tasks: &[(StackName, Members)],
        frame: &Desired,
        waits: bool,
        make: &(impl Fn(&Desired) -> io::Result<T> + Sync),
        put: &mut (impl FnMut(T) -> io::Result<()> + Send),
    ) -> io::Result<Option<BTreeSet<Question>>> {
        let shelf = Shelf::default();
        let work = |task: &(StackName, Members)| shelf.made(making, task, frame, make);
        let mut ready: Vec<Made<T>> = Vec::new();
        for batch in tasks.chunks(BATCH) {
            // While one batch is put away the next is made.
            let (over, mut next) = rayon::join(
                || ready.drain(..).try_for_each(|made| put(made.given?)),
                || batch.par_iter().map(work).collect::<Vec<_>>(),
            );
            over?;
            let mut asked = next.iter_mut().flat_map(|made| std::mem::take(&mut made.asked));
            let asked: BTreeSet<_> = asked.by_ref().collect();
            if waits && !asked.is_empty() {
                return Ok(Some(asked));
            }
            next.iter_mut().for_each(|made| self.found.append(&mut made.found));
            self.last = batch.last().map(|(name, _)| name.clone());
            ready = next;
        }
        ready.into_iter().try_for_each(|made| put(made.given?))?;
        Ok(None)
    }
}

impl<'r> Shelf<'r> {
    /// Makes one stack.
    pub(super) fn whole(&self, making: &Making<'r>, name: &StackName, members: &Members) -> Whole {
        let spare = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut tools = spare.unwrap_or_else(|| making.tools());
        let whole = making.whole(&mut tools, name, members, None);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(tools);
        whole
    }

    fn made<T>(
        &self,
        making: &Making<'r>,
        (name, members): &(StackName, Members),
        frame: &Desired,
        make: &impl Fn(&Desired) -> io::Result<T>,
    ) -> Made<T> {
        let whole = self.whole(making, name, members);
        let stacks = BTreeMap::from([(name.clone(), whole.stack)]);
        let given = make(&Desired { stacks, ..frame.clone() });
        Made { given, found: whole.found, asked: whole.asked }
    }
}
