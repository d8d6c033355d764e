//! A pull request as a conversation.

use std::fmt::Write as _;

use jiff::Timestamp;

use super::palette::{FAINT, STRONG, paint};
use crate::ids::Actor;
use crate::report::words::{moment, visible};

/// The title, and every comment as it was written, without what a forge would not show.
pub fn pull<'a>(
    title: &str,
    comments: impl IntoIterator<Item = (&'a Actor, Timestamp, &'a str)>,
) -> String {
    let mut out = format!("{}\n", paint(STRONG, &visible(title)));
    for (author, at, text) in comments {
        let head = format!("{}, {}", visible(author.as_str()), moment(at));
        let _ = writeln!(out, "\n{}", paint(FAINT, &head));
        let shown = text.lines().filter(|line| !line.starts_with("<!--"));
        shown.for_each(|line| {
            out.push_str(&visible(&without_tags(line)));
            out.push('\n');
        });
    }
    out
}

/// The line without the HTML that folds and shrinks text. Anything else stays.
fn without_tags(line: &str) -> String {
    const TAGS: [&str; 10] = [
        "<details open>",
        "<details>",
        "</details>",
        "<summary>",
        "</summary>",
        "<b>",
        "</b>",
        "<sub>",
        "</sub>",
        "&#8288;",
    ];
    TAGS.iter().fold(line.to_owned(), |line, tag| line.replace(tag, ""))
}
