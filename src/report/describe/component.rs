//! One component.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::section;
use super::shown::Shown;
use crate::model::desired::{Component, Desired};

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
        "command",
        match component.section("command") {
            Some(command) if command.as_str() != Some("") => Shown::Value(command),
            _ => Shown::text(kind),
        },
    );
    all.insert("atmos_component", Shown::text(component.id.name.as_str()));
    all.insert("atmos_stack", Shown::text(component.id.stack.as_str()));
    all.insert("stack", Shown::text(component.id.stack.as_str()));
    all.insert("atmos_stack_file", Shown::text(file));
    all.insert("atmos_manifest", Shown::text(file));
    all.insert("component", Shown::text(component.code.as_ref()));
    all.insert("component_info", about(desired, component, view));
    all.insert("inheritance", inheritance(component, view));
    if view == (View::Listed { evaluated: true }) || view == (View::Listed { evaluated: false }) {
        if kind == "terraform" {
            all.insert("workspace", Shown::text(component.listing.workspace.as_ref()));
        }
        return shown(all);
    }
    let imports = component.listing.imports.iter().map(|path| manifest(desired, path));
    all.insert("imports", Shown::texts(imports));
    all.insert("workspace", Shown::text(component.workspace.as_ref()));
    all.insert("component_type", Shown::text(kind));
    all.insert("tf_cli_vars", Shown::empty());
    all.insert("deps", deps(desired, component));
    all.insert("deps_all", deps(desired, component));
    if view == View::Short {
        all.retain(|name, _| section::SHORT.contains(name));
    }
    shown(all)
}

/// The sections of a component, the empty ones of its kind included.
fn sections(component: &Component) -> BTreeMap<&str, Shown<'_>> {
    let rows = section::rows(component.id.kind.as_str());
    let shown = rows.filter_map(|(name, empty)| {
        let said = component.section(name).filter(|value| !value.is_null());
        Some((name, said.map(Shown::Value).or(empty)?))
    });
    shown.collect()
}

fn about<'d>(desired: &'d Desired, component: &'d Component, view: View<'_>) -> Shown<'d> {
    let kind = component.id.kind.as_str();
    let mut all = BTreeMap::from([("component_type", Shown::text(kind))]);
    if desired.layout.0.contains_key(&component.id.kind) {
        let folder = desired.layout.folder(component);
        let path = match view {
            View::Full(root) => root.join(folder).to_string_lossy().into_owned(),
            _ => folder,
        };
        all.insert("component_path", Shown::text(path));
    }
    shown(all)
}

fn inheritance<'d>(component: &'d Component, view: View<'_>) -> Shown<'d> {
    match component.inheritance.as_slice() {
        [] if view == (View::Listed { evaluated: false }) => Shown::Null,
        bases => Shown::texts(bases.iter().map(|base| base.as_str())),
    }
}

/// The manifests that contribute to the component.
fn deps<'d>(desired: &'d Desired, component: &'d Component) -> Shown<'d> {
    let files = component.layers.iter().filter_map(|layer| layer.imports.last());
    let own = std::iter::once(&component.manifest);
    let files: BTreeSet<_> = files.chain(own).map(|path| manifest(desired, path)).collect();
    Shown::texts(files)
}

/// A manifest by its path among the stacks, without extension.
pub(super) fn manifest<'d>(desired: &Desired, path: &'d str) -> &'d str {
    let below = path.strip_prefix(desired.manifests.as_ref());
    let below = below.and_then(|path| path.strip_prefix('/')).unwrap_or(path);
    let extensions = [".yaml", ".yml", ".yaml.tmpl", ".yml.tmpl"];
    extensions.iter().find_map(|extension| below.strip_suffix(extension)).unwrap_or(below)
}

pub(super) fn shown<'d>(all: BTreeMap<&'d str, Shown<'d>>) -> Shown<'d> {
    Shown::Map(all.into_iter().map(|(key, value)| (Cow::Borrowed(key), value)).collect())
}
