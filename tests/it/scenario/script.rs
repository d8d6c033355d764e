//! The text of a story, taken apart and put together again.
//!
//! Under a `$` line may stand files, each from its `--- path` line to the next such line or to an
//! empty line:
//!
//! ```text
//! --- stacks/prod.yaml                  the whole file
//! --- stacks/prod.yaml (delete)         it goes
//! --- stacks/prod.yaml | one => other   one text in it becomes another; `\n` ends a line
//! ```

use std::fmt;

pub(super) struct Script {
    pub(super) parts: Vec<Part>,
}

pub(super) enum Part {
    /// A line of prose, or an empty one.
    Prose(String),
    Command(Command),
}

pub(super) struct Command {
    /// Where it stands, counted from 1.
    pub(super) line: usize,
    /// The line behind `$ `.
    pub(super) text: String,
    /// The lines between it and its output, as they are.
    input: Vec<String>,
    /// What it prints, without `> `.
    pub(super) golden: Vec<String>,
}

/// What a command does to one file.
pub(super) enum Edit {
    Whole(String),
    Delete,
    Replace(String, String),
}

impl Script {
    pub(super) fn parse(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut taking = false;
        for (at, line) in text.lines().enumerate() {
            if let Some(text) = line.strip_prefix("$ ") {
                let (text, line) = (text.to_owned(), at + 1);
                let (input, golden) = (Vec::new(), Vec::new());
                parts.push(Part::Command(Command { line, text, input, golden }));
                taking = true;
                continue;
            }
            let output = line.strip_prefix("> ").or(line.strip_prefix('>'));
            match (parts.last_mut(), output) {
                (Some(Part::Command(command)), Some(output)) if taking => {
                    command.golden.push(output.to_owned());
                }
                (Some(Part::Command(command)), None)
                    if taking && !line.is_empty() && command.golden.is_empty() =>
                {
                    command.input.push(line.to_owned());
                }
                _ => {
                    taking = false;
                    parts.push(Part::Prose(line.to_owned()));
                }
            }
        }
        Self { parts }
    }
}

impl Command {
    /// The words of the line; what stands in quotes is one.
    pub(super) fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        for (at, part) in self.text.split('"').enumerate() {
            match at % 2 {
                0 => words.extend(part.split_whitespace().map(str::to_owned)),
                _ => words.push(part.to_owned()),
            }
        }
        words
    }

    /// The files that stand under the line.
    pub(super) fn edits(&self) -> Vec<(String, Edit)> {
        let mut edits: Vec<(String, Edit)> = Vec::new();
        for line in &self.input {
            let Some(head) = line.strip_prefix("--- ") else {
                if let Some((_, Edit::Whole(text))) = edits.last_mut() {
                    text.push_str(line);
                    text.push('\n');
                }
                continue;
            };
            let edit = match head.split_once(" | ") {
                Some((path, edit)) => {
                    let (before, after) = edit.split_once(" => ").expect("before => after");
                    let text = |text: &str| text.replace("\\n", "\n");
                    (path.to_owned(), Edit::Replace(text(before), text(after)))
                }
                None => match head.strip_suffix(" (delete)") {
                    Some(path) => (path.to_owned(), Edit::Delete),
                    None => (head.to_owned(), Edit::Whole(String::new())),
                },
            };
            edits.push(edit);
        }
        edits
    }

    /// What stands under the line, as one text.
    pub(super) fn input(&self) -> String {
        self.input.iter().map(|line| format!("{line}\n")).collect()
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for part in &self.parts {
            match part {
                Part::Prose(line) => writeln!(f, "{line}")?,
                Part::Command(command) => {
                    writeln!(f, "$ {}", command.text)?;
                    command.input.iter().try_for_each(|line| writeln!(f, "{line}"))?;
                    for line in &command.golden {
                        writeln!(f, "{}", format!("> {line}").trim_end())?;
                    }
                }
            }
        }
        Ok(())
    }
}
