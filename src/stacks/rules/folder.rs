//! The folders in which rules lie, and what lies in them.
//!
//! Below the folder of the schemas (`schemas.base_path` in `isobar.yaml`):
//! - `component-schemas/<component>.<ext>` is for the components of that name, or whose code is of
//!   that name; `<kind>/<component>.<ext>` for those of one kind,
//! - `stack-schemas/<any>.<ext>` is for every stack,
//! - `frameworks/<name>.<ext>` and `frameworks/<name>/<component>.<ext>` are for those who ask.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Language, Rule, TIMEOUT_DEFAULT};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::model::desired::Component;
use crate::model::policy::Schemas;
use crate::source::Snapshot;
use crate::stacks::atmos_yaml::{Dialect, SchemaFolders};
use crate::stacks::path;

/// The rules that apply by where they lie.
pub(super) struct Folders {
    named: SchemaFolders,
    /// By what a component is called.
    components: BTreeMap<String, Vec<Rule>>,
    pub(super) stacks: Vec<Rule>,
    /// By name, then by component; what is for all is at the empty name.
    frameworks: BTreeMap<String, BTreeMap<String, Vec<Rule>>>,
    /// What cannot be read where they lie: there may be more of them.
    pub(super) gaps: Vec<Diagnostic>,
}

impl Folders {
    pub(super) fn read(snapshot: &Snapshot, dialect: &Dialect, said: &Schemas) -> Self {
        let base = match &said.base_path {
            Some(base) => path::normal(base).unwrap_or_default(),
            None => format!("{}/_globals/schemas", dialect.stacks),
        };
        let in_folder = |name: &str| -> Vec<(String, Rule)> {
            let folder = format!("{base}/{name}");
            let files = snapshot.below(&folder).map(|(path, _)| path);
            files.filter_map(|file| rule(file, &folder, said)).collect()
        };
        let mut components: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (name, rule) in in_folder("component-schemas") {
            components.entry(name).or_default().push(rule);
        }
        let mut frameworks: BTreeMap<String, BTreeMap<String, Vec<_>>> = BTreeMap::new();
        for (stem, rule) in in_folder("frameworks") {
            let (name, component) = stem.split_once('/').unwrap_or((&stem, ""));
            let of = frameworks.entry(name.to_owned()).or_default();
            of.entry(component.to_owned()).or_default().push(rule);
        }
        let stacks = in_folder("stack-schemas").into_iter().map(|(_, rule)| rule).collect();
        // Below the stacks' folder it is said of stacks.
        let gaps = snapshot.gaps(&base).filter(|_| path::below(&base, &dialect.stacks) == base);
        let gaps = gaps.map(|(path, why)| {
            let message = format!("{path} cannot be read, and rules may be in it: {why}");
            Diagnostic::error(Code::FileUnreadable, Span::file(path.clone()), message)
        });
        let gaps = gaps.collect();
        Self { gaps, named: dialect.schemas.clone(), components, stacks, frameworks }
    }

    /// Where `schema_path` of a language begins.
    pub(super) fn base(&self, language: Language) -> &str {
        match language {
            Language::JsonSchema => &self.named.json_schema,
            Language::Rego => &self.named.opa,
            Language::Cel => &self.named.cel,
        }
    }

    /// What lies there for `component`.
    pub(super) fn of_component(&self, component: &Component) -> impl Iterator<Item = &Rule> {
        fitting(&self.components, component)
    }

    /// What the framework `name` has for `component`; `None` if there is no such framework.
    pub(super) fn framework(
        &self,
        name: &str,
        component: &Component,
    ) -> Option<impl Iterator<Item = &Rule>> {
        let of = self.frameworks.get(name)?;
        Some(of.get("").into_iter().flatten().chain(fitting(of, component)))
    }

    pub(super) fn frameworks(&self) -> impl Iterator<Item = &str> {
        self.frameworks.keys().map(String::as_str)
    }

    /// Every rule that lies in one of the folders.
    pub(super) fn all(&self) -> impl Iterator<Item = &Rule> {
        let frameworks = self.frameworks.values().flat_map(BTreeMap::values).flatten();
        self.components.values().flatten().chain(&self.stacks).chain(frameworks)
    }
}

fn fitting<'r>(
    rules: &'r BTreeMap<String, Vec<Rule>>,
    component: &Component,
) -> impl Iterator<Item = &'r Rule> {
    let (kind, name) = (component.id.kind.as_str(), component.id.name.as_str());
    let code = component.code.as_ref();
    let mut names =
        vec![name.to_owned(), code.to_owned(), format!("{kind}/{name}"), format!("{kind}/{code}")];
    names.sort();
    names.dedup();
    names.into_iter().filter_map(|name| rules.get(&name)).flatten()
}

fn rule(file: &Arc<str>, folder: &str, said: &Schemas) -> Option<(String, Rule)> {
    let language = Language::of(file)?;
    let (stem, _) = path::below(file, folder).rsplit_once('.')?;
    let rule = Rule {
        name: stem.into(),
        language,
        file: file.clone(),
        modules: Vec::new(),
        description: None,
        level: said.level,
        timeout: TIMEOUT_DEFAULT,
        at: Span::file(file.clone()),
    };
    Some((stem.to_owned(), rule))
}
