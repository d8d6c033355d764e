//! One top-level manifest with all it is made of, and the slots of its components.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use super::by_name::ByName;
use super::closure::{Closure, Contribution};
use super::manifest::{Declared, Key};
use super::merge::Lists;
use super::roll::Roll;
use super::slot::{self, Slot};
use crate::diagnostic::{Diagnostic, Span};
use crate::model::value::{Map, Value};

/// A manifest that is a stack, or a part of one.
pub(super) struct Parent {
    pub(super) path: Arc<str>,
    pub(super) closure: Closure,
    /// What `name:` says.
    pub(super) name: Option<Arc<str>>,
    /// Every other file it is made of, once anybody asks.
    imports: OnceLock<Arc<[Arc<str>]>>,
    /// Which contributions declare a component, lowest precedence first.
    declared: BTreeMap<Key, Vec<usize>>,
    /// Set before anything is resolved.
    roll: OnceLock<Roll>,
}

/// The sections that one place has.
pub(super) type Slots = ByName<Slot>;

/// What the top of the manifests and a kind say about a section: the layers they have in common
/// with every other component of the kind.
pub(super) struct Shared {
    pub(super) global: Slots,
    pub(super) kind: Slots,
    /// Both, merged.
    pub(super) merged: Slots,
}

/// Sections that `atmos.yaml` itself begins, for every kind or for one.
#[derive(Clone, Default)]
pub(super) struct Lowest {
    pub(super) env: Option<Slot>,
    pub(super) commands: BTreeMap<Arc<str>, Slot>,
}

/// The slots of one parent, each merged once.
pub(super) struct Bench<'p> {
    pub(super) parent: &'p Parent,
    pub(super) lists: Lists,
    /// What `atmos.yaml` says below all manifests.
    lowest: Lowest,
    shared: BTreeMap<Arc<str>, Rc<Shared>>,
    own: BTreeMap<Key, Rc<Slots>>,
    steering: BTreeMap<Key, Rc<Slots>>,
}

impl Parent {
    pub(super) fn new(path: Arc<str>, closure: Closure) -> Self {
        let mut declared: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
        let mut name = None;
        for (at, contribution) in closure.contributions.iter().enumerate() {
            name = contribution.manifest.name.clone().or(name);
            for key in contribution.manifest.components.keys() {
                declared.entry(key.clone()).or_default().push(at);
            }
        }
        let (imports, roll) = (OnceLock::new(), OnceLock::new());
        Self { path, closure, name, imports, declared, roll }
    }

    /// Every other file it is made of, sorted.
    pub(super) fn imports(&self) -> &Arc<[Arc<str>]> {
        self.imports.get_or_init(|| {
            let files = self.closure.contributions.iter().map(|from| &from.manifest.path);
            let others: BTreeSet<_> = files.filter(|file| **file != self.path).cloned().collect();
            others.into_iter().collect()
        })
    }

    /// Whether what becomes of its components depends on which folders there are.
    pub(super) fn looks_around(&self) -> bool {
        let manifests = self.closure.contributions.iter().map(|from| &from.manifest);
        let mut declared = manifests.flat_map(|manifest| manifest.components.values());
        declared.any(|declared| declared.parts.has("component"))
    }

    /// Whether it was found out which stacks its components belong to.
    pub(super) fn is_called(&self) -> bool {
        self.roll.get().is_some()
    }

    /// Sets the roll, once.
    pub(super) fn call(&self, roll: impl FnOnce() -> Roll) {
        self.roll.get_or_init(roll);
    }

    /// Which stacks its components belong to.
    pub(super) fn roll(&self) -> &Roll {
        self.roll.get().expect("every roll is called before one is looked at")
    }

    /// Whether what it imports is rendered with values of its own.
    pub(super) fn gives(&self) -> bool {
        self.closure.contributions.last().is_some_and(|root| !root.manifest.given.is_empty())
    }

    /// Every component it declares or imports.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Key> {
        self.declared.keys()
    }

    pub(super) fn has(&self, key: &Key) -> bool {
        self.declared.contains_key(key)
    }

    /// The names of all components of `kind`.
    pub(super) fn names<'p>(&'p self, kind: &'p str) -> impl Iterator<Item = &'p str> {
        let of_kind = self.declared.keys().filter(move |key| key.0.as_ref() == kind);
        of_kind.map(|key| key.1.as_ref())
    }

    /// The contributions that declare `key`.
    pub(super) fn declaring(&self, key: &Key) -> impl Iterator<Item = &Contribution> + Clone {
        let at = self.declared.get(key).map_or(&[][..], Vec::as_slice);
        at.iter().map(|at| &self.closure.contributions[*at])
    }

    /// Where the component is declared last, which is where a reader looks first.
    pub(super) fn declaration(&self, key: &Key) -> Option<&Declared> {
        self.declaring(key).last()?.manifest.components.get(key)
    }

    /// What is wrong with the declarations of `key`.
    pub(super) fn faults(&self, key: &Key) -> Vec<Diagnostic> {
        let declared = self.declaring(key).filter_map(|from| from.manifest.components.get(key));
        declared.flat_map(|declared| declared.faults.iter().cloned()).collect()
    }

    /// Where to point for something about the component as a whole.
    pub(super) fn span(&self, key: &Key) -> Span {
        let declared = self.declaration(key).map(|declared| declared.at.clone());
        declared.unwrap_or_else(|| Span::file(self.path.clone()))
    }
}

impl<'p> Bench<'p> {
    pub(super) fn new(parent: &'p Parent, lists: Lists, lowest: Lowest) -> Self {
        Self {
            parent,
            lists,
            lowest,
            shared: BTreeMap::new(),
            own: BTreeMap::new(),
            steering: BTreeMap::new(),
        }
    }

    /// What reaches every component of `kind` in one section.
    pub(super) fn shared_slot(&self, kind: &Arc<str>, name: &str) -> Option<Slot> {
        let all = &self.parent.closure.contributions;
        let lowest = match name {
            "env" => self.lowest.env.clone(),
            "command" => self.lowest.commands.get(kind).cloned(),
            _ => None,
        };
        let global = slot::global(all, name, self.lists);
        let rule = super::sections::rule_of(name);
        let reaches = rule.kind || rule.name.is_empty();
        let of_kind = reaches.then(|| slot::of_kind(all, kind, name, self.lists)).flatten();
        let slots = lowest.into_iter().chain(global).chain(of_kind);
        slots.reduce(|below, above| below.under(&above, self.lists))
    }

    /// The type of the backend that every component of `kind` has, and the types that are set up
    /// for it.
    pub(super) fn shared_backends(&self, kind: &Arc<str>) -> Option<(Value, BTreeSet<Arc<str>>)> {
        let wanted = self.shared_slot(kind, "backend_type")?.value;
        let backend = self.shared_slot(kind, "backend");
        let known = backend.iter().filter_map(|slot| slot.value.as_map()).flat_map(Map::iter);
        Some((wanted, known.map(|(name, _)| name.clone()).collect()))
    }

    /// What reaches every component of `kind`.
    pub(super) fn shared(&mut self, kind: &Arc<str>) -> Rc<Shared> {
        if let Some(known) = self.shared.get(kind) {
            return known.clone();
        }
        let all = &self.parent.closure.contributions;
        let globals = all.iter().flat_map(|from| from.manifest.globals.names());
        let kinds = all.iter().filter_map(|from| from.manifest.kinds.get(kind));
        let mut global = slots(globals, |name| slot::global(all, name, self.lists));
        let lowest =
            [("env", self.lowest.env.as_ref()), ("command", self.lowest.commands.get(kind))];
        for (name, lowest) in lowest.into_iter().filter_map(|(name, slot)| Some((name, slot?))) {
            let slot = match global.get(name) {
                Some(above) => lowest.under(above, self.lists),
                None => lowest.clone(),
            };
            global.insert(name.into(), slot);
        }
        let kinds = slots(kinds.flat_map(ByName::names), |name| {
            let reaches = super::sections::rule_of(name);
            let reaches = reaches.kind || reaches.name.is_empty();
            reaches.then(|| slot::of_kind(all, kind, name, self.lists)).flatten()
        });
        let above = kinds.iter().map(|(name, slot)| match global.get(name) {
            Some(below) => (name.clone(), below.under(slot, self.lists)),
            None => (name.clone(), slot.clone()),
        });
        let below = global.iter().map(|(name, slot)| (name.clone(), slot.clone()));
        let merged = below.chain(above).collect();
        let shared = Rc::new(Shared { global, kind: kinds, merged });
        self.shared.insert(kind.clone(), shared.clone());
        shared
    }

    /// What a component itself says.
    pub(super) fn own(&mut self, key: &Key) -> Rc<Slots> {
        if let Some(known) = self.own.get(key) {
            return known.clone();
        }
        let declaring = self.parent.declaring(key);
        let declared = declaring.filter_map(|from| from.manifest.components.get(key));
        let names = declared.flat_map(|declared| declared.parts.names());
        let own = Rc::new(slots(names, |name| self.own_slot(key, name)));
        self.own.insert(key.clone(), own.clone());
        own
    }

    /// Of what a component itself says only what decides about its bases: who asks for no more
    /// does not have to merge its values.
    pub(super) fn steering(&mut self, key: &Key) -> Rc<Slots> {
        if let Some(known) = self.own.get(key).or(self.steering.get(key)) {
            return known.clone();
        }
        let slots = ["component", "metadata"].into_iter();
        let slots = slots.filter_map(|name| Some((name.into(), self.own_slot(key, name)?)));
        let steering: Rc<Slots> = Rc::new(slots.collect());
        self.steering.insert(key.clone(), steering.clone());
        steering
    }

    fn own_slot(&self, key: &Key, name: &str) -> Option<Slot> {
        let declaring = self.parent.declaring(key);
        slot::of_component(&self.parent.closure.contributions, declaring, key, name, self.lists)
    }

    /// The overrides that reach a component.
    pub(super) fn overrides(&self, key: &Key) -> Slots {
        let declaring = self.parent.declaring(key);
        let reaching = declaring.flat_map(|from| self.parent.closure.overriding(from));
        let parts =
            reaching.clone().filter_map(|from| from.manifest.overrides.get(&key.0)).flatten();
        slots(parts.flat_map(ByName::names), |name| {
            slot::of_overrides(reaching.clone(), &key.0, name, self.lists)
        })
    }
}

fn slots<'n>(
    names: impl Iterator<Item = &'n Arc<str>>,
    mut merged: impl FnMut(&str) -> Option<Slot>,
) -> Slots {
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().filter_map(|name| Some((name.clone(), merged(name)?))).collect()
}
