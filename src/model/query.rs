//! Queries into values: `.a.b[0] // "none"`, the part of yq's language that reads.
//!
//! A query gives the values it finds, none or many; [`Query::one`] is what a place that wants one
//! value makes of them. Nothing is changed, and nothing outside the value is read.

mod call;
mod parse;
mod weigh;

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::sync::Arc;

use super::value::{Map, Node, Rules, Value};

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
        let mut run = Run { values: 0, work: 0 };
        run.eval(&self.0, value).map_err(|message| QueryError { message, at: None, hint: None })
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

struct Run {
    values: usize,
    /// Parts that were made or compared.
    work: u64,
}

type Found = Result<Vec<Value>, String>;

impl Run {
    fn eval(&mut self, expr: &Expr, value: &Value) -> Found {
        let found = self.step(expr, value)?;
        self.values += found.len();
        if self.values > VALUES_MAX {
            return Err(format!("this query comes to more than {VALUES_MAX} values"));
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
                let found = self.eval(first, value).unwrap_or_default();
                let found: Vec<_> = found.into_iter().filter(truth).collect();
                if found.is_empty() { self.eval(then, value) } else { Ok(found) }
            }
            Expr::Binary(operator, left, right) => {
                let right = self.eval(right, value)?;
                self.each(left, value, |run, left| {
                    let mut found = Vec::with_capacity(right.len());
                    for right in &right {
                        run.compare(*operator, left, right)?;
                        found.push(binary(*operator, left, right)?);
                    }
                    Ok(found)
                })
            }
            Expr::At(of, key) => {
                let keys = self.eval(key, value)?;
                self.each(of, value, |_, of| keys.iter().map(|key| at(of, key)).collect())
            }
            Expr::Slice(of, from, to) => {
                self.each(of, value, |_, of| Ok(vec![slice(of, *from, *to)?]))
            }
            Expr::Each(of) => self.each(of, value, |_, of| items(of)),
            Expr::Deep => self.deep(value),
            Expr::Collect(inner) => {
                let found = inner.as_ref().map(|inner| self.eval(inner, value)).transpose()?;
                Ok(vec![list(found.unwrap_or_default())])
            }
            Expr::Build(entries) => {
                let mut map = Map::default();
                for (key, entry) in entries {
                    let key = one(self.eval(key, value)?);
                    let key = key.as_str().ok_or("a key must be a text")?.to_owned();
                    map.insert(key, one(self.eval(entry, value)?));
                }
                Ok(vec![Value::computed(Node::Map(map))])
            }
            Expr::Call(name, arguments) => self.call(name, arguments, value),
        }
    }

    fn deep(&mut self, value: &Value) -> Found {
        let mut found = vec![value.clone()];
        for item in items(value).unwrap_or_default() {
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

fn truth(value: &Value) -> bool {
    !matches!(value.typed(Rules::Stack).node, Node::Null | Node::Bool(false))
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

fn at(value: &Value, key: &Value) -> Result<Value, String> {
    let found = match (&value.node, key.as_str(), whole(key)) {
        (Node::Map(map), Some(key), _) => map.get(key).cloned(),
        (Node::List(items), None, Some(at)) => place(at, items.len()).map(|at| items[at].clone()),
        _ if value.is_null() => None,
        (Node::Unknown(_), ..) => Some(value.clone()),
        _ => return Err(format!("there is no `{}` in a {}", shown(key), kind(value))),
    };
    Ok(found.unwrap_or(Value::computed(Node::Null)))
}

/// Counted from the end if negative.
fn place(at: i64, len: usize) -> Option<usize> {
    let len = i64::try_from(len).ok()?;
    let at = if at < 0 { at + len } else { at };
    (0..len).contains(&at).then(|| usize::try_from(at).ok()).flatten()
}

fn slice(value: &Value, from: Option<i64>, to: Option<i64>) -> Result<Value, String> {
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
    match &value.node {
        Node::List(items) => Ok(items.to_vec()),
        Node::Map(map) => Ok(map.iter().map(|(_, value)| value.clone()).collect()),
        _ if value.is_null() => Ok(Vec::new()),
        _ => Err(format!("a {} has no items", kind(value))),
    }
}

fn binary(operator: Operator, left: &Value, right: &Value) -> Result<Value, String> {
    let bool = |value| Ok(Value::computed(Node::Bool(value)));
    match operator {
        Operator::Or => bool(truth(left) || truth(right)),
        Operator::And => bool(truth(left) && truth(right)),
        Operator::Equal => bool(like(left, right)),
        Operator::Unequal => bool(!like(left, right)),
        Operator::Less => bool(order(left, right) == Ordering::Less),
        Operator::LessOrEqual => bool(order(left, right) != Ordering::Greater),
        Operator::Greater => bool(order(left, right) == Ordering::Greater),
        Operator::GreaterOrEqual => bool(order(left, right) != Ordering::Less),
        Operator::Add => sum(left, right),
        Operator::Subtract => match (number(left), number(right)) {
            (Some(left), Some(right)) => Ok(numeric(left - right)),
            _ => Err(format!("a {} cannot be taken from a {}", kind(right), kind(left))),
        },
    }
}

fn sum(left: &Value, right: &Value) -> Result<Value, String> {
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
            _ => Err(format!("a {} and a {} cannot be added", kind(left), kind(right))),
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
fn like(left: &Value, right: &Value) -> bool {
    match (left.as_str(), right.as_str()) {
        (Some(text), Some(pattern)) if pattern.contains(['*', '?']) => fits(text, pattern),
        _ => equal(left, right),
    }
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

fn order(left: &Value, right: &Value) -> Ordering {
    Key::of(left).cmp(&Key::of(right))
}

/// By what values are ordered, and told apart: numbers as such, all else as texts.
struct Key {
    number: Option<f64>,
    text: String,
}

impl Key {
    fn of(value: &Value) -> Self {
        Self { number: number(value), text: shown(value) }
    }

    fn cmp(&self, other: &Self) -> Ordering {
        match (self.number, other.number) {
            (Some(one), Some(other)) => one.total_cmp(&other),
            _ => self.text.cmp(&other.text),
        }
    }
}

/// In the order of their keys, of which each is made once.
fn sorted(keyed: impl Iterator<Item = (Value, Value)>) -> Vec<Value> {
    let mut keyed: Vec<_> = keyed.map(|(key, item)| (Key::of(&key), item)).collect();
    keyed.sort_by(|(one, _), (other, _)| one.cmp(other));
    keyed.into_iter().map(|(_, item)| item).collect()
}

/// Items by key: those whose keys are equal together, each group where its first item was.
fn groups(keyed: impl Iterator<Item = (Value, Value)>) -> Vec<Vec<Value>> {
    let mut groups: Vec<(Value, Vec<Value>)> = Vec::new();
    // Keys that are equal are shown alike; few that are not are, too.
    let mut alike: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (key, item) in keyed {
        // It equals nothing, itself included: there is no group to look for.
        if number(&key).is_some_and(f64::is_nan) {
            groups.push((key, vec![item]));
            continue;
        }
        let shown = number(&key).map_or_else(|| shown(&key), |number| (number + 0.0).to_string());
        let near = alike.entry(shown).or_default();
        match near.iter().find(|at| equal(&groups[**at].0, &key)) {
            Some(at) => groups[*at].1.push(item),
            None => {
                near.push(groups.len());
                groups.push((key, vec![item]));
            }
        }
    }
    groups.into_iter().map(|(_, group)| group).collect()
}

/// The value as a text: what joins and keys are made of.
fn shown(value: &Value) -> String {
    match value.as_str() {
        Some(text) => text.to_owned(),
        None => super::canonical::encode(&value.typed(Rules::Stack)).to_string(),
    }
}

fn kind(value: &Value) -> &'static str {
    match value.typed(Rules::Stack).node {
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
