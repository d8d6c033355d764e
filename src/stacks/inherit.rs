//! Which components a component inherits from, in the order in which they are merged.

use std::sync::Arc;

use super::load::Library;
use super::manifest::Key;
use super::parent::Bench;
use crate::diagnostic::{Code, Diagnostic, closest};
use crate::model::desired::Layout;
use crate::model::value::Value;

/// How many bases one component may reach, repeated ones included: without a bound, bases that
/// inherit from two others each double per level.
const BASES_MAX: usize = 1_000;

/// Bases of one component, lowest precedence first.
///
/// The order is depth first, a base behind its own bases; what is reached twice is merged twice,
/// so that a base common to two others undoes what the first of them changed.
#[derive(Debug, Default)]
pub(super) struct Bases {
    pub(super) order: Vec<Arc<str>>,
    /// The folder that a chain of `component:` keys leads to.
    pub(super) code: Option<Arc<str>>,
    pub(super) faults: Vec<Diagnostic>,
}

impl Bases {
    /// Each base once, the most recent first.
    pub(super) fn recent_first(&self) -> Vec<Arc<str>> {
        let mut recent: Vec<Arc<str>> = Vec::new();
        for base in self.order.iter().rev() {
            if !recent.contains(base) {
                recent.push(base.clone());
            }
        }
        recent
    }
}

/// Where things are: values in the files, code in the repository.
pub(super) struct Place<'l> {
    pub(super) library: &'l Library,
    pub(super) layout: &'l Layout,
}

/// The bases of `key`.
pub(super) fn bases(bench: &mut Bench<'_>, place: &Place<'_>, key: &Key) -> Bases {
    let mut walk =
        Walk { bench, place, bases: Bases::default(), chain: vec![(key.1.clone(), None)] };
    walk.visit(key);
    walk.bases.code = walk.code(key);
    walk.bases
}

struct Walk<'w, 'p> {
    bench: &'w mut Bench<'p>,
    place: &'w Place<'w>,
    bases: Bases,
    /// The components on the way here, each with the place that names it.
    chain: Vec<(Arc<str>, Option<Value>)>,
}

impl Walk<'_, '_> {
    fn visit(&mut self, key: &Key) {
        let own = self.bench.own(key);
        if let Some(slot) = own.get("component")
            && let Some(name) = slot.value.as_str()
        {
            let base = (key.0.clone(), Arc::from(name));
            if self.bench.parent.has(&base) {
                self.enter(&slot.value, &base);
            } else if !self.is_folder(&key.0, name) {
                let message = format!("there is no {} component or folder `{name}`", key.0);
                self.missing(&slot.value, key, name, message);
            }
        }
        let Some(inherits) = own.get("metadata").and_then(|slot| slot.value.get("inherits")) else {
            return;
        };
        let Some(items) = super::merge::appended(inherits).or(inherits.as_list()) else {
            self.fault(
                Code::SectionType,
                inherits,
                "`inherits` must be a list of components".into(),
            );
            return;
        };
        for item in items {
            let Some(name) = item.as_str() else {
                self.fault(Code::SectionType, item, "a base is named by a text".into());
                continue;
            };
            let base = (key.0.clone(), Arc::from(name));
            if self.bench.parent.has(&base) {
                self.enter(item, &base);
            } else {
                let message = format!("there is no {} component `{name}` in this stack", key.0);
                self.missing(item, key, name, message);
            }
        }
    }

    fn missing(&mut self, at: &Value, key: &Key, name: &str, message: String) {
        let known = closest(name, self.bench.parent.names(&key.0)).map(str::to_owned);
        self.fault(Code::InheritMissing, at, message);
        if let Some(fault) = self.bases.faults.last_mut() {
            fault.hint = Some(match known {
                Some(known) => format!("did you mean `{known}`?"),
                None => "import the file that declares it".to_owned(),
            });
        }
    }

    fn is_folder(&self, kind: &str, name: &str) -> bool {
        let folder = self.place.layout.below(kind, name);
        self.place.library.snapshot.below(&folder).next().is_some()
    }

    /// What the last of a chain of `component:` keys names.
    fn code(&mut self, key: &Key) -> Option<Arc<str>> {
        let mut code: Option<Arc<str>> = None;
        for _ in 0..BASES_MAX {
            let at = (key.0.clone(), code.clone().unwrap_or_else(|| key.1.clone()));
            let own = self.bench.own(&at);
            let Some(next) = own.get("component").and_then(|slot| slot.value.as_str()) else {
                break;
            };
            code = Some(next.into());
        }
        code
    }

    fn enter(&mut self, at: &Value, base: &Key) {
        if let Some(start) = self.chain.iter().position(|(open, _)| *open == base.1) {
            return self.ring(start, at);
        }
        if self.bases.order.len() >= BASES_MAX {
            self.fault(
                Code::InheritCycle,
                at,
                format!("a component has more than {BASES_MAX} bases"),
            );
            return;
        }
        self.chain.push((base.1.clone(), Some(at.clone())));
        self.visit(base);
        self.chain.pop();
        self.bases.order.push(base.1.clone());
    }

    /// A ring that `closing` closes, told from its first name on: whichever of its components is
    /// asked about, it is the same finding.
    fn ring(&mut self, start: usize, closing: &Value) {
        let ring = &self.chain[start..];
        let first = (0..ring.len()).min_by_key(|at| &ring[*at].0).unwrap_or(0);
        let at = ring[first].1.as_ref().filter(|_| first > 0).unwrap_or(closing).clone();
        let names = ring[first..].iter().chain(&ring[..=first]).map(|(name, _)| name.as_ref());
        let names = names.collect::<Vec<_>>().join(" -> ");
        let message = format!("components inherit from each other: {names}");
        self.fault(Code::InheritCycle, &at, message);
    }

    fn fault(&mut self, code: Code, at: &Value, message: String) {
        let span = self.place.library.span(at, &self.bench.parent.path);
        let fault = Diagnostic::error(code, span, message);
        if !self.bases.faults.contains(&fault) {
            self.bases.faults.push(fault);
        }
    }
}
