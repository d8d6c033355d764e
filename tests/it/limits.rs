//! `docs/limits.md` has every bound on what a stranger's files may cost, with its value.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

use std::fs;
use std::path::Path;

use crate::errors::root;

/// Where a stranger's text is read, answered or shown.
const READERS: [&str; 9] = [
    "src/stacks",
    "src/source",
    "src/model",
    "src/build",
    "src/jail",
    "src/reconcile",
    "src/report",
    "crates/yaml-span/src",
    "crates/gotmpl/src",
];

/// Every `const ..._MAX: ... = value;` of product code at or below `at`: its name and its value.
fn bounds(at: &Path, found: &mut Vec<(String, String, String)>) {
    let mut entries: Vec<_> = match at.is_dir() {
        true => fs::read_dir(at).unwrap().map(|one| one.unwrap().path()).collect(),
        false => vec![at.to_owned()],
    };
    entries.sort();
    for path in entries {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            bounds(&path, found);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            let shown = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
            for line in fs::read_to_string(&path).unwrap().lines() {
                let Some((_, rest)) = line.split_once("const ") else { continue };
                let Some((name, rest)) = rest.split_once(':') else { continue };
                if let (true, Some((_, value))) = (name.ends_with("_MAX"), rest.split_once('=')) {
                    let value = value.trim().trim_end_matches(';').to_owned();
                    found.push((name.to_owned(), value, shown.clone()));
                }
            }
        }
    }
}

#[test]
fn every_bound_is_in_the_table() {
    let page = fs::read_to_string(root().join("docs/limits.md")).unwrap();
    let mut found = Vec::new();
    READERS.iter().for_each(|folder| bounds(&root().join(folder), &mut found));
    assert!(found.len() > 20, "{found:?}");
    let mut rows: Vec<_> = page.lines().filter(|line| line.starts_with("| `")).collect();
    let mut missing = Vec::new();
    for (name, value, file) in &found {
        let begins = format!("| `{name}` | `{value}` | {file} |");
        match rows.iter().position(|row| row.starts_with(&begins)) {
            Some(at) => drop(rows.remove(at)),
            None => missing.push(begins),
        }
    }
    let fields =
        rows.iter().filter(|row| !row.contains("limits.rs") && !row.contains("listing.rs"));
    let gone: Vec<_> = fields.collect();
    assert!(missing.is_empty() && gone.is_empty(), "missing: {missing:#?}\ngone: {gone:#?}");
}
