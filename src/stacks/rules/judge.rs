//! Every rule asked about everything it holds for.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rayon::prelude::*;
use serde_json::Value as Json;

use super::cel::Cel;
use super::declared::{Asked, Reader, UnknownRule};
use super::folder::Folders;
use super::input::{self, Found};
use super::json_schema::JsonSchema;
use super::rego::Rego;
use super::{Language, RULE_BYTES_MAX, Rule, Violation};
use crate::diagnostic::{Code, Diagnostic, Severity, Span};
use crate::ids::ComponentId;
use crate::model::desired::{Component, Desired, Stack};
use crate::model::files::Files;
use crate::model::policy::{Level, RepositoryPolicy};
use crate::model::question::Question;
use crate::model::value::{Origin, Value};
use crate::source::Snapshot;
use crate::stacks::atmos_yaml::Dialect;
use crate::stacks::load::Library;

/// The rules of one snapshot, each compiled once.
pub struct Rulebook {
    snapshot: Snapshot,
    folders: Folders,
    compiled: Mutex<BTreeMap<Source, Once>>,
}

/// What came of asking all rules.
#[derive(Debug, Clone, Default)]
pub struct Verdicts {
    /// Everything that is wrong, and what is only odd; in no order.
    pub diagnostics: Vec<Diagnostic>,
    /// The components that break a rule which forbids that, or may when more is known, or whose rules
    /// cannot be asked.
    pub broken: BTreeMap<ComponentId, Vec<Diagnostic>>,
}

/// What came of asking about one component.
#[derive(Debug, Clone, Default)]
pub struct Answer {
    /// The rules that apply, by name.
    pub rules: Vec<Arc<str>>,
    /// What is wrong, and what may be.
    pub diagnostics: Vec<Diagnostic>,
    /// What of it forbids to apply the component.
    forbids: Vec<Diagnostic>,
}

/// A rule's text: its language, its file, and the files it imports.
type Source = (Language, Arc<str>, Vec<Arc<str>>);

/// A rule that whoever asks it first compiles, and nobody again.
type Once = Arc<OnceLock<Result<Compiled, Vec<Diagnostic>>>>;

enum Compiled {
    JsonSchema(JsonSchema),
    Rego(Box<Rego>),
    Cel(Cel),
}

impl Rulebook {
    /// Reads what lies in the folders of `snapshot`. Rules that components name are read when
    /// they are asked.
    pub fn read(snapshot: &Snapshot, policy: &RepositoryPolicy) -> Self {
        let (dialect, _) = Dialect::read(&mut Library::new(snapshot, ""));
        let folders = Folders::read(snapshot, &dialect, &policy.schemas);
        Self { snapshot: snapshot.clone(), folders, compiled: Mutex::default() }
    }

    /// The same with every rule compiled that lies in a folder, before anyone asks it.
    pub fn compiled_ahead(self) -> Self {
        let lying: Vec<_> = self.folders.all().collect();
        lying.par_iter().with_max_len(1).for_each(|rule| drop(self.compiled(rule)));
        self
    }

    /// Asks all rules about all that is to be applied.
    pub fn judge(&self, desired: &Desired) -> Verdicts {
        let mut verdicts = Verdicts::default();
        verdicts.diagnostics.clone_from(&self.folders.gaps);
        for rule in self.folders.all() {
            let compiled = self.compiled(rule);
            let faults = compiled.wait().as_ref().err();
            let faults = faults.into_iter().flatten().map(|fault| level(rule, fault.clone()));
            verdicts.diagnostics.extend(faults);
        }
        let stacks = desired.largest_first().into_par_iter().with_max_len(1);
        let judged = stacks.map(|stack| {
            let mut verdicts = Verdicts::default();
            let mut inputs = Vec::new();
            for component in input::active(stack) {
                let input = OnceCell::new();
                let answer = self.answer(component, &desired.files, &Asked::All, &input);
                let Answer { diagnostics, forbids, .. } = answer.unwrap_or_default();
                verdicts.add(&component.id, forbids, diagnostics);
                inputs.push((component, input));
            }
            self.judge_stack(stack, inputs, &desired.files, &mut verdicts);
            verdicts
        });
        for more in judged.collect::<Vec<_>>() {
            verdicts.diagnostics.extend(more.diagnostics);
            verdicts.broken.extend(more.broken);
        }
        verdicts
    }

    /// Asks the rules of stacks alone.
    pub fn judge_stacks(&self, desired: &Desired) -> Vec<Diagnostic> {
        let mut verdicts = Verdicts::default();
        for stack in desired.stacks.values() {
            let inputs = input::active(stack).map(|component| (component, OnceCell::new()));
            self.judge_stack(stack, inputs.collect(), &desired.files, &mut verdicts);
        }
        verdicts.diagnostics
    }

    /// Asks some rules about one component.
    pub fn ask(
        &self,
        component: &Component,
        files: &Files,
        asked: &Asked,
    ) -> Result<Answer, UnknownRule> {
        self.answer(component, files, asked, &OnceCell::new())
    }

    /// The same; `input` is what rules see of it, once any wants to.
    fn answer(
        &self,
        component: &Component,
        files: &Files,
        asked: &Asked,
        input: &OnceCell<Json>,
    ) -> Result<Answer, UnknownRule> {
        let home = component.at.clone();
        let span = |value: &Value| files.span(value.origin).unwrap_or_else(|| home.clone());
        let reader = Reader { snapshot: &self.snapshot, folders: &self.folders, span: &span };
        let (rules, mut found) = reader.rules(component, asked)?;
        let names = rules.iter().map(|rule| rule.name.clone()).collect();
        let mut forbids = errors(&found);
        if rules.is_empty() {
            return Ok(Answer { rules: names, diagnostics: found, forbids });
        }
        let input = input.get_or_init(|| input::component(component));
        for rule in &rules {
            // What a schema is broken by it names; an expression may have looked at anything.
            let awaited = component.questions.first();
            let awaited = awaited.filter(|_| rule.language != Language::JsonSchema);
            let violations = self.asked(rule, input);
            let faults = violations.as_ref().err().into_iter().flatten();
            let mut broken: Vec<_> =
                faults.map(|fault| (fault.clone(), fault.code == Code::RuleFailed)).collect();
            for violation in violations.iter().flatten() {
                let Found { path, value, whole } =
                    input::find(&component.sections, &violation.path);
                let (what, at, depends) = match path.0.is_empty() {
                    true => (format!("`{}`", component.id.name), home.clone(), true),
                    false if whole => (format!("`{path}`"), span(value), value.is_open()),
                    // What a map does not have is known, whatever else is in it.
                    false => (format!("`{path}`"), span(value), input::is_open(value)),
                };
                let is_about_open = whole && !path.0.is_empty() && input::is_open(value);
                if !is_about_open {
                    broken.push((diagnostic(rule, violation, &what, at), depends));
                }
            }
            for (broken, depends) in broken {
                let is_error = broken.is_error();
                let told = match awaited.filter(|_| depends && is_error) {
                    Some(question) => undecided(broken, question),
                    None => broken,
                };
                forbids.extend(is_error.then(|| told.clone()));
                found.push(told);
            }
        }
        Ok(Answer { rules: names, diagnostics: found, forbids })
    }

    /// Asks the rules of stacks about one, whose active components `inputs` are.
    fn judge_stack(
        &self,
        stack: &Stack,
        inputs: Vec<(&Component, OnceCell<Json>)>,
        files: &Files,
        verdicts: &mut Verdicts,
    ) {
        let rules = &self.folders.stacks;
        if rules.is_empty() || inputs.is_empty() {
            return;
        }
        let seen = inputs.into_iter().map(|(component, input)| {
            let input = input.into_inner().unwrap_or_else(|| input::component(component));
            (component, input)
        });
        let input = input::stack(stack, seen);
        let manifest = stack.manifests.first().cloned().unwrap_or_else(|| "".into());
        // What a stack lacks may be what does not resolve.
        let unresolved = stack.unresolved.values().flatten().next();
        let cause = unresolved.map(|fault| Box::new(fault.cause().clone()));
        for rule in rules {
            let mut of: BTreeMap<Option<ComponentId>, Vec<Diagnostic>> = BTreeMap::new();
            let home = Span::file(manifest.clone());
            let compiled = match self.asked(rule, &input) {
                Ok(violations) => violations,
                Err(faults) => {
                    of.entry(None).or_default().extend(faults);
                    Vec::new()
                }
            };
            for violation in compiled {
                let (component, at, what) = stack_place(stack, files, &violation, &home);
                let mut found = diagnostic(rule, &violation, &what, at);
                found.follows = cause.clone().filter(|_| component.is_none());
                of.entry(component.map(|component| component.id.clone())).or_default().push(found);
            }
            for (component, found) in of {
                match component {
                    Some(id) => verdicts.add(&id, errors(&found), found),
                    None => {
                        for component in input::active(stack) {
                            verdicts.add(&component.id, errors(&found), found.clone());
                        }
                    }
                }
            }
        }
    }

    /// How `input` breaks `rule`; or why that cannot be told.
    fn asked(&self, rule: &Rule, input: &Json) -> Result<Vec<Violation>, Vec<Diagnostic>> {
        let answer = match self.compiled(rule).wait() {
            Err(found) => {
                return Err(found.iter().map(|fault| level(rule, fault.clone())).collect());
            }
            Ok(Compiled::JsonSchema(schema)) => Ok(schema.violations(input)),
            Ok(Compiled::Rego(rego)) => rego.violations(input, rule.timeout),
            Ok(Compiled::Cel(cel)) => {
                let otherwise = rule.description.as_deref();
                cel.violations(input, otherwise.unwrap_or("it does not hold"))
            }
        };
        answer.map_err(|why| {
            let message = format!("the rule `{}` fails: {why}", rule.name);
            let fault = Diagnostic::error(Code::RuleFailed, rule.at.clone(), message);
            vec![level(rule, fault.hint(format!("the rule is in `{}`", rule.file)))]
        })
    }

    /// The rule, compiled.
    fn compiled(&self, rule: &Rule) -> Once {
        let source = (rule.language, rule.file.clone(), rule.modules.clone());
        let mut all = self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        let once = all.entry(source).or_default().clone();
        drop(all);
        once.get_or_init(|| compile(&self.snapshot, rule));
        once
    }
}

impl Verdicts {
    fn add(&mut self, id: &ComponentId, forbids: Vec<Diagnostic>, found: Vec<Diagnostic>) {
        if !forbids.is_empty() {
            self.broken.entry(id.clone()).or_default().extend(forbids);
        }
        self.diagnostics.extend(found);
    }
}

fn errors(found: &[Diagnostic]) -> Vec<Diagnostic> {
    found.iter().filter(|found| found.is_error()).cloned().collect()
}

fn compile(snapshot: &Snapshot, rule: &Rule) -> Result<Compiled, Vec<Diagnostic>> {
    let mut texts = Vec::new();
    for file in std::iter::once(&rule.file).chain(&rule.modules) {
        let wrong = |code, message: String| {
            vec![Diagnostic::error(code, Span::file(file.clone()), message)]
        };
        let text = snapshot.text(file).map_err(|e| wrong(Code::FileUnreadable, e.to_string()))?;
        let text = text.unwrap_or_default();
        if text.len() > RULE_BYTES_MAX {
            let message = format!("a rule has at most {RULE_BYTES_MAX} bytes");
            return Err(wrong(Code::FileTooLarge, message));
        }
        texts.push((file.clone(), text));
    }
    let (file, text) = &texts[0];
    Ok(match rule.language {
        Language::JsonSchema => Compiled::JsonSchema(JsonSchema::compile(snapshot, file, text)?),
        Language::Rego => Compiled::Rego(Box::new(Rego::compile(&texts)?)),
        Language::Cel => Compiled::Cel(Cel::compile(file, text)?),
    })
}

/// The component of `stack` that a violation is about, if it is about one, and the place.
fn stack_place<'s>(
    stack: &'s Stack,
    files: &Files,
    violation: &Violation,
    home: &Span,
) -> (Option<&'s Component>, Span, String) {
    let component = match violation.path.as_slice() {
        [first, kind, name, ..] if first == "components" => {
            input::active(stack).find(|c| c.id.kind.as_str() == kind && c.id.name.as_str() == name)
        }
        _ => None,
    };
    let Some(component) = component else { return (None, home.clone(), "the stack".to_owned()) };
    let Found { path, value, .. } = input::find(&component.sections, &violation.path[3..]);
    let written = Some(value.origin).filter(|origin| *origin != Origin::NONE);
    let at = match path.0.is_empty() {
        true => None,
        false => written.and_then(|origin| files.span(origin)),
    };
    let named = match path.0.is_empty() {
        true => format!("`{}`", component.id.name),
        false => format!("`{path}` of `{}`", component.id.name),
    };
    (Some(component), at.unwrap_or_else(|| component.at.clone()), named)
}

/// What a rule says that may have looked at what is not known yet, such as the answer to `question`.
/// It is no mistake of anyone's, but the component is not applied before that is known.
fn undecided(found: Diagnostic, question: &Question) -> Diagnostic {
    let message = format!("as far as is known yet, {}", found.message);
    let hint = format!("it is asked again when `{question}` has an answer");
    Diagnostic { severity: Severity::Warning, message, ..found }.hint(hint)
}

/// `what` is what breaks it.
fn diagnostic(rule: &Rule, violation: &Violation, what: &str, at: Span) -> Diagnostic {
    let message = format!("{what} breaks the rule `{}`: {}", rule.name, violation.message);
    let found = level(rule, Diagnostic::error(Code::RuleBroken, at, message));
    let file = &rule.file;
    let hint = match (&violation.hint, &rule.description) {
        (Some(hint), _) => hint.clone(),
        (None, Some(text)) if **text != *violation.message => format!("{text} (`{file}`)"),
        _ => format!("the rule is in `{file}`"),
    };
    found.hint(hint)
}

/// A rule that is asked although it is allowed to break it only warns.
fn level(rule: &Rule, found: Diagnostic) -> Diagnostic {
    match rule.level {
        Level::Deny => found,
        Level::Warn | Level::Allow => Diagnostic { severity: Severity::Warning, ..found },
    }
}
