//! `isobar describe dependents`

use super::{Evaluated, Format, Part, exit, resolved};
use crate::cli::workspace::stack_name;
use crate::cli::{Context, Exit, Failure};
use crate::diagnostic::Code;
use crate::ids::{ComponentName, KindName};
use crate::report::describe::{Shown, dependents};
use crate::stacks::Selection;

/// The components that depend on a component.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Its name.
    component: String,
    /// Its stack.
    #[arg(short, long)]
    stack: String,
    #[command(flatten)]
    evaluated: Evaluated,
    /// How to write it.
    #[arg(short, long, value_enum, default_value = "json")]
    format: Format,
    #[command(flatten)]
    part: Part,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let selection = Selection {
        evaluation: args.evaluated.evaluation(true),
        unlinked: true,
        ..Selection::default()
    };
    let resolution = resolved(context, &selection)?;
    let desired = &resolution.desired;
    let stack = &desired.stacks[&stack_name(desired, &args.stack)?];
    let named = stack.components.values().filter(|one| one.id.name.as_str() == args.component);
    let on = named.min_by_key(|one| one.id.kind.as_str() != "terraform");
    let of = |id: &(KindName, ComponentName)| id.1.as_str() == args.component;
    let Some(on) = on.filter(|_| !stack.unresolved.keys().any(of)) else {
        let faults = stack.unresolved.iter().filter(|(id, _)| of(id));
        args.part.write(context, args.format, &Shown::Null)?;
        return Ok(exit(faults.flat_map(|(_, faults)| faults)));
    };
    args.part.write(context, args.format, &dependents(desired, on))?;
    // Which of two others is meant does not matter here.
    let others = desired.diagnostics.iter().filter(|found| found.code != Code::StackDuplicate);
    Ok(exit(resolution.tree.iter().chain(others)))
}
