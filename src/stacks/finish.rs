//! One component on its way from what is said about it to the result.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Evaluation;
use super::atmos_yaml::{self, Dialect, NameRule};
use super::backend;
use super::component::{Merged, Section, Sources};
use super::dependency::{self, Edge};
use super::evaluate::Uncalled;
use super::function;
use super::layer::Memo;
use super::load::Library;
use super::manifest::Key;
use super::marks::Marks;
use super::merge::{self, Lists};
use super::parent::Parent;
use super::path;
use super::reconcile_block::Known;
use super::template::{self, NO_VALUE, Templates};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::ids::{ComponentId, ComponentName, KindName, StackName};
use crate::model::desired::{Component, Listing, Presence, Reach};
use crate::model::policy::Reconcile;
use crate::model::question::{Answers, Question};
use crate::model::value::{Node, Value};

/// What decides whether a component is applied, how, where and after what.
const DECIDING: [(&str, &[&str]); 3] = [
    ("metadata", &["enabled", "locked", "type"]),
    ("settings", &["depends_on", "reconcile"]),
    ("dependencies", &["components"]),
];

/// What of `metadata` is true or false.
const SWITCHES: [&str; 2] = ["enabled", "locked"];

/// What of `metadata` decides where a component's code is, and its state.
const PLACING: [&str; 5] = [
    "component",
    "name",
    "terraform_workspace",
    "terraform_workspace_pattern",
    "terraform_workspace_template",
];

/// Sections that only stand in for names while templates are rendered: the component's, that of
/// its folder, its workspace.
const NAMES: [&str; 3] = ["atmos_component", "component", "workspace"];

/// Finishes components, one after the other.
pub(super) struct Finisher<'r> {
    pub(super) library: &'r Library,
    pub(super) dialect: &'r Dialect,
    pub(super) templates: &'r mut Templates,
    pub(super) memo: &'r mut Memo,
    pub(super) blocks: &'r mut Known,
    pub(super) answers: &'r Answers,
    /// Whether somebody looks, and wants to see what will not be applied too.
    pub(super) looking: bool,
    pub(super) evaluation: &'r Evaluation,
    /// Whether components keep their layers.
    pub(super) explained: bool,
    /// Whether abstract components are left as they are merged.
    pub(super) to_apply: bool,
    /// What was asked and has no answer.
    pub(super) asked: BTreeSet<Question>,
    /// Whether the component finished last depends on answers.
    pub(super) consults: bool,
    /// What its calls began with, if they can be called again by themselves.
    pub(super) uncalled: Option<Uncalled>,
    /// What of other components it reads.
    pub(super) reads: Vec<Edge>,
    /// What is odd in the components finished so far.
    pub(super) warnings: Vec<Diagnostic>,
}

/// One component on its way.
pub(super) struct Bench<'c> {
    pub(super) parent: &'c Parent,
    pub(super) sources: &'c Sources,
    pub(super) stack: &'c StackName,
    pub(super) id: ComponentId,
    pub(super) presence: Presence,
    pub(super) workspace: Arc<str>,
    /// The same as a list of stacks has it.
    pub(super) listed_workspace: Arc<str>,
    pub(super) open: BTreeSet<Question>,
    pub(super) faults: Vec<Diagnostic>,
}

/// A component and what is wrong with it: if anything is, it is there to be looked at, not to be used.
pub(super) struct Finished {
    pub(super) component: Component,
    pub(super) faults: Vec<Diagnostic>,
}

impl Finisher<'_> {
    /// The name of a manifest among the stacks: its path there without extension.
    pub(super) fn file<'p>(&self, parent: &'p Parent) -> &'p str {
        path::stem(path::below(&parent.path, &self.dialect.stacks))
    }

    /// The component in `stack`. `wrong` is what is wrong with it as such, whatever its values come
    /// to: then only that is found beside it which does not follow from that.
    pub(super) fn finish(
        &mut self,
        parent: &Parent,
        sources: &Sources,
        stack: &StackName,
        wrong: &[Diagnostic],
    ) -> Result<Finished, Vec<Diagnostic>> {
        let name = |error: crate::ids::IdError| {
            vec![Diagnostic::error(Code::SectionType, parent.span(&sources.key), error.to_string())]
        };
        let kind = KindName::new(&sources.key.0).map_err(name)?;
        let component = ComponentName::new(&sources.key.1).map_err(name)?;
        let strategy =
            strategy(self.library, self.dialect, parent, sources).unwrap_or(self.dialect.lists);
        self.consults = false;
        self.uncalled = None;
        self.reads.clear();
        let as_merged = self.to_apply && sources.is_abstract();
        let explained = self.explained && !self.to_apply;
        let mut merged = sources.merge(self.dialect.lists, strategy, self.memo, explained);
        let mut bench = Bench {
            parent,
            sources,
            stack,
            id: ComponentId { stack: stack.clone(), kind, name: component },
            presence: presence(merged.get("metadata")),
            workspace: "".into(),
            listed_workspace: "".into(),
            open: BTreeSet::new(),
            faults: wrong.to_vec(),
        };
        self.weigh(&mut bench, &mut merged);
        self.refuse_calls(&mut bench, &merged);
        self.workspace(&mut bench, &merged);
        if as_merged {
            let listing = self.listing(&mut bench, &mut merged);
            return Ok(self.component(bench, merged, listing));
        }
        if bench.id.kind.as_str() == "terraform" {
            self.backend(&mut bench, &mut merged);
        }
        self.names(&bench, &mut merged);
        let has_work = has_work(&merged);
        self.render(&mut bench, &mut merged, strategy);
        let listing = self.listing(&mut bench, &mut merged);
        self.call(&mut bench, &mut merged, strategy);
        prune(&mut merged);
        if has_work {
            self.weigh(&mut bench, &mut merged);
            self.presence(&mut bench, &merged);
        }
        let mut finished = self.component(bench, merged, listing);
        let own = finished.faults.split_off(wrong.len());
        finished.faults.extend(own.into_iter().filter(|own| wrong.is_empty() || is_apart(own)));
        Ok(finished)
    }

    /// Where a component's state lies is known before anything is called.
    fn refuse_calls(&self, bench: &mut Bench<'_>, merged: &Merged) {
        let metadata = merged.get("metadata");
        let names = PLACING.iter().map(|key| (*key, metadata.and_then(|it| it.get(key))));
        let types = ["backend_type", "remote_state_backend_type"];
        let types = types.map(|section| (section, merged.get(section)));
        for (what, value) in names.chain(types) {
            let Some(value) = value else { continue };
            let Some(tag) = function::called_at(value) else { continue };
            let message = format!("`{tag}` is not called here: `{what}` decides where state lies");
            let span = self.span(bench.parent, &bench.sources.key, value);
            let fault = Diagnostic::error(Code::FunctionRefused, span, message);
            bench.faults.push(fault.hint("write the value"));
        }
    }

    /// Whether it exists to be applied, once templates and calls have said so.
    fn presence(&self, bench: &mut Bench<'_>, merged: &Merged) {
        let before = std::mem::replace(&mut bench.presence, presence(merged.get("metadata")));
        if bench.presence != Presence::Active {
            bench.open.clear();
        } else if before != Presence::Active {
            let sections = merged.sections.values();
            sections.for_each(|section| section.value.questions(&mut bench.open));
        }
    }

    /// Adds the names that are templates to the sections, to be rendered with them.
    fn names(&self, bench: &Bench<'_>, merged: &mut Merged) {
        let listed = self.evaluation.listing;
        let workspace = if listed { &bench.listed_workspace } else { &bench.workspace };
        let code = bench.sources.code().unwrap_or_default();
        let names = [bench.id.name.as_str(), code, workspace];
        for (name, text) in NAMES.iter().zip(names) {
            let value = Value::text(text);
            let marks = Marks::of(&value, &self.templates.open());
            if marks.has(Marks::TEMPLATE) {
                merged.sections.insert((*name).into(), Section { value, marks });
            }
        }
    }

    /// Takes the rendered names out of the sections.
    fn listing(&self, bench: &mut Bench<'_>, merged: &mut Merged) -> Listing {
        if let Some(layers) = &mut merged.layers {
            layers.retain(|layer| !NAMES.contains(&layer.section.as_ref()));
        }
        let [component, code, workspace] = NAMES.map(|name| {
            let section = merged.sections.remove(name)?;
            section.value.as_str().map(Arc::<str>::from)
        });
        if let Some(workspace) = workspace {
            (bench.workspace, bench.listed_workspace) = (workspace.clone(), workspace);
        }
        let code = code.or_else(|| component.clone().filter(|_| bench.sources.code().is_none()));
        Listing {
            workspace: bench.listed_workspace.clone(),
            imports: bench.parent.imports().clone(),
            gives: bench.parent.gives(),
            component,
            code,
        }
    }

    /// The component's workspace, as it has it and as a list of stacks shows it.
    fn workspace(&self, bench: &mut Bench<'_>, merged: &Merged) {
        let backend_type = merged.get("backend_type").and_then(Value::as_str);
        if backend_type == Some("http") || !self.dialect.has_workspaces {
            (bench.workspace, bench.listed_workspace) = ("default".into(), "default".into());
            return;
        }
        let metadata = merged.get("metadata");
        let inherited = metadata.and_then(|metadata| metadata.get("component")?.as_str());
        let component = bench.id.name.as_str();
        let tokens = self.tokens(merged);
        let own = backend::Placed {
            metadata,
            stack: bench.stack.as_str(),
            component,
            code: bench.sources.code().or(inherited).filter(|code| *code != component),
            tokens: &tokens,
        };
        let workspace = own.workspace();
        bench.listed_workspace = backend::Placed { component: "", code: None, ..own }.workspace();
        bench.workspace = workspace;
    }

    fn backend(&self, bench: &mut Bench<'_>, merged: &mut Merged) {
        let sources = bench.sources;
        let text = |merged: &Merged, key: &str| {
            merged.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let kind_of = text(merged, "backend_type");
        let metadata = merged.get("metadata");
        let said = |key: &str| metadata.and_then(|m| m.get(key)?.as_str().map(str::to_owned));
        if let Some(before) = merged.get("backend").cloned() {
            let named = backend::Named {
                component: bench.id.name.as_str(),
                code: sources.code(),
                name: said("name"),
                separator: &self.dialect.prefix_separator,
            };
            let after = backend::of_type(&before, sources.shared("backend"), &kind_of, &named);
            merged.compute("backend", Reach::Derived("the backend's type and key"), after);
        }
        let remote_type = match text(merged, "remote_state_backend_type") {
            empty if empty.is_empty() => kind_of.clone(),
            said => said,
        };
        let backend = merged.get("backend").cloned().map(|backend| match remote_type == kind_of {
            true => backend,
            false => Value::empty_map(),
        });
        let own = merged.get("remote_state_backend").map(|all| backend::only(all, &remote_type));
        let remote = match (&backend, own) {
            (Some(backend), Some(own)) => Some(merge::merge(backend, &own, Lists::Replace)),
            (backend, own) => own.or_else(|| backend.clone()),
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

    fn component(&mut self, mut bench: Bench<'_>, merged: Merged, listing: Listing) -> Finished {
        let mut blocks = std::mem::take(self.blocks);
        let metadata = merged.get("metadata");
        let locked = metadata.and_then(|m| switch(m.get("locked")?)).unwrap_or(false);
        self.tell_odd_switches(&bench, metadata);
        let block = merged.get("settings").and_then(|settings| settings.get("reconcile"));
        let span = |value: &Value| self.span(bench.parent, &bench.sources.key, value);
        // What was to be rendered and could not be says nothing, and neither does what is not there.
        let fails = !bench.faults.is_empty();
        let is_written = |text: &str| self.is_written_only(text) || (fails && self.is_unsaid(text));
        let reconcile = match block.filter(|_| bench.presence != Presence::Abstract) {
            Some(block) => blocks.read(block, is_written, span),
            None => Ok(Reconcile::default()),
        };
        let reconcile = reconcile.unwrap_or_else(|found| {
            bench.faults.extend(found);
            Reconcile::default()
        });
        let depends_on = merged.get("settings").and_then(|settings| settings.get("depends_on"));
        let wrong = depends_on.and_then(dependency::misshapen).map(|wrong| {
            let message = "`depends_on` is a map of maps, each of which names a `component`";
            let fault = Diagnostic::error(Code::SectionType, span(wrong), message);
            fault.hint("write `depends_on: {1: {component: vpc}}`")
        });
        bench.faults.extend(wrong);
        bench.faults.extend(block.and_then(|block| self.aimless(block)).map(
            |(target, question)| {
                let message = format!("the target waits to know `!{question}`");
                let fault = Diagnostic::error(Code::SettingsInvalid, span(target), message);
                fault.hint("write the name of the target: it decides where everything is")
            },
        ));
        let undecided = match bench.presence {
            Presence::Active => undecided(&merged),
            Presence::Disabled | Presence::Abstract => BTreeSet::new(),
        };
        let faults = std::mem::take(&mut bench.faults);
        let inheritance = bench.sources.inheritance.iter();
        let component = Component {
            presence: bench.presence,
            locked,
            code: bench.sources.code().unwrap_or(bench.id.name.as_str()).into(),
            inheritance: inheritance.filter_map(|base| ComponentName::new(base).ok()).collect(),
            sections: Value::computed(Node::Map(merged.map())),
            layers: merged.layers.unwrap_or_default(),
            dependencies: Vec::new(),
            questions: bench.open.into_iter().collect(),
            undecided: undecided.into_iter().collect(),
            reconcile,
            at: bench.parent.span(&bench.sources.key),
            manifest: bench.parent.path.clone(),
            workspace: bench.workspace,
            listing,
            id: bench.id,
        };
        *self.blocks = blocks;
        Finished { component, faults }
    }

    /// Tells switches that are neither true nor false.
    fn tell_odd_switches(&mut self, bench: &Bench<'_>, metadata: Option<&Value>) {
        for key in SWITCHES {
            let Some(value) = metadata.and_then(|metadata| metadata.get(key)) else { continue };
            let is_said = switch(value).is_some() || value.is_null() || value.is_open();
            if is_said || value.as_str().is_some_and(|text| self.is_written_only(text)) {
                continue;
            }
            let at = self.span(bench.parent, &bench.sources.key, value);
            let message = format!("`metadata.{key}` is neither true nor false, and means nothing");
            let odd = Diagnostic::warning(Code::SectionType, at, message);
            self.warnings.push(odd.hint(format!("write `{key}: true` or `{key}: false`")));
        }
    }

    /// The target that a component to be applied names, if that cannot be known here.
    fn aimless<'v>(&self, block: &'v Value) -> Option<(&'v Value, Question)> {
        let target = block.get("target").unwrap_or(block);
        let Node::Unknown(question) = &target.node else { return None };
        let is_asked = self.answers.contains_key(question.as_ref());
        (is_asked && !self.looking).then(|| (target, question.as_ref().clone()))
    }

    /// Whether a template or call stands in `text` that nobody wants rendered or called: it is shown
    /// as it is written, and means nothing.
    fn is_written_only(&self, text: &str) -> bool {
        let Evaluation { templates, functions, skip, .. } = self.evaluation;
        let is_template = || template::has_open(text, &self.templates.open());
        let is_call = || function::call_in(text).is_some();
        (!templates && is_template()) || ((!functions || !skip.is_empty()) && is_call())
    }

    /// Whether `text` is not what it was to become.
    pub(super) fn is_unsaid(&self, text: &str) -> bool {
        text.contains(NO_VALUE) || template::has_open(text, &self.templates.open())
    }

    /// Where a value was written; where its component is declared for one that nobody wrote.
    pub(super) fn span(&self, parent: &Parent, key: &Key, value: &Value) -> Span {
        span(self.library, parent, key, value)
    }
}

/// What lists of a component do.
pub(super) fn strategy(
    library: &Library,
    dialect: &Dialect,
    parent: &Parent,
    sources: &Sources,
) -> Result<Lists, Box<Diagnostic>> {
    match sources.strategy() {
        Some(value) => atmos_yaml::lists(&value, span(library, parent, &sources.key, &value)),
        None => Ok(dialect.lists),
    }
}

/// Whether the type of the backend of the component `key` is one of those that are set up.
pub(super) fn backend_type(
    library: &Library,
    parent: &Parent,
    key: &Key,
    backends: Option<(Value, BTreeSet<Arc<str>>)>,
) -> Result<(), Box<Diagnostic>> {
    let Some((wanted, known)) = backends else { return Ok(()) };
    let text = wanted.as_str().unwrap_or_default();
    if text.is_empty() || known.is_empty() || known.contains(text) {
        return Ok(());
    }
    let known = known.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", ");
    let message = format!("the backend's type is `{text}`, and only {known} is set up");
    let span = span(library, parent, key, &wanted);
    let fault = Diagnostic::error(Code::SectionType, span, message);
    Err(Box::new(fault.hint(format!("set up `backend.{text}`, or change `backend_type`"))))
}

fn span(library: &Library, parent: &Parent, key: &Key, value: &Value) -> Span {
    library.files.span(value.origin).unwrap_or_else(|| parent.span(key))
}

/// Whether what was found holds whatever the rest of a component comes to. A template or a call may
/// fail only because a value is missing that a base would have said.
fn is_apart(found: &Diagnostic) -> bool {
    let may_follow = [Code::TemplateFailed, Code::TemplateMissingKey, Code::FunctionFailed];
    !may_follow.contains(&found.code)
}

/// Takes away what asks for it, where anything might.
fn prune(merged: &mut Merged) {
    let asks = Marks::UNSET.and(Marks::TEMPLATE).and(Marks::FUNCTION);
    for section in merged.sections.values_mut().filter(|section| section.marks.has(asks)) {
        section.value = merge::prune(&section.value);
    }
    merged.sections.retain(|_, section| !merge::is_unset(&section.value));
}

/// Whether there is anything to be rendered or called.
fn has_work(merged: &Merged) -> bool {
    let asks = Marks::TEMPLATE.and(Marks::FUNCTION);
    merged.sections.values().any(|section| section.marks.has(asks))
}

/// What has to be known of a component before anything is done with it.
fn undecided(merged: &Merged) -> BTreeSet<Question> {
    let mut open = BTreeSet::new();
    for (section, keys) in DECIDING {
        let Some(value) = merged.get(section) else { continue };
        match value.as_map() {
            Some(map) => keys.iter().filter_map(|key| map.get(key)).for_each(|value| {
                value.questions(&mut open);
            }),
            None => value.questions(&mut open),
        }
    }
    open
}

/// What a switch says. A template that is quoted comes out as a text.
fn switch(value: &Value) -> Option<bool> {
    match value.as_str() {
        Some("true") => Some(true),
        Some("false") => Some(false),
        _ => value.as_bool(),
    }
}

fn presence(metadata: Option<&Value>) -> Presence {
    let get = |key: &str| metadata.and_then(|metadata| metadata.get(key));
    if get("type").and_then(Value::as_str) == Some("abstract") {
        Presence::Abstract
    } else if get("enabled").and_then(switch) == Some(false) {
        Presence::Disabled
    } else {
        Presence::Active
    }
}
