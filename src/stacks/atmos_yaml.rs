//! `atmos.yaml`: how the tree is read. Keys that do not bear on resolving are passed over.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::atmos_import::{self, Settings};
use super::load::Library;
use super::merge::Lists;
use super::parent::Lowest;
use super::path;
use super::slot::Slot;
use super::template;
use crate::diagnostic::{Code, Diagnostic, Span, closest};
use crate::ids::KindName;
use crate::model::chart;
use crate::model::desired::Layout;
use crate::model::value::{Map, Node, Rules, Value};

/// The names `atmos.yaml` may have, in the order in which they are tried.
pub const NAMES: &[&str] = &["atmos.yaml", "atmos.yml", ".atmos.yaml", ".atmos.yml"];

/// What of it decides how the tree is read; `*` is any key.
const STEERING: &[&[&str]] = &[
    &["base_path"],
    &["import"],
    &["stacks"],
    &["components", "*", "base_path"],
    &["components", "terraform", "workspace"],
    &["components", "terraform", "workspaces_enabled"],
    &["templates"],
    &["schemas"],
    &["settings", "list_merge_strategy"],
    &["settings", "yaml"],
];

/// The keys that are read of the maps of most consequence. There are more, which only Atmos reads:
/// a key is taken for a misspelt one only if it is close to one of these that is missing.
const READ: &[(&[&str], &[&str])] = &[
    (&[], &["base_path", "import", "stacks", "components", "templates", "schemas", "settings"]),
    (
        &["stacks"],
        &[
            "base_path",
            "included_paths",
            "excluded_paths",
            "name_pattern",
            "name_template",
            "inherit",
        ],
    ),
    (&["templates"], &["settings"]),
    (&["templates", "settings"], &["enabled", "evaluations", "delimiters", "sprig", "gomplate"]),
    (&["settings"], &["list_merge_strategy"]),
];

/// Calls that need nothing: paths begin at the repository's root anyway, and a text is a text.
const HARMLESS: &[&str] = &["!repo-root", "!cwd", "!literal"];

/// Rendering the values of a component again and again ends here: each pass follows one
/// reference, and nobody follows a chain of ten by hand.
const EVALUATIONS_MAX: u32 = 10;

/// The settings of the dialect, with its defaults for what is not said.
#[derive(Clone)]
pub(super) struct Dialect {
    /// Folder that `!include` and component code start at.
    pub(super) base_path: String,
    /// Folder of the manifests, from the repository's root.
    pub(super) stacks: String,
    pub(super) included: Vec<Glob>,
    pub(super) excluded: Vec<Glob>,
    /// Where it is said which folder that of the manifests is.
    pub(super) stacks_at: Span,
    pub(super) name: NameRule,
    /// What lists do where no stack says otherwise.
    pub(super) lists: Lists,
    pub(super) templates: TemplateSettings,
    /// Whether a base's `metadata` is inherited.
    pub(super) inherits_metadata: bool,
    /// What lies below every manifest.
    pub(super) lowest: Lowest,
    /// Where the code of each kind is.
    pub(super) layout: Layout,
    /// The urls of chart repositories, by name: `components.helm.repositories`.
    pub(super) chart_repositories: BTreeMap<Arc<str>, Arc<str>>,
    /// Whether Terraform's workspaces are used.
    pub(super) has_workspaces: bool,
    /// What stands for `/` in the keys of backends.
    pub(super) prefix_separator: Arc<str>,
    /// What takes a plain key apart into nested maps, if anything does.
    pub(super) key_delimiter: Option<Arc<str>>,
    /// Where the rules are that `settings.validation` names.
    pub(super) schemas: SchemaFolders,
    /// Which files are part of it if they are there.
    pub(super) imported: Vec<globset::Glob>,
}

/// The folders of rules by language, from the repository's root.
#[derive(Debug, Clone, Default)]
pub(super) struct SchemaFolders {
    pub(super) json_schema: String,
    pub(super) opa: String,
    pub(super) cel: String,
    /// The repository's own schema of manifests, as it is written.
    pub(super) manifest: Option<Arc<str>>,
}

/// A pattern of manifests, and where it is written.
#[derive(Debug, Clone)]
pub(super) struct Glob {
    pub(super) text: String,
    pub(super) at: Span,
}

/// How a stack gets its name where the manifest does not say it.
#[derive(Debug, Clone)]
pub(super) enum NameRule {
    /// A template over the merged component.
    Template(Arc<str>, Span),
    /// `{tenant}-{stage}`: the values of these variables.
    Pattern(Arc<str>, Span),
    /// The manifest's path without extension.
    File,
}

#[derive(Debug, Clone)]
pub(super) struct TemplateSettings {
    pub(super) enabled: bool,
    pub(super) sprig: bool,
    pub(super) gomplate: bool,
    /// Whether what is missing while importing prints `<no value>`, in every file.
    pub(super) ignore_missing: bool,
    /// How often the values of a component are rendered.
    pub(super) evaluations: u32,
    pub(super) delimiters: (Arc<str>, Arc<str>),
}

impl Dialect {
    /// Reads the snapshot's `atmos.yaml`. What cannot be read of it has its default.
    pub(super) fn read(library: &mut Library) -> (Self, Vec<Diagnostic>) {
        let Some(source) = settings(library) else {
            let fault = Diagnostic::error(
                Code::SettingsInvalid,
                Span::file(NAMES[0]),
                "there is no `atmos.yaml`, so nothing says where the stacks are",
            );
            let hint = "add `atmos.yaml` with `stacks: {base_path: stacks}` at the root";
            let empty = Value::empty_map();
            let mut reader =
                Reader { library, path: NAMES[0].into(), faults: vec![fault.hint(hint)] };
            return (reader.dialect(&empty), reader.faults);
        };
        let faults = source.faults.clone();
        let mut reader = Reader { library, path: source.path.clone(), faults };
        reader.misspelt(&source.value);
        let dialect = reader.dialect(&source.value);
        reader.refuse_calls(&source.value);
        (Self { imported: source.patterns, ..dialect }, reader.faults)
    }
}

/// What the snapshot's `atmos.yaml` says, with what it imports, if it has one; or what a person says
/// is to be read in its place, and over it.
pub(super) fn settings(library: &mut Library) -> Option<Settings> {
    let said = library.snapshot.said().clone();
    let is_there = |path: &str| library.snapshot.entry(path).is_some();
    let named = |at: &Arc<str>| {
        let mut below = NAMES.iter().filter_map(|name| path::normal(&format!("{at}/{name}")));
        let below = if is_there(at) { None } else { below.find(|path| is_there(path)) };
        below.map_or_else(|| at.clone(), Arc::from)
    };
    let files: Vec<_> = match said.settings.as_slice() {
        [] => vec![Arc::from(*NAMES.iter().find(|name| is_there(name))?)],
        said => said.iter().map(named).collect(),
    };
    Some(atmos_import::settings(library, &files, said.over.as_ref()))
}

struct Reader<'l> {
    library: &'l Library,
    path: Arc<str>,
    faults: Vec<Diagnostic>,
}

impl Reader<'_> {
    /// Refuses calls where what they come to would decide how the tree is read: an agent and a
    /// person have to read the same one.
    fn refuse_calls(&mut self, root: &Value) {
        for way in STEERING {
            each(root, way, &mut |value| {
                let tag = value.function().map(|(tag, _)| tag);
                let Some(tag) = tag.filter(|tag| !HARMLESS.contains(tag)) else { return };
                let message =
                    format!("`{tag}` is not called here: it decides how the tree is read");
                let fault = Diagnostic::error(Code::FunctionRefused, self.span(value), message);
                // That it is of no form that may stand there follows from it.
                self.faults.retain(|other| other.span != fault.span);
                self.faults.push(fault.hint("write what it comes to"));
            });
        }
    }

    /// Tells keys that are probably meant to be others, which decide how the tree is read.
    fn misspelt(&mut self, root: &Value) {
        for (way, read) in READ {
            let Some(whole) = way.iter().try_fold(root, |value, step| value.get(step)) else {
                continue;
            };
            let missing = || read.iter().copied().filter(|key| whole.get(key).is_none());
            let keys = whole.as_map().into_iter().flat_map(Map::iter).map(|(key, _)| key);
            for key in keys.filter(|key| !read.contains(&key.as_ref())) {
                let Some(meant) = closest(key, missing()) else { continue };
                let at = self.library.key_span(whole, key).unwrap_or_else(|| self.span(whole));
                let place =
                    if way.is_empty() { "here".into() } else { format!("in `{}`", way.join(".")) };
                let found = Diagnostic::error(
                    Code::UnknownKey,
                    at,
                    format!("`{key}` means nothing {place}"),
                );
                let found = found.hint(format!("did you mean `{meant}`?"));
                self.faults.extend(self.library.strictness().unknown_keys.of(found));
            }
        }
    }

    fn dialect(&mut self, root: &Value) -> Dialect {
        let stacks = root.get("stacks");
        let base_path = self.folder(root.get("base_path"), "");
        let below = self.folder(stacks.and_then(|stacks| stacks.get("base_path")), "stacks");
        let join =
            |folder: &str| path::normal(&format!("{base_path}/{folder}")).unwrap_or_default();
        let stacks_at = stacks.and_then(|stacks| stacks.get("base_path")).or(root.get("base_path"));
        let stacks_at =
            stacks_at.map_or_else(|| Span::file(self.path.clone()), |value| self.span(value));
        let mut included = self.globs(stacks.and_then(|stacks| stacks.get("included_paths")));
        if included.is_empty() {
            included.push(Glob { text: "**/*".to_owned(), at: stacks_at.clone() });
        }
        let inherit = stacks.and_then(|stacks| stacks.get("inherit"));
        Dialect {
            stacks: join(&below),
            included,
            stacks_at,
            excluded: self.globs(stacks.and_then(|stacks| stacks.get("excluded_paths"))),
            name: self.name_rule(stacks),
            lists: self.lists(root),
            templates: self.templates(root),
            lowest: self.lowest(root),
            layout: self.layout(root, &base_path),
            chart_repositories: ["components", "helm", "repositories"]
                .iter()
                .try_fold(root, |value, step| value.get(step))
                .map(chart::repositories)
                .unwrap_or_default(),
            prefix_separator: text(
                root,
                &["components", "terraform", "workspace", "prefix_separator"],
            )
            .unwrap_or_else(|| "-".into()),
            schemas: self.schemas(root, &base_path),
            has_workspaces: ["components", "terraform", "workspaces_enabled"]
                .iter()
                .try_fold(root, |value, step| value.get(step))
                .and_then(Value::as_bool)
                .unwrap_or(true),
            key_delimiter: text(root, &["settings", "yaml", "key_delimiter"]),
            inherits_metadata: inherit
                .and_then(|inherit| inherit.get("metadata")?.as_bool())
                .unwrap_or(true),
            base_path,
            imported: Vec::new(),
        }
    }

    fn name_rule(&self, stacks: Option<&Value>) -> NameRule {
        let text = |key: &str| {
            let value = stacks?.get(key)?;
            let text = value.as_str().filter(|text| !text.is_empty())?;
            Some((Arc::from(text), self.span(value)))
        };
        match (text("name_template"), text("name_pattern")) {
            (Some((text, span)), _) => NameRule::Template(text, span),
            (None, Some((text, span))) => NameRule::Pattern(text, span),
            (None, None) => NameRule::File,
        }
    }

    fn lists(&mut self, root: &Value) -> Lists {
        let Some(value) = root.get("settings").and_then(|s| s.get("list_merge_strategy")) else {
            return Lists::default();
        };
        lists(value, self.span(value)).unwrap_or_else(|fault| {
            self.faults.push(*fault);
            Lists::default()
        })
    }

    fn templates(&self, root: &Value) -> TemplateSettings {
        let settings = root.get("templates").and_then(|templates| templates.get("settings"));
        let get = |key: &str| settings.and_then(|settings| settings.get(key));
        let evaluations =
            get("evaluations").and_then(|value| match value.typed(Rules::Stack).node {
                Node::Int(count) => u32::try_from(count).ok(),
                _ => None,
            });
        let enabled =
            |set: &str| get(set).and_then(|set| set.get("enabled")?.as_bool()) == Some(true);
        let delimiter = |at: usize| get("delimiters")?.as_list()?.get(at)?.as_str().map(Arc::from);
        TemplateSettings {
            enabled: get("enabled").and_then(Value::as_bool).unwrap_or(false),
            sprig: enabled("sprig"),
            gomplate: enabled("gomplate"),
            ignore_missing: get("ignore_missing_template_values")
                .and_then(Value::as_bool)
                .unwrap_or(false),
            evaluations: evaluations.unwrap_or(1).clamp(1, EVALUATIONS_MAX),
            delimiters: match (delimiter(0), delimiter(1)) {
                (Some(left), Some(right)) => (left, right),
                _ => ("{{".into(), "}}".into()),
            },
        }
    }

    fn lowest(&self, root: &Value) -> Lowest {
        let imports: Arc<[Arc<str>]> = [self.path.clone()].into();
        let slot = |value: &Value| Slot::said(value, imports.clone(), template::OPEN);
        let kinds = root.get("components").and_then(Value::as_map);
        let commands = kinds.into_iter().flat_map(Map::iter);
        Lowest {
            env: root.get("env").filter(|env| env.as_map().is_some()).map(slot),
            commands: commands
                .filter_map(|(kind, settings)| Some((kind.clone(), slot(settings.get("command")?))))
                .collect(),
        }
    }

    fn layout(&mut self, root: &Value, base_path: &str) -> Layout {
        let kinds = root.get("components").and_then(Value::as_map);
        let mut layout = BTreeMap::new();
        for (kind, settings) in kinds.into_iter().flat_map(Map::iter) {
            let Some(folder) = settings.get("base_path") else { continue };
            let folder = self.folder(Some(folder), "");
            let folder = path::normal(&format!("{base_path}/{folder}"));
            if let (Ok(kind), Some(folder)) = (KindName::new(kind), folder) {
                layout.insert(kind, folder.into());
            }
        }
        Layout(layout)
    }

    fn schemas(&mut self, root: &Value, base_path: &str) -> SchemaFolders {
        let mut base = |kind: &str| {
            let value = root.get("schemas").and_then(|all| all.get(kind)?.get("base_path"));
            let folder = self.folder(value, "");
            path::normal(&format!("{base_path}/{folder}")).unwrap_or_default()
        };
        SchemaFolders {
            json_schema: base("jsonschema"),
            opa: base("opa"),
            cel: base("cel"),
            manifest: text(root, &["schemas", "atmos", "manifest"]),
        }
    }

    fn folder(&mut self, value: Option<&Value>, otherwise: &str) -> String {
        let Some(value) = value else { return otherwise.to_owned() };
        let text = match value.function() {
            Some((tag, raw)) if HARMLESS.contains(&tag) => Some(raw.text.as_ref()),
            _ => value.as_str(),
        };
        match text.map(path::normal) {
            Some(Some(folder)) => folder,
            _ => {
                let message = "this must be a folder inside the repository";
                self.faults.push(Diagnostic::error(
                    Code::SettingsInvalid,
                    self.span(value),
                    message,
                ));
                otherwise.to_owned()
            }
        }
    }

    fn globs(&mut self, value: Option<&Value>) -> Vec<Glob> {
        let mut globs = Vec::new();
        for item in value.and_then(Value::as_list).unwrap_or_default() {
            match item.as_str().map(|text| (text, path::glob(text))) {
                Some((text, Ok(_))) => {
                    let text = text.trim_start_matches("./").to_owned();
                    globs.push(Glob { text, at: self.span(item) });
                }
                _ => {
                    let message = "this must be a glob, such as `deploy/**/*`";
                    self.faults.push(Diagnostic::error(
                        Code::SettingsInvalid,
                        self.span(item),
                        message,
                    ));
                }
            }
        }
        globs
    }

    fn span(&self, value: &Value) -> Span {
        self.library.span(value, &self.path)
    }
}

/// Calls `act` with every value below those that `way` leads to.
fn each(value: &Value, way: &[&str], act: &mut impl FnMut(&Value)) {
    let (step, rest) = way.split_first().map_or(("*", way), |(step, rest)| (*step, rest));
    match &value.node {
        Node::Map(map) => {
            let entries = map.iter().filter(|(key, _)| step == "*" || key.as_ref() == step);
            entries.for_each(|(_, value)| each(value, rest, act));
        }
        Node::List(items) if way.is_empty() => items.iter().for_each(|item| each(item, way, act)),
        _ if way.is_empty() => act(value),
        _ => {}
    }
}

/// The text at the end of `way`, unless it is empty.
fn text(root: &Value, way: &[&str]) -> Option<Arc<str>> {
    let value = way.iter().try_fold(root, |value, step| value.get(step))?;
    value.as_str().filter(|text| !text.is_empty()).map(Arc::from)
}

/// Reads a `list_merge_strategy`.
pub(super) fn lists(value: &Value, span: Span) -> Result<Lists, Box<Diagnostic>> {
    let word = value.as_str().unwrap_or_default();
    Lists::parse(word).ok_or_else(|| {
        let words = Lists::WORDS.join("`, `");
        let message = format!("lists can be merged by `{words}`, or `{}KEY`", Lists::MERGE_BY);
        let fault = Diagnostic::error(Code::SettingsInvalid, span, message);
        Box::new(match closest(word, Lists::WORDS.iter().copied()) {
            Some(word) => fault.hint(format!("did you mean `{word}`?")),
            None => fault,
        })
    })
}
