//! `isobar list dependencies`

use super::rows::Stacks;
use crate::cli::describe::{Evaluated, Format, exit, resolved};
use crate::cli::workspace::unknown;
use crate::cli::{Context, Exit, Failure, mistake};
use crate::diagnostic::{Code, closest};
use crate::model::desired::{Component, Presence};
use crate::report::describe::{self, dependencies, dependency_tree};
use crate::stacks::Selection;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// Only those of this component.
    component: Option<String>,
    /// Which way to look.
    #[arg(short, long, value_enum, default_value = "both")]
    direction: Direction,
    /// How to write them.
    #[arg(short, long, value_enum, default_value = "tree")]
    format: Style,
    #[command(flatten)]
    stacks: Stacks,
    #[command(flatten)]
    evaluated: Evaluated,
}

/// Which way dependencies are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Direction {
    /// Both ways.
    Both,
    /// What a component depends on.
    Forward,
    /// What depends on it.
    Reverse,
}

/// How dependencies are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Style {
    /// A tree, to any depth.
    Tree,
    /// YAML, one step far.
    Yaml,
    /// JSON, one step far.
    Json,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    // All of them: what depends on a component may be in any stack.
    let evaluation = args.evaluated.evaluation(true);
    let resolution =
        resolved(context, &Selection { evaluation, named_by_file: true, ..Selection::default() })?;
    let desired = &resolution.desired;
    let known = || desired.components().filter(|one| one.presence != Presence::Abstract);
    let is_named =
        |one: &&Component| args.component.as_ref().is_none_or(|name| one.id.name.as_str() == name);
    if let Some(name) = args.component.as_ref().filter(|_| known().all(|one| !is_named(&one))) {
        let close = closest(name, known().map(|one| one.id.name.as_str()));
        return Err(unknown("component", name, close));
    }
    let is_in = |one: &&Component| {
        args.stacks.stack.as_ref().is_none_or(|pattern| pattern.fits(&one.id.stack))
    };
    let tops: Vec<_> = known().filter(is_named).filter(is_in).collect();
    let direction = match args.direction {
        Direction::Both => describe::Direction::Both,
        Direction::Forward => describe::Direction::Forward,
        Direction::Reverse => describe::Direction::Reverse,
    };
    match args.format {
        Style::Tree if !context.output.json => {
            let tree = dependency_tree(desired, &tops, direction).map_err(mistake)?;
            context.output.print(&tree)?;
        }
        Style::Tree | Style::Json => {
            Format::Json.write(context, &dependencies(desired, &tops, direction))?;
        }
        Style::Yaml => Format::Yaml.write(context, &dependencies(desired, &tops, direction))?,
    }
    // Which of two components is meant does not matter to a list.
    let found = desired.diagnostics.iter().filter(|found| found.code != Code::StackDuplicate);
    Ok(exit(resolution.tree.iter().chain(found)))
}
