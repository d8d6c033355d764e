//! Many stacks at once.

use std::collections::BTreeMap;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};

use super::component::{View, component};
use super::section;
use super::shown::Shown;
use crate::model::desired::{Component, Desired, Stack};

/// Which part of the stacks is shown.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only components of these kinds. None: all.
    pub kinds: Vec<String>,
    /// Only these sections. None: all.
    pub sections: Vec<String>,
    /// Whether a stack of which nothing is left is shown.
    pub empty: bool,
}

/// Stacks, by name, with their components by kind and name.
#[derive(Debug)]
pub struct Stacks<'d> {
    /// What is shown.
    pub desired: &'d Desired,
    /// Which part of it.
    pub filter: &'d Filter,
    /// Whether templates were rendered.
    pub evaluated: bool,
}

impl Serialize for Stacks<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut out = to.serialize_map(None)?;
        for (name, kinds) in self.shown() {
            let kinds = kinds.into_iter().map(|(kind, components)| {
                let components =
                    components.into_iter().map(|one| (one.id.name.as_str(), One { of: self, one }));
                (kind, components.collect::<BTreeMap<_, _>>())
            });
            let kinds: BTreeMap<_, _> = kinds.collect();
            out.serialize_entry(name, &BTreeMap::from([("components", kinds)]))?;
        }
        out.end()
    }
}

impl Stacks<'_> {
    /// All of it at once, for queries into it.
    pub fn whole(&self) -> Shown<'_> {
        let stacks = self.shown().map(|(name, kinds)| {
            let kinds = kinds.into_iter().map(|(kind, components)| {
                let all = components.into_iter().map(|one| (one.id.name.as_str(), self.one(one)));
                (kind, Shown::map(all))
            });
            (name, Shown::map([("components", Shown::map(kinds))]))
        });
        Shown::map(stacks)
    }

    /// The stacks that are shown, with their components by kind.
    pub(super) fn shown(&self) -> impl Iterator<Item = (&str, BTreeMap<&str, Vec<&Component>>)> {
        let stacks = self.desired.stacks.values();
        let kinds = stacks.map(|stack| (stack.name.as_str(), self.kinds(stack)));
        kinds.filter(|(_, kinds)| !kinds.is_empty() || self.filter.empty)
    }

    /// What is shown of a component.
    pub(super) fn one<'d>(&'d self, one: &'d Component) -> Shown<'d> {
        let view = View::Listed { evaluated: self.evaluated };
        let mut shown = component(self.desired, one, view);
        if let (Shown::Map(all), wanted @ [_, ..]) = (&mut shown, self.filter.sections.as_slice()) {
            all.retain(|name, _| wanted.iter().any(|wanted| wanted == name));
        }
        shown
    }

    fn kinds<'d>(&self, stack: &'d Stack) -> BTreeMap<&'d str, Vec<&'d Component>> {
        let mut kinds: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for one in stack.components.values() {
            let kind = one.id.kind.as_str();
            let wanted = &self.filter.kinds;
            if section::KINDS.contains(&kind)
                && (wanted.is_empty() || wanted.iter().any(|k| k == kind))
            {
                kinds.entry(kind).or_default().push(one);
            }
        }
        kinds
    }
}

/// One component, made when it is written.
struct One<'s> {
    of: &'s Stacks<'s>,
    one: &'s Component,
}

impl Serialize for One<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.of.one(self.one).serialize(to)
    }
}
