//! The answers of Go's YAML readers, kept in a file beside the tests.
//!
//! `RECORD=1 cargo test -p yaml-span` asks them again, which needs Go and the modules pinned in
//! `tests/go/go.mod`.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Once;

static RECORDED: Once = Once::new();

/// The cases of `tests/<corpus>.json`.
#[expect(clippy::disallowed_methods, reason = "RECORD is for the people who maintain these tests")]
pub(crate) fn cases(corpus: &str) -> Vec<serde_json::Value> {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let file = tests.join(corpus).with_extension("json");
    if std::env::var_os("RECORD").is_some() {
        RECORDED.call_once(|| record(corpus, &tests.join("go"), &file));
    }
    let recorded = fs::read(&file).expect("the answers are recorded");
    serde_json::from_slice(&recorded).expect("the answers are JSON")
}

#[expect(clippy::disallowed_methods, reason = "recording starts Go, comparing does not")]
fn record(corpus: &str, program: &Path, file: &Path) {
    let mut go = Command::new("go");
    let output = go.args(["run", ".", corpus]).current_dir(program).output();
    let output = output.expect("go runs");
    let trouble = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "go failed: {trouble}");
    fs::write(file, output.stdout).expect("the answers are written");
}
