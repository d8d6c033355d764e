//! Compound words: `camelCase`, `snake_case`, `kebab-case`.

use std::sync::LazyLock;

use regex::Regex;

use super::{lower, upper};

static PUNCTUATION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\p{P}$").expect("a constant pattern"));

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    None,
    Number,
    /// Starts with an upper-case letter.
    Capital,
    Letters,
    Connector,
    Punctuation,
    Other,
}

fn is_connector(c: char) -> bool {
    c == '-' || c == '_' || c.is_whitespace()
}

fn is_punctuation(c: char) -> bool {
    PUNCTUATION.is_match(c.encode_utf8(&mut [0; 4]))
}

/// A letter of a script whose words are more than one character.
fn is_letter(c: char) -> bool {
    let ideograph = matches!(c,
        '\u{4e00}'..='\u{9fcc}' | '\u{3400}'..='\u{4d85}' | '\u{20000}'..='\u{2b81d}');
    c.is_alphabetic() && !ideograph
}

/// Words and what joins them, one after the other.
struct Words<'t> {
    rest: &'t str,
    kind: Kind,
    word: &'t str,
}

impl<'t> Words<'t> {
    fn new(text: &'t str) -> Self {
        let mut words = Self { rest: text, kind: Kind::None, word: "" };
        words.advance();
        words
    }

    fn advance(&mut self) {
        let length = match self.rest.chars().next() {
            None => {
                (self.kind, self.word) = (Kind::None, "");
                return;
            }
            Some(c) if is_connector(c) => self.take(Kind::Connector, is_connector),
            Some(c) if is_punctuation(c) => self.take(Kind::Punctuation, is_punctuation),
            Some(c) if c.is_uppercase() => self.take_capital(),
            Some(c) if is_letter(c) => {
                self.take(Kind::Letters, |c| is_letter(c) && !c.is_uppercase())
            }
            Some(c) if c.is_numeric() => self.take(Kind::Number, char::is_numeric),
            Some(_) => self.take(Kind::Other, |c| {
                !is_connector(c) && !is_letter(c) && !c.is_numeric() && !is_punctuation(c)
            }),
        };
        (self.word, self.rest) = self.rest.split_at(length);
    }

    /// The length of the first character and those after it that `belong`.
    fn take(&mut self, kind: Kind, belong: impl Fn(char) -> bool) -> usize {
        self.kind = kind;
        let mut ends = self.rest.char_indices().skip(1);
        ends.find(|(_, c)| !belong(*c)).map_or(self.rest.len(), |(end, _)| end)
    }

    /// `Word`, or `WORD` without the capital that starts the next `Word`.
    fn take_capital(&mut self) -> usize {
        let second = self.rest.chars().nth(1);
        if !second.is_some_and(char::is_uppercase) {
            return self.take(Kind::Capital, |c| is_letter(c) && !c.is_uppercase());
        }
        let end = self.take(Kind::Capital, char::is_uppercase);
        let last = self.rest[..end].char_indices().next_back().map_or(0, |(start, _)| start);
        if self.rest[end..].chars().next().is_some_and(is_letter) { last } else { end }
    }

    /// Writes the word, in lower case and with its connectors replaced.
    fn write(&self, out: &mut String, connector: char) {
        match self.kind {
            Kind::Connector => out.extend(self.word.chars().map(|_| connector)),
            Kind::Capital => out.extend(self.word.chars().map(lower)),
            _ => out.push_str(self.word),
        }
    }

    fn is_joined(&self) -> bool {
        !matches!(self.kind, Kind::None | Kind::Connector | Kind::Punctuation)
    }

    fn write_run(&mut self, out: &mut String, connector: char) {
        while matches!(self.kind, Kind::Letters | Kind::Number) {
            self.write(out, connector);
            self.advance();
        }
        if self.is_joined() {
            out.push(connector);
        }
    }
}

/// The words of `text` in lower case with `connector` between them.
pub(super) fn separated(text: &str, connector: char) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut words = Words::new(text);
    while !words.rest.is_empty() {
        if words.kind != Kind::Connector {
            words.write(&mut out, connector);
        }
        let previous = Words { ..words };
        words.advance();
        match previous.kind {
            Kind::Number => words.write_run(&mut out, connector),
            Kind::Connector => previous.write(&mut out, connector),
            Kind::Punctuation => {}
            _ if words.kind != Kind::Number => {
                if !matches!(words.kind, Kind::Connector | Kind::Punctuation) {
                    out.push(connector);
                }
            }
            _ if words.rest.is_empty() => {}
            _ => {
                let number = Words { ..words };
                words.advance();
                if words.kind == Kind::Letters {
                    out.push(connector);
                    number.write(&mut out, connector);
                    words.write_run(&mut out, connector);
                } else {
                    number.write(&mut out, connector);
                    if !matches!(words.kind, Kind::Connector | Kind::Punctuation) {
                        out.push(connector);
                    }
                }
            }
        }
    }
    words.write(&mut out, connector);
    out
}

/// `PascalCase`: each word's first letter in upper case, single connectors dropped.
pub(super) fn pascal(text: &str) -> String {
    let start = text.find(|c| !is_connector(c)).unwrap_or(text.len());
    let (leading, rest) = text.split_at(start);
    let mut out = leading.to_owned();
    let mut chars = rest.chars();
    let Some(first) = chars.next() else {
        // Sprig writes the last connector of nothing but connectors twice.
        out.extend(leading.chars().next_back());
        return out;
    };
    let mut after_capital = first.is_uppercase();
    let mut current = upper(first);
    for c in chars {
        let before = std::mem::replace(&mut current, c);
        match (is_connector(before), is_connector(c)) {
            (true, true) => out.push(before),
            (true, false) => {
                after_capital = c.is_uppercase();
                current = upper(c);
            }
            (false, _) => {
                if after_capital && c.is_uppercase() {
                    current = lower(c);
                } else {
                    after_capital = false;
                }
                out.push(before);
            }
        }
    }
    out.push(current);
    out
}
