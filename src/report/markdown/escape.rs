//! Text of users' in markdown: shown as it is, and never taken for ours.
//!
//! Everything that comes from a repository, a pull request or a target passes through here: it
//! cannot end a fence, open HTML, link, mention, close an issue, or hide behind invisible marks.

use crate::report::words::visible;

/// As inline code. In a table too: a pipe is an entity nowhere but in code, so it is replaced by
/// one that only looks like it.
pub(super) fn code(text: &str) -> String {
    let text = visible(text).replace('|', "\u{2223}");
    let ticks = "`".repeat(longest_run(&text, '`') + 1);
    let pad = if text.starts_with('`') || text.ends_with('`') || text.trim().is_empty() {
        " "
    } else {
        ""
    };
    format!("{ticks}{pad}{text}{pad}{ticks}")
}

/// As text between our own words. What stands between backticks becomes code.
pub(super) fn prose(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    // An opening backtick without a closing one is only a character.
    let paired = parts.len() % 2 == 1;
    let part = |(at, part): (usize, &&str)| match (paired && at % 2 == 1, part.is_empty()) {
        (true, false) => code(part),
        (true, true) => String::new(),
        (false, _) => html(part),
    };
    let separator = if paired { "" } else { "&#96;" };
    parts.iter().enumerate().map(part).collect::<Vec<_>>().join(separator)
}

/// As text inside of an HTML element. What markdown could take for its own is an entity, and an
/// entity is never syntax.
pub(super) fn html(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let text = visible(text);
    let mut characters = text.chars().peekable();
    let mut before = [' ', ' '];
    while let Some(c) = characters.next() {
        match "&<>\"'*_`[]~|\\".contains(c) {
            true => escaped += &format!("&#{};", u32::from(c)),
            false => escaped.push(c),
        }
        // A joiner of no width behind what starts a mention, a reference or a link.
        let next = characters.peek().copied();
        let links = match c {
            ']' => next == Some('('),
            '!' if next == Some('[') => true,
            '@' | '#' | '!' | '%' | '$' | '&' | '~' => next.is_some_and(char::is_alphanumeric),
            '-' => matches!(before, ['g' | 'G', 'h' | 'H']),
            ':' | '/' => next == Some('/'),
            'w' | 'W' => next == Some('.'),
            _ => false,
        };
        before = [before[1], c];
        if links {
            escaped.push_str("&#8288;");
        }
    }
    escaped
}

/// Lines between fences that none of them can end.
pub(super) fn fence(language: &str, lines: &str) -> String {
    let ticks = "`".repeat(longest_run(lines, '`').max(2) + 1);
    let end = if lines.ends_with('\n') { "" } else { "\n" };
    format!("{ticks}{language}\n{lines}{end}{ticks}\n")
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|c| c != of).map(|run| run.chars().count()).max().unwrap_or(0)
}
