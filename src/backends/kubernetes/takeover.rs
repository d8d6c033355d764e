//! Taking over an object with everything that kubectl has applied from a person's machine.
//!
//! `kubectl apply` without `--server-side` owns its fields under a name of its own and never gives
//! one up to us, so what a manifest no longer says would stay for ever. When an object is adopted,
//! its entry becomes ours; the next apply then takes away what is not wanted.

use serde_json::{Map, Value as Json, json};

use super::fields::Fields;
use super::identity::metadata;
use super::owner;

/// Who kubectl says it is when it applies by itself, and who the server says wrote what was there
/// before the first server-side apply.
const CLIENTS: &[&str] = &["kubectl-client-side-apply", "before-first-apply"];

/// The fields that would become ours together with the object; `None`: nothing is to be taken
/// over, or it is ours already.
pub(super) fn fields(object: &Json, writer: &str) -> Option<Fields> {
    Some(Fields::read(&union(&clients(object, writer)?)))
}

/// The JSON patch that makes them ours. It changes no field but who owns it, and is refused if
/// the object has changed since.
pub(super) fn patch(object: &Json, writer: &str) -> Option<Json> {
    let taken = clients(object, writer)?;
    let mut entries: Vec<Json> = managed(object).cloned().collect();
    entries.retain(|entry| !taken.contains(&entry));
    entries.push(json!({
        "manager": writer,
        "operation": "Apply",
        "apiVersion": taken.first()?.get("apiVersion")?,
        "fieldsType": "FieldsV1",
        "fieldsV1": union(&taken),
    }));
    Some(json!([
        {"op": "replace", "path": "/metadata/managedFields", "value": entries},
        {"op": "replace", "path": "/metadata/resourceVersion",
         "value": metadata(object, "resourceVersion")?},
    ]))
}

/// The JSON patch that has it written down that our label on an object is ours, where somebody has cleared
/// who wrote what: otherwise the server takes all that is there for somebody else's as soon as we apply, and
/// nothing of that would ever go. `None`: it is not so.
pub(super) fn first(object: &Json, writer: &str) -> Option<Json> {
    if managed(object).next().is_some() || owner::label_of(object).is_none() {
        return None;
    }
    let label = format!("f:{}", owner::LABEL);
    let entry = json!({
        "manager": writer,
        "operation": "Apply",
        "apiVersion": object.get("apiVersion")?,
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:metadata": {"f:labels": {label: {}}}},
    });
    Some(json!([
        {"op": "add", "path": "/metadata/managedFields", "value": [entry]},
        {"op": "replace", "path": "/metadata/resourceVersion",
         "value": metadata(object, "resourceVersion")?},
    ]))
}

/// The entries of kubectl, all of one version of the API: only such have fields in common.
fn clients<'o>(object: &'o Json, writer: &str) -> Option<Vec<&'o Json>> {
    if owner::fields_of(object, writer).is_some() {
        return None;
    }
    let text = |entry: &'o Json, field: &str| entry.get(field).and_then(Json::as_str);
    let mut found: Vec<_> = managed(object)
        .filter(|entry| text(entry, "operation") == Some("Update"))
        .filter(|entry| entry.get("subresource").is_none())
        .filter(|entry| text(entry, "manager").is_some_and(|name| CLIENTS.contains(&name)))
        .collect();
    let version = text(found.first()?, "apiVersion");
    found.retain(|entry| text(entry, "apiVersion") == version);
    Some(found)
}

fn managed(object: &Json) -> impl Iterator<Item = &Json> {
    let entries = object.get("metadata").and_then(|metadata| metadata.get("managedFields"));
    entries.and_then(Json::as_array).into_iter().flatten()
}

fn union(entries: &[&Json]) -> Json {
    let fields = entries.iter().filter_map(|entry| entry.get("fieldsV1")?.as_object());
    Json::Object(fields.fold(Map::new(), joined))
}

fn joined(mut all: Map<String, Json>, more: &Map<String, Json>) -> Map<String, Json> {
    for (key, below) in more {
        let known = all.get(key).and_then(Json::as_object).cloned().unwrap_or_default();
        let below = joined(known, below.as_object().unwrap_or(&Map::new()));
        all.insert(key.clone(), Json::Object(below));
    }
    all
}

#[cfg(test)]
mod tests;
