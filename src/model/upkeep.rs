//! What an object of the Kubernetes API says about how it is kept: annotations on it, ours, and those
//! of Flux and Argo CD that mean the same.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;

use super::path::FieldPath;
use super::value::{Node, Value};

/// How one object is kept true, beside what it is to hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// Which changes of it are made at all.
    pub hands: Hands,
    /// It stays where it is when nobody wants it any more.
    pub outlives: bool,
    /// It keeps nobody waiting, however it is doing.
    pub is_no_matter: bool,
    /// How long making it, and its getting there, may take, where it says so.
    pub timeout: Option<Duration>,
    /// Fields of it whose difference is nobody's business.
    pub ignore: Vec<FieldPath>,
}

/// An annotation of ours that says nothing: whoever wrote it means something by it.
#[derive(Debug, Clone, PartialEq)]
pub struct Mistake<'a> {
    /// Its key.
    pub key: &'a str,
    /// Its value.
    pub value: &'a Value,
    /// What it may say; `None`: there is no such annotation.
    pub form: Option<&'static str>,
}

/// Which changes of an object are made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Hands {
    /// All that its manifest asks for.
    #[default]
    On,
    /// It is made where it is not there, and then left alone.
    Once,
    /// None.
    Off,
}

/// One annotation: its key, and the values that say it. Flux compares without regard to case.
type Word = (&'static str, &'static [&'static str]);

const OFF: &[Word] = &[
    ("isobar.dev/reconcile", &["false"]),
    ("kustomize.toolkit.fluxcd.io/reconcile", &["disabled"]),
    ("kustomize.toolkit.fluxcd.io/ssa", &["ignore"]),
];

const ONCE: &[Word] =
    &[("isobar.dev/reconcile", &["once"]), ("kustomize.toolkit.fluxcd.io/ssa", &["ifnotpresent"])];

const OUTLIVES: &[Word] = &[
    ("isobar.dev/prune", &["false"]),
    ("kustomize.toolkit.fluxcd.io/prune", &["disabled"]),
    ("helm.sh/resource-policy", &["keep"]),
];

const NO_MATTER: &[Word] =
    &[("isobar.dev/wait", &["false"]), ("argocd.argoproj.io/ignore-healthcheck", &["true"])];

/// The annotation with the fields that are nobody's business, between commas or blanks.
const IGNORE: &str = "isobar.dev/ignore";

/// The annotation with the time that making the object, and its getting there, may take.
const TIMEOUT: &str = "isobar.dev/timeout";

/// All of ours that a manifest may have, each with what it may say.
const FORMS: &[(&str, Form)] = &[
    ("isobar.dev/reconcile", Form::Words(&["false", "once", "true"], "`false`, `once` or `true`")),
    ("isobar.dev/prune", TRUTH),
    ("isobar.dev/wait", TRUTH),
    (Upkeep::REPLACE, TRUTH),
    (IGNORE, Form::Fields),
    (TIMEOUT, Form::Time),
    (Upkeep::ACCOUNT, Form::Account),
    (Upkeep::SECRET, Form::Any),
    // Written by the agent: whoever copies an object from a cluster has it, too.
    (Upkeep::COMPONENT, Form::Any),
];

const TRUTH: Form = Form::Words(&["false", "true"], "`false` or `true`");

/// What an annotation may say.
enum Form {
    /// One of these words, and what people are told that they are.
    Words(&'static [&'static str], &'static str),
    Fields,
    Time,
    Account,
    Any,
}

/// Argo's options are a list in one annotation.
const ARGO: &str = "argocd.argoproj.io/sync-options";
const ARGO_OUTLIVES: &[&str] = &["Prune=false", "Delete=false"];

impl Upkeep {
    /// What annotations of ours begin with.
    pub const OURS: &str = "isobar.dev/";

    /// The annotation with the service account whose rights count: `<namespace>/<name>`.
    pub const ACCOUNT: &str = "isobar.dev/service-account";

    /// The annotation with the fields whose content is never shown, as a list in JSON: whoever no longer
    /// wants an object knows by it what may not be seen of what goes.
    pub const SECRET: &str = "isobar.dev/secret";

    /// The annotation with the component whose the object is: the agent writes it.
    pub const COMPONENT: &str = "isobar.dev/component";

    /// The annotation that lets an object be made anew where it cannot change in place.
    pub const REPLACE: &str = "isobar.dev/replace";

    /// Whether it is forgotten, and never deleted, when nobody wants it any more.
    pub fn stays(&self) -> bool {
        self.outlives || self.hands == Hands::Off
    }

    /// What `object` says. Anything else than an object of the API says nothing.
    pub fn of(object: &Value) -> Self {
        let is_object = ["apiVersion", "kind"].iter().all(|key| object.get(key).is_some());
        let annotations = object.get("metadata").and_then(|metadata| metadata.get("annotations"));
        let Some(annotations) = annotations.filter(|_| is_object) else { return Self::default() };
        let text = |key: &str| annotations.get(key).and_then(Value::as_str);
        let says = |words: &[Word]| {
            let said = |(key, values): &Word| {
                let text = text(key).unwrap_or_default().trim();
                values.iter().any(|value| text.eq_ignore_ascii_case(value))
            };
            words.iter().any(said)
        };
        let options = text(ARGO).unwrap_or_default();
        let mut options = options.split(',').map(str::trim);
        let ignore = paths(text(IGNORE).unwrap_or_default());
        Self {
            hands: match () {
                () if says(OFF) => Hands::Off,
                () if says(ONCE) => Hands::Once,
                () => Hands::On,
            },
            outlives: says(OUTLIVES) || options.any(|option| ARGO_OUTLIVES.contains(&option)),
            is_no_matter: says(NO_MATTER),
            timeout: text(TIMEOUT).and_then(time),
            ignore: ignore.filter_map(|path| FieldPath::parse(path).ok()).collect(),
        }
    }

    /// The annotations of ours on `object` that say nothing, in their order. What is not known yet, or
    /// secret, is left out.
    pub fn mistakes(object: &Value) -> Vec<Mistake<'_>> {
        let annotations = object.get("metadata").and_then(|m| m.get("annotations"));
        let all = annotations.and_then(Value::as_map).into_iter().flat_map(|map| map.iter());
        let ours = all.filter(|(key, value)| {
            key.starts_with(Self::OURS) && !matches!(value.node, Node::Unknown(_) | Node::Secret(_))
        });
        let mistake = |(key, value): (&'_ Arc<str>, &'_ Value)| {
            let said = value.as_str().unwrap_or_default().trim();
            match FORMS.iter().find(|(known, _)| *known == &**key) {
                Some((_, form)) if form.takes(said) => None,
                known => Some(known.map(|(_, form)| form.told())),
            }
        };
        ours.filter_map(|(key, value)| Some(Mistake { key, value, form: mistake((key, value))? }))
            .collect()
    }

    /// What may come after [`Self::OURS`].
    pub fn words() -> impl Iterator<Item = &'static str> {
        FORMS.iter().filter_map(|(key, _)| key.strip_prefix(Self::OURS))
    }
}

impl Form {
    fn takes(&self, said: &str) -> bool {
        match self {
            Self::Words(words, _) => words.iter().any(|word| said.eq_ignore_ascii_case(word)),
            Self::Fields => paths(said).all(|path| FieldPath::parse(path).is_ok()),
            Self::Time => time(said).is_some(),
            Self::Account => {
                let plain = |name: &str| !name.is_empty() && !name.contains(['/', ':']);
                said.split_once('/').is_some_and(|(of, name)| plain(of) && plain(name))
            }
            Self::Any => true,
        }
    }

    fn told(&self) -> &'static str {
        match self {
            Self::Words(_, told) => told,
            Self::Fields => "names of fields, such as `spec.replicas, data.size`",
            Self::Time => "a time, such as `90s` or `10m`",
            Self::Account => "a service account, such as `shop/deployer`",
            Self::Any => "anything",
        }
    }
}

fn paths(said: &str) -> impl Iterator<Item = &str> {
    said.split([',', ' ', '\n']).filter(|path| !path.is_empty())
}

/// `10m`, `1h 30m` or `PT10M`, and no time at all is none.
fn time(said: &str) -> Option<Duration> {
    let time = said.trim().parse::<SignedDuration>().ok()?;
    Duration::try_from(time).ok().filter(|time| !time.is_zero())
}

#[cfg(test)]
mod tests;
