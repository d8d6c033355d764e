//! What can be wrong with a source text.

use std::fmt;

use crate::position::Span;

/// One mistake in a source. `Display` prints the message alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Its kind.
    pub code: Code,
    /// One sentence without a period, in lower case.
    pub message: String,
    /// Where it is.
    pub span: Span,
    /// A second place that explains the first, as the first of two equal keys.
    pub related: Option<Related>,
    /// What to do about it.
    pub hint: Option<&'static str>,
}

/// A second place of a [`SyntaxError`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// Where it is.
    pub span: Span,
    /// What is there.
    pub message: &'static str,
}

/// The kind of a mistake; `as_str` is stable and may be shown, filtered and documented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Code {
    /// The text is not YAML.
    Syntax,
    /// The bytes are not UTF-8.
    NotUtf8,
    /// A mapping has the same key twice, by text: `1` and `'1'` are the same key. `16` and
    /// `0x10`, equal once typed, are for the reader to find.
    DuplicateKey,
    /// A key is a sequence or a mapping.
    ComplexKey,
    /// A key is null: `~`, `null` or nothing.
    NullKey,
    /// An alias names no anchor before it.
    UnknownAlias,
    /// An alias stands inside the node it names.
    SelfReference,
    /// The value of `<<` is neither a mapping nor a sequence of mappings.
    BadMerge,
    /// [`crate::Limits::source_bytes`].
    TooLarge,
    /// [`crate::Limits::depth`].
    TooDeep,
    /// [`crate::Limits::nodes`].
    TooManyNodes,
    /// [`crate::Limits::expanded_nodes`].
    TooMuchExpansion,
    /// [`crate::Limits::aliases`].
    TooManyAliases,
}

impl Code {
    /// The kind in one word: `yaml-syntax`.
    pub fn as_str(self) -> &'static str {
        match self {
            Code::Syntax => "yaml-syntax",
            Code::NotUtf8 => "yaml-not-utf8",
            Code::DuplicateKey => "yaml-duplicate-key",
            Code::ComplexKey => "yaml-complex-key",
            Code::NullKey => "yaml-null-key",
            Code::UnknownAlias => "yaml-unknown-alias",
            Code::SelfReference => "yaml-self-reference",
            Code::BadMerge => "yaml-bad-merge",
            Code::TooLarge => "yaml-too-large",
            Code::TooDeep => "yaml-too-deep",
            Code::TooManyNodes => "yaml-too-many-nodes",
            Code::TooMuchExpansion => "yaml-too-much-expansion",
            Code::TooManyAliases => "yaml-too-many-aliases",
        }
    }
}

impl SyntaxError {
    pub(crate) fn new(code: Code, span: Span, message: impl Into<String>) -> Self {
        SyntaxError { code, message: message.into(), span, related: None, hint: None }
    }

    pub(crate) fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    pub(crate) fn related(mut self, span: Span, message: &'static str) -> Self {
        self.related = Some(Related { span, message });
        self
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SyntaxError {}

/// Errors in the order found, up to a limit; one at least, or a broken source would pass.
pub(crate) struct Errors {
    list: Vec<SyntaxError>,
    limit: usize,
}

impl Errors {
    pub(crate) fn new(limit: usize) -> Self {
        Errors { list: Vec::new(), limit: limit.max(1) }
    }

    pub(crate) fn push(&mut self, error: SyntaxError) {
        if self.list.len() < self.limit {
            self.list.push(error);
        }
    }

    /// In the order of the source.
    pub(crate) fn into_sorted(mut self) -> Vec<SyntaxError> {
        self.list.sort_by_key(|error| (error.span.start.byte, error.code));
        self.list
    }
}
