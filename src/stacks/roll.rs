//! Which components a manifest has, and to which stacks they belong: found without merging them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gotmpl::FieldPath;

use super::atmos_yaml::Dialect;
use super::closure::Contribution;
use super::component::{self, Sources};
use super::finish;
use super::identity::Identity;
use super::inherit::{self, Place};
use super::load::Library;
use super::manifest::Key;
use super::outline::Outline;
use super::parent::{Bench, Parent};
use super::template::Templates;
use crate::diagnostic::{Code, Diagnostic};
use crate::ids::{ComponentName, KindName, StackName};
use crate::model::value::Value;

/// The components of one manifest.
#[derive(Debug, Default)]
pub(super) struct Roll {
    /// The components of every stack that it takes part in, sorted.
    pub(super) stacks: BTreeMap<StackName, Arc<[Key]>>,
    /// Why others have none.
    pub(super) found: Vec<Diagnostic>,
    /// What is wrong with components, whatever their values come to.
    pub(super) wrong: BTreeMap<Key, Vec<Diagnostic>>,
    /// Whether not even the names of all its stacks are certain.
    pub(super) nameless: bool,
}

/// What calling a roll needs.
pub(super) struct Caller<'c> {
    pub(super) library: &'c Library,
    pub(super) dialect: &'c Dialect,
    pub(super) identity: &'c Identity,
    pub(super) templates: &'c mut Templates,
    pub(super) sound: &'c mut Sound,
}

/// The values that a name is made of.
type Values = Vec<Option<Value>>;

/// The ways of inheriting that nothing is wrong with: many stacks import the same catalogs.
#[derive(Default)]
pub(super) struct Sound(BTreeSet<Steering>);

/// What the bases of all components of a stack follow from: the manifests that say anything about
/// them, and the components that these say nothing of.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Steering {
    /// By their places in memory: parents hold on to them.
    manifests: Vec<usize>,
    others: Vec<Key>,
}

impl Caller<'_> {
    /// The roll of one manifest.
    pub(super) fn roll(&mut self, parent: &Parent) -> Roll {
        let mut roll = Roll::default();
        let mut stacks: BTreeMap<StackName, Vec<Key>> = BTreeMap::new();
        let mut names = Names::new(parent, self);
        let broken = !parent.closure.faults.is_empty();
        let certain = broken.then(|| Parent::new(parent.path.clone(), parent.closure.certain()));
        let mut certain = certain.as_ref().map(|certain| Names::new(certain, self));
        let dialect = self.dialect;
        let mut bench = Bench::new(parent, dialect.lists, dialect.lowest.clone());
        let outlines = || self.outlines(parent);
        let choosing = match outlines().any(|outline| outline.lets_choose) {
            true => Choosing::All,
            false => {
                Choosing::Some(outlines().flat_map(|outline| &outline.choosing).cloned().collect())
            }
        };
        let backs = outlines().any(|outline| outline.backs);
        let mut backends = if backs { Backends::Unseen } else { Backends::Right };
        let steering = choosing.is_nobody().then(|| self.steering(parent)).flatten();
        let is_sound = steering.as_ref().is_some_and(|steering| self.sound.0.contains(steering));
        let mut inherits_well = true;
        for key in parent.keys() {
            let found = match is_sound {
                true => backends.wrong(self, &mut bench, key).into_iter().collect(),
                false => self.wrong(&mut bench, key, &choosing, &mut backends),
            };
            inherits_well &= found.is_empty();
            let (wrong, odd): (Vec<_>, Vec<_>) = found.into_iter().partition(Diagnostic::is_error);
            roll.found.extend(odd);
            if !wrong.is_empty() {
                roll.wrong.insert(key.clone(), wrong);
            }
            if let Err(error) =
                KindName::new(&key.0).map(drop).and(ComponentName::new(&key.1).map(drop))
            {
                let span = parent.span(key);
                roll.found.push(Diagnostic::error(Code::SectionType, span, error.to_string()));
                roll.nameless = true;
                continue;
            }
            let name = match names.of(key, self) {
                Ok(name) => name,
                Err(fault) => {
                    // What is not imported may say the name.
                    roll.found.extend(Some(*fault).filter(|_| !broken));
                    roll.nameless = true;
                    continue;
                }
            };
            if let Some(certain) = &mut certain
                && certain.of(key, self).ok().as_ref() != Some(&name)
            {
                roll.nameless = true;
            }
            stacks.entry(name).or_default().push(key.clone());
        }
        self.sound.0.extend(steering.filter(|_| inherits_well));
        roll.stacks = stacks.into_iter().map(|(name, keys)| (name, keys.into())).collect();
        roll.nameless |= self.names_a_broken_value(parent);
        if parent.keys().next().is_none() {
            let fault = lost(parent);
            roll.nameless |= fault.is_some() || says_nothing(parent);
            roll.found.extend(fault);
        }
        // A broken manifest without a component would look like one that asks for nothing.
        roll.nameless |= broken && roll.stacks.is_empty();
        roll
    }

    /// Whether a value that cannot be read might be part of a stack's name.
    fn names_a_broken_value(&self, parent: &Parent) -> bool {
        let declared = parent.closure.contributions.iter();
        let mut broken = declared
            .flat_map(|from| from.manifest.components.values())
            .flat_map(|declared| &declared.broken);
        broken.any(|path| {
            let fields = self.identity.fields.iter();
            fields.map(|field| &field.0).any(|field| field.iter().zip(path).all(|(a, b)| a == b))
        })
    }

    fn outlines<'p>(&self, parent: &'p Parent) -> impl Iterator<Item = &'p Outline> {
        let fields = &self.identity.fields;
        parent.closure.contributions.iter().map(|from| Outline::of(&from.manifest, fields))
    }

    /// What the bases of the parent's components follow from; `None` if it is more than that.
    fn steering(&self, parent: &Parent) -> Option<Steering> {
        if self.outlines(parent).any(|outline| outline.is_faulty || outline.nests) {
            return None;
        }
        let steers =
            |from: &Contribution| Outline::of(&from.manifest, &self.identity.fields).steers;
        let manifests = parent.closure.contributions.iter().filter(|from| steers(from));
        let is_other = |key: &&Key| !parent.declaring(key).any(steers);
        Some(Steering {
            manifests: manifests.map(|from| Arc::as_ptr(&from.manifest).addr()).collect(),
            others: parent.keys().filter(is_other).cloned().collect(),
        })
    }

    /// What is wrong with what is said about a component.
    fn wrong(
        &self,
        bench: &mut Bench<'_>,
        key: &Key,
        choosing: &Choosing,
        backends: &mut Backends,
    ) -> Vec<Diagnostic> {
        let place = Place { library: self.library, layout: &self.dialect.layout };
        let mut wrong = bench.parent.faults(key);
        let bases = inherit::bases(bench, &place, key);
        // What a base cannot say, an heir does not have.
        let declared =
            bases.order.iter().map(|base| bench.parent.faults(&(key.0.clone(), base.clone())));
        wrong.extend(declared.flatten().collect::<Vec<_>>());
        if !choosing.has(key, &bases.order) {
            wrong.extend(bases.faults);
            wrong.extend(backends.wrong(self, bench, key));
            return wrong;
        }
        let sources = Sources::gather(bench, &place, key, self.dialect.inherits_metadata);
        wrong.extend(sources.faults.iter().cloned());
        let strategy = finish::strategy(self.library, self.dialect, bench.parent, &sources);
        wrong.extend(strategy.err().map(|fault| *fault));
        let backends = sources.backends();
        let backend = finish::backend_type(self.library, bench.parent, key, backends);
        wrong.extend(backend.err().map(|fault| *fault));
        wrong
    }
}

/// The components that may have a strategy or a backend of their own.
enum Choosing {
    All,
    /// These, and their heirs.
    Some(BTreeSet<Key>),
}

impl Choosing {
    fn is_nobody(&self) -> bool {
        matches!(self, Self::Some(some) if some.is_empty())
    }

    fn has(&self, key: &Key, bases: &[Arc<str>]) -> bool {
        match self {
            Self::All => true,
            Self::Some(some) if some.is_empty() => false,
            Self::Some(some) => {
                let base = |base: &Arc<str>| some.contains(&(key.0.clone(), base.clone()));
                some.contains(key) || bases.iter().any(base)
            }
        }
    }
}

/// What is wrong with the one backend of all components, where none says anything about it.
enum Backends {
    /// Nothing.
    Right,
    /// It is not known yet.
    Unseen,
    /// This.
    Wrong(Diagnostic),
}

impl Backends {
    fn wrong(
        &mut self,
        caller: &Caller<'_>,
        bench: &mut Bench<'_>,
        key: &Key,
    ) -> Option<Diagnostic> {
        if matches!(self, Self::Right) || key.0.as_ref() != "terraform" {
            return None;
        }
        if component::are_abstract(&bench.steering(key)) {
            return None;
        }
        if matches!(self, Self::Unseen) {
            let backends = bench.shared_backends(&key.0);
            *self = match finish::backend_type(caller.library, bench.parent, key, backends) {
                Ok(()) => Self::Right,
                Err(fault) => Self::Wrong(*fault),
            };
        }
        match self {
            Self::Wrong(fault) => Some(fault.clone()),
            _ => None,
        }
    }
}

/// Why a manifest without components probably means to have some: a key of it is misspelt.
fn lost(parent: &Parent) -> Option<Diagnostic> {
    let root = &parent.closure.contributions.last()?.manifest;
    let odd = root.misspelt.as_ref()?;
    let message = "this manifest has no component and is no stack, for a key of it is not known";
    let fault = Diagnostic::error(Code::StackName, odd.span.clone(), message);
    Some(match &odd.hint {
        Some(hint) => fault.hint(hint.clone()),
        None => fault.hint("take the key out, or write the one that is meant"),
    })
}

/// Whether nothing is left of a manifest, as after a slip of the hand.
fn says_nothing(parent: &Parent) -> bool {
    parent.closure.contributions.last().is_none_or(|root| root.manifest.is_empty)
}

/// The names of one manifest's components. Mostly they have one name: what it is made of stands at
/// the top of the files.
pub(super) struct Names<'p> {
    parent: &'p Parent,
    bench: Bench<'p>,
    /// Whether a component may say by itself what its name is made of.
    pub(super) own: bool,
    /// The kinds that say something of it; for the others none.
    kinds: BTreeMap<Arc<str>, Arc<str>>,
    /// By kind, what all its components have in common.
    shared: BTreeMap<Arc<str>, Result<StackName, Box<Diagnostic>>>,
    /// The last name, and what it was made of.
    last: Option<(Values, StackName)>,
}

impl<'p> Names<'p> {
    pub(super) fn new(parent: &'p Parent, caller: &Caller<'_>) -> Self {
        let dialect = caller.dialect;
        let bench = Bench::new(parent, dialect.lists, dialect.lowest.clone());
        let own = caller.outlines(parent).any(|outline| outline.names);
        Self { parent, bench, own, kinds: BTreeMap::new(), shared: BTreeMap::new(), last: None }
    }

    pub(super) fn of(
        &mut self,
        key: &Key,
        caller: &mut Caller<'_>,
    ) -> Result<StackName, Box<Diagnostic>> {
        if self.own {
            let place = Place { library: caller.library, layout: &caller.dialect.layout };
            let inherits = caller.dialect.inherits_metadata;
            let sources = Sources::gather(&mut self.bench, &place, key, inherits);
            return self.made(caller, |field| sources.find(field));
        }
        let kind = self.speaking(&key.0, caller);
        if let Some(known) = self.shared.get(&kind) {
            return known.clone();
        }
        let sections: BTreeSet<_> =
            caller.identity.fields.iter().filter_map(|field| field.0.first()).collect();
        let slots: BTreeMap<_, _> = sections
            .into_iter()
            .filter_map(|name| Some((name, self.bench.shared_slot(&kind, name)?)))
            .collect();
        let name = self.made(caller, |field| {
            let (section, steps) = field.0.split_first()?;
            let value = &slots.get(section)?.value;
            let found = steps.iter().try_fold(value, |value, step| value.get(step)).cloned()?;
            (!super::merge::is_unset(&found)).then_some(found)
        });
        self.shared.insert(kind, name.clone());
        name
    }

    /// The kind, if anything is said for it that names are made of; none for all others, whose
    /// components have one name.
    fn speaking(&mut self, kind: &Arc<str>, caller: &Caller<'_>) -> Arc<str> {
        if let Some(known) = self.kinds.get(kind) {
            return known.clone();
        }
        let mut sections = caller.identity.fields.iter().filter_map(|field| field.0.first());
        let all = &self.parent.closure.contributions;
        let of_kind = || all.iter().filter_map(|from| from.manifest.kinds.get(kind));
        // What `atmos.yaml` says of commands is another for each kind.
        let speaks = sections.any(|name| name == "command" || of_kind().any(|said| said.has(name)));
        let speaking: Arc<str> = if speaks { kind.clone() } else { "".into() };
        self.kinds.insert(kind.clone(), speaking.clone());
        speaking
    }

    fn made(
        &mut self,
        caller: &mut Caller<'_>,
        find: impl Fn(&FieldPath) -> Option<Value>,
    ) -> Result<StackName, Box<Diagnostic>> {
        let values: Values = caller.identity.fields.iter().map(&find).collect();
        if let Some((known, name)) = &self.last
            && *known == values
        {
            return Ok(name.clone());
        }
        let (said, path) = (self.parent.name.as_ref(), &self.parent.path);
        let Caller { dialect, identity, templates, .. } = caller;
        let name = identity.name(dialect, templates, said, path, find)?;
        self.last = Some((values, name.clone()));
        Ok(name)
    }
}
