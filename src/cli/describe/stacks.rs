//! `isobar describe stacks`

use super::{Evaluated, Written, exit, resolved};
use crate::cli::{Context, Exit, Failure, mistake};
use crate::ids::ComponentName;
use crate::pattern::StackPattern;
use crate::report::describe::{Filter, Stacks};
use crate::stacks::Selection;

/// All stacks with their components, fully resolved.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Only this stack.
    #[arg(short, long)]
    stack: Option<String>,
    /// Only components of these names.
    #[arg(long, value_delimiter = ',')]
    components: Vec<String>,
    /// Only components of these kinds.
    #[arg(long, value_delimiter = ',', value_name = "KINDS")]
    component_types: Vec<String>,
    /// Only these sections.
    #[arg(long, value_delimiter = ',')]
    sections: Vec<String>,
    /// Stacks too of which nothing is left to show.
    #[arg(long)]
    include_empty_stacks: bool,
    #[command(flatten)]
    evaluated: Evaluated,
    #[command(flatten)]
    written: Written,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let names = args.components.iter().map(ComponentName::new);
    let selection = Selection {
        stacks: args.stack.as_deref().map(StackPattern::exactly).into_iter().collect(),
        components: names.collect::<Result<_, _>>().map_err(mistake)?,
        evaluation: args.evaluated.evaluation(true),
        unlinked: true,
        unexplained: true,
        strict: true,
        ..Selection::default()
    };
    let resolution = resolved(context, &selection)?;
    let filter = Filter {
        kinds: args.component_types.clone(),
        sections: args.sections.clone(),
        empty: args.include_empty_stacks,
    };
    let evaluated = args.evaluated.process_templates;
    let desired = &resolution.desired;
    let stacks = Stacks { desired, filter: &filter, evaluated };
    match args.written.json(context)? {
        Some(mut to) => stacks.write_json(&mut to)?,
        None => args.written.write(context, &stacks.whole())?,
    }
    Ok(exit(resolution.tree.iter().chain(&desired.diagnostics)))
}
