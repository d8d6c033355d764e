//! Taking over an object with everything that kubectl has applied from a person's machine.
//!
//! `kubectl apply` without `--server-side` owns its fields under a name of its own and never gives
//! one up to us, so what a manifest no longer says would stay for ever. When an object is adopted,
//! its entry becomes ours; the next apply then takes away what is not wanted.
//!
//! An entry says for which version of the API it is. Once that is gone nobody can make anything of it,
//! and has it rewritten for the version that the manifest names.

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
    rewritten(object, &entries)
}

/// The JSON patch that has owners of fields written down for `version` where they are for one that is not
/// `served`: the server cannot apply to the object before that, nor keep track of who writes what. It
/// changes no field, and nobody owns more or less. `None`: there are none.
pub(super) fn migration(object: &Json, version: &str, served: &[String]) -> Option<Json> {
    let is_served = |version: &str| served.iter().any(|served| served == version);
    if !is_served(version) || versions(object).into_iter().all(is_served) {
        return None;
    }
    let mut entries: Vec<Json> = Vec::new();
    for entry in managed(object) {
        let mut entry = entry.clone();
        if !entry.get("apiVersion").and_then(Json::as_str).is_some_and(is_served) {
            entry["apiVersion"] = version.into();
        }
        // Of two with one key the server would keep one.
        match entries.iter_mut().find(|known| key(known) == key(&entry)) {
            Some(known) => known["fieldsV1"] = union(&[known, &entry]),
            None => entries.push(entry),
        }
    }
    rewritten(object, &entries)
}

/// What the server tells entries apart by.
fn key(entry: &Json) -> [Option<&str>; 4] {
    let is_apply = entry.get("operation").and_then(Json::as_str) == Some("Apply");
    let version = if is_apply { "operation" } else { "apiVersion" };
    ["manager", "operation", "subresource", version]
        .map(|field| entry.get(field).and_then(Json::as_str))
}

/// The versions that owners of fields are written down for.
pub(super) fn versions(object: &Json) -> Vec<&str> {
    let mut all: Vec<_> =
        managed(object).filter_map(|entry| entry.get("apiVersion")?.as_str()).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The patch that puts `entries` in the place of those that are there, if there are any, and is refused if
/// the object has changed since.
fn rewritten(object: &Json, entries: &[Json]) -> Option<Json> {
    Some(json!([
        {"op": "add", "path": "/metadata/managedFields", "value": entries},
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
    rewritten(object, &[entry])
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
