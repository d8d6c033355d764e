//! A look at one stack: only the manifests are read whole that it may be made of.
//!
//! Which stack a manifest belongs to is found without its components, as long as no component says
//! anything by itself that a name is made of. What is not certain to be another stack is read.

use std::collections::BTreeSet;
use std::sync::Arc;

use rayon::prelude::*;

use super::Selection;
use super::manifest::Key;
use super::parent::Parent;
use super::path;
use super::remote::Remotes;
use super::resolve::Resolver;
use super::roll::{Caller, Names, Sound};
use super::skim::Skim;
use crate::source::Snapshot;

/// The part of a tree that one selection needs.
pub(super) struct Narrow {
    pub(super) selection: Selection,
    /// The manifests that may belong to a selected stack, sorted.
    pub(super) parents: Vec<Arc<str>>,
    /// What they are made of, as far as that is known beforehand.
    pub(super) files: Vec<Arc<str>>,
    /// What found that out. Giving it back takes as long as reading it: whoever looks once and ends
    /// never does.
    _heads: Box<Resolver>,
}

impl Resolver {
    /// One that is asked for `selection` first, and reads no more of `snapshot` than that needs if
    /// it is about certain stacks, and nothing beside them matters. It resolves everything else as
    /// well, and reads what is missing then. Findings are those of what it has read.
    pub fn looking(snapshot: &Snapshot, selection: &Selection) -> Self {
        Self::narrowed(snapshot, selection).unwrap_or_else(|| Self::new(snapshot))
    }

    fn narrowed(snapshot: &Snapshot, selection: &Selection) -> Option<Self> {
        let about_all = selection.stacks.is_empty() || selection.strict || !selection.unlinked;
        if about_all || selection.named_by_file {
            return None;
        }
        let (remotes, found) = Remotes::of(snapshot);
        let mut heads = Self::open(snapshot, remotes, found);
        let mut part = heads.again();
        heads.library.skim = Some(Skim::new(&heads.identity.fields, &heads.templates.open())?);
        heads.follow(None);
        if !heads.found.is_empty() || !heads.astray.is_empty() {
            return None;
        }
        let all: Vec<_> = heads.parents.values().collect();
        let wanted = all.par_iter().filter(|parent| heads.may_be(parent, selection));
        let wanted: Vec<_> = wanted.map(|parent| (*parent).clone()).collect();
        let parents: Vec<_> = wanted.iter().map(|parent| parent.path.clone()).collect();
        let files = heads.manifests.reach(&parents).into_iter().collect();
        let (selection, _heads) = (selection.clone(), Box::new(heads));
        let narrow = Narrow { selection, parents, files, _heads };
        part.narrow = Some(narrow);
        part.follow(None);
        Some(part)
    }

    /// Whether any component of `parent`, of which components are not read that cannot bear on it,
    /// may be in a selected stack.
    fn may_be(&self, parent: &Parent, selection: &Selection) -> bool {
        let mut templates = self.engines.lend(&self.templates);
        let mut caller = Caller {
            library: &self.library,
            dialect: &self.dialect,
            identity: &self.identity,
            templates: &mut templates,
            sound: &mut Sound::default(),
        };
        let mut names = Names::new(parent, &caller);
        if names.own || !parent.closure.faults.is_empty() {
            return true;
        }
        let manifests = parent.closure.contributions.iter().map(|from| &from.manifest);
        let kinds = manifests.flat_map(|manifest| manifest.kinds.keys().cloned());
        let kinds: BTreeSet<Arc<str>> = kinds.chain([Arc::from("")]).collect();
        let file = path::stem(path::below(&parent.path, &self.dialect.stacks));
        kinds.into_iter().any(|kind| {
            let key: Key = (kind, "".into());
            names.of(&key, &mut caller).map_or(true, |name| selection.has_stack(&name, file))
        })
    }
}
