//! Walks the tree: text, blocks, variables, output. `eval` computes the values.

use std::ops::Range;

use crate::ast::{Action, Branch, Command, Invocation, Node, Operand, Pipe};
use crate::limits::{Limits, Meter};
use crate::parse::Trees;
use crate::value::{Element, Value};
use crate::{
    Error, ErrorKind, Failure, Functions, MissingKey, Piece, Rendered, Template, Trace, print,
};

mod eval;

/// Renders `template` on `dot`.
pub(crate) fn render(
    template: &Template,
    dot: Value,
    limits: &Limits,
    missing_key: MissingKey,
) -> Result<String, Error> {
    let mut run = Run::new(template, dot.clone(), limits, missing_key);
    let root = template.trees.get(&template.name).map_or(&[][..], Vec::as_slice);
    run.walk_all(&Slot::plain(dot), root).map_err(|error| *error)?;
    Ok(run.out)
}

/// The same, with what of the template each byte comes from.
pub(crate) fn render_traced(
    template: &Template,
    dot: Value,
    limits: &Limits,
    missing_key: MissingKey,
) -> Result<Rendered, Error> {
    let mut run = Run::new(template, dot.clone(), limits, missing_key);
    run.trace = Some(Trace::default());
    let root = template.trees.get(&template.name).map_or(&[][..], Vec::as_slice);
    run.walk_all(&Slot::plain(dot), root).map_err(|error| *error)?;
    Ok(Rendered { text: run.out, trace: run.trace.unwrap_or_default() })
}

/// Evaluates `pipe` on `dot`, without printing it.
pub(crate) fn evaluate(
    template: &Template,
    pipe: &Pipe,
    dot: Value,
    limits: &Limits,
    missing_key: MissingKey,
) -> Result<Value, Error> {
    let mut run = Run::new(template, dot.clone(), limits, missing_key);
    run.pipeline(&Slot::plain(dot), pipe).map(|slot| slot.value).map_err(|error| *error)
}

/// Boxed, because every level of recursion holds several of these on the stack.
type Eval<T> = Result<T, Box<Error>>;

/// A value and whether Go holds it as an `interface{}` still to be looked into: an element of a
/// list or map is, the result of a pipeline is not. It decides what is said of a nil.
#[derive(Debug, Clone)]
struct Slot {
    value: Value,
    boxed: bool,
}

impl Slot {
    fn plain(value: Value) -> Self {
        Self { boxed: matches!(value, Value::Nil), value }
    }

    fn element(value: Value, element: Element) -> Self {
        Self { boxed: element == Element::Any, value }
    }

    /// What the interface holds; nothing, if it is nil.
    fn unboxed(self) -> Self {
        match self.value {
            Value::Nil => Self::plain(Value::Absent),
            value => Self { value, boxed: false },
        }
    }
}

/// The node an error is blamed on.
#[derive(Clone, Copy)]
enum At<'t> {
    Invocation(&'t Invocation),
    Pipe(&'t Pipe),
    Command(&'t Command),
    Operand(&'t Operand),
}

enum Flow {
    On,
    Break,
    Continue,
}

struct Run<'t> {
    template: &'t Template,
    functions: &'t Functions,
    trees: &'t Trees,
    variables: Vec<(&'t str, Slot)>,
    at: Option<At<'t>>,
    meter: Meter,
    missing_key: MissingKey,
    out: String,
    /// What `out` is made of, if that is wanted.
    trace: Option<Trace>,
}

impl<'t> Run<'t> {
    fn new(template: &'t Template, dot: Value, limits: &Limits, missing_key: MissingKey) -> Self {
        Self {
            template,
            functions: &template.functions,
            trees: &template.trees,
            variables: vec![("$", Slot::plain(dot))],
            at: None,
            meter: Meter::new(limits),
            missing_key,
            out: String::new(),
            trace: None,
        }
    }

    fn error(&self, kind: ErrorKind, message: impl Into<String>) -> Box<Error> {
        let (offset, context) = match self.at {
            None => (0, None),
            Some(At::Invocation(node)) => (node.offset, Some(node.to_string())),
            Some(At::Pipe(node)) => (node.offset, Some(node.to_string())),
            Some(At::Command(node)) => (node.offset, Some(node.to_string())),
            Some(At::Operand(node)) => (node.offset, Some(node.to_string())),
        };
        let Template { name, text, .. } = self.template;
        Box::new(Error { context, ..Error::new(kind, name, text, offset, message.into()) })
    }

    fn fail<T>(&self, message: impl Into<String>) -> Eval<T> {
        Err(self.error(ErrorKind::Exec, message))
    }

    /// Blames the current node for a failure outside any function.
    fn blame<T>(&self, result: Result<T, Failure>) -> Eval<T> {
        result.map_err(|failure| match failure {
            Failure::Message(message) => self.error(ErrorKind::Exec, message),
            Failure::Limit(message) => self.error(ErrorKind::Limit, message),
            Failure::Refused(message) => self.error(ErrorKind::Refused, message),
        })
    }

    fn spend(&mut self) -> Eval<()> {
        let spent = self.meter.spend(1);
        self.blame(spent)
    }

    /// Runs `inner` one level deeper.
    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Eval<T>) -> Eval<T> {
        let entered = self.meter.enter();
        self.blame(entered)?;
        let result = inner(self);
        self.meter.leave();
        result
    }

    fn walk_all(&mut self, dot: &Slot, nodes: &'t [Node]) -> Eval<Flow> {
        for node in nodes {
            match self.walk(dot, node)? {
                Flow::On => {}
                stop => return Ok(stop),
            }
        }
        Ok(Flow::On)
    }

    fn walk(&mut self, dot: &Slot, node: &'t Node) -> Eval<Flow> {
        self.spend()?;
        match node {
            Node::Text(text) => {
                self.trace(text.offset..text.offset + text.text.len(), true);
                self.write(&text.text)?;
            }
            Node::Action(Action { written, pipe }) => {
                let slot = self.pipeline(dot, pipe)?;
                if pipe.variables.is_empty() {
                    self.at = Some(At::Pipe(pipe));
                    self.trace(written.clone(), false);
                    self.print(&slot.value)?;
                }
            }
            Node::If(branch) => return self.nested(|run| run.walk_choice(dot, branch, false)),
            Node::With(branch) => return self.nested(|run| run.walk_choice(dot, branch, true)),
            Node::Range(branch) => return self.nested(|run| run.walk_range(dot, branch)),
            Node::Template(node) => self.nested(|run| run.walk_template(dot, node))?,
            Node::Break => return Ok(Flow::Break),
            Node::Continue => return Ok(Flow::Continue),
        }
        Ok(Flow::On)
    }

    /// What is written from now on comes of `source`.
    fn trace(&mut self, source: Range<usize>, verbatim: bool) {
        let at = self.out.len();
        if let Some(trace) = &mut self.trace {
            trace.0.push(Piece { at, source, verbatim });
        }
    }

    fn write(&mut self, text: &str) -> Eval<()> {
        let fits = self.meter.fits(self.out.len() + text.len());
        self.blame(fits)?;
        self.out.push_str(text);
        Ok(())
    }

    fn print(&mut self, value: &Value) -> Eval<()> {
        match value {
            Value::Absent => self.write("<no value>"),
            Value::Str(text) => self.write(text),
            value => {
                let text = print::sprint(std::slice::from_ref(value), &mut self.meter);
                let text = self.blame(text)?;
                self.write(&text)
            }
        }
    }

    fn walk_choice(&mut self, dot: &Slot, branch: &'t Branch, moves: bool) -> Eval<Flow> {
        let visible = self.variables.len();
        let slot = self.pipeline(dot, &branch.pipe)?;
        let flow = if !slot.value.is_true() {
            self.walk_all(dot, &branch.otherwise)
        } else if moves {
            self.walk_all(&slot, &branch.body)
        } else {
            self.walk_all(dot, &branch.body)
        };
        self.variables.truncate(visible);
        flow
    }

    fn walk_range(&mut self, dot: &Slot, branch: &'t Branch) -> Eval<Flow> {
        let visible = self.variables.len();
        let value = self.pipeline(dot, &branch.pipe)?.value;
        let mut ran = false;
        match &value {
            Value::Absent | Value::Nil => {}
            Value::Int(_) | Value::Int64(_) | Value::Uint8(_) | Value::Uint64(_) => {
                let count = value.integer().unwrap_or_default();
                if branch.pipe.variables.len() > 1 {
                    return self
                        .fail(format!("can't use {count} to iterate over more than one variable"));
                }
                for i in 0..count {
                    ran = true;
                    let index = Slot::plain(Value::Absent);
                    if !self.round(branch, &index, &Slot::plain(like(&value, i)))? {
                        break;
                    }
                }
            }
            Value::List(list) => {
                for (i, item) in list.items().iter().enumerate() {
                    ran = true;
                    let item = Slot::element(item.clone(), list.element());
                    if !self.round(branch, &Slot::plain(Value::Int(i as i64)), &item)? {
                        break;
                    }
                }
            }
            Value::Map(map) => {
                for (key, item) in map.entries() {
                    ran = true;
                    let item = Slot::element(item, map.element());
                    if !self.round(branch, &Slot::plain(Value::Str(key)), &item)? {
                        break;
                    }
                }
            }
            other => {
                let text = print::sprint(std::slice::from_ref(other), &mut self.meter);
                let text = self.blame(text)?;
                return self.fail(format!("range can't iterate over {text}"));
            }
        }
        let flow = if ran { Flow::On } else { self.walk_all(dot, &branch.otherwise)? };
        self.variables.truncate(visible);
        // A break in the else part ends this range, as in Go, though it is parsed as the outer's.
        Ok(if let Flow::Break = flow { Flow::On } else { flow })
    }

    /// One round of a range: sets its variables and walks the body. False after a break.
    fn round(&mut self, branch: &'t Branch, index: &Slot, item: &Slot) -> Eval<bool> {
        self.spend()?;
        let pipe = &branch.pipe;
        let mark = self.variables.len();
        match pipe.variables.as_slice() {
            [] => {}
            [single] if pipe.assigns => self.assign(single, item.clone())?,
            [first, second, ..] if pipe.assigns => {
                self.assign(first, index.clone())?;
                self.assign(second, item.clone())?;
            }
            [_] => self.variables[mark - 1].1 = item.clone(),
            [_, _, ..] => {
                self.variables[mark - 1].1 = item.clone();
                self.variables[mark - 2].1 = index.clone();
            }
        }
        let flow = self.walk_all(item, &branch.body)?;
        self.variables.truncate(mark);
        Ok(!matches!(flow, Flow::Break))
    }

    fn walk_template(&mut self, dot: &Slot, node: &'t Invocation) -> Eval<()> {
        self.at = Some(At::Invocation(node));
        let Some(body) = self.trees.get(&node.name) else {
            let name = crate::strconv::quote(&node.name, false);
            return self.fail(format!("template {name} not defined"));
        };
        let dot = match &node.pipe {
            Some(pipe) => self.pipeline(dot, pipe)?,
            None => Slot::plain(Value::Absent),
        };
        let outer = std::mem::replace(&mut self.variables, vec![("$", dot.clone())]);
        self.walk_all(&dot, body)?;
        self.variables = outer;
        Ok(())
    }

    fn assign(&mut self, name: &str, slot: Slot) -> Eval<()> {
        match self.variables.iter_mut().rev().find(|(known, _)| *known == name) {
            Some((_, value)) => *value = slot,
            None => return self.fail(format!("undefined variable: {name}")),
        }
        Ok(())
    }
}

/// `i` as the integer type of `value`.
fn like(value: &Value, i: i128) -> Value {
    match value {
        Value::Int64(_) => Value::Int64(i as i64),
        Value::Uint8(_) => Value::Uint8(i as u8),
        Value::Uint64(_) => Value::Uint64(i as u64),
        _ => Value::Int(i as i64),
    }
}
