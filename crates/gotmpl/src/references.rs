//! What a template reads, found without running it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::mem;

use crate::Template;
use crate::ast::{Action, Branch, Command, Node, Operand, Pipe, Term};

/// A path from the data's root: `[]` is all of it, `["vars", "stage"]` is `.vars.stage`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FieldPath(pub Vec<String>);

/// All a template may read and call, on any branch. A path stands for everything below it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct References {
    /// What of the data it reads.
    pub fields: BTreeSet<FieldPath>,
    /// What it calls, by name.
    pub functions: BTreeSet<String>,
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str(".");
        }
        self.0.iter().try_for_each(|name| write!(f, ".{name}"))
    }
}

impl FieldPath {
    fn join(&self, names: &[String]) -> Self {
        Self(self.0.iter().chain(names).cloned().collect())
    }
}

/// The pipeline of a template that is one action, without declarations.
pub(crate) fn sole_action(template: &Template) -> Option<&Pipe> {
    match template.trees.get(&template.name)?.as_slice() {
        [Node::Action(action)] if action.pipe.variables.is_empty() => Some(&action.pipe),
        _ => None,
    }
}

pub(crate) fn sole_field(template: &Template) -> Option<FieldPath> {
    let [Command { operands, .. }] = sole_action(template)?.commands.as_slice() else {
        return None;
    };
    match operands.as_slice() {
        [Operand { term: Term::Field(names), .. }] => Some(FieldPath(names.clone())),
        [Operand { term: Term::Variable(name, names), .. }] if name == "$" && !names.is_empty() => {
            Some(FieldPath(names.clone()))
        }
        _ => None,
    }
}

pub(crate) fn collect(template: &Template) -> References {
    read(template, None).found
}

/// What each action reads, by the byte that it begins at. One that reads nothing but an element
/// of what a range is over reads that.
pub(crate) fn by_action(template: &Template) -> BTreeMap<usize, BTreeSet<FieldPath>> {
    read(template, Some(BTreeMap::new())).actions.unwrap_or_default()
}

fn read(template: &Template, actions: Option<BTreeMap<usize, BTreeSet<FieldPath>>>) -> Reader<'_> {
    let mut reader = Reader {
        template,
        found: References::default(),
        actions,
        ranged: Vec::new(),
        visited: BTreeSet::new(),
        open: Vec::new(),
        steps: 0,
        variables: vec![("$".to_owned(), Some(FieldPath::default()))],
    };
    reader.template(&template.name, &Some(FieldPath::default()));
    // Templates nobody calls by a known name still count: their functions may change data.
    for name in template.trees.keys() {
        let mut from = reader.visited.range((name.clone(), None)..);
        if from.next().is_none_or(|(visited, _)| visited != name) {
            reader.template(name, &None);
        }
    }
    reader
}

/// Where a value comes from: a path from the root, or some place already counted.
type Origin = Option<FieldPath>;

/// How many templates are followed in one another: hand-made ones stay below five, and a thread has
/// room for a thousand.
const CALLS_MAX: usize = 100;

/// With how many places templates are followed: two calls in each of thirty templates lead to a
/// thousand million. What is called with one more is taken to read all of it.
const PLACES_MAX: usize = 1_000;

/// How many nodes are gone through in templates that are called: a thousand calls of one that is
/// as long as a file may be would be as many files. A hand-made one has a hundred.
const STEPS_MAX: usize = 100_000;

struct Reader<'t> {
    template: &'t Template,
    found: References,
    /// The same action by action, if that is wanted.
    actions: Option<BTreeMap<usize, BTreeSet<FieldPath>>>,
    /// What the open ranges are over, as far as it is known.
    ranged: Vec<FieldPath>,
    visited: BTreeSet<(String, Origin)>,
    /// The templates that are being followed, the innermost last.
    open: Vec<String>,
    /// How many nodes were gone through.
    steps: usize,
    variables: Vec<(String, Origin)>,
}

impl<'t> Reader<'t> {
    fn template(&mut self, name: &str, dot: &Origin) {
        let call = (name.to_owned(), dot.clone());
        if self.visited.contains(&call) {
            return;
        }
        // One that calls itself with a part of what it got would go on without end.
        let again = self.open.iter().any(|open| open == name);
        let is_much = self.visited.len() >= PLACES_MAX || self.steps >= STEPS_MAX;
        if again || (is_much && dot.is_some()) || self.open.len() >= CALLS_MAX {
            self.read(dot.clone());
            return;
        }
        self.visited.insert(call);
        let template = self.template;
        let Some(body) = template.trees.get(name) else { return };
        self.open.push(name.to_owned());
        let outer = mem::replace(&mut self.variables, vec![("$".to_owned(), dot.clone())]);
        self.nodes(body, dot);
        self.variables = outer;
        self.open.pop();
    }

    fn nodes(&mut self, nodes: &'t [Node], dot: &Origin) {
        for node in nodes {
            self.steps += 1;
            match node {
                Node::Text(_) | Node::Break | Node::Continue => {}
                Node::Action(action) => self.action(action, dot),
                Node::If(branch) => self.branch(branch, dot, |_, _| dot.clone()),
                Node::With(branch) => self.branch(branch, dot, |_, origin| origin),
                Node::Range(branch) => {
                    let ranged = self.ranged.len();
                    self.branch(branch, dot, |reader, origin| {
                        reader.ranged.extend(origin);
                        None
                    });
                    self.ranged.truncate(ranged);
                }
                Node::Template(node) => {
                    let origin = node.pipe.as_ref().and_then(|pipe| self.pipe(pipe, dot));
                    self.template(&node.name, &origin);
                }
            }
        }
    }

    fn action(&mut self, action: &'t Action, dot: &Origin) {
        let outer = mem::take(&mut self.found.fields);
        let origin = self.pipe(&action.pipe, dot);
        if action.pipe.variables.is_empty() {
            self.read(origin);
        }
        let own = mem::replace(&mut self.found.fields, outer);
        if let Some(actions) = &mut self.actions {
            let above = self.ranged.last().filter(|_| own.is_empty());
            let fields = actions.entry(action.written.start).or_default();
            fields.extend(own.iter().chain(above).cloned());
        }
        self.found.fields.extend(own);
    }

    /// A block whose condition is read as a whole: its truth depends on it.
    fn branch(
        &mut self,
        branch: &'t Branch,
        dot: &Origin,
        inner: impl FnOnce(&mut Self, Origin) -> Origin,
    ) {
        let visible = self.variables.len();
        let origin = self.pipe(&branch.pipe, dot);
        self.read(origin.clone());
        let inner = inner(self, origin);
        self.nodes(&branch.body, &inner);
        self.nodes(&branch.otherwise, dot);
        self.variables.truncate(visible);
    }

    fn read(&mut self, origin: Origin) {
        self.found.fields.extend(origin);
    }

    /// The origin of a pipeline's value; whatever it computes with is read.
    fn pipe(&mut self, pipe: &'t Pipe, dot: &Origin) -> Origin {
        let origin = match pipe.commands.as_slice() {
            [command] => self.command(command, dot),
            commands => {
                for command in commands {
                    let origin = self.command(command, dot);
                    self.read(origin);
                }
                None
            }
        };
        for name in &pipe.variables {
            let known = self.variables.iter_mut().rev().find(|(known, _)| known == name);
            match known {
                // Which of two values the variable holds later depends on the run.
                Some((_, old)) if pipe.assigns => {
                    let old = old.take();
                    self.read(old);
                    self.read(origin.clone());
                }
                _ => self.variables.push((name.clone(), origin.clone())),
            }
        }
        origin
    }

    fn command(&mut self, command: &'t Command, dot: &Origin) -> Origin {
        let (first, args) = (&command.operands[0], &command.operands[1..]);
        if args.is_empty() {
            return self.operand(first, dot);
        }
        let origins: Vec<Origin> = args.iter().map(|arg| self.operand(arg, dot)).collect();
        if let Some(path) = indexed(first, &origins, args) {
            self.operand(first, dot);
            return Some(path);
        }
        let origin = self.operand(first, dot);
        self.read(origin);
        origins.into_iter().for_each(|origin| self.read(origin));
        None
    }

    fn operand(&mut self, operand: &'t Operand, dot: &Origin) -> Origin {
        match &operand.term {
            Term::Dot => dot.clone(),
            Term::Field(names) => dot.as_ref().map(|dot| dot.join(names)),
            Term::Variable(name, names) => {
                let found = self.variables.iter().rev().find(|(known, _)| known == name);
                found.and_then(|(_, origin)| origin.as_ref()).map(|origin| origin.join(names))
            }
            Term::Function(name) => {
                self.found.functions.insert(name.clone());
                None
            }
            Term::Paren(pipe) => self.pipe(pipe, dot),
            Term::Chain(base, names) => self.operand(base, dot).map(|origin| origin.join(names)),
            Term::Bool(_) | Term::Number(_) | Term::Str { .. } | Term::Nil => None,
        }
    }
}

/// `index .a "b" "c"` is `.a.b.c`.
fn indexed(first: &Operand, origins: &[Origin], args: &[Operand]) -> Origin {
    let Term::Function(name) = &first.term else { return None };
    let keys: Option<Vec<String>> = args[1..]
        .iter()
        .map(|arg| match &arg.term {
            Term::Str { value, .. } => Some(value.to_string()),
            _ => None,
        })
        .collect();
    if name != "index" {
        return None;
    }
    Some(origins[0].as_ref()?.join(&keys?))
}
