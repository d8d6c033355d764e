//! Names that say nothing.

use super::Finding;
use super::files::{File, is_word};

/// Words that fit everything, and so tell nobody what a thing is. Plurals count as well.
const BANNED: &[&str] = &["manager", "handler", "helper", "util", "common", "core", "data", "info"];

/// Keywords that a name of our own stands behind.
const KEYWORDS: &[&str] = &["struct", "enum", "union", "trait", "type", "fn", "mod", "macro_rules"];

/// The names of a Rust file and its folders.
pub(super) fn file(file: &File, findings: &mut Vec<Finding>) {
    if let Some(path) = file.path.strip_suffix(".rs") {
        check(file, 1, path, findings);
    }
}

/// The names of types, functions and modules. Those of tests are sentences.
pub(super) fn items(file: &File, findings: &mut Vec<Finding>) {
    for (index, line) in file.code.lines().enumerate().filter(|_| file.is_product()) {
        let words: Vec<_> = line.split(|c| !is_word(c)).filter(|word| !word.is_empty()).collect();
        for pair in words.windows(2).filter(|pair| KEYWORDS.contains(&pair[0])) {
            check(file, index + 1, pair[1], findings);
        }
    }
}

fn check(file: &File, line: usize, name: &str, findings: &mut Vec<Finding>) {
    let banned = |word: &&String| {
        let word = word.as_str();
        BANNED.contains(&word) || word.strip_suffix('s').is_some_and(|one| BANNED.contains(&one))
    };
    if let Some(word) = words(name).iter().find(banned) {
        let what = format!("`{name}`: `{word}` says nothing, name what it is");
        findings.push(Finding { path: file.path.clone(), line, what });
    }
}

/// The words of a path, a `snake_case` or a `CamelCase` name, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    for c in name.chars() {
        if !c.is_alphanumeric() || c.is_uppercase() {
            words.push(String::new());
        }
        if let (true, Some(word)) = (c.is_alphanumeric(), words.last_mut()) {
            word.extend(c.to_lowercase());
        }
    }
    words
}
