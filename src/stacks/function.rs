//! YAML functions by name: `!env HOME`, `!terraform.output vpc id`.
//!
//! Those that need the world become a question; what has no answer yet is unknown. `!append`
//! and `!unset` belong to the merge, `!include` and `!literal` to loading, `!template` to the
//! templates.

use super::merge::{APPEND, UNSET};
use crate::diagnostic::{Code, Diagnostic, Span, closest};
use crate::model::value::Value;

/// What a function does after the merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// Nothing: it did its work before.
    Done,
    /// It only keeps its text from being read as something else.
    Text,
    /// It is text to the dialect, tag included.
    Verbatim,
    /// Its text is JSON, if it can be read so.
    Json,
    /// A part of the component's own metadata.
    Metadata(&'static str, Take),
    /// `NAME [default]`, from the component's `env` before the process's.
    Env,
    /// One argument, whatever blanks are in it.
    Line,
    /// `component [stack] output`: the stack is implied.
    Output,
    /// `store [stack] component key`, with `| default` and `| query` kept as written.
    Store,
    /// Words that mean something to whoever answers.
    Words,
}

/// Which part of a map is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Take {
    All,
    Keys,
    Values,
}

const FUNCTIONS: &[(&str, Act)] = &[
    (APPEND, Act::Done),
    (UNSET, Act::Done),
    ("!include", Act::Done),
    ("!include.raw", Act::Done),
    ("!literal", Act::Text),
    ("!cwd", Act::Verbatim),
    ("!random", Act::Verbatim),
    ("!cel", Act::Verbatim),
    ("!template", Act::Json),
    ("!tags", Act::Metadata("tags", Take::All)),
    ("!labels", Act::Metadata("labels", Take::All)),
    ("!labels.keys", Act::Metadata("labels", Take::Keys)),
    ("!labels.values", Act::Metadata("labels", Take::Values)),
    ("!env", Act::Env),
    ("!exec", Act::Line),
    ("!output", Act::Output),
    ("!terraform.output", Act::Output),
    ("!terraform.state", Act::Output),
    ("!store", Act::Store),
    ("!store.get", Act::Words),
    ("!secret", Act::Words),
    ("!version", Act::Words),
    ("!emulator", Act::Words),
    ("!repo-root", Act::Words),
    ("!git.root", Act::Words),
    ("!git.sha", Act::Words),
    ("!git.ref", Act::Words),
    ("!git.branch", Act::Words),
    ("!git.repository", Act::Words),
    ("!git.owner", Act::Words),
    ("!git.name", Act::Words),
    ("!git.host", Act::Words),
    ("!git.url", Act::Words),
    ("!aws.account_id", Act::Words),
    ("!aws.caller_identity_arn", Act::Words),
    ("!aws.caller_identity_user_id", Act::Words),
    ("!aws.region", Act::Words),
    ("!aws.organization_id", Act::Words),
];

/// Those whose calls wait beside the values of other layers they meet, see `deferred`. A call of
/// any other takes the place of what is below it, like a text.
const WAITING: &[&str] = &[
    "!template",
    "!terraform.output",
    "!terraform.state",
    "!store",
    "!store.get",
    "!exec",
    "!env",
    "!tags",
    "!labels",
    "!labels.keys",
    "!labels.values",
];

/// What the function with this tag does, if there is one.
pub(super) fn act(tag: &str) -> Option<Act> {
    FUNCTIONS.iter().find(|(name, _)| *name == tag).map(|(_, act)| *act)
}

/// The tag of the function that stands at `value`, if that gives something else than its text.
pub(super) fn called_at(value: &Value) -> Option<&str> {
    let (tag, _) = value.function()?;
    act(tag).filter(|act| !matches!(act, Act::Text | Act::Done)).map(|_| tag)
}

/// The tags of all functions.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|(name, _)| *name)
}

/// Whether a call with this tag waits beside the values it meets.
pub(super) fn waits(tag: &str) -> bool {
    WAITING.contains(&tag)
}

/// The finding for a tag that is no function.
pub(super) fn unknown(tag: &str, span: Span) -> Diagnostic {
    let names = || FUNCTIONS.iter().map(|(name, _)| *name);
    let found =
        Diagnostic::error(Code::FunctionUnknown, span, format!("there is no function `{tag}`"));
    match closest(tag, names()) {
        Some(name) => found.hint(format!("did you mean `{name}`?")),
        None => found.hint(format!("the functions are {}", names().collect::<Vec<_>>().join(", "))),
    }
}

/// Reads a text that begins like a call: its tag and the rest.
pub(super) fn call_in(text: &str) -> Option<(&str, &str)> {
    let text = text.starts_with('!').then_some(text)?;
    let (tag, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    act(tag).map(|_| (tag, rest.trim()))
}

/// The words of `text`; quotes hold a word together and `\` takes the next character as it is.
pub(super) fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut rest = text.chars();
    while let Some(next) = rest.next() {
        match (quote, next) {
            (Some(open), close) if open == close => quote = None,
            (None, '"' | '\'') => {
                quote = Some(next);
                word.get_or_insert_default();
            }
            (Some('"') | None, '\\') => word.get_or_insert_default().extend(rest.next()),
            (None, blank) if blank.is_whitespace() => words.extend(word.take()),
            (_, other) => word.get_or_insert_default().push(other),
        }
    }
    if quote.is_some() {
        return Err("a quote is not closed".to_owned());
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests;
