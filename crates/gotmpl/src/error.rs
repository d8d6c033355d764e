//! What can go wrong, and where.

use thiserror::Error;

/// The stage, or the rule, that a template failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ErrorKind {
    /// The text inside an action is no sequence of tokens.
    Lex,
    /// The tokens are no template, or name an unknown function or variable.
    Parse,
    /// Evaluation failed: a wrong type, a nil, an error of a function.
    Exec,
    /// `MissingKey::Error` was asked for and a map has no such key.
    MissingKey,
    /// A bound of [`crate::Limits`], or of the parser, was passed.
    Limit,
    /// The function exists but is refused by name, for the reason in the message.
    Refused,
}

/// A template's failure. `offset`, `line` and `column` point into the template text, at the
/// token or operand Go would blame: for a chain `.a.b.c` that is `.b`, where it continues.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("template {template}, line {line}, column {column}: {message}{}", self.at())]
pub struct Error {
    /// Which stage or rule failed.
    pub kind: ErrorKind,
    /// The name given to [`crate::Template::parse`].
    pub template: String,
    /// Go's own wording, without its `template: ...` prefix.
    pub message: String,
    /// The expression being evaluated, in canonical spelling; only when executing.
    pub context: Option<String>,
    /// Byte offset, from 0.
    pub offset: usize,
    /// Line, from 1.
    pub line: usize,
    /// Byte column, from 1.
    pub column: usize,
}

impl Error {
    /// An error at byte `offset` of `text`.
    pub(crate) fn new(
        kind: ErrorKind,
        template: &str,
        text: &str,
        offset: usize,
        message: String,
    ) -> Self {
        let before = &text.as_bytes()[..offset.min(text.len())];
        let line_start = before.iter().rposition(|&b| b == b'\n').map_or(0, |i| i + 1);
        Self {
            kind,
            template: template.to_owned(),
            message,
            context: None,
            offset,
            line: 1 + before.iter().filter(|&&b| b == b'\n').count(),
            column: 1 + before.len() - line_start,
        }
    }

    /// The function that the template calls and that there is none of, if that is the mistake.
    pub fn unknown_function(&self) -> Option<&str> {
        let name = self.message.strip_prefix("function \"")?.strip_suffix("\" not defined")?;
        (self.kind == ErrorKind::Parse).then_some(name)
    }

    fn at(&self) -> String {
        match &self.context {
            Some(context) => format!(" (at <{context}>)"),
            None => String::new(),
        }
    }
}

/// Why a function gave no value. A `String` or `&str` becomes [`Failure::Message`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Failure {
    /// The function's own complaint.
    #[error("{0}")]
    Message(String),
    /// It would have passed a limit.
    #[error("{0}")]
    Limit(String),
    /// It is not allowed, and why.
    #[error("{0}")]
    Refused(String),
}

impl From<String> for Failure {
    fn from(message: String) -> Self {
        Self::Message(message)
    }
}

impl From<&str> for Failure {
    fn from(message: &str) -> Self {
        Self::Message(message.to_owned())
    }
}
