//! What is still open where a parse breaks off: the author has to look there, and the parser tells
//! only how far it came.
//!
//! It reads a text that is broken, so it guesses where quotes and brackets begin as people do: where
//! a value may begin. What it finds is shown beside the error, or in place of it for a quote.

/// Bytes from which on something is still open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Open {
    /// The quote that a text begins with and does not end.
    pub(crate) quote: Option<usize>,
    /// The innermost bracket.
    pub(crate) bracket: Option<usize>,
    /// The beginning of the last quoted text that did end.
    pub(crate) ended: Option<usize>,
}

/// What is open before the byte `end` of `source`.
pub(crate) fn before(source: &str, end: usize) -> Open {
    let mut reader = Reader::default();
    let mut at = 0;
    for line in source[..end].split_inclusive('\n') {
        reader.line(line, at);
        at += line.len();
    }
    Open {
        quote: reader.quote.map(|(at, _)| at),
        bracket: reader.brackets.last().copied(),
        ended: reader.ended,
    }
}

#[derive(Default)]
struct Reader {
    quote: Option<(usize, char)>,
    brackets: Vec<usize>,
    ended: Option<usize>,
    /// The indentation of the line that a block of text hangs from.
    block: Option<usize>,
}

impl Reader {
    fn line(&mut self, line: &str, begins: usize) {
        let indent = line.len() - line.trim_start_matches(' ').len();
        if let Some(block) = self.block {
            if line.trim().is_empty() || indent > block {
                return;
            }
            self.block = None;
        }
        // Whether a value may begin here, and whether a comment may.
        let (mut fresh, mut blank) = (true, true);
        let mut rest = line.char_indices().peekable();
        while let Some((offset, character)) = rest.next() {
            let at = begins + offset;
            let next = rest.peek().map_or('\n', |(_, next)| *next);
            match (self.quote, character) {
                (Some((_, '"')), '\\') => drop(rest.next()),
                // `''` is a quote of the text.
                (Some((_, '\'')), '\'') if next == '\'' => drop(rest.next()),
                (Some((_, quote)), _) if character == quote => {
                    self.close();
                    fresh = false;
                }
                (Some(_), _) => {}
                (None, '#') if blank => break,
                (None, '"' | '\'') if fresh => self.quote = Some((at, character)),
                (None, '[' | '{') if fresh => self.brackets.push(at),
                (None, ']' | '}') => {
                    self.brackets.pop();
                    fresh = false;
                }
                (None, ',') => fresh |= !self.brackets.is_empty(),
                (None, ':') => fresh = next.is_whitespace() || !self.brackets.is_empty(),
                (None, '-' | '?') if fresh && next.is_whitespace() => {}
                (None, '|' | '>') if fresh && self.brackets.is_empty() => {
                    self.block = Some(indent);
                    break;
                }
                // The value behind a tag or an anchor is still to come.
                (None, '!' | '&') if fresh => {
                    while rest.next_if(|(_, next)| !next.is_whitespace()).is_some() {}
                }
                (None, _) if character.is_whitespace() => {}
                (None, _) => fresh = false,
            }
            blank = character.is_whitespace();
        }
    }

    fn close(&mut self) {
        self.ended = self.quote.take().map(|(at, _)| at);
    }
}

#[cfg(test)]
mod tests {
    use super::{Open, before};

    #[track_caller]
    fn check(source: &str, quote: Option<&str>, bracket: Option<&str>) {
        let Open { quote: q, bracket: b, .. } = before(source, source.len());
        let rest = |at: Option<usize>| at.map(|at| source[at..].lines().next().unwrap_or_default());
        assert_eq!((rest(q), rest(b)), (quote, bracket), "{source}");
    }

    #[test]
    fn what_is_open_is_found() {
        check("a: \"b\nc: 1\n", Some("\"b"), None);
        check("a: 'it''s\nc: 1\n", Some("'it''s"), None);
        check("a: [1, {b: 2,\nc: 1\n", None, Some("{b: 2,"));
        check("- [1, 2\n- x\n", None, Some("[1, 2"));
        check("a: !env 'b\n", Some("'b"), None);
        check("- &x [1\n", None, Some("[1"));
    }

    #[test]
    fn what_is_closed_or_text_is_not() {
        check("a: \"b\\\"\"\nc: 'it''s'\nd: [1, {e: ']'}]\n", None, None);
        check("a: it's [not] \"open\n# it's {\nb: c #'[\n", None, None);
        check("a: |\n  it's [\n\n  \"\nb: >-\n  {\nc: 1\n", None, None);
        check("a: b\"\nc: x'y\n", None, None);
        check("", None, None);
    }
}
