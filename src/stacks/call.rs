//! Calls of YAML functions: one component's, after its templates are rendered.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Evaluation;
use super::deferred;
use super::function::{self, Act, Take};
use super::merge::Lists;
use crate::diagnostic::{Code, Span};
use crate::model::question::{Answer, Answers, Question};
use crate::model::value::{Map, Node, Origin, Raw, Rules, Value, changed_items};

/// Why a value could not be called.
pub(super) struct Fault {
    pub(super) code: Code,
    pub(super) message: String,
    /// The mistake that it comes from, if it is none of its own.
    pub(super) follows: Option<Span>,
}

impl Fault {
    fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), follows: None }
    }
}

/// Calls the functions of one component.
pub(super) struct Calls<'c> {
    pub(super) answers: &'c Answers,
    pub(super) evaluation: &'c Evaluation,
    /// The component's strategy, for what calls met.
    pub(super) lists: Lists,
    /// The component's stack, where none is named.
    pub(super) stack: &'c str,
    pub(super) metadata: Option<&'c Value>,
    pub(super) env: Option<&'c Value>,
    /// What was asked and has no answer.
    pub(super) asked: BTreeSet<Question>,
    /// Where the call is written that is made now.
    pub(super) at: Origin,
    /// All that was asked, answered or not, and where.
    pub(super) consulted: Vec<(Question, Origin)>,
    /// What the component waits to know.
    pub(super) open: BTreeSet<Question>,
    /// Values with the reason why they could not be called.
    pub(super) failures: Vec<(Value, Fault)>,
}

impl Calls<'_> {
    /// The value with its functions called and what they met decided; `None` if there was
    /// nothing to do.
    pub(super) fn section(&mut self, value: &Value) -> Option<Value> {
        let called = self.tree(value);
        deferred::settled(called.as_ref().unwrap_or(value), self.lists).or(called)
    }

    fn tree(&mut self, value: &Value) -> Option<Value> {
        let node = match &value.node {
            Node::Raw(raw) => {
                let tag = raw.tag.as_deref().filter(|tag| !tag.starts_with("!!"))?;
                let act = function::act(tag)?;
                self.at = value.origin;
                let called = match self.is_called(tag) {
                    true => self.call(tag, act, raw),
                    false => Ok(Some(uncalled(tag, act, raw))),
                };
                match called {
                    Ok(called) => called?,
                    Err(fault) => {
                        self.failures.push((value.clone(), fault));
                        return None;
                    }
                }
            }
            Node::List(items) => Node::List(changed_items(items, |item| self.tree(item))?),
            Node::Map(map) => Node::Map(map.changed(|_, value| self.tree(value))?),
            _ => return None,
        };
        Some(Value { node, origin: value.origin })
    }

    fn is_called(&self, tag: &str) -> bool {
        self.evaluation.functions && !self.evaluation.skip.contains(tag.trim_start_matches('!'))
    }

    fn call(&mut self, tag: &str, act: Act, raw: &Raw) -> Result<Option<Node>, Fault> {
        let fails = |message| Fault::new(Code::FunctionFailed, message);
        let words = || function::words(&raw.text).map_err(fails);
        let arguments = match act {
            Act::Done => return Ok(None),
            Act::Text => return Ok(Some(Node::Str(raw.text.clone()))),
            Act::Verbatim => return Ok(Some(uncalled(tag, act, raw))),
            Act::Json => return Ok(Some(json(&raw.text))),
            Act::Metadata(key, take) => return Ok(Some(self.labels(key, take))),
            Act::Env => return self.env(&words()?).map(Some),
            Act::Line => vec![raw.text.as_ref().to_owned()],
            Act::Output | Act::Store => self.with_stack(tag, act, words()?)?,
            Act::Words => words()?,
        };
        self.ask(tag, arguments).map(Some)
    }

    fn env(&mut self, words: &[String]) -> Result<Node, Fault> {
        let name = match words {
            [name] | [name, _] => name,
            _ => {
                let message = "`!env` takes a name and, if wanted, a default in quotes";
                return Err(Fault::new(Code::FunctionFailed, message));
            }
        };
        if let Some(value) = self.env.and_then(|env| env.get(name)) {
            let value = self.own(value);
            let mut open = BTreeSet::new();
            value.questions(&mut open);
            return Ok(match open.into_iter().next() {
                Some(question) => Node::Unknown(question.into()),
                None if value.holds_secret() => value.node,
                None => Node::Str(printed(&value).into()),
            });
        }
        self.ask("!env", words.to_vec())
    }

    /// Spells out the stack that `component [stack] output` implies.
    fn with_stack(
        &self,
        tag: &str,
        act: Act,
        mut words: Vec<String>,
    ) -> Result<Vec<String>, Fault> {
        let options = words.iter().position(|word| word == "|").unwrap_or(words.len());
        let (least, at, form) = match act {
            Act::Store => (3, 1, "store [stack] component key"),
            _ => (2, 1, "component [stack] output"),
        };
        if options == least {
            words.insert(at, self.stack.to_owned());
        } else if options != least + 1 {
            return Err(Fault::new(Code::FunctionFailed, format!("write `{tag} {form}`")));
        }
        Ok(words)
    }

    fn ask(&mut self, tag: &str, arguments: Vec<String>) -> Result<Node, Fault> {
        let question = Question {
            function: tag.trim_start_matches('!').into(),
            arguments: arguments.into_iter().map(Arc::from).collect(),
        };
        self.consulted.push((question.clone(), self.at));
        match self.answers.get(&question) {
            Some(Answer::Value(value)) => {
                value.questions(&mut self.open);
                return Ok(value.node.clone());
            }
            Some(Answer::Refused(why)) => {
                let message = format!("`{tag}` is not allowed here: {why}");
                return Err(Fault::new(Code::FunctionRefused, message));
            }
            Some(Answer::Failed(why)) => {
                return Err(Fault::new(Code::FunctionFailed, format!("`{tag}` failed: {why}")));
            }
            Some(Answer::Unresolved { why, at }) => {
                let fault = Fault::new(Code::FunctionFailed, format!("`{tag}` failed: {why}"));
                return Err(Fault { follows: Some(at.clone()), ..fault });
            }
            Some(Answer::Later) => {}
            None => drop(self.asked.insert(question.clone())),
        }
        self.open.insert(question.clone());
        Ok(Node::Unknown(question.into()))
    }

    /// What the component says of itself at another place, with its own calls answered. Those ask
    /// for nothing that the component says: that might be what was asked for.
    fn own(&mut self, value: &Value) -> Value {
        let (env, metadata, at) = (self.env.take(), self.metadata.take(), self.at);
        let called = self.section(value);
        (self.env, self.metadata, self.at) = (env, metadata, at);
        let value = called.unwrap_or_else(|| value.clone());
        value.questions(&mut self.open);
        value
    }

    fn labels(&mut self, key: &str, take: Take) -> Node {
        let value = self.metadata.and_then(|metadata| metadata.get(key));
        let value = value.map(|value| self.own(value));
        let value = value.as_ref();
        if let Some(Value { node: node @ Node::Unknown(_), .. }) = value {
            return node.clone();
        }
        let map = value.and_then(Value::as_map);
        let list = |items: Vec<Value>| Node::List(Arc::new(items));
        match (take, map) {
            (Take::All, None) if key == "labels" => Node::Map(Map::default()),
            (Take::All, _) => value.map_or(Node::Null, |value| value.node.clone()),
            (_, None) => list(Vec::new()),
            (Take::Keys, Some(map)) => {
                let sorted = map.sorted().into_iter();
                list(sorted.map(|(key, _)| Value::text(key.clone())).collect())
            }
            (Take::Values, Some(map)) => {
                let sorted = map.sorted().into_iter();
                list(sorted.map(|(_, value)| value.clone()).collect())
            }
        }
    }
}

/// A call as the text it is written as. What only marks its text is gone from it.
fn uncalled(tag: &str, act: Act, raw: &Raw) -> Node {
    match act {
        Act::Text => Node::Str(raw.text.clone()),
        _ => Node::Str(format!("{tag} {}", raw.text).trim_end().into()),
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
        Ok(json) => crate::model::go_value::from_go(&gotmpl::Value::from(&json)),
        Err(_) => Node::Str(text.clone()),
    }
}
