//! `isobar list`

use serde_json::{Value as Json, json};

use super::describe::{Format, exit, resolved};
use super::workspace::stack_name;
use super::{Context, Exit, Failure};
use crate::diagnostic::{Code, Diagnostic};
use crate::model::desired::{Component, Presence, Stack};
use crate::report::describe::{component_rows, stack_rows};
use crate::stacks::{Resolution, Selection};

/// List what the repository has.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// The stacks, a line each.
    Stacks {
        /// Rows as Atmos has them, written like this.
        #[arg(short, long, value_enum)]
        format: Option<Format>,
    },
    /// The components, a line each: `stack/kind/name`.
    Components {
        /// Only those of this stack.
        #[arg(short, long)]
        stack: Option<String>,
        /// Abstract components too: those that only exist to be inherited from.
        #[arg(long)]
        r#abstract: bool,
        /// Rows as Atmos has them, written like this: names with the number of their stacks.
        #[arg(long, value_enum)]
        format: Option<Format>,
    },
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    // A line for a name needs no more than the name.
    let only_named = matches!(args, Args::Stacks { format: None }) && !context.output.json;
    let selection =
        Selection { unlinked: true, only_named, named_by_file: true, ..Selection::default() };
    let resolution = resolved(context, &selection)?;
    let desired = &resolution.desired;
    match args {
        Args::Stacks { format: Some(format) } => {
            format.write(context, &stack_rows(desired))?;
            Ok(exit(listing(&resolution)))
        }
        Args::Components { format: Some(format), .. } => {
            format.write(context, &component_rows(desired))?;
            Ok(exit(listing(&resolution)))
        }
        Args::Stacks { format: None } => {
            let lines: Vec<_> = desired.stacks.keys().map(ToString::to_string).collect();
            print(context, &lines, desired.stacks.values().map(|stack| stack_json(stack)))
        }
        Args::Components { stack, r#abstract, format: None } => {
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

/// What is wrong, so that a list is not what it should be.
fn listing(resolution: &Resolution) -> impl Iterator<Item = &Diagnostic> {
    // Which of two components is meant does not matter to a list.
    let all = resolution.tree.iter().chain(&resolution.desired.diagnostics);
    all.filter(|found| found.code != Code::StackDuplicate)
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
