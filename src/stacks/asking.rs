//! What templates ask: `{{ (atmos.Component "vpc" .stack).vars.cidr }}`, `{{ env "HOME" }}`.
//!
//! A template cannot wait. What it asks that has no answer yet is noted, and the text it is in is
//! unknown until the question is answered and the component is resolved again. So is a text that
//! reads a part of an answer that is not known yet; one that reads a secret is refused.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gotmpl::{Call, Failure, Function, Functions, Object, Type};

use super::function;
use crate::diagnostic::Span;
use crate::model::go_value;
use crate::model::question::{Answer, Answers, Question};
use crate::model::value::{Node, Value};
use crate::secret::Secret;

/// The function of Sprig that asks.
pub(super) const ENV: &str = "env";

/// What was asked and what is known, shared with the functions of one engine.
#[derive(Clone, Default)]
pub(super) struct Asking(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    answers: Answers,
    used: bool,
    noted: Noted,
}

/// What one text asked.
#[derive(Default)]
pub(super) struct Noted {
    /// Answered or not.
    pub(super) asked: BTreeSet<Question>,
    /// What has no answer yet.
    pub(super) open: BTreeSet<Question>,
    /// The mistake elsewhere for which something was not said.
    pub(super) cause: Option<Span>,
    /// The secret that was read.
    pub(super) secret: Option<Arc<Secret>>,
}

impl Asking {
    /// Answers from now on with `answers`. Nothing was asked of them yet.
    pub(super) fn answer(&self, answers: &Answers) {
        let mut state = self.state();
        state.used = false;
        if state.answers.len() != answers.len() {
            state.answers = answers.clone();
        }
    }

    /// Knows no answer any more.
    pub(super) fn forget(&self) {
        *self.state() = State::default();
    }

    /// Whether any of the answers was asked for.
    pub(super) fn is_used(&self) -> bool {
        self.state().used
    }

    /// What was asked since the last time.
    pub(super) fn take(&self) -> Noted {
        std::mem::take(&mut self.state().noted)
    }

    /// `functions` with those that ask.
    pub(super) fn added_to(&self, mut functions: Functions, with_env: bool) -> Functions {
        let asking = self.clone();
        let atmos = move |_: &mut Call<'_>| Ok(gotmpl::Value::object(Atmos(asking.clone())));
        functions.add("atmos", Function::new(&[], atmos));
        if with_env {
            let asking = self.clone();
            let env = move |call: &mut Call<'_>| asking.ask(ENV, &[call.str(0)?]);
            functions.add(ENV, Function::new(&[Type::Str], env));
        }
        functions
    }

    fn ask(&self, function: &str, arguments: &[Arc<str>]) -> Result<gotmpl::Value, Failure> {
        let question = Question { function: function.into(), arguments: arguments.to_vec() };
        let mut state = self.state();
        state.used = true;
        state.noted.asked.insert(question.clone());
        match state.answers.get(&question).cloned() {
            Some(Answer::Unresolved { why, at }) => {
                state.noted.cause = Some(at);
                Err(Failure::Message(why))
            }
            Some(Answer::Value(value)) => Ok(self.given(&value)),
            Some(Answer::Refused(why)) => Err(Failure::Refused(why)),
            Some(Answer::Failed(why)) => Err(Failure::Message(why)),
            Some(Answer::Later) | None => {
                let message = format!("`{question}` is not known here");
                state.noted.open.insert(question);
                Err(Failure::Message(message))
            }
        }
    }

    /// An answer as templates see it.
    fn given(&self, value: &Value) -> gotmpl::Value {
        go_value::to_go_with(value, &|node| {
            let what = match node {
                Node::Unknown(question) => What::Unknown(question.clone()),
                Node::Secret(secret) => What::Secret(secret.clone()),
                _ => return None,
            };
            Some(gotmpl::Value::object(Withheld { asking: self.clone(), what }))
        })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The namespace `atmos`.
struct Atmos(Asking);

impl Object for Atmos {
    fn type_name(&self) -> &str {
        "*exec.AtmosFuncs"
    }

    fn method(&self, name: &str) -> Option<Function> {
        let asking = self.0.clone();
        let asks = |function: &'static str, types: &[Type]| {
            let count = types.len();
            let body = move |call: &mut Call<'_>| {
                let arguments = (0..count).map(|at| call.str(at)).collect::<Result<Vec<_>, _>>()?;
                asking.ask(function, &arguments)
            };
            Some(Function::new(types, body))
        };
        match name {
            "Component" => asks("atmos.Component", &[Type::Str; 2]),
            "Store" => asks("atmos.Store", &[Type::Str; 4]),
            "GomplateDatasource" => asks("atmos.GomplateDatasource", &[Type::Str]),
            "Resolve" => {
                let asking = self.0.clone();
                let body = move |call: &mut Call<'_>| {
                    let text = call.str(0)?;
                    let (tag, arguments) = function::call_in(&text)
                        .ok_or_else(|| Failure::Message(format!("`{text}` calls no function")))?;
                    let words = function::words(arguments).map_err(Failure::Message)?;
                    let words: Vec<Arc<str>> = words.into_iter().map(Arc::from).collect();
                    asking.ask(tag.trim_start_matches('!'), &words)
                };
                Some(Function::new(&[Type::Str], body))
            }
            _ => None,
        }
    }

    fn text(&self) -> String {
        "&{}".to_owned()
    }
}

/// A part of an answer that a text cannot have. Whatever looks at it, it is noted: it can be handed
/// on, and beside other parts it does no harm.
struct Withheld {
    asking: Asking,
    what: What,
}

enum What {
    Unknown(Arc<Question>),
    Secret(Arc<Secret>),
}

impl Withheld {
    fn note(&self) {
        let mut state = self.asking.state();
        match &self.what {
            What::Unknown(question) => drop(state.noted.open.insert(question.as_ref().clone())),
            What::Secret(secret) => state.noted.secret = Some(secret.clone()),
        }
    }
}

impl Object for Withheld {
    fn type_name(&self) -> &str {
        self.note();
        "string"
    }

    fn kind_name(&self) -> &'static str {
        self.note();
        "string"
    }

    fn integer(&self) -> Option<i64> {
        self.note();
        None
    }

    fn method(&self, _: &str) -> Option<Function> {
        self.note();
        None
    }

    fn text(&self) -> String {
        self.note();
        String::new()
    }
}
