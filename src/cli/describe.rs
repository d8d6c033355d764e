//! `isobar describe`

pub(super) mod affected;
mod component;
mod config;
mod dependents;
mod locals;
mod stacks;
mod workflows;

use std::fs::File;
use std::io::Write;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::workspace::{Findings, Workspace};
use super::{Context, Exit, Failure, mistake};
use crate::diagnostic::{Code, Diagnostic, Position, Span};
use crate::model::query::{Query, QueryError};
use crate::report::describe::{Form, Shown, to_yaml};
use crate::source::Snapshot;
use crate::stacks::{Evaluation, Resolution, Selection};

/// What is shown.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    Affected(affected::Args),
    Stacks(stacks::Args),
    Component(component::Args),
    #[command(alias = "dependants")]
    Dependents(dependents::Args),
    Config(config::Args),
    Locals(locals::Args),
    Workflows(workflows::Args),
}

/// What is done with templates and functions.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Evaluated {
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
    #[command(flatten)]
    part: Part,
}

/// Which part of the answer is wanted, and where it goes.
#[derive(Debug, Clone, clap::Args)]
struct Part {
    /// Only what this yq expression finds in it: `.vars.zones[0]`.
    #[arg(short, long, value_name = "EXPRESSION")]
    query: Option<String>,
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
        // Among those who work, so that no step of so short a work waits for another thread.
        Args::Component(args) => rayon::scope(|_| component::run(context, args)),
        Args::Dependents(args) => dependents::run(context, args),
        Args::Config(args) => config::run(context, args),
        Args::Locals(args) => locals::run(context, args),
        Args::Workflows(args) => workflows::run(context, args),
    }
}

impl Evaluated {
    /// The same for values `listing` as they are in a list of stacks, or by themselves.
    pub(super) fn evaluation(&self, listing: bool) -> Evaluation {
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
            false => context.output.print(&to_yaml(answer)?)?,
        }
        Ok(())
    }

    fn text(self, context: &Context, answer: &impl Serialize) -> Result<String, Failure> {
        Ok(match context.output.json || self == Self::Json {
            true => serde_json::to_string_pretty(answer)? + "\n",
            false => to_yaml(answer)?,
        })
    }
}

impl Written {
    /// How it is written while it is made, which is where all of it is wanted.
    fn form(&self, context: &Context) -> Option<Form> {
        let form = match context.output.json || self.format == Format::Json {
            true => Form::Json,
            false => Form::Yaml,
        };
        self.part.query.is_none().then_some(form)
    }

    /// Where it goes.
    fn stream(&self) -> Result<Box<dyn Write + Send>, Failure> {
        match &self.part.file {
            None => Ok(Box::new(std::io::stdout())),
            Some(path) => match File::create(path) {
                Ok(file) => Ok(Box::new(file)),
                Err(error) => Err(unwritten(path, &error)),
            },
        }
    }

    fn write(&self, context: &Context, answer: &Shown<'_>) -> Result<(), Failure> {
        self.part.write(context, self.format, answer)
    }
}

impl Part {
    fn write(&self, context: &Context, format: Format, answer: &Shown<'_>) -> Result<(), Failure> {
        let found = match &self.query {
            Some(text) => {
                let query = parsed(text)?;
                Some(query.one(&answer.value()).map_err(|error| no_query(text, error))?)
            }
            None => None,
        };
        let answer = found.as_ref().map_or_else(|| answer.clone(), Shown::Value);
        let Some(path) = &self.file else { return format.write(context, &answer) };
        std::fs::write(path, format.text(context, &answer)?)
            .map_err(|error| unwritten(path, &error))
    }
}

/// The query that `text` is.
pub(super) fn parsed(text: &str) -> Result<Query, Failure> {
    Query::parse(text).map_err(|error| no_query(text, error))
}

/// What is wrong with the query `text`, shown in it.
pub(super) fn no_query(text: &str, error: QueryError) -> Failure {
    const PLACE: &str = "--query";
    let from = error.at.unwrap_or(0).min(text.len());
    let to = if error.at.is_some() { from } else { text.len() };
    let position = |at: usize| {
        let column = text[..at].chars().count() + 1;
        Position { line: 1, column: u32::try_from(column).unwrap_or(u32::MAX) }
    };
    let span = Span { file: PLACE.into(), start: position(from), end: position(to) };
    let found = Diagnostic {
        hint: error.hint,
        ..Diagnostic::error(Code::QueryInvalid, span, error.message)
    };
    let texts = [(PLACE.into(), text.into())].into_iter().collect();
    Failure::Found(Findings { diagnostics: vec![found], texts }, None)
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
    let snapshot = Workspace::tree(context)?;
    resolved_of(context, &snapshot, selection)
}

/// The same for any tree.
fn resolved_of(
    context: &Context,
    snapshot: &Snapshot,
    selection: &Selection,
) -> Result<ManuallyDrop<Resolution>, Failure> {
    let resolution = Workspace::evaluated(context, snapshot, selection)?;
    shown(context, snapshot, &resolution);
    Ok(ManuallyDrop::new(resolution))
}

/// Shows what is wrong with a tree.
fn shown(context: &Context, snapshot: &Snapshot, resolution: &Resolution) {
    let found = Findings::among(resolution.desired.diagnostics.clone(), snapshot);
    found.and_of(&resolution.desired.files).show(context);
}

/// How a command ends that has `wrong` in its way. What could be resolved was shown all the same.
pub(super) fn exit<'d>(wrong: impl IntoIterator<Item = &'d Diagnostic>) -> Exit {
    match wrong.into_iter().any(Diagnostic::is_error) {
        true => Exit::Mistake,
        false => Exit::Done,
    }
}
