//! `isobar list`

mod affected;
mod dependencies;
mod elsewhere;
mod rows;
mod sources;
mod values;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use clap::builder::PossibleValue;
use serde_json::{Value as Json, json};

use super::describe::affected::write_matrix;
use super::describe::{Evaluated, exit, resolved};
use super::workspace::{Findings, Workspace, unknown};
use super::{Context, Exit, Failure, mistake};
use crate::diagnostic::{Code, Diagnostic, closest};
use crate::ids::{ComponentName, StackName};
use crate::model::desired::{Component, Presence, Stack};
use crate::report::describe::{
    Table, component_rows, instance_rows, matrix, metadata_rows, stack_rows, vendor_rows,
    workflow_rows,
};
use crate::source::Snapshot;
use crate::stacks::{self, Resolution, Selection, Written};
use elsewhere::Elsewhere;
pub(super) use rows::Marked;
use rows::{Choice, Rows, Stacks, Style};

/// What is listed.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Args {
    /// The stacks, a line each.
    Stacks {
        /// Only those that have a component of this name.
        #[arg(short, long, value_name = "NAME")]
        component: Option<String>,
        /// Rows as Atmos has them, written like this.
        #[arg(short, long, value_enum)]
        format: Option<Style>,
        #[command(flatten)]
        choice: Choice,
        #[command(flatten)]
        marked: Marked,
        #[command(flatten)]
        evaluated: Evaluated,
        #[command(flatten)]
        elsewhere: Elsewhere,
    },
    /// The components, a line each: `stack/kind/name`.
    Components {
        #[command(flatten)]
        stacks: Stacks,
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        marked: Marked,
        #[command(flatten)]
        evaluated: Evaluated,
        #[command(flatten)]
        elsewhere: Elsewhere,
        /// Rows as Atmos has them, written like this: names with the number of their stacks.
        #[arg(short, long, value_enum)]
        format: Option<Style>,
        #[command(flatten)]
        choice: Choice,
    },
    /// Which component is in which stack.
    Instances {
        #[command(flatten)]
        stacks: Stacks,
        /// How to write them.
        #[arg(short, long, value_enum, default_value = "table")]
        format: Instances,
        /// A file to add `matrix=...` to, such as `$GITHUB_OUTPUT`, instead of standard output.
        #[arg(short, long, value_name = "FILE")]
        output_file: Option<PathBuf>,
        #[command(flatten)]
        choice: Choice,
        #[command(flatten)]
        evaluated: Evaluated,
        #[command(flatten)]
        elsewhere: Elsewhere,
    },
    /// What components say about themselves.
    Metadata {
        #[command(flatten)]
        stacks: Stacks,
        #[command(flatten)]
        evaluated: Evaluated,
        #[command(flatten)]
        rows: Rows,
    },
    /// Which components differ from another revision, and why.
    Affected(affected::Args),
    /// What components depend on, and what depends on them.
    #[command(alias = "deps")]
    Dependencies(dependencies::Args),
    /// Where the code of components comes from that say a `source`. Isobar pulls none of it.
    Sources(sources::Args),
    /// One component side by side in all its stacks.
    Values(values::ValuesArgs),
    /// Its `vars`.
    Vars(values::Args),
    /// Its `settings`.
    Settings(values::Args),
    /// The workflows. Isobar runs none of them.
    Workflows {
        /// Only those of this file, from the folder of the workflows.
        #[arg(long, value_name = "FILE")]
        file: Option<String>,
        /// How to write them.
        #[arg(short, long, value_enum, default_value = "table")]
        format: Style,
        #[command(flatten)]
        choice: Choice,
    },
    /// What manifests of vendoring name. Isobar pulls none of it.
    Vendor {
        /// Only those whose names fit this glob: of components, as in Atmos.
        #[arg(short, long, value_name = "GLOB")]
        stack: Option<String>,
        /// Only those with one of these tags.
        #[arg(long, value_delimiter = ',', value_name = "TAGS")]
        tags: Vec<String>,
        #[command(flatten)]
        rows: Rows,
    },
}

/// Which components are listed.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Which {
    /// Abstract components too: those that only exist to be inherited from.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    r#abstract: Option<bool>,
    /// Only those of this type, whatever `--abstract` says.
    #[arg(short, long, value_enum)]
    r#type: Option<Type>,
    /// Only those that are enabled; with `=false` those that are not.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    enabled: Option<bool>,
    /// Only those that are locked; with `=false` those that are not.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    locked: Option<bool>,
}

/// What a component is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Type {
    /// To be applied.
    Real,
    /// To be inherited from.
    Abstract,
    /// Either.
    All,
}

impl Which {
    fn has(&self, component: &Component) -> bool {
        let is_abstract = component.presence == Presence::Abstract;
        let fits = match self.r#type {
            Some(Type::All) => true,
            Some(one) => is_abstract == (one == Type::Abstract),
            None => self.r#abstract == Some(true) || !is_abstract,
        };
        let metadata = component.section("metadata");
        let enabled = metadata.and_then(|metadata| metadata.get("enabled")?.as_bool());
        let is = |wanted: Option<bool>, is: bool| wanted.is_none_or(|wanted| wanted == is);
        fits && is(self.enabled, enabled != Some(false)) && is(self.locked, component.locked)
    }
}

/// How instances are written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Instances {
    Rows(Style),
    Matrix,
}

impl ValueEnum for Instances {
    fn value_variants<'a>() -> &'a [Self] {
        use Style::{Csv, Json, Table, Tsv, Yaml};
        const ALL: &[Instances] = &[
            Instances::Rows(Table),
            Instances::Rows(Yaml),
            Instances::Rows(Json),
            Instances::Rows(Csv),
            Instances::Rows(Tsv),
            Instances::Matrix,
        ];
        ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Rows(style) => style.to_possible_value(),
            Self::Matrix => {
                let about = "JSON for the matrix of a job in GitHub's workflows";
                Some(PossibleValue::new("matrix").help(about))
            }
        }
    }
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    match args {
        Args::Stacks { component, format, choice, marked, evaluated, elsewhere } => {
            elsewhere.refuse()?;
            let only = Only { component: component.as_deref(), marked };
            stacks(context, only, evaluated, as_rows(*format, choice), choice)
        }
        Args::Components { stacks, which, marked, evaluated, elsewhere, format, choice } => {
            elsewhere.refuse()?;
            let all = listed(&Stacks::default(), evaluated);
            let resolution = resolved(context, &all)?;
            let fits = |one: &Component| which.has(one) && marked.has(one);
            components(context, &resolution, stacks, fits, as_rows(*format, choice), choice)
        }
        Args::Affected(args) => affected::run(context, args),
        Args::Dependencies(args) => dependencies::run(context, args),
        Args::Sources(args) => sources::run(context, args),
        Args::Instances { stacks, format, output_file, choice, evaluated, elsewhere } => {
            elsewhere.refuse()?;
            let resolution = resolved(context, &listed(stacks, evaluated))?;
            let file = output_file.as_deref();
            instances(context, &resolution, (*format, file), choice)
        }
        Args::Metadata { stacks, evaluated, rows } => {
            let resolution = resolved(context, &listed(stacks, evaluated))?;
            rows.write(context, metadata_rows(resolution.desired.components()))?;
            Ok(exit(listing(&resolution)))
        }
        Args::Values(args) => values::run(context, &args.args, args.part()),
        Args::Vars(args) => values::run(context, args, Some(".vars")),
        Args::Settings(args) => values::run(context, args, Some(".settings")),
        Args::Workflows { file, format, choice } => {
            let snapshot = Workspace::tree(context)?;
            let files = stacks::workflows(&snapshot);
            let mut table = workflow_rows(&files.value);
            let is_it = |found: &String| file.as_ref().is_none_or(|file| found == file);
            table.rows.retain(|row| row.first().is_some_and(is_it));
            if let (Some(file), true) = (file, table.rows.is_empty()) {
                return Err(mistake(format!("there is no workflow in a file `{file}`")));
            }
            let rows = Rows { format: *format, choice: choice.clone() };
            written(context, &files, &snapshot, &rows, table)
        }
        Args::Vendor { stack, tags, rows } => {
            let snapshot = Workspace::tree(context)?;
            let files = stacks::vendored(&snapshot);
            let mut table = vendor_rows(&files.value);
            if let Some(glob) = stack {
                table.retain("Component", rows::fitting("--stack", glob)?).map_err(mistake)?;
            }
            if !tags.is_empty() {
                let has = |cell: &str| cell.split(", ").any(|tag| tags.iter().any(|it| it == tag));
                table.retain("Tags", has).map_err(mistake)?;
            }
            written(context, &files, &snapshot, rows, table)
        }
    }
}

fn instances(
    context: &Context,
    resolution: &Resolution,
    (format, file): (Instances, Option<&Path>),
    choice: &Choice,
) -> Result<Exit, Failure> {
    let desired = &resolution.desired;
    match (format, file) {
        (Instances::Rows(_), Some(_)) => {
            return Err(mistake("--output-file goes with --format matrix"));
        }
        (Instances::Rows(style), None) => {
            style.write(context, instance_rows(desired.components()), choice)?;
        }
        (Instances::Matrix, file) => {
            let active = desired.components().filter(|one| one.presence == Presence::Active);
            write_matrix(context, &matrix(active, &desired.layout), file)?;
        }
    }
    Ok(exit(listing(resolution)))
}

fn written(
    context: &Context,
    files: &Written,
    snapshot: &Snapshot,
    rows: &Rows,
    table: Table,
) -> Result<Exit, Failure> {
    Findings::among(files.found.clone(), snapshot).show(context);
    rows.write(context, table)?;
    Ok(exit(&files.found))
}

/// The style of rows that were asked for: what only rows have asks for a table.
fn as_rows(format: Option<Style>, choice: &Choice) -> Option<Style> {
    format.or(choice.is_any().then_some(Style::Table))
}

/// The stacks of which components are listed: those that have one that is called so and marked so.
#[derive(Clone, Copy)]
struct Only<'a> {
    component: Option<&'a str>,
    marked: &'a Marked,
}

impl Only<'_> {
    fn is_any(&self) -> bool {
        self.component.is_some() || self.marked.is_any()
    }

    fn has(&self, stack: &Stack) -> bool {
        let called = |name: &ComponentName| self.component.is_none_or(|one| name.as_str() == one);
        let fits = |one: &Component| called(&one.id.name) && self.marked.has(one);
        !self.is_any() || stack.components.values().any(fits)
    }
}

fn stacks(
    context: &Context,
    only: Only<'_>,
    evaluated: &Evaluated,
    format: Option<Style>,
    choice: &Choice,
) -> Result<Exit, Failure> {
    // A line for a name needs no more than the name.
    let only_named = format.is_none() && !only.is_any() && !context.output.json;
    let selection = Selection { only_named, ..listed(&Stacks::default(), evaluated) };
    let mut resolution = resolved(context, &selection)?;
    if let Some(name) = only.component {
        let names = resolution.desired.components().map(|one| one.id.name.as_str());
        let names: BTreeSet<_> = names.map(str::to_owned).collect();
        if !names.contains(name) {
            let known = names.iter().map(String::as_str);
            return Err(unknown("component", name, closest(name, known)));
        }
    }
    resolution.desired.stacks.retain(|_, stack| only.has(stack));
    let desired = &resolution.desired;
    if let Some(format) = format {
        format.write(context, stack_rows(desired), choice)?;
        return Ok(exit(listing(&resolution)));
    }
    let lines: Vec<_> = desired.stacks.keys().map(ToString::to_string).collect();
    print(context, &lines, desired.stacks.values().map(|stack| stack_json(stack)))?;
    Ok(exit(listing(&resolution)))
}

fn components(
    context: &Context,
    resolution: &Resolution,
    stacks: &Stacks,
    is_wanted: impl Fn(&Component) -> bool,
    format: Option<Style>,
    choice: &Choice,
) -> Result<Exit, Failure> {
    let desired = &resolution.desired;
    let fits = |name: &StackName| stacks.stack.as_ref().is_none_or(|stack| stack.fits(name));
    if let Some(stack) = stacks.stack.as_ref().filter(|_| !desired.stacks.keys().any(fits)) {
        let known = desired.stacks.keys().map(StackName::as_str);
        return Err(unknown("stack", stack.as_str(), closest(stack.as_str(), known)));
    }
    let listed = |component: &&Component| fits(&component.id.stack) && is_wanted(component);
    let components: Vec<_> = desired.components().filter(listed).collect();
    if let Some(format) = format {
        format.write(context, component_rows(components.into_iter()), choice)?;
        return Ok(exit(listing(resolution)));
    }
    let lines: Vec<_> = components.iter().map(|one| one.id.to_string()).collect();
    print(context, &lines, components.into_iter().map(component_json))?;
    Ok(exit(listing(resolution)))
}

/// What a list is made of.
fn listed(stacks: &Stacks, evaluated: &Evaluated) -> Selection {
    let (stacks, evaluation) = (stacks.stack.iter().cloned().collect(), evaluated.evaluation(true));
    Selection { stacks, evaluation, unlinked: true, named_by_file: true, ..Selection::default() }
}

/// What is wrong, so that a list is not what it should be.
fn listing(resolution: &Resolution) -> impl Iterator<Item = &Diagnostic> {
    // Which of two components is meant does not matter to a list.
    let all = resolution.tree.iter().chain(&resolution.desired.diagnostics);
    all.filter(|found| found.code != Code::StackDuplicate)
}

fn print(
    context: &Context,
    lines: &[String],
    rows: impl Iterator<Item = Json>,
) -> Result<(), Failure> {
    match context.output.json {
        true => context.output.print_json(&rows.collect::<Vec<_>>())?,
        false if lines.is_empty() => {}
        false => context.output.print(&lines.join("\n"))?,
    }
    Ok(())
}

fn stack_json(stack: &Stack) -> Json {
    json!({
        "name": stack.name,
        "manifests": stack.manifests,
        "target": stack.target,
        "components": stack.components.len(),
        "unresolved": stack.unresolved.len(),
    })
}

fn component_json(component: &Component) -> Json {
    let presence = match component.presence {
        Presence::Active => "active",
        Presence::Disabled => "disabled",
        Presence::Abstract => "abstract",
    };
    json!({
        "id": component.id.to_string(),
        "stack": component.id.stack,
        "kind": component.id.kind,
        "component": component.id.name,
        "presence": presence,
        "locked": component.locked,
        "inheritance": component.inheritance,
        "dependencies": component.dependencies.iter().map(|d| d.on.to_string()).collect::<Vec<_>>(),
    })
}
