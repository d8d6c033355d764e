//! What a template was rendered to, and what of the template each part of it comes from.

use std::ops::Range;

/// A rendered text and where it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The text.
    pub text: String,
    /// Where it comes from.
    pub trace: Trace,
}

/// What a rendered text is made of: pieces in its order, which cover it. Several may begin at one
/// byte; the last of them is the one that is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Trace(pub(crate) Vec<Piece>);

/// A part of a rendered text, up to where the next one begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The byte of the rendered text that it begins at.
    pub at: usize,
    /// The bytes of the template that it comes of: the same text, or an action with its
    /// delimiters.
    pub source: Range<usize>,
    /// Whether it is the same text.
    pub verbatim: bool,
}

impl Trace {
    /// The pieces that have a part in the bytes of the text in `range`; of an empty range the one
    /// that it is in.
    pub fn pieces(&self, range: Range<usize>) -> &[Piece] {
        let first = self.0.partition_point(|piece| piece.at <= range.start).saturating_sub(1);
        let behind = self.0.partition_point(|piece| piece.at < range.end);
        self.0.get(first..behind.max(first + 1)).unwrap_or_default()
    }

    /// The bytes of the template that the bytes of the text in `range` come of, from the first to
    /// the last of them. What an action printed is the whole action.
    pub fn source(&self, range: Range<usize>) -> Range<usize> {
        let pieces = self.pieces(range.clone());
        let (Some(first), Some(last)) = (pieces.first(), pieces.last()) else { return 0..0 };
        let (start, end) = (first.written(range.start).start, last.written(range.end).end);
        // What a `template` prints may be written above the place that it is printed at.
        start..if end < start { first.source.end } else { end }
    }
}

impl Piece {
    /// What the byte `at` of the rendered text, which is in this piece, comes of.
    fn written(&self, at: usize) -> Range<usize> {
        if !self.verbatim {
            return self.source.clone();
        }
        let at = self.source.start + at.saturating_sub(self.at);
        at..at
    }
}

#[cfg(test)]
mod tests;
