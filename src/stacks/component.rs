//! One component: from its slots to its sections, layers and everything read from them.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use gotmpl::FieldPath;

use super::by_name::ByName;
use super::deferred;
use super::inherit::{self, Bases, Place};
use super::layer::{self, Memo, Stages};
use super::manifest::Key;
use super::marks::Marks;
use super::merge::{self, Lists};
use super::parent::{Bench, Shared, Slots};
use super::sections;
use super::slot::{Said, Slot};
use crate::diagnostic::Diagnostic;
use crate::ids::ComponentName;
use crate::model::desired::{Layer, Reach};
use crate::model::value::{Map, Node, Value};

/// Sections that steer the resolver and are no sections of the result.
const STEERING: &[&str] = &["component"];

/// The section that shows what was overridden.
const OVERRIDES: &str = "overrides";

/// Everything that contributes to a component, by where it is said.
pub(super) struct Sources {
    pub(super) key: Key,
    shared: Rc<Shared>,
    bases: Vec<(Arc<str>, Rc<Slots>)>,
    own: Rc<Slots>,
    overrides: Slots,
    /// Each base once, the most recent first.
    pub(super) inheritance: Vec<Arc<str>>,
    /// What a chain of `component:` keys leads to.
    code: Option<Arc<str>>,
    /// What is wrong with its bases.
    pub(super) faults: Vec<Diagnostic>,
    inherits_metadata: bool,
}

/// The merged sections of a component, before templates and functions.
pub(super) struct Merged {
    pub(super) sections: Sections,
    /// `None`: nobody asks for them.
    pub(super) layers: Option<Vec<Layer>>,
}

/// Merged sections by name.
pub(super) type Sections = ByName<Section>;

/// One merged section.
#[derive(Clone)]
pub(super) struct Section {
    pub(super) value: Value,
    pub(super) marks: Marks,
}

/// Whether what a component itself says makes it abstract.
pub(super) fn are_abstract(own: &Slots) -> bool {
    let metadata = own.get("metadata").map(|slot| &slot.value);
    metadata.and_then(|metadata| metadata.get("type")?.as_str()) == Some("abstract")
}

impl Sources {
    /// Gathers what contributes to `key`.
    pub(super) fn gather(
        bench: &mut Bench<'_>,
        place: &Place<'_>,
        key: &Key,
        inherits_metadata: bool,
    ) -> Self {
        let bases: Bases = inherit::bases(bench, place, key);
        let inheritance = bases.recent_first();
        let mut slots = Vec::with_capacity(bases.order.len());
        for base in &bases.order {
            slots.push((base.clone(), bench.own(&(key.0.clone(), base.clone()))));
        }
        let own = bench.own(key);
        let mut overrides = bench.overrides(key);
        if let Some(slot) = own.get(OVERRIDES) {
            add_own_overrides(&mut overrides, slot, bench.lists);
        }
        let shown = all_in_one(&overrides);
        overrides.retain(|section, _| sections::rule_of(section).overridden);
        shown.into_iter().for_each(|slot| overrides.insert(OVERRIDES.into(), slot));
        Self {
            key: key.clone(),
            bases: slots,
            shared: bench.shared(&key.0),
            own,
            overrides,
            inheritance,
            code: bases.code,
            faults: bases.faults,
            inherits_metadata,
        }
    }

    /// What the merged component has at `field`, found without merging: the highest place that
    /// says anything there.
    pub(super) fn find(&self, field: &FieldPath) -> Option<Value> {
        let (section, steps) = field.0.split_first()?;
        let at = |slots: &Slots| {
            let slot = slots.get(section.as_str())?;
            steps.iter().try_fold(&slot.value, |value, step| value.get(step)).cloned()
        };
        let high = [&self.overrides, self.own.as_ref()].into_iter();
        let bases = self.bases.iter().rev().map(|(_, slots)| slots.as_ref());
        let found = high.chain(bases).chain([&self.shared.merged]).find_map(at)?;
        (!merge::is_unset(&found)).then_some(found)
    }

    /// The component's own folder, if it names one.
    pub(super) fn code(&self) -> Option<&str> {
        let metadata = self.own.get("metadata");
        let said = metadata.and_then(|slot| slot.value.get("component")?.as_str());
        said.filter(|folder| !folder.is_empty()).or(self.code.as_deref())
    }

    /// Whether it is only there to be inherited from, unless a template in its type says otherwise.
    pub(super) fn is_abstract(&self) -> bool {
        are_abstract(&self.own)
    }

    /// What the kind says about `section` before any component speaks.
    pub(super) fn shared(&self, section: &str) -> Option<&Value> {
        self.shared.merged.get(section).map(|slot| &slot.value)
    }

    /// The type of its backend and the types that are set up; `None` for what has none, or is
    /// only there to be inherited from.
    pub(super) fn backends(&self) -> Option<(Value, BTreeSet<Arc<str>>)> {
        let has = |slots: &Slots| slots.has("backend") || slots.has("backend_type");
        let special = has(&self.own) || self.bases.iter().any(|(_, slots)| has(slots));
        if self.key.0.as_ref() != "terraform" || !(special || has(&self.shared.merged)) {
            return None;
        }
        if self.is_abstract() {
            return None;
        }
        let (backend_type, _) = self.stages(&"backend_type".into(), None);
        let bases = self.bases.iter().map(|(_, slots)| slots.as_ref());
        let all = [&self.shared.merged, self.own.as_ref()].into_iter().chain(bases);
        let maps = all.filter_map(|slots| slots.get("backend")?.value.as_map());
        let known = maps.flat_map(|map| map.iter().map(|(name, _)| name.clone()));
        Some((backend_type.merged(Lists::Replace, false, &mut Memo::default())?, known.collect()))
    }

    /// The component's own choice of a strategy for lists, as it is written.
    pub(super) fn strategy(&self) -> Option<Value> {
        let field = ["settings", "list_merge_strategy"].map(str::to_owned).to_vec();
        self.find(&FieldPath(field))
    }

    /// Merges every section; `files` is the strategy of `atmos.yaml`, `own` the component's.
    /// `explained` is whether the layers are wanted too.
    pub(super) fn merge(
        &self,
        files: Lists,
        own: Lists,
        memo: &mut Memo,
        explained: bool,
    ) -> Merged {
        let layers = explained.then(|| Vec::with_capacity(self.layer_count()));
        let mut merged = Merged { sections: Sections::default(), layers };
        for name in self.sections() {
            let lists = if layer::follows_component(name) { own } else { files };
            let (stages, marks) = self.stages(name, merged.layers.as_mut());
            let waits = marks.has(Marks::FUNCTION) && deferred::waits_in(name);
            let Some(value) = stages.merged(lists, waits, memo) else { continue };
            let value = if marks.has(Marks::APPEND) { merge::settle(&value) } else { value };
            merged.sections.insert(name.clone(), Section { value, marks });
        }
        merged
    }

    /// What of it was said where, in the order in which it is merged.
    pub(super) fn said(&self) -> Vec<Layer> {
        let mut layers = Vec::with_capacity(self.layer_count());
        for name in self.sections() {
            self.stages(name, Some(&mut layers));
        }
        layers
    }

    /// The sections that anything contributes to.
    fn sections(&self) -> impl Iterator<Item = &Arc<str>> {
        let bases = self.bases.iter().map(|(_, slots)| slots.as_ref());
        let all =
            [&self.shared.merged, self.own.as_ref(), &self.overrides].into_iter().chain(bases);
        let mut names: Vec<_> = all.flat_map(ByName::names).collect();
        names.sort_unstable();
        names.dedup();
        names.into_iter().filter(|name| !STEERING.contains(&name.as_ref()))
    }

    /// How many layers there will be: room for those that say something and the few that are
    /// computed.
    fn layer_count(&self) -> usize {
        let bases = self.bases.iter().map(|(_, slots)| slots.as_ref());
        let shared = [&self.shared.global, &self.shared.kind, self.own.as_ref(), &self.overrides];
        let slots = shared.into_iter().chain(bases).flat_map(ByName::values);
        slots.map(|slot| slot.said.len()).sum::<usize>() + 4
    }

    fn stages(&self, name: &Arc<str>, mut layers: Option<&mut Vec<Layer>>) -> (Stages, Marks) {
        let mut marks = Marks::default();
        let mut stages = Stages::default();
        let mut add = |reach: &Reach, turn: usize, said: &[Said]| {
            let Some(layers) = &mut layers else { return };
            layers.extend(said.iter().map(|said| Layer {
                section: name.clone(),
                reach: reach.clone(),
                turn: u32::try_from(turn).unwrap_or(u32::MAX),
                imports: said.imports.clone(),
                value: said.value.clone(),
            }));
        };
        let is_shown_only = name.as_ref() == OVERRIDES;
        if let Some(slot) = self.shared.merged.get(name) {
            marks = marks.and(slot.marks);
            stages.shared = Some(slot.value.clone());
            self.shared.global.get(name).iter().for_each(|slot| add(&Reach::Global, 0, &slot.said));
            self.shared.kind.get(name).iter().for_each(|slot| add(&Reach::Kind, 0, &slot.said));
        }
        let last_only = sections::rule_of(name).bases == sections::Bases::Last;
        let skipped = match (last_only, is_shown_only) {
            (true, _) => self.bases.len().saturating_sub(1),
            (_, true) => self.bases.len(),
            _ => 0,
        };
        for (turn, (base, slots)) in self.bases.iter().enumerate().skip(skipped) {
            let Some(slot) = slots.get(name).and_then(|slot| self.inheritable(name, slot)) else {
                continue;
            };
            marks = marks.and(slot.marks);
            stages.bases.push(slot.value.clone());
            if let Ok(base) = ComponentName::new(base) {
                add(&Reach::Base(base), turn, &slot.said);
            }
        }
        if let Some(slot) = self.own.get(name).filter(|_| !is_shown_only) {
            marks = marks.and(slot.marks);
            stages.own = Some(slot.value.clone());
            add(&Reach::Own, 0, &slot.said);
        }
        if let Some(slot) = self.overrides.get(name) {
            marks = marks.and(slot.marks);
            stages.overrides = Some(slot.value.clone());
            add(&Reach::Override, 0, &slot.said);
        }
        (stages, marks)
    }

    /// A base's slot as its heirs see it: its type and its own bases stay with it.
    fn inheritable<'s>(&self, name: &str, slot: &'s Slot) -> Option<Cow<'s, Slot>> {
        if name != "metadata" {
            return Some(Cow::Borrowed(slot));
        }
        let without = |value: &Value| {
            let mut map = value.as_map().cloned().unwrap_or_default();
            map.remove("type");
            map.remove("inherits");
            Value { node: Node::Map(map), origin: value.origin }
        };
        let said = slot
            .said
            .iter()
            .map(|said| Said { imports: said.imports.clone(), value: without(&said.value) });
        self.inherits_metadata.then(|| {
            Cow::Owned(Slot {
                value: without(&slot.value),
                marks: slot.marks,
                said: said.collect(),
            })
        })
    }
}

impl Merged {
    /// The sections as one map.
    pub(super) fn map(&self) -> Map {
        self.sections.iter().map(|(name, section)| (name.clone(), section.value.clone())).collect()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.sections.get(name).map(|section| &section.value)
    }

    /// Notes that what a section needs done, another made from it needs too.
    pub(super) fn carry(&mut self, from: &str, to: &str) {
        let marks = self.sections.get(from).map(|section| section.marks).unwrap_or_default();
        if let Some(section) = self.sections.get_mut(to) {
            section.marks = section.marks.and(marks);
        }
    }

    /// Replaces a section by what was computed from it, and keeps the difference as a layer.
    pub(super) fn compute(&mut self, name: &str, reach: Reach, after: Value) {
        let before = self.get(name);
        if before == Some(&after) {
            return;
        }
        let value = match (&self.layers, before) {
            (None, _) => None,
            (Some(_), Some(before)) => layer::difference(before, &after),
            (Some(_), None) => Some(after.clone()),
        };
        if let (Some(layers), Some(value)) = (&mut self.layers, value) {
            let (section, imports) = (name.into(), Arc::new([]));
            layers.push(Layer { section, reach, turn: 0, imports, value });
        }
        let marks = self.sections.get(name).map(|section| section.marks).unwrap_or_default();
        self.sections.insert(name.into(), Section { value: after, marks });
    }
}

/// What a component's own `overrides` say, below those of the files.
fn add_own_overrides(overrides: &mut Slots, slot: &Slot, lists: Lists) {
    for (section, value) in slot.value.as_map().map(Map::sorted).unwrap_or_default() {
        let imports = slot.said.last().map(|said| said.imports.clone()).unwrap_or_default();
        let own = Said { imports, value: value.clone() };
        let own = Slot { value: value.clone(), marks: slot.marks, said: vec![own] };
        let slot = match overrides.get(section) {
            Some(above) => own.under(above, lists),
            None => own,
        };
        overrides.insert(section.clone(), slot);
    }
}

/// The sections of `overrides` as one map.
fn all_in_one(overrides: &Slots) -> Option<Slot> {
    let sections = || overrides.iter();
    let value = |section: &Arc<str>, value: &Value| {
        let map = [(section.clone(), value.clone())].into_iter().collect();
        Value { node: Node::Map(map), origin: value.origin }
    };
    let said = |(section, slot): (&Arc<str>, &Slot)| {
        let said = slot.said.iter();
        let whole = |said: &Said| Said {
            imports: said.imports.clone(),
            value: value(section, &said.value),
        };
        said.map(whole).collect::<Vec<_>>()
    };
    let all = sections().map(|(section, slot)| (section.clone(), slot.value.clone()));
    (!overrides.is_empty()).then(|| Slot {
        value: Value::computed(Node::Map(all.collect())),
        marks: sections().fold(Marks::default(), |all, (_, slot)| all.and(slot.marks)),
        said: sections().flat_map(said).collect(),
    })
}
