//! `isobar describe stacks`

use super::{Evaluated, Written, exit, resolved};
use crate::cli::workspace::{Findings, Workspace};
use crate::cli::{Context, Exit, Failure, mistake};
use crate::ids::ComponentName;
use crate::model::desired::Desired;
use crate::pattern::StackPattern;
use crate::report::describe::{Filter, Pages, Stacks};
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
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    include_empty_stacks: Option<bool>,
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
    let filter = Filter {
        kinds: args.component_types.clone(),
        sections: args.sections.clone(),
        empty: args.include_empty_stacks == Some(true),
    };
    let evaluated = args.evaluated.process_templates;
    let Some(form) = args.written.form(context) else {
        let resolution = resolved(context, &selection)?;
        let desired = &resolution.desired;
        let stacks = Stacks { desired, filter: &filter, evaluated };
        args.written.write(context, &stacks.whole())?;
        return Ok(exit(resolution.tree.iter().chain(&desired.diagnostics)));
    };
    let snapshot = Workspace::tree(context)?;
    let pages = Pages::new(form);
    let mut to = pages.bound(args.written.stream()?);
    let page = |desired: &Desired| pages.page(&Stacks { desired, filter: &filter, evaluated });
    let found = Workspace::each(context, &snapshot, &selection, page, |page| to.put(page))?;
    to.end()?;
    let all = Findings::among(found.diagnostics.clone(), &snapshot);
    all.and_of(&found.files).show(context);
    Ok(exit(found.tree.iter().chain(&found.diagnostics)))
}
