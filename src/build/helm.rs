//! What helm is handed: a chart, a release, values. In a folder that is all; the chart stays where it
//! is, and its files are inputs. In a cluster, the objects that it makes of them.

mod chart;

use std::sync::Arc;

use super::Naming;
use super::draft::{Draft, join};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::body::Format;
use crate::model::value::{Map, Node, Rules, Value};

/// Sections that change what helm does, whatever file they are handed in.
const SECTIONS: &[&str] = &["env", "hooks"];

/// Where a chart is.
enum Place {
    /// In a folder of the repository.
    Folder(String),
    /// Where its name says.
    Elsewhere(String),
}

pub(super) fn render(draft: &mut Draft<'_>) {
    match draft.naming {
        Naming::Paths => handed(draft),
        Naming::Objects => chart::render(draft),
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
        Some(Place::Elsewhere(name)) => release.insert("chart", Value::text(name)),
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

/// A chart elsewhere as it is named, one in the repository by its path from the root. Without
/// `chart` it is the component's own folder.
fn place(draft: &mut Draft<'_>) -> Option<Place> {
    let named = draft.component.section("chart").cloned();
    let chart = draft.text_section("chart").unwrap_or_else(|| Arc::from("."));
    let elsewhere = ["oci://", "https://"].iter().any(|scheme| chart.starts_with(scheme));
    if elsewhere || draft.component.section("repository").is_some() {
        return Some(Place::Elsewhere(chart.to_string()));
    }
    let span = named.as_ref().map_or_else(|| draft.place(), |value| draft.span(value));
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
fn release(draft: &Draft<'_>) -> String {
    draft.component.id.name.as_str().replace('/', "-")
}
