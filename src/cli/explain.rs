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
    /// Which value: `vars.tags.team`, or a section as a whole.
    #[arg(default_value = "vars")]
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
    let wanted = Workspace::wanted(context, &Selection::default())?;
    Findings::of(&wanted).show(context);
    let component = component(&wanted.desired, &args.component)?;
    let (path, files) = (&args.path.0, &wanted.desired.files);
    let explained = stacks::explain(component, path);
    if explained.is_empty() {
        return Err(mistake(format!("nothing sets `{path}` of {}", component.id)));
    }
    match context.output.json {
        true => {
            let json = report::json::explain(component, path, &explained, files);
            context.output.print_json(&json)?;
        }
        false => {
            let text = report::terminal::explain(component, path, &explained, files);
            context.output.print(&text)?;
        }
    }
    Ok(Exit::Done)
}
