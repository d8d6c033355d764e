//! A CEL expression over values of JSON, with a bound on what it may cost.

use std::collections::BTreeSet;

use cel::common::ast::{EntryExpr, Expr, IdedEntryExpr, IdedExpr, operators};
use cel::{Context, Program, Value};
use serde_json::Value as Json;

use crate::diagnostic::Position;

/// How many turns the loops of an expression may take, at the worst, before it is not begun at
/// all: a second or so. `all` inside `all` over a hundred items takes ten thousand.
const TURNS_MAX: u64 = 10_000_000;

/// A compiled expression.
pub struct Expression {
    program: Program,
    /// How deep loops are nested.
    depth: u32,
    /// How often something may grow a list: each `+` may double one.
    sums: u64,
}

/// Why a text is no expression.
pub struct NoCel {
    /// Where in the text.
    pub at: Position,
    /// What is wrong there, in one line.
    pub message: String,
}

impl Expression {
    /// Reads `text`.
    pub fn compile(text: &str) -> Result<Self, Vec<NoCel>> {
        let program = Program::compile(text).map_err(|errors| {
            let count = |number: isize| u32::try_from(number).unwrap_or(1).max(1);
            // What is missing at the end is missing on the last line.
            let last = u32::try_from(text.lines().count()).unwrap_or(u32::MAX).max(1);
            let width = text.lines().last().map_or(0, |line| line.chars().count());
            let end = Position { line: last, column: u32::try_from(width).unwrap_or(0).max(1) };
            let wrong = |error: &cel::ParseError| {
                let at = Position { line: count(error.pos.0), column: count(error.pos.1) };
                let message = error.msg.lines().next().unwrap_or_default().to_owned();
                NoCel { at: at.min(end), message }
            };
            errors.errors.iter().map(wrong).collect::<Vec<_>>()
        })?;
        let mut sums = 0;
        let depth = depth(program.expression(), &mut sums);
        Ok(Self { program, depth, sums })
    }

    /// The names it has from elsewhere, which are those of variables and of types. What its loops
    /// name is not among them.
    pub fn names(&self) -> BTreeSet<&str> {
        let mut names = BTreeSet::new();
        names_in(self.program.expression(), &mut Vec::new(), &mut names);
        names
    }

    /// What comes of it where `variables` are parts of `whole`; or why nothing does. People call the
    /// whole `called`: "this component".
    pub fn ask<'v>(
        &self,
        (whole, called): (&Json, &str),
        variables: impl IntoIterator<Item = (&'v str, &'v Json)>,
    ) -> Result<Value, String> {
        let turns = (longest(whole).max(1) * (1 + self.sums)).checked_pow(self.depth);
        if turns.is_none_or(|turns| turns > TURNS_MAX) {
            return Err(format!("its loops could take more than {TURNS_MAX} turns for {called}"));
        }
        let mut context = Context::default();
        let references = self.program.references();
        for (name, value) in variables {
            if references.has_variable(name) {
                context.add_variable(name, value).map_err(|error| error.to_string())?;
            }
        }
        self.program.execute(&context).map_err(|error| error.to_string())
    }
}

/// How deep loops are nested in `node`; counts the sums in it.
fn depth(node: &IdedExpr, sums: &mut u64) -> u32 {
    if let Expr::Call(call) = &node.expr {
        *sums += u64::from(call.func_name == operators::ADD);
    }
    let mut of = |nodes: &[&IdedExpr]| nodes.iter().map(|n| depth(n, sums)).max().unwrap_or(0);
    match &node.expr {
        Expr::Comprehension(loops) => {
            let outside = of(&[&loops.iter_range, &loops.accu_init]);
            let inside = of(&[&loops.loop_cond, &loops.loop_step, &loops.result]);
            outside.max(1 + inside)
        }
        other => of(&parts(other)),
    }
}

/// Adds the names in `node` that are not `own` of the loops around it.
fn names_in<'e>(node: &'e IdedExpr, own: &mut Vec<&'e str>, names: &mut BTreeSet<&'e str>) {
    match &node.expr {
        Expr::Ident(name) => {
            if !own.contains(&name.as_str()) {
                names.insert(name);
            }
        }
        Expr::Comprehension(loops) => {
            names_in(&loops.iter_range, own, names);
            names_in(&loops.accu_init, own, names);
            let outside = own.len();
            own.extend([loops.iter_var.as_str(), loops.accu_var.as_str()]);
            own.extend(loops.iter_var2.as_deref());
            for inside in [&loops.loop_cond, &loops.loop_step, &loops.result] {
                names_in(inside, own, names);
            }
            own.truncate(outside);
        }
        other => parts(other).into_iter().for_each(|part| names_in(part, own, names)),
    }
}

/// What is in anything but a loop.
fn parts(expr: &Expr) -> Vec<&IdedExpr> {
    match expr {
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::Map(map) => entries(&map.entries),
        Expr::Struct(fields) => entries(&fields.entries),
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) | Expr::Comprehension(_) => vec![],
    }
}

fn entries(entries: &[IdedEntryExpr]) -> Vec<&IdedExpr> {
    entries.iter().flat_map(entry).collect()
}

fn entry(entry: &IdedEntryExpr) -> Vec<&IdedExpr> {
    match &entry.expr {
        EntryExpr::StructField(field) => vec![&field.value],
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
    }
}

/// The length of the longest list or map anywhere in `input`.
fn longest(input: &Json) -> u64 {
    let (own, inside) = match input {
        Json::Array(items) => (items.len(), items.iter().map(longest).max()),
        Json::Object(map) => (map.len(), map.values().map(longest).max()),
        _ => (0, None),
    };
    (own as u64).max(inside.unwrap_or(0))
}
