//! `isobar describe`

mod affected;
mod component;
mod dependents;
mod stacks;

use std::fs::File;
use std::io::Write;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::workspace::{Findings, Workspace};
use super::{Context, Exit, Failure, mistake};
use crate::diagnostic::Diagnostic;
use crate::source::Snapshot;
use crate::stacks::{Evaluation, Resolution, Selection};

/// Show what the repository resolves to, as Atmos does.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    Affected(affected::Args),
    Stacks(stacks::Args),
    Component(component::Args),
    Dependents(dependents::Args),
}

/// What is done with templates and functions.
#[derive(Debug, Clone, clap::Args)]
struct Evaluated {
    /// Whether templates in values are rendered.
    #[arg(long, default_value = "true", default_missing_value = "true", num_args = 0..=1, require_equals = true, value_name = "BOOL", action = clap::ArgAction::Set)]
    process_templates: bool,
    /// Whether functions in values are called.
    #[arg(long, default_value = "true", default_missing_value = "true", num_args = 0..=1, require_equals = true, value_name = "BOOL", action = clap::ArgAction::Set)]
    process_functions: bool,
    /// A function that is not called: `terraform.output`. May be given several times.
    #[arg(long, value_delimiter = ',', value_name = "FUNCTION")]
    skip: Vec<String>,
}

/// Where the answer goes, and how it is written.
#[derive(Debug, Clone, clap::Args)]
struct Written {
    /// How to write it.
    #[arg(short, long, value_enum, default_value = "yaml")]
    format: Format,
    /// Write it to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

/// How values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Format {
    /// YAML.
    Yaml,
    /// JSON.
    Json,
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    match args {
        Args::Affected(args) => affected::run(context, args),
        Args::Stacks(args) => stacks::run(context, args),
        Args::Component(args) => component::run(context, args),
        Args::Dependents(args) => dependents::run(context, args),
    }
}

impl Evaluated {
    /// The same for values `listing` as they are in a list of stacks, or by themselves.
    fn evaluation(&self, listing: bool) -> Evaluation {
        let skip = self.skip.iter().map(|name| name.trim_start_matches('!').into());
        Evaluation {
            templates: self.process_templates,
            functions: self.process_functions,
            skip: skip.collect(),
            listing,
        }
    }
}

impl Format {
    /// Writes `answer` to standard output.
    pub(super) fn write(self, context: &Context, answer: &impl Serialize) -> Result<(), Failure> {
        match context.output.json || self == Self::Json {
            true => context.output.print_json(answer)?,
            false => context.output.print(&serde_yaml::to_string(answer)?)?,
        }
        Ok(())
    }

    fn text(self, context: &Context, answer: &impl Serialize) -> Result<String, Failure> {
        Ok(match context.output.json || self == Self::Json {
            true => serde_json::to_string_pretty(answer)? + "\n",
            false => serde_yaml::to_string(answer)?,
        })
    }
}

impl Written {
    /// Where JSON goes, if that is wanted.
    fn json(&self, context: &Context) -> Result<Option<Box<dyn Write + Send>>, Failure> {
        match (context.output.json || self.format == Format::Json, &self.file) {
            (false, _) => Ok(None),
            (true, None) => Ok(Some(Box::new(std::io::stdout()))),
            (true, Some(path)) => match File::create(path) {
                Ok(file) => Ok(Some(Box::new(file))),
                Err(error) => Err(unwritten(path, &error)),
            },
        }
    }

    fn write(&self, context: &Context, answer: &impl Serialize) -> Result<(), Failure> {
        let Some(path) = &self.file else { return self.format.write(context, answer) };
        std::fs::write(path, self.format.text(context, answer)?)
            .map_err(|error| unwritten(path, &error))
    }
}

fn unwritten(path: &Path, error: &std::io::Error) -> Failure {
    mistake(format!("{} cannot be written: {error}", path.display()))
}

/// What the folder resolves to; what is wrong with it is shown.
///
/// It is never given back: a command ends soon after it, and freeing a million values would take
/// as long as making them.
pub(super) fn resolved(
    context: &Context,
    selection: &Selection,
) -> Result<ManuallyDrop<Resolution>, Failure> {
    let snapshot = Workspace::folder(context)?;
    Ok(resolved_of(context, &snapshot, selection))
}

/// The same for any tree.
fn resolved_of(
    context: &Context,
    snapshot: &Snapshot,
    selection: &Selection,
) -> ManuallyDrop<Resolution> {
    let resolution = Workspace::evaluated(context, snapshot, selection);
    Findings::among(resolution.desired.diagnostics.clone(), snapshot).show(context);
    ManuallyDrop::new(resolution)
}

/// How a command ends that has `wrong` in its way. What could be resolved was shown all the same.
pub(super) fn exit<'d>(wrong: impl IntoIterator<Item = &'d Diagnostic>) -> Exit {
    match wrong.into_iter().any(Diagnostic::is_error) {
        true => Exit::Mistake,
        false => Exit::Done,
    }
}
