//! `isobar list sources`

use super::rows::{Rows, Stacks};
use super::{listed, listing};
use crate::cli::describe::{Evaluated, exit, resolved};
use crate::cli::workspace::unknown;
use crate::cli::{Context, Exit, Failure};
use crate::diagnostic::closest;
use crate::model::desired::Component;
use crate::report::describe::source_rows;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Only components that are called so, or whose folder is.
    component: Option<String>,
    #[command(flatten)]
    stacks: Stacks,
    #[command(flatten)]
    evaluated: Evaluated,
    #[command(flatten)]
    rows: Rows,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let resolution = resolved(context, &listed(&args.stacks, &args.evaluated))?;
    let is_wanted = |one: &&Component| {
        let called = |name: &String| one.id.name.as_str() == name || one.code.as_ref() == name;
        args.component.as_ref().is_none_or(called)
    };
    let mut components = resolution.desired.components().filter(is_wanted).peekable();
    if let (None, Some(name)) = (components.peek(), &args.component)
        && args.stacks.stack.is_none()
    {
        let known = resolution.desired.components().map(|one| one.id.name.as_str());
        return Err(unknown("component", name, closest(name, known)));
    }
    args.rows.write(context, source_rows(components, args.stacks.stack.is_some()))?;
    Ok(exit(listing(&resolution)))
}
