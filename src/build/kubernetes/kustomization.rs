//! A folder with a kustomization: what `kustomize` makes of it, and all that this takes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::build::draft::{Draft, join};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::model::errand::{Errand, Program, Supply};
use crate::model::value::Value;
use crate::model::yaml;
use crate::source::Snapshot;

/// What a kustomization is called, the best name first.
const NAMES: &[&str] = &["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Fields that name folders with kustomizations, beside files.
const FOLDERS: &[&str] =
    &["resources", "bases", "components", "generators", "transformers", "validators"];

/// Fields that have kustomize fetch something, or start another program.
const REFUSED: &[(&str, &str)] = &[
    ("helmCharts", "a chart is a component of kind `helm`"),
    ("helmChartInflationGenerator", "a chart is a component of kind `helm`"),
];

/// The kustomization of `folder`, if it has one.
pub(super) fn of<'s>(snapshot: &'s Snapshot, folder: &str) -> Option<&'s Arc<str>> {
    NAMES.iter().find_map(|name| snapshot.path(format!("{folder}/{name}").trim_start_matches('/')))
}

/// Whether `path` is a kustomization.
pub(super) fn is(path: &str) -> bool {
    NAMES.contains(&path.rsplit('/').next().unwrap_or(path))
}

/// The objects that the kustomization of `folder` makes. Each says that it comes from there: no line
/// of it says which.
pub(super) fn built(draft: &mut Draft<'_>, folder: &str, path: &Arc<str>) -> Vec<Value> {
    let known = draft.found.len();
    let Some(files) = files(draft, folder) else { return Vec::new() };
    if draft.found.len() > known {
        return Vec::new();
    }
    let arguments = ["build", &format!("./{folder}")].map(Arc::from).to_vec();
    let errand = Errand { program: Program::Kustomize, arguments, files, turn: 0 };
    let Some(text) = draft.brought(errand, &Span::file(path.clone())) else { return Vec::new() };
    let Some(origin) = draft.file(path).map(|value| value.origin) else { return Vec::new() };
    match yaml::written(&text, origin) {
        Ok(documents) => documents,
        Err(error) => {
            let message = format!("what `{}` wrote is no YAML: {error}", Program::Kustomize);
            draft.fail(Code::BuildFailed, Span::file(path.clone()), message);
            Vec::new()
        }
    }
}

/// All files that the kustomization of `folder` may read: those below it, and below each folder that
/// it takes from elsewhere.
fn files(draft: &mut Draft<'_>, folder: &str) -> Option<BTreeMap<Arc<str>, Supply>> {
    let mut folders = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(next) = open.pop() {
        if folders.insert(next.clone())
            && let Some(path) = of(draft.snapshot, &next).cloned()
        {
            open.extend(named(draft, &next, &path));
        }
    }
    draft.supplies(folder, folders.iter().map(String::as_str))
}

/// The folders that the kustomization at `path` names. What is not in the repository is refused.
fn named(draft: &mut Draft<'_>, folder: &str, path: &Arc<str>) -> Vec<String> {
    let Some(value) = draft.file(path) else { return Vec::new() };
    for (field, hint) in REFUSED {
        if let Some(found) = value.get(field) {
            let message = format!("`{field}` is not built");
            let refused = Diagnostic::error(Code::BuildFailed, draft.span(found), message);
            draft.found.push(refused.hint(*hint));
        }
    }
    let mut folders = Vec::new();
    let entries = FOLDERS.iter().filter_map(|field| value.get(field)?.as_list()).flatten();
    for entry in entries {
        let Some(text) = entry.as_str().filter(|text| !text.contains('\n')) else { continue };
        let at = join(folder, text).filter(|_| !text.starts_with('/') && !text.contains("://"));
        match at {
            Some(at) if draft.snapshot.entry(&at).is_some() => {}
            Some(at) if draft.snapshot.below(&at).next().is_some() => folders.push(at),
            _ => {
                let message = format!("there is no `{text}` in the repository");
                let missing = Diagnostic::error(Code::BuildFailed, draft.span(entry), message);
                draft.found.push(missing.hint(
                    "paths are from the kustomization's folder; what is elsewhere is not fetched",
                ));
            }
        }
    }
    folders
}
