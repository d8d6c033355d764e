//! What the dialect works out for a component's backend and workspace.

use std::sync::Arc;

use crate::model::value::{Map, Node, Value};

/// What a component is called, from the weakest to the strongest.
pub(super) struct Named<'c> {
    pub(super) component: &'c str,
    /// Its folder, if it names one.
    pub(super) code: Option<&'c str>,
    /// `metadata.name`.
    pub(super) name: Option<String>,
    /// What stands for `/` in a key.
    pub(super) separator: &'c str,
}

/// The settings of a component's backend, with a key in them that is the component's own.
/// `shared` is what the kind says before any component speaks.
pub(super) fn of_type(
    backend: &Value,
    shared: Option<&Value>,
    backend_type: &str,
    named: &Named<'_>,
) -> Value {
    let mut after = only(backend, backend_type);
    let Node::Map(chosen) = &mut after.node else { return after };
    let own = named
        .name
        .as_deref()
        .or(named.code)
        .unwrap_or(named.component)
        .replace('/', named.separator);
    let has = |key: &str| chosen.get(key).is_some();
    let added = match backend_type {
        "s3" if !has("workspace_key_prefix") => Some(("workspace_key_prefix", own)),
        "gcs" if !has("prefix") => Some(("prefix", own)),
        "azurerm" => azure_key(chosen, shared, &own),
        _ => None,
    };
    if let Some((key, text)) = added {
        chosen.insert(key, Value::text(text));
    }
    after
}

/// The settings under `backend_type`; what other types say has no effect.
pub(super) fn only(backend: &Value, backend_type: &str) -> Value {
    let chosen = backend.get(backend_type).filter(|settings| settings.as_map().is_some());
    chosen.cloned().unwrap_or_else(Value::empty_map)
}

/// The key of an Azure backend: behind the one all components share, unless it is the
/// component's own.
fn azure_key(chosen: &Map, shared: Option<&Value>, own: &str) -> Option<(&'static str, String)> {
    let file = format!("{own}.terraform.tfstate");
    let shared = shared.and_then(|shared| shared.get("azurerm")?.get("key"));
    match (chosen.get("key"), shared) {
        (None, _) => Some(("key", file)),
        (Some(key), Some(shared)) if key.origin == shared.origin => {
            Some(("key", format!("{}/{file}", shared.as_str()?)))
        }
        _ => None,
    }
}

/// Terraform's workspace for a component of `stack` whose folder is `code`.
pub(super) fn workspace(
    metadata: Option<&Value>,
    stack: &str,
    component: &str,
    code: Option<&str>,
    backend_type: &str,
) -> Arc<str> {
    if backend_type == "http" {
        return "default".into();
    }
    let said = metadata.and_then(|metadata| metadata.get("terraform_workspace")?.as_str());
    let name = match (said.filter(|text| !text.is_empty()), code) {
        (Some(name), _) => name.to_owned(),
        (None, Some(code)) if code != component => format!("{stack}-{component}"),
        (None, _) => stack.to_owned(),
    };
    name.replace('/', "-").into()
}
