//! `isobar explain`

use super::workspace::{Findings, Workspace, component};
use super::{Context, Exit, Failure, mistake};
use crate::model::path::FieldPath;
use crate::report;
use crate::stacks::{self, Selection};

/// Show where a value comes from: every layer that set it, the winner and those it won over.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The component: `stack/kind/name`.
    component: String,
    /// Which value: `vars.tags.team`. Without it, everything.
    #[arg(default_value = "")]
    path: FieldPathArg,
}

/// A path, parsed from the command line.
#[derive(Debug, Clone)]
struct FieldPathArg(FieldPath);

impl std::str::FromStr for FieldPathArg {
    type Err = crate::model::path::PathError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        FieldPath::parse(text).map(Self)
    }
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let wanted = Workspace::wanted(context, &Selection::all())?;
    Findings::of(&wanted).show(context);
    let component = component(&wanted.desired, &args.component)?;
    let explained = stacks::explain(component, &args.path.0);
    if explained.is_empty() {
        return Err(mistake(format!("nothing sets `{}` of {}", args.path.0, component.id)));
    }
    let files = &wanted.desired.files;
    match context.output.json {
        true => context.output.print_json(&report::json::explained(component, &explained, files))?,
        false => context.output.print(&report::terminal::explained(component, &explained, files))?,
    }
    Ok(Exit::Done)
}
