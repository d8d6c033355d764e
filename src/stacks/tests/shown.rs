//! The example shows every mechanism of the dialect once: what the engine knows by name is written
//! somewhere in it, or stands here with the reason why not.

use std::collections::BTreeSet;

use serde_yaml::{Mapping, Value};

use super::examples;
use crate::stacks::{function, sections};

const ASKS: &str = "its answer is not in the repository, so an agent would not plan the example";
const NOT_DONE: &str = "nothing does it yet, see docs/atmos.md";

/// What no stack of the example says, and why.
const ABSENT: &[(&str, &str)] = &[
    ("!aws.account_id", ASKS),
    ("!aws.caller_identity_arn", ASKS),
    ("!aws.caller_identity_user_id", ASKS),
    ("!aws.organization_id", ASKS),
    ("!aws.region", ASKS),
    ("!emulator", ASKS),
    ("!exec", ASKS),
    ("!git.branch", ASKS),
    ("!git.host", ASKS),
    ("!git.name", ASKS),
    ("!git.owner", ASKS),
    ("!git.ref", ASKS),
    ("!git.repository", ASKS),
    ("!git.root", ASKS),
    ("!git.sha", ASKS),
    ("!git.url", ASKS),
    ("!repo-root", ASKS),
    ("!secret", ASKS),
    ("!store", ASKS),
    ("!store.get", ASKS),
    ("!version", ASKS),
    ("!cel", "stays a text, tag included"),
    ("!cwd", "stays a text, tag included"),
    ("!random", "stays a text, tag included"),
    ("!labels.keys", "one half of what `!labels` gives"),
    ("!labels.values", "one half of what `!labels` gives"),
    ("!output", "another name of `!terraform.output`"),
    ("component auth", NOT_DONE),
    ("component generate", NOT_DONE),
    ("component hooks", NOT_DONE),
    ("component plugins", NOT_DONE),
    ("component provision", NOT_DONE),
    ("component retry", NOT_DONE),
    ("component secrets", NOT_DONE),
    ("component source", NOT_DONE),
    ("component release", NOT_DONE),
    ("component render", NOT_DONE),
    ("component test", NOT_DONE),
    ("component validate", NOT_DONE),
    ("component component", "the older way to say `metadata.component`"),
    ("component name", "of charts from elsewhere: the example plans without a network"),
    ("component repository", "of charts from elsewhere: the example plans without a network"),
    ("component version", "of charts from elsewhere: the example plans without a network"),
    ("component required_providers", "modules say it themselves, in `versions.tf`"),
    ("component required_version", "modules say it themselves, in `versions.tf`"),
    ("dependency environment", "parts of a stack's name, where `stack` says all of it"),
    ("dependency namespace", "parts of a stack's name, where `stack` says all of it"),
    ("dependency stage", "parts of a stack's name, where `stack` says all of it"),
    ("dependency tenant", "parts of a stack's name, where `stack` says all of it"),
    ("dependency folder", "a `file` for all that is in a folder"),
    ("dependency name", "another name of `component`"),
    ("import ignore_missing_template_values", "would hide a value that somebody forgot"),
    ("import skip_templates_processing", "no file here is both rendered and another tool's"),
    ("import nested_imports", "of files from elsewhere"),
    ("import ttl", "of files from elsewhere"),
    ("kind ansible", NOT_DONE),
    ("kind container", NOT_DONE),
    ("kind emulator", NOT_DONE),
    ("kind helmfile", NOT_DONE),
    ("kind packer", NOT_DONE),
    ("metadata terraform_workspace_pattern", "Atmos fills it in otherwise in each command"),
    ("metadata terraform_workspace_template", "Atmos refuses it in `describe stacks`"),
    ("rule disabled", "a rule that does not hold is no example"),
    ("rule level", "Isobar's own, and Atmos reads the example too: docs/recipes/rules.md"),
    ("top stores", NOT_DONE),
];

/// Whether a path of an import is of a form.
type Is = fn(&str) -> bool;

/// Forms of an import that are not keys.
const FORMS: &[(&str, Is)] = &[
    ("of the same folder", |path| path.starts_with("./")),
    ("of another folder", |path| path.starts_with("../")),
    ("from the root of the stacks", |path| !path.starts_with('.')),
    ("many at once", |path| path.ends_with("/*")),
    ("many of any depth", |path| path.contains("**")),
];

/// Collects what manifests say, each as `where name`.
#[derive(Default)]
struct Said(BTreeSet<String>);

impl Said {
    fn keys(&mut self, place: &str, value: &Value) {
        let names = keys(value).map(|(name, _)| format!("{place} {name}"));
        self.0.extend(names);
    }

    fn tags(&mut self, value: &Value) {
        match value {
            Value::Tagged(tagged) => {
                self.0.insert(tagged.tag.to_string());
                self.tags(&tagged.value);
            }
            Value::Sequence(items) => items.iter().for_each(|item| self.tags(item)),
            Value::Mapping(map) => map.values().for_each(|value| self.tags(value)),
            _ => {}
        }
    }

    fn manifest(&mut self, manifest: &Value) {
        self.keys("top", manifest);
        self.tags(manifest);
        for (name, value) in keys(manifest) {
            match name {
                "import" => value.as_sequence().into_iter().flatten().for_each(|i| self.import(i)),
                "components" => self.components(value),
                "metadata" => self.keys("metadata", value),
                _ if sections::KINDS.contains(&name) => self.keys("component", value),
                _ => {}
            }
        }
    }

    fn import(&mut self, import: &Value) {
        self.keys("import", import);
        let path = import.as_str().or_else(|| import.get("path")?.as_str());
        let path = path.expect("an import has a path");
        let forms = FORMS.iter().filter(|(_, is)| is(path));
        self.0.extend(forms.map(|(form, _)| format!("import {form}")));
    }

    fn components(&mut self, kinds: &Value) {
        self.keys("kind", kinds);
        for (_, component) in keys(kinds).flat_map(|(_, components)| keys(components)) {
            self.keys("component", component);
            for (section, value) in keys(component) {
                match section {
                    "metadata" => self.keys("metadata", value),
                    "dependencies" => self.each("dependency", value.get("components")),
                    "settings" => {
                        self.each("dependency", value.get("depends_on"));
                        self.each("rule", value.get("validation"));
                    }
                    _ => {}
                }
            }
        }
    }

    /// The keys of each map in `all`.
    fn each(&mut self, place: &str, all: Option<&Value>) {
        let (items, map) = (all.and_then(Value::as_sequence), all.and_then(Value::as_mapping));
        let items = items.into_iter().flatten().chain(map.into_iter().flat_map(Mapping::values));
        items.for_each(|item| self.keys(place, item));
    }
}

fn keys(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let map = value.as_mapping().into_iter().flatten();
    map.filter_map(|(name, value)| Some((name.as_str()?, value)))
}

#[test]
fn every_mechanism_is_in_the_example_or_has_a_reason() {
    let mut said = Said::default();
    let files = examples();
    for (path, _) in files.below("stacks") {
        let is_manifest = path.as_ref().ends_with(".yaml");
        if let Some(text) = is_manifest.then(|| files.text(path.as_ref()).expect("text")).flatten()
        {
            said.manifest(&serde_yaml::from_str(&text).expect("YAML"));
        }
    }

    let known = |place: &'static str, names: &'static [&'static str]| {
        names.iter().map(move |name| format!("{place} {name}"))
    };
    let forms = FORMS.iter().map(|(form, _)| format!("import {form}"));
    let sections = sections::component_keys().filter(|name| *name != "locals");
    let all: BTreeSet<String> = function::names()
        .map(str::to_owned)
        .chain(sections.map(|name| format!("component {name}")))
        .chain(forms)
        .chain(known("top", sections::TOP))
        .chain(known("kind", sections::KINDS))
        .chain(known("import", sections::IMPORT))
        .chain(known("metadata", sections::METADATA))
        .chain(known("dependency", sections::DEPENDENCY))
        .chain(known("rule", crate::stacks::rules::KEYS))
        .collect();
    let absent: BTreeSet<String> = ABSENT.iter().map(|(name, _)| (*name).to_owned()).collect();

    let missing: Vec<_> = all.iter().filter(|name| !said.0.contains(*name)).collect();
    assert_eq!(missing, absent.iter().collect::<Vec<_>>(), "not shown, and with a reason");
}
