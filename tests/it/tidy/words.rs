//! Words that may not stand in the repository.

use super::Finding;
use super::files::{File, is_word};

/// Notes that something is not finished. Taken apart, so that this file does not break its rule.
pub(super) const UNFINISHED: &[&str] =
    &[concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];

/// Folders that exist on one machine only.
const HOMES: &[&str] = &[concat!("/ho", "me/"), concat!("/ro", "ot/"), concat!("/Use", "rs/")];

/// Hosts that packages come from. Which one is asked is the business of each machine.
const REGISTRIES: &[&str] = &[
    concat!("index.", "crates.io"),
    concat!("static.", "crates.io"),
    concat!("registry.", "npmjs.org"),
    concat!("proxy.", "golang.org"),
    concat!("py", "pi.org"),
    concat!("files.", "pythonhosted.org"),
    concat!("deb.", "debian.org"),
];

/// Work that is left over: finish it, or write an issue.
pub(super) fn unfinished(file: &File, findings: &mut Vec<Finding>) {
    if !is_ours(file) {
        return;
    }
    for (index, line) in file.text.lines().enumerate() {
        for word in line.split(|c| !is_word(c)).filter(|word| UNFINISHED.contains(word)) {
            add(file, index, format!("`{word}`: finish it, or write an issue"), findings);
        }
    }
    for (index, line) in file.code.lines().enumerate() {
        for word in ["todo!", "unimplemented!"].into_iter().filter(|word| line.contains(word)) {
            add(file, index, format!("`{word}`: finish it"), findings);
        }
    }
}

/// A test that does not run tests nothing.
pub(super) fn switched_off(file: &File, findings: &mut Vec<Finding>) {
    for (index, line) in file.code.lines().enumerate() {
        if line.contains("#[ignore") {
            add(file, index, "an ignored test: mend it or delete it".to_owned(), findings);
        }
    }
}

/// A test that waits is slow on a fast machine and fails on a slow one.
pub(super) fn sleeps(file: &File, findings: &mut Vec<Finding>) {
    for (line, path) in file.paths().into_iter().filter(|_| file.is_test()) {
        let tail: Vec<_> = path.iter().rev().take(2).map(String::as_str).collect();
        if matches!(tail.as_slice(), ["sleep", "thread" | "time"]) {
            let what = format!("`{}`: wait for what happens, not for time", path.join("::"));
            add(file, line - 1, what, findings);
        }
    }
}

/// What is true on one machine only.
pub(super) fn machine(file: &File, findings: &mut Vec<Finding>) {
    for (index, line) in file.text.lines().enumerate().filter(|_| is_ours(file)) {
        for home in HOMES.iter().filter(|home| line.contains(**home)) {
            add(file, index, format!("`{home}` is a folder of one machine"), findings);
        }
        for host in REGISTRIES.iter().filter(|host| line.contains(**host)) {
            add(file, index, format!("`{host}`: name the package, not the registry"), findings);
        }
    }
}

/// Code, scripts and documents; not recorded output, and not the text of the license.
fn is_ours(file: &File) -> bool {
    let name = file.path.rsplit('/').next().unwrap_or_default();
    let extension = name.rsplit_once('.').map_or("", |(_, extension)| extension);
    ["", "rs", "md", "toml", "sh"].contains(&extension) && name != "LICENSE"
}

fn add(file: &File, index: usize, what: String, findings: &mut Vec<Finding>) {
    findings.push(Finding { path: file.path.clone(), line: index + 1, what });
}
