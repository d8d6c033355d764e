//! What the colours mean. Every colour goes with a word or a sign that says the same.

use std::fmt::Write as _;

use anstyle::{AnsiColor, Style};

use crate::model::change::Action;
use crate::report::words::Verdict;

pub(super) const PLAIN: Style = Style::new();
pub(super) const STRONG: Style = Style::new().bold();
pub(super) const FAINT: Style = Style::new().dimmed();
pub(super) const GOES: Style = AnsiColor::Red.on_default();
pub(super) const COMES: Style = AnsiColor::Green.on_default();
pub(super) const CHANGES: Style = AnsiColor::Yellow.on_default();
pub(super) const HINT: Style = AnsiColor::Cyan.on_default();

/// `text` in `style`, and nothing after it.
pub(super) fn paint(style: Style, text: &str) -> String {
    let mut painted = String::with_capacity(text.len());
    push_painted(&mut painted, style, text);
    painted
}

/// The same at the end of `out`.
pub(super) fn push_painted(out: &mut String, style: Style, text: &str) {
    let _ = write!(out, "{style}");
    out.push_str(text);
    let _ = write!(out, "{style:#}");
}

/// `text` without what [`paint`] put around its parts.
pub fn unpainted(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut begins = memchr::memmem::find_iter(text.as_bytes(), "\x1b[").peekable();
    plain.push_str(&text[..begins.peek().copied().unwrap_or(text.len())]);
    while let Some(at) = begins.next() {
        let part = &text[at + 2..begins.peek().copied().unwrap_or(text.len())];
        match part.split_once('m') {
            Some((style, rest)) if style.bytes().all(|b| matches!(b, b'0'..=b'9' | b';')) => {
                plain.push_str(rest);
            }
            _ => {
                plain.push_str("\x1b[");
                plain.push_str(part);
            }
        }
    }
    plain
}

/// The sign of an action, and its colour.
pub(super) fn sign(action: &Action) -> (char, Style) {
    match action {
        Action::Delete => ('-', GOES),
        Action::Replace => ('!', GOES),
        Action::Update => ('~', CHANGES),
        Action::Create => ('+', COMES),
        Action::Adopt | Action::Move { .. } => ('>', HINT),
        Action::Forget | Action::Keep => ('.', FAINT),
    }
}

/// The colour of a verdict.
pub(super) fn verdict(verdict: Verdict) -> Style {
    match verdict {
        Verdict::NoEffect
        | Verdict::Settled
        | Verdict::Applied
        | Verdict::Ready
        | Verdict::Approved => COMES.bold(),
        Verdict::Observed => STRONG,
        Verdict::Applying
        | Verdict::Deviated
        | Verdict::NeedsApproval
        | Verdict::Held
        | Verdict::Stale => CHANGES.bold(),
        Verdict::Failed | Verdict::Invalid => GOES.bold(),
    }
}
