//! What one component gives to another: `!terraform.output vpc dev id`.
//!
//! A static remote state and `mocks` are written in the repository; a local state file is a
//! person's. Nothing here runs terraform or asks a network: what only they know is known later.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crate::diagnostic::Diagnostic;
use crate::ids::{ComponentId, ComponentName, ContentId, KindName, StackName};
use crate::model::canonical;
use crate::model::desired::{Component, Desired, Layout, Presence};
use crate::model::query::Query;
use crate::model::question::{Answer, Answers, Question};
use crate::model::value::{Node, Value};
use crate::pattern::StackPattern;
use crate::secret::Secret;
use crate::stacks::{self, Resolution, Resolver, Selection};

use super::answer::{self, Person, Reach};

/// The function that gives all of a component.
const COMPONENT: &str = "atmos.Component";

/// How often one component is resolved to learn one output: each time something it needed itself
/// is known. A chain of outputs is rarely longer than three components.
const ROUNDS_MAX: usize = 8;

/// How many components may need one another in a row.
const DEPTH_MAX: usize = 64;

/// How many components are resolved together: each stack is held against each of them.
const TOGETHER_MAX: usize = 64;

/// A state file is read whole; the largest known have some ten thousand resources.
const STATE_BYTES_MAX: u64 = 64 << 20;

/// Answers the questions of one snapshot.
pub(super) struct Asking<'a> {
    pub(super) resolver: &'a mut Resolver,
    pub(super) reach: &'a Reach,
    pub(super) answers: Answers,
    /// Whether what nothing answers is refused, or stays open.
    pub(super) forced: bool,
    /// The questions that are being answered, each for the one before it.
    open: Vec<Question>,
}

impl<'a> Asking<'a> {
    pub(super) fn new(resolver: &'a mut Resolver, reach: &'a Reach, forced: bool) -> Self {
        Self { resolver, reach, answers: Answers::new(), forced, open: Vec::new() }
    }

    /// Finds the answers to `questions`. What asks for all of a component that waits for others of
    /// them comes last: then they are resolved together.
    pub(super) fn ask_all(&mut self, questions: &BTreeSet<Question>, desired: &Desired) {
        let waiting = |question: &&Question| {
            let id = question.component().filter(|_| question.function.as_ref() == COMPONENT);
            id.and_then(|id| desired.component(&id)).is_some_and(|it| !it.questions.is_empty())
        };
        let (last, first): (Vec<_>, Vec<_>) = questions.iter().partition(waiting);
        first.into_iter().for_each(|question| self.ask(question, desired));
        for some in last.chunks(TOGETHER_MAX) {
            let ids: BTreeSet<_> =
                some.iter().filter_map(|question| question.component()).collect();
            let resolution = (ids.len() > 1).then(|| self.resolve(&ids));
            let desired = resolution.as_ref().map_or(desired, |resolution| &resolution.desired);
            some.iter().for_each(|question| self.ask(question, desired));
        }
    }

    /// Finds the answer to `question` unless it is known. `desired` is what has resolved so far.
    pub(super) fn ask(&mut self, question: &Question, desired: &Desired) {
        if self.answers.contains_key(question) {
            return;
        }
        if let Some(start) = self.open.iter().position(|open| open == question) {
            let ring = self.open[start..].iter().chain([question]);
            let ring: Vec<_> = ring.map(|open| format!("`{open}`")).collect();
            let why = format!("components need each other: {}", ring.join(" -> "));
            self.answers.insert(question.clone(), Answer::Failed(why));
            return;
        }
        if self.open.len() == DEPTH_MAX {
            let why = format!("more than {DEPTH_MAX} components need one another in a row");
            self.answers.insert(question.clone(), Answer::Failed(why));
            return;
        }
        self.open.push(question.clone());
        let found = match (question.function.as_ref(), question.arguments.as_slice()) {
            ("terraform.output" | "terraform.state" | "output", [component, stack, output]) => {
                self.output((component, stack, output), desired)
            }
            (COMPONENT, [component, stack]) => self.whole((component, stack), desired),
            _ => match answer::answer(self.reach, question) {
                Some(answer) => answer,
                None if self.forced => answer::refused(question),
                None => Answer::Later,
            },
        };
        self.open.pop();
        self.answers.insert(question.clone(), found);
    }

    fn output(
        &mut self,
        (component, stack, output): (&str, &str, &str),
        desired: &Desired,
    ) -> Answer {
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
            && !self.is_stale(&answer)
        {
            return answer;
        }
        for _ in 0..ROUNDS_MAX {
            let (Resolution { desired, .. }, component) = match self.component(&id) {
                Ok(found) => found,
                Err(answer) => return answer,
            };
            let mut needed = BTreeSet::new();
            if let Some(answer) = self.given(&component, &desired.layout, &query, &mut needed) {
                return answer;
            }
            self.ask_all(&needed, &desired);
        }
        Answer::Later
    }

    /// Whether an answer waits for what was found out since it was resolved.
    fn is_stale(&self, answer: &Answer) -> bool {
        let Answer::Value(value) = answer else { return false };
        let mut open = BTreeSet::new();
        value.questions(&mut open);
        let mut found = open.iter().filter_map(|question| self.answers.get(question));
        found.any(|answer| *answer != Answer::Later)
    }

    /// All of a component: its sections, and its outputs beside them.
    fn whole(&mut self, (component, stack): (&str, &str), desired: &Desired) -> Answer {
        let outputs = match self.output((component, stack, "."), desired) {
            Answer::Value(outputs) => outputs,
            Answer::Later => {
                let arguments = [component, stack, "."].map(Arc::from).to_vec();
                let question = Question { function: "terraform.output".into(), arguments };
                Value::computed(Node::Unknown(question.into()))
            }
            other => return other,
        };
        let id = match id(component, stack) {
            Ok(id) => id,
            Err(why) => return Answer::Failed(why),
        };
        let here = desired.component(&id).filter(|_| fault(desired, &id).is_none());
        let mut all = match here {
            // What waits for nothing would come out the same again.
            Some(here) if here.presence == Presence::Active && here.questions.is_empty() => {
                stacks::described(desired, here)
            }
            _ => match self.settled(&id, here, desired) {
                Ok((desired, component)) => stacks::described(&desired, &component),
                Err(answer) => return answer,
            },
        };
        all.insert("outputs", outputs);
        Answer::Value(Value::computed(Node::Map(all)))
    }

    /// The component by itself, with all of its questions answered that can be. `here` is how it
    /// came out before they were.
    fn settled(
        &mut self,
        id: &ComponentId,
        here: Option<&Component>,
        desired: &Desired,
    ) -> Result<(Desired, Component), Answer> {
        let waits = here.into_iter().flat_map(|component| &component.questions);
        waits.for_each(|question| self.ask(question, desired));
        for _ in 1..ROUNDS_MAX {
            let (Resolution { desired, questions, .. }, component) = self.component(id)?;
            if questions.iter().all(|question| self.answers.contains_key(question)) {
                return Ok((desired, component));
            }
            self.ask_all(&questions, &desired);
        }
        self.component(id).map(|(resolution, component)| (resolution.desired, component))
    }

    /// These components by themselves, and maybe others of their stacks, with what is known so far.
    fn resolve(&mut self, ids: &BTreeSet<ComponentId>) -> Resolution {
        let stacks: BTreeSet<_> = ids.iter().map(|id| id.stack.as_str()).collect();
        let components: BTreeSet<_> = ids.iter().map(|id| id.name.clone()).collect();
        let selection = Selection {
            stacks: stacks.into_iter().map(StackPattern::exactly).collect(),
            components: components.into_iter().collect(),
            unlinked: true,
            ..Selection::default()
        };
        self.resolver.resolve(&selection, &self.answers)
    }

    /// The component by itself, with what is known so far.
    fn component(&mut self, id: &ComponentId) -> Result<(Resolution, Component), Answer> {
        let resolution = self.resolve(&[id.clone()].into());
        let desired = &resolution.desired;
        if let Some(fault) = fault(desired, id) {
            let why = format!("{id} does not resolve: {}", fault.message);
            let at = fault.cause().clone();
            return Err(Answer::Unresolved { why, at });
        }
        if let Some(component) = desired.component(id).cloned() {
            return Ok((resolution, component));
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
        found.questions(needed);
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

#[cfg(test)]
mod tests;
