//! `isobar describe`

use serde_json::{Map, Value as Json, json};

use super::workspace::{Findings, Workspace, stack_name};
use super::{Context, Exit, Failure, mistake};
use crate::diagnostic::closest;
use crate::model::canonical;
use crate::model::desired::{Component, Stack};
use crate::model::value::{Node, Rules, Value};
use crate::stacks::Selection;

/// Show what the repository resolves to, as Atmos does.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// One component of one stack, fully resolved.
    Component {
        /// Its name.
        component: String,
        /// Its stack.
        #[arg(short, long)]
        stack: String,
        /// Its kind, if several have a component of that name.
        #[arg(long)]
        kind: Option<String>,
        /// How to write it.
        #[arg(short, long, value_enum, default_value = "yaml")]
        format: Format,
    },
}

/// How a resolved component is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// YAML.
    Yaml,
    /// JSON.
    Json,
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let Args::Component { component, stack, kind, format } = args;
    let wanted = Workspace::wanted(context, &Selection::default())?;
    Findings::of(&wanted).show(context);
    let name = stack_name(&wanted.desired, stack)?;
    let stack = &wanted.desired.stacks[&name];
    let described = describe(find(stack, component, kind.as_deref())?);
    match (context.output.json, format) {
        (true, _) | (_, Format::Json) => context.output.print_json(&described)?,
        (false, Format::Yaml) => context.output.print(&serde_yaml::to_string(&described)?)?,
    }
    Ok(Exit::Done)
}

/// Terraform comes first where several kinds have a component of that name, as in Atmos.
pub(super) fn find<'a>(
    stack: &'a Stack,
    name: &str,
    kind: Option<&str>,
) -> Result<&'a Component, Failure> {
    let fits = |component: &&Component| {
        component.id.name.as_str() == name
            && kind.is_none_or(|kind| component.id.kind.as_str() == kind)
    };
    let terraform = |component: &&Component| component.id.kind.as_str() != "terraform";
    let found = stack.components.values().filter(fits).min_by_key(terraform);
    found.ok_or_else(|| {
        let known = stack.components.values().map(|component| component.id.name.as_str());
        let hint = closest(name, known).map(|close| format!("; did you mean `{close}`?"));
        mistake(format!(
            "the stack `{}` has no component `{name}`{}",
            stack.name,
            hint.unwrap_or_default()
        ))
    })
}

fn describe(component: &Component) -> Json {
    let mut all: Map<String, Json> = Map::new();
    if let Some(sections) = component.sections.as_map() {
        all.extend(sections.iter().map(|(name, value)| (name.to_string(), plain(value))));
    }
    all.insert("atmos_component".to_owned(), json!(component.id.name));
    all.insert("atmos_stack".to_owned(), json!(component.id.stack));
    all.insert("atmos_stack_file".to_owned(), json!(component.manifest));
    all.insert("component".to_owned(), json!(component.code));
    all.insert("inheritance".to_owned(), json!(component.inheritance));
    all.insert("workspace".to_owned(), json!(component.workspace));
    all.sort_keys();
    Json::Object(all)
}

/// As JSON in the author's order. What is not known yet and what is secret are said to be so.
fn plain(value: &Value) -> Json {
    match &value.node {
        Node::List(items) => items.iter().map(plain).collect(),
        Node::Map(map) => {
            Json::Object(map.iter().map(|(key, value)| (key.to_string(), plain(value))).collect())
        }
        Node::Unknown(_) => Json::from("(computed)"),
        Node::Secret(_) => Json::from("(secret)"),
        Node::Raw(raw) => plain(&Value::computed(raw.typed(Rules::Stack))),
        _ => canonical::encode(value),
    }
}
