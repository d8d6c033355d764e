//! Lists of what there is, a row each.

use std::collections::BTreeMap;

use super::section;
use super::shown::Shown;
use super::table::Table;
use crate::model::desired::{Component, Desired, Layout, Presence};
use crate::model::value::Value;

/// The stacks.
pub fn stack_rows(desired: &Desired) -> Table {
    let rows = desired.stacks.keys().map(|name| vec![name.to_string()]);
    Table { rows: rows.collect(), ..Table::new(&["Stack"]) }
}

/// The components by name and kind, each with the number of stacks that have it. The abstract
/// ones are left out.
pub fn component_rows<'d>(components: impl Iterator<Item = &'d Component>) -> Table {
    let mut stacks: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let is_known = |one: &&Component| section::KINDS.contains(&one.id.kind.as_str());
    for one in components.filter(is_known) {
        *stacks.entry((one.id.name.as_str(), one.id.kind.as_str())).or_default() += 1;
    }
    let row = |((name, kind), stacks): ((&str, &str), usize)| {
        vec![name.to_owned(), kind.to_owned(), stacks.to_string()]
    };
    let rows = stacks.into_iter().map(row).collect();
    Table { rows, ..Table::new(&["Component", "Type", "Stacks"]) }
}

/// What `components` are for the matrix of a job in GitHub's workflows: each with its stack, code
/// and kind.
pub fn matrix<'d>(
    components: impl Iterator<Item = &'d Component>,
    layout: &'d Layout,
) -> Shown<'d> {
    let entry = |one: &'d Component| {
        Shown::map([
            ("component", Shown::text(one.id.name.as_str())),
            ("stack", Shown::text(one.id.stack.as_str())),
            ("component_path", Shown::text(layout.folder(one))),
            ("component_type", Shown::text(one.id.kind.as_str())),
        ])
    };
    Shown::map([("include", Shown::List(components.map(entry).collect()))])
}

/// What `components` are where: by stack and name, the abstract ones left out.
pub fn instance_rows<'d>(components: impl Iterator<Item = &'d Component>) -> Table {
    let mut rows: Vec<_> =
        instances(components).map(|one| (one.id.stack.as_str(), one.id.name.as_str())).collect();
    rows.sort_unstable();
    let rows = rows.into_iter().map(|(stack, name)| vec![name.to_owned(), stack.to_owned()]);
    Table { rows: rows.collect(), ..Table::new(&["Component", "Stack"]) }
}

/// What `components` say about themselves, the abstract ones left out.
pub fn metadata_rows<'d>(components: impl Iterator<Item = &'d Component>) -> Table {
    let row = |one: &Component| {
        let said = |key: &str| one.section("metadata").and_then(|all| all.get(key));
        let text = |key: &str| said(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let bases = said("inherits").and_then(Value::as_list).unwrap_or_default();
        let bases: Vec<_> = bases.iter().filter_map(Value::as_str).collect();
        vec![
            one.id.stack.to_string(),
            one.id.name.to_string(),
            said("type").and_then(Value::as_str).unwrap_or("real").to_owned(),
            (one.presence != Presence::Disabled).to_string(),
            one.locked.to_string(),
            text("component"),
            bases.join(", "),
            text("description"),
        ]
    };
    let mut rows: Vec<_> = instances(components).map(row).collect();
    rows.sort_unstable();
    let columns = [
        "Stack",
        "Component",
        "Type",
        "Enabled",
        "Locked",
        "Component (base)",
        "Inherits",
        "Description",
    ];
    Table { rows, ..Table::new(&columns) }
}

/// Where the code of `components` comes from that say a `source`: by stack, kind and name. One
/// stack needs no column for itself, and folders that are called like the component none either.
pub fn source_rows<'d>(
    components: impl Iterator<Item = &'d Component>,
    of_one_stack: bool,
) -> Table {
    let mut rows = Vec::new();
    for one in instances(components) {
        let Some(source) = one.section("source") else { continue };
        let text = |key: &str| source.get(key).and_then(Value::as_str).unwrap_or_default();
        let (uri, version) = match source.as_str() {
            Some(uri) => (uri, ""),
            None => (text("uri"), text("version")),
        };
        if !uri.is_empty() {
            let (stack, kind) = (one.id.stack.to_string(), one.id.kind.to_string());
            let (name, folder) = (one.id.name.to_string(), one.code.to_string());
            rows.push(vec![stack, kind, name, folder, uri.to_owned(), version.to_owned()]);
        }
    }
    rows.sort_unstable();
    let has_folders = rows.iter().any(|cells| cells[2] != cells[3]);
    let columns = ["Stack", "Type", "Component", "Folder", "URI", "Version"];
    let mut table = Table { rows, ..Table::new(&columns) };
    let leave = |cells: &mut Vec<String>| {
        if !has_folders {
            cells.remove(3);
        }
        if of_one_stack {
            cells.remove(0);
        }
    };
    table.rows.iter_mut().for_each(leave);
    leave(&mut table.columns);
    table
}

/// The workflows of `files`, by file and name; see [`crate::stacks`] for where files come from.
pub fn workflow_rows(files: &Value) -> Table {
    let mut rows = Vec::new();
    for (file, name, said) in workflows(files) {
        let description = said.get("description").and_then(Value::as_str).unwrap_or_default();
        let steps = said.get("steps").and_then(Value::as_list).map_or(0, <[_]>::len);
        let first = description.trim().lines().next().unwrap_or_default();
        rows.push(vec![file.to_owned(), name.to_owned(), first.to_owned(), steps.to_string()]);
    }
    Table { rows, ..Table::new(&["File", "Workflow", "Description", "Steps"]) }
}

/// The workflows of `files`: file, name, and what is said, in that order.
pub(super) fn workflows(files: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let files = files.as_map().map(|files| files.sorted()).unwrap_or_default();
    files.into_iter().flat_map(|(file, value)| {
        let all = value.get("workflows").and_then(Value::as_map);
        let all = all.map(|all| all.sorted()).unwrap_or_default();
        all.into_iter().map(move |(name, said)| (file.as_ref(), name.as_ref(), said))
    })
}

/// The `sources` of vendor manifests and the components that say theirs, by component.
pub fn vendor_rows(files: &Value) -> Table {
    let mut rows = Vec::new();
    let files = files.as_map().map(|files| files.sorted()).unwrap_or_default();
    for (file, value) in files {
        let spec = value.get("spec");
        let text = |of: &Value, key: &str| {
            of.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        let texts = |of: &Value, key: &str| {
            let all = of.get(key).and_then(Value::as_list).unwrap_or_default();
            all.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", ")
        };
        if value.get("kind").and_then(Value::as_str) == Some("ComponentVendorConfig") {
            let folder = file.rsplit_once('/').map_or("", |(folder, _)| folder);
            let name = value.get("metadata").map(|all| text(all, "name")).filter(|n| !n.is_empty());
            let name =
                name.unwrap_or_else(|| folder.rsplit('/').next().unwrap_or_default().to_owned());
            let kind = "Component Manifest".to_owned();
            rows.push(vec![name, kind, String::new(), file.to_string(), folder.to_owned()]);
            continue;
        }
        let sources = spec.and_then(|spec| spec.get("sources")).and_then(Value::as_list);
        for source in sources.unwrap_or_default() {
            let kind = "Vendor Manifest".to_owned();
            let name = text(source, "component");
            rows.push(vec![
                name,
                kind,
                texts(source, "tags"),
                file.to_string(),
                texts(source, "targets"),
            ]);
        }
    }
    rows.sort_unstable();
    Table { rows, ..Table::new(&["Component", "Type", "Tags", "Manifest", "Folder"]) }
}

/// Those of `components` that are described, the abstract ones left out.
fn instances<'d>(
    components: impl Iterator<Item = &'d Component>,
) -> impl Iterator<Item = &'d Component> {
    components.filter(|one| {
        one.presence != Presence::Abstract && section::KINDS.contains(&one.id.kind.as_str())
    })
}
