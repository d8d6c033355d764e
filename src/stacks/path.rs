//! Paths and globs inside the repository, always with `/`, never with a leading one.

use globset::{Glob, GlobBuilder};

/// The extensions a manifest may have, in the order in which they are tried.
pub(super) const EXTENSIONS: &[&str] = &[".yaml", ".yml", ".yaml.tmpl", ".yml.tmpl"];

/// What a file ends with that is rendered before it is read.
pub(super) const TEMPLATE: &str = ".tmpl";

/// `path` as written in the file `from`: relative to that file if it begins with `./` or `../`,
/// else to the folder `base`. `None` if it leads out of the repository.
pub(super) fn resolve(path: &str, from: &str, base: &str) -> Option<String> {
    let first = path.split('/').next().unwrap_or_default();
    let folder = match first {
        "." | ".." => from.rsplit_once('/').map_or("", |(folder, _)| folder),
        _ => base,
    };
    normal(&format!("{folder}/{path}"))
}

/// The path without `.`, `..` and doubled slashes. `None` if it leads out of the repository.
pub(super) fn normal(path: &str) -> Option<String> {
    let mut steps = Vec::new();
    for step in path.split('/') {
        match step {
            "" | "." => {}
            ".." => {
                steps.pop()?;
            }
            step => steps.push(step),
        }
    }
    Some(steps.join("/"))
}

/// `path` below `base`, or the whole path if it is not.
pub(super) fn below<'p>(path: &'p str, base: &str) -> &'p str {
    if base.is_empty() {
        return path;
    }
    path.strip_prefix(base).and_then(|rest| rest.strip_prefix('/')).unwrap_or(path)
}

/// The path without the extension of a manifest.
pub(super) fn stem(path: &str) -> &str {
    EXTENSIONS.iter().find_map(|extension| path.strip_suffix(extension)).unwrap_or(path)
}

/// Whether the file may be a manifest.
pub(super) fn is_manifest(path: &str) -> bool {
    EXTENSIONS.iter().any(|extension| path.ends_with(extension))
}

/// Whether the text is a pattern rather than a path.
pub(super) fn is_glob(path: &str) -> bool {
    path.contains(['*', '?', '[', '{'])
}

/// The folder that everything lies below that fits a pattern.
pub(super) fn literal_folder(pattern: &str) -> &str {
    let literal = pattern.split(['*', '?', '[', '{']).next().unwrap_or_default();
    literal.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A pattern in which `*` stays within a folder and `**` does not.
pub(super) fn glob(pattern: &str) -> Result<Glob, globset::Error> {
    GlobBuilder::new(pattern).literal_separator(true).build()
}
