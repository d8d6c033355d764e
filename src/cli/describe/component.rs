//! `isobar describe component`

use super::{Evaluated, Written, exit, resolved};
use crate::cli::workspace::{self, Findings, Workspace};
use crate::cli::{Context, Exit, Failure, mistake};
use crate::diagnostic::{Diagnostic, closest};
use crate::ids::ComponentName;
use crate::model::desired::{Component, Desired, Stack};
use crate::pattern::StackPattern;
use crate::report::describe::{View, component};
use crate::stacks::Selection;

/// One component of one stack, fully resolved.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Its name.
    component: String,
    /// Its stack, or the path of one of the stack's manifests.
    #[arg(short, long)]
    stack: String,
    /// Its kind, if several have a component of that name.
    #[arg(long)]
    kind: Option<String>,
    /// How much of it.
    #[arg(long, value_enum, default_value = "manifest", env = "ATMOS_DESCRIBE_COMPONENT_FILTER")]
    filter: Much,
    /// Refused by name: another command tells where values come from.
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, value_name = "BOOL")]
    provenance: Option<Option<bool>>,
    #[command(flatten)]
    evaluated: Evaluated,
    #[command(flatten)]
    written: Written,
}

/// How much of a component is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Much {
    /// The sections that authors write.
    Manifest,
    /// All there is.
    Full,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    if args.provenance.is_some_and(|wanted| wanted != Some(false)) {
        return Err(mistake(
            "--provenance: `isobar explain` tells where values come from, with all that lost",
        ));
    }
    let selection = Selection {
        stacks: vec![StackPattern::exactly(&args.stack)],
        components: vec![ComponentName::new(&args.component).map_err(mistake)?],
        evaluation: args.evaluated.evaluation(false),
        unlinked: true,
        ..Selection::default()
    };
    let resolution = resolved(context, &selection)?;
    let desired = &resolution.desired;
    let kind = args.kind.as_deref();
    let found = match find(desired, args, kind) {
        Found::Component(found) => found,
        Found::Unresolved(faults) => return Ok(exit(faults)),
        Found::Nothing => return missing(context, args, &desired.diagnostics),
    };
    let folder = std::path::absolute(&context.global.folder)?;
    let view = match args.filter {
        Much::Manifest => View::Short,
        Much::Full => View::Full(&folder),
    };
    args.written.write(context, &component(desired, found, view))?;
    Ok(exit(&resolution.tree))
}

enum Found<'d> {
    Component(&'d Component),
    Unresolved(&'d [Diagnostic]),
    Nothing,
}

/// Terraform comes first where several kinds have a component of that name, as in Atmos.
fn find<'d>(desired: &'d Desired, args: &Args, kind: Option<&str>) -> Found<'d> {
    let order = |found: &str| (found != "terraform", found.to_owned());
    let fits = |found: &str| kind.is_none_or(|kind| kind == found);
    let all = || desired.stacks.values();
    let resolved = all().flat_map(|stack| stack.components.values());
    let resolved = resolved.filter(|one| fits(one.id.kind.as_str()));
    let unresolved = all().flat_map(|stack| &stack.unresolved);
    let unresolved = unresolved
        .filter(|((kind, name), _)| name.as_str() == args.component && fits(kind.as_str()));
    match unresolved.min_by_key(|((kind, _), _)| order(kind.as_str())) {
        Some((_, faults)) => Found::Unresolved(faults),
        None => match resolved.min_by_key(|one| order(one.id.kind.as_str())) {
            Some(found) => Found::Component(found),
            None => Found::Nothing,
        },
    }
}

/// Why there is nothing to describe, told with what there is. `said` was found already.
fn missing(context: &Context, args: &Args, said: &[Diagnostic]) -> Result<Exit, Failure> {
    let all = Selection { unlinked: true, ..Selection::default() };
    let snapshot = Workspace::tree(context)?;
    let desired = Workspace::evaluated(context, &snapshot, &all)?.desired;
    // It may be in a stack that has no name.
    if !desired.has_all_stacks() {
        let more = desired.diagnostics.iter().filter(|found| !said.contains(found)).cloned();
        Findings::among(more.collect(), &snapshot).and_of(&desired.files).show(context);
        return Ok(Exit::Mistake);
    }
    let stack = &desired.stacks[&workspace::stack_name(&desired, &args.stack)?];
    Err(no_component(stack, &args.component))
}

fn no_component(stack: &Stack, name: &str) -> Failure {
    let known = stack.components.values().map(|component| component.id.name.as_str());
    let hint = closest(name, known).map(|close| format!("; did you mean `{close}`?"));
    let hint = hint.unwrap_or_default();
    mistake(format!("the stack `{}` has no component `{name}`{hint}", stack.name))
}
