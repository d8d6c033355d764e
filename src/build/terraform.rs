//! What terraform is handed: variables, backend, provider settings. The module stays where it is;
//! its files are inputs.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::draft::{Draft, join};
use crate::diagnostic::Code;
use crate::model::body::Format;
use crate::model::value::{Map, Node, Rules, Value};

/// Modules one component calls, directly or not: a landing zone has some 60.
const MODULES_MAX: usize = 256;

/// Sections that change what terraform does, whatever file they are handed in.
const SECTIONS: &[&str] = &[
    "vars",
    "env",
    "command",
    "backend",
    "backend_type",
    "providers",
    "required_providers",
    "required_version",
    "generate",
    "hooks",
];

pub(super) fn render(draft: &mut Draft<'_>) {
    let vars = draft.map_section("vars");
    // A secret travels in the environment of the process that needs it, never through a file.
    let open = vars.iter().filter(|(_, value)| !value.holds_secret());
    let open: Map = open.map(|(key, value)| (key.clone(), value.typed(Rules::Stack))).collect();
    let id = &draft.component.id;
    let name = format!("{}-{}.terraform.tfvars.json", id.stack, id.name).replace('/', "-");
    draft.add(&name, Format::Json, Value::computed(Node::Map(open)));

    backend(draft);
    let providers = draft.map_section("providers");
    if !providers.is_empty() {
        let providers = Value::computed(Node::Map(providers)).typed(Rules::Stack);
        draft.add("providers_override.tf.json", Format::Json, map("provider", providers));
    }

    SECTIONS.iter().for_each(|section| draft.input_section(section));
    draft.input_text("workspace", &draft.component.workspace.clone());
    modules(draft);
}

/// `terraform.backend.<type>`, or `terraform.cloud`, whose settings name the workspace.
fn backend(draft: &mut Draft<'_>) {
    let Some(backend_type) = draft.text_section("backend_type") else { return };
    let settings = Value::computed(Node::Map(draft.map_section("backend"))).typed(Rules::Stack);
    let terraform = match backend_type.as_ref() {
        "cloud" => map("cloud", with_workspace(&settings, &draft.component.workspace)),
        _ => map("backend", map(&backend_type, settings)),
    };
    draft.add("backend.tf.json", Format::Json, map("terraform", terraform));
}

fn map(key: &str, value: Value) -> Value {
    Value::computed(Node::Map([(Arc::from(key), value)].into_iter().collect()))
}

/// The same settings with the token `{terraform_workspace}` replaced in every text.
fn with_workspace(value: &Value, workspace: &str) -> Value {
    let within = |value: &Value| with_workspace(value, workspace);
    let node = match &value.node {
        Node::Str(text) => Node::Str(text.replace("{terraform_workspace}", workspace).into()),
        Node::List(items) => Node::List(Arc::new(items.iter().map(within).collect())),
        Node::Map(map) => Node::Map(map.iter().map(|(k, v)| (k.clone(), within(v))).collect()),
        other => other.clone(),
    };
    Value { node, origin: value.origin }
}

/// The module's files, and those of every local module it calls, however indirectly.
fn modules(draft: &mut Draft<'_>) {
    if draft.snapshot.below(&draft.folder).next().is_none() {
        return draft.fail_no_folder();
    }
    let mut seen = BTreeSet::from([draft.folder.clone()]);
    let mut waiting = vec![draft.folder.clone()];
    while let Some(folder) = waiting.pop() {
        draft.input_folder(&folder);
        for (path, _) in draft.snapshot.below(&folder) {
            if !(path.ends_with(".tf") || path.ends_with(".tf.json") || path.ends_with(".tofu")) {
                continue;
            }
            let Some(text) = draft.text(path) else { continue };
            let base = path.rsplit_once('/').map_or("", |(base, _)| base);
            for source in local_sources(&text) {
                let Some(called) = join(base, source) else { continue };
                if seen.insert(called.clone()) {
                    waiting.push(called);
                }
            }
        }
        if seen.len() > MODULES_MAX {
            let message = format!("it calls more than {MODULES_MAX} local modules");
            return draft.fail(Code::BuildFailed, draft.place(), message);
        }
    }
}

/// Every `source = "./..."` or `"../..."`. One in a comment counts too: an input too many costs
/// a second look, one too few an approval of something else.
fn local_sources(text: &str) -> impl Iterator<Item = &str> {
    text.split("source").skip(1).filter_map(|behind| {
        let behind = behind.strip_prefix('"').unwrap_or(behind).trim_start();
        let value = behind.strip_prefix(['=', ':'])?.trim_start().strip_prefix('"')?;
        let source = value.split('"').next()?;
        (source.starts_with("./") || source.starts_with("../")).then_some(source)
    })
}
