//! YAML functions: `!env HOME`, `!terraform.output vpc id`.
//!
//! Those that need the world become a [`Question`]; what has no answer yet is unknown. `!append`
//! and `!unset` belong to the merge, `!include` to loading, `!template` to the templates.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::merge::{APPEND, UNSET};
use crate::diagnostic::{Code, Diagnostic, Span, closest};
use crate::model::question::{Answer, Answers, Question};
use crate::model::value::{Node, Raw, Rules, Value};

/// What a function does after the merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Take {
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

/// Whether there is a function with this tag.
pub(super) fn is_known(tag: &str) -> bool {
    FUNCTIONS.iter().any(|(name, _)| *name == tag)
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
    is_known(tag).then_some((tag, rest.trim()))
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

/// Calls the functions of one component.
pub(super) struct Calls<'c> {
    pub(super) answers: &'c Answers,
    /// The component's stack, where none is named.
    pub(super) stack: &'c str,
    pub(super) metadata: Option<&'c Value>,
    pub(super) env: Option<&'c Value>,
    /// What was asked and has no answer.
    pub(super) asked: BTreeSet<Question>,
    /// What the component waits to know.
    pub(super) open: BTreeSet<Question>,
    /// Values with the reason why they could not be called.
    pub(super) failures: Vec<(Value, Code, String)>,
}

impl Calls<'_> {
    /// The value with its functions called; `None` if it has none.
    pub(super) fn tree(&mut self, value: &Value) -> Option<Value> {
        let node = match &value.node {
            Node::Raw(raw) => {
                let tag = raw.tag.as_deref().filter(|tag| !tag.starts_with("!!"))?;
                let (_, act) = FUNCTIONS.iter().find(|(name, _)| *name == tag)?;
                match self.call(tag, *act, raw) {
                    Ok(called) => called?,
                    Err((code, message)) => {
                        self.failures.push((value.clone(), code, message));
                        return None;
                    }
                }
            }
            Node::List(items) => {
                let called: Vec<_> = items.iter().map(|item| self.tree(item)).collect();
                if called.iter().all(Option::is_none) {
                    return None;
                }
                let pairs = called.into_iter().zip(items.iter());
                Node::List(Arc::new(
                    pairs.map(|(new, old)| new.unwrap_or_else(|| old.clone())).collect(),
                ))
            }
            Node::Map(map) => {
                let mut changed = None;
                for (key, old) in map.iter() {
                    if let Some(new) = self.tree(old) {
                        changed.get_or_insert_with(|| map.clone()).insert(key.clone(), new);
                    }
                }
                Node::Map(changed?)
            }
            _ => return None,
        };
        Some(Value { node, origin: value.origin })
    }

    fn call(&mut self, tag: &str, act: Act, raw: &Raw) -> Result<Option<Node>, (Code, String)> {
        let words = || words(&raw.text).map_err(|message| (Code::FunctionFailed, message));
        let arguments = match act {
            Act::Done => return Ok(None),
            Act::Text => return Ok(Some(Node::Str(raw.text.clone()))),
            Act::Verbatim => {
                return Ok(Some(Node::Str(format!("{tag} {}", raw.text).trim_end().into())));
            }
            Act::Json => return Ok(Some(json(&raw.text))),
            Act::Metadata(key, take) => return Ok(Some(self.metadata(key, take))),
            Act::Env => return self.env(&words()?).map(Some),
            Act::Line => vec![raw.text.as_ref().to_owned()],
            Act::Output | Act::Store => self.with_stack(tag, act, words()?)?,
            Act::Words => words()?,
        };
        self.ask(tag, arguments).map(Some)
    }

    fn env(&mut self, words: &[String]) -> Result<Node, (Code, String)> {
        let name = match words {
            [name] | [name, _] => name,
            _ => {
                let message = "`!env` takes a name and, if wanted, a default in quotes";
                return Err((Code::FunctionFailed, message.to_owned()));
            }
        };
        if let Some(value) = self.env.and_then(|env| env.get(name)) {
            return Ok(Node::Str(printed(value).into()));
        }
        self.ask("!env", words.to_vec())
    }

    /// Spells out the stack that `component [stack] output` implies.
    fn with_stack(
        &self,
        tag: &str,
        act: Act,
        mut words: Vec<String>,
    ) -> Result<Vec<String>, (Code, String)> {
        let options = words.iter().position(|word| word == "|").unwrap_or(words.len());
        let (least, at, form) = match act {
            Act::Store => (3, 1, "store [stack] component key"),
            _ => (2, 1, "component [stack] output"),
        };
        if options == least {
            words.insert(at, self.stack.to_owned());
        } else if options != least + 1 {
            return Err((Code::FunctionFailed, format!("write `{tag} {form}`")));
        }
        Ok(words)
    }

    fn ask(&mut self, tag: &str, arguments: Vec<String>) -> Result<Node, (Code, String)> {
        let question = Question {
            function: tag.trim_start_matches('!').into(),
            arguments: arguments.into_iter().map(Arc::from).collect(),
        };
        match self.answers.get(&question) {
            Some(Answer::Value(value)) => return Ok(value.node.clone()),
            Some(Answer::Refused(why)) => {
                return Err((Code::FunctionRefused, format!("`{tag}` is not allowed here: {why}")));
            }
            Some(Answer::Failed(why)) => {
                return Err((Code::FunctionFailed, format!("`{tag}` failed: {why}")));
            }
            Some(Answer::Later) => {}
            None => drop(self.asked.insert(question.clone())),
        }
        self.open.insert(question.clone());
        Ok(Node::Unknown(question.into()))
    }

    fn metadata(&self, key: &str, take: Take) -> Node {
        let value = self.metadata.and_then(|metadata| metadata.get(key));
        let map = value.and_then(Value::as_map);
        let list = |items: Vec<Value>| Node::List(Arc::new(items));
        match (take, map) {
            (Take::All, _) => value.map_or(Node::Null, |value| value.node.clone()),
            (Take::Keys, map) => {
                let sorted = map.map(|map| map.sorted()).unwrap_or_default();
                list(sorted.into_iter().map(|(key, _)| Value::text(key.clone())).collect())
            }
            (Take::Values, map) => {
                let sorted = map.map(|map| map.sorted()).unwrap_or_default();
                list(sorted.into_iter().map(|(_, value)| value.clone()).collect())
            }
        }
    }
}

/// A scalar of `env` as a process sees it; null is `<nil>`.
fn printed(value: &Value) -> String {
    match value.typed(Rules::Stack).node {
        Node::Null => "<nil>".to_owned(),
        Node::Bool(value) => value.to_string(),
        Node::Int(value) => value.to_string(),
        Node::Uint(value) => value.to_string(),
        Node::Float(value) => value.to_string(),
        Node::Str(text) => text.as_ref().to_owned(),
        _ => crate::model::canonical::encode(value).to_string(),
    }
}

/// The text as JSON, or as it is.
fn json(text: &Arc<str>) -> Node {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(json) => super::template::from_go(&gotmpl::Value::from(&json)),
        Err(_) => Node::Str(text.clone()),
    }
}

#[cfg(test)]
mod tests;
