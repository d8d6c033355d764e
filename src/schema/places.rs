//! What of a wrong file can be read all the same, and where each part of it is written.

use std::collections::BTreeSet;

use serde_json::{Map as Object, Value as Json};
use serde_path_to_error::Segment;
use yaml_span::NodeId;

use super::{Checked, below};
use crate::diagnostic::Diagnostic;

/// Keys and numbers of items, from the top of a file.
pub(super) type Way = Vec<String>;

/// Where the parts of a file are written.
pub struct Places<'c> {
    pub(super) checked: &'c Checked<'c>,
    /// What is wrong already, and was left out of the value.
    pub(super) left_out: &'c LeftOut,
}

impl Places<'_> {
    /// A mistake at `way`, which leads through keys, and to an item of a list by its text; where
    /// nothing is written there, at what is around it.
    pub fn wrong(&self, way: &[&str], message: impl Into<String>) -> Diagnostic {
        self.checked.said(way, self.node(way), message.into())
    }

    /// The keys that are written at `way`, those whose value is wrong among them.
    pub fn keys(&self, way: &[&str]) -> Vec<&str> {
        let document = &self.checked.document;
        let node = way.iter().try_fold(document.root(), |node, key| document.get(node, key));
        let entries = node.into_iter().flat_map(|node| document.entries(node));
        entries.map(|(key, _)| document.text(key)).collect()
    }

    /// Whether anything at `way` or in it was left out, so that what is missing there proves
    /// nothing.
    pub fn are_left_out(&self, way: &[&str]) -> bool {
        self.left_out.0.iter().any(|out| way.iter().zip(out).all(|(a, b)| a == b))
    }

    /// The number in the file of what is the item `at` of the list at `way`.
    pub fn number(&self, way: &[&str], at: usize) -> usize {
        let way = way.iter().map(|key| (*key).to_owned()).collect();
        self.left_out.number(&way, at)
    }

    fn node(&self, way: &[&str]) -> NodeId {
        let document = &self.checked.document;
        way.iter().fold(document.root(), |node, key| {
            let items = if document.is_sequence(node) { document.items(node) } else { &[] };
            let named = items.iter().copied().find(|item| document.text(*item) == *key);
            named.unwrap_or_else(|| below(document, node, key))
        })
    }
}

/// The parts of a value that are left out because they are wrong, by their ways in the whole.
#[derive(Default)]
pub(super) struct LeftOut(BTreeSet<Way>);

impl LeftOut {
    /// Leaves out what is at `way`; `false` if it is already, or is the whole.
    pub(super) fn add(&mut self, way: Way) -> bool {
        !way.is_empty() && self.0.insert(way)
    }

    /// Whether something within `way` is left out.
    pub(super) fn any_in(&self, way: &Way) -> bool {
        self.0.iter().any(|out| out.starts_with(way))
    }

    /// `json` without them.
    pub(super) fn rest(&self, json: &Json) -> Json {
        self.rest_of(json, &mut Way::new())
    }

    fn rest_of(&self, json: &Json, way: &mut Way) -> Json {
        let mut one = |key: String, value: &Json| {
            way.push(key);
            let rest = (!self.0.contains(way)).then(|| self.rest_of(value, way));
            way.pop();
            rest
        };
        match json {
            Json::Object(object) => {
                let rest = object.iter().filter_map(|(k, v)| Some((k.clone(), one(k.clone(), v)?)));
                Json::Object(rest.collect::<Object<_, _>>())
            }
            Json::Array(items) => {
                let items = items.iter().enumerate();
                items.filter_map(|(at, item)| one(at.to_string(), item)).collect()
            }
            other => other.clone(),
        }
    }

    /// The number in the whole of what is the item `at` of the list at `way` in the rest.
    fn number(&self, way: &Way, at: usize) -> usize {
        let is_out = |number: usize| {
            self.0.contains(&way.iter().cloned().chain([number.to_string()]).collect::<Way>())
        };
        (0..).filter(|number| !is_out(*number)).nth(at).unwrap_or(at)
    }

    /// The way in the whole to what is at `path` in the rest.
    pub(super) fn way(&self, path: &serde_path_to_error::Path) -> Way {
        let mut way = Way::new();
        for segment in path.iter() {
            match segment {
                Segment::Map { key } => way.push(key.clone()),
                Segment::Seq { index } => way.push(self.number(&way, *index).to_string()),
                Segment::Enum { .. } | Segment::Unknown => {}
            }
        }
        way
    }
}

/// The keys of a JSON pointer.
pub(super) fn steps(pointer: &str) -> Way {
    let steps = pointer.split('/').skip(1);
    steps.map(|step| step.replace("~1", "/").replace("~0", "~")).collect()
}
