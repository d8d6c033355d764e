//! Which rules apply to a component: those its settings name, and those that lie in its folder.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use super::folder::Folders;
use super::{Language, Rule, TIMEOUT_DEFAULT};
use crate::diagnostic::{Code, Diagnostic, Span, closest};
use crate::model::desired::Component;
use crate::model::policy::Level;
use crate::model::value::{Node, Rules, Value};
use crate::source::Snapshot;
use crate::stacks::path;

/// The keys of one rule below `settings.validation`.
pub(in crate::stacks) const KEYS: &[&str] =
    &["schema_type", "schema_path", "module_paths", "description", "disabled", "timeout", "level"];

/// Which of a component's rules are asked for.
#[derive(Debug, Clone)]
pub enum Asked {
    /// All that apply to it.
    All,
    /// The one of this name, even if it is disabled; else the framework of that name.
    Named(String),
    /// One that nobody declared.
    Given {
        /// Its file, as `schema_path` would say it.
        path: String,
        /// How it is written. Without it, by the file's extension.
        language: Option<Language>,
        /// Further Rego files and folders.
        modules: Vec<String>,
    },
}

/// There is no such rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{component} has no rule `{name}`, and there is no framework of that name{}", others(.known))]
pub struct UnknownRule {
    /// The component.
    pub component: String,
    /// What was asked for.
    pub name: String,
    /// What could have been.
    pub known: Vec<String>,
}

fn others(names: &[String]) -> String {
    if names.is_empty() { String::new() } else { format!("; there are {}", names.join(", ")) }
}

/// Reads declarations.
pub(super) struct Reader<'r> {
    pub(super) snapshot: &'r Snapshot,
    pub(super) folders: &'r Folders,
    /// Where a value was written; where its component is for one that nobody wrote.
    pub(super) span: &'r dyn Fn(&Value) -> Span,
}

impl Reader<'_> {
    /// The rules that are asked for of `component`, each file once, and what is wrong with how
    /// they are declared.
    pub(super) fn rules(
        &self,
        component: &Component,
        asked: &Asked,
    ) -> Result<(Vec<Rule>, Vec<Diagnostic>), UnknownRule> {
        let mut found = Vec::new();
        let mut rules = Vec::new();
        match asked {
            Asked::All => {
                for (name, value) in declarations(component) {
                    match self.declared(name, value, false) {
                        Ok(rule) => rules.extend(rule),
                        Err(fault) => found.push(*fault),
                    }
                }
                rules.extend(self.folders.of_component(component).cloned());
            }
            Asked::Named(name) => {
                let declared = declarations(component).find(|(known, _)| known.as_ref() == name);
                match declared.map(|(name, value)| self.declared(name, value, true)) {
                    Some(Ok(rule)) => rules.extend(rule),
                    Some(Err(fault)) => found.push(*fault),
                    None => rules.extend(self.framework(component, name)?),
                }
            }
            Asked::Given { path, language, modules } => {
                let at = (self.span)(&Value::computed(Node::Null));
                match self.given(path, *language, modules, &at) {
                    Ok(rule) => rules.push(rule),
                    Err(fault) => found.push(*fault),
                }
            }
        }
        // One file may be named by the settings and lie in the folder; the settings say more.
        let mut seen = BTreeMap::new();
        rules.retain(|rule| seen.insert((rule.language, rule.file.clone()), ()).is_none());
        Ok((rules, found))
    }

    fn framework(&self, component: &Component, name: &str) -> Result<Vec<Rule>, UnknownRule> {
        let rules = self.folders.framework(name, component);
        match rules {
            Some(rules) => Ok(rules.cloned().collect()),
            None => {
                let declared = declarations(component).map(|(name, _)| name.to_string());
                // A rule of a component may be called like a framework.
                let frameworks = self.folders.frameworks().map(str::to_owned);
                let known: BTreeSet<_> = declared.chain(frameworks).collect();
                Err(UnknownRule {
                    component: component.id.to_string(),
                    name: name.to_owned(),
                    known: known.into_iter().collect(),
                })
            }
        }
    }

    fn given(
        &self,
        path: &str,
        language: Option<Language>,
        modules: &[String],
        at: &Span,
    ) -> Result<Rule, Box<Diagnostic>> {
        let Some(language) = language.or_else(|| Language::of(path)) else {
            let message = format!("nothing says how `{path}` is written");
            let fault = Diagnostic::error(Code::RuleForm, at.clone(), message);
            return Err(Box::new(fault.hint("say it with `--schema-type`")));
        };
        let modules: Vec<_> = modules.iter().map(|path| (path.as_str(), at.clone())).collect();
        Ok(Rule {
            name: path.into(),
            language,
            file: self.file(language, path, at)?,
            modules: self.modules(&modules)?,
            description: None,
            level: Level::Deny,
            timeout: TIMEOUT_DEFAULT,
            at: at.clone(),
        })
    }

    /// What one entry of `settings.validation` asks for; `None` if it is switched off.
    fn declared(
        &self,
        name: &Arc<str>,
        value: &Value,
        even_disabled: bool,
    ) -> Result<Option<Rule>, Box<Diagnostic>> {
        let fault = |at: &Value, message: String| {
            let message = format!("`settings.validation.{name}`: {message}");
            Diagnostic::error(Code::RuleForm, (self.span)(at), message)
        };
        if value.as_map().is_none() {
            return Err(Box::new(fault(value, "a rule is a map".to_owned())));
        }
        let off = value.get("disabled").and_then(Value::as_bool).unwrap_or(false);
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let level = match value.get("level") {
            None => Level::Deny,
            Some(said) => level(said.as_str().unwrap_or_default())
                .ok_or_else(|| fault(said, "`level` is one of allow, warn, deny".to_owned()))?,
        };
        if (off || level == Level::Allow) && !even_disabled {
            return Ok(None);
        }
        let language = self.language(value, &fault)?;
        let Some(path) = value.get("schema_path") else {
            let found = fault(value, "`schema_path` is missing".to_owned());
            return Err(Box::new(found.hint("name the rule's file: `schema_path: vpc.json`")));
        };
        let at = (self.span)(path);
        let file = self.file(language, path.as_str().unwrap_or_default(), &at)?;
        let modules = value.get("module_paths").and_then(Value::as_list).unwrap_or_default();
        let modules: Vec<_> =
            modules.iter().filter_map(|m| Some((m.as_str()?, (self.span)(m)))).collect();
        Ok(Some(Rule {
            name: name.clone(),
            language,
            file,
            modules: self.modules(&modules)?,
            description: text("description").map(Arc::from),
            level,
            timeout: seconds(value.get("timeout")).unwrap_or(TIMEOUT_DEFAULT),
            at,
        }))
    }

    fn language(
        &self,
        value: &Value,
        fault: &dyn Fn(&Value, String) -> Diagnostic,
    ) -> Result<Language, Box<Diagnostic>> {
        let said = value.get("schema_type");
        let word = said.and_then(Value::as_str).unwrap_or_default();
        Language::parse(word).ok_or_else(|| {
            let words = Language::WORDS.iter().map(|(word, _)| *word);
            let listed = words.clone().collect::<Vec<_>>().join(", ");
            let found = fault(said.unwrap_or(value), format!("`schema_type` is one of {listed}"));
            Box::new(match closest(word, words) {
                Some(word) => found.hint(format!("did you mean `{word}`?")),
                None => found,
            })
        })
    }

    /// The rule's file: below the folder of its language, or else from the root.
    fn file(&self, language: Language, path: &str, at: &Span) -> Result<Arc<str>, Box<Diagnostic>> {
        let base = self.folders.base(language);
        let tried = [path::normal(&format!("{base}/{path}")), path::normal(path)];
        let found = tried.into_iter().flatten().find(|path| self.snapshot.entry(path).is_some());
        found.map(Arc::from).ok_or_else(|| {
            let there = if base.is_empty() { String::new() } else { format!(" in `{base}`") };
            let message = format!("there is no rule `{path}`{there}");
            let fault = Diagnostic::error(Code::RuleMissing, at.clone(), message);
            let known = self.snapshot.below(base).map(|(path, _)| path::below(path, base));
            Box::new(match closest(path, known) {
                Some(name) => fault.hint(format!("did you mean `{name}`?")),
                None => fault,
            })
        })
    }

    /// Every Rego file that is named, or lies in a folder that is.
    fn modules(&self, paths: &[(&str, Span)]) -> Result<Vec<Arc<str>>, Box<Diagnostic>> {
        let mut found = Vec::new();
        for (path, at) in paths {
            let base = self.folders.base(Language::Rego);
            let full = path::normal(&format!("{base}/{path}")).unwrap_or_default();
            if self.snapshot.entry(&full).is_some() {
                found.push(full.into());
                continue;
            }
            let inside = self.snapshot.below(&full).map(|(path, _)| path);
            let inside: Vec<_> = inside.filter(|path| path.ends_with(".rego")).cloned().collect();
            if inside.is_empty() {
                let message = format!("there is no Rego module `{path}` in `{base}`");
                return Err(Box::new(Diagnostic::error(Code::RuleMissing, at.clone(), message)));
            }
            found.extend(inside);
        }
        found.sort();
        found.dedup();
        Ok(found)
    }
}

fn declarations(component: &Component) -> impl Iterator<Item = (&Arc<str>, &Value)> {
    let block = component.section("settings").and_then(|settings| settings.get("validation"));
    block.and_then(Value::as_map).into_iter().flat_map(|map| map.iter())
}

fn level(word: &str) -> Option<Level> {
    match word {
        "allow" => Some(Level::Allow),
        "warn" => Some(Level::Warn),
        "deny" => Some(Level::Deny),
        _ => None,
    }
}

/// A number of seconds, at most the default: a rule may ask for less patience, not for more.
fn seconds(value: Option<&Value>) -> Option<Duration> {
    match value?.typed(Rules::Stack).node {
        Node::Int(seconds) => Some(
            Duration::from_secs(u64::try_from(seconds).ok()?)
                .clamp(Duration::from_secs(1), TIMEOUT_DEFAULT),
        ),
        _ => None,
    }
}
