//! House rules that the compiler does not know, over the text of the repository.
//!
//! Takes: every file as a pair of path and text.
//! Gives: what breaks a rule, by file and line.
//! Never: looks outside the pairs, so that `planted.rs` can show each rule broken.
//! Start at: [`check`], then the table in `imports.rs`.
//! How to add: one function over the pairs, one line in [`check`], one planted violation.

mod files;
mod imports;
mod names;
mod planted;
mod shape;
mod words;

use std::fmt;
use std::path::Path;

use isobar::diagnostic::Code;

use files::File;

/// A place that breaks a rule.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Finding {
    path: String,
    line: usize,
    what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// Everything in `files` that breaks a rule, sorted.
fn check(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        imports::one_way(file, &mut findings);
        imports::pure(file, &mut findings);
        shape::size(file, &mut findings);
        shape::header(file, &mut findings);
        names::file(file, &mut findings);
        names::items(file, &mut findings);
        words::unfinished(file, &mut findings);
        words::switched_off(file, &mut findings);
        words::sleeps(file, &mut findings);
        words::machine(file, &mut findings);
    }
    imports::known(files, &mut findings);
    shape::orphans(files, &mut findings);
    shape::scenarios(files, &mut findings);
    findings.sort();
    findings
}

#[test]
fn the_repository_is_tidy() {
    let files = files::of_repository(Path::new(env!("CARGO_MANIFEST_DIR")));
    assert!(files.iter().any(|file| file.path == "src/lib.rs"), "this is not the repository");
    report(&check(&files));
}

#[test]
fn every_error_code_has_a_page_and_every_page_a_code() {
    let files = files::of_repository(Path::new(env!("CARGO_MANIFEST_DIR")));
    let codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    report(&shape::error_pages(&files, &codes));
}

fn report(findings: &[Finding]) {
    let lines: Vec<_> = findings.iter().map(Finding::to_string).collect();
    assert!(findings.is_empty(), "{} findings:\n{}", lines.len(), lines.join("\n"));
}
