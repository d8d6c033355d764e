//! One component.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::section;
use super::shown::Shown;
use crate::model::desired::{Component, Desired, Layer, Reach};
use crate::model::value::Value;

/// The sections whose values make a component depend on the manifests that set them.
const SOURCES: &[&str] = &["vars", "settings", "env"];

/// How much of a component is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View<'p> {
    /// As one among all of its stack. `evaluated` is whether templates were rendered: where they
    /// were not, Atmos says null for a component without bases.
    Listed {
        /// Whether templates were rendered.
        evaluated: bool,
    },
    /// The sections that authors write.
    Short,
    /// All there is; the folder is the repository's, as the code's paths are shown whole.
    Full(&'p Path),
}

/// Everything `view` shows of `component`.
pub fn component<'d>(desired: &'d Desired, component: &'d Component, view: View<'_>) -> Shown<'d> {
    let mut all = sections(component);
    let file = manifest(desired, &component.manifest);
    let kind = component.id.kind.as_str();
    all.insert(
        "command".into(),
        match component.section("command") {
            Some(command) if command.as_str() != Some("") => Shown::Value(command),
            _ => Shown::text(kind),
        },
    );
    let name = component.listing.component.as_deref().unwrap_or(component.id.name.as_str());
    all.insert("atmos_component".into(), Shown::text(name));
    all.insert("atmos_stack".into(), Shown::text(component.id.stack.as_str()));
    all.insert("stack".into(), Shown::text(component.id.stack.as_str()));
    all.insert("atmos_stack_file".into(), Shown::text(file));
    all.insert("atmos_manifest".into(), Shown::text(file));
    let names = &component.listing;
    all.insert("component".into(), Shown::text(names.code.as_deref().unwrap_or(&component.code)));
    all.insert("component_info".into(), about(desired, component, view));
    all.insert("inheritance".into(), inheritance(component, view));
    if matches!(view, View::Listed { .. }) {
        if kind == "terraform" {
            all.insert("workspace".into(), Shown::text(component.listing.workspace.as_ref()));
        }
        return Shown::Map(all);
    }
    let imports = component.listing.imports.iter().map(|path| manifest(desired, path));
    all.insert("imports".into(), Shown::texts(imports));
    all.insert("workspace".into(), Shown::text(component.workspace.as_ref()));
    all.insert("component_type".into(), Shown::text(kind));
    all.insert("tf_cli_vars".into(), Shown::empty());
    all.insert("deps".into(), deps(desired, component, false));
    all.insert("deps_all".into(), deps(desired, component, true));
    if view == View::Short {
        all.retain(|name, _| section::SHORT.contains(&name.as_ref()));
    }
    Shown::Map(all)
}

/// The sections of a component, the empty ones of its kind included.
fn sections(component: &Component) -> BTreeMap<Cow<'static, str>, Shown<'_>> {
    let rows = section::rows(component.id.kind.as_str());
    let shown = rows.filter_map(|(name, empty)| {
        let said = component.section(name).filter(|value| !value.is_null());
        Some((name.into(), said.map(Shown::Value).or(empty)?))
    });
    shown.collect()
}

fn about<'d>(desired: &'d Desired, component: &'d Component, view: View<'_>) -> Shown<'d> {
    let kind = component.id.kind.as_str();
    let mut all = BTreeMap::from([("component_type".into(), Shown::text(kind))]);
    if desired.layout.0.contains_key(&component.id.kind) {
        let folder = desired.layout.folder(component);
        let path = match view {
            View::Full(root) => root.join(folder).to_string_lossy().into_owned(),
            _ => folder,
        };
        all.insert("component_path".into(), Shown::text(path));
    }
    Shown::Map(all)
}

fn inheritance<'d>(component: &'d Component, view: View<'_>) -> Shown<'d> {
    match component.inheritance.as_slice() {
        [] if view == (View::Listed { evaluated: false }) => Shown::Null,
        bases => Shown::texts(bases.iter().map(|base| base.as_str())),
    }
}

/// The manifests that set a value at the top of one of [`SOURCES`]; `all` of them, or for each
/// value only the one that sets it last. Overrides do not count.
fn deps<'d>(desired: &'d Desired, component: &'d Component, all: bool) -> Shown<'d> {
    let mut files = BTreeSet::from([manifest(desired, &component.manifest)]);
    if all && component.listing.gives {
        files.extend(component.listing.imports.iter().map(|path| manifest(desired, path)));
    }
    for section in SOURCES {
        let keys = component.section(section).and_then(Value::as_map);
        for (key, _) in keys.into_iter().flat_map(|map| map.iter()) {
            let says = |layer: &&Layer| {
                let says = layer.section.as_ref() == *section && layer.value.get(key).is_some();
                says && layer.reach != Reach::Override
            };
            let layers = component.layers.iter().rev().filter(says);
            let last = layers.filter_map(|layer| layer.imports.last());
            let last = last.filter(|path| path.starts_with(desired.manifests.as_ref()));
            let last = last.map(|path| manifest(desired, path));
            files.extend(last.take(if all { usize::MAX } else { 1 }));
        }
    }
    Shown::texts(files)
}

/// A manifest by its path among the stacks, without extension. Of the two that a template has
/// (`.yaml.tmpl`) the first stays, as in Atmos.
pub(super) fn manifest<'d>(desired: &Desired, path: &'d str) -> &'d str {
    let below = path.strip_prefix(desired.manifests.as_ref());
    let below = below.and_then(|path| path.strip_prefix('/')).unwrap_or(path);
    below.rsplit_once('.').map_or(below, |(stem, _)| stem)
}

pub(super) fn shown<'d>(all: BTreeMap<&'d str, Shown<'d>>) -> Shown<'d> {
    Shown::Map(all.into_iter().map(|(key, value)| (Cow::Borrowed(key), value)).collect())
}
