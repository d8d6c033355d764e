//! Slash-separated paths. The `os` forms are the same here on every system.

use super::add;
use crate::functions::{Functions, Type};

pub(super) fn register(f: &mut Functions) {
    add(f, &["base", "osBase"], &[Type::Str], |c| Ok(base(&c.str(0)?).into()));
    add(f, &["dir", "osDir"], &[Type::Str], |c| {
        let path = c.str(0)?;
        Ok(clean(&path[..path.rfind('/').map_or(0, |slash| slash + 1)]).into())
    });
    add(f, &["clean", "osClean"], &[Type::Str], |c| Ok(clean(&c.str(0)?).into()));
    add(f, &["ext", "osExt"], &[Type::Str], |c| {
        let path = c.str(0)?;
        let name = &path[path.rfind('/').map_or(0, |slash| slash + 1)..];
        Ok(name.rfind('.').map_or("", |dot| &name[dot..]).into())
    });
    add(f, &["isAbs", "osIsAbs"], &[Type::Str], |c| Ok(c.str(0)?.starts_with('/').into()));
}

fn base(path: &str) -> &str {
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
fn clean(path: &str) -> String {
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
