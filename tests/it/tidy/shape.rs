//! Size, headers, and files that nothing leads to.

use super::Finding;
use super::files::{File, is_word};

/// Longest file of Rust, in lines. Longer ones have more than one subject.
const LINES_MAX: usize = 600;
/// Longest header of a `mod.rs`, in lines: it is read before everything else in the folder.
const HEADER_LINES_MAX: usize = 20;
/// What the header of a `mod.rs` answers.
const HEADER: &[&str] = &["Takes:", "Gives:", "Never:", "Start at:", "How to add:"];

pub(super) fn size(file: &File, findings: &mut Vec<Finding>) {
    let lines = file.text.lines().count();
    if file.path.ends_with(".rs") && lines > LINES_MAX {
        let what = format!("{lines} lines, at most {LINES_MAX}: split it by subject");
        findings.push(Finding { path: file.path.clone(), line: LINES_MAX + 1, what });
    }
}

pub(super) fn header(file: &File, findings: &mut Vec<Finding>) {
    if !file.path.starts_with("src/") || !file.path.ends_with("/mod.rs") || file.is_test() {
        return;
    }
    let mut add = |what: String| findings.push(Finding { path: file.path.clone(), line: 1, what });
    let header: Vec<_> = file.text.lines().map_while(|line| line.strip_prefix("//!")).collect();
    if header.len() > HEADER_LINES_MAX {
        add(format!("the header has {} lines, at most {HEADER_LINES_MAX}", header.len()));
    }
    for part in HEADER {
        if !header.iter().any(|line| line.trim_start().starts_with(part)) {
            add(format!("the header does not say `{part}`"));
        }
    }
}

/// Rust files that no `mod` line leads to: nobody compiles them.
pub(super) fn orphans(files: &[File], findings: &mut Vec<Finding>) {
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        let Some((root, inside)) = split_root(&file.path) else { continue };
        if ["lib.rs", "main.rs"].contains(&inside) {
            continue;
        }
        let plain = inside.trim_end_matches(".rs").trim_end_matches("/mod");
        let (parent, name) = plain.rsplit_once('/').unwrap_or(("", plain));
        let parents = match parent {
            "" => [format!("{root}/lib.rs"), format!("{root}/main.rs")],
            _ => [format!("{root}/{parent}.rs"), format!("{root}/{parent}/mod.rs")],
        };
        let leads_here = |other: &File| {
            parents.contains(&other.path) && other.modules().any(|(_, module)| module == name)
        };
        if !files.iter().any(leads_here) {
            let what = format!("no `mod {name};` leads here");
            findings.push(Finding { path: file.path.clone(), line: 1, what });
        }
    }
}

/// The root of the module tree that `path` is in, and the rest.
fn split_root(path: &str) -> Option<(&str, &str)> {
    let rest = path.strip_prefix("src/").or_else(|| path.strip_prefix("tests/it/"));
    let inside = match rest {
        Some(inside) => inside,
        None if path.starts_with("crates/") || path.starts_with("scripts/") => {
            path.split_once("/src/")?.1
        }
        None => return None,
    };
    Some((&path[..path.len() - inside.len() - 1], inside))
}

/// Scenarios that no test names.
pub(super) fn scenarios(files: &[File], findings: &mut Vec<Finding>) {
    for file in files.iter().filter(|file| file.path.starts_with("tests/scenarios/")) {
        let name = file.path.rsplit('/').next().unwrap_or_default();
        let stem = name.split('.').next().unwrap_or_default();
        let names_it = |other: &File| {
            let words = |c: char| !is_word(c) && c != '-';
            other.path.starts_with("tests/it/") && other.text.split(words).any(|word| word == stem)
        };
        if !files.iter().any(names_it) {
            let what = format!("no test in tests/it names the scenario `{stem}`");
            findings.push(Finding { path: file.path.clone(), line: 1, what });
        }
    }
}

/// Error codes without a page in `docs/errors/`, and pages without a code.
pub(super) fn error_pages(files: &[File], codes: &[&str]) -> Vec<Finding> {
    let page = |code: &str| format!("docs/errors/{code}.md");
    let missing = codes
        .iter()
        .filter(|code| !files.iter().any(|file| file.path == page(code)))
        .map(|code| (page(code), "this page is missing"));
    let stray = files
        .iter()
        .filter_map(|file| file.path.strip_prefix("docs/errors/")?.strip_suffix(".md"))
        .filter(|name| *name != "README" && !codes.contains(name))
        .map(|name| (page(name), "no error has this code"));
    let found = missing.chain(stray);
    found.map(|(path, what)| Finding { path, line: 1, what: what.to_owned() }).collect()
}
