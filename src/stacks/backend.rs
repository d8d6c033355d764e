//! What the dialect works out for a component's backend and workspace.

use std::sync::Arc;

use crate::model::value::{Map, Node, Value};

/// The variables that tell stacks apart.
pub(super) const CONTEXT: &[&str] = &["namespace", "tenant", "environment", "stage", "region"];

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
    let has = |key: &str| chosen.get(key).is_some_and(|value| value.as_str() != Some(""));
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

/// What a workspace is made of.
pub(super) struct Placed<'c> {
    /// The component's `metadata`.
    pub(super) metadata: Option<&'c Value>,
    pub(super) stack: &'c str,
    pub(super) component: &'c str,
    /// Its folder, if that is not called like the component.
    pub(super) code: Option<&'c str>,
    /// The variables that tell stacks apart; none where stacks are not named by a pattern.
    pub(super) tokens: &'c [(&'static str, String)],
}

impl Placed<'_> {
    /// Terraform's workspace for the component.
    pub(super) fn workspace(&self) -> Arc<str> {
        let said = |key: &str| {
            let text = self.metadata?.get(key)?.as_str()?;
            (!text.is_empty()).then(|| text.to_owned())
        };
        let name = said("terraform_workspace")
            .or_else(|| said("terraform_workspace_pattern").map(|pattern| self.filled(pattern)))
            .or_else(|| said("terraform_workspace_template"))
            .unwrap_or_else(|| match self.code {
                Some(_) => format!("{}-{}", self.stack, self.component),
                None => self.stack.to_owned(),
            });
        name.replace('/', "-").into()
    }

    /// The pattern with what its tokens stand for. One that stands for nothing is empty.
    fn filled(&self, pattern: String) -> String {
        let folder = self.code.unwrap_or_default();
        let own = [("component", self.component), ("base-component", folder)];
        let known = self.tokens.iter().map(|(token, text)| (*token, text.as_str()));
        let empty = CONTEXT.iter().map(|token| (*token, ""));
        own.into_iter()
            .chain(known)
            .chain(empty)
            .fold(pattern, |pattern, (token, text)| pattern.replace(&format!("{{{token}}}"), text))
    }
}
