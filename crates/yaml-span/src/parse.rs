//! From a source text to its documents.

use std::sync::Arc;

use granit_parser::{ErrorKind, Event, Parser, ScanError, StrInput};

use crate::builder::{Budget, Builder, position};
use crate::check;
use crate::document::Document;
use crate::error::{Code, Errors, SyntaxError};
use crate::limits::{Limits, SOURCE_BYTES_CEILING};
use crate::open::{self, Open};
use crate::ordinary;
use crate::position::{Position, Span};

/// A first document. Where there are errors the document holds what could be read.
#[derive(Clone, Debug)]
pub struct Parsed {
    /// An empty one if the source has none.
    pub document: Document,
    /// In the order of the source.
    pub errors: Vec<SyntaxError>,
}

/// All documents of a source. Where there are errors they hold what could be read.
#[derive(Clone, Debug)]
pub struct Stream {
    /// A source without any document gives none.
    pub documents: Vec<Document>,
    /// In the order of the source.
    pub errors: Vec<SyntaxError>,
}

/// Parses the first document and does not look at the others; an empty source gives a null.
pub fn parse_first(source: impl Into<Arc<str>>, limits: &Limits) -> Parsed {
    let source = source.into();
    let mut stream = parse(&source, limits, true);
    let document = match stream.documents.pop() {
        Some(document) => document,
        None => Builder::new(&source, Position::START).finish(&source),
    };
    Parsed { document, errors: stream.errors }
}

/// The document of a source that has the form of most files, block collections of scalars on one
/// line, and no mistake; `None` for every other source.
pub fn parse_ordinary(source: impl Into<Arc<str>>, limits: &Limits) -> Option<Document> {
    let mut document = ordinary::read(&source.into(), limits)?;
    let mut errors = Errors::new(limits.errors);
    check::keys(&mut document, &mut errors);
    errors.into_sorted().is_empty().then_some(document)
}

/// Parses every document. After a syntax error the parse resumes at the next `---`, so that all
/// broken documents are reported at once.
pub fn parse_stream(source: impl Into<Arc<str>>, limits: &Limits) -> Stream {
    parse(&source.into(), limits, false)
}

/// The text of a file. The error points at the first byte that is not UTF-8.
pub fn source_text(bytes: &[u8]) -> Result<&str, SyntaxError> {
    std::str::from_utf8(bytes).map_err(|error| {
        let valid = &bytes[..error.valid_up_to()];
        let valid = std::str::from_utf8(valid).unwrap_or_default();
        let at = Position::START.advanced(valid, valid.len() as u32);
        SyntaxError::new(Code::NotUtf8, Span::empty(at), "the text is not UTF-8")
            .hint("save the file as UTF-8")
    })
}

fn parse(source: &Arc<str>, limits: &Limits, first_only: bool) -> Stream {
    match ordinary::read(source, limits) {
        Some(mut document) => {
            let mut errors = Errors::new(limits.errors);
            check::keys(&mut document, &mut errors);
            Stream { documents: vec![document], errors: errors.into_sorted() }
        }
        None => in_full(source, limits, first_only),
    }
}

/// The same, whatever the source looks like.
pub(crate) fn in_full(source: &Arc<str>, limits: &Limits, first_only: bool) -> Stream {
    let mut errors = Errors::new(limits.errors);
    let mut documents = Vec::new();
    let most = limits.source_bytes.min(SOURCE_BYTES_CEILING);
    if source.len() > most {
        let message = format!("{} bytes, more than {most}", source.len());
        let start = Span::empty(Position::START);
        errors.push(SyntaxError::new(Code::TooLarge, start, message));
    } else {
        read_documents(source, limits, first_only, &mut documents, &mut errors);
    }
    for document in &mut documents {
        check::keys(document, &mut errors);
    }
    Stream { documents, errors: errors.into_sorted() }
}

fn read_documents(
    source: &Arc<str>,
    limits: &Limits,
    first_only: bool,
    documents: &mut Vec<Document>,
    errors: &mut Errors,
) {
    let mut parser = Parser::new_from_str_with_options(source, options(limits));
    let mut budget = Budget::new(limits);
    let mut current: Option<Builder<'_>> = None;
    while let Some(next) = parser.next_event() {
        let ended = match next {
            Ok((Event::DocumentStart(..), span)) => {
                current = Some(Builder::new(source, position(&span.end)));
                continue;
            }
            Ok((Event::DocumentEnd, _)) => true,
            Ok((event, span)) => {
                let builder = current.as_mut();
                let accepted = builder.map(|it| it.accept(event, span, &mut budget, errors));
                if let Some(Err(limit)) = accepted {
                    errors.push(limit);
                    break;
                }
                false
            }
            Err(error) => {
                let fatal = *error.kind() == ErrorKind::RecursionLimitExceeded;
                errors.push(syntax_error(source, &error, limits));
                if fatal || first_only || !resume(&mut parser) {
                    break;
                }
                true
            }
        };
        if ended && let Some(builder) = current.take() {
            budget.spend(builder.node_count());
            documents.push(builder.finish(source));
            if first_only {
                return;
            }
        }
    }
    documents.extend(current.map(|builder| builder.finish(source)));
}

fn resume<'s>(parser: &mut Parser<'s, StrInput<'s>>) -> bool {
    matches!(parser.proceed_next_document(), Ok(true))
}

fn options(limits: &Limits) -> granit_parser::Options {
    let mut options = granit_parser::options! {
        emit_unresolved_aliases: true,
        flow_nesting_limit: limits.depth,
        block_nesting_limit: limits.depth,
    };
    options.set_emit_comments(false);
    options
}

fn syntax_error(source: &str, error: &ScanError, limits: &Limits) -> SyntaxError {
    let start = position(error.marker());
    if *error.kind() == ErrorKind::RecursionLimitExceeded {
        let message = format!("collections nest deeper than {}", limits.depth);
        return SyntaxError::new(Code::TooDeep, Span::empty(start), message);
    }
    let found = SyntaxError::new(Code::Syntax, one(source, start), error.info());
    let found = match hint(error.kind()) {
        Some(hint) => found.hint(hint),
        None => found,
    };
    cause(source, start, error.kind(), found)
}

/// The character at `start`.
fn one(source: &str, start: Position) -> Span {
    let next = source[start.byte as usize..].chars().next();
    let length = next.filter(|next| !matches!(next, '\n' | '\r')).map_or(0, char::len_utf8);
    Span { start, end: start.advanced(source, start.byte + length as u32) }
}

/// The error `found` at `start`, told where its author has to look.
fn cause(source: &str, start: Position, kind: &ErrorKind, found: SyntaxError) -> SyntaxError {
    let at = |byte: usize| one(source, Position::START.advanced(source, byte as u32));
    let Open { quote, bracket, ended } = open::before(source, start.byte as usize);
    let above = |byte: &usize| at(*byte).start.line < start.line;
    match kind {
        kind if is_open_quote(kind) => match quote {
            Some(quote) => SyntaxError { span: at(quote), ..found }
                .related(one(source, start), "here the text cannot go on"),
            None => found,
        },
        ErrorKind::InvalidTrailingSingleQuotedScalar
        | ErrorKind::InvalidTrailingDoubleQuotedScalar => match ended.filter(above) {
            Some(ended) => found.related(at(ended), "the quoted text begins here"),
            None => found,
        },
        kind if is_tab(kind) => match tab(source, start.byte as usize) {
            Some(tab) => SyntaxError { span: at(tab), ..found },
            None => found,
        },
        _ => match bracket.filter(above) {
            Some(bracket) => found.related(at(bracket), "this bracket is not closed before"),
            None => found,
        },
    }
}

const fn is_open_quote(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::UnclosedQuotedScalar
            | ErrorKind::InvalidQuotedScalarIndent
            | ErrorKind::DocumentIndicatorInQuotedScalar
    )
}

const fn is_tab(kind: &ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::TabInIndentation
            | ErrorKind::TabInBlockIndentation
            | ErrorKind::TabNotAllowed
            | ErrorKind::TabInPlainScalar
            | ErrorKind::TabAtBlockScalarStart
    )
}

/// The tab that an error about one at `near` means: one that indents this line, or the next.
fn tab(source: &str, near: usize) -> Option<usize> {
    let begins = source[..near].rfind('\n').map_or(0, |at| at + 1);
    let mut at = begins;
    for line in source[begins..].split_inclusive('\n').take(2) {
        let indentation = line.len() - line.trim_start_matches([' ', '\t']).len();
        if let Some(tab) = line[..indentation].find('\t') {
            return Some(at + tab);
        }
        at += line.len();
    }
    None
}

fn hint(kind: &ErrorKind) -> Option<&'static str> {
    Some(match kind {
        kind if is_tab(kind) => "indent with spaces",
        kind if is_open_quote(kind) => "close the quote where the text ends",
        ErrorKind::MappingValueNotAllowed => {
            "quote a value that holds `: `, or give the key its own line"
        }
        ErrorKind::UnexpectedCharacter { .. } => {
            "quote a value that begins with a character of YAML's own syntax"
        }
        ErrorKind::UnknownQuotedScalarEscape => {
            "write `\\\\` for a backslash, or use single quotes"
        }
        ErrorKind::UnclosedFlowCollection { open: '[' }
        | ErrorKind::MismatchedFlowCollectionEnd { open: '[', .. }
        | ErrorKind::UnexpectedEofFlowSequence => {
            "close the list with `]`, or quote the value if `[` is meant as text"
        }
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::MismatchedFlowCollectionEnd { .. }
        | ErrorKind::UnexpectedEofFlowMapping => {
            "close the map with `}`, or quote the value if `{` is meant as text"
        }
        ErrorKind::MisplacedFlowCollectionEnd => {
            "take the bracket out, or quote the text that it belongs to"
        }
        ErrorKind::ExpectedFlowMappingSeparator | ErrorKind::ExpectedFlowSequenceSeparator => {
            "write a comma between the items, or close the bracket"
        }
        ErrorKind::InvalidTrailingSingleQuotedScalar
        | ErrorKind::InvalidTrailingDoubleQuotedScalar => {
            "quote the whole value, and write a quote inside of it as `''` or `\\\"`"
        }
        ErrorKind::BlockEntryInFlowCollection
        | ErrorKind::BlockSequenceEntryNotAllowed
        | ErrorKind::ExpectedBlockSequenceEntry => {
            "give each item of the list a line of its own, all with the same indentation"
        }
        ErrorKind::ExpectedBlockMappingKey
        | ErrorKind::InvalidIndentation
        | ErrorKind::InvalidBlockScalarIndent
        | ErrorKind::SimpleKeyExpected
        | ErrorKind::InvalidSimpleKey => "check the indentation here and on the line before",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
