//! What may be a credential: a mistake there is told without it.

use crate::diagnostic::closest;

/// What people call them, and what of a name is enough.
const NAMES: [&str; 2] = ["auth", "authorization"];
const PARTS: [&str; 6] = ["token", "passw", "secret", "credential", "apikey", "privatekey"];

/// What stands where something is left out.
const LEFT_OUT: &str = "...";

/// Whether what is called `key` may be one, even where the key is misspelt.
pub(super) fn is_name(key: &str) -> bool {
    let letters = |c: &char| c.is_alphanumeric();
    let key: String = key.to_lowercase().chars().filter(letters).collect();
    let is_close = closest(&key, NAMES.iter().chain(&PARTS).copied()).is_some();
    is_close || PARTS.iter().any(|part| key.contains(part))
}

/// Where in `text` the part of a url begins that says who asks: `user:password@`.
pub(super) fn in_url(text: &str) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = text[from..].find("://") {
        from += at + "://".len();
        let is_over = |c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'');
        let host = text[from..].split(is_over).next().unwrap_or_default();
        if host.contains('@') {
            return Some(from);
        }
    }
    None
}

/// `text`, of a settings file, without what may be a credential: each line only up to there, and
/// nothing of what is nested below its key. All else is where it was.
///
/// It looks at lines, because a file that is no YAML is shown too.
pub fn veiled(text: &str) -> String {
    let mut below = None;
    let lines = text.split('\n').map(|line| {
        let begin = line.len() - line.trim_start_matches([' ', '-']).len();
        let is_empty = line.trim().is_empty();
        if is_empty || below.is_some_and(|column| begin > column) {
            return if is_empty { line.to_owned() } else { LEFT_OUT.to_owned() };
        }
        let behind = behind_key(line);
        below = behind.map(|_| begin);
        match behind.into_iter().chain(in_url(line)).min() {
            Some(at) if !line[at..].trim().is_empty() => format!("{}{LEFT_OUT}", &line[..at]),
            _ => line.to_owned(),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Where what the first key on `line` that names one says begins.
fn behind_key(line: &str) -> Option<usize> {
    let is_of_key = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    let colons = line.match_indices(':').map(|(at, _)| at);
    let mut named = colons.filter(|&at| {
        let before = line[..at].trim_end().trim_end_matches(['"', '\'']);
        let head = before.trim_end_matches(is_of_key);
        is_name(&before[head.len()..])
    });
    let at = named.next()? + ":".len();
    Some(at + line[at..].len() - line[at..].trim_start().len())
}
