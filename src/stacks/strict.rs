//! What Atmos refuses to describe although it resolves: keys it does not know and values of
//! another shape, in any file below the folder of the stacks, imported or not.
//!
//! Text is looked at as it is written: nothing is rendered or called.

use std::sync::Arc;

use super::atmos_yaml::{Dialect, NameRule};
use super::load::Library;
use super::path;
use super::sections;
use crate::diagnostic::{Code, Diagnostic, Form, Span, closest};
use crate::model::value::{Map, Node, Rules, Value};

/// What a kind's components may say, and the kind itself. What is not listed may say anything.
struct Known {
    kind: &'static str,
    component: &'static [&'static str],
    shared: &'static [&'static str],
}

/// Keys that a component of any listed kind may have.
const COMMON: &[&str] = &[
    "auth",
    "component",
    "dependencies",
    "env",
    "locals",
    "metadata",
    "overrides",
    "provision",
    "retry",
    "secrets",
    "settings",
    "source",
    "vars",
];

/// Keys that may stand under any listed kind.
const SHARED: &[&str] = &["dependencies", "env", "locals", "overrides", "settings", "vars"];

const KNOWN: &[Known] = &[
    Known {
        kind: "terraform",
        component: &[
            "backend",
            "backend_type",
            "command",
            "generate",
            "hooks",
            "mocks",
            "providers",
            "remote_state_backend",
            "remote_state_backend_type",
            "required_providers",
            "required_version",
            "test",
        ],
        shared: &[
            "backend",
            "backend_type",
            "command",
            "generate",
            "hooks",
            "providers",
            "remote_state_backend",
            "remote_state_backend_type",
            "required_providers",
            "required_version",
            "retry",
        ],
    },
    Known { kind: "helmfile", component: &["command", "plugins"], shared: &["command", "plugins"] },
    Known { kind: "packer", component: &["command"], shared: &["command"] },
    Known {
        kind: "kubernetes",
        component: &["generate", "hooks", "manifests", "paths", "provider", "render", "validate"],
        shared: &["generate", "hooks", "manifests", "paths", "provider", "render"],
    },
    Known {
        kind: "helm",
        component: &[
            "chart",
            "generate",
            "hooks",
            "name",
            "namespace",
            "plugins",
            "render",
            "repositories",
            "repository",
            "values",
            "values_files",
            "version",
        ],
        shared: &["generate", "hooks", "plugins", "render", "repositories"],
    },
];

/// The keys of `metadata` that nothing may say in a manifest although the resolver knows them.
const METADATA_REFUSED: &[&str] = &["terraform_workspace_template"];

/// Everything in the repository that Atmos would not describe.
pub(super) fn refused(library: &mut Library, dialect: &Dialect) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    if matches!(dialect.name, NameRule::File) {
        let message = "nothing says how stacks are named";
        let fault = Diagnostic::error(Code::StackName, Span::file("atmos.yaml"), message);
        found.push(fault.hint("set `stacks.name_template`: scripts written for Atmos rely on it"));
    }
    let excluded = dialect.excluded.iter().filter_map(|glob| path::glob(&glob.text).ok());
    let excluded: Vec<_> = excluded.map(|glob| glob.compile_matcher()).collect();
    let below = library.snapshot.below(&dialect.stacks).map(|(path, _)| path.clone());
    let files: Vec<Arc<str>> = below
        .filter(|file| file.ends_with(".yaml") || file.ends_with(".yml"))
        .filter(|file| {
            let below = path::below(file, &dialect.stacks);
            !excluded.iter().any(|glob| glob.is_match(below) || glob.is_match(file.as_ref()))
        })
        .collect();
    for file in files {
        let Some(source) = library.read(&file) else { continue };
        found.extend(source.faults.iter().cloned());
        found.extend(source.partial.iter().map(|partial| partial.fault.clone()));
        if source.faults.is_empty() {
            let mut look = Look { library, file: &file, found: Vec::new() };
            look.manifest(&source.value);
            found.append(&mut look.found);
        }
    }
    found
}

struct Look<'l> {
    library: &'l Library,
    file: &'l Arc<str>,
    found: Vec<Diagnostic>,
}

impl Look<'_> {
    fn manifest(&mut self, root: &Value) {
        let empty =
            self.library.text(self.file).is_ok_and(|text| text.is_none_or(|t| t.is_empty()));
        let Some(map) = self.map(root, "a manifest").filter(|_| !empty) else {
            if empty {
                self.found.clear();
            }
            return;
        };
        if let Some(imports) = map.get("import") {
            self.imports(imports);
        }
        for known in KNOWN {
            if let Some(whole) = map.get(known.kind)
                && let Some(kind) = whole.as_map()
            {
                let all: Vec<_> = SHARED.iter().chain(known.shared).copied().collect();
                self.keys(whole, kind, &all, &format!("under `{}`", known.kind));
                self.settings(kind);
            }
        }
        self.settings(map);
        let components = map.get("components").and_then(Value::as_map);
        for (kind, all) in components.into_iter().flat_map(Map::iter) {
            let known = KNOWN.iter().find(|known| known.kind == kind.as_ref());
            let Some((known, components)) = known.zip(all.as_map()) else { continue };
            for (name, component) in components.iter() {
                self.component(known, name, component);
            }
        }
    }

    fn imports(&mut self, imports: &Value) {
        let Some(items) = self.list(imports, "`import`") else { return };
        for item in items {
            if let Node::Map(map) = &item.node {
                self.keys(item, map, sections::IMPORT, "in an import");
            }
        }
    }

    fn component(&mut self, known: &Known, name: &str, component: &Value) {
        let named = |c: char| c.is_ascii_alphanumeric() || "/-_{}. ".contains(c);
        if !name.chars().all(named) {
            let message = format!("`{name}` is no name for a component");
            let hint = "letters, digits and `/`, `-`, `_`, `.` make a name";
            self.find(Code::SectionType, component, &message, hint);
        }
        let Some(map) = component.as_map() else { return };
        let all: Vec<_> = COMMON.iter().chain(known.component).copied().collect();
        self.keys(component, map, &all, &format!("in a {} component", known.kind));
        self.settings(map);
        if let Some((metadata, map)) = map.get("metadata").and_then(|m| Some((m, m.as_map()?))) {
            let known = sections::METADATA.iter().copied();
            let known: Vec<_> = known.filter(|key| !METADATA_REFUSED.contains(key)).collect();
            self.keys(metadata, map, &known, "in `metadata`");
            self.metadata(map);
        }
    }

    fn metadata(&mut self, metadata: &Map) {
        for (key, value) in metadata.iter().filter(|(_, value)| !is_call(value)) {
            match key.as_ref() {
                "enabled" | "locked" if value.as_bool().is_none() => {
                    let hint = format!("write `{key}: true` or `{key}: false`");
                    let message = format!("`metadata.{key}` is true or false");
                    self.find(Code::SectionType, value, &message, &hint);
                }
                "inherits" | "tags" => {
                    let what = format!("`metadata.{key}`");
                    let Some(items) = self.list(value, &what) else { continue };
                    for (at, item) in items.iter().enumerate() {
                        self.text(item, &format!("an item of {what}"));
                        let again = key.as_ref() == "inherits" && items[..at].contains(item);
                        if again {
                            let hint = "remove one of the two";
                            self.find(Code::SectionType, item, "this base is named twice", hint);
                        }
                    }
                }
                "labels" => {
                    for (_, label) in value.as_map().into_iter().flat_map(Map::iter) {
                        self.text(label, "a label");
                    }
                }
                "custom" => drop(self.map(value, "`metadata.custom`")),
                "type" if !matches!(value.as_str(), Some("abstract" | "real")) => {
                    let message = "`metadata.type` is `abstract` or `real`";
                    let hint = "write `type: abstract` for a base that others inherit from";
                    self.find(Code::SectionType, value, message, hint);
                }
                "enabled" | "locked" | "type" => {}
                _ => self.text(value, &format!("`metadata.{key}`")),
            }
        }
    }

    /// What `depends_on` may be, for whoever has settings.
    fn settings(&mut self, sections: &Map) {
        let depends_on = sections.get("settings").and_then(|settings| settings.get("depends_on"));
        let Some(depends_on) = depends_on.filter(|value| !is_call(value)) else { return };
        let Some(map) = self.map(depends_on, "`settings.depends_on`") else { return };
        for (_, item) in map.iter() {
            self.map(item, "an item of `settings.depends_on`");
        }
    }

    fn keys(&mut self, whole: &Value, map: &Map, known: &[&'static str], place: &str) {
        for (key, _) in map.iter().filter(|(key, _)| !known.contains(&key.as_ref())) {
            let at = self.library.key_span(whole, key).unwrap_or_else(|| self.span(whole));
            let found =
                Diagnostic::error(Code::UnknownKey, at, format!("`{key}` means nothing {place}"));
            self.found.push(match closest(key, known.iter().copied()) {
                Some(name) => found.hint(format!("did you mean `{name}`?")),
                None => found,
            });
        }
    }

    fn map<'v>(&mut self, value: &'v Value, what: &str) -> Option<&'v Map> {
        if !is_call(value) && value.as_map().is_none() {
            let message = format!("{what} must be a map");
            self.find(Code::SectionType, value, &message, &advice(Form::Map, what));
        }
        value.as_map()
    }

    fn list<'v>(&mut self, value: &'v Value, what: &str) -> Option<&'v [Value]> {
        let items = super::merge::appended(value).or(value.as_list());
        if !is_call(value) && items.is_none() {
            let message = format!("{what} must be a list");
            self.find(Code::SectionType, value, &message, &advice(Form::List, what));
        }
        items
    }

    fn text(&mut self, value: &Value, what: &str) {
        if !is_call(value) && !matches!(value.typed(Rules::Stack).node, Node::Str(_)) {
            let message = format!("{what} must be a text");
            self.find(Code::SectionType, value, &message, &advice(Form::Text, what));
        }
    }

    fn find(&mut self, code: Code, at: &Value, message: &str, hint: &str) {
        let found = Diagnostic::error(code, self.span(at), message);
        self.found.push(found.hint(hint));
    }

    fn span(&self, value: &Value) -> Span {
        self.library.span(value, self.file)
    }
}

/// How `what` is written: a key between backticks, or an item of something.
fn advice(form: Form, what: &str) -> String {
    match (what.starts_with('`'), form) {
        (true, form) => form.advice(what),
        (false, Form::Map) => "write a map: `{key: value}`".to_owned(),
        (false, Form::List) => "write a list: `[one, two]`".to_owned(),
        (false, Form::Text) => "write a text, in quotes if it looks like a number".to_owned(),
    }
}

/// Whether a function will say what the value is.
fn is_call(value: &Value) -> bool {
    matches!(&value.node, Node::Raw(raw) if raw.tag.as_deref().is_some_and(|t| !t.starts_with("!!")))
}
