//! What an object of the Kubernetes API says about how it is kept: annotations on it, ours, and those
//! of Flux and Argo CD that mean the same.

use super::path::FieldPath;
use super::value::Value;

/// How one object is kept true, beside what it is to hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Upkeep {
    /// Which changes of it are made at all.
    pub hands: Hands,
    /// It stays where it is when nobody wants it any more.
    pub outlives: bool,
    /// It keeps nobody waiting, however it is doing.
    pub is_no_matter: bool,
    /// Fields of it whose difference is nobody's business.
    pub ignore: Vec<FieldPath>,
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

/// Argo's options are a list in one annotation.
const ARGO: &str = "argocd.argoproj.io/sync-options";
const ARGO_OUTLIVES: &[&str] = &["Prune=false", "Delete=false"];

impl Upkeep {
    /// The annotation with the service account whose rights count: `<namespace>/<name>`.
    pub const ACCOUNT: &str = "isobar.dev/service-account";

    /// The annotation with the fields whose content is never shown, as a list in JSON: whoever no longer
    /// wants an object knows by it what may not be seen of what goes.
    pub const SECRET: &str = "isobar.dev/secret";

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
        let ignore = text(IGNORE).unwrap_or_default();
        let ignore = ignore.split([',', ' ', '\n']).filter(|path| !path.is_empty());
        Self {
            hands: match () {
                () if says(OFF) => Hands::Off,
                () if says(ONCE) => Hands::Once,
                () => Hands::On,
            },
            outlives: says(OUTLIVES) || options.any(|option| ARGO_OUTLIVES.contains(&option)),
            is_no_matter: says(NO_MATTER),
            ignore: ignore.filter_map(|path| FieldPath::parse(path).ok()).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
