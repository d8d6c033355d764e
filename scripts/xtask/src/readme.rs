//! The README's commands, run as a reader would run them.
//!
//! A block that opens with three backticks and `console` holds commands, each behind `$ `, and
//! below each what it prints. Times, absolute paths, commits and digests may differ from run to
//! run; a line `...` stands for any number of lines. A command without output below it only has to
//! succeed. The blocks marked `sh` are run by `tests/it/readme.rs`.

use anyhow::{Context, Result, bail};

use crate::child;
use crate::place::Place;

/// The gate itself, which is running this very check.
const GATE: &str = "scripts/check";

/// A command of the README and the lines below it.
#[derive(Debug, PartialEq)]
struct Example<'a> {
    line: usize,
    command: &'a str,
    output: Vec<&'a str>,
}

/// Runs all commands and compares what they print.
pub(crate) fn run(place: &Place) -> Result<()> {
    let file = place.root.join("README.md");
    let text = std::fs::read_to_string(file).context("cannot read README.md")?;
    let examples = examples(&text);
    if !examples.iter().any(|example| example.command == GATE) {
        bail!("README.md does not show `$ {GATE}`");
    }
    let mut wrong = Vec::new();
    for example in examples.iter().filter(|example| example.command != GATE) {
        println!("$ {}", example.command);
        let mut shell = place.command("sh");
        shell.args(["-c", example.command]).env("CARGO_TARGET_DIR", &place.target);
        let printed = child::output(shell.env("NO_COLOR", "1"))?;
        if !matches(&example.output, &printed) {
            let Example { line, command, .. } = example;
            wrong.push(format!("README.md:{line}: `{command}` prints\n{printed}"));
        }
    }
    if !wrong.is_empty() {
        bail!("the README promises something else:\n\n{}", wrong.join("\n"));
    }
    println!("README.md is right about what its commands print");
    Ok(())
}

/// The commands in the blocks of `markdown` that are marked `console`.
fn examples(markdown: &str) -> Vec<Example<'_>> {
    let mut found = Vec::new();
    let mut inside = false;
    for (index, text) in markdown.lines().enumerate() {
        if text.starts_with("```") {
            inside = text == "```console";
        } else if let Some(command) = text.strip_prefix("$ ").filter(|_| inside) {
            found.push(Example { line: index + 1, command, output: Vec::new() });
        } else if let Some(example) = found.last_mut().filter(|_| inside) {
            example.output.push(text);
        }
    }
    found
}

/// Whether `printed` is what the lines of `wanted` say.
fn matches(wanted: &[&str], printed: &str) -> bool {
    let printed = lines(printed.lines());
    let wanted = lines(wanted.iter().copied());
    wanted.is_empty() || matches_from(&wanted, &printed)
}

fn matches_from(wanted: &[String], printed: &[String]) -> bool {
    match wanted.split_first() {
        None => printed.is_empty(),
        Some((first, rest)) if first == "..." => {
            (0..=printed.len()).any(|skipped| matches_from(rest, &printed[skipped..]))
        }
        Some((first, rest)) => printed
            .split_first()
            .is_some_and(|(line, after)| line == first && matches_from(rest, after)),
    }
}

/// The lines without what differs from run to run, and without empty lines at the end.
fn lines<'a>(text: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut lines: Vec<_> = text.map(plain).collect();
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// `line` with each time as `<time>`, each absolute path as `<path>`, each commit or digest as
/// `<id>`, and single spaces: a time that grows by a digit moves what stands behind it.
fn plain(line: &str) -> String {
    let mut words = line.split_whitespace().peekable();
    let mut kept = Vec::new();
    while let Some(word) = words.next() {
        let bare = bare(word);
        let number = bare.starts_with(|c: char| c.is_ascii_digit());
        let unit = bare.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        if number && unit.is_empty() && words.peek().is_some_and(|next| is_unit(self::bare(next))) {
            let next = words.next().unwrap_or_default();
            kept.push(next.replace(self::bare(next), "<time>"));
        } else if (number && is_unit(unit)) || is_clock(bare) {
            kept.push(word.replace(bare, "<time>"));
        } else if bare.starts_with('/') && bare.len() > 1 {
            kept.push(word.replace(bare, "<path>"));
        } else if is_id(bare) {
            kept.push(word.replace(bare, "<id>"));
        } else {
            kept.push(word.to_owned());
        }
    }
    kept.join(" ")
}

/// A word without the punctuation around it.
fn bare(word: &str) -> &str {
    word.trim_matches(|c: char| "()[],.;:`'\"".contains(c))
}

fn is_unit(word: &str) -> bool {
    ["ns", "us", "µs", "ms", "s", "min", "h"].contains(&word)
}

/// A date, a time of day, or both: `2026-11-21`, `12:30:05`, `2026-11-21T12:30:05Z`.
fn is_clock(word: &str) -> bool {
    let digits_only = word.chars().all(|c| c.is_ascii_digit() || "-:.TZ+".contains(c));
    digits_only && (word.matches('-').count() >= 2 || word.matches(':').count() >= 2)
}

/// The beginning of a commit or a digest: at least 8 hexadecimal digits.
fn is_id(word: &str) -> bool {
    let digits = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    word.len() >= 8 && word.chars().all(digits)
}

#[cfg(test)]
mod tests;
