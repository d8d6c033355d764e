//! `isobar describe affected`

use std::path::PathBuf;

use super::describe::Format;
use super::workspace::{Findings, Workspace, stack_name, unavailable};
use super::{Context, Exit, Failure, mistake};
use crate::report::affected::{self, Wish};
use crate::source;
use crate::stacks::{self, Selection, Side};

/// What the base is if nothing names one: where the remote's main branch was at the last fetch.
const BASE: &str = "refs/remotes/origin/HEAD";

/// Which components differ between the folder as it stands and another revision, and why.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
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
    /// How to write it.
    #[arg(short, long, value_enum, default_value = "json")]
    format: Format,
    /// Write it to this file.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let head = match &args.head {
        Some(revision) => Workspace::wanted_at(context, revision)?,
        None => Workspace::wanted(context, &Selection::default())?,
    };
    let base = match (&args.repo_path, args.sha.as_ref().or(args.r#ref.as_ref())) {
        (Some(folder), _) => {
            let snapshot = source::folder_snapshot(folder).map_err(unavailable)?;
            Workspace::resolved(&snapshot, &Selection::default())
        }
        (None, Some(revision)) => Workspace::wanted_at(context, revision)?,
        (None, None) => Workspace::wanted_at(context, BASE).map_err(|_| {
            mistake(format!("there is no {BASE}: name what to compare with, `--ref main`"))
        })?,
    };
    Findings::of(&head).show(context);
    let side = |wanted| -> Side<'_> {
        let wanted: &crate::reconcile::Wanted = wanted;
        Side { snapshot: &wanted.snapshot, desired: &wanted.desired }
    };
    let mut all = stacks::affected(side(&base), side(&head));
    if let Some(stack) = &args.stack {
        let known =
            stack_name(&head.desired, stack).or_else(|_| stack_name(&base.desired, stack))?;
        all.retain(|one| one.component.id.stack == known);
    }
    if args.exclude_locked == Some(true) {
        all.retain(|one| !one.component.locked);
    }
    let wish = Wish {
        dependents: args.include_dependents == Some(true),
        settings: args.include_settings == Some(true),
    };
    let shown = affected::affected(&all, &head.desired, wish).map_err(mistake)?;
    let text = match args.format {
        Format::Json => serde_json::to_string_pretty(&shown)?,
        Format::Yaml => serde_yaml::to_string(&shown)?,
    };
    match &args.file {
        Some(path) => std::fs::write(path, text)
            .map_err(|error| mistake(format!("cannot write {}: {error}", path.display())))?,
        None => context.output.print(&text)?,
    }
    Ok(Exit::Done)
}
