//! A session with the binary as text, with everything taken out that differs from run to run.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::process::{Isobar, isobar};

/// Commands that were typed in a folder, and what came of them.
pub(crate) struct Session {
    folder: PathBuf,
    variables: Vec<(String, String)>,
    text: String,
}

impl Session {
    pub(crate) fn in_folder(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), variables: Vec::new(), text: String::new() }
    }

    /// With this variable from here on.
    pub(crate) fn with(&mut self, name: &str, value: &str) {
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// Types a line. Words are parted by spaces, and that is all.
    pub(crate) fn run(&mut self, line: &str) -> i32 {
        let ran = self.command(line).run(&self.folder);
        let _ = writeln!(self.text, "$ isobar {}", line.trim());
        self.text.push_str(&ran.stdout);
        for line in ran.stderr.lines() {
            let _ = writeln!(self.text, "! {line}");
        }
        let _ = writeln!(self.text, "exit {}\n", ran.code());
        ran.code()
    }

    fn command(&self, line: &str) -> Isobar {
        let words = line.split(' ').filter(|word| !word.is_empty()).map(str::to_owned);
        let command = isobar([]).args(words);
        self.variables.iter().fold(command, |command, (name, value)| command.with(name, value))
    }

    /// Compares everything so far with a golden file.
    pub(crate) fn is(&self, name: &str) {
        let path =
            Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/cli/{name}.txt"));
        expect_test::expect_file![path].assert_eq(&normal(&self.text, &self.folder));
    }
}

/// `text` without folders, times, ids and hashes.
pub(crate) fn normal(text: &str, folder: &Path) -> String {
    let text = text.replace(&folder.display().to_string(), "<folder>");
    let mut normal = String::new();
    for line in text.split_inclusive('\n') {
        let mut line = line.to_owned();
        while let Some((from, to)) = time(&line) {
            line.replace_range(from..to, "<time>");
        }
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
        let mut rest = line.as_str();
        while !rest.is_empty() {
            let word = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            normal.push_str(if is_id(&rest[..word]) { "<id>" } else { &rest[..word] });
            let between = rest[word..].find(is_word).unwrap_or(rest.len() - word);
            normal.push_str(&rest[word..word + between]);
            rest = &rest[word + between..];
        }
    }
    normal
}

/// Where the first time stands: `2026-11-21 05:12:15 UTC` or `2026-11-21T05:12:15.25Z`.
fn time(line: &str) -> Option<(usize, usize)> {
    let shape = "0000-00-00?00:00:00";
    let fits = |at: &usize| {
        let Some(part) = line.as_bytes().get(*at..at + shape.len()) else { return false };
        part.iter().zip(shape.bytes()).all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            b'?' => matches!(byte, b' ' | b'T'),
            other => *byte == other,
        })
    };
    let from = (0..line.len()).find(fits)?;
    let to = from + shape.len();
    let tail = &line[to..];
    let zone = match tail.strip_prefix(" UTC") {
        Some(_) => " UTC".len(),
        None => tail.find('Z').map_or(0, |at| at + 1),
    };
    Some((from, to + zone))
}

/// What is typed where an id is asked for, and is none.
const NO_ID: &str = "12345678";

/// A commit, a digest, a run: hexadecimal, with letters and digits, as long as such things are. One in
/// forty of eight has no letter.
fn is_id(word: &str) -> bool {
    let hex = |text: &str| text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let parts: Vec<usize> = word.split('-').map(str::len).collect();
    let is_uuid = parts == [8, 4, 4, 4, 12] && word.split('-').all(hex);
    let mixed =
        word.bytes().any(|b| b.is_ascii_digit()) && word.bytes().any(|b| b.is_ascii_lowercase());
    let is_digits = word.len() == NO_ID.len() && word.bytes().all(|b| b.is_ascii_digit());
    is_uuid
        || is_digits && word != NO_ID
        || (matches!(word.len(), 8 | 12 | 40 | 64) && mixed && hex(word))
}
