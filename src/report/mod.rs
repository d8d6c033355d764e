//! Values into text.

/// Writes one line to standard error.
#[expect(clippy::print_stderr, reason = "this is where output happens")]
pub fn note(line: &str) {
    eprintln!("{line}");
}
