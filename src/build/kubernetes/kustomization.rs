//! A folder with a kustomization: what `kustomize` makes of it, and all that this takes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use yaml_span::{Limits, parse_first};

use crate::build::draft::{Draft, join};
use crate::diagnostic::{Code, Diagnostic, Span};
use crate::ids::ContentId;
use crate::model::errand::{Errand, Program, Supply};
use crate::model::files::File;
use crate::model::value::{Origin, Value};
use crate::model::yaml;
use crate::source::{Entry, Snapshot};

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

/// Most files of one kustomization, its bases included, and what they hold together: a hundred
/// times what is usual (100 files, 160 KiB). All of them are written out for a run.
const FILES_MAX: usize = 10_000;
const BYTES_MAX: u64 = 16 << 20;

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
    let folder = if folder.is_empty() { "." } else { folder };
    let arguments = ["build", folder].map(Arc::from).to_vec();
    let errand = Errand { program: Program::Kustomize, arguments, files, turn: 0 };
    let Some(text) = draft.brought(errand, &Span::file(path.clone())) else { return Vec::new() };
    let Some(origin) = origin(draft, path) else { return Vec::new() };
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
    let (mut files, mut bytes) = (BTreeMap::new(), 0);
    for below in folders.iter().map(|folder| draft.snapshot.below(folder)) {
        for (path, Entry { bytes: length, id }) in below {
            let supply = Supply::File { path: path.clone(), id: id.clone() };
            if files.insert(path.clone(), supply).is_none() {
                bytes += length;
            }
        }
    }
    if files.len() > FILES_MAX || bytes > BYTES_MAX {
        let message = format!(
            "`{folder}` takes {} files with {bytes} bytes; the most are {FILES_MAX} with {BYTES_MAX}",
            files.len()
        );
        draft.fail(Code::BuildFailed, draft.place(), message);
        return None;
    }
    Some(files)
}

/// The folders that the kustomization at `path` names. What is not in the repository is refused.
fn named(draft: &mut Draft<'_>, folder: &str, path: &Arc<str>) -> Vec<String> {
    let Some(value) = read(draft, path) else { return Vec::new() };
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

fn read(draft: &mut Draft<'_>, path: &Arc<str>) -> Option<Value> {
    let text = match draft.snapshot.text(path) {
        Ok(text) => text.unwrap_or_default(),
        Err(error) => {
            draft.fail(Code::FileUnreadable, Span::file(path.clone()), error.to_string());
            return None;
        }
    };
    let parsed = parse_first(&*text, &Limits::DEFAULT);
    draft.found.extend(parsed.errors.iter().map(|error| Diagnostic::from_yaml(path, error)));
    let document = Arc::new(parsed.document);
    let file = File { path: path.clone(), content: ContentId::of(&*text), document };
    let (document, number) = (file.document.clone(), draft.add_file(file));
    Some(yaml::read(&document, document.root(), number))
}

/// Where all that comes of the kustomization at `path` is said to be written.
fn origin(draft: &mut Draft<'_>, path: &Arc<str>) -> Option<Origin> {
    read(draft, path).map(|value| value.origin)
}
