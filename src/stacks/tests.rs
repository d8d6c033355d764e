//! The fixture seam: repository files in, the resolved stacks and all findings out, as text.

mod bound;
mod broken;
mod import;
mod settings;
mod discover;
mod remote;
mod component;
mod name;
mod value;
mod deferred;
mod decided;
mod law;
mod replay;
mod tree;
mod shown;
mod advance;
mod narrow;
pub(in crate::stacks) mod pairs;
mod strict;

use std::fmt::Write as _;

use expect_test::Expect;

use super::{Lists, Resolution, Selection, fold, resolve};
use crate::model::desired::{Component, Desired, Presence};
use crate::model::question::Answers;
use crate::model::value::{Node, Rules, Value};
use crate::source::Snapshot;

/// An `atmos.yaml` that names stacks by `vars.stage`.
pub(super) const ATMOS: &str = "--- atmos.yaml
stacks:
  base_path: stacks
  included_paths: ['deploy/**/*']
  name_template: '{{ .vars.stage }}'
templates: {settings: {enabled: true, sprig: {enabled: true}}}
";

/// Resolves `files`, each behind a line `--- path`, and compares what comes out. The layers of
/// every component have to fold to its sections.
pub(super) fn check(files: &str, expect: &Expect) {
    let resolution = resolved(files);
    expect.assert_eq(&shown(&resolution));
    for component in resolution.desired.components() {
        assert_eq!(fold(&component.layers, Lists::Replace), component.sections, "{}", component.id);
    }
}

/// The same behind [`ATMOS`].
pub(super) fn check_stacks(files: &str, expect: &Expect) {
    check(&format!("{ATMOS}{files}"), expect);
}

pub(super) fn resolved(files: &str) -> Resolution {
    resolve(&snapshot(files), &Selection::default(), &Answers::new())
}

pub(super) fn snapshot(files: &str) -> Snapshot {
    let files = files.split("--- ").skip(1).map(|file| {
        let (path, text) = file.split_once('\n').expect("a path and a text");
        (path.trim().to_owned(), text.as_bytes().to_vec())
    });
    Snapshot::in_memory(files)
}

/// The repository that the documentation shows.
pub(super) fn examples() -> Snapshot {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples-repo");
    let mut files = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder of the example") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path
                    .strip_prefix(&root)
                    .expect("below the root")
                    .to_string_lossy()
                    .into_owned();
                files.push((name, std::fs::read(&path).expect("a file of the example")));
            }
        }
    }
    Snapshot::in_memory(files)
}

pub(super) fn shown(resolution: &Resolution) -> String {
    let Desired { stacks, nameless, diagnostics, .. } = &resolution.desired;
    let mut out = String::new();
    for stack in stacks.values() {
        let target =
            stack.target.as_ref().map(|target| format!(" -> {target}")).unwrap_or_default();
        let _ = writeln!(out, "{}{target}", stack.name);
        for component in stack.components.values() {
            show_component(&mut out, component);
        }
        for (kind, name) in stack.unresolved.keys() {
            let _ = writeln!(out, "  {kind}/{name} is unresolved");
        }
    }
    for manifest in nameless {
        let _ = writeln!(out, "nameless {manifest}");
    }
    for question in &resolution.questions {
        let _ = writeln!(out, "asks {question}");
    }
    for found in diagnostics {
        let _ =
            writeln!(out, "{:?} {} {}: {}", found.severity, found.code, found.span, found.message);
        if let Some(hint) = &found.hint {
            let _ = writeln!(out, "  hint: {hint}");
        }
    }
    out
}

fn show_component(out: &mut String, component: &Component) {
    let presence = match component.presence {
        Presence::Active => "",
        Presence::Disabled => " (disabled)",
        Presence::Abstract => " (abstract)",
    };
    let _ = writeln!(out, "  {}/{}{presence}", component.id.kind, component.id.name);
    for (name, section) in component.sections.as_map().expect("sections are a map").sorted() {
        let _ = writeln!(out, "    {name}: {}", flow(section));
    }
    for dependency in &component.dependencies {
        let _ = writeln!(out, "    after {}", dependency.on);
    }
}

/// YAML in flow style, texts in JSON's quotes.
pub(super) fn flow(value: &Value) -> String {
    match &value.typed(Rules::Stack).node {
        Node::List(items) => {
            format!("[{}]", items.iter().map(flow).collect::<Vec<_>>().join(", "))
        }
        Node::Map(map) => {
            let entry =
                |(key, value): (&std::sync::Arc<str>, &Value)| format!("{key}: {}", flow(value));
            format!("{{{}}}", map.iter().map(entry).collect::<Vec<_>>().join(", "))
        }
        _ => format!("{:?}", value.typed(Rules::Stack)),
    }
}
