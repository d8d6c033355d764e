//! What a template reads, found without running it.

use std::collections::BTreeSet;
use std::fmt;

use crate::Template;
use crate::ast::{Branch, Command, Node, Operand, Pipe, Term};

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
        [Node::Action(pipe)] if pipe.variables.is_empty() => Some(pipe),
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
    let mut reader = Reader {
        template,
        found: References::default(),
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
    reader.found
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
        let outer = std::mem::replace(&mut self.variables, vec![("$".to_owned(), dot.clone())]);
        self.nodes(body, dot);
        self.variables = outer;
        self.open.pop();
    }

    fn nodes(&mut self, nodes: &'t [Node], dot: &Origin) {
        for node in nodes {
            self.steps += 1;
            match node {
                Node::Text(_) | Node::Break | Node::Continue => {}
                Node::Action(pipe) => {
                    let origin = self.pipe(pipe, dot);
                    if pipe.variables.is_empty() {
                        self.read(origin);
                    }
                }
                Node::If(branch) => self.branch(branch, dot, |_| dot.clone()),
                Node::With(branch) => self.branch(branch, dot, |origin| origin),
                Node::Range(branch) => self.branch(branch, dot, |_| None),
                Node::Template(node) => {
                    let origin = node.pipe.as_ref().and_then(|pipe| self.pipe(pipe, dot));
                    self.template(&node.name, &origin);
                }
            }
        }
    }

    /// A block whose condition is read as a whole: its truth depends on it.
    fn branch(&mut self, branch: &'t Branch, dot: &Origin, inner: impl FnOnce(Origin) -> Origin) {
        let visible = self.variables.len();
        let origin = self.pipe(&branch.pipe, dot);
        self.read(origin.clone());
        self.nodes(&branch.body, &inner(origin));
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
