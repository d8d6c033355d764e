//! Every link between the documents leads to a file, and every document is linked from one.

#![expect(clippy::unwrap_used, reason = "a test stops where something is not as it should be")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Where a reader begins.
const START: &str = "README.md";

/// Where documents are, beside the root.
const FOLDERS: &[&str] = &["deployments", "docs"];

#[test]
fn every_link_leads_to_a_file() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut broken = Vec::new();
    for page in pages(root) {
        for link in links(&fs::read_to_string(root.join(&page)).unwrap()) {
            if !root.join(leads_to(&page, &link)).exists() {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    assert!(broken.is_empty(), "these lead nowhere:\n{}", broken.join("\n"));
}

#[test]
fn every_page_can_be_reached() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut seen = BTreeSet::new();
    let mut waiting = vec![PathBuf::from(START)];
    while let Some(page) = waiting.pop() {
        let Ok(text) = fs::read_to_string(root.join(&page)) else { continue };
        if page.extension().is_some_and(|extension| extension == "md") && seen.insert(page.clone())
        {
            waiting.extend(links(&text).iter().map(|link| leads_to(&page, link)));
        }
    }
    let lost: Vec<_> = pages(root).into_iter().filter(|page| !seen.contains(page)).collect();
    assert!(lost.is_empty(), "no link leads from {START} to {lost:?}");
}

/// The documents, by their paths from the root.
fn pages(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder)).unwrap() {
            let path = folder.join(entry.unwrap().file_name());
            if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            } else if FOLDERS.iter().any(|folder| path.starts_with(folder))
                && root.join(&path).is_dir()
            {
                folders.push(path);
            }
        }
    }
    found
}

/// Targets of the links in `markdown` that stay in the repository, without their fragments.
fn links(markdown: &str) -> Vec<String> {
    let prose = markdown.split("\n```").step_by(2);
    let targets = prose.flat_map(|text| text.split("](").skip(1));
    let targets = targets.filter_map(|rest| rest.split([')', '#']).next());
    targets.filter(|link| !link.contains("://") && !link.is_empty()).map(str::to_owned).collect()
}

/// The path from the root of what `link` in `page` names.
fn leads_to(page: &Path, link: &str) -> PathBuf {
    let mut path = page.parent().unwrap_or(Path::new("")).to_owned();
    for part in link.split('/') {
        match part {
            ".." => drop(path.pop()),
            "." => {}
            name => path.push(name),
        }
    }
    path
}
