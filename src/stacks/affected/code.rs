//! Which folders and files the code of a component is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use super::super::path;
use crate::model::chart::{LockedChart, RemoteChart};
use crate::model::desired::{Component, Desired};
use crate::model::value::Value;
use crate::source::Snapshot;

/// How many folders and files the code of one component may use: far more than any real one, and few
/// enough that a chain of modules made to be endless costs milliseconds.
const FOLDERS_MAX: usize = 1_000;

/// The code of one tree. What a folder uses is read once.
pub(super) struct Code {
    snapshot: Snapshot,
    uses: Mutex<BTreeMap<String, Arc<[String]>>>,
}

/// The folder of a component's own code.
pub(super) fn folder(component: &Component, desired: &Desired) -> String {
    let folder = desired.layout.folder(component);
    path::normal(&folder).unwrap_or(folder)
}

/// What the lock has for the chart of another place that a component names.
pub(super) fn chart<'d>(component: &Component, desired: &'d Desired) -> Option<&'d LockedChart> {
    let charts = &desired.charts;
    charts.locked.get(&RemoteChart::of(component, charts)?.ok()?.to_string())
}

impl Code {
    pub(super) fn of(snapshot: &Snapshot) -> Self {
        Self { snapshot: snapshot.clone(), uses: Mutex::default() }
    }

    /// The folder of a component, and every folder and file of the repository that it uses, or the
    /// component names, directly or through others.
    pub(super) fn uses(&self, component: &Component, desired: &Desired) -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        let own = folder(component, desired);
        let mut open = named(component, &own);
        open.push(own);
        while let Some(folder) = open.pop() {
            if all.len() >= FOLDERS_MAX || all.contains(&folder) {
                continue;
            }
            open.extend(self.of_folder(&folder).iter().cloned());
            all.insert(folder);
        }
        all
    }

    fn of_folder(&self, folder: &str) -> Arc<[String]> {
        let known = || self.uses.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(uses) = known().get(folder) {
            return uses.clone();
        }
        let uses: Arc<[String]> = uses(&self.snapshot, folder).into();
        known().insert(folder.to_owned(), uses.clone());
        uses
    }
}

/// What a component names beside its own folder: a chart in the repository, paths of manifests. Of a
/// pattern it is the folder that everything lies below that fits.
fn named(component: &Component, folder: &str) -> Vec<String> {
    let text = |name: &str| component.section(name).and_then(Value::as_str);
    let is_elsewhere = |chart: &&str| chart.contains("://") || text("repository").is_some();
    let chart = text("chart").filter(|chart| !is_elsewhere(chart)).map(str::to_owned);
    let paths = component.section("paths").and_then(Value::as_list).unwrap_or_default();
    let paths =
        paths.iter().filter_map(Value::as_str).map(|written| match path::is_glob(written) {
            true => path::literal_folder(written).to_owned(),
            false => written.to_owned(),
        });
    chart
        .into_iter()
        .chain(paths)
        .filter_map(|to| path::normal(&format!("{folder}/{to}")))
        .collect()
}

/// The folders and files that the files right in `folder` name, and the charts that one there holds.
fn uses(snapshot: &Snapshot, folder: &str) -> Vec<String> {
    let mut all = Vec::new();
    for (path, _) in snapshot.below(folder) {
        let name = path::below(path, folder);
        if let ["charts", chart, "Chart.yaml"] = name.split('/').collect::<Vec<_>>()[..] {
            all.extend(path::normal(&format!("{folder}/charts/{chart}")));
            continue;
        }
        if name.contains('/') {
            continue;
        }
        let named = match name {
            "Chart.yaml" | "requirements.yaml" => charts,
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

/// Folders and files that a kustomization is made of.
fn bases(text: &str) -> Vec<String> {
    let Ok(all) = serde_yaml::from_str::<serde_yaml::Value>(text) else { return Vec::new() };
    let mut found = Vec::new();
    for (list, keys) in KUSTOMIZED {
        for item in all.get(*list).and_then(|list| list.as_sequence()).into_iter().flatten() {
            let told = keys.iter().filter_map(|key| item.get(*key));
            found.extend([item].into_iter().chain(told).flat_map(texts));
        }
    }
    let schema = all.get("openapi").and_then(|openapi| openapi.get("path"));
    found.extend(schema.into_iter().flat_map(texts));
    let is_path = |item: &&str| !item.contains("://") && !item.contains('\n');
    // A file of a generator may stand behind the key it is to have.
    let path = |item: &str| item.split_once('=').map_or(item, |(_, path)| path).to_owned();
    found.into_iter().filter(is_path).map(path).collect()
}

/// The lists of a kustomization whose items are paths, or have them under these keys.
const KUSTOMIZED: &[(&str, &[&str])] = &[
    ("resources", &[]),
    ("bases", &[]),
    ("components", &[]),
    ("crds", &[]),
    ("configurations", &[]),
    ("generators", &[]),
    ("transformers", &[]),
    ("validators", &[]),
    ("patchesStrategicMerge", &[]),
    ("patchesJson6902", &["path"]),
    ("patches", &["path"]),
    ("replacements", &["path"]),
    ("configMapGenerator", &["files", "envs", "env"]),
    ("secretGenerator", &["files", "envs", "env"]),
    ("helmCharts", &["valuesFile", "additionalValuesFiles"]),
];

/// A text, or each text of a list.
fn texts(value: &serde_yaml::Value) -> Vec<&str> {
    let list = value.as_sequence().into_iter().flatten();
    list.chain([value]).filter_map(|item| item.as_str()).collect()
}
