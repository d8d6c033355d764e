//! Which folders the code of a component is made of.

use std::collections::{BTreeMap, BTreeSet};

use super::super::path;
use super::Side;
use crate::model::desired::Component;
use crate::source::Snapshot;

/// How many folders the code of one component may use: far more than any real one, and few enough
/// that a chain of modules made to be endless costs milliseconds.
const FOLDERS_MAX: usize = 1_000;

/// The code of one revision. What a folder uses is read once.
pub(super) struct Code<'a> {
    side: Side<'a>,
    uses: BTreeMap<String, Vec<String>>,
}

impl<'a> Code<'a> {
    pub(super) fn new(side: Side<'a>) -> Self {
        Self { side, uses: BTreeMap::new() }
    }

    /// The folder of a component's own code.
    pub(super) fn folder(&self, component: &Component) -> String {
        let folder = self.side.desired.layout.folder(component);
        path::normal(&folder).unwrap_or(folder)
    }

    /// That folder, and every folder of the repository that it uses, directly or through others.
    pub(super) fn of(&mut self, component: &Component) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        let mut open = vec![self.folder(component)];
        while let Some(folder) = open.pop() {
            if all.len() >= FOLDERS_MAX || !all.insert(folder.clone()) {
                continue;
            }
            let snapshot = self.side.snapshot;
            let uses = self.uses.entry(folder).or_insert_with_key(|at| uses(snapshot, at));
            open.extend(uses.iter().cloned());
        }
        all
    }
}

/// The folders that the files right in `folder` name.
fn uses(snapshot: &Snapshot, folder: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (path, _) in snapshot.below(folder) {
        let name = &path[folder.len() + 1..];
        if name.contains('/') {
            continue;
        }
        let named = match name {
            "Chart.yaml" => charts,
            "kustomization.yaml" | "kustomization.yml" | "Kustomization" => bases,
            _ if name.ends_with(".tf") || name.ends_with(".tofu") => modules,
            _ if name.ends_with(".tf.json") => modules_json,
            _ => continue,
        };
        // What cannot be read is its tool's business: here it only names nothing.
        let Ok(Some(text)) = snapshot.text(path) else { continue };
        all.extend(named(&text).iter().filter_map(|to| path::normal(&format!("{folder}/{to}"))));
    }
    all
}

/// Local `source`s of `module` blocks.
fn modules(text: &str) -> Vec<String> {
    let Ok(body) = text.parse::<hcl_edit::structure::Body>() else { return Vec::new() };
    let blocks = body.blocks().filter(|block| block.ident.as_str() == "module");
    let sources = blocks
        .filter_map(|block| Some(block.body.get_attribute("source")?.value.as_str()?.to_owned()));
    sources.filter(|source| is_local(source)).collect()
}

fn modules_json(text: &str) -> Vec<String> {
    let Ok(all) = serde_json::from_str::<serde_json::Value>(text) else { return Vec::new() };
    let Some(modules) = all["module"].as_object() else { return Vec::new() };
    let blocks = modules.values().flat_map(|module| match module {
        serde_json::Value::Array(all) => all.iter().collect(),
        one => vec![one],
    });
    let sources = blocks.filter_map(|block| block["source"].as_str().map(str::to_owned));
    sources.filter(|source| is_local(source)).collect()
}

fn is_local(source: &str) -> bool {
    source.starts_with("./") || source.starts_with("../")
}

/// Charts that a chart names by `file://`.
fn charts(text: &str) -> Vec<String> {
    let Ok(chart) = serde_yaml::from_str::<serde_yaml::Value>(text) else { return Vec::new() };
    let Some(dependencies) = chart.get("dependencies").and_then(|all| all.as_sequence()) else {
        return Vec::new();
    };
    let repositories = dependencies.iter().filter_map(|one| one.get("repository")?.as_str());
    repositories.filter_map(|url| url.strip_prefix("file://")).map(str::to_owned).collect()
}

/// Folders that a kustomization builds on.
fn bases(text: &str) -> Vec<String> {
    let Ok(all) = serde_yaml::from_str::<serde_yaml::Value>(text) else { return Vec::new() };
    let lists = ["resources", "bases", "components"];
    let lists = lists.iter().filter_map(|key| all.get(*key)?.as_sequence());
    let items = lists.flatten().filter_map(|item| item.as_str());
    items.filter(|item| !item.contains("://")).map(str::to_owned).collect()
}
