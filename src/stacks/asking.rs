//! What templates ask: `{{ (atmos.Component "vpc" .stack).vars.cidr }}`, `{{ env "HOME" }}`.
//!
//! A template cannot wait. What it asks that has no answer yet is noted, and the text it is in is
//! unknown until the question is answered and the component is resolved again.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gotmpl::{Call, Failure, Function, Functions, Object, Type};

use super::function;
use super::go_value;
use crate::diagnostic::Span;
use crate::model::question::{Answer, Answers, Question};

/// The function of Sprig that asks.
pub(super) const ENV: &str = "env";

/// What was asked and what is known, shared with the functions of one engine.
#[derive(Clone, Default)]
pub(super) struct Asking(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    answers: Answers,
    open: BTreeSet<Question>,
    asked: BTreeSet<Question>,
    used: bool,
    /// The mistake elsewhere for which nothing can be said.
    cause: Option<Span>,
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

    /// What was asked since the last time and has no answer.
    pub(super) fn take(&self) -> BTreeSet<Question> {
        std::mem::take(&mut self.state().open)
    }

    /// What was asked since the last time, answered or not.
    pub(super) fn take_asked(&self) -> BTreeSet<Question> {
        std::mem::take(&mut self.state().asked)
    }

    /// The mistake elsewhere for which something was not said since the last time.
    pub(super) fn take_cause(&self) -> Option<Span> {
        self.state().cause.take()
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
        state.asked.insert(question.clone());
        match state.answers.get(&question).cloned() {
            Some(Answer::Unresolved { why, at }) => {
                state.cause = Some(at);
                Err(Failure::Message(why))
            }
            Some(Answer::Value(value)) => Ok(go_value::to_go(&value)),
            Some(Answer::Refused(why)) => Err(Failure::Refused(why)),
            Some(Answer::Failed(why)) => Err(Failure::Message(why)),
            Some(Answer::Later) | None => {
                let message = format!("`{question}` is not known here");
                state.open.insert(question);
                Err(Failure::Message(message))
            }
        }
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
