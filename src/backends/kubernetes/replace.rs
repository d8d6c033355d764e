//! What cannot change in place: made anew only where its manifest asks for that, and only after the
//! server has said that it would make it.

use http::StatusCode;
use kube::core::Status;
use serde_json::Value as Json;

use super::connection::Failure;
use super::identity::Identity;
use super::look::{Eyes, Sight};
use super::{kinds::Kind, owner};
use crate::model::path::FieldPath;
use crate::model::upkeep::Upkeep;

/// Annotations that ask for it, each with its values: ours, and Flux's.
const ASKS: &[(&str, &[&str])] =
    &[(Upkeep::REPLACE, &["true"]), ("kustomize.toolkit.fluxcd.io/force", &["enabled", "true"])];

/// Argo's has a list in it, and means this only with both.
const ARGO: &str = "argocd.argoproj.io/sync-options";
const ARGO_BOTH: [&str; 2] = ["Force=true", "Replace=true"];

/// Most bytes of the name it is tried under: that of a label, as the names of some kinds are.
const NAME_BYTES_MAX: usize = 63;

/// Whether the manifest asks for the object to be made anew where it cannot change in place.
pub(super) fn is_asked(manifest: &Json) -> bool {
    let text = |key: &str| manifest["metadata"]["annotations"][key].as_str();
    let asks = |(key, values): &(&str, &[&str])| {
        let said = text(key).unwrap_or_default().trim();
        values.iter().any(|value| said.eq_ignore_ascii_case(value))
    };
    let options = text(ARGO).unwrap_or_default();
    let options: Vec<_> = options.split(',').map(str::trim).collect();
    ASKS.iter().any(asks) || ARGO_BOTH.iter().all(|option| options.contains(option))
}

/// Both sides of an object that `refused` to change, if the server would make it anew as
/// `manifest` says; `None`: it would not, or not so.
pub(super) async fn look(
    eyes: Eyes<'_>,
    kind: &Kind,
    identity: &Identity,
    manifest: &Json,
    object: Json,
    refused: &Status,
) -> Result<Option<Sight>, Failure> {
    let Some(made) = make(eyes, kind, identity, manifest).await? else { return Ok(None) };
    let sight = Sight::both(kind.clone(), Some(object), &made, eyes.writer);
    let sides = [sight.live.as_ref(), sight.intended.as_ref()];
    let is_there =
        |path: &FieldPath| sides.iter().flatten().any(|body| path.find(body.value()).is_some());
    let must_replace = fields(refused, is_there);
    Ok(Some(Sight { must_replace, is_ours: false, lost: Vec::new(), ..sight }))
}

/// What the server would make of `manifest` if nothing were there: tried under another name. `None`: it
/// would not make it.
pub(super) async fn make(
    eyes: Eyes<'_>,
    kind: &Kind,
    identity: &Identity,
    manifest: &Json,
) -> Result<Option<Json>, Failure> {
    let other = Identity { name: another_name(&identity.name), ..identity.clone() };
    let mut tried = manifest.clone();
    tried["metadata"]["name"] = other.name.as_str().into();
    let mut made = match eyes.rehearse(kind, &other, &tried).await {
        Ok(answer) if answer.status == StatusCode::CREATED => answer.body,
        Ok(_) => return Ok(None),
        Err(failure) if failure.is_about_manifest() => return Ok(None),
        Err(failure) => return Err(failure),
    };
    made["metadata"]["name"] = identity.name.as_str().into();
    Ok(Some(made))
}

/// A name that nobody has.
fn another_name(name: &str) -> String {
    let tail = &owner::hashed(name)[..8];
    let room = NAME_BYTES_MAX - tail.len() - 1;
    let head: String = name.chars().filter(char::is_ascii).take(room).collect();
    format!("{}-{tail}", head.trim_end_matches(['.', '-']))
}

/// The fields that cannot change. What the server does not name by a path is all of it; nor is the path
/// of a field that neither side has one, as `spec.persistentvolumesource` of a volume.
fn fields(refused: &Status, is_there: impl Fn(&FieldPath) -> bool) -> Vec<FieldPath> {
    let causes = refused.details.iter().flat_map(|details| &details.causes);
    let named = causes.filter_map(|cause| FieldPath::parse(&cause.field).ok());
    let named: Vec<_> = named.filter(is_there).collect();
    if named.is_empty() { vec![FieldPath::root()] } else { named }
}

#[cfg(test)]
mod tests;
