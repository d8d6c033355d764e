//! What must not compile: forging a proof, showing a secret.
//!
//! A file of `tests/compile-fail/` is a program that has one such thing in mind; the file beside
//! it is what the compiler says of it, one line per complaint. The compiler is given the library
//! that this test was built with, so nothing is built anew.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

#[test]
fn proofs_cannot_be_forged_and_secrets_cannot_be_shown() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = library();
    let cases = fs::read_dir(root.join("tests/compile-fail")).expect("a folder");
    let cases = cases.map(|entry| entry.expect("an entry").path());
    let mut cases: Vec<_> =
        cases.filter(|path| path.extension().is_some_and(|kind| kind == "rs")).collect();
    cases.sort();
    assert!(cases.len() >= 4, "{cases:?}");
    for case in cases {
        let told = expect_test::expect_file![case.with_extension("txt")];
        told.assert_eq(&complaints(&case, &library));
    }
}

/// The library that this test was built with: the newest that is not newer than the test.
fn library() -> PathBuf {
    let test = env::current_exe().expect("it runs");
    let age = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).expect("a time");
    let built = age(&test);
    let beside = fs::read_dir(test.parent().expect("a folder")).expect("it is read");
    let libraries = beside.map(|entry| entry.expect("an entry").path()).filter(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with("libisobar-") && name.ends_with(".rlib") && age(path) <= built
    });
    libraries.max_by_key(|path| age(path)).expect("the library is built")
}

/// What the compiler says of a program that uses `library`.
#[expect(clippy::disallowed_methods, reason = "the compiler is a tool of the test")]
fn complaints(case: &Path, library: &Path) -> String {
    let scratch = tempfile::tempdir().expect("a folder");
    let dependencies = format!("dependency={}", library.parent().expect("a folder").display());
    let compiled = Command::new("rustc")
        .args(["--edition", "2024", "--emit", "metadata", "--error-format", "json"])
        .arg("--out-dir")
        .arg(scratch.path())
        .args(["-L", &dependencies, "--extern"])
        .arg(format!("isobar={}", library.display()))
        .arg(case)
        .output()
        .expect("there is a compiler");
    let said = String::from_utf8(compiled.stderr).expect("JSON");
    let mut told = String::new();
    for line in said.lines() {
        let complaint: Value = serde_json::from_str(line).expect("a line is one complaint");
        // The last ones count those before, and have no code.
        let (Some("error"), Some(code)) =
            (complaint["level"].as_str(), complaint["code"]["code"].as_str())
        else {
            continue;
        };
        let at = complaint["spans"].as_array().into_iter().flatten();
        let at = at.filter(|span| span["is_primary"] == true);
        let at = at.map(|span| format!("{}:{}", span["line_start"], span["column_start"]));
        let (at, what) = (at.collect::<Vec<_>>().join(", "), complaint["message"].as_str());
        writeln!(told, "{at}: {code}: {}", what.unwrap_or_default()).expect("a text takes a line");
    }
    let verdict = if compiled.status.success() { "compiles" } else { "does not compile" };
    told + verdict + "\n"
}
