//! What a component depends on, as it is written, and whether it exists.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::manifest::Key;
use super::parent::Parent;
use crate::diagnostic::{Code, Diagnostic, Span, closest};
use crate::ids::{ComponentId, ComponentName, KindName, StackName};
use crate::model::desired::Dependency;
use crate::model::value::{Map, Value};

/// One dependency as it is written.
pub(super) struct Wanted {
    pub(super) name: String,
    pub(super) kind: Option<String>,
    pub(super) stack: Where,
    pub(super) at: Value,
}

/// The stack of a dependency.
pub(super) enum Where {
    /// The component's own.
    Here,
    /// This one.
    Named(String),
    /// The one that is the component's own but for these variables.
    Like(Map),
}

/// Every component of every stack, resolved or not, by the rolls of the manifests.
#[derive(Default, Clone)]
pub(super) struct Index(BTreeMap<StackName, Vec<Arc<Parent>>>);

impl Index {
    /// Notes which stacks a manifest takes part in.
    pub(super) fn add(&mut self, parent: &Arc<Parent>) {
        for name in parent.roll().stacks.keys() {
            self.0.entry(name.clone()).or_default().push(parent.clone());
        }
    }

    /// The manifests of every stack, in the order in which they were added.
    pub(super) fn stacks(&self) -> impl Iterator<Item = (&StackName, &[Arc<Parent>])> {
        self.0.iter().map(|(name, parents)| (name, parents.as_slice()))
    }

    /// The components of a stack, those of several manifests several times; `None` if there is no
    /// such stack.
    fn keys<'i>(&'i self, stack: &'i StackName) -> Option<impl Iterator<Item = &'i Key> + Clone> {
        let parents = self.0.get(stack)?;
        Some(parents.iter().flat_map(|parent| parent.roll().stacks[stack].iter()))
    }

    /// Whether a stack has the same components in both.
    pub(super) fn agrees(&self, other: &Self, stack: &StackName) -> bool {
        let same = |a: &[Arc<Parent>], b: &[Arc<Parent>]| {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| Arc::ptr_eq(a, b))
        };
        match (self.0.get(stack), other.0.get(stack)) {
            (None, None) => true,
            (Some(own), Some(theirs)) if same(own, theirs) => true,
            (Some(_), Some(_)) => {
                self.keys(stack).into_iter().flatten().collect::<BTreeSet<_>>()
                    == other.keys(stack).into_iter().flatten().collect()
            }
            _ => false,
        }
    }
}

/// The variables that `settings.depends_on` may tell stacks apart by.
const CONTEXT: &[&str] = &["namespace", "tenant", "environment", "stage"];

/// Reads `dependencies.components`, or where there is none `settings.depends_on`.
/// The values that are not in either's form come back in the second list.
pub(super) fn wanted(sections: &Map) -> (Vec<Wanted>, Vec<Value>) {
    let new = sections.get("dependencies").and_then(|section| section.get("components"));
    let old = sections.get("settings").and_then(|settings| settings.get("depends_on"));
    let items: Vec<&Value> = match (new, old) {
        (Some(value), _) => match value.as_list() {
            Some(items) => items.iter().collect(),
            None if value.is_open() => return (Vec::new(), Vec::new()),
            None => return (Vec::new(), vec![value.clone()]),
        },
        (None, Some(value)) => match value.as_map() {
            Some(map) => map.iter().map(|(_, item)| item).collect(),
            None if value.is_open() => return (Vec::new(), Vec::new()),
            None => return (Vec::new(), vec![value.clone()]),
        },
        (None, None) => return (Vec::new(), Vec::new()),
    };
    let (mut wanted, mut wrong) = (Vec::new(), Vec::new());
    // Who waits to know on whom it depends is held anyway.
    for item in items.into_iter().filter(|item| !item.is_open()) {
        let text = |key: &str| item.get(key).and_then(Value::as_str);
        let Some(name) = text("component").or(text("name")) else {
            // A file or folder that only decides what a change affects.
            if text("file").is_none() && text("folder").is_none() {
                wrong.push(item.clone());
            }
            continue;
        };
        let like: Map = CONTEXT
            .iter()
            .filter_map(|key| Some((Arc::from(*key), item.get(key)?.clone())))
            .collect();
        let stack = match text("stack") {
            Some(stack) => Where::Named(stack.to_owned()),
            None if like.is_empty() => Where::Here,
            None => Where::Like(like),
        };
        let kind = text("kind").map(str::to_owned);
        wanted.push(Wanted { name: name.to_owned(), kind, stack, at: item.clone() });
    }
    (wanted, wrong)
}

/// What of `settings.depends_on` is not a map of maps.
pub(super) fn misshapen(depends_on: &Value) -> Option<&Value> {
    match depends_on.as_map() {
        Some(map) => {
            let items = map.iter().map(|(_, item)| item);
            items.into_iter().find(|item| item.as_map().is_none() && !item.is_open())
        }
        None => Some(depends_on).filter(|depends_on| !depends_on.is_open()),
    }
}

/// Finds the component that `wanted` names in `stack`; `Ok(None)` if the stack may be one that could
/// not be named.
pub(super) fn link(
    index: &Index,
    uncertain: bool,
    from: &ComponentId,
    stack: &StackName,
    wanted: &Wanted,
    span: &Span,
) -> Result<Option<Dependency>, Box<Diagnostic>> {
    let missing = |message: String, guess: Option<&str>| {
        let found = Diagnostic::error(Code::DependencyMissing, span.clone(), message);
        Box::new(match guess {
            Some(guess) => found.hint(format!("did you mean `{guess}`?")),
            None => found,
        })
    };
    let Some(components) = index.keys(stack) else {
        if uncertain {
            return Ok(None);
        }
        let guess = closest(stack.as_str(), index.0.keys().map(StackName::as_str));
        return Err(missing(format!("there is no stack `{stack}`"), guess));
    };
    let named = components.clone().filter(|key| key.1.as_ref() == wanted.name);
    let named: Vec<&Key> = named.collect::<BTreeSet<_>>().into_iter().collect();
    let own = wanted.kind.as_deref().unwrap_or(from.kind.as_str());
    let found =
        named.iter().find(|key| key.0.as_ref() == own).or(match (&wanted.kind, &named[..]) {
            (None, [only]) => Some(only),
            _ => None,
        });
    let Some(key) = found else {
        let of_kind = components.filter(|key| key.0.as_ref() == own);
        let guess = closest(&wanted.name, of_kind.map(|key| key.1.as_ref()));
        let message =
            format!("there is no {own} component `{}` in the stack `{stack}`", wanted.name);
        return Err(missing(message, guess));
    };
    let (Ok(kind), Ok(name)) = (KindName::new(&key.0), ComponentName::new(&key.1)) else {
        return Ok(None);
    };
    let on = ComponentId { stack: stack.clone(), kind, name };
    Ok(Some(Dependency { on, origin: wanted.at.origin }))
}

/// One component that another needs.
#[derive(Clone)]
pub(super) struct Edge {
    pub(super) on: ComponentId,
    /// Where that is said.
    pub(super) at: Span,
    /// Whether its values or outputs are read; otherwise it is only applied first.
    pub(super) is_read: bool,
}

/// What each component needs.
pub(super) type Edges<'e> = BTreeMap<&'e ComponentId, &'e [Edge]>;

/// The rings in `edges`, each once, beginning with its least member.
pub(super) fn rings<'e>(edges: &Edges<'e>) -> Vec<Vec<&'e ComponentId>> {
    let mut search = Search { edges, done: BTreeSet::new(), rings: Vec::new() };
    for start in edges.keys() {
        search.from(start);
    }
    search.rings
}

/// The finding about a ring, with the place of each of its edges.
pub(super) fn cycle(edges: &Edges<'_>, ring: &[&ComponentId]) -> Option<Diagnostic> {
    let around = ring.iter().zip(ring.iter().cycle().skip(1));
    let around: Vec<_> = around
        .filter_map(|(from, on)| Some((from, edges.get(*from)?.iter().find(|e| e.on == **on)?)))
        .collect();
    let ((_, first), others) = around.split_first()?;
    let names: Vec<_> = ring.iter().chain(ring.first()).map(ToString::to_string).collect();
    let names = names.join(" -> ");
    let message = match ring {
        [_] => format!("a component depends on itself: {names}"),
        _ => format!("components depend on each other: {names}"),
    };
    let mut found = Diagnostic::error(Code::DependencyCycle, first.at.clone(), message);
    for (from, edge) in others {
        let needs = if edge.is_read { "reads" } else { "depends on" };
        found = found.related(edge.at.clone(), format!("`{from}` {needs} `{}`", edge.on));
    }
    // What is only said can be taken out; what is read has to come from somewhere.
    let is_read = around.iter().all(|(_, edge)| edge.is_read);
    Some(if is_read {
        found.hint("write one of these values in place of reading it")
    } else {
        found
    })
}

struct Search<'s, 'e> {
    edges: &'s Edges<'e>,
    done: BTreeSet<&'e ComponentId>,
    rings: Vec<Vec<&'e ComponentId>>,
}

impl<'e> Search<'_, 'e> {
    /// Depth first without recursion: a chain may be as long as there are components.
    fn from(&mut self, start: &'e ComponentId) {
        if self.done.contains(start) {
            return;
        }
        let mut way: Vec<(&ComponentId, usize)> = vec![(start, 0)];
        while let Some((node, next)) = way.last_mut() {
            let node = *node;
            let Some(edge) = self.edges.get(node).and_then(|edges| edges.get(*next)) else {
                self.done.insert(node);
                way.pop();
                continue;
            };
            *next += 1;
            if let Some(at) = way.iter().position(|(open, _)| **open == edge.on) {
                let mut ring: Vec<_> = way[at..].iter().map(|(node, _)| *node).collect();
                let least = (0..ring.len()).min_by_key(|at| ring[*at]).unwrap_or(0);
                ring.rotate_left(least);
                if !self.rings.contains(&ring) {
                    self.rings.push(ring);
                }
            } else if !self.done.contains(&edge.on) {
                way.push((&edge.on, 0));
            }
        }
    }
}
