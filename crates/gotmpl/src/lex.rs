//! Template text to tokens. Lexing stops at the first mistake, which is the last token.

use crate::strconv::is_alphanumeric;

const COMMENT_START: &str = "/*";
const COMMENT_END: &str = "*/";
/// A trim marker is a minus and a blank: `{{- ` and ` -}}`.
const TRIM_BYTES: usize = 2;
const BLANKS: [char; 4] = [' ', '\t', '\r', '\n'];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Text,
    LeftDelimiter,
    RightDelimiter,
    LeftParen,
    RightParen,
    Pipe,
    Declare,
    Assign,
    Comma,
    Space,
    Bool,
    Nil,
    CharConstant,
    Complex,
    Number,
    String,
    RawString,
    Dot,
    Field,
    Variable,
    Identifier,
    Keyword(Keyword),
    /// Printable characters that mean nothing.
    Other,
    End,
    Error,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keyword {
    Block,
    Break,
    Continue,
    Define,
    Else,
    End,
    If,
    Range,
    Template,
    With,
}

/// A piece of the template: its kind, its text (of an error: the message) and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token<'t> {
    pub kind: TokenKind,
    pub text: &'t str,
    pub offset: usize,
    /// Only for `TokenKind::Error`.
    pub message: String,
}

/// All tokens of `text`, the last an `End` or an `Error`.
pub(crate) fn lex<'t>(text: &'t str, left: &'t str, right: &'t str) -> Vec<Token<'t>> {
    let mut lexer = Lexer { text, left, right, start: 0, at: 0, parens: 0, tokens: Vec::new() };
    match lexer.run() {
        Ok(()) => lexer.emit(TokenKind::End),
        Err(message) => {
            let offset = lexer.start;
            lexer.tokens.push(Token { kind: TokenKind::Error, text: "", offset, message });
        }
    }
    lexer.tokens
}

struct Lexer<'t> {
    text: &'t str,
    left: &'t str,
    right: &'t str,
    /// Where the token being read starts.
    start: usize,
    at: usize,
    parens: usize,
    tokens: Vec<Token<'t>>,
}

impl<'t> Lexer<'t> {
    fn run(&mut self) -> Result<(), String> {
        while let Some(distance) = self.rest().find(self.left) {
            let action = self.at + distance;
            let inside = &self.text[action + self.left.len()..];
            let trim = is_left_trim(inside);
            let before = &self.text[self.at..action];
            let kept = if trim { before.trim_end_matches(BLANKS) } else { before };
            self.at += kept.len();
            if !kept.is_empty() {
                self.emit(TokenKind::Text);
            }
            self.start = action;
            self.at = action + self.left.len();
            let marker = if trim { TRIM_BYTES } else { 0 };
            if self.text[self.at + marker..].starts_with(COMMENT_START) {
                self.at += marker;
                self.start = self.at;
                self.comment()?;
            } else {
                self.emit(TokenKind::LeftDelimiter);
                self.at += marker;
                self.start = self.at;
                self.parens = 0;
                while self.action_token()? {}
            }
        }
        self.at = self.text.len();
        if self.at > self.start {
            self.emit(TokenKind::Text);
        }
        Ok(())
    }

    fn rest(&self) -> &'t str {
        &self.text[self.at..]
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn accept(&mut self, set: &str) -> bool {
        let accepted = self.peek().is_some_and(|c| set.contains(c));
        if accepted {
            self.at += 1;
        }
        accepted
    }

    fn emit(&mut self, kind: TokenKind) {
        let text = &self.text[self.start..self.at];
        self.tokens.push(Token { kind, text, offset: self.start, message: String::new() });
        self.start = self.at;
    }

    fn comment(&mut self) -> Result<(), String> {
        self.at += COMMENT_START.len();
        let length = self.rest().find(COMMENT_END).ok_or("unclosed comment")?;
        self.at += length + COMMENT_END.len();
        let trim = self.right_delimiter().ok_or("comment ends before closing delimiter")?;
        self.skip_right_delimiter(trim);
        self.start = self.at;
        Ok(())
    }

    /// Whether a right delimiter is next, and if so whether it trims.
    fn right_delimiter(&self) -> Option<bool> {
        let rest = self.rest();
        if is_right_trim(rest) && rest[TRIM_BYTES..].starts_with(self.right) {
            return Some(true);
        }
        rest.starts_with(self.right).then_some(false)
    }

    fn skip_right_delimiter(&mut self, trim: bool) {
        self.at += self.right.len();
        if trim {
            self.at += TRIM_BYTES;
            let rest = self.rest();
            self.at += rest.len() - rest.trim_start_matches(BLANKS).len();
        }
    }

    /// Reads one token inside an action; false after its right delimiter.
    fn action_token(&mut self) -> Result<bool, String> {
        if let Some(trim) = self.right_delimiter() {
            if self.parens > 0 {
                return Err("unclosed left paren".to_owned());
            }
            let from = self.start + if trim { TRIM_BYTES } else { 0 };
            self.start = from;
            self.at = from + self.right.len();
            self.emit(TokenKind::RightDelimiter);
            self.at = from - if trim { TRIM_BYTES } else { 0 };
            self.skip_right_delimiter(trim);
            self.start = self.at;
            return Ok(false);
        }
        let first = self.next().ok_or("unclosed action")?;
        let kind = match first {
            c if BLANKS.contains(&c) => {
                self.blanks();
                TokenKind::Space
            }
            '=' => TokenKind::Assign,
            ':' if self.next() == Some('=') => TokenKind::Declare,
            ':' => return Err("expected :=".to_owned()),
            '|' => TokenKind::Pipe,
            '"' => self.quoted('"', "unterminated quoted string", TokenKind::String)?,
            '\'' => {
                self.quoted('\'', "unterminated character constant", TokenKind::CharConstant)?
            }
            '`' => {
                let end = self.rest().find('`').ok_or("unterminated raw quoted string")?;
                self.at += end + 1;
                TokenKind::RawString
            }
            '$' => self.name(TokenKind::Variable, TokenKind::Variable)?,
            '.' if !self.peek().is_some_and(|c| c.is_ascii_digit()) => {
                self.name(TokenKind::Field, TokenKind::Dot)?
            }
            '.' | '+' | '-' | '0'..='9' => {
                self.at = self.start;
                self.number()?
            }
            c if is_alphanumeric(c) => self.word()?,
            '(' => {
                self.parens += 1;
                TokenKind::LeftParen
            }
            ')' => {
                self.parens = self.parens.checked_sub(1).ok_or("unexpected right paren")?;
                TokenKind::RightParen
            }
            ',' => TokenKind::Comma,
            c if c.is_ascii_graphic() => TokenKind::Other,
            c => return Err(format!("unrecognized character in action: {}", describe(Some(c)))),
        };
        self.emit(kind);
        Ok(true)
    }

    /// Absorbs blanks, but leaves the one that belongs to a closing trim marker.
    fn blanks(&mut self) {
        while self.peek().is_some_and(|c| BLANKS.contains(&c)) {
            self.at += 1;
        }
        let last = &self.text[self.at - 1..];
        let closes = is_right_trim(last) && last[TRIM_BYTES..].starts_with(self.right);
        if closes && self.at - 1 > self.start {
            self.at -= 1;
        }
    }

    fn quoted(&mut self, quote: char, message: &str, kind: TokenKind) -> Result<TokenKind, String> {
        loop {
            match self.next() {
                Some('\\') if matches!(self.next(), None | Some('\n')) => break,
                Some('\\') => {}
                None | Some('\n') => break,
                Some(c) if c == quote => return Ok(kind),
                Some(_) => {}
            }
        }
        Err(message.to_owned())
    }

    /// The name after `.` or `$`; `bare` if there is none.
    fn name(&mut self, named: TokenKind, bare: TokenKind) -> Result<TokenKind, String> {
        if self.at_terminator() {
            return Ok(bare);
        }
        self.absorb_name()?;
        Ok(named)
    }

    fn absorb_name(&mut self) -> Result<(), String> {
        while self.peek().is_some_and(is_alphanumeric) {
            self.next();
        }
        if self.at_terminator() {
            return Ok(());
        }
        Err(format!("bad character {}", describe(self.peek())))
    }

    fn word(&mut self) -> Result<TokenKind, String> {
        self.absorb_name()?;
        Ok(match &self.text[self.start..self.at] {
            "true" | "false" => TokenKind::Bool,
            "nil" => TokenKind::Nil,
            "block" => TokenKind::Keyword(Keyword::Block),
            "break" => TokenKind::Keyword(Keyword::Break),
            "continue" => TokenKind::Keyword(Keyword::Continue),
            "define" => TokenKind::Keyword(Keyword::Define),
            "else" => TokenKind::Keyword(Keyword::Else),
            "end" => TokenKind::Keyword(Keyword::End),
            "if" => TokenKind::Keyword(Keyword::If),
            "range" => TokenKind::Keyword(Keyword::Range),
            "template" => TokenKind::Keyword(Keyword::Template),
            "with" => TokenKind::Keyword(Keyword::With),
            _ => TokenKind::Identifier,
        })
    }

    /// Whether a name may end here, so that `$x+2` is a mistake and `.a.b` are two tokens.
    fn at_terminator(&self) -> bool {
        match self.peek() {
            None | Some('.' | ',' | '|' | ':' | ')' | '(') => true,
            Some(c) => BLANKS.contains(&c) || self.rest().starts_with(self.right),
        }
    }

    fn number(&mut self) -> Result<TokenKind, String> {
        let mut good = self.scan_number();
        let complex = good && matches!(self.peek(), Some('+' | '-'));
        if complex {
            good = self.scan_number() && self.text[..self.at].ends_with('i');
        }
        if !good {
            let text = crate::strconv::quote(&self.text[self.start..self.at], false);
            return Err(format!("bad number syntax: {text}"));
        }
        Ok(if complex { TokenKind::Complex } else { TokenKind::Number })
    }

    /// Absorbs what looks like a number; false if a name character follows.
    fn scan_number(&mut self) -> bool {
        const DECIMAL: &str = "0123456789_";
        const HEXADECIMAL: &str = "0123456789abcdefABCDEF_";
        self.accept("+-");
        let mut digits = DECIMAL;
        if self.accept("0") {
            if self.accept("xX") {
                digits = HEXADECIMAL;
            } else if self.accept("oO") {
                digits = "01234567_";
            } else if self.accept("bB") {
                digits = "01_";
            }
        }
        while self.accept(digits) {}
        if self.accept(".") {
            while self.accept(digits) {}
        }
        let exponent = match digits {
            DECIMAL => self.accept("eE"),
            HEXADECIMAL => self.accept("pP"),
            _ => false,
        };
        if exponent {
            self.accept("+-");
            while self.accept(DECIMAL) {}
        }
        self.accept("i");
        let ends = !self.peek().is_some_and(is_alphanumeric);
        if !ends {
            self.next();
        }
        ends
    }
}

fn is_left_trim(text: &str) -> bool {
    text.strip_prefix('-').is_some_and(|rest| rest.starts_with(BLANKS))
}

fn is_right_trim(text: &str) -> bool {
    text.strip_prefix(BLANKS).is_some_and(|rest| rest.starts_with('-'))
}

/// `U+0041 'A'`, as `%#U` prints.
fn describe(c: Option<char>) -> String {
    match c {
        None => "U+FFFFFFFFFFFFFFFF".to_owned(),
        Some(c) if crate::strconv::is_printable(c) => format!("U+{:04X} '{c}'", u32::from(c)),
        Some(c) => format!("U+{:04X}", u32::from(c)),
    }
}
