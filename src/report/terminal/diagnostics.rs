//! Diagnostics with the lines they are about.

use std::ops::Range;
use std::sync::Arc;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use crate::diagnostic::{Diagnostic, Position, Severity, Span};
use crate::report::words::{several, visible};

/// Longest line of a file that is shown around a mistake, in bytes; of a longer one only its place.
const LINE_BYTES_MAX: usize = 2000;

/// All diagnostics, each with its place, code and hint, and the totals at the end. `source` gives
/// the text of a file, if it is at hand.
pub fn diagnostics(
    diagnostics: &[Diagnostic],
    source: impl Fn(&str) -> Option<Arc<str>>,
) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        out.push_str(&one(diagnostic, &source));
        out.push_str("\n\n");
    }
    let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
    let counts = [(errors, "error"), (diagnostics.len() - errors, "warning")];
    let counts: Vec<_> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| several(*count, word))
        .collect();
    if !counts.is_empty() {
        out.push_str(&counts.join(", "));
        out.push('\n');
    }
    out
}

fn one(diagnostic: &Diagnostic, source: &impl Fn(&str) -> Option<Arc<str>>) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(visible(&diagnostic.message)).id(diagnostic.code.as_str());
    let mut group = place(Group::with_title(title), &diagnostic.span, None, source);
    for (span, note) in &diagnostic.related {
        group = place(group, span, Some(visible(note)), source);
    }
    group = group.element(Level::HELP.message(visible(diagnostic.advice())));
    Renderer::styled().render(&[group])
}

/// Adds a place: with its line if it is at hand, else by name.
fn place<'a>(
    group: Group<'a>,
    span: &Span,
    note: Option<String>,
    source: &impl Fn(&str) -> Option<Arc<str>>,
) -> Group<'a> {
    let path = visible(&span.file);
    let lines = source(&span.file).and_then(|text| lines(&text, span));
    let Some((text, range)) = lines else {
        let origin = Origin::path(path).line(span.start.line as usize);
        let group = group.element(origin.char_column(span.start.column as usize));
        return match note {
            Some(note) => group.element(Level::NOTE.message(note)),
            None => group,
        };
    };
    let kind = if note.is_some() { AnnotationKind::Context } else { AnnotationKind::Primary };
    group.element(
        Snippet::source(text)
            .line_start(span.start.line as usize)
            .path(path)
            .annotation(kind.span(range).label(note)),
    )
}

/// The line a span starts on, everything in it visible, and the span's bytes in it. A span over
/// several lines is shown to the end of its first.
fn lines(text: &str, span: &Span) -> Option<(String, Range<usize>)> {
    let line = text.lines().nth((span.start.line as usize).checked_sub(1)?)?;
    if line.len() > LINE_BYTES_MAX {
        return None;
    }
    let start = byte(line, span.start)?;
    let end = match span.end.line == span.start.line {
        true => byte(line, span.end).unwrap_or(line.len()),
        false => line.len(),
    };
    let (head, rest) = line.split_at(start);
    let (marked, tail) = rest.split_at(end.max(start) - start);
    let [head, marked, tail] = [head, marked, tail].map(visible);
    let range = head.len()..head.len() + marked.len();
    Some((head + &marked + &tail, range))
}

/// Where a column is in its line, in bytes.
fn byte(line: &str, at: Position) -> Option<usize> {
    let column = (at.column as usize).checked_sub(1)?;
    let mut bytes = line.char_indices().map(|(byte, _)| byte).chain([line.len()]);
    bytes.nth(column)
}
