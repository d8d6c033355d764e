//! `isobar describe affected`

use std::path::PathBuf;

use super::{Evaluated, Format, Part, exit, resolved_of};
use crate::cli::workspace::{Workspace, stack_name, unread};
use crate::cli::{Context, Exit, Failure, mistake};
use crate::report::describe::{self, Include};
use crate::source;
use crate::stacks::{self, Selection, Side};

/// What the base is if nothing names one: where the remote's main branch was at the last fetch.
const BASE: &str = "refs/remotes/origin/HEAD";

/// Which components differ between the folder as it stands and another revision, and why.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    /// The reference to compare with; without one, the main branch of `origin`.
    #[arg(long, value_name = "REF")]
    r#ref: Option<String>,
    /// The commit to compare with; goes before `--ref`.
    #[arg(long, value_name = "COMMIT")]
    sha: Option<String>,
    /// The folder to compare with: another checkout of the repository.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["ref", "sha"])]
    repo_path: Option<PathBuf>,
    /// A commit to look at instead of the folder as it stands.
    #[arg(long, value_name = "REVISION")]
    head: Option<String>,
    /// Only the components of this stack.
    #[arg(short, long)]
    stack: Option<String>,
    /// Below each component those that depend on it.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    include_dependents: Option<bool>,
    /// The `settings` of each component.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    include_settings: Option<bool>,
    /// Leave out components with `metadata.locked`.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    exclude_locked: Option<bool>,
    #[command(flatten)]
    evaluated: Evaluated,
    /// How to write it.
    #[arg(short, long, value_enum, default_value = "json")]
    format: Format,
    #[command(flatten)]
    part: Part,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let selection =
        Selection { evaluation: args.evaluated.evaluation(false), ..Selection::default() };
    let at =
        |revision: &str| source::commit_snapshot(&context.global.folder, revision).map_err(unread);
    let new = match &args.head {
        Some(revision) => at(revision)?,
        None => Workspace::folder(context)?,
    };
    let old = match (&args.repo_path, args.sha.as_ref().or(args.r#ref.as_ref())) {
        (Some(folder), _) => source::folder_snapshot(folder).map_err(unread)?,
        (None, Some(revision)) => at(revision)?,
        (None, None) => at(BASE).map_err(|_| {
            mistake(format!("there is no {BASE}: name what to compare with, `--ref main`"))
        })?,
    };
    let base = Workspace::evaluated(context, &old, &selection)?;
    let head = resolved_of(context, &new, &selection)?;
    let (before, after) = (&base.desired, &head.desired);
    let mut all = stacks::affected(
        Side { snapshot: &old, desired: before },
        Side { snapshot: &new, desired: after },
    );
    if let Some(stack) = &args.stack {
        let known = stack_name(after, stack).or_else(|_| stack_name(before, stack))?;
        all.retain(|one| one.component.id.stack == known);
    }
    if args.exclude_locked == Some(true) {
        all.retain(|one| !one.component.locked);
    }
    let include = Include {
        dependents: args.include_dependents == Some(true),
        settings: args.include_settings == Some(true),
    };
    let answer = describe::affected(&all, after, include).map_err(mistake)?;
    args.part.write(context, args.format, &answer)?;
    Ok(exit(head.tree.iter().chain(&after.diagnostics)))
}
