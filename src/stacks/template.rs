//! Go templates in texts, keys and whole files.
//!
//! Two moments: while importing, with a context, where a missing key is an error and a text that
//! is one expression keeps its type; and late, over the merged component, where everything
//! rendered is a text and a missing key prints `<no value>`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gotmpl::{Error, ErrorKind, FieldPath, Functions, Limits, MissingKey, Options, Template};
use indexmap::IndexMap;

use super::asking::{Asking, ENV, Noted};
use super::atmos_yaml::TemplateSettings;
use super::deferred;
use super::function;
use super::made_of::{Reads, placed};
use super::read_back::read_back;
use crate::diagnostic::{Diagnostic, Span, closest};
use crate::model::files::Files;
use crate::model::go_value::from_go;
use crate::model::question::{Answers, Question};
use crate::model::value::{Map, Node, Origin, Raw, Value, changed_items};
use crate::secret::Secret;

/// What every template begins with unless `atmos.yaml` says otherwise.
pub(super) const OPEN: &str = "{{";

/// What a missing key prints.
pub(super) const NO_VALUE: &str = "<no value>";

/// How many parsed templates an engine keeps: some ten times what the largest repository known
/// has, at about a kilobyte each.
const PARSED_MAX: usize = 20_000;

/// The engine, with the templates it has parsed.
pub(super) struct Templates {
    /// While importing, and for names.
    early: Functions,
    /// What `late` was made of.
    settled: Functions,
    late: Functions,
    asking: Asking,
    settings: TemplateSettings,
    parsed: IndexMap<(Moment, Arc<str>), Result<Arc<Parsed>, Error>>,
}

/// When a template is rendered, which decides how it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Moment {
    /// While importing, and for names: always `{{ }}`, always with Sprig.
    Import,
    /// Over the merged component, as `templates.settings` says.
    Late,
}

/// What a rendering does about a key that is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// It is an error.
    Fails,
    /// It prints `<no value>`.
    Prints,
}

struct Parsed {
    template: Template,
    fields: Arc<BTreeSet<FieldPath>>,
}

/// A text that could not be rendered.
pub(super) struct Failure {
    /// The author's scalar.
    pub(super) at: Value,
    pub(super) error: Error,
    /// The mistake elsewhere that it comes from.
    pub(super) follows: Option<Span>,
    /// Whether it would have shown a secret.
    pub(super) shows: bool,
}

/// Renders a tree of values.
pub(super) struct Rendering<'t> {
    pub(super) templates: &'t mut Templates,
    pub(super) moment: Moment,
    pub(super) missing: Missing,
    /// Whether only texts are rendered that are one reference and nothing else.
    pub(super) references_only: bool,
    /// Whether what a reference gives is rendered like what its file says: a context may hold
    /// templates.
    pub(super) twice: bool,
    /// What the templates read.
    pub(super) scope: gotmpl::Value,
    /// The same with the places it was written at, as far as they matter.
    pub(super) written: Map,
    /// The texts that were rendered while importing.
    pub(super) reads: Reads,
    pub(super) failures: Vec<Failure>,
    /// What a reference gave, and could not be rendered.
    given: Option<Value>,
    /// The author's scalars, and maps with a key, that came to print `<no value>`.
    pub(super) absent: Vec<Value>,
    /// What late templates asked that has no answer; the texts they are in are unknown.
    pub(super) open: BTreeSet<Question>,
    /// All that they asked, answered or not, and where.
    pub(super) asked: Vec<(Question, Origin)>,
    /// How many bytes may still be rendered; what comes when there are none stays as it is.
    pub(super) bytes_left: usize,
}

impl Templates {
    pub(super) fn new(settings: TemplateSettings) -> Self {
        let early = Functions::gomplate().hidden_by(&Functions::sprig());
        let settled = match (settings.gomplate, settings.sprig) {
            (true, true) => early.clone(),
            (true, false) => Functions::gomplate(),
            (false, true) => Functions::sprig(),
            (false, false) => Functions::default(),
        };
        Self::of(early, settled, settings)
    }

    /// One with the same settings and functions that has parsed nothing yet.
    pub(super) fn fresh(&self) -> Self {
        Self::of(self.early.clone(), self.settled.clone(), self.settings.clone())
    }

    fn of(early: Functions, settled: Functions, settings: TemplateSettings) -> Self {
        let asking = Asking::default();
        let late = asking.added_to(settled.clone(), settings.sprig);
        Self { early, settled, late, asking, settings, parsed: IndexMap::new() }
    }

    /// Forgets what it was answered with.
    pub(super) fn forget_answers(&self) {
        self.asking.forget();
    }

    /// Answers what late templates ask from now on with `answers`.
    pub(super) fn answer(&self, answers: &Answers) {
        self.asking.answer(answers);
    }

    /// Whether a late template has asked for any of the answers.
    pub(super) fn asks(&self) -> bool {
        self.asking.is_used()
    }

    /// Why `text` is no template, if it is none.
    pub(super) fn check(&mut self, moment: Moment, text: &Arc<str>) -> Result<(), Error> {
        self.parse(moment, text).map(drop)
    }

    /// How often the values of a component are rendered; 0 if they never are.
    pub(super) fn evaluations(&self) -> u32 {
        if self.settings.enabled { self.settings.evaluations } else { 0 }
    }

    /// Whether what is missing while importing prints `<no value>`, in every file.
    pub(super) fn ignores_missing(&self) -> bool {
        self.settings.ignore_missing
    }

    /// What a template in a value begins with.
    pub(super) fn open(&self) -> Arc<str> {
        self.settings.delimiters.0.clone()
    }

    /// Renders one text.
    pub(super) fn text(
        &mut self,
        moment: Moment,
        text: &Arc<str>,
        scope: &gotmpl::Value,
        missing: Missing,
    ) -> Result<String, Error> {
        let parsed = self.parse(moment, text)?;
        parsed.template.render(scope, &Limits::default(), missing.key())
    }

    /// Renders one text while importing, with what of it each part of the result comes from.
    pub(super) fn traced(
        &mut self,
        text: &Arc<str>,
        scope: &gotmpl::Value,
        missing: Missing,
    ) -> Result<(gotmpl::Rendered, BTreeMap<usize, BTreeSet<FieldPath>>), Error> {
        let parsed = self.parse(Moment::Import, text)?;
        let rendered = parsed.template.render_traced(scope, &Limits::default(), missing.key())?;
        Ok((rendered, parsed.template.references_by_action()))
    }

    /// Whether a text is one reference and nothing else.
    fn is_reference(&mut self, moment: Moment, text: &Arc<str>) -> bool {
        self.parse(moment, text).is_ok_and(|parsed| parsed.template.sole_field().is_some())
    }

    /// The paths that a text reads; none if it is no template.
    pub(super) fn fields(&mut self, moment: Moment, text: &Arc<str>) -> Arc<BTreeSet<FieldPath>> {
        self.parse(moment, text).map(|parsed| parsed.fields.clone()).unwrap_or_default()
    }

    fn parse(&mut self, moment: Moment, text: &Arc<str>) -> Result<Arc<Parsed>, Error> {
        let key = (moment, text.clone());
        if let Some(known) = self.parsed.get(&key) {
            return known.clone();
        }
        let (left, right) = &self.settings.delimiters;
        let options = match moment {
            Moment::Import => Options { delimiters: ("", ""), functions: &self.early },
            Moment::Late => Options { delimiters: (left, right), functions: &self.late },
        };
        let parsed = Template::parse("value", text, &options).map(|template| {
            Arc::new(Parsed { fields: template.references().fields.into(), template })
        });
        if self.parsed.len() >= PARSED_MAX {
            self.parsed.clear();
        }
        self.parsed.insert(key, parsed.clone());
        parsed
    }

    /// Whether a template begins in `text`.
    pub(super) fn is_open(&self, moment: Moment, text: &str) -> bool {
        let open = match moment {
            Moment::Import => OPEN,
            Moment::Late => &self.settings.delimiters.0,
        };
        has_open(text, open)
    }
}

impl Missing {
    fn key(self) -> MissingKey {
        match self {
            Self::Fails => MissingKey::Error,
            Self::Prints => MissingKey::Default,
        }
    }
}

impl<'t> Rendering<'t> {
    /// Of templates that read `scope`, wherever that was written.
    pub(super) fn new(
        templates: &'t mut Templates,
        moment: Moment,
        missing: Missing,
        scope: gotmpl::Value,
    ) -> Self {
        let written = Map::default();
        Self {
            templates,
            moment,
            missing,
            references_only: false,
            twice: false,
            scope,
            written,
            reads: Vec::new(),
            failures: Vec::new(),
            given: None,
            absent: Vec::new(),
            open: BTreeSet::new(),
            asked: Vec::new(),
            bytes_left: usize::MAX,
        }
    }

    /// The value with its templates rendered; `None` if it has none. What fails stays as it is
    /// and is among the failures.
    pub(super) fn tree(&mut self, value: &Value) -> Option<Value> {
        let node = match &value.node {
            Node::Raw(raw) if self.templates.is_open(self.moment, &raw.text) => {
                return self.scalar(value, &raw.text, raw.plain, raw.tag.as_ref());
            }
            Node::Str(text) if self.templates.is_open(self.moment, text) => {
                return self.scalar(value, text, false, None);
            }
            Node::List(items) => Node::List(changed_items(items, |item| self.tree(item))?),
            Node::Map(_) if deferred::met(value).is_some() => return self.met(value),
            Node::Map(map) => self.map(value, map)?,
            _ => return None,
        };
        Some(Value { node, origin: value.origin })
    }

    /// Calls that met other values, and those values. Such a call has no use for `<no value>`:
    /// what it reads has to be there. The values stay as they are written, as in Atmos.
    fn met(&mut self, value: &Value) -> Option<Value> {
        let outer = std::mem::replace(&mut self.missing, Missing::Fails);
        let mut changed = false;
        let met = deferred::rebuilt(value, |one| {
            let rendered = if deferred::is_call(one) { self.tree(one) } else { None };
            changed |= rendered.is_some();
            rendered.unwrap_or_else(|| one.clone())
        });
        self.missing = outer;
        changed.then_some(met)
    }

    /// A map of which one key is not known is not known itself.
    fn map(&mut self, whole: &Value, map: &Map) -> Option<Node> {
        if !map.iter().any(|(key, _)| self.templates.is_open(self.moment, key)) {
            return map.changed(|_, value| self.tree(value)).map(Node::Map);
        }
        let mut unknown = None;
        let (mut entries, mut keys) = (Vec::with_capacity(map.len()), BTreeSet::new());
        for (key, value) in map.iter() {
            let new_key = match self.templates.is_open(self.moment, key) {
                true => self.key(whole, key),
                false => None,
            };
            let value = self.tree(value).unwrap_or_else(|| value.clone());
            let key = match new_key {
                None => key.clone(),
                Some(Ok(new_key)) => new_key,
                Some(Err(question)) => {
                    unknown.get_or_insert(question);
                    key.clone()
                }
            };
            if !keys.insert(key.clone()) {
                let error = failed(ErrorKind::Exec, format!("two keys of this map are `{key}`"));
                let (at, follows) = (whole.clone(), None);
                self.failures.push(Failure { at, error, follows, shows: false });
                return None;
            }
            entries.push((key, value));
        }
        Some(match unknown {
            None => Node::Map(entries.into_iter().collect()),
            Some(question) => Node::Unknown(question.into()),
        })
    }

    /// The key, or what it waits for.
    fn key(&mut self, map: &Value, key: &Arc<str>) -> Option<Result<Arc<str>, Question>> {
        if self.references_only {
            return None;
        }
        let rendered = self.templates.text(self.moment, key, &self.scope, self.missing);
        match self.settled(map, rendered)? {
            Ok(text) => {
                self.note_absent(map, key, &text);
                Some(Ok(text.into()))
            }
            Err(question) => Some(Err(question)),
        }
    }

    fn scalar(
        &mut self,
        at: &Value,
        text: &Arc<str>,
        plain: bool,
        tag: Option<&Arc<str>>,
    ) -> Option<Value> {
        let is_left = self.references_only && !self.templates.is_reference(self.moment, text);
        if is_left || self.bytes_left == 0 {
            return None;
        }
        let rendered = self.render(text, plain, tag);
        let given = self.given.take();
        let node = match self.settled(given.as_ref().unwrap_or(at), rendered)? {
            Ok(node) => node,
            Err(question) => {
                return Some(Value { node: Node::Unknown(question.into()), origin: at.origin });
            }
        };
        match &node {
            Node::Str(new) => self.note_absent(at, text, new),
            Node::Raw(new) => self.note_absent(at, text, &new.text),
            _ => {}
        }
        let mut origin = at.origin;
        match self.moment {
            Moment::Late => origin = self.origin(text).unwrap_or(at.origin),
            Moment::Import => {
                let fields = self.templates.fields(self.moment, text);
                self.reads.push((at.origin, fields));
            }
        }
        Some(Value { node, origin })
    }

    fn note_absent(&mut self, at: &Value, text: &str, rendered: &str) {
        if rendered.contains(NO_VALUE) && !text.contains(NO_VALUE) {
            self.absent.push(at.clone());
        }
    }

    /// What the text at `at` came to, or what it waits for; `None` if it failed, which is noted.
    /// What it asked is noted too.
    fn settled<T>(
        &mut self,
        at: &Value,
        rendered: Result<T, Error>,
    ) -> Option<Result<T, Question>> {
        let noted = match self.moment {
            Moment::Import => Noted::default(),
            Moment::Late => self.templates.asking.take(),
        };
        self.asked.extend(noted.asked.into_iter().map(|question| (question, at.origin)));
        if let Some(first) = noted.open.first().cloned() {
            self.open.extend(noted.open);
            return Some(Err(first));
        }
        let shows = noted.secret.is_some();
        let error = match (&noted.secret, rendered) {
            (None, Ok(rendered)) => return Some(Ok(rendered)),
            (None, Err(error)) => error,
            (Some(secret), rendered) => shown(secret, rendered.as_ref().err()),
        };
        self.failures.push(Failure { at: at.clone(), error, follows: noted.cause, shows });
        None
    }

    /// Where the one value was written that a template reads: a change there changes what it
    /// renders to. The template itself is the layer below.
    fn origin(&mut self, text: &Arc<str>) -> Option<Origin> {
        let fields = self.templates.fields(self.moment, text);
        let [field] = fields.iter().collect::<Vec<_>>()[..] else { return None };
        Some(self.read(field)?.origin).filter(|origin| *origin != Origin::NONE)
    }

    /// The value that a template reads, as it is written.
    fn read(&self, field: &FieldPath) -> Option<&Value> {
        let mut steps = field.0.iter();
        let section = self.written.get(steps.next()?)?;
        steps.try_fold(section, |value, step| value.get(step))
    }

    /// What a reference gave, its own templates rendered as texts. One that fails is at fault where
    /// it is written itself.
    fn again(&mut self, value: &Value) -> Result<Node, Error> {
        let mut child =
            |child: &Value| Ok(Value { node: self.again(child)?, origin: child.origin });
        let text = match &value.node {
            Node::Str(text) => Some((text, None)),
            Node::Raw(raw) => Some((&raw.text, raw.tag.as_ref())),
            _ => None,
        };
        if let Some((text, tag)) = text.filter(|(text, _)| text.contains(OPEN)) {
            let rendered = self.templates.text(self.moment, text, &self.scope, self.missing);
            if rendered.is_err() && value.origin != Origin::NONE {
                self.given = Some(value.clone());
            }
            let rendered = rendered?;
            return Ok(match tag {
                Some(tag) => raw(&rendered, tag),
                None => Node::Str(rendered.into()),
            });
        }
        Ok(match &value.node {
            Node::List(items) => {
                let items: Result<Vec<_>, Error> = items.iter().map(&mut child).collect();
                Node::List(items?.into())
            }
            Node::Map(map) => {
                let entries = map.iter().map(|(key, one)| Ok((key.clone(), child(one)?)));
                Node::Map(entries.collect::<Result<_, Error>>()?)
            }
            node => node.clone(),
        })
    }

    fn render(
        &mut self,
        text: &Arc<str>,
        plain: bool,
        tag: Option<&Arc<str>>,
    ) -> Result<Node, Error> {
        let parsed = self.templates.parse(self.moment, text)?;
        let (limits, missing) = (Limits::default(), self.missing.key());
        if self.moment == Moment::Import
            && tag.is_none()
            && let Some(field) = parsed.template.sole_field()
            && let Some(value) = parsed.template.evaluate(&self.scope, &limits, missing)?
        {
            let node = from_go(&value);
            let (node, origin) = match self.read(&field) {
                Some(written) => (placed(node, written), written.origin),
                None => (node, Origin::NONE),
            };
            return if self.twice { self.again(&Value { node, origin }) } else { Ok(node) };
        }
        let rendered = parsed.template.render(&self.scope, &limits, missing)?;
        self.bytes_left = self.bytes_left.saturating_sub(rendered.len());
        if self.moment == Moment::Late {
            // A call that gives nothing has no use for `<no value>` either.
            if tag.is_some_and(|tag| tag.as_ref() == "!template") && rendered.trim() == "null" {
                parsed.template.render(&self.scope, &limits, MissingKey::Error)?;
            }
        }
        if let Some(tag) = tag {
            return Ok(raw(&rendered, tag));
        }
        let node = match self.moment {
            Moment::Late => read_back(text, rendered),
            Moment::Import if plain => Node::Raw(Raw::new(rendered.into(), plain, None).into()),
            Moment::Import => Node::Str(rendered.into()),
        };
        // A function that a template writes is called like any other.
        let call = match &node {
            Node::Str(text) => function::call_in(text),
            _ => None,
        };
        Ok(call.map(|(tag, text)| raw(text, &tag.into())).unwrap_or(node))
    }
}

/// Why a template may not read `secret`; `failed` is what became of trying to.
fn shown(secret: &Secret, failed: Option<&Error>) -> Error {
    let message = format!("the {} is a secret, which a text would show", secret.handle());
    let error = self::failed(ErrorKind::Refused, message);
    match failed {
        Some(&Error { offset, line, column, .. }) => Error { offset, line, column, ..error },
        None => error,
    }
}

/// What is wrong with all of a text.
fn failed(kind: ErrorKind, message: String) -> Error {
    let template = String::new();
    Error { kind, template, message, context: None, offset: 0, line: 1, column: 1 }
}

impl Failure {
    /// The failure as a finding at its place in the author's text; at `span` where that is not to
    /// be told.
    pub(super) fn diagnostic(&self, files: &Files, span: Span) -> Diagnostic {
        let inside = match &self.at.node {
            Node::Raw(_) => files.inside(self.at.origin, self.error.offset),
            _ => None,
        };
        let found = diagnostic(&self.error, inside.unwrap_or(span));
        let found = found.following(self.follows.clone());
        match self.shows {
            true => {
                found.hint("let a function give it: what `!terraform.output` gives stays secret")
            }
            false => found,
        }
    }
}

/// A template's failure as a finding at `span`.
pub(super) fn diagnostic(error: &Error, span: Span) -> Diagnostic {
    let found = Diagnostic::from_template(error, span);
    match error.unknown_function() {
        Some(name) => found.hint(instead_of(name)),
        None => found,
    }
}

/// What to write in place of a function that there is none of.
fn instead_of(name: &str) -> String {
    let (sprig, gomplate) = (Functions::sprig(), Functions::gomplate());
    // What is there, and not here, is switched off.
    let off =
        |name: &str| format!("write `templates.settings.{name}.enabled: true` in `atmos.yaml`");
    if sprig.names().any(|known| known == name) || name == ENV {
        return off("sprig");
    }
    if gomplate.names().any(|known| known == name) {
        return off("gomplate");
    }
    match closest(name, sprig.names().chain(gomplate.names())) {
        Some(close) => format!("did you mean `{close}`?"),
        None => "take it out, or call a function of Sprig or Gomplate".to_owned(),
    }
}

/// Whether `open` is in `text`: most texts do not even have its first byte.
pub(super) fn has_open(text: &str, open: &str) -> bool {
    let Some(first) = open.bytes().next() else { return true };
    memchr::memchr_iter(first, text.as_bytes())
        .any(|at| text.as_bytes()[at..].starts_with(open.as_bytes()))
}

fn raw(text: &str, tag: &Arc<str>) -> Node {
    Node::Raw(Raw::new(text.into(), false, Some(tag.clone())).into())
}

#[cfg(test)]
mod tests;
