//! Queries into values: `.a.b[0] // "none"`, the part of yq's language that reads.
//!
//! A query gives the values it finds, none or many; [`Query::one`] is what a place that wants one
//! value makes of them. Nothing is changed, and nothing outside the value is read.

mod call;
mod parse;
mod weigh;
mod withheld;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use self::withheld::{Stop, look, look_through, or_none};
use super::value::{Map, Node, Rules, Value};
use crate::ids::ContentId;

/// How many values one query may come to on its way: an include of ten thousand items, filtered
/// and sorted, stays well below.
const VALUES_MAX: usize = 1_000_000;

/// A parsed query.
#[derive(Debug, Clone, PartialEq)]
pub struct Query(Expr);

/// The text is no query, or it does not fit the value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// What is wrong, in one sentence.
    pub message: String,
    /// Where the text cannot be read any further, in bytes; `None` for what fits no value.
    pub at: Option<usize>,
    /// What was probably meant.
    pub hint: Option<String>,
}

#[derive(Debug, Clone, PartialEq)]
enum Expr {
    /// `.`
    Whole,
    Literal(Value),
    /// `a | b`
    Pipe(Box<Expr>, Box<Expr>),
    /// `a, b`
    Comma(Box<Expr>, Box<Expr>),
    /// `a // b`: what a gives that is neither null nor false, else b.
    Otherwise(Box<Expr>, Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// `a.key`, `a["key"]`, `a[1]`, with the key computed from the whole.
    At(Box<Expr>, Box<Expr>),
    /// `a[1:3]`
    Slice(Box<Expr>, Option<i64>, Option<i64>),
    /// `a[]`
    Each(Box<Expr>),
    /// `..`: the value and everything in it.
    Deep,
    /// `[a]`
    Collect(Option<Box<Expr>>),
    /// `{k: a}`
    Build(Vec<(Expr, Expr)>),
    Call(Arc<str>, Vec<Expr>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Equal,
    Unequal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Add,
    Subtract,
}

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// If it is none, or uses what is not part of the language here.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        parse::parse(text).map(Self)
    }

    /// Everything it finds in `value`.
    ///
    /// # Errors
    /// If a step does not fit what is there, or too much is found.
    pub fn all(&self, value: &Value) -> Result<Vec<Value>, QueryError> {
        let mut run = Run { query: &self.0, whole: value, seed: None, values: 0, work: 0 };
        match run.eval(&self.0, value) {
            Ok(found) => Ok(found),
            Err(Stop::Withheld(node)) => Ok(vec![run.made_of(node)]),
            Err(Stop::Fault(message)) => Err(QueryError { message, at: None, hint: None }),
        }
    }

    /// What it finds as one value: null for nothing, a list for several.
    ///
    /// # Errors
    /// As [`Query::all`].
    pub fn one(&self, value: &Value) -> Result<Value, QueryError> {
        let mut found = self.all(value)?;
        Ok(match found.len() {
            0 => Value::computed(Node::Null),
            1 => found.swap_remove(0),
            _ => list(found),
        })
    }
}

struct Run<'q> {
    query: &'q Expr,
    /// What it is asked about.
    whole: &'q Value,
    /// What both come to by content, once that matters.
    seed: Option<ContentId>,
    values: usize,
    /// Parts that were made or compared.
    work: u64,
}

type Found = Result<Vec<Value>, Stop>;

impl Run<'_> {
    fn eval(&mut self, expr: &Expr, value: &Value) -> Found {
        let found = self.step(expr, value)?;
        self.values += found.len();
        if self.values > VALUES_MAX {
            return Err(format!("this query comes to more than {VALUES_MAX} values").into());
        }
        self.weigh(expr, &found)?;
        Ok(found)
    }

    fn step(&mut self, expr: &Expr, value: &Value) -> Found {
        match expr {
            Expr::Whole => Ok(vec![value.clone()]),
            Expr::Literal(literal) => Ok(vec![literal.clone()]),
            Expr::Pipe(first, then) => self.each(first, value, |run, one| run.eval(then, one)),
            Expr::Comma(first, then) => {
                let mut found = self.eval(first, value)?;
                found.extend(self.eval(then, value)?);
                Ok(found)
            }
            Expr::Otherwise(first, then) => {
                let mut kept = Vec::new();
                for found in or_none(self.eval(first, value))? {
                    // A secret is there: what it is would be told by taking the other in its place.
                    if matches!(found.node, Node::Secret(_)) || truth(&found)? {
                        kept.push(found);
                    }
                }
                if kept.is_empty() { self.eval(then, value) } else { Ok(kept) }
            }
            Expr::Binary(operator, left, right) => {
                let right = self.eval(right, value)?;
                self.each(left, value, |run, left| {
                    let mut found = Vec::with_capacity(right.len());
                    for right in &right {
                        run.compare(*operator, left, right)?;
                        found.push(run.known(binary(*operator, left, right))?);
                    }
                    Ok(found)
                })
            }
            Expr::At(of, key) => {
                let keys = self.eval(key, value)?;
                self.each(of, value, |run, of| {
                    keys.iter().map(|key| run.known(at(of, key))).collect()
                })
            }
            Expr::Slice(of, from, to) => self.each(of, value, |run, of| {
                run.known(slice(of, *from, *to)).map(|sliced| vec![sliced])
            }),
            Expr::Each(of) => self.each(of, value, |_, of| items(of)),
            Expr::Deep => self.deep(value),
            Expr::Collect(inner) => {
                let found = inner.as_ref().map(|inner| self.eval(inner, value)).transpose();
                let found = found.map(|found| list(found.unwrap_or_default()));
                Ok(vec![self.known(found)?])
            }
            Expr::Build(entries) => {
                let built = self.build(entries, value);
                Ok(vec![self.known(built)?])
            }
            // All others give one value; how many it finds is what it looks for.
            Expr::Call(name, arguments) if &**name == "select" => self.call(name, arguments, value),
            Expr::Call(name, arguments) => match self.call(name, arguments, value) {
                Err(Stop::Withheld(node)) => Ok(vec![self.made_of(node)]),
                found => found,
            },
        }
    }

    fn build(&mut self, entries: &[(Expr, Expr)], value: &Value) -> Result<Value, Stop> {
        let mut map = Map::default();
        for (key, entry) in entries {
            let key = one(self.eval(key, value)?);
            look(&key)?;
            let key = key.as_str().ok_or("a key must be a text")?.to_owned();
            let entry = self.eval(entry, value).map(one);
            map.insert(key, self.known(entry)?);
        }
        Ok(Value::computed(Node::Map(map)))
    }

    fn deep(&mut self, value: &Value) -> Found {
        let mut found = vec![value.clone()];
        for item in or_none(items(value))? {
            found.extend(self.eval(&Expr::Deep, &item)?);
        }
        Ok(found)
    }

    fn each(
        &mut self,
        expr: &Expr,
        value: &Value,
        mut then: impl FnMut(&mut Self, &Value) -> Found,
    ) -> Found {
        let mut found = Vec::new();
        for one in self.eval(expr, value)? {
            found.extend(then(self, &one)?);
        }
        Ok(found)
    }
}

fn list(items: Vec<Value>) -> Value {
    Value::computed(Node::List(Arc::new(items)))
}

fn one(mut found: Vec<Value>) -> Value {
    if found.is_empty() { Value::computed(Node::Null) } else { found.swap_remove(0) }
}

fn truth(value: &Value) -> Result<bool, Stop> {
    look(value)?;
    Ok(!matches!(value.meaning(), Node::Null | Node::Bool(false)))
}

fn number(value: &Value) -> Option<f64> {
    match value.typed(Rules::Stack).node {
        Node::Int(number) => Some(number as f64),
        Node::Uint(number) => Some(number as f64),
        Node::Float(number) => Some(number),
        _ => None,
    }
}

fn whole(value: &Value) -> Option<i64> {
    match value.typed(Rules::Stack).node {
        Node::Int(number) => Some(number),
        _ => None,
    }
}

fn at(value: &Value, key: &Value) -> Result<Value, Stop> {
    look(value)?;
    look_through(key)?;
    let found = match (&value.node, key.as_str(), whole(key)) {
        (Node::Map(map), Some(key), _) => map.get(key).cloned(),
        (Node::List(items), None, Some(at)) => place(at, items.len()).map(|at| items[at].clone()),
        _ if value.is_null() => None,
        _ => return Err(format!("there is no `{}` in a {}", shown(key)?, kind(value)).into()),
    };
    Ok(found.unwrap_or(Value::computed(Node::Null)))
}

/// Counted from the end if negative.
fn place(at: i64, len: usize) -> Option<usize> {
    let len = i64::try_from(len).ok()?;
    let at = if at < 0 { at + len } else { at };
    (0..len).contains(&at).then(|| usize::try_from(at).ok()).flatten()
}

fn slice(value: &Value, from: Option<i64>, to: Option<i64>) -> Result<Value, Stop> {
    look(value)?;
    let items = value.as_list().ok_or("only a list can be sliced")?;
    let end = |at: i64| {
        let len = i64::try_from(items.len()).unwrap_or(i64::MAX);
        let at = if at < 0 { at + len } else { at };
        usize::try_from(at.clamp(0, len)).unwrap_or(0)
    };
    let (from, to) = (from.map_or(0, end), to.map_or(items.len(), end));
    Ok(list(items.get(from..to).unwrap_or_default().to_vec()))
}

fn items(value: &Value) -> Found {
    look(value)?;
    match &value.node {
        Node::List(items) => Ok(items.to_vec()),
        Node::Map(map) => Ok(map.iter().map(|(_, value)| value.clone()).collect()),
        _ if value.is_null() => Ok(Vec::new()),
        _ => Err(format!("a {} has no items", kind(value)).into()),
    }
}

fn binary(operator: Operator, left: &Value, right: &Value) -> Result<Value, Stop> {
    let holds = match operator {
        Operator::Add => return sum(left, right),
        Operator::Subtract => return difference(left, right),
        // Either side may decide it, whatever the other is.
        Operator::Or => match (truth(left), truth(right)) {
            (Ok(true), _) | (_, Ok(true)) => true,
            (left, right) => left? || right?,
        },
        Operator::And => match (truth(left), truth(right)) {
            (Ok(false), _) | (_, Ok(false)) => false,
            (left, right) => left? && right?,
        },
        Operator::Equal => like(left, right)?,
        Operator::Unequal => !like(left, right)?,
        Operator::Less => order(left, right)? == Ordering::Less,
        Operator::LessOrEqual => order(left, right)? != Ordering::Greater,
        Operator::Greater => order(left, right)? == Ordering::Greater,
        Operator::GreaterOrEqual => order(left, right)? != Ordering::Less,
    };
    Ok(Value::computed(Node::Bool(holds)))
}

fn difference(left: &Value, right: &Value) -> Result<Value, Stop> {
    look(left)?;
    look(right)?;
    match (number(left), number(right)) {
        (Some(left), Some(right)) => Ok(numeric(left - right)),
        _ => Err(format!("a {} cannot be taken from a {}", kind(right), kind(left)).into()),
    }
}

fn sum(left: &Value, right: &Value) -> Result<Value, Stop> {
    look(left)?;
    look(right)?;
    if let (Some(left), Some(right)) = (number(left), number(right)) {
        return Ok(numeric(left + right));
    }
    match (&left.node, &right.node) {
        (Node::List(low), Node::List(high)) => {
            Ok(list(low.iter().chain(&**high).cloned().collect()))
        }
        (Node::Map(low), Node::Map(high)) => {
            let all = low.iter().chain(high.iter());
            let map = all.map(|(key, value)| (key.clone(), value.clone())).collect();
            Ok(Value::computed(Node::Map(map)))
        }
        _ if left.is_null() => Ok(right.clone()),
        _ if right.is_null() => Ok(left.clone()),
        _ => match (left.as_str(), right.as_str()) {
            (Some(low), Some(high)) => Ok(Value::text(format!("{low}{high}"))),
            _ => Err(format!("a {} and a {} cannot be added", kind(left), kind(right)).into()),
        },
    }
}

/// Whole if it is.
fn numeric(number: f64) -> Value {
    let whole = number as i64;
    let exact = whole as f64 == number && number.abs() < 9.0e15;
    Value::computed(if exact { Node::Int(whole) } else { Node::Float(number) })
}

fn equal(left: &Value, right: &Value) -> bool {
    match (number(left), number(right)) {
        (Some(left), Some(right)) => left == right,
        _ => left.typed(Rules::Stack) == right.typed(Rules::Stack),
    }
}

/// Equal, or a text that fits the pattern on the right: there `*` stands for any text and `?` for
/// any character, as in yq.
fn like(left: &Value, right: &Value) -> Result<bool, Stop> {
    look_through(left)?;
    look_through(right)?;
    Ok(match (left.as_str(), right.as_str()) {
        (Some(text), Some(pattern)) if pattern.contains(['*', '?']) => fits(text, pattern),
        _ => equal(left, right),
    })
}

/// Whether `text` fits `pattern`: of several `*` only the last one passed has to be tried again, so
/// this takes at most the product of the two lengths.
fn fits(text: &str, pattern: &str) -> bool {
    let (text, pattern): (Vec<char>, Vec<char>) =
        (text.chars().collect(), pattern.chars().collect());
    let (mut at, mut step, mut star) = (0, 0, None);
    while at < text.len() {
        match pattern.get(step) {
            Some('*') => {
                star = Some((step, at));
                step += 1;
            }
            Some(c) if *c == '?' || *c == text[at] => (at, step) = (at + 1, step + 1),
            _ => match star {
                None => return false,
                Some((seen, from)) => {
                    star = Some((seen, from + 1));
                    (at, step) = (from + 1, seen + 1);
                }
            },
        }
    }
    pattern[step..].iter().all(|c| *c == '*')
}

fn order(left: &Value, right: &Value) -> Result<Ordering, Stop> {
    Ok(Key::of(left)?.cmp(&Key::of(right)?))
}

/// By what values are ordered, and told apart: numbers as such, all else as texts.
struct Key {
    number: Option<f64>,
    text: String,
}

impl Key {
    fn of(value: &Value) -> Result<Self, Stop> {
        Ok(Self { text: shown(value)?, number: number(value) })
    }

    fn cmp(&self, other: &Self) -> Ordering {
        match (self.number, other.number) {
            (Some(one), Some(other)) => one.total_cmp(&other),
            _ => self.text.cmp(&other.text),
        }
    }
}

/// In the order of their keys, of which each is made once.
fn sorted(keyed: impl Iterator<Item = (Value, Value)>) -> Found {
    let keyed = keyed.map(|(key, item)| Ok((Key::of(&key)?, item)));
    let mut keyed = keyed.collect::<Result<Vec<_>, Stop>>()?;
    keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(keyed.into_iter().map(|(_, item)| item).collect())
}

/// Items by key: those whose keys are equal together, each group where its first item was.
fn groups(keyed: impl Iterator<Item = (Value, Value)>) -> Result<Vec<Vec<Value>>, Stop> {
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    // Keys that are equal are shown alike; few that are not are, too.
    let mut alike: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (key, item) in keyed {
        // It equals nothing, itself included: there is no group to look for.
        if number(&key).is_some_and(f64::is_nan) {
            groups.push((key, vec![item]));
            continue;
        }
        let shown = match number(&key) {
            Some(number) => (number + 0.0).to_string(),
            None => shown(&key)?,
        };
        let near = alike.entry(shown).or_default();
        match near.iter().find(|at| equal(&groups[**at].0, &key)) {
            Some(at) => groups[*at].1.push(item),
            None => {
                near.push(groups.len());
                groups.push((key, vec![item]));
            }
        }
    }
    Ok(groups.into_iter().map(|(_, group)| group).collect())
}

/// The value as a text: what joins and keys are made of.
fn shown(value: &Value) -> Result<String, Stop> {
    match value.as_str() {
        Some(text) => Ok(text.to_owned()),
        None => json(value),
    }
}

fn json(value: &Value) -> Result<String, Stop> {
    look_through(value)?;
    Ok(super::canonical::encode(&value.typed(Rules::Stack)).to_string())
}

/// What a value that was looked at is called.
fn kind(value: &Value) -> &'static str {
    match value.meaning() {
        Node::Null => "null",
        Node::Bool(_) => "boolean",
        Node::Int(_) | Node::Uint(_) | Node::Float(_) => "number",
        Node::List(_) => "list",
        Node::Map(_) => "map",
        _ => "text",
    }
}

#[cfg(test)]
mod tests;
