//! What we write on an object to say whose it is, and who else has written on it.
//!
//! A label says which agent and repository it belongs to: the watches select by it. An annotation
//! names the component. Handing an object to another component changes these two and no field
//! that its manifest has.

use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::fields::Fields;
use crate::ids::{ComponentId, ContentId, Scope};
use crate::model::path::FieldPath;
use crate::model::upkeep::Upkeep;

/// The label with the agent and the repository.
pub(super) const LABEL: &str = "isobar.dev/owner";

/// The annotation with the component.
const ANNOTATION: &str = Upkeep::COMPONENT;

/// What other tools keep on objects that repeats their content, secrets included.
pub(super) const REPEATED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// What the API calls every service account by.
const ACCOUNT: &str = "system:serviceaccount:";

/// Longest value of a label.
const LABEL_BYTES_MAX: usize = 63;

/// Longest name of who writes fields.
const WRITER_BYTES_MAX: usize = 128;

/// Fields of `metadata` that the server alone writes.
const SERVERS: &[&str] = &[
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// The value of [`LABEL`]: `<agent>.<repository>`, or its hash where that is no label.
pub(super) fn label(scope: &Scope) -> String {
    let text = format!("{}.{}", scope.agent, scope.repository);
    let ends = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let plain = ends(&text[..1]) && ends(&text[text.len() - 1..]);
    match plain && text.len() <= LABEL_BYTES_MAX {
        true => text,
        false => hashed(&text),
    }
}

/// Who writes our fields: one name per agent, whatever it writes them for.
pub(super) fn writer(scope: &Scope) -> String {
    let text = format!("isobar-{}", scope.agent);
    match text.len() <= WRITER_BYTES_MAX {
        true => text,
        false => format!("isobar-{}", hashed(scope.agent.as_str())),
    }
}

/// The first 32 digits of a hash.
pub(super) fn hashed(text: &str) -> String {
    ContentId::of(text).to_string()[..32].to_owned()
}

/// `object` with the marks that say it belongs to `component`.
pub(super) fn marked(mut object: Json, scope: &Scope, component: &ComponentId) -> Json {
    if let Some(object) = object.as_object_mut() {
        let metadata = map_in(object, "metadata");
        map_in(metadata, "labels").insert(LABEL.to_owned(), label(scope).into());
        map_in(metadata, "annotations").insert(ANNOTATION.to_owned(), component.to_string().into());
    }
    object
}

/// `object` with the marks that are on `marked`.
pub(super) fn with_marks_of(mut object: Json, marked: &Json) -> Json {
    let marks =
        [("labels", LABEL, label_of(marked)), ("annotations", ANNOTATION, component_of(marked))];
    for (field, key, value) in marks {
        if let (Some(object), Some(value)) = (object.as_object_mut(), value) {
            map_in(map_in(object, "metadata"), field).insert(key.to_owned(), value.into());
        }
    }
    object
}

/// Whose rights count for `object`, as the API calls them: those of the service account that its
/// annotation names.
pub(super) fn account(object: &Json) -> Option<String> {
    let text = object.get("metadata")?.get("annotations")?.get(Upkeep::ACCOUNT)?.as_str()?;
    let (namespace, name) = text.split_once('/')?;
    Some(format!("{ACCOUNT}{namespace}:{name}"))
}

/// Whether `permitted`, as settings write it, is the account that the API calls `account`.
pub(super) fn names(permitted: &str, account: &str) -> bool {
    let parts = account.strip_prefix(ACCOUNT).and_then(|rest| rest.split_once(':'));
    match (permitted.split_once('/'), parts) {
        (Some((namespace, "*")), Some((of, _))) => namespace == of,
        (permitted, parts) => permitted.is_some() && permitted == parts,
    }
}

/// A merge patch that takes our marks off an object.
pub(super) fn unmarked() -> Json {
    json!({"metadata": {"labels": {LABEL: null}, "annotations": {ANNOTATION: null}}})
}

fn map_in<'m>(map: &'m mut Map<String, Json>, key: &str) -> &'m mut Map<String, Json> {
    let entry = map.entry(key).or_insert_with(|| json!({}));
    if !entry.is_object() {
        *entry = json!({});
    }
    entry.as_object_mut().expect("it was made one just now")
}

/// The object without what is no part of its manifest: the server's own fields, the status, our
/// marks, and what other tools repeat of it.
pub(super) fn plain(mut object: Json) -> Json {
    let Some(map) = object.as_object_mut() else { return object };
    map.remove("status");
    if let Some(metadata) = map.get_mut("metadata").and_then(Json::as_object_mut) {
        for field in SERVERS {
            metadata.remove(*field);
        }
        for (field, keys) in [("labels", &[LABEL][..]), ("annotations", &[ANNOTATION, REPEATED])] {
            let Some(entries) = metadata.get_mut(field).and_then(Json::as_object_mut) else {
                continue;
            };
            let before = entries.len();
            keys.iter().for_each(|key| drop(entries.remove(*key)));
            if entries.is_empty() && before > 0 {
                metadata.remove(field);
            }
        }
    }
    object
}

/// What the label on an object says; `None`: it has none.
pub(super) fn label_of(object: &Json) -> Option<&str> {
    object.get("metadata")?.get("labels")?.get(LABEL)?.as_str()
}

/// The component that the annotation on an object names; `None`: it has none.
pub(super) fn component_of(object: &Json) -> Option<&str> {
    object.get("metadata")?.get("annotations")?.get(ANNOTATION)?.as_str()
}

/// When somebody last wrote fields of the object, to the second.
pub(super) fn written_at(object: &Json) -> Option<Timestamp> {
    let entries = object.get("metadata")?.get("managedFields")?.as_array()?;
    entries.iter().filter_map(|entry| entry.get("time")?.as_str()?.parse().ok()).max()
}

/// An entry of `metadata.managedFields` about the object itself, not about a subresource that has
/// fields of its own: who scales it writes a field of it.
struct Entry<'o> {
    writer: &'o str,
    is_apply: bool,
    fields: &'o Json,
}

fn entries(object: &Json) -> impl Iterator<Item = Entry<'_>> {
    let all = object.get("metadata").and_then(|m| m.get("managedFields")).and_then(Json::as_array);
    let is_of_object =
        |entry: &&Json| entry.get("subresource").is_none_or(|subresource| subresource == "scale");
    all.into_iter().flatten().filter(is_of_object).filter_map(|entry| {
        Some(Entry {
            writer: entry.get("manager")?.as_str()?,
            is_apply: entry.get("operation")?.as_str()? == "Apply",
            fields: entry.get("fieldsV1")?,
        })
    })
}

/// The fields that `writer` has applied and still has; `None`: it never has.
pub(super) fn fields_of(object: &Json, writer: &str) -> Option<Fields> {
    let mut ours = entries(object).filter(|entry| entry.is_apply && entry.writer == writer);
    ours.next().map(|entry| Fields::read(entry.fields))
}

/// The version of the API for which it is written down what `writer` has applied.
pub(super) fn version_of<'o>(object: &'o Json, writer: &str) -> Option<&'o str> {
    applied(object, writer)?.get("apiVersion")?.as_str()
}

/// Everybody but `writer` who owns fields of the object, each with the paths of those in `body`.
pub(super) fn others(object: &Json, writer: &str, body: &Json) -> Vec<(String, Vec<FieldPath>)> {
    let others = entries(object).filter(|entry| !(entry.is_apply && entry.writer == writer));
    others.map(|entry| (entry.writer.to_owned(), Fields::read(entry.fields).paths(body))).collect()
}

/// What `writer` has applied, as the server writes it.
pub(super) fn written<'o>(object: &'o Json, writer: &str) -> Option<&'o Json> {
    applied(object, writer).and_then(|entry| entry.get("fieldsV1"))
}

fn applied<'o>(object: &'o Json, writer: &str) -> Option<&'o Json> {
    let is_ours = |entry: &&Json| {
        entry.get("subresource").is_none()
            && entry.get("manager").and_then(Json::as_str) == Some(writer)
            && entry.get("operation").and_then(Json::as_str) == Some("Apply")
    };
    let all = object.get("metadata").and_then(|m| m.get("managedFields")).and_then(Json::as_array);
    all.into_iter().flatten().find(is_ours)
}

#[cfg(test)]
mod tests;
