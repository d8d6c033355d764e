//! `isobar list values`, `vars` and `settings`

use super::rows::{Rows, Stacks, Style};
use crate::cli::describe::{Evaluated, Format, exit, no_query, parsed, resolved};
use crate::cli::workspace::unknown;
use crate::cli::{Context, Exit, Failure, mistake};
use crate::diagnostic::closest;
use crate::ids::ComponentName;
use crate::model::desired::{Component, Presence};
use crate::report::describe::{by_stack, side_by_side, values};
use crate::report::words::several;
use crate::stacks::Selection;

/// How many stacks stand side by side if nothing else is said, as in Atmos.
const COLUMNS: &str = "10";

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Its name.
    component: String,
    /// Only what this yq expression finds in it: `.vars.region`.
    #[arg(short, long, value_name = "EXPRESSION")]
    query: Option<String>,
    /// Also where it is abstract: only there to be inherited from.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    r#abstract: Option<bool>,
    /// How many stacks a table shows. 0: all.
    #[arg(long, value_name = "COUNT", default_value = COLUMNS)]
    max_columns: usize,
    #[command(flatten)]
    stacks: Stacks,
    #[command(flatten)]
    evaluated: Evaluated,
    #[command(flatten)]
    rows: Rows,
}

/// The same with what only `list values` has.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct ValuesArgs {
    #[command(flatten)]
    pub(super) args: Args,
    /// Only its `vars`: the same as `list vars`.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", conflicts_with = "query")]
    vars: Option<bool>,
}

impl ValuesArgs {
    /// The part that is asked for.
    pub(super) fn part(&self) -> Option<&'static str> {
        (self.vars == Some(true)).then_some(".vars")
    }
}

/// `part` is the query of the command's name.
pub(super) fn run(context: &Context, args: &Args, part: Option<&str>) -> Result<Exit, Failure> {
    let text = match (part, &args.query) {
        (Some(part), Some(query)) => Some(format!("{part} | {query}")),
        (part, query) => part.map(str::to_owned).or_else(|| query.clone()),
    };
    let query = text.as_deref().map(parsed).transpose()?;
    let selection = Selection {
        stacks: args.stacks.stack.iter().cloned().collect(),
        components: vec![ComponentName::new(&args.component).map_err(mistake)?],
        evaluation: args.evaluated.evaluation(true),
        unlinked: true,
        named_by_file: true,
        ..Selection::default()
    };
    let resolution = resolved(context, &selection)?;
    let desired = &resolution.desired;
    let shown =
        |one: &&Component| args.r#abstract == Some(true) || one.presence != Presence::Abstract;
    let found = values(desired, desired.components().filter(shown), query.as_ref());
    let found = found.map_err(|error| no_query(text.as_deref().unwrap_or_default(), error))?;
    if desired
        .stacks
        .values()
        .all(|stack| stack.components.is_empty() && stack.unresolved.is_empty())
    {
        return Err(missing(context, args)?);
    }
    match args.rows.format {
        Style::Json => Format::Json.write(context, &by_stack(&found))?,
        Style::Yaml => Format::Yaml.write(context, &by_stack(&found))?,
        _ if context.output.json => Format::Json.write(context, &by_stack(&found))?,
        style => {
            let mut table = side_by_side(&found);
            let all = if args.max_columns == 0 { usize::MAX } else { args.max_columns };
            let hidden = found.len().saturating_sub(all);
            if style == Style::Table && hidden > 0 {
                table.keep(all + 1);
                let hidden = several(hidden, "more stack");
                context.output.note(&format!("{hidden}: --max-columns 0 shows all"));
            }
            args.rows.write(context, table)?;
        }
    }
    Ok(exit(&resolution.tree))
}

/// Why there is nothing to list.
fn missing(context: &Context, args: &Args) -> Result<Failure, Failure> {
    let all = Selection { unlinked: true, named_by_file: true, ..Selection::default() };
    let all = resolved(context, &all)?;
    let (name, names) = (args.component.as_str(), || all.desired.components().map(|one| &one.id));
    Ok(match &args.stacks.stack {
        Some(stack) if names().any(|id| id.name.as_str() == name) => {
            mistake(format!("no stack that fits `{stack}` has a component `{name}`"))
        }
        _ => unknown("component", name, closest(name, names().map(|id| id.name.as_str()))),
    })
}
