//! Which components a component inherits from, in the order in which they are merged.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::load::Library;
use super::manifest::Key;
use super::parent::Bench;
use crate::diagnostic::{Code, Diagnostic, Span, closest};
use crate::model::desired::Layout;
use crate::model::value::Value;

/// How many bases one component may reach, repeated ones included: without a bound, bases that
/// inherit from two others each double per level.
const BASES_MAX: usize = 1_000;

/// Bases of one component, lowest precedence first.
///
/// The order is depth first, a base behind its own bases; what is reached twice is merged twice,
/// so that a base common to two others undoes what the first of them changed. Naming a base of
/// the component's own twice goes back to where its first naming ended: of `[a, b, a]` only `a`
/// is left (measured on Atmos 1.226.1).
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
    let chain = vec![(key.1.clone(), None)];
    let mut walk =
        Walk { bench, place, bases: Bases::default(), chain, direct: BTreeMap::new(), last: None };
    walk.visit(key);
    walk.bases
}

struct Walk<'w, 'p> {
    bench: &'w mut Bench<'p>,
    place: &'w Place<'w>,
    bases: Bases,
    /// The components on the way here, each with the place that names it.
    chain: Vec<(Arc<str>, Option<Value>)>,
    /// The bases that the component itself names, with the order as it was behind each.
    direct: BTreeMap<Arc<str>, Vec<Arc<str>>>,
    /// The base that was come to last on the way down.
    last: Option<Arc<str>>,
}

impl Walk<'_, '_> {
    fn visit(&mut self, key: &Key) {
        let own = self.bench.steering(key);
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
            if self.chain.len() == 1 {
                self.bases.code = self.last.take().or(Some(base.1));
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

    fn enter(&mut self, at: &Value, base: &Key) {
        let is_direct = self.chain.len() == 1;
        if let Some(end) = self.direct.get(&base.1).filter(|_| is_direct) {
            self.bases.order.clone_from(end);
            return;
        }
        self.last = Some(base.1.clone());
        match self.chain.iter().position(|(open, _)| *open == base.1) {
            // A component among its own bases adds nothing to itself.
            Some(0) => return self.ring(0, at, Diagnostic::warning),
            Some(start) => return self.ring(start, at, Diagnostic::error),
            None => {}
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
        if is_direct {
            self.direct.insert(base.1.clone(), self.bases.order.clone());
        }
    }

    /// A ring that `closing` closes, told from its first name on: whichever of its components is
    /// asked about, it is the same finding.
    fn ring(&mut self, start: usize, closing: &Value, found: fn(Code, Span, String) -> Diagnostic) {
        let ring = &self.chain[start..];
        let first = (0..ring.len()).min_by_key(|at| &ring[*at].0).unwrap_or(0);
        let at = ring[first].1.as_ref().filter(|_| first > 0).unwrap_or(closing).clone();
        let names = ring[first..].iter().chain(&ring[..=first]).map(|(name, _)| name.as_ref());
        let names = names.collect::<Vec<_>>().join(" -> ");
        let message = format!("components inherit from each other: {names}");
        self.find(found, Code::InheritCycle, &at, message);
    }

    fn fault(&mut self, code: Code, at: &Value, message: String) {
        self.find(Diagnostic::error, code, at, message);
    }

    fn find(
        &mut self,
        found: fn(Code, Span, String) -> Diagnostic,
        code: Code,
        at: &Value,
        message: String,
    ) {
        let span = self.place.library.span(at, &self.bench.parent.path);
        let found = found(code, span, message);
        if !self.bases.faults.contains(&found) {
            self.bases.faults.push(found);
        }
    }
}
