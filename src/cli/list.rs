//! `isobar list`

use serde_json::{Value as Json, json};

use super::workspace::{Findings, Workspace, stack_name};
use super::{Context, Exit, Failure};
use crate::model::desired::{Component, Presence, Stack};
use crate::stacks::Selection;

/// List what the repository has.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// The stacks, a line each.
    Stacks,
    /// The components, a line each: `stack/kind/name`.
    Components {
        /// Only those of this stack.
        #[arg(short, long)]
        stack: Option<String>,
        /// Abstract components too: those that only exist to be inherited from.
        #[arg(long)]
        r#abstract: bool,
    },
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let wanted = Workspace::wanted(context, &Selection::default())?;
    Findings::of(&wanted).show(context);
    let desired = &wanted.desired;
    match args {
        Args::Stacks => {
            let lines: Vec<_> = desired.stacks.keys().map(ToString::to_string).collect();
            print(context, &lines, desired.stacks.values().map(stack_json))
        }
        Args::Components { stack, r#abstract } => {
            let stack = stack.as_deref().map(|name| stack_name(desired, name)).transpose()?;
            let listed = |component: &&Component| {
                stack.as_ref().is_none_or(|stack| component.id.stack == *stack)
                    && (*r#abstract || component.presence != Presence::Abstract)
            };
            let components: Vec<_> = desired.components().filter(listed).collect();
            let lines: Vec<_> = components.iter().map(|one| one.id.to_string()).collect();
            print(context, &lines, components.into_iter().map(component_json))
        }
    }
}

fn print(
    context: &Context,
    lines: &[String],
    rows: impl Iterator<Item = Json>,
) -> Result<Exit, Failure> {
    match context.output.json {
        true => context.output.print_json(&rows.collect::<Vec<_>>())?,
        false => context.output.print(&lines.join("\n"))?,
    }
    Ok(Exit::Done)
}

fn stack_json(stack: &Stack) -> Json {
    json!({
        "name": stack.name,
        "manifests": stack.manifests,
        "target": stack.target,
        "components": stack.components.len(),
        "unresolved": stack.unresolved.len(),
    })
}

fn component_json(component: &Component) -> Json {
    let presence = match component.presence {
        Presence::Active => "active",
        Presence::Disabled => "disabled",
        Presence::Abstract => "abstract",
    };
    json!({
        "id": component.id.to_string(),
        "stack": component.id.stack,
        "kind": component.id.kind,
        "component": component.id.name,
        "presence": presence,
        "locked": component.locked,
        "inheritance": component.inheritance,
        "dependencies": component.dependencies.iter().map(|d| d.on.to_string()).collect::<Vec<_>>(),
    })
}
