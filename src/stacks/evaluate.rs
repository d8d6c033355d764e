//! The values of one merged component: its templates rendered, its functions called.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::bulk::PARTS_MAX;
use super::call::{Calls, Fault};
use super::component::{Merged, Sections};
use super::deferred;
use super::dependency::Edge;
use super::described;
use super::finish::{Bench, Finisher};
use super::manifest::Key;
use super::marks::Marks;
use super::merge::{self, Lists};
use super::needs::Needs;
use super::parent::Parent;
use super::path;
use super::template::{Missing, Moment, Rendering};
use crate::diagnostic::{Code, Diagnostic};
use crate::ids::StackName;
use crate::model::desired::{Component, Presence, Reach};
use crate::model::policy::Level;
use crate::model::question::Question;
use crate::model::value::{Map, Node, Origin, TEXT_PART, Value};

/// Sections that more follows from than what they say.
const STEERING: &[&str] = &["metadata", "settings", "dependencies"];

/// What the calls of a component began with, so that they can be called again once more is known.
#[derive(Clone)]
pub(super) struct Uncalled {
    lists: Lists,
    /// The sections with calls in them, by name.
    sections: Vec<(Arc<str>, Value)>,
    metadata: Option<Value>,
    env: Option<Value>,
}

/// What came of the calls of a component.
#[derive(Default)]
struct Called {
    /// The sections that are different now.
    sections: Vec<(Arc<str>, Value)>,
    open: BTreeSet<Question>,
    faults: Vec<Diagnostic>,
    /// Whether anything was asked that has no answer yet.
    waits: bool,
}

impl Finisher<'_> {
    /// Renders what templates the component has. `lists` is its strategy.
    pub(super) fn render(&mut self, bench: &mut Bench<'_>, merged: &mut Merged, lists: Lists) {
        if !self.evaluation.functions {
            settle(merged, lists);
        }
        let with_templates = names(merged, Marks::TEMPLATE);
        if with_templates.is_empty() || !self.evaluation.templates {
            return;
        }
        self.templates.answer(self.answers);
        let mut missing = Vec::new();
        // Every pass reads the values as they were written: it follows one reference further.
        let first = merged.sections.clone();
        for _ in 0..self.templates.evaluations() {
            let texts = with_templates.iter().filter_map(|name| merged.get(name));
            let needs = Needs::of(self.templates, texts);
            let written = self.with_names(bench, &first, lists, &needs);
            let scope = needs.scope(&written);
            let (late, prints) = (Moment::Late, Missing::Prints);
            let mut rendering = Rendering::new(self.templates, late, prints, scope);
            rendering.written = written;
            rendering.bytes_left = PARTS_MAX as usize * TEXT_PART;
            let rendered: Vec<_> = with_templates
                .iter()
                .filter_map(|name| Some((name, rendering.tree(merged.get(name)?)?)))
                .collect();
            let Rendering { failures, absent, open, asked, bytes_left, .. } = rendering;
            if bytes_left == 0 {
                let name = with_templates.first().map_or("", AsRef::as_ref);
                bench.faults.push(self.too_large(bench, merged, name));
                return;
            }
            for (name, value) in rendered {
                merged.compute(name, Reach::Rendered, value);
            }
            missing.extend(absent);
            self.consults |= self.templates.asks();
            if bench.presence == Presence::Active || self.looking {
                self.asked.extend(open.iter().filter(|q| !self.answers.contains_key(q)).cloned());
            }
            if bench.presence == Presence::Active {
                bench.open.extend(open);
                self.note_reads(bench.parent, &bench.sources.key, asked);
            }
            if bench.presence == Presence::Abstract {
                continue;
            }
            let spans = failures.iter().map(|f| {
                let span = self.span(bench.parent, &bench.sources.key, &f.at);
                f.diagnostic(&self.library.files, span)
            });
            bench.faults.extend(spans.collect::<Vec<_>>());
            if !bench.faults.is_empty() {
                break;
            }
        }
        if bench.presence == Presence::Active && !missing.is_empty() {
            let level = self.library.strictness().missing_template_keys;
            let spans =
                missing.iter().map(|value| self.span(bench.parent, &bench.sources.key, value));
            let found = spans.filter_map(|span| {
                let message = "a key of this template is not there, so it prints `<no value>`";
                level.of(Diagnostic::error(Code::TemplateMissingKey, span, message))
            });
            let found: Vec<_> = found.collect();
            match level {
                Level::Deny => bench.faults.extend(found),
                Level::Allow | Level::Warn => self.warnings.extend(found),
            }
        }
    }

    /// What `needs` names of the sections, which were `first` as they were written, and of the
    /// names that only templates see. Where calls met other values, templates see what would come
    /// of them as texts.
    fn with_names(&self, bench: &Bench<'_>, first: &Sections, lists: Lists, needs: &Needs) -> Map {
        let empty = described::empty(bench.id.kind.as_str());
        let empty = empty.filter(|(name, _)| needs.has(name));
        let empty = empty.map(|(name, value)| (Arc::from(name), value));
        let said = first.iter().filter(|(name, _)| needs.has(name)).map(|(name, section)| {
            let calls = section.marks.has(Marks::FUNCTION);
            let settled = calls.then(|| deferred::settled(&section.value, lists)).flatten();
            (name.clone(), settled.unwrap_or_else(|| section.value.clone()))
        });
        let mut map: Map = empty.chain(said).collect();
        let mut name = |name: &str, value: &dyn Fn() -> Value| {
            if needs.has(name) {
                map.insert(name, value());
            }
        };
        let file = self.file(bench.parent);
        let code = bench.sources.code().unwrap_or(bench.id.name.as_str());
        for (of, text) in described::names(&bench.id, code, file) {
            name(of, &|| Value::text(text));
        }
        if self.evaluation.listing {
            name("workspace", &|| Value::text(bench.listed_workspace.clone()));
            name("component_info", &|| {
                let about = [("component_type".into(), Value::text(bench.id.kind.as_str()))];
                Value::computed(Node::Map(about.into_iter().collect()))
            });
        } else {
            name("workspace", &|| Value::text(bench.workspace.clone()));
            name("deps", &|| {
                let said = bench.sources.said();
                let files = said.iter().filter_map(|said| said.imports.last());
                let deps: BTreeSet<_> = files.chain([&bench.parent.path]).collect();
                self.files(deps.into_iter())
            });
            name("imports", &|| self.files(bench.parent.imports().iter()));
        }
        name("inheritance", &|| {
            let bases = bench.sources.inheritance.iter().map(|base| Value::text(base.clone()));
            Value::computed(Node::List(Arc::new(bases.collect())))
        });
        map
    }

    /// Manifests by their names among the stacks.
    fn files<'p>(&self, paths: impl Iterator<Item = &'p Arc<str>>) -> Value {
        let name = |path: &'p Arc<str>| path::stem(path::below(path, &self.dialect.stacks));
        let names = paths.map(|path| Value::text(name(path)));
        Value::computed(Node::List(Arc::new(names.collect())))
    }

    /// Calls what functions the component has. `lists` is its strategy.
    pub(super) fn call(&mut self, bench: &mut Bench<'_>, merged: &mut Merged, lists: Lists) {
        let with_calls = names(merged, Marks::FUNCTION.and(Marks::TEMPLATE).and(Marks::UNSET));
        if with_calls.is_empty() {
            return;
        }
        let said = |name: &Arc<str>| Some((name.clone(), merged.get(name)?.clone()));
        let mut uncalled = Uncalled {
            lists,
            sections: with_calls.iter().filter_map(said).collect(),
            metadata: merged.get("metadata").cloned(),
            env: merged.get("env").cloned(),
        };
        let by_templates = self.consults;
        let of = (bench.parent, &bench.sources.key, bench.stack, bench.presence);
        let called = self.called(of, &uncalled);
        let steers = |(name, _): &(Arc<str>, Value)| STEERING.contains(&name.as_ref());
        // Without layers to tell of it, and where nothing else follows from it.
        if merged.layers.is_none()
            && called.waits
            && !by_templates
            && called.faults.is_empty()
            && !called.sections.iter().any(steers)
        {
            let is_called = |name: &Arc<str>| called.sections.iter().any(|(one, _)| one == name);
            uncalled.sections.retain(|(name, _)| is_called(name));
            self.uncalled = Some(uncalled);
        }
        for (name, value) in called.sections {
            merged.compute(&name, Reach::Rendered, value);
        }
        bench.open.extend(called.open);
        bench.faults.extend(called.faults);
    }

    /// The component `before` with its functions called again, now that more is known.
    pub(super) fn call_again(
        &mut self,
        parent: &Parent,
        key: &Key,
        before: &Component,
        uncalled: Uncalled,
    ) -> Result<Component, Vec<Diagnostic>> {
        self.consults = true;
        self.reads.clear();
        let of = (parent, key, &before.id.stack, before.presence);
        let Called { sections, open, faults, waits } = self.called(of, &uncalled);
        let all = before.sections.as_map().into_iter().flat_map(Map::iter);
        let mut all: BTreeMap<_, _> =
            all.map(|(name, value)| (name.clone(), value.clone())).collect();
        let as_written = uncalled.sections.iter().cloned();
        for (name, value) in as_written.chain(sections) {
            all.insert(name, merge::prune(&value));
        }
        all.retain(|_, value| !merge::is_unset(value));
        self.uncalled = waits.then_some(uncalled);
        match faults.is_empty() {
            true => Ok(Component {
                sections: Value::computed(Node::Map(all.into_iter().collect())),
                questions: open.into_iter().collect(),
                ..before.clone()
            }),
            false => Err(faults),
        }
    }

    /// What comes of the calls of the component `key` of a stack.
    fn called(
        &mut self,
        (parent, key, stack, presence): (&Parent, &Key, &StackName, Presence),
        uncalled: &Uncalled,
    ) -> Called {
        let mut calls = Calls {
            answers: self.answers,
            evaluation: self.evaluation,
            lists: uncalled.lists,
            stack: stack.as_str(),
            metadata: uncalled.metadata.as_ref(),
            env: uncalled.env.as_ref(),
            asked: BTreeSet::new(),
            at: Origin::NONE,
            consulted: Vec::new(),
            open: BTreeSet::new(),
            failures: Vec::new(),
        };
        let sections = uncalled.sections.iter();
        let sections =
            sections.filter_map(|(name, value)| Some((name.clone(), calls.section(value)?)));
        let sections = sections.collect();
        let Calls { asked, consulted, open, failures, .. } = calls;
        self.consults |= !consulted.is_empty();
        let waits = !asked.is_empty();
        // What will not be applied has nothing to wait for and nothing to fail with.
        if presence == Presence::Active || self.looking {
            self.asked.extend(asked);
        }
        if presence != Presence::Active {
            return Called { sections, waits, ..Called::default() };
        }
        self.note_reads(parent, key, consulted);
        let faults = failures.into_iter().map(|(value, Fault { code, message, follows })| {
            let fault = Diagnostic::error(code, self.span(parent, key, &value), message);
            let fault = fault.following(follows);
            let tag = value.function().map(|(tag, _)| tag);
            match code {
                // Only these two have a setting that allows them.
                Code::FunctionRefused if !matches!(tag, Some("!env" | "!exec")) => {
                    fault.hint("write the value")
                }
                _ => fault,
            }
        });
        Called { sections, open, faults: faults.collect(), waits }
    }
}

impl Finisher<'_> {
    /// Notes which components the component `key` reads, of all that was asked for it.
    fn note_reads(&mut self, parent: &Parent, key: &Key, asked: Vec<(Question, Origin)>) {
        for (question, origin) in asked {
            let Some(on) = question.component() else { continue };
            let at = self.library.files.span(origin).unwrap_or_else(|| parent.span(key));
            self.reads.push(Edge { on, at, is_read: true });
        }
    }
}

/// Decides what calls met, where they are not going to be called.
fn settle(merged: &mut Merged, lists: Lists) {
    for name in names(merged, Marks::FUNCTION) {
        let settled = merged.get(&name).and_then(|section| deferred::settled(section, lists));
        if let Some(settled) = settled {
            merged.compute(&name, Reach::Rendered, settled);
        }
    }
}

/// The sections that need any of `work`.
fn names(merged: &Merged, work: Marks) -> Vec<Arc<str>> {
    let sections = merged.sections.iter().filter(|(_, section)| section.marks.has(work));
    sections.map(|(name, _)| name.clone()).collect()
}
