//! The name of the stack a component belongs to.

use std::collections::BTreeSet;
use std::sync::Arc;

use gotmpl::FieldPath;

use super::atmos_yaml::{Dialect, NameRule};
use super::function;
use super::path;
use super::template::{self, Missing, Moment, Templates};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::ids::StackName;
use crate::model::go_value;
use crate::model::value::{Rules, Value};

/// What a stack's name is made of.
#[derive(Clone)]
pub(super) struct Identity {
    /// The paths in a component's sections that the rule reads.
    pub(super) fields: Vec<FieldPath>,
    /// Whether the manifest's path is the name where the pattern has no value.
    pub(super) by_file: bool,
}

impl Identity {
    pub(super) fn new(dialect: &Dialect, templates: &mut Templates) -> Self {
        let fields = match &dialect.name {
            NameRule::Template(text, _) => templates.fields(Moment::Import, text).as_ref().clone(),
            NameRule::Pattern(text, _) => {
                let field = |token| FieldPath(vec!["vars".to_owned(), token]);
                tokens(text).into_iter().map(field).collect()
            }
            NameRule::File => BTreeSet::new(),
        };
        Self { fields: fields.into_iter().collect(), by_file: false }
    }

    /// What is wrong with the rule as such, whatever it is to name.
    pub(super) fn fault(dialect: &Dialect, templates: &mut Templates) -> Option<Diagnostic> {
        let NameRule::Template(text, span) = &dialect.name else { return None };
        let error = templates.check(Moment::Import, text).err()?;
        let fault = template::diagnostic(&error, span.clone());
        Some(fault.hint("every stack is named by this: mend it"))
    }

    /// The name, where `said` is the manifest's own `name:`, `path` its path, and `find` gives
    /// what a component has at one of [`Identity::fields`].
    pub(super) fn name(
        &self,
        dialect: &Dialect,
        templates: &mut Templates,
        said: Option<&Arc<str>>,
        manifest: &Arc<str>,
        find: impl Fn(&FieldPath) -> Option<Value>,
    ) -> Result<StackName, Box<Diagnostic>> {
        let file = || path::stem(path::below(manifest, &dialect.stacks)).to_owned();
        let text = match (said, &dialect.name) {
            (Some(name), _) => name.as_ref().to_owned(),
            (None, NameRule::File) => file(),
            (None, NameRule::Pattern(text, span)) => {
                self.pattern(text, span, manifest, find)?.unwrap_or_else(file)
            }
            (None, NameRule::Template(text, span)) => {
                let scope = self.scope(span, manifest, find)?;
                let rendered = templates.text(Moment::Import, text, &scope, Missing::Fails);
                let name = rendered.map_err(|error| nameless(manifest, span, &error.message))?;
                if name.is_empty() { file() } else { name }
            }
        };
        StackName::new(&text).map_err(|error| {
            Box::new(fault(manifest, format!("this stack cannot be named: {error}")))
        })
    }

    /// The name by `pattern`; `None` where the manifest's path is the name instead.
    fn pattern(
        &self,
        pattern: &str,
        span: &Span,
        manifest: &Arc<str>,
        find: impl Fn(&FieldPath) -> Option<Value>,
    ) -> Result<Option<String>, Box<Diagnostic>> {
        let mut name = pattern.to_owned();
        for token in tokens(pattern) {
            let field = FieldPath(vec!["vars".to_owned(), token.clone()]);
            let value = find(&field);
            value.as_ref().map_or(Ok(()), |value| refuse_call(value, &field, span, manifest))?;
            let value = value.map(|value| value.typed(Rules::Stack));
            let Some(text) = value.as_ref().and_then(Value::as_str).filter(|t| !t.is_empty())
            else {
                if self.by_file {
                    return Ok(None);
                }
                return Err(nameless(manifest, span, &format!("`vars.{token}` is not a text")));
            };
            name = name.replace(&format!("{{{token}}}"), text);
        }
        Ok(Some(name))
    }

    fn scope(
        &self,
        span: &Span,
        manifest: &Arc<str>,
        find: impl Fn(&FieldPath) -> Option<Value>,
    ) -> Result<gotmpl::Value, Box<Diagnostic>> {
        let root = gotmpl::Map::new(gotmpl::Element::Any);
        for field in &self.fields {
            let Some((last, way)) = field.0.split_last() else { continue };
            let mut map = root.clone();
            for step in way {
                let inner = match map.get(step) {
                    Some(gotmpl::Value::Map(inner)) => inner,
                    _ => gotmpl::Map::new(gotmpl::Element::Any),
                };
                map.insert(step.as_str(), inner.clone().into());
                map = inner;
            }
            if let Some(value) = find(field) {
                refuse_call(&value, field, span, manifest)?;
                map.insert(last.as_str(), go_value::to_go(&value));
            }
        }
        Ok(root.into())
    }
}

/// Refuses a call in what a name is made of: an agent and a person have to find the same one.
fn refuse_call(
    value: &Value,
    field: &FieldPath,
    rule: &Span,
    manifest: &Arc<str>,
) -> Result<(), Box<Diagnostic>> {
    let Some(tag) = function::called_at(value) else { return Ok(()) };
    let message = format!("this stack has no name: `{tag}` at `{field}` is not called here");
    let fault = fault(manifest, message).related(rule.clone(), "names are made by this rule");
    Err(Box::new(fault.hint("write the value: it decides which stack this is")))
}

fn nameless(manifest: &Arc<str>, rule: &Span, why: &str) -> Box<Diagnostic> {
    let fault = fault(manifest, format!("this stack has no name: {why}"));
    let fault = fault.related(rule.clone(), "names are made by this rule");
    Box::new(fault.hint("set the missing value in this manifest or in what it imports"))
}

fn fault(manifest: &Arc<str>, message: String) -> Diagnostic {
    Diagnostic::error(Code::StackName, Span::file(manifest.clone()), message)
}

/// The names in braces.
fn tokens(pattern: &str) -> Vec<String> {
    let inside = pattern.split('{').skip(1).filter_map(|rest| rest.split_once('}'));
    inside.map(|(token, _)| token.to_owned()).collect()
}
