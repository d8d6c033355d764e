//! What late templates read of a component: only that is made ready for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::template::{Moment, Templates};
use crate::model::go_value::to_go;
use crate::model::value::{Map, Node, Value};

/// What late templates read of a component.
#[derive(Default)]
pub(super) struct Needs {
    everything: bool,
    /// The sections, and of each the keys that are read, or all of it.
    sections: BTreeMap<String, Option<BTreeSet<String>>>,
}

impl Needs {
    /// Of the late templates in `values`.
    pub(super) fn of<'v>(
        templates: &mut Templates,
        values: impl Iterator<Item = &'v Value>,
    ) -> Self {
        let mut needs = Self::default();
        values.for_each(|value| {
            for_each_text(value, &mut |text| {
                if templates.is_open(Moment::Late, text) {
                    let fields = templates.fields(Moment::Late, text);
                    fields.iter().for_each(|field| needs.add(&field.0));
                }
            });
        });
        needs
    }

    fn add(&mut self, field: &[String]) {
        match field {
            [] => self.everything = true,
            [section] => drop(self.sections.insert(section.clone(), None)),
            [section, key, ..] => match self.sections.get_mut(section) {
                Some(Some(keys)) if keys.contains(key) => {}
                Some(Some(keys)) => drop(keys.insert(key.clone())),
                Some(None) => {}
                None => {
                    let keys = BTreeSet::from([key.clone()]);
                    self.sections.insert(section.clone(), Some(keys));
                }
            },
        }
    }

    /// Whether any of `section` is among it.
    pub(super) fn has(&self, section: &str) -> bool {
        self.everything || self.sections.contains_key(section)
    }

    /// Only those parts of `sections`, as templates see them.
    pub(super) fn scope(&self, sections: &Map) -> gotmpl::Value {
        if self.everything {
            return to_go(&Value::computed(Node::Map(sections.clone())));
        }
        let wanted = self.sections.iter().filter_map(|(section, keys)| {
            let value = sections.get(section)?;
            let value = match (keys, value.as_map()) {
                (Some(keys), Some(map)) => {
                    let kept =
                        keys.iter().filter_map(|key| Some((key.as_str(), to_go(map.get(key)?))));
                    gotmpl::Value::Map(kept.collect())
                }
                _ => to_go(value),
            };
            Some((section.as_str(), value))
        });
        gotmpl::Value::Map(wanted.collect())
    }
}

fn for_each_text(value: &Value, see: &mut impl FnMut(&Arc<str>)) {
    match &value.node {
        Node::Raw(raw) => see(&raw.text),
        Node::Str(text) => see(text),
        Node::List(items) => items.iter().for_each(|item| for_each_text(item, see)),
        Node::Map(map) => map.iter().for_each(|(key, value)| {
            see(key);
            for_each_text(value, see);
        }),
        _ => {}
    }
}
