//! The text of a query into its expression.

use std::sync::Arc;

use super::call;
use super::{Expr, Operator, QueryError, numeric};
use crate::diagnostic::closest;
use crate::model::value::{Node, Value};

/// How deep parentheses may be nested: a query is a line.
const DEPTH_MAX: usize = 32;

/// How many steps a query may have. Each is taken inside of the one behind it.
const STEPS_MAX: usize = 256;

/// What yq has and queries do not: it changes values, binds names or computes.
const REFUSED: &[&str] = &[
    "|=", "//=", "+=", "-=", "*=", "=", "*", "/", "%", "as", "reduce", "if", "$", "ireduce", "with",
];

pub(super) fn parse(text: &str) -> Result<Expr, QueryError> {
    let mut parser = Parser { rest: text, depth: 0, steps: 0, hint: None };
    let parsed = parser.pipe().and_then(|expr| {
        parser.blank();
        match (parser.rest, parser.refused()) {
            ("", _) => Ok(expr),
            (_, Some(word)) => Err(format!("`{word}` is not part of queries here")),
            (rest, None) => Err(format!("`{rest}` cannot follow here")),
        }
    });
    parsed.map_err(|message| {
        let at = Some(text.len() - parser.rest.len());
        QueryError { message, at, hint: parser.hint }
    })
}

struct Parser<'t> {
    rest: &'t str,
    depth: usize,
    steps: usize,
    hint: Option<String>,
}

type Parsed = Result<Expr, String>;

impl<'t> Parser<'t> {
    fn blank(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Takes `token` if it comes next, blanks before it aside.
    fn take(&mut self, token: &str) -> bool {
        let Some(rest) = self.rest.trim_start().strip_prefix(token) else { return false };
        let word = token.ends_with(char::is_alphanumeric);
        if word && rest.starts_with(|c: char| c.is_alphanumeric() || c == '_') {
            return false;
        }
        self.rest = rest;
        true
    }

    /// Whether one of `tokens` comes next.
    fn starts(&self, tokens: &[&str]) -> bool {
        tokens.iter().any(|token| self.rest.trim_start().starts_with(token))
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        self.take(token).then_some(()).ok_or_else(|| format!("`{token}` is missing"))
    }

    /// What comes next and is no part of queries.
    fn refused(&self) -> Option<&'static str> {
        let is_next = |word: &&&str| {
            let rest = self.rest.strip_prefix(**word);
            let in_word = |rest: &str| rest.starts_with(|c: char| c.is_alphanumeric() || c == '_');
            let is_word = word.ends_with(char::is_alphanumeric);
            rest.is_some_and(|rest| !is_word || !in_word(rest))
        };
        REFUSED.iter().find(is_next).copied()
    }

    fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        match self.depth > DEPTH_MAX {
            true => Err(format!("a query nests deeper than {DEPTH_MAX}")),
            false => Ok(()),
        }
    }

    fn pipe(&mut self) -> Parsed {
        self.deeper()?;
        let mut expr = self.comma()?;
        while !self.starts(&["||", "|="]) && self.take("|") {
            expr = Expr::Pipe(Box::new(expr), Box::new(self.comma()?));
        }
        self.depth -= 1;
        Ok(expr)
    }

    fn comma(&mut self) -> Parsed {
        let mut expr = self.otherwise()?;
        while self.take(",") {
            expr = Expr::Comma(Box::new(expr), Box::new(self.otherwise()?));
        }
        Ok(expr)
    }

    fn otherwise(&mut self) -> Parsed {
        let mut expr = self.binary(0)?;
        while !self.starts(&["//="]) && self.take("//") {
            expr = Expr::Otherwise(Box::new(expr), Box::new(self.binary(0)?));
        }
        Ok(expr)
    }

    fn binary(&mut self, level: usize) -> Parsed {
        const LEVELS: &[&[(&str, Operator)]] = &[
            &[("or", Operator::Or)],
            &[("and", Operator::And)],
            &[
                ("==", Operator::Equal),
                ("!=", Operator::Unequal),
                ("<=", Operator::LessOrEqual),
                (">=", Operator::GreaterOrEqual),
                ("<", Operator::Less),
                (">", Operator::Greater),
            ],
            &[("+", Operator::Add), ("-", Operator::Subtract)],
        ];
        let Some(operators) = LEVELS.get(level) else { return self.postfix() };
        let mut expr = self.binary(level + 1)?;
        while !self.starts(&["+=", "-="])
            && let Some((_, operator)) = operators.iter().find(|(token, _)| self.take(token))
        {
            let right = self.binary(level + 1)?;
            expr = Expr::Binary(*operator, Box::new(expr), Box::new(right));
        }
        Ok(expr)
    }

    fn postfix(&mut self) -> Parsed {
        self.blank();
        let mut expr = self.primary()?;
        loop {
            self.steps += 1;
            if self.steps > STEPS_MAX {
                return Err(format!("a query has at most {STEPS_MAX} steps"));
            }
            if self.rest.starts_with('[') {
                expr = self.bracket(expr)?;
            } else if self.rest.starts_with(".[") {
                self.rest = &self.rest[1..];
            } else if self.rest.starts_with('.') {
                self.rest = &self.rest[1..];
                let key = self.key()?;
                expr = Expr::At(Box::new(expr), Box::new(key));
            } else if !self.rest.starts_with("?=") && self.rest.starts_with('?') {
                self.rest = &self.rest[1..];
                let nothing = Expr::Call("empty".into(), Vec::new());
                expr = Expr::Otherwise(Box::new(expr), Box::new(nothing));
            } else {
                return Ok(expr);
            }
        }
    }

    fn primary(&mut self) -> Parsed {
        if let Some(rest) = self.rest.strip_prefix("..") {
            self.rest = rest;
            return Ok(Expr::Deep);
        }
        if let Some(rest) = self.rest.strip_prefix('.') {
            self.rest = rest;
            let named = rest.starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '"');
            return match named {
                true => Ok(Expr::At(Box::new(Expr::Whole), Box::new(self.key()?))),
                false => Ok(Expr::Whole),
            };
        }
        if self.take("(") {
            let inner = self.pipe()?;
            self.expect(")")?;
            return Ok(inner);
        }
        if self.take("[") {
            if self.take("]") {
                return Ok(Expr::Collect(None));
            }
            let inner = self.pipe()?;
            self.expect("]")?;
            return Ok(Expr::Collect(Some(Box::new(inner))));
        }
        if self.take("{") {
            return self.build();
        }
        match self.rest.chars().next() {
            Some('"') => Ok(Expr::Literal(Value::text(self.quoted()?))),
            Some(c) if c.is_ascii_digit() || c == '-' => self.number(),
            Some(c) if c.is_alphabetic() || c == '_' || c == '@' => self.named(),
            Some(_) => Err(match self.refused() {
                Some(word) => format!("`{word}` is not part of queries here"),
                None => format!("`{}` cannot stand here", self.rest),
            }),
            None => Err("the query ends too early".to_owned()),
        }
    }

    /// `[]`, `[1]`, `[1:3]`, `["key"]` behind `of`.
    fn bracket(&mut self, of: Expr) -> Parsed {
        self.expect("[")?;
        if self.take("]") {
            return Ok(Expr::Each(Box::new(of)));
        }
        let from = if self.rest.trim_start().starts_with(':') { None } else { Some(self.pipe()?) };
        if self.take(":") {
            let to =
                if self.rest.trim_start().starts_with(']') { None } else { Some(self.pipe()?) };
            self.expect("]")?;
            return Ok(Expr::Slice(Box::new(of), bound(from.as_ref())?, bound(to.as_ref())?));
        }
        self.expect("]")?;
        let key = from.ok_or("a place is missing between the brackets")?;
        Ok(Expr::At(Box::new(of), Box::new(key)))
    }

    fn build(&mut self) -> Parsed {
        self.deeper()?;
        let mut entries = Vec::new();
        while !self.take("}") {
            self.blank();
            let key = match self.take("(") {
                true => {
                    let key = self.pipe()?;
                    self.expect(")")?;
                    key
                }
                false => self.key()?,
            };
            let value = match (self.take(":"), &key) {
                (true, _) => self.otherwise()?,
                (false, key) => Expr::At(Box::new(Expr::Whole), Box::new(key.clone())),
            };
            entries.push((key, value));
            if !self.take(",") && !self.rest.trim_start().starts_with('}') {
                return Err("`}` is missing".to_owned());
            }
        }
        self.depth -= 1;
        Ok(Expr::Build(entries))
    }

    /// A key, in quotes or not.
    fn key(&mut self) -> Parsed {
        if self.rest.starts_with('"') {
            return Ok(Expr::Literal(Value::text(self.quoted()?)));
        }
        let word = self.word(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
        if word.is_empty() {
            return Err(format!("a key is missing before `{}`", self.rest));
        }
        Ok(Expr::Literal(Value::text(word)))
    }

    fn word(&mut self, fits: impl Fn(char) -> bool) -> &'t str {
        let end = self.rest.find(|c| !fits(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word
    }

    fn quoted(&mut self) -> Result<String, String> {
        let mut text = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, next)) = chars.next() {
            match next {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Ok(text);
                }
                '\\' => match chars.next().map(|(_, escaped)| escaped) {
                    Some('n') => text.push('\n'),
                    Some('t') => text.push('\t'),
                    Some(other) => text.push(other),
                    None => break,
                },
                other => text.push(other),
            }
        }
        Err("a quote is not closed".to_owned())
    }

    fn number(&mut self) -> Parsed {
        let text = self.word(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '-' | '+'));
        let number: f64 = text.parse().map_err(|_| format!("`{text}` is no number"))?;
        Ok(Expr::Literal(numeric(number)))
    }

    fn named(&mut self) -> Parsed {
        let before = self.rest;
        let name = self.word(|c| c.is_alphanumeric() || matches!(c, '_' | '@'));
        let literal = |node| Ok(Expr::Literal(Value::computed(node)));
        match name {
            "true" => return literal(Node::Bool(true)),
            "false" => return literal(Node::Bool(false)),
            "null" => return literal(Node::Null),
            _ => {}
        }
        if !call::is_known(name) {
            self.rest = before;
            let close = closest(name, call::NAMES.iter().copied());
            self.hint = close.map(|close| format!("did you mean `{close}`?"));
            return Err(format!("queries have no function `{name}` here"));
        }
        let mut arguments = Vec::new();
        if self.take("(") {
            arguments.push(self.pipe()?);
            while self.take(";") {
                arguments.push(self.pipe()?);
            }
            self.expect(")")?;
        }
        Ok(Expr::Call(Arc::from(name), arguments))
    }
}

fn bound(expr: Option<&Expr>) -> Result<Option<i64>, String> {
    match expr {
        None => Ok(None),
        Some(Expr::Literal(Value { node: Node::Int(number), .. })) => Ok(Some(*number)),
        Some(_) => Err("a slice goes from a number to a number".to_owned()),
    }
}
