//! What one component gives to another: `!terraform.output vpc dev id`.
//!
//! A static remote state and `mocks` are written in the repository; a local state file is a
//! person's. Nothing here runs terraform or asks a network: what only they know is known later.

use std::collections::BTreeSet;
use std::path::Path;

use crate::diagnostic::Diagnostic;
use crate::ids::{ComponentId, ComponentName, ContentId, KindName, StackName};
use crate::model::canonical;
use crate::model::desired::{Component, Desired, Layout, Presence};
use crate::model::query::Query;
use crate::model::question::{Answer, Answers, Question};
use crate::model::value::{Node, Value};
use crate::pattern::StackPattern;
use crate::secret::Secret;
use crate::stacks::{Resolver, Selection};

use super::answer::{self, Person, Reach};

/// How often one component is resolved to learn one output: each time something it needed itself
/// is known. A chain of outputs is rarely longer than three components.
const ROUNDS_MAX: usize = 8;

/// A state file is read whole; the largest known have some ten thousand resources.
const STATE_BYTES_MAX: u64 = 64 << 20;

/// Answers the questions of one snapshot.
pub(super) struct Asking<'a> {
    pub(super) resolver: &'a mut Resolver,
    pub(super) reach: &'a Reach,
    pub(super) answers: Answers,
    /// Whether what nothing answers is refused, or stays open.
    pub(super) forced: bool,
    /// The outputs that are being found, each for the one before it.
    open: Vec<Question>,
}

impl<'a> Asking<'a> {
    pub(super) fn new(resolver: &'a mut Resolver, reach: &'a Reach, forced: bool) -> Self {
        Self { resolver, reach, answers: Answers::new(), forced, open: Vec::new() }
    }

    /// Finds the answer to `question` unless it is known. `desired` is what has resolved so far.
    pub(super) fn ask(&mut self, question: &Question, desired: &Desired) {
        if self.answers.contains_key(question) {
            return;
        }
        let found = match (question.function.as_ref(), question.arguments.as_slice()) {
            ("terraform.output" | "terraform.state" | "output", [component, stack, output]) => {
                self.output(question, (component, stack, output), desired)
            }
            ("atmos.Component", [component, stack]) => {
                self.whole(question, (component, stack), desired)
            }
            _ => match answer::answer(self.reach, question) {
                Some(answer) => answer,
                None if self.forced => answer::refused(question),
                None => Answer::Later,
            },
        };
        self.answers.insert(question.clone(), found);
    }

    fn output(
        &mut self,
        question: &Question,
        (component, stack, output): (&str, &str, &str),
        desired: &Desired,
    ) -> Answer {
        if let Some(start) = self.open.iter().position(|open| open == question) {
            let ring = self.open[start..].iter().chain([question]);
            let ring: Vec<_> = ring.map(|open| format!("`!{open}`")).collect();
            return Answer::Failed(format!("outputs need each other: {}", ring.join(" -> ")));
        }
        let id = match id(component, stack) {
            Ok(id) => id,
            Err(why) => return Answer::Failed(why),
        };
        let query = match query(output) {
            Ok(query) => query,
            Err(why) => return Answer::Failed(format!("`{output}`: {why}")),
        };
        if fault(desired, &id).is_none()
            && let Some(component) = desired.component(&id)
            && component.presence != Presence::Abstract
            && let Some(answer) =
                self.given(component, &desired.layout, &query, &mut BTreeSet::new())
        {
            return answer;
        }
        self.open.push(question.clone());
        let found = self.resolved(&id, &query);
        self.open.pop();
        found
    }

    /// The same of a component that is not resolved yet, or needs answers itself.
    fn resolved(&mut self, id: &ComponentId, query: &Query) -> Answer {
        for _ in 0..ROUNDS_MAX {
            let (desired, component) = match self.component(id) {
                Ok(found) => found,
                Err(answer) => return answer,
            };
            let mut needed = BTreeSet::new();
            if let Some(answer) = self.given(&component, &desired.layout, query, &mut needed) {
                return answer;
            }
            for question in needed {
                self.ask(&question, &desired);
            }
        }
        Answer::Later
    }

    /// All of a component: its sections, and its outputs beside them.
    fn whole(
        &mut self,
        question: &Question,
        (component, stack): (&str, &str),
        desired: &Desired,
    ) -> Answer {
        let outputs = match self.output(question, (component, stack, "."), desired) {
            Answer::Value(outputs) => outputs,
            Answer::Later => Value::empty_map(),
            other => return other,
        };
        let id = match id(component, stack) {
            Ok(id) => id,
            Err(why) => return Answer::Failed(why),
        };
        // What waits for nothing would come out the same again.
        let is_whole = |component: &&Component| {
            component.presence == Presence::Active && component.questions.is_empty()
        };
        let here = desired.component(&id).filter(|_| fault(desired, &id).is_none());
        let sections = match here.filter(is_whole) {
            Some(component) => component.sections.clone(),
            None => match self.component(&id) {
                Ok((_, component)) => component.sections,
                Err(answer) => return answer,
            },
        };
        let mut all = sections.as_map().cloned().unwrap_or_default();
        all.insert("outputs", outputs);
        Answer::Value(Value::computed(Node::Map(all)))
    }

    /// The component by itself, with what is known so far.
    fn component(&mut self, id: &ComponentId) -> Result<(Desired, Component), Answer> {
        let selection = Selection {
            stacks: vec![StackPattern::exactly(id.stack.as_str())],
            components: vec![id.name.clone()],
            unlinked: true,
            ..Selection::default()
        };
        let desired = self.resolver.resolve(&selection, &self.answers).desired;
        if let Some(fault) = fault(&desired, id) {
            let why = format!("{id} does not resolve: {}", fault.message);
            let at = fault.cause().clone();
            return Err(Answer::Unresolved { why, at });
        }
        if let Some(component) = desired.component(id).cloned() {
            return Ok((desired, component));
        }
        let why = format!("there is no {id}");
        // It may be in a stack whose name is not known for a mistake.
        let is_certain = desired.nameless.is_empty() || desired.stacks.contains_key(&id.stack);
        Err(match desired.diagnostics.iter().find(|found| found.is_error() && !is_certain) {
            Some(mistake) => Answer::Unresolved { why, at: mistake.span.clone() },
            None => Answer::Failed(why),
        })
    }

    /// What a component gives; `None` if that depends on `needed`.
    fn given(
        &self,
        component: &Component,
        layout: &Layout,
        query: &Query,
        needed: &mut BTreeSet<Question>,
    ) -> Option<Answer> {
        let text = |name: &str| component.section(name).and_then(Value::as_str);
        let outputs = if text("remote_state_backend_type") == Some("static") {
            component.section("remote_state_backend").cloned()
        } else if let (Reach::Person(person), Some("local")) = (self.reach, text("backend_type")) {
            match state(person, &layout.folder(component), component) {
                Ok(outputs) => outputs.or_else(|| component.section("mocks").cloned()),
                Err(why) => return Some(Answer::Failed(why)),
            }
        } else {
            component.section("mocks").cloned()
        };
        let nothing = Value::computed(Node::Null);
        let found = match query.one(outputs.as_ref().unwrap_or(&nothing)) {
            Ok(found) => found,
            Err(error) => return Some(Answer::Failed(error.to_string())),
        };
        unknown_in(&found, needed);
        needed.retain(|question| !self.answers.contains_key(question));
        match outputs {
            _ if !needed.is_empty() => None,
            // Without any outputs yet, only a query's own default is an answer.
            None if found.is_null() => Some(Answer::Later),
            _ => Some(Answer::Value(found)),
        }
    }
}

/// Why a component has no values to give, although one of several may be there to be looked at.
fn fault<'d>(desired: &'d Desired, id: &ComponentId) -> Option<&'d Diagnostic> {
    let key = (id.kind.clone(), id.name.clone());
    desired.stacks.get(&id.stack)?.unresolved.get(&key)?.first()
}

fn id(component: &str, stack: &str) -> Result<ComponentId, String> {
    Ok(ComponentId {
        stack: StackName::new(stack).map_err(|error| error.to_string())?,
        kind: KindName::new("terraform").map_err(|error| error.to_string())?,
        name: ComponentName::new(component).map_err(|error| error.to_string())?,
    })
}

/// `vpc_id` is `.vpc_id`; what begins with a dot is a query already.
fn query(output: &str) -> Result<Query, String> {
    let text = match output.starts_with(['.', '[', '(']) {
        true => output.to_owned(),
        false => format!(".{output}"),
    };
    Query::parse(&text).map_err(|error| error.to_string())
}

/// The outputs in the local state of a component; `None` if it has none yet.
fn state(person: &Person, code: &str, component: &Component) -> Result<Option<Value>, String> {
    let backend = component.section("backend");
    let said = |key: &str| backend.and_then(|backend| backend.get(key)?.as_str());
    let folder = person.folder.join(code);
    let path = match component.workspace.as_ref() {
        "" | "default" => folder.join(said("path").unwrap_or("terraform.tfstate")),
        workspace => {
            let workspaces = said("workspace_dir").unwrap_or("terraform.tfstate.d");
            folder.join(workspaces).join(workspace).join("terraform.tfstate")
        }
    };
    let Some(text) = read(&path)? else { return Ok(None) };
    let state: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| format!("{} is no state file: {error}", path.display()))?;
    // Never of the secret's own text, which a hash would let one guess.
    let version = ["lineage", "serial"].map(|key| state.get(key).map(ToString::to_string));
    let outputs = state.get("outputs").and_then(serde_json::Value::as_object);
    let values = outputs.into_iter().flatten().map(|(name, output)| {
        let value = output.get("value").unwrap_or(&serde_json::Value::Null);
        let hidden = output.get("sensitive").and_then(serde_json::Value::as_bool) == Some(true);
        let value = match hidden {
            true => {
                let handle = format!("output {name} of {}", component.id);
                let state = ContentId::of(format!("{handle} {version:?}").as_bytes());
                Value::computed(Node::Secret(Secret::new(handle, state).into()))
            }
            false => canonical::from_json(value),
        };
        (name.as_str().into(), value)
    });
    Ok(Some(Value::computed(Node::Map(values.collect()))))
}

fn read(path: &Path) -> Result<Option<String>, String> {
    let fails = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    match std::fs::metadata(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(fails(error)),
        Ok(about) if about.len() > STATE_BYTES_MAX => {
            Err(format!("{} is larger than {STATE_BYTES_MAX} bytes", path.display()))
        }
        Ok(_) => std::fs::read_to_string(path).map(Some).map_err(fails),
    }
}

fn unknown_in(value: &Value, into: &mut BTreeSet<Question>) {
    match &value.node {
        Node::Unknown(question) => drop(into.insert(question.as_ref().clone())),
        Node::List(items) => items.iter().for_each(|item| unknown_in(item, into)),
        Node::Map(map) => map.iter().for_each(|(_, value)| unknown_in(value, into)),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
