//! Rules as one CEL expression over the component: true, or an empty text, or an empty list of
//! texts is how it should be. Each text says what is wrong.

use std::sync::Arc;

use cel::common::ast::{EntryExpr, Expr, IdedExpr};
use cel::{Context, Program, Value};
use serde_json::Value as Json;

use super::Violation;
use crate::diagnostic::{Code, Diagnostic, Position, Span};

/// What every expression may name besides the sections of a component: the component itself.
const INPUT: &str = "input";

/// Sections that a component may do without: reading them is no mistake.
const ALWAYS: &[&str] = &["vars", "settings", "env", "metadata", "backend"];

/// How many turns the loops of an expression may take, at the worst, before it is not begun at
/// all: a second or so. `all` inside `all` over a hundred items takes ten thousand.
const TURNS_MAX: u64 = 10_000_000;

/// A compiled expression.
pub(super) struct Cel {
    program: Program,
    /// How deep loops are nested.
    depth: u32,
    /// How often something may grow a list: each `+` may double one.
    sums: u64,
}

impl Cel {
    /// Reads `text`, the content of `file`.
    pub(super) fn compile(file: &Arc<str>, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let program = Program::compile(text).map_err(|errors| {
            let count = |number: isize| u32::try_from(number).unwrap_or(1).max(1);
            // What is missing at the end is missing on the last line.
            let last = u32::try_from(text.lines().count()).unwrap_or(u32::MAX).max(1);
            let width = text.lines().last().map_or(0, |line| line.chars().count());
            let end = Position { line: last, column: u32::try_from(width).unwrap_or(0).max(1) };
            let diagnostic = |error: &cel::ParseError| {
                let start = Position { line: count(error.pos.0), column: count(error.pos.1) };
                let start = start.min(end);
                let at = Span { file: file.clone(), start, end: start };
                let message = error.msg.lines().next().unwrap_or_default();
                Diagnostic::error(Code::RuleInvalid, at, format!("this is no CEL: {message}"))
            };
            errors.errors.iter().map(diagnostic).collect::<Vec<_>>()
        })?;
        let mut sums = 0;
        let depth = depth(program.expression(), &mut sums);
        Ok(Self { program, depth, sums })
    }

    /// What is wrong with `input`; or why that cannot be told. `otherwise` is the message of an
    /// expression that only says no.
    pub(super) fn violations(
        &self,
        input: &Json,
        otherwise: &str,
    ) -> Result<Vec<Violation>, String> {
        let turns = (longest(input).max(1) * (1 + self.sums)).checked_pow(self.depth);
        if turns.is_none_or(|turns| turns > TURNS_MAX) {
            return Err(format!(
                "its loops could take more than {TURNS_MAX} turns for this component"
            ));
        }
        let mut context = Context::default();
        let references = self.program.references();
        let mut add = |name: &str, value: &Json| match references.has_variable(name) {
            true => context.add_variable(name, value).map_err(|error| error.to_string()),
            false => Ok(()),
        };
        add(INPUT, input)?;
        let empty = Json::Object(serde_json::Map::new());
        for name in ALWAYS.iter().filter(|name| input.get(**name).is_none()) {
            add(name, &empty)?;
        }
        for (name, value) in input.as_object().into_iter().flatten() {
            add(name, value)?;
        }
        let violation =
            |message: &str| Violation { path: Vec::new(), message: message.to_owned(), hint: None };
        match self.program.execute(&context).map_err(|error| error.to_string())? {
            Value::Bool(true) => Ok(Vec::new()),
            Value::Bool(false) => Ok(vec![violation(otherwise)]),
            Value::String(text) if text.is_empty() => Ok(Vec::new()),
            Value::String(text) => Ok(vec![violation(&text)]),
            Value::List(items) => items
                .iter()
                .map(|item| match item {
                    Value::String(text) => Ok(violation(text)),
                    _ => Err("its list holds something that is no text".to_owned()),
                })
                .collect(),
            other => Err(format!(
                "its result is of type {}; it has to be true, false, a text or a list of texts",
                other.type_of()
            )),
        }
    }
}

/// How deep loops are nested in `node`; counts the sums in it.
fn depth(node: &IdedExpr, sums: &mut u64) -> u32 {
    let mut of = |nodes: &[&IdedExpr]| nodes.iter().map(|n| depth(n, sums)).max().unwrap_or(0);
    match &node.expr {
        Expr::Comprehension(loops) => {
            let outside = of(&[&loops.iter_range, &loops.accu_init]);
            let inside = of(&[&loops.loop_cond, &loops.loop_step, &loops.result]);
            outside.max(1 + inside)
        }
        Expr::Call(call) => {
            let target: Vec<_> = call.target.as_deref().into_iter().chain(&call.args).collect();
            let depth = of(&target);
            *sums += u64::from(call.func_name == cel::common::ast::operators::ADD);
            depth
        }
        Expr::List(list) => of(&list.elements.iter().collect::<Vec<_>>()),
        Expr::Select(select) => of(&[&select.operand]),
        Expr::Map(map) => entries(&map.entries, sums),
        Expr::Struct(fields) => entries(&fields.entries, sums),
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => 0,
    }
}

fn entries(entries: &[cel::common::ast::IdedEntryExpr], sums: &mut u64) -> u32 {
    let of = |entry: &cel::common::ast::IdedEntryExpr| match &entry.expr {
        EntryExpr::StructField(field) => depth(&field.value, sums),
        EntryExpr::MapEntry(entry) => depth(&entry.key, sums).max(depth(&entry.value, sums)),
    };
    entries.iter().map(of).max().unwrap_or(0)
}

/// The length of the longest list, map or text anywhere in `input`.
fn longest(input: &Json) -> u64 {
    let (own, inside) = match input {
        Json::Array(items) => (items.len(), items.iter().map(longest).max()),
        Json::Object(map) => (map.len(), map.values().map(longest).max()),
        _ => (0, None),
    };
    (own as u64).max(inside.unwrap_or(0))
}
