//! Slash-separated paths. The `os` forms are the same here on every system.

use super::add;
use crate::functions::{Functions, Type};

pub(super) fn register(f: &mut Functions) {
    add(f, &["base", "osBase"], &[Type::Str], |c| Ok(base(&c.str(0)?).into()));
    add(f, &["dir", "osDir"], &[Type::Str], |c| Ok(dir(&c.str(0)?).into()));
    add(f, &["clean", "osClean"], &[Type::Str], |c| Ok(clean(&c.str(0)?).into()));
    add(f, &["ext", "osExt"], &[Type::Str], |c| Ok(ext(&c.str(0)?).into()));
    add(f, &["isAbs", "osIsAbs"], &[Type::Str], |c| Ok(c.str(0)?.starts_with('/').into()));
}

/// All but the last part.
pub(crate) fn dir(path: &str) -> String {
    clean(&path[..path.rfind('/').map_or(0, |slash| slash + 1)])
}

/// What follows the last point of the last part, with it.
pub(crate) fn ext(path: &str) -> &str {
    let name = &path[path.rfind('/').map_or(0, |slash| slash + 1)..];
    name.rfind('.').map_or("", |dot| &name[dot..])
}

/// The last part.
pub(crate) fn base(path: &str) -> &str {
    if path.is_empty() {
        return ".";
    }
    let trimmed = path.trim_end_matches('/');
    match trimmed.rsplit('/').next() {
        Some("") | None => "/",
        Some(name) => name,
    }
}

/// The shortest path that means the same, by its text alone.
pub(crate) fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if kept.last().is_some_and(|last| *last != "..") => {
                kept.pop();
            }
            ".." if rooted => {}
            part => kept.push(part),
        }
    }
    match (rooted, kept.is_empty()) {
        (true, _) => format!("/{}", kept.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => kept.join("/"),
    }
}
