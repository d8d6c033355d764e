//! `isobar describe affected`

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use super::{Evaluated, Format, Part, exit, shown, unwritten};
use crate::cli::list::Marked;
use crate::cli::workspace::{Findings, Workspace, stack_among, unread};
use crate::cli::{Context, Exit, Failure, mistake};
use crate::ids::StackName;
use crate::model::affected::{Affected, Cause};
use crate::model::desired::{Component, Desired};
use crate::report::describe::{self, Include, Shown};
use crate::source::{self, Snapshot};
use crate::stacks::{Comparison, Selection};

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
    marked: Marked,
    #[command(flatten)]
    evaluated: Evaluated,
}

/// Two trees, compared.
pub(in crate::cli) struct Sides {
    /// What differs, sorted by component.
    all: Vec<(Component, Vec<Cause>)>,
    /// The stacks of the newer one, and of the older one.
    names: [BTreeSet<StackName>; 2],
    /// What the newer one asks for: all of it only where that is wanted.
    after: ManuallyDrop<Desired>,
    exit: Exit,
}

impl Compared {
    /// Whether those that depend on what differs are wanted too.
    pub(in crate::cli) fn with_dependents(&self) -> bool {
        self.include_dependents == Some(true)
    }

    /// The newer tree, and the older one.
    fn trees(&self, context: &Context) -> Result<(Snapshot, Snapshot), Failure> {
        let at = |revision: &str| Workspace::commit(context, revision);
        let new = match &self.head {
            Some(revision) => at(revision)?,
            None => Workspace::tree(context)?,
        };
        let old = match (&self.repo_path, self.sha.as_ref().or(self.r#ref.as_ref())) {
            (Some(folder), _) => {
                let tree = source::folder_snapshot(folder).map_err(unread)?;
                tree.to_be_read(context.said.clone())
            }
            (None, Some(revision)) => at(revision)?,
            (None, None) => at(BASE).map_err(|_| {
                mistake(format!("there is no {BASE}: name what to compare with, `--ref main`"))
            })?,
        };
        Ok((new, old))
    }
}

impl Sides {
    /// Compares both; what is wrong with the newer one is shown.
    pub(in crate::cli) fn new(context: &Context, compared: &Compared) -> Result<Self, Failure> {
        let selection = Selection {
            evaluation: compared.evaluated.evaluation(false),
            unexplained: true,
            ..Selection::default()
        };
        let (new, old) = compared.trees(context)?;
        let comparison = Comparison::of(&old, &new);
        let mut both = Workspace::both(context, [&new, &old], &selection)?;
        let compare = |[head, base]: [&Desired; 2]| {
            let names = [head, base].map(|side| side.stacks.keys().next().cloned());
            (owned(comparison.affected(base, head)), names)
        };
        // What depends on what differs is found among all that there is.
        let pairs = match compared.with_dependents() {
            true => None,
            false => both.pairs(context, compare),
        };
        if let Some((made, [found, _])) = pairs {
            let all = Findings::among(found.diagnostics.clone(), &new);
            all.and_of(&found.files).show(context);
            let exit = exit(found.tree.iter().chain(&found.diagnostics));
            let after = Desired { layout: both.layout().clone(), ..Desired::default() };
            let (mut all, mut names) = (Vec::new(), <[BTreeSet<_>; 2]>::default());
            for (affected, stacks) in made {
                all.extend(affected);
                names.iter_mut().zip(stacks).for_each(|(names, stack)| names.extend(stack));
            }
            return Ok(Self { all, names, after: ManuallyDrop::new(after), exit });
        }
        let [head, base] = both.whole(context);
        shown(context, &new, &head);
        let exit = exit(head.tree.iter().chain(&head.desired.diagnostics));
        let all = owned(comparison.affected(&base.desired, &head.desired));
        let names = [&head, &base].map(|side| side.desired.stacks.keys().cloned().collect());
        let after = ManuallyDrop::new(ManuallyDrop::into_inner(head).desired);
        Ok(Self { all, names, after, exit })
    }

    /// What the newer one asks for. What does not differ is in it only with those that depend on what
    /// does.
    pub(in crate::cli) fn after(&self) -> &Desired {
        &self.after
    }

    /// What differs of what is wanted.
    pub(in crate::cli) fn affected(
        &self,
        compared: &Compared,
    ) -> Result<Vec<Affected<'_>>, Failure> {
        let all = self
            .all
            .iter()
            .map(|(component, causes)| Affected { component, causes: causes.clone() });
        let mut all: Vec<_> = all.collect();
        if let Some(stack) = &compared.stack {
            let [after, before] = &self.names;
            let known = stack_among(after, stack).or_else(|_| stack_among(before, stack))?;
            all.retain(|one| one.component.id.stack == known);
        }
        if compared.exclude_locked == Some(true) {
            all.retain(|one| !one.component.locked);
        }
        all.retain(|one| compared.marked.has(one.component));
        Ok(all)
    }

    /// How a command about them ends.
    pub(in crate::cli) fn exit(&self) -> Exit {
        self.exit
    }
}

/// The same, held by itself.
fn owned(all: Vec<Affected<'_>>) -> Vec<(Component, Vec<Cause>)> {
    all.into_iter().map(|one| (one.component.clone(), one.causes)).collect()
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
