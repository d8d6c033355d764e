//! The last steps of one component: what is derived, rendered and called, and the result.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::atmos_yaml::{self, Dialect, NameRule};
use super::backend;
use super::component::{Merged, Sources};
use super::function::Calls;
use super::load::Library;
use super::marks::Marks;
use super::merge::{self, Lists};
use super::parent::Parent;
use super::path;
use super::reconcile_block;
use super::sections::{self, Shape};
use super::template::{self, Missing, Moment, Rendering, Templates};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::ids::{ComponentId, ComponentName, KindName, StackName};
use crate::model::desired::{Component, Listing, Presence, Reach};
use crate::model::policy::{Level, Reconcile};
use crate::model::question::{Answers, Question};
use crate::model::value::{Map, Node, Value};

/// Finishes components, one after the other.
pub(super) struct Finisher<'r, 's> {
    pub(super) library: &'r Library<'s>,
    pub(super) dialect: &'r Dialect,
    pub(super) templates: &'r mut Templates,
    pub(super) answers: &'r Answers,
    /// What was asked and has no answer.
    pub(super) asked: BTreeSet<Question>,
    /// What is odd in the components finished so far.
    pub(super) warnings: Vec<Diagnostic>,
}

/// One component on its way.
struct Bench<'c> {
    parent: &'c Parent,
    sources: &'c Sources,
    stack: &'c StackName,
    id: ComponentId,
    presence: Presence,
    workspace: Arc<str>,
    /// The same as a list of stacks has it.
    listed_workspace: Arc<str>,
    open: BTreeSet<Question>,
    faults: Vec<Diagnostic>,
}

impl Finisher<'_, '_> {
    /// What is wrong with what is said about a component, whatever its values come to.
    pub(super) fn wrong(&self, parent: &Parent, sources: &Sources) -> Vec<Diagnostic> {
        let mut faults = parent.faults(&sources.key);
        faults.extend(sources.faults.iter().cloned());
        faults.extend(self.strategy(parent, sources).err().map(|fault| *fault));
        faults
    }

    /// The name of a manifest among the stacks: its path there without extension.
    pub(super) fn file<'p>(&self, parent: &'p Parent) -> &'p str {
        path::stem(path::below(&parent.path, &self.dialect.stacks))
    }

    /// The component in `stack`, with which nothing is [`Self::wrong`], or what its values are
    /// wrong about.
    pub(super) fn finish(
        &mut self,
        parent: &Parent,
        sources: &Sources,
        stack: &StackName,
    ) -> Result<Component, Vec<Diagnostic>> {
        let name = |error: crate::ids::IdError| {
            vec![Diagnostic::error(Code::SectionType, parent.span(&sources.key), error.to_string())]
        };
        let kind = KindName::new(&sources.key.0).map_err(name)?;
        let component = ComponentName::new(&sources.key.1).map_err(name)?;
        let strategy = self.strategy(parent, sources).unwrap_or(self.dialect.lists);
        let mut merged = sources.merge(self.dialect.lists, strategy);
        let mut bench = Bench {
            parent,
            sources,
            stack,
            id: ComponentId { stack: stack.clone(), kind, name: component },
            presence: presence(merged.get("metadata")),
            workspace: "".into(),
            listed_workspace: "".into(),
            open: BTreeSet::new(),
            faults: Vec::new(),
        };
        if bench.id.kind.as_str() == "terraform" {
            self.backend(&mut bench, &mut merged);
        }
        self.render(&mut bench, &mut merged);
        self.call(&mut bench, &mut merged);
        prune(&mut merged);
        self.component(bench, merged)
    }

    fn strategy(&self, parent: &Parent, sources: &Sources) -> Result<Lists, Box<Diagnostic>> {
        match sources.strategy() {
            Some(value) => atmos_yaml::lists(&value, self.span(parent, sources, &value)),
            None => Ok(self.dialect.lists),
        }
    }

    fn backend(&self, bench: &mut Bench<'_>, merged: &mut Merged) {
        let sources = bench.sources;
        let text = |merged: &Merged, key: &str| {
            merged.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let kind_of = text(merged, "backend_type");
        let metadata = merged.get("metadata");
        let said = |key: &str| metadata.and_then(|m| m.get(key)?.as_str().map(str::to_owned));
        let code = sources.code().map(str::to_owned);
        let tokens = self.tokens(merged);
        let placed = backend::Placed {
            metadata,
            stack: bench.stack.as_str(),
            component: bench.id.name.as_str(),
            code: code.as_deref().filter(|code| *code != bench.id.name.as_str()),
            tokens: &tokens,
        };
        if kind_of == "http" || !self.dialect.has_workspaces {
            (bench.workspace, bench.listed_workspace) = ("default".into(), "default".into());
        } else {
            bench.workspace = placed.workspace();
            bench.listed_workspace =
                backend::Placed { component: "", code: None, ..placed }.workspace();
        }
        let folder = said("component").or(code);
        if let Some(before) = merged.get("backend").cloned() {
            let named = backend::Named {
                component: bench.id.name.as_str(),
                code: folder.as_deref(),
                name: said("name"),
                separator: &self.dialect.prefix_separator,
            };
            let after = backend::of_type(&before, sources.shared("backend"), &kind_of, &named);
            merged.compute("backend", Reach::Derived("the backend's type and key"), after);
        }
        let remote_type = match text(merged, "remote_state_backend_type") {
            empty if empty.is_empty() => kind_of,
            said => said,
        };
        let own = merged.get("remote_state_backend").map(|all| backend::only(all, &remote_type));
        let remote = match (merged.get("backend"), own) {
            (Some(backend), Some(own)) => Some(merge::merge(backend, &own, Lists::Replace)),
            (backend, own) => own.or_else(|| backend.cloned()),
        };
        if let Some(after) = remote {
            let reach = Reach::Derived("the component's own backend");
            merged.compute("remote_state_backend", reach, after);
            merged.carry("backend", "remote_state_backend");
        }
        if !remote_type.is_empty() {
            let reach = Reach::Derived("the type of the component's own backend");
            merged.compute("remote_state_backend_type", reach, Value::text(remote_type));
        }
    }

    /// The variables that a pattern of names knows.
    fn tokens(&self, merged: &Merged) -> Vec<(&'static str, String)> {
        if !matches!(self.dialect.name, NameRule::Pattern(..)) {
            return Vec::new();
        }
        let vars = merged.get("vars");
        let text = |token: &str| Some(vars?.get(token)?.as_str()?.to_owned());
        backend::CONTEXT.iter().filter_map(|token| Some((*token, text(token)?))).collect()
    }

    fn render(&mut self, bench: &mut Bench<'_>, merged: &mut Merged) {
        let with_templates: Vec<_> = merged
            .sections
            .iter()
            .filter(|(_, section)| section.marks.has(Marks::TEMPLATE))
            .map(|(name, _)| name.clone())
            .collect();
        if with_templates.is_empty() {
            return;
        }
        let mut missing = Vec::new();
        // Every pass reads the values as they were written: it follows one reference further.
        let written = self.with_names(bench, merged);
        for _ in 0..self.templates.evaluations() {
            let texts = merged.map();
            let scope = template::needed(self.templates, &texts, &written);
            let mut rendering = Rendering {
                templates: self.templates,
                moment: Moment::Late,
                missing: Missing::Prints,
                scope,
                written: written.clone(),
                failures: Vec::new(),
                absent: Vec::new(),
            };
            let rendered: Vec<_> = with_templates
                .iter()
                .filter_map(|name| Some((name, rendering.tree(merged.get(name)?)?)))
                .collect();
            let (failures, absent) = (rendering.failures, rendering.absent);
            for (name, value) in rendered {
                merged.compute(name, Reach::Rendered, value);
            }
            missing.extend(absent);
            if bench.presence == Presence::Abstract {
                continue;
            }
            let spans = failures.iter().map(|f| {
                let span = self.span(bench.parent, bench.sources, &f.at);
                f.diagnostic(&self.library.files, span)
            });
            bench.faults.extend(spans.collect::<Vec<_>>());
            if !bench.faults.is_empty() {
                break;
            }
        }
        if bench.presence == Presence::Active {
            let level = self.library.strictness.missing_template_keys;
            let spans = missing.iter().map(|value| self.span(bench.parent, bench.sources, value));
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

    /// The sections and the names that only templates see.
    fn with_names(&self, bench: &Bench<'_>, merged: &Merged) -> Map {
        let empty = sections::RULES.iter().map(|rule| {
            let value =
                if rule.shape == Shape::Text { Value::text("") } else { Value::empty_map() };
            (Arc::from(rule.name), value)
        });
        let said =
            merged.sections.iter().map(|(name, section)| (name.clone(), section.value.clone()));
        let mut map: Map = empty.chain(said).collect();
        let file = self.file(bench.parent);
        let mut text = |key: &str, text: &str| map.insert(key, Value::text(text));
        text("atmos_component", bench.id.name.as_str());
        text("component", bench.sources.code().unwrap_or(bench.id.name.as_str()));
        text("atmos_stack", bench.stack.as_str());
        text("stack", bench.stack.as_str());
        text("atmos_stack_file", file);
        text("atmos_manifest", file);
        text("workspace", &bench.workspace);
        let mut about = Map::default();
        about.insert("component_type", Value::text(bench.id.kind.as_str()));
        map.insert("component_info", Value::computed(Node::Map(about)));
        let inheritance = bench.sources.inheritance.iter().map(|base| Value::text(base.clone()));
        let inheritance = Node::List(Arc::new(inheritance.collect()));
        map.insert("inheritance", Value::computed(inheritance));
        map
    }

    fn call(&mut self, bench: &mut Bench<'_>, merged: &mut Merged) {
        let names = merged.sections.iter().filter(|(_, section)| {
            section.marks.has(Marks::FUNCTION) || section.marks.has(Marks::TEMPLATE)
        });
        let names: Vec<_> = names.map(|(name, _)| name.clone()).collect();
        if names.is_empty() {
            return;
        }
        let (metadata, env) = (merged.get("metadata").cloned(), merged.get("env").cloned());
        let mut calls = Calls {
            answers: self.answers,
            stack: bench.stack.as_str(),
            metadata: metadata.as_ref(),
            env: env.as_ref(),
            asked: BTreeSet::new(),
            open: BTreeSet::new(),
            failures: Vec::new(),
        };
        let called: Vec<_> =
            names.iter().filter_map(|name| Some((name, calls.tree(merged.get(name)?)?))).collect();
        let Calls { asked, open, failures, .. } = calls;
        for (name, value) in called {
            merged.compute(name, Reach::Rendered, value);
        }
        // What will not be applied has nothing to wait for and nothing to fail with.
        if bench.presence == Presence::Active {
            self.asked.extend(asked);
            bench.open = open;
            let found = failures.into_iter().map(|(value, code, message)| {
                Diagnostic::error(code, self.span(bench.parent, bench.sources, &value), message)
            });
            bench.faults.extend(found.collect::<Vec<_>>());
        }
    }

    fn component(
        &self,
        mut bench: Bench<'_>,
        merged: Merged,
    ) -> Result<Component, Vec<Diagnostic>> {
        let metadata = merged.get("metadata");
        let locked = metadata.and_then(|m| m.get("locked")?.as_bool()).unwrap_or(false);
        let block = merged.get("settings").and_then(|settings| settings.get("reconcile"));
        let span = |value: &Value| self.span(bench.parent, bench.sources, value);
        let reconcile = match block.filter(|_| bench.presence != Presence::Abstract) {
            Some(block) => reconcile_block::read(block, span),
            None => Ok(Reconcile::default()),
        };
        let reconcile = reconcile.unwrap_or_else(|found| {
            bench.faults.extend(found);
            Reconcile::default()
        });
        if !bench.faults.is_empty() {
            return Err(bench.faults);
        }
        let inheritance = bench.sources.inheritance.iter();
        Ok(Component {
            presence: bench.presence,
            locked,
            code: bench.sources.code().unwrap_or(bench.id.name.as_str()).into(),
            inheritance: inheritance.filter_map(|base| ComponentName::new(base).ok()).collect(),
            sections: Value::computed(Node::Map(merged.map())),
            layers: merged.layers,
            dependencies: Vec::new(),
            questions: bench.open.into_iter().collect(),
            reconcile,
            manifest: bench.parent.path.clone(),
            workspace: bench.workspace,
            listing: Listing {
                workspace: bench.listed_workspace,
                imports: bench.parent.imports.clone(),
            },
            id: bench.id,
        })
    }

    /// Where a value was written; where its component is declared for one that nobody wrote.
    pub(super) fn span(&self, parent: &Parent, sources: &Sources, value: &Value) -> Span {
        self.library.files.span(value.origin).unwrap_or_else(|| parent.span(&sources.key))
    }
}

/// Takes away what asks for it, where anything might.
fn prune(merged: &mut Merged) {
    let asks = Marks::UNSET.and(Marks::TEMPLATE).and(Marks::FUNCTION);
    for section in merged.sections.values_mut().filter(|section| section.marks.has(asks)) {
        section.value = merge::prune(&section.value);
    }
    merged.sections.retain(|_, section| !merge::is_unset(&section.value));
}

fn presence(metadata: Option<&Value>) -> Presence {
    let get = |key: &str| metadata.and_then(|metadata| metadata.get(key));
    if get("type").and_then(Value::as_str) == Some("abstract") {
        Presence::Abstract
    } else if get("enabled").and_then(Value::as_bool) == Some(false) {
        Presence::Disabled
    } else {
        Presence::Active
    }
}
