//! The repository as pairs of path and text, and Rust without what is not code.

use std::fs;
use std::path::Path;

/// Folders of the root that are read; besides them only the files in the root itself.
const FOLDERS: &[&str] = &[".ci", "crates", "docs", "scripts", "src", "tests"];

/// One file.
pub(super) struct File {
    /// From the root, with `/`.
    pub(super) path: String,
    pub(super) text: String,
    /// The text with comments, strings and characters blanked; empty where it is not Rust.
    pub(super) code: String,
}

impl File {
    pub(super) fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let (path, text) = (path.into(), text.into());
        let code = if path.ends_with(".rs") { blanked(&text) } else { String::new() };
        Self { path, text, code }
    }

    /// Rust that is compiled only for tests, and what tests of several stages share.
    pub(super) fn is_test(&self) -> bool {
        let names = ["tests", "tests.rs", "fixture", "fixture.rs"];
        self.path.split('/').any(|part| names.contains(&part))
    }

    /// Rust that is part of what we ship or of our own tools.
    pub(super) fn is_product(&self) -> bool {
        self.path.ends_with(".rs") && !self.is_test()
    }

    /// Name and line of every `mod name;`.
    pub(super) fn modules(&self) -> impl Iterator<Item = (usize, &str)> {
        self.code.lines().enumerate().filter_map(|(index, line)| {
            let (before, name) = line.trim().strip_suffix(';')?.rsplit_once("mod ")?;
            let plain = before.is_empty() || before.starts_with("pub");
            (plain && name.chars().all(is_word)).then_some((index + 1, name))
        })
    }

    /// Every path of at least two segments with its line; `a::{b, c::d}` gives `a::b`, `a::c::d`.
    pub(super) fn paths(&self) -> Vec<(usize, Vec<String>)> {
        let code: Vec<char> = self.code.chars().collect();
        let (mut found, mut at, mut line) = (Vec::new(), 0, 1);
        while at < code.len() {
            let start = at;
            let inside = at > 0 && (is_word(code[at - 1]) || ".'".contains(code[at - 1]));
            if is_word(code[at]) && !inside {
                let mut paths = Vec::new();
                at = tree(&code, at, &[], &mut paths);
                let long = paths.into_iter().filter(|path| path.len() > 1);
                found.extend(long.map(|path| (line, path)));
            } else {
                at += 1;
            }
            line += code[start..at].iter().filter(|c| **c == '\n').count();
        }
        found
    }
}

/// Reads one branch of a use tree at `at` and gives the place behind it.
fn tree(code: &[char], mut at: usize, before: &[String], found: &mut Vec<Vec<String>>) -> usize {
    let mut path = before.to_vec();
    loop {
        at = skip_space(code, at);
        let end = (at..code.len()).find(|&i| !is_word(code[i])).unwrap_or(code.len());
        match code.get(at) {
            Some('{') if !path.is_empty() => return group(code, at + 1, &path, found),
            Some('*') if !path.is_empty() => {
                path.push("*".to_owned());
                at += 1;
            }
            _ if end > at => {
                path.push(code[at..end].iter().collect());
                at = end;
            }
            _ => {}
        }
        let next = skip_space(code, at);
        if !code[next..].starts_with(&[':', ':']) {
            found.push(path);
            return at;
        }
        at = next + 2;
        // `Vec::<u8>` goes on with types, which are paths of their own.
        if code.get(at) == Some(&'<') {
            found.push(path);
            return at;
        }
    }
}

/// Reads the branches between `{` and `}`.
fn group(code: &[char], mut at: usize, path: &[String], found: &mut Vec<Vec<String>>) -> usize {
    while at < code.len() {
        at = skip_space(code, at);
        match code.get(at) {
            Some('}') => return at + 1,
            Some(&c) if is_word(c) || c == '*' => at = tree(code, at, path, found),
            _ => at += 1,
        }
        // `as other` belongs to the branch before it.
        if code[skip_space(code, at)..].starts_with(&['a', 's', ' ']) {
            at = (at..code.len()).find(|&i| ",}".contains(code[i])).unwrap_or(code.len());
        }
    }
    at
}

fn skip_space(code: &[char], at: usize) -> usize {
    (at..code.len()).find(|&i| !code[i].is_whitespace()).unwrap_or(code.len())
}

pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// `text` with a space for every character of a comment, a string or a character literal.
fn blanked(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = match not_code(&chars, at) {
            Some(end) => end.min(chars.len()),
            None => {
                code.push(chars[at]);
                at += 1;
                continue;
            }
        };
        code.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
        at = end;
    }
    code
}

/// The end of the comment, string or character that starts at `at`.
fn not_code(chars: &[char], at: usize) -> Option<usize> {
    let rest = &chars[at..];
    let find = |from: usize, end: &[char]| {
        (from..rest.len())
            .find(|&i| rest[i..].starts_with(end))
            .map_or(rest.len(), |i| i + end.len())
    };
    let length = match rest {
        ['/', '/', ..] => find(2, &['\n']) - 1,
        ['/', '*', ..] => find(2, &['*', '/']),
        ['"', ..] => quoted(rest),
        ['\'', '\\', ..] => find(3, &['\'']),
        ['\'', _, '\'', ..] => 3,
        ['r', '"' | '#', ..] if at == 0 || !is_word(chars[at - 1]) || chars[at - 1] == 'b' => {
            let hashes = rest[1..].iter().take_while(|c| **c == '#').count();
            if rest.get(1 + hashes) != Some(&'"') {
                return None;
            }
            let end: Vec<char> =
                std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
            find(2 + hashes, &end)
        }
        _ => return None,
    };
    Some(at + length)
}

/// Length of the string that starts here, with both its quotes.
fn quoted(rest: &[char]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    at
}

/// Every text file of the repository that we wrote, sorted by path.
pub(super) fn of_repository(root: &Path) -> Vec<File> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root).expect("the root can be read").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.path().is_file() {
            read(&entry.path(), name, &mut files);
        } else if FOLDERS.contains(&name.as_str()) {
            walk(&entry.path(), &name, &mut files);
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

fn walk(folder: &Path, path: &str, files: &mut Vec<File>) {
    for entry in fs::read_dir(folder).expect("a folder of the repository can be read").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = format!("{path}/{name}");
        if entry.path().is_file() {
            read(&entry.path(), path, files);
        } else if !name.starts_with('.') && name != "target" {
            walk(&entry.path(), &path, files);
        }
    }
}

fn read(file: &Path, path: String, files: &mut Vec<File>) {
    let bytes = fs::read(file).expect("a file of the repository can be read");
    if let Ok(text) = String::from_utf8(bytes) {
        files.push(File::new(path, text));
    }
}
