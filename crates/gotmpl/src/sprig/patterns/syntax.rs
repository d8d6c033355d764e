//! Go's regular expression syntax in the `regex` crate's: the classes `\d \w \s` and `\b` mean
//! ASCII, braces that count nothing are themselves, and inside `[...]` there are no operators.

use crate::Failure;

/// The highest count of a repetition.
const REPEAT_MAX: u32 = 1000;

pub(super) fn translate(pattern: &str) -> Result<String, Failure> {
    let mut reader = Reader { rest: pattern, out: String::with_capacity(pattern.len() + 16) };
    while let Some(c) = reader.next() {
        match c {
            '\\' => reader.escape()?,
            '[' => reader.class(pattern)?,
            '{' => reader.braces(pattern)?,
            '(' if reader.rest.starts_with('?') => reader.group(pattern)?,
            c => reader.out.push(c),
        }
    }
    Ok(reader.out)
}

fn mistake(what: &str, part: &str) -> Failure {
    Failure::Message(format!("error parsing regexp: {what}: `{part}`"))
}

struct Reader<'p> {
    rest: &'p str,
    out: String,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        Some(c)
    }

    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    /// What follows a backslash outside of `[...]`.
    fn escape(&mut self) -> Result<(), Failure> {
        match self.peek() {
            Some('d' | 'w' | 's') => {
                self.out.push('[');
                self.escape_in_class()?;
                self.out.push(']');
            }
            Some('b') => {
                self.next();
                self.out.push_str("(?-u:\\b)");
            }
            Some('Q') => {
                let text = &self.rest[1..];
                let end = text.find("\\E").unwrap_or(text.len());
                self.out.push_str(&regex::escape(&text[..end]));
                self.rest = text[end..].strip_prefix("\\E").unwrap_or("");
            }
            Some(c @ ('A' | 'B' | 'z')) => {
                self.next();
                self.out.extend(['\\', c]);
            }
            _ => self.escape_in_class()?,
        }
        Ok(())
    }

    /// What follows a backslash inside of `[...]`, or the same outside.
    fn escape_in_class(&mut self) -> Result<(), Failure> {
        let c =
            self.next().ok_or_else(|| mistake("trailing backslash at end of expression", ""))?;
        match c {
            'd' => self.out.push_str("0-9"),
            'w' => self.out.push_str("0-9A-Za-z_"),
            's' => self.out.push_str("\\t\\n\\x0c\\r "),
            'D' => self.out.push_str("[^0-9]"),
            'W' => self.out.push_str("[^0-9A-Za-z_]"),
            'S' => self.out.push_str("[^\\t\\n\\x0c\\r ]"),
            'p' | 'P' | 'x' | 'a' | 'f' | 't' | 'n' | 'r' | 'v' => self.out.extend(['\\', c]),
            '0'..='7' => {
                let is_octal = |c: Option<char>| c.is_some_and(|c| ('0'..='7').contains(&c));
                if c != '0' && !is_octal(self.peek()) {
                    return Err(mistake("invalid escape sequence", &format!("\\{c}")));
                }
                let mut code = c as u32 - '0' as u32;
                for _ in 0..2 {
                    if is_octal(self.peek()) {
                        code = code * 8 + self.next().map_or(0, |c| c as u32 - '0' as u32);
                    }
                }
                self.out += &format!("\\x{{{code:x}}}");
            }
            c if c.is_ascii_punctuation() => self.out.push_str(&regex::escape(&c.to_string())),
            c => return Err(mistake("invalid escape sequence", &format!("\\{c}"))),
        }
        Ok(())
    }

    /// The inside of `[...]`, after the bracket.
    fn class(&mut self, pattern: &str) -> Result<(), Failure> {
        self.out.push('[');
        if self.rest.starts_with('^') {
            self.next();
            self.out.push('^');
        }
        let mut first = true;
        loop {
            let c = self.next().ok_or_else(|| mistake("missing closing ]", pattern))?;
            match c {
                ']' if !first => {
                    self.out.push(']');
                    return Ok(());
                }
                ']' => self.out.push_str("\\]"),
                '[' if self.rest.starts_with(':') && self.rest.contains(":]") => {
                    let end = self.rest.find(":]").map_or(0, |end| end + 2);
                    self.out.push('[');
                    self.out.push_str(&self.rest[..end]);
                    self.rest = &self.rest[end..];
                }
                '[' | '&' | '~' => self.out.extend(['\\', c]),
                '-' if first || self.out.ends_with('-') || self.rest.starts_with(']') => {
                    self.out.push_str("\\-");
                }
                '\\' => self.escape_in_class()?,
                c => self.out.push(c),
            }
            first = false;
        }
    }

    /// `{n}`, `{n,}` or `{n,m}`; anything else is text.
    fn braces(&mut self, pattern: &str) -> Result<(), Failure> {
        let end = self.rest.find('}').unwrap_or(0);
        let inside = &self.rest[..end];
        let (least, most) = inside.split_once(',').unwrap_or((inside, inside));
        let is_number = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if least.is_empty() || !is_number(least) || !is_number(most) {
            self.out.push_str("\\{");
            return Ok(());
        }
        let too_large = |text: &str| {
            !text.is_empty() && !text.parse().is_ok_and(|count: u32| count <= REPEAT_MAX)
        };
        if too_large(least) || too_large(most) {
            return Err(mistake("invalid repeat count", pattern));
        }
        self.out.push('{');
        Ok(())
    }

    /// `(?`: a name, or flags that Go knows.
    fn group(&mut self, pattern: &str) -> Result<(), Failure> {
        self.out.push('(');
        let inside = &self.rest[1..];
        if inside.starts_with("P<") || inside.starts_with('<') {
            return Ok(());
        }
        let flags = inside.split([':', ')']).next().unwrap_or_default();
        if flags.chars().all(|c| "imsU-".contains(c)) {
            return Ok(());
        }
        Err(mistake("invalid or unsupported Perl syntax", pattern))
    }
}
