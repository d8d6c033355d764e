//! Places in a source text.

/// A place between two characters of the source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Column, from 1, counted in characters; a tab is one, a byte-order mark none.
    pub column: u32,
    /// Offset, from 0, counted in bytes.
    pub byte: u32,
}

/// A range of the source, `start` inclusive, `end` exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// Where its first character is.
    pub start: Position,
    /// Behind its last character.
    pub end: Position,
}

impl Position {
    /// Where the source begins.
    pub const START: Position = Position { line: 1, column: 1, byte: 0 };

    /// The position of byte `to`, which lies at or after this one, on a character boundary.
    /// Line breaks are LF, CR LF and a lone CR, as in YAML.
    pub(crate) fn advanced(self, source: &str, to: u32) -> Position {
        let passed = &source[self.byte as usize..to as usize];
        let bytes = source.as_bytes();
        let mut at = self;
        for (offset, character) in passed.char_indices() {
            let next = self.byte as usize + offset + 1;
            let breaks =
                character == '\n' || (character == '\r' && bytes.get(next) != Some(&b'\n'));
            if breaks {
                at.line += 1;
                at.column = 1;
            } else if character != '\r' {
                at.column += 1;
            }
        }
        at.byte = to;
        at
    }
}

impl Span {
    /// A span of no length.
    pub fn empty(at: Position) -> Span {
        Span { start: at, end: at }
    }

    /// The byte range, for slicing the source.
    pub fn bytes(&self) -> std::ops::Range<usize> {
        self.start.byte as usize..self.end.byte as usize
    }
}

#[cfg(test)]
mod tests;
