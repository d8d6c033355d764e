//! Rules as one CEL expression over the component: true, or an empty text, or an empty list of
//! texts is how it should be. Each text says what is wrong.

use std::sync::Arc;

use cel::Value;
use serde_json::Value as Json;

use super::Violation;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::model::expression::{Expression, NoCel};

/// What every expression may name besides the sections of a component: the component itself.
const INPUT: &str = "input";

/// Sections that a component may do without: reading them is no mistake.
const ALWAYS: &[&str] = &["vars", "settings", "env", "metadata", "backend"];

/// A compiled expression.
pub(super) struct Cel(Expression);

impl Cel {
    /// Reads `text`, the content of `file`.
    pub(super) fn compile(file: &Arc<str>, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let diagnostic = |NoCel { at, message }: &NoCel| {
            let at = Span { file: file.clone(), start: *at, end: *at };
            Diagnostic::error(Code::RuleInvalid, at, format!("this is no CEL: {message}"))
        };
        let compiled = Expression::compile(text);
        compiled.map(Self).map_err(|wrong| wrong.iter().map(diagnostic).collect())
    }

    /// What is wrong with `input`; or why that cannot be told. `otherwise` is the message of an
    /// expression that only says no.
    pub(super) fn violations(
        &self,
        input: &Json,
        otherwise: &str,
    ) -> Result<Vec<Violation>, String> {
        let empty = Json::Object(serde_json::Map::new());
        let left_out = ALWAYS.iter().filter(|name| input.get(**name).is_none());
        let sections = input.as_object().into_iter().flatten();
        let variables = [(INPUT, input)]
            .into_iter()
            .chain(left_out.map(|name| (*name, &empty)))
            .chain(sections.map(|(name, value)| (name.as_str(), value)));
        let violation =
            |message: &str| Violation { path: Vec::new(), message: message.to_owned(), hint: None };
        match self.0.ask((input, "this component"), variables)? {
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
