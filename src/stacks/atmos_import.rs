//! What `atmos.yaml` imports: files in `atmos.d` and `.atmos.d`, over them what its `import` names
//! in order, over those the file itself. Maps are merged, all else is replaced.
//!
//! Paths begin at the `base_path` of the file that imports. A folder stands for every file in it;
//! without an extension `.yaml` comes before `.yml`. All of it is in the repository: by which rules a
//! tree is read and judged must not depend on what can be fetched.

use std::collections::BTreeSet;
use std::sync::Arc;

use globset::Glob;

use super::load::Library;
use super::merge::{self, Lists};
use super::path;
use crate::diagnostic::{Code, Diagnostic, Severity, Span};
use crate::model::remote::is_remote;
use crate::model::value::Value;

/// Folders whose files are imported without being named.
const FOLDERS: [&str; 2] = ["atmos.d", ".atmos.d"];

/// How deep settings may import settings, as in Atmos.
const DEPTH_MAX: usize = 10;

/// How many files settings may be made of: each may import all others, ten levels deep.
const FILES_MAX: usize = 1000;

/// The settings of a snapshot, and what they are made of.
pub(super) struct Settings {
    /// The file that was begun with.
    pub(super) path: Arc<str>,
    pub(super) value: Value,
    pub(super) faults: Vec<Diagnostic>,
    /// Paths that would be imported if they were there.
    pub(super) patterns: Vec<Glob>,
}

/// What settings are called that are in no file.
const SPOKEN: &str = "options and variables";

/// The settings in `files`, the later over the earlier, each with all that it imports below it, and
/// what is said `above` all of them.
pub(super) fn settings(
    library: &mut Library,
    files: &[Arc<str>],
    above: Option<&Arc<str>>,
) -> Settings {
    let mut walk =
        Walk { library, chain: Vec::new(), files: 0, faults: Vec::new(), patterns: vec![] };
    let mut below = None;
    for folder in FOLDERS {
        // A tree has too few files to look too far in the first two folders.
        for file in walk.below(folder).unwrap_or_default() {
            below = over(below, walk.file(&file, ""));
        }
    }
    for file in files {
        let said = walk.file(file, "");
        if said.is_none() {
            let message = format!("there is neither a file `{file}` nor an `atmos.yaml` in it");
            walk.faults.push(Diagnostic::error(
                Code::SettingsInvalid,
                Span::file(file.clone()),
                message,
            ));
        }
        below = over(below, said);
    }
    if let Some(text) = above {
        let spoken = walk.library.parse(&SPOKEN.into(), text.clone());
        walk.faults.extend(spoken.faults);
        below = over(below, Some(spoken.value));
    }
    let Walk { faults, patterns, .. } = walk;
    let path = files.first().cloned().unwrap_or_default();
    Settings { path, value: below.unwrap_or_else(Value::empty_map), faults, patterns }
}

struct Walk<'l> {
    library: &'l mut Library,
    /// The files that are being read, each imported by the one before it.
    chain: Vec<Arc<str>>,
    files: usize,
    faults: Vec<Diagnostic>,
    patterns: Vec<Glob>,
}

impl Walk<'_> {
    /// What the file says, over what it imports. `base` is where the paths of a file begin that
    /// does not say it.
    fn file(&mut self, path: &Arc<str>, base: &str) -> Option<Value> {
        let source = self.library.read(path)?;
        self.faults.extend(source.faults.iter().cloned());
        self.files += 1;
        self.chain.push(path.clone());
        let own = source.value.get("base_path").and_then(Value::as_str).and_then(path::normal);
        let base = own.filter(|base| !base.is_empty()).unwrap_or_else(|| base.to_owned());
        let mut below = None;
        for (text, at) in self.imports(&source.value, path) {
            match self.goals(&text, &at, &base) {
                Ok(goals) => {
                    for goal in goals {
                        below = over(below, self.import(&goal, &at, &base));
                    }
                }
                Err(fault) => self.faults.push(*fault),
            }
        }
        self.chain.pop();
        over(below, Some(source.value.clone()))
    }

    fn import(&mut self, path: &Arc<str>, at: &Span, base: &str) -> Option<Value> {
        if let Some(start) = self.chain.iter().position(|open| open == path) {
            let ring: Vec<_> =
                self.chain[start..].iter().chain([path]).map(AsRef::as_ref).collect();
            let message = format!("files import each other: {}", ring.join(" -> "));
            self.faults.push(Diagnostic::error(Code::ImportCycle, at.clone(), message));
            return None;
        }
        if self.chain.len() > DEPTH_MAX || self.files >= FILES_MAX {
            let message = format!(
                "settings import settings deeper than {DEPTH_MAX}, or are more than {FILES_MAX} files"
            );
            self.faults.push(Diagnostic::error(Code::ImportDepth, at.clone(), message));
            return None;
        }
        self.file(path, base)
    }

    /// What `import` says, with the places.
    fn imports(&mut self, root: &Value, path: &Arc<str>) -> Vec<(Arc<str>, Span)> {
        let Some(said) = root.get("import").filter(|said| !said.is_null()) else {
            return Vec::new();
        };
        let items = said.as_list().unwrap_or(std::slice::from_ref(said));
        let mut found = Vec::new();
        for item in items {
            let at = self.library.span(item, path);
            match item.as_str() {
                Some("") => {}
                Some(text) => found.push((text.into(), at)),
                None => {
                    let fault = Diagnostic::error(Code::ImportForm, at, "an import is a path");
                    self.faults.push(fault.hint("write `import:` and below it `- config/*.yaml`"));
                }
            }
        }
        found
    }

    /// The files that `text` names, in the order in which they are merged.
    fn goals(
        &mut self,
        text: &str,
        at: &Span,
        base: &str,
    ) -> Result<Vec<Arc<str>>, Box<Diagnostic>> {
        if is_remote(text) {
            let message = format!("`{text}` is not in this repository, and settings have to be");
            let fault = Diagnostic::error(Code::ImportRemote, at.clone(), message);
            return Err(Box::new(
                fault.hint("copy the file into the repository and import it there"),
            ));
        }
        let fault = |message: String| Diagnostic::error(Code::ImportNotFound, at.clone(), message);
        let Some(path) = path::normal(&format!("{base}/{text}")) else {
            return Err(Box::new(fault(format!("`{text}` leads out of the repository"))));
        };
        let goals = match self.library.snapshot.entry(&path) {
            Some(_) => vec![path.as_str().into()],
            None => self.below(&path).ok_or_else(|| {
                let message = "settings name more patterns than are looked for";
                Diagnostic::error(Code::ImportDepth, at.clone(), message)
            })?,
        };
        if goals.is_empty() {
            // Atmos passes it over.
            let fault = fault(format!("`{text}` names no file"));
            self.faults.push(Diagnostic { severity: Severity::Warning, ..fault });
        }
        Ok(goals)
    }

    /// The files that are called `path`, lie in the folder of that name, or fit the pattern. `None`
    /// if there are more patterns than are looked for.
    fn below(&mut self, path: &str) -> Option<Vec<Arc<str>>> {
        let is_folder = self.library.snapshot.below(path).next().is_some();
        let name = path.rsplit_once('/').map_or(path, |(_, name)| name);
        let patterns = match (is_folder || FOLDERS.contains(&path), name.contains('.')) {
            (true, _) => vec![format!("{path}/**/*.yaml"), format!("{path}/**/*.yml")],
            (false, false) => vec![format!("{path}.yaml"), format!("{path}.yml")],
            (false, true) => vec![path.to_owned()],
        };
        let globs: Vec<_> = patterns.iter().filter_map(|one| path::glob(one).ok()).collect();
        let folder = path::literal_folder(&patterns[0]);
        if path::is_glob(&patterns[0]) {
            let gaps =
                self.library.snapshot.gaps(folder).filter(|(path, _)| !path::is_manifest(path));
            self.faults.extend(gaps.map(|(path, why)| {
                let message = format!("{path} cannot be read, and settings may be in it: {why}");
                Diagnostic::error(Code::FileUnreadable, Span::file(path.clone()), message)
            }));
        }
        let mut found = BTreeSet::new();
        for glob in &globs {
            found.extend(self.library.fitting(folder, glob)?);
        }
        let is_second = |path: &str| {
            let first = path.strip_suffix(".yml").map(|stem| format!("{stem}.yaml"));
            first.is_some_and(|first| found.contains(first.as_str()))
        };
        let mut found: Vec<_> = found.iter().filter(|path| !is_second(path)).cloned().collect();
        found.sort_by_cached_key(|path| (path.matches('/').count(), path.clone()));
        self.patterns.extend(globs);
        Some(found)
    }
}

fn over(below: Option<Value>, above: Option<Value>) -> Option<Value> {
    match (below, above) {
        (Some(below), Some(above)) => Some(merge::merge(&below, &above, Lists::Replace)),
        (below, above) => above.or(below),
    }
}
