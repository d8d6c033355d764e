//! What files say by themselves, for who only wants to look at them: the settings of the dialect,
//! the locals of a manifest, workflows and what is vendored.

use std::sync::Arc;

use super::atmos_yaml;
use super::load::Library;
use super::locals;
use super::path;
use super::template::Templates;
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::model::value::{Map, Node, Value};
use crate::source::Snapshot;

/// What was read, and what is wrong with it.
#[derive(Debug, Clone)]
pub struct Written {
    /// A map; empty where nothing could be read.
    pub value: Value,
    /// All findings.
    pub found: Vec<Diagnostic>,
}

/// `atmos.yaml` as it is written, with what it imports.
pub fn settings(snapshot: &Snapshot) -> Written {
    let mut library = Library::new(snapshot, "");
    let (_, found) = atmos_yaml::Dialect::read(&mut library);
    let source = atmos_yaml::settings(&mut library);
    Written { value: map(source.map(|source| source.value)), found }
}

/// The manifest that lies at `path`, from the folder of the stacks and without its extension.
pub fn manifest(snapshot: &Snapshot, path: &str) -> Option<Arc<str>> {
    let (dialect, _) = atmos_yaml::Dialect::read(&mut Library::new(snapshot, ""));
    let paths = path::EXTENSIONS.iter().map(|end| format!("{}/{path}{end}", dialect.stacks));
    let mut paths = paths.filter_map(|path| path::normal(&path));
    paths.find_map(|path| snapshot.entry(&path).is_some().then(|| path.into()))
}

/// The locals of the manifest at `path`, resolved: `locals`, and those of its kinds below their
/// names. Those of files that it imports are not its own.
pub fn own_locals(snapshot: &Snapshot, path: &Arc<str>) -> Written {
    let mut library = Library::new(snapshot, "");
    let (dialect, mut found) = atmos_yaml::Dialect::read(&mut library);
    library.base_path = dialect.base_path.clone();
    library.key_delimiter = dialect.key_delimiter.clone();
    let mut templates = Templates::new(dialect.templates);
    let Some(source) = library.read(path) else { return Written { value: map(None), found } };
    found.extend(source.faults.iter().cloned());
    found.extend(source.partial.iter().map(|partial| partial.fault.clone()));
    let levels = locals::levels(&library, &mut templates, path, &source.value);
    found.extend(levels.faults);
    let level = |locals: Map| {
        [(Arc::from("locals"), Value::computed(Node::Map(locals)))].into_iter().collect::<Map>()
    };
    let mut all = match source.value.get("locals") {
        Some(_) => level(levels.file),
        None => Map::default(),
    };
    for (kind, locals) in levels.kinds {
        all.insert(kind, Value::computed(Node::Map(level(locals))));
    }
    Written { value: Value::computed(Node::Map(all)), found }
}

/// The files below `workflows.base_path` that have workflows, by their path in there.
pub fn workflows(snapshot: &Snapshot) -> Written {
    let mut library = Library::new(snapshot, "");
    let (dialect, mut found) = atmos_yaml::Dialect::read(&mut library);
    let source = atmos_yaml::settings(&mut library);
    let said = source.as_ref().and_then(|source| source.value.get("workflows")?.get("base_path"));
    let folder = said.and_then(Value::as_str);
    let folder = folder.and_then(|folder| path::normal(&format!("{}/{folder}", dialect.base_path)));
    let Some(folder) = folder else {
        let at = source.as_ref().map_or("atmos.yaml".into(), |source| source.path.clone());
        let span = said.map_or(Span::file(at.clone()), |said| library.span(said, &at));
        let message = "nothing says where the workflows are: `workflows.base_path`";
        found.push(Diagnostic::error(Code::SettingsInvalid, span, message));
        return Written { value: map(None), found };
    };
    let is_in = |path: &str| path::below(path, &folder) != path;
    let files = tables(&mut library, &mut found, is_in).into_iter();
    let files = files.filter(|(_, value)| value.get("workflows").is_some());
    let files = files.map(|(path, value)| (Arc::from(path::below(&path, &folder)), value));
    Written { value: Value::computed(Node::Map(files.collect())), found }
}

/// `vendor.yaml`, the files below `vendor/`, and each `component.yaml` of a component, by path.
pub fn vendored(snapshot: &Snapshot) -> Written {
    let mut library = Library::new(snapshot, "");
    let (dialect, mut found) = atmos_yaml::Dialect::read(&mut library);
    let folders: Vec<_> = dialect.layout.0.values().cloned().collect();
    let is_one = |path: &str| {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let of_component = folders.iter().any(|base| path::below(folder, base) != folder);
        matches!(path::stem(path), "vendor")
            || path.starts_with("vendor/")
            || (path::stem(name) == "component" && of_component)
    };
    let files = tables(&mut library, &mut found, is_one).into_iter().collect();
    Written { value: Value::computed(Node::Map(files)), found }
}

/// The YAML files that are `wanted`, as plain tables, by path.
fn tables(
    library: &mut Library,
    found: &mut Vec<Diagnostic>,
    wanted: impl Fn(&str) -> bool,
) -> Vec<(Arc<str>, Value)> {
    let is_yaml = |path: &str| path.ends_with(".yaml") || path.ends_with(".yml");
    let paths = library.snapshot.entries().map(|(path, _)| path.clone());
    let paths: Vec<_> = paths.filter(|path| is_yaml(path) && wanted(path)).collect();
    let mut tables = Vec::new();
    for path in paths {
        match library.text(&path) {
            Ok(Some(text)) => {
                let table = library.table(&path, text);
                found.extend(table.faults.iter().cloned());
                tables.push((path, table.value.clone()));
            }
            Ok(None) => {}
            Err(fault) => found.push(fault),
        }
    }
    tables
}

fn map(value: Option<Value>) -> Value {
    value.filter(|value| value.as_map().is_some()).unwrap_or(Value::empty_map())
}
