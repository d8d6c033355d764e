//! Who may ask what of the world, and the answers.

use std::collections::BTreeMap;

use crate::ids::{ComponentName, KindName, StackName};
use crate::model::desired::{Component, Desired};
use crate::model::path::FieldPath;
use crate::model::question::{Answer, Question};
use crate::model::value::Value;

/// What a question may reach.
#[derive(Debug, Clone)]
pub enum Reach {
    /// On a person's machine: their environment, as in Atmos.
    Person(BTreeMap<String, String>),
    /// In `serve`: nothing of the process. A repository cannot grant itself more.
    Agent,
}

/// Answers one question.
///
/// An output of a component whose target is a folder is what its `mocks` section says: nothing
/// there ever runs terraform. Without one it is known later.
pub fn answer(reach: &Reach, question: &Question, desired: &Desired) -> Answer {
    let arguments: Vec<&str> = question.arguments.iter().map(AsRef::as_ref).collect();
    match (question.function.as_ref(), arguments.as_slice()) {
        ("env", [name, default @ ..]) => environment(reach, name, default.first().copied()),
        ("terraform.output" | "terraform.state", [component, stack, output]) => {
            output_of(desired, component, stack, output)
        }
        (function, _) => {
            Answer::Refused(format!("`!{function}` is not answered by this version of Isobar"))
        }
    }
}

fn environment(reach: &Reach, name: &str, default: Option<&str>) -> Answer {
    match reach {
        // A missing variable without a default is the empty text (measured on Atmos 1.226.1).
        Reach::Person(variables) => {
            let found = variables.get(name).map(String::as_str).or(default);
            Answer::Value(Value::text(found.unwrap_or_default()))
        }
        // The default is the author's own text: using it reads nothing of the process.
        Reach::Agent => match default {
            Some(default) => Answer::Value(Value::text(default)),
            None => Answer::Refused(format!(
                "the agent does not hand its environment (`{name}`) to a repository"
            )),
        },
    }
}

fn output_of(desired: &Desired, component: &str, stack: &str, output: &str) -> Answer {
    let path = match FieldPath::parse(output.strip_prefix('.').unwrap_or(output)) {
        Ok(path) => path,
        Err(error) => return Answer::Failed(error.to_string()),
    };
    let mocked = find(desired, component, stack)
        .and_then(|component| component.section("mocks"))
        .and_then(|mocks| path.find(mocks));
    mocked.map_or(Answer::Later, |value| Answer::Value(value.clone()))
}

fn find<'a>(desired: &'a Desired, component: &str, stack: &str) -> Option<&'a Component> {
    let stack = desired.stacks.get(&StackName::new(stack).ok()?)?;
    let kind = KindName::new("terraform").ok()?;
    stack.components.get(&(kind, ComponentName::new(component).ok()?))
}

#[cfg(test)]
mod tests;
