//! A chart into objects, by the real `helm`: twice, so that what it makes up is known.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Place, hooks};
use crate::build::draft::{Draft, join};
use crate::build::kubernetes::{self, Wish};
use crate::build::pin;
use crate::diagnostic::{Code, Diagnostic, Form, Span};
use crate::model::body::{Body, Format};
use crate::model::cipher::{self, Cipher};
use crate::model::errand::{Errand, Program, Supply};
use crate::model::path::FieldPath;
use crate::model::value::{Node, Origin, Rules, Value};
use crate::model::yaml;

/// The file of the values, beside the folder with the chart.
const VALUES: &str = "values.yaml";

/// The file of a chart from another place. It is never unpacked: `helm` reads it as it is.
const ARCHIVE: &str = "chart.tgz";

/// What `helm` is handed as a chart.
struct Chart {
    /// Its path from the folder that `helm` runs in.
    path: String,
    files: BTreeMap<Arc<str>, Supply>,
    /// What is wrong with it is said of this place.
    at: Span,
    /// What comes of it is shown as written here.
    origin: Origin,
}

pub(super) fn render(draft: &mut Draft<'_>) {
    let Some(chart) = chart(draft) else { return };
    let namespace =
        draft.text_section("namespace").or_else(|| setting(draft, "kubernetes", "namespace"));
    let (values, ciphers) = values(draft);
    let Chart { at, origin, .. } = &chart;
    let (at, origin) = (at.clone(), *origin);
    let Some(first) = errand(draft, chart, namespace.as_deref(), values) else { return };
    let second = Errand { turn: 1, ..first.clone() };
    let (first, second) = (draft.brought(first, &at), draft.brought(second, &at));
    let (Some(first), Some(second)) = (first, second) else { return };
    let written = |text: &str| yaml::written(text, origin);
    let (first, second) = match (written(&first), written(&second)) {
        (Ok(first), Ok(second)) => (first, second),
        (Err(error), _) | (_, Err(error)) => {
            let message = format!("what `{}` wrote is no YAML: {error}", Program::Helm);
            return draft.fail(Code::BuildFailed, at, message);
        }
    };
    let flat = |all: Vec<Value>| all.iter().flat_map(kubernetes::unlisted).collect::<Vec<_>>();
    let (first, second) = (flat(first), flat(second));
    let same = |(one, other): (&Value, &Value)| name(one) == name(other);
    if first.len() != second.len() || !first.iter().zip(&second).all(same) {
        let odd = first.iter().zip(&second).find(|pair| !same(*pair));
        let kind = odd.and_then(|(one, _)| one.get("kind")?.as_str()).unwrap_or("object");
        let message = format!("a {kind} has another name each time the chart is rendered");
        let found = Diagnostic::error(Code::BuildFailed, at, message);
        return draft.found.push(found.hint("set the name in `values`, if the chart lets you"));
    }
    let skips = setting(draft, "helm", "hooks").is_some_and(|hooks| &*hooks == "skip");
    let mut wishes = Vec::new();
    for (value, again) in first.into_iter().zip(second) {
        if let Some(moment) = hooks::moment(draft, &value, &at, skips) {
            let mut made_up = Vec::new();
            differences(&FieldPath::root(), &value, &again, &mut made_up);
            kept_elsewhere(&value, &mut made_up);
            let value = value.typed(Rules::Kubernetes);
            wishes.push(Wish { value, made_up, moment, ciphers: ciphers.clone() });
        }
    }
    draft.ciphers.extend(ciphers);
    kubernetes::add_all(draft, wishes, namespace.as_deref());
}

/// The section `values`, and what is encrypted in it: helm is handed that as it is written.
fn values(draft: &mut Draft<'_>) -> (Value, Vec<Arc<Cipher>>) {
    let mut ciphers = Vec::new();
    let values = Value::computed(Node::Map(draft.map_section("values")));
    let values = cipher::parts_taken(&values, &mut |cipher| ciphers.push(Arc::new(cipher)));
    (values.typed(Rules::Stack), ciphers)
}

/// The API keeps the texts of a Secret in another field than they are written in.
fn kept_elsewhere(value: &Value, made_up: &mut Vec<FieldPath>) {
    if value.get("kind").and_then(Value::as_str) == Some("Secret") {
        let kept = made_up.iter().filter_map(pin::kept);
        made_up.extend(kept.collect::<Vec<_>>());
    }
}

/// The chart of the component: a folder of the repository, or an archive that the lock has.
fn chart(draft: &mut Draft<'_>) -> Option<Chart> {
    let named = draft.component.section("chart").cloned();
    match super::place(draft)? {
        Place::Folder(folder) => {
            let path: Arc<str> = format!("{folder}/Chart.yaml").into();
            let origin = draft.file(&path)?.origin;
            let files = draft.supplies(&folder, [folder.as_str()])?;
            let at = Span::file(path);
            Some(Chart { path: format!("./{folder}"), files, at, origin })
        }
        Place::Elsewhere(chart) => {
            let named = named?;
            let (at, origin) = (draft.span(&named), named.origin);
            let Some(locked) = draft.charts.locked.get(&chart.to_string()) else {
                let message = format!("the chart `{chart}` is not in `isobar.lock`");
                draft.fail(Code::ImportUnlocked, at, message);
                return None;
            };
            let archive =
                Supply::Archive { url: locked.url.as_str().into(), sha256: locked.sha256 };
            let files = [(Arc::from(ARCHIVE), archive)].into();
            Some(Chart { path: format!("./{ARCHIVE}"), files, at, origin })
        }
    }
}

/// What `helm` has to do: render the chart with the component's values.
fn errand(
    draft: &mut Draft<'_>,
    chart: Chart,
    namespace: Option<&str>,
    values: Value,
) -> Option<Errand> {
    let span = draft.component.section("values").map(|values| draft.span(values));
    let text = match Body::new(Format::Yaml, values).encode() {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => {
            let span = span.unwrap_or_else(|| draft.place());
            draft.fail(Code::BuildFailed, span, format!("`values` cannot be handed on: {error}"));
            return None;
        }
    };
    let Chart { path, mut files, .. } = chart;
    let mut layered = values_files(draft, &mut files)?;
    files.insert(VALUES.into(), Supply::Text(text.into()));
    layered.push(VALUES.into());
    let release = super::release(draft);
    let mut arguments: Vec<Arc<str>> = ["template", &release, &path].map(Arc::from).to_vec();
    arguments.extend(layered.into_iter().flat_map(|file| ["--values".into(), file]));
    arguments.extend(["--include-crds", "--skip-tests"].map(Arc::from));
    if let Some(namespace) = namespace {
        arguments.extend(["--namespace", namespace].map(Arc::from));
    }
    arguments.extend(capabilities(draft)?);
    Some(Errand { program: Program::Helm, arguments, files, turn: 0 })
}

/// What the chart may ask of the cluster, by `settings.helm`. What is no text is a mistake: `1.30` without
/// quotes is a number, and another version.
fn capabilities(draft: &mut Draft<'_>) -> Option<Vec<Arc<str>>> {
    let component = draft.component;
    let block = component.section("settings").and_then(|all| all.get("helm"));
    let said = |name| block.and_then(|block| block.get(name)).filter(|value| !value.is_null());
    let (version, served) = (said("kube_version"), said("api_versions"));
    let text = |value: &Value| value.as_str().filter(|text| !text.is_empty()).map(Arc::from);
    let (mut arguments, before) = (Vec::new(), draft.found.len());
    let mut wrong = |value: &Value, name: &str, form: Form| {
        let what = if form == Form::List { "a list of texts" } else { "a text" };
        let message = format!("`settings.helm.{name}` is not {what}");
        let found = Diagnostic::error(Code::SectionType, draft.span(value), message);
        draft.found.push(found.hint(form.advice(name)));
    };
    match version.map(|value| text(value).ok_or(value)) {
        Some(Ok(text)) => arguments.extend(["--kube-version".into(), text]),
        Some(Err(value)) => wrong(value, "kube_version", Form::Text),
        None => {}
    }
    match served.map(|value| value.as_list().ok_or(value)) {
        Some(Ok(list)) => {
            for value in list {
                match text(value) {
                    Some(text) => arguments.push(format!("--api-versions={text}").into()),
                    None => wrong(value, "api_versions", Form::List),
                }
            }
        }
        Some(Err(value)) => wrong(value, "api_versions", Form::List),
        None => {}
    }
    (draft.found.len() == before).then_some(arguments)
}

/// The files of the section `values_files`, the first one lowest.
fn values_files(
    draft: &mut Draft<'_>,
    files: &mut BTreeMap<Arc<str>, Supply>,
) -> Option<Vec<Arc<str>>> {
    let section = draft.component.section("values_files").filter(|value| !value.is_null());
    let Some(section) = section.cloned() else { return Some(Vec::new()) };
    let (mut layered, before) = (Vec::new(), draft.found.len());
    let Some(list) = section.as_list() else {
        let span = draft.span(&section);
        draft.fail(Code::SectionType, span, "`values_files` is not a list of paths");
        return None;
    };
    for named in list {
        let (span, text) = (draft.span(named), named.as_str().unwrap_or_default());
        let path: Option<Arc<str>> = join(&draft.folder, text).map(Arc::from);
        let entry = path.as_ref().and_then(|path| Some((path, draft.snapshot.entry(path)?)));
        let Some((path, entry)) = entry else {
            let message = format!("there is no `{text}` in `{}`", draft.folder);
            let found = Diagnostic::error(Code::BuildFailed, span, message);
            draft.found.push(found.hint("a path is from the component's own folder"));
            continue;
        };
        if draft.snapshot.text(path).is_ok_and(|text| text.is_some_and(|t| t.contains("{{"))) {
            let message = format!("`{text}` has templates, and they are not rendered");
            let found = Diagnostic::error(Code::BuildFailed, span, message);
            draft.found.push(found.hint("write it to the component's `values`, where they are"));
        }
        let name: Arc<str> = format!("values-{}.yaml", layered.len()).into();
        files.insert(name.clone(), Supply::File { path: path.clone(), id: entry.id.clone() });
        layered.push(name);
    }
    (draft.found.len() == before).then_some(layered)
}

/// A text of `settings.<block>`.
fn setting(draft: &Draft<'_>, block: &str, name: &str) -> Option<Arc<str>> {
    let settings = draft.component.section("settings")?;
    settings.get(block)?.get(name)?.as_str().map(Arc::from)
}

/// The kind, namespace and name of an object.
pub(super) fn name(value: &Value) -> Vec<String> {
    let metadata = |field| value.get("metadata").and_then(|metadata| metadata.get(field));
    let parts = [value.get("kind"), metadata("namespace"), metadata("name")];
    parts.iter().flatten().filter_map(|part| part.as_str().map(str::to_owned)).collect()
}

/// The fields in which two values differ, the smallest there are.
fn differences(path: &FieldPath, one: &Value, other: &Value, found: &mut Vec<FieldPath>) {
    match (&one.node, &other.node) {
        (Node::Map(a), Node::Map(b)) => {
            for (key, value) in a.iter() {
                match b.get(key) {
                    Some(again) => differences(&path.key(key.clone()), value, again, found),
                    None => found.push(path.key(key.clone())),
                }
            }
            let news = b.iter().filter(|(key, _)| a.get(key).is_none());
            found.extend(news.map(|(key, _)| path.key(key.clone())));
        }
        (Node::List(a), Node::List(b)) if a.len() == b.len() => {
            for (at, (one, other)) in a.iter().zip(b.iter()).enumerate() {
                differences(&path.index(at), one, other, found);
            }
        }
        _ if one == other => {}
        _ => found.push(path.clone()),
    }
}
