//! What helm is handed: a chart, a release, values. In a folder that is all; the chart stays where it
//! is, and its files are inputs. In a cluster, the objects that it makes of them.

mod rendered;
mod hooks;

use std::sync::Arc;

use super::Naming;
use super::draft::{Draft, join};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::body::Format;
use crate::model::chart::RemoteChart;
use crate::model::value::{Map, Node, Rules, Value};

/// Sections that change what helm does, whatever file they are handed in.
const SECTIONS: &[&str] = &["env", "hooks"];

/// Longest name of a release: what Helm takes.
const NAME_MAX: usize = 53;

/// Where a chart is.
enum Place {
    /// In a folder of the repository.
    Folder(String),
    /// At another place.
    Elsewhere(RemoteChart),
}

pub(super) fn render(draft: &mut Draft<'_>) {
    match draft.naming {
        Naming::Paths => handed(draft),
        Naming::Objects => rendered::render(draft),
    }
}

fn handed(draft: &mut Draft<'_>) {
    let values = Value::computed(Node::Map(draft.map_section("values"))).typed(Rules::Stack);
    draft.add("values.yaml", Format::Yaml, values);

    let mut release = Map::default();
    match place(draft) {
        Some(Place::Folder(folder)) => {
            draft.input_folder(&folder);
            release.insert("chart", Value::text(folder));
        }
        Some(Place::Elsewhere(chart)) => {
            let named = draft.text_section("chart").unwrap_or_default();
            release.insert("chart", Value::text(named));
            if let Some(locked) = draft.charts.locked.get(&chart.to_string()) {
                release.insert("digest", Value::text(format!("sha256:{}", locked.sha256)));
            }
        }
        None => {}
    }
    let name = self::release(draft);
    release.insert("name", Value::text(name));
    for section in ["namespace", "version", "repository"] {
        if draft.text_section(section).is_some()
            && let Some(value) = draft.component.section(section)
        {
            release.insert(section, value.typed(Rules::Stack));
        }
    }
    draft.add("release.yaml", Format::Yaml, Value::computed(Node::Map(release)));
    SECTIONS.iter().for_each(|section| draft.input_section(section));
}

/// Where the chart is. Without `chart` it is the component's own folder.
fn place(draft: &mut Draft<'_>) -> Option<Place> {
    let named = draft.component.section("chart").cloned();
    let span = named.as_ref().map_or_else(|| draft.place(), |value| draft.span(value));
    let chart = draft.text_section("chart").unwrap_or_else(|| Arc::from("."));
    match RemoteChart::of(draft.component, draft.charts) {
        Some(Ok(chart)) => return Some(Place::Elsewhere(chart)),
        Some(Err(why)) => {
            let message = format!("`{chart}` is not fetched: {why}");
            let found = Diagnostic::error(Code::ImportRemote, span, message);
            draft.found.push(found.hint("write it in a form that is fetched: docs/kubernetes.md"));
            return None;
        }
        None => {}
    }
    let Some(folder) = join(&draft.folder, &chart) else {
        draft.fail(Code::BuildFailed, span, format!("`{chart}` leads out of the repository"));
        return None;
    };
    if draft.snapshot.entry(&format!("{folder}/Chart.yaml")).is_none() {
        if draft.snapshot.below(&draft.folder).next().is_none() {
            draft.fail_no_folder();
        } else {
            let message = format!("there is no `Chart.yaml` in `{folder}`");
            let found = Diagnostic::error(Code::BuildFailed, span, message);
            draft.found.push(found.hint("`chart` names a folder, from the component's own folder"));
        }
        return None;
    }
    Some(Place::Folder(folder))
}

/// What the release is called.
fn release(draft: &mut Draft<'_>) -> String {
    let Some(name) = draft.text_section("name") else {
        return draft.component.id.name.as_str().replace('/', "-");
    };
    let plain = |letter: char| {
        letter.is_ascii_lowercase() || letter.is_ascii_digit() || ['-', '.'].contains(&letter)
    };
    if name.len() > NAME_MAX || name.starts_with(['-', '.']) || !name.chars().all(plain) {
        let span = draft.component.section("name").map(|name| draft.span(name));
        let span = span.unwrap_or_else(|| draft.place());
        let message = format!("`{name}` is not a name of a release");
        let found = Diagnostic::error(Code::BuildFailed, span, message);
        let hint = format!("at most {NAME_MAX} of `a`-`z`, `0`-`9`, `-` and `.`");
        draft.found.push(found.hint(hint));
    }
    name.to_string()
}
