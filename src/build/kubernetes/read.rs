//! Manifest files into values that know their lines.

use std::collections::BTreeSet;
use std::sync::Arc;

use globset::GlobBuilder;
use serde::de::IgnoredAny;
use yaml_span::schema::{Scalar, v2};
use yaml_span::{Code as Yaml, Limits, Span, Stream, SyntaxError, parse_manifests, parse_stream};

use super::{encrypted, kustomization, template};
use crate::build::draft::{Draft, join};
use crate::diagnostic::{Code, Diagnostic, closest};
use crate::model::cipher::Cipher;
use crate::model::files::File;
use crate::model::value::Value;
use crate::model::yaml;

/// A document, and what encrypted values in it may be of, beside what it says itself.
type Read = (Value, Vec<Arc<Cipher>>);

/// Every document of every file that `paths` names; without `paths` and `manifests`, of every
/// manifest in the component's folder. Of a folder with a kustomization, what that makes; of a template,
/// what it renders to.
pub(super) fn files(draft: &mut Draft<'_>) -> Vec<Read> {
    let plain = |value| (value, Vec::new());
    let mut documents: Vec<Read> = Vec::new();
    for path in paths(draft) {
        if kustomization::is(&path) {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            documents.extend(kustomization::built(draft, folder, &path).into_iter().map(plain));
            continue;
        }
        let Some(text) = draft.text(&path) else { continue };
        if template::stem(&path).is_some() {
            let (found, ciphers) = template::rendered(draft, &path, &text);
            documents.extend(found.into_iter().map(|value| (value, ciphers.clone())));
            draft.ciphers.extend(ciphers);
            continue;
        }
        let found = parse(draft, &path, &text);
        documents.extend(encrypted::file(draft, &path, &text, found).into_iter().map(plain));
    }
    documents
}

fn parse(draft: &mut Draft<'_>, path: &Arc<str>, text: &str) -> Vec<Value> {
    let stream = stream(text);
    draft.found.extend(stream.errors.iter().map(|error| Diagnostic::from_yaml(path, error)));
    if !stream.errors.is_empty() {
        return Vec::new();
    }
    let mut values = Vec::new();
    for document in stream.documents {
        let document = Arc::new(document);
        let file = File::new(path.clone(), document.clone());
        let file = draft.add_file(file);
        let value = yaml::read_manifest(&document, document.root(), file);
        // What stands between two `---` may be comments alone.
        if !value.is_null() {
            values.push(value);
        }
    }
    values
}

/// The documents of a manifest file, read as kubectl does: what is JSON as that, else as YAML.
pub(super) fn stream(text: &str) -> Stream {
    if !is_json(text) {
        return parse_manifests(text, &Limits::DEFAULT);
    }
    let mut stream = parse_stream(text, &Limits::DEFAULT);
    for document in &stream.documents {
        // All other scalars of JSON without quotes are something else than a text.
        let is_large = |id| matches!(v2::scalar(document, id), Ok(Scalar::Str(_)));
        for id in document.ids().filter(|id| document.is_plain(*id) && is_large(*id)) {
            let message = format!("`{}` is too large for a number", document.text(id));
            let span: Span = document.span(id);
            let hint = Some("quote it if the text was meant");
            let related = None;
            stream.errors.push(SyntaxError { code: Yaml::Syntax, message, span, related, hint });
        }
    }
    stream
}

fn is_json(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    let mut objects = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    text.starts_with('{') && objects.all(|object| object.is_ok())
}

/// The files to read, sorted.
fn paths(draft: &mut Draft<'_>) -> BTreeSet<Arc<str>> {
    let Some(section) = draft.component.section("paths").filter(|value| !value.is_null()) else {
        if draft.component.section("manifests").is_some_and(|value| !value.is_null()) {
            return BTreeSet::new();
        }
        let folder = draft.folder.clone();
        let found = manifests_below(draft, &folder);
        if found.is_empty() {
            draft.fail_no_folder();
        }
        return found;
    };
    let Some(entries) = section.as_list() else {
        draft.fail(Code::SectionType, draft.span(section), "`paths` is not a list of paths");
        return BTreeSet::new();
    };
    let mut all = BTreeSet::new();
    for entry in entries {
        let Some(text) = entry.as_str() else {
            draft.fail(Code::SectionType, draft.span(entry), "a path is not a text");
            continue;
        };
        let found = join(&draft.folder, text).map(|path| matching(draft, &path));
        match found.filter(|found| !found.is_empty()) {
            Some(found) => all.extend(found),
            None => {
                let problem = not_found(draft, entry, text);
                draft.found.push(problem);
            }
        }
    }
    all
}

/// The file at `path`, the manifests below the folder, or what fits the glob.
fn matching(draft: &mut Draft<'_>, path: &str) -> BTreeSet<Arc<str>> {
    if draft.snapshot.entry(path).is_some() {
        return BTreeSet::from([path.into()]);
    }
    if !path.contains(['*', '?', '[', '{']) {
        return manifests_below(draft, path);
    }
    let Ok(glob) = GlobBuilder::new(path).literal_separator(true).build() else {
        return BTreeSet::new();
    };
    let glob = glob.compile_matcher();
    let folder = draft.folder.clone();
    draft.fail_gaps(&folder);
    let below = draft.snapshot.below(&folder);
    below.filter(|(path, _)| glob.is_match(&***path)).map(|(path, _)| path.clone()).collect()
}

/// The manifests below a folder; of a folder in it with a kustomization, that alone.
fn manifests_below(draft: &mut Draft<'_>, folder: &str) -> BTreeSet<Arc<str>> {
    let is_manifest = |path: &str| {
        let name = template::stem(path).unwrap_or(path);
        [".yaml", ".yml", ".json"].iter().any(|end| name.ends_with(end))
    };
    draft.fail_gaps(folder);
    let draft = &*draft;
    let below = || draft.snapshot.below(folder).map(|(path, _)| path);
    let built = below().any(|path| kustomization::is(path));
    let mut all = BTreeSet::new();
    for path in below() {
        let above = built.then(|| kustomization_above(draft, folder, path)).flatten();
        match above {
            Some(kustomization) => drop(all.insert(kustomization.clone())),
            None if is_manifest(path) => drop(all.insert(path.clone())),
            None => {}
        }
    }
    all
}

/// The kustomization of the outermost folder that has one, from `folder` down to `path`.
fn kustomization_above<'s>(draft: &Draft<'s>, folder: &str, path: &str) -> Option<&'s Arc<str>> {
    let above = path.match_indices('/').map(|(at, _)| &path[..at]);
    let mut above = above.filter(|above| above.len() >= folder.len());
    above.find_map(|above| kustomization::of(draft.snapshot, above))
}

fn not_found(draft: &Draft<'_>, entry: &Value, text: &str) -> Diagnostic {
    let prefix = format!("{}/", draft.folder);
    let below = draft.snapshot.below(&draft.folder);
    let names: Vec<_> = below.filter_map(|(path, _)| path.strip_prefix(&prefix)).collect();
    let message = format!("there is no manifest at `{text}` in `{}`", draft.folder);
    let found = Diagnostic::error(Code::BuildFailed, draft.span(entry), message);
    let template = names.iter().copied().find(|name| template::stem(name) == Some(text));
    match template.or_else(|| closest(text, names.iter().copied())) {
        Some(name) => found.hint(format!("did you mean `{name}`?")),
        None => found.hint("paths are from the component's own folder"),
    }
}
