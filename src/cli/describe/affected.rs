//! `isobar describe affected`

use std::fs::OpenOptions;
use std::io::Write as _;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use super::{Evaluated, Format, Part, exit, shown, unwritten};
use crate::cli::workspace::{Workspace, stack_name, unread};
use crate::cli::{Context, Exit, Failure, mistake};
use crate::model::affected::Affected;
use crate::model::desired::Desired;
use crate::report::describe::{self, Include, Shown};
use crate::source::{self, Snapshot};
use crate::stacks::{self, Resolution, Selection, Side};

/// What the base is if nothing names one: where the remote's main branch was at the last fetch.
const BASE: &str = "refs/remotes/origin/HEAD";

/// Which components differ between the folder as it stands and another revision, and why.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Args {
    #[command(flatten)]
    compared: Compared,
    /// The `settings` of each component.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    include_settings: Option<bool>,
    /// Refused by name: nothing of it is known here.
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, value_name = "BOOL")]
    include_spacelift_admin_stacks: Option<Option<bool>>,
    /// How to write it.
    #[arg(short, long, value_enum, default_value = "json")]
    format: Style,
    /// A file to add `matrix=...` to, such as `$GITHUB_OUTPUT`, instead of standard output.
    #[arg(long, value_name = "FILE")]
    output_file: Option<PathBuf>,
    #[command(flatten)]
    part: Part,
    #[command(flatten)]
    passed: Passed,
}

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Style {
    /// YAML.
    Yaml,
    /// JSON.
    Json,
    /// JSON for the matrix of a job in GitHub's workflows.
    Matrix,
}

/// Options of Atmos about how it comes by the other revision: here it is in the repository.
#[derive(Debug, clap::Args)]
struct Passed {
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, value_name = "BOOL")]
    verbose: Option<Option<bool>>,
    #[arg(long, hide = true, num_args = 0..=1, require_equals = true, value_name = "BOOL")]
    clone_target_ref: Option<Option<bool>>,
    #[arg(long, hide = true, value_name = "FILE")]
    ssh_key: Option<String>,
    #[arg(long, hide = true, value_name = "PASSWORD")]
    ssh_key_password: Option<String>,
}

/// What is compared with what.
#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Compared {
    /// The reference to compare with; without one, the main branch of `origin`.
    #[arg(long, value_name = "REF", visible_alias = "base")]
    r#ref: Option<String>,
    /// The commit to compare with; goes before `--ref`.
    #[arg(long, value_name = "COMMIT")]
    sha: Option<String>,
    /// The folder to compare with: another checkout of the repository.
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["ref", "sha"])]
    repo_path: Option<PathBuf>,
    /// A commit to look at instead of the folder as it stands.
    #[arg(long, value_name = "REVISION", conflicts_with = "rev")]
    head: Option<String>,
    /// Only the components of this stack.
    #[arg(short, long)]
    stack: Option<String>,
    /// Below each component those that depend on it.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    include_dependents: Option<bool>,
    /// Leave out components with `metadata.locked`.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    exclude_locked: Option<bool>,
    #[command(flatten)]
    evaluated: Evaluated,
}

/// Two trees and what they ask for.
pub(in crate::cli) struct Sides {
    old: Snapshot,
    new: Snapshot,
    base: ManuallyDrop<Resolution>,
    head: ManuallyDrop<Resolution>,
}

impl Compared {
    /// Whether those that depend on what differs are wanted too.
    pub(in crate::cli) fn with_dependents(&self) -> bool {
        self.include_dependents == Some(true)
    }
}

impl Sides {
    /// Resolves both; what is wrong with the newer one is shown.
    pub(in crate::cli) fn new(context: &Context, compared: &Compared) -> Result<Self, Failure> {
        let selection = Selection {
            evaluation: compared.evaluated.evaluation(false),
            unexplained: true,
            ..Selection::default()
        };
        let at = |revision: &str| Workspace::commit(context, revision);
        let new = match &compared.head {
            Some(revision) => at(revision)?,
            None => Workspace::tree(context)?,
        };
        let old = match (&compared.repo_path, compared.sha.as_ref().or(compared.r#ref.as_ref())) {
            (Some(folder), _) => {
                let tree = source::folder_snapshot(folder).map_err(unread)?;
                tree.to_be_read(context.said.clone())
            }
            (None, Some(revision)) => at(revision)?,
            (None, None) => at(BASE).map_err(|_| {
                mistake(format!("there is no {BASE}: name what to compare with, `--ref main`"))
            })?,
        };
        let [head, base] = Workspace::both(context, [&new, &old], &selection)?;
        shown(context, &new, &head);
        Ok(Self { old, new, base, head })
    }

    /// What the newer one asks for.
    pub(in crate::cli) fn after(&self) -> &Desired {
        &self.head.desired
    }

    /// What differs of what is wanted.
    pub(in crate::cli) fn affected(
        &self,
        compared: &Compared,
    ) -> Result<Vec<Affected<'_>>, Failure> {
        let (before, after) = (&self.base.desired, self.after());
        let mut all = stacks::affected(
            Side { snapshot: &self.old, desired: before },
            Side { snapshot: &self.new, desired: after },
        );
        if let Some(stack) = &compared.stack {
            let known = stack_name(after, stack).or_else(|_| stack_name(before, stack))?;
            all.retain(|one| one.component.id.stack == known);
        }
        if compared.exclude_locked == Some(true) {
            all.retain(|one| !one.component.locked);
        }
        Ok(all)
    }

    /// How a command about them ends.
    pub(in crate::cli) fn exit(&self) -> Exit {
        exit(self.head.tree.iter().chain(&self.head.desired.diagnostics))
    }
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    if args.include_spacelift_admin_stacks.is_some_and(|wanted| wanted != Some(false)) {
        return Err(mistake(
            "--include-spacelift-admin-stacks: Isobar knows nothing of Spacelift; \
             `--include-dependents` names what comes after what differs",
        ));
    }
    let sides = Sides::new(context, &args.compared)?;
    let all = sides.affected(&args.compared)?;
    let format = match (args.format, &args.output_file) {
        (Style::Matrix, file) => {
            let components = all.iter().map(|one| one.component);
            let matrix = describe::matrix(components, &sides.after().layout);
            write_matrix(context, &matrix, file.as_deref())?;
            return Ok(sides.exit());
        }
        (_, Some(_)) => return Err(mistake("--output-file goes with --format matrix")),
        (Style::Json, None) => Format::Json,
        (Style::Yaml, None) => Format::Yaml,
    };
    let include = Include {
        dependents: args.compared.with_dependents(),
        settings: args.include_settings == Some(true),
    };
    let answer = describe::affected(&all, sides.after(), include).map_err(mistake)?;
    args.part.write(context, format, &answer)?;
    Ok(sides.exit())
}

/// Writes a matrix where a workflow finds it: in one line, behind what the file has already.
pub(in crate::cli) fn write_matrix(
    context: &Context,
    matrix: &Shown<'_>,
    file: Option<&Path>,
) -> Result<(), Failure> {
    let line = serde_json::to_string(matrix)?;
    let Some(path) = file else { return Ok(context.output.print(&line)?) };
    let file = OpenOptions::new().create(true).append(true).open(path);
    let written = file.and_then(|mut file| writeln!(file, "matrix={line}"));
    written.map_err(|error| unwritten(path, &error))
}
