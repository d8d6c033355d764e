//! Rules in Rego: the package `atmos` has an array or set `errors`; what is in it is wrong.
//!
//! An error is a text, or a map `{message, path, hint}` with the place it is about: a text such as
//! `vars.cidr`, or a list of steps.

use std::num::NonZeroU32;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use regex::Regex;
use regorus::utils::limits::ExecutionTimerConfig;
use regorus::{Engine, LimitError, Value};
use serde_json::Value as Json;

use super::Violation;
use crate::diagnostic::{Code, Diagnostic, Position, Span};
use crate::model::path::{FieldPath, Segment};

/// The package that holds the errors, as the engine lists it.
const PACKAGE: &str = "data.atmos";

/// How many steps pass between two looks at the time: one step takes well below a microsecond.
const STEPS_BETWEEN_LOOKS: u32 = 4096;

/// Where an error of the engine begins to say where it is.
static PLACE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"--> (?P<file>[^\n]*):(?P<line>\d+):(?P<column>\d+)").expect("a valid pattern")
});

/// What an error of the engine says.
static MESSAGE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"error: (?P<message>[^\n]+)").expect("a valid pattern"));

/// The one function whose result is not a matter of its arguments.
static CHANCE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"\brand\s*\.\s*intn\b").expect("a valid pattern"));

/// Compiled modules.
pub(super) struct Rego {
    engine: Engine,
}

impl Rego {
    /// Reads the modules, each with its path; the first is the rule, the others what it imports.
    pub(super) fn compile(modules: &[(Arc<str>, Arc<str>)]) -> Result<Self, Vec<Diagnostic>> {
        let mut found = Vec::new();
        for (file, text) in modules {
            if let Some(at) = CHANCE.find(text) {
                let message = "`rand.intn` would give another answer each time";
                found.push(Diagnostic::error(
                    Code::RuleInvalid,
                    span(file, text, at.start()),
                    message,
                ));
            }
        }
        // Both versions of the language are around; what reads as neither is told as the newer.
        let engine = match load(modules, false) {
            Ok(engine) => Some(engine),
            Err(newer) => match load(modules, true) {
                Ok(engine) => Some(engine),
                Err(_) => {
                    found.push(newer);
                    None
                }
            },
        };
        let engine = engine.filter(|engine| {
            let packages = engine.get_packages().unwrap_or_default();
            let there = packages.iter().any(|package| package == PACKAGE);
            if let (false, Some((file, _))) = (there, modules.first()) {
                let message = "no module is of the package `atmos`, so nothing says what is wrong";
                let fault = Diagnostic::error(Code::RuleInvalid, Span::file(file.clone()), message);
                found.push(fault.hint("begin it with `package atmos`"));
            }
            there
        });
        match engine {
            Some(engine) if found.is_empty() => Ok(Self { engine }),
            _ => Err(found),
        }
    }

    /// Every error it has for `input`; or why it came to none.
    pub(super) fn violations(
        &self,
        input: &Json,
        timeout: Duration,
    ) -> Result<Vec<Violation>, String> {
        let mut engine = self.engine.clone();
        let check_interval = NonZeroU32::new(STEPS_BETWEEN_LOOKS).unwrap_or(NonZeroU32::MIN);
        engine.set_execution_timer_config(ExecutionTimerConfig { limit: timeout, check_interval });
        engine.set_input(Value::from(input.clone()));
        let errors = engine.eval_rule(format!("{PACKAGE}.errors"));
        let errors = errors.map_err(|error| match error.downcast_ref::<LimitError>() {
            // The same for the same rule, however long it took.
            Some(LimitError::TimeLimitExceeded { .. }) => {
                format!("it does not end within {} s", timeout.as_secs_f64())
            }
            _ => message(&error.to_string()),
        })?;
        if errors == Value::Undefined {
            return Ok(Vec::new());
        }
        let items: Vec<&Value> = match (errors.as_array(), errors.as_set()) {
            (Ok(items), _) => items.iter().collect(),
            (_, Ok(items)) => items.iter().collect(),
            _ => return Err("`errors` is neither an array nor a set".to_owned()),
        };
        Ok(items.into_iter().map(violation).collect())
    }
}

fn load(modules: &[(Arc<str>, Arc<str>)], older: bool) -> Result<Engine, Diagnostic> {
    let mut engine = Engine::new();
    engine.set_rego_v0(older);
    for (file, text) in modules {
        engine.add_policy(file.to_string(), text.to_string()).map_err(|error| {
            let error = error.to_string();
            let at = PLACE.captures(&error).and_then(|found| {
                let number = |name: &str| found.name(name)?.as_str().parse().ok();
                let start = Position { line: number("line")?, column: number("column")? };
                Some(Span { file: file.clone(), start, end: start })
            });
            let at = at.unwrap_or_else(|| Span::file(file.clone()));
            let message = format!("this is no Rego: {}", message(&error));
            Diagnostic::error(Code::RuleInvalid, at, message)
        })?;
    }
    Ok(engine)
}

/// The sentence in an error of the engine.
fn message(error: &str) -> String {
    let found = MESSAGE.captures(error).and_then(|found| found.name("message"));
    let line = found.map_or_else(|| error.lines().next().unwrap_or_default(), |m| m.as_str());
    line.trim().to_owned()
}

fn violation(error: &Value) -> Violation {
    let text = |key: &str| {
        error.as_object().ok()?.get(&Value::from(key))?.as_string().ok().map(ToString::to_string)
    };
    let message = match error.as_string() {
        Ok(message) => message.to_string(),
        Err(_) => text("message").or_else(|| text("msg")).unwrap_or_else(|| error.to_string()),
    };
    Violation { path: path(error).unwrap_or_default(), message, hint: text("hint") }
}

/// The place an error names.
fn path(error: &Value) -> Option<Vec<String>> {
    let path = error.as_object().ok()?.get(&Value::from("path"))?;
    if let Ok(steps) = path.as_array() {
        let step = |step: &Value| match step.as_string() {
            Ok(text) => text.to_string(),
            Err(_) => step.to_string(),
        };
        return Some(steps.iter().map(step).collect());
    }
    let parsed = FieldPath::parse(path.as_string().ok()?).ok()?;
    let step = |segment: Segment| match segment {
        Segment::Key(key) => key.to_string(),
        Segment::Index(index) => index.to_string(),
    };
    Some(parsed.0.into_iter().map(step).collect())
}

fn span(file: &Arc<str>, text: &str, byte: usize) -> Span {
    let head = &text[..byte];
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let column = head.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let start = Position { line: count(head.matches('\n').count() + 1), column: count(column) };
    Span { file: file.clone(), start, end: start }
}
