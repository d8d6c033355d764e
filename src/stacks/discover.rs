//! Which manifests are stacks of their own.

use std::sync::Arc;

use globset::{GlobSet, GlobSetBuilder};

use super::atmos_yaml::{Dialect, Glob};
use super::path;
use crate::diagnostic::{Code, Diagnostic, Span, closest};
use crate::source::Snapshot;

/// The top-level manifests, and what is odd about how they are named.
#[derive(Debug, Default)]
pub(super) struct Parents {
    /// The manifests that an include pattern names and no exclude pattern does, sorted by path.
    pub(super) paths: Vec<Arc<str>>,
    /// An error if there is none, a warning for each pattern that names no manifest. Both leave it
    /// open which stacks there are: a folder may have moved, or a letter may be missing.
    pub(super) found: Vec<Diagnostic>,
}

/// Finds the top-level manifests.
pub(super) fn parents(snapshot: &Snapshot, dialect: &Dialect) -> Parents {
    let included: Vec<_> = dialect.included.iter().map(|glob| set([glob])).collect();
    let excluded = set(&dialect.excluded);
    let fits = |globs: &GlobSet, path: &str, below: &str| {
        globs.is_match(below) || (below != path && globs.is_match(path))
    };
    let mut parents = Parents::default();
    let mut used = vec![false; included.len()];
    let manifests = snapshot.below(&dialect.stacks).map(|(path, _)| path);
    for path in manifests.filter(|path| path::is_manifest(path)) {
        let below = path::below(path, &dialect.stacks);
        let mut is_included = false;
        for (globs, used) in included.iter().zip(&mut used) {
            let names = (!*used || !is_included) && fits(globs, path, below);
            *used |= names;
            is_included |= names;
        }
        if is_included && !fits(&excluded, path, below) {
            parents.paths.push(path.clone());
        }
    }
    let unused = || dialect.included.iter().zip(&used).filter(|(_, used)| !**used);
    parents.found = match parents.paths.is_empty() {
        true => vec![none(snapshot, dialect, unused().map(|(glob, _)| glob).next())],
        false => unused().map(|(glob, _)| leads_nowhere(glob)).collect(),
    };
    let gaps = snapshot.gaps(&dialect.stacks);
    parents.found.extend(gaps.filter(|(path, _)| !path::is_manifest(path)).map(may_hold_more));
    parents
}

/// What is wrong where no manifest is a stack; `unused` is a pattern that names no manifest.
fn none(snapshot: &Snapshot, dialect: &Dialect, unused: Option<&Glob>) -> Diagnostic {
    let folder = dialect.stacks.as_str();
    let error = |at: &Span, message| Diagnostic::error(Code::StackNone, at.clone(), message);
    let mut manifests = snapshot.below(folder).map(|(path, _)| path);
    if !manifests.any(|path| path::is_manifest(path)) {
        let message = format!("there is no manifest in the folder `{folder}`");
        let folders = snapshot.entries().filter_map(|(path, _)| path.split_once('/'));
        return match closest(folder, folders.map(|(first, _)| first)) {
            Some(name) => {
                error(&dialect.stacks_at, message).hint(format!("did you mean `{name}`?"))
            }
            None => error(&dialect.stacks_at, message),
        };
    }
    match (unused, dialect.excluded.first()) {
        (None, Some(excluded)) => {
            error(&excluded.at, "every manifest that is included is excluded again".to_owned())
        }
        (Some(glob), _) => {
            error(&glob.at, format!("no manifest in `{folder}` fits `{}`", glob.text))
        }
        (None, None) => error(&dialect.stacks_at, format!("no manifest in `{folder}` is a stack")),
    }
}

/// A folder, as it may be, that cannot be looked into may hold manifests. One that is a manifest by
/// its name is said to be unreadable where it is read.
fn may_hold_more((path, why): (&Arc<str>, &Arc<str>)) -> Diagnostic {
    let message = format!("{path} cannot be read: {why}");
    let found = Diagnostic::error(Code::FileUnreadable, Span::file(path.clone()), message);
    found.hint("manifests may be in it: put them into this repository, or take it out")
}

fn leads_nowhere(glob: &Glob) -> Diagnostic {
    let message = format!("no manifest fits `{}`", glob.text);
    let found = Diagnostic::warning(Code::StackNone, glob.at.clone(), message);
    found.hint("mend the pattern, or take it out; until then nothing counts as gone")
}

/// The patterns, each by itself, or with every extension a manifest may have if it names none.
fn set<'g>(patterns: impl IntoIterator<Item = &'g Glob>) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for Glob { text, .. } in patterns {
        let extensions = if path::is_manifest(text) { &[""] } else { path::EXTENSIONS };
        // `atmos.yaml` was read with its patterns checked.
        for glob in extensions.iter().filter_map(|end| path::glob(&format!("{text}{end}")).ok()) {
            set.add(glob);
        }
    }
    set.build().unwrap_or_default()
}
