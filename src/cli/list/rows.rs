//! How rows are written.

use globset::Glob;

use crate::cli::{Context, Failure, mistake};
use crate::model::desired::Component;
use crate::model::value::Value;
use crate::pattern::StackPattern;
use crate::report::describe::{Table, to_yaml};

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::cli) enum Style {
    /// Columns side by side.
    Table,
    /// YAML: a map for each row.
    Yaml,
    /// JSON: a map for each row.
    Json,
    /// Commas between cells.
    Csv,
    /// Tabs between cells.
    Tsv,
}

/// The same as options of a command.
#[derive(Debug, Clone, clap::Args)]
pub(in crate::cli) struct Rows {
    /// How to write them.
    #[arg(short, long, value_enum, default_value = "table")]
    pub(super) format: Style,
    #[command(flatten)]
    pub(super) choice: Choice,
}

/// Which cells, and in which order.
#[derive(Debug, Clone, Default, clap::Args)]
pub(in crate::cli) struct Choice {
    /// What stands between the cells of `csv` and `tsv`.
    #[arg(long, value_name = "TEXT")]
    delimiter: Option<String>,
    /// Only these columns, in this order: `Stack,Component`.
    #[arg(long, value_delimiter = ',', value_name = "NAMES")]
    columns: Vec<String>,
    /// Rows in the order of these columns: `Stack:asc,Component:desc`.
    #[arg(long, value_delimiter = ',', value_name = "ORDER")]
    sort: Vec<String>,
    /// Only rows whose cell fits: `Stack=*-prod`. May be given several times.
    #[arg(long, value_name = "COLUMN=GLOB")]
    filter: Vec<String>,
}

/// Which stacks are looked at.
#[derive(Debug, Clone, Default, clap::Args)]
pub(in crate::cli) struct Stacks {
    /// Only the stacks whose names fit this glob: `*-prod`.
    #[arg(short, long, value_name = "GLOB")]
    pub(super) stack: Option<StackPattern>,
}

/// Which components are looked at, by how they are marked.
#[derive(Debug, Clone, Default, clap::Args)]
pub(in crate::cli) struct Marked {
    /// Only components that have one of these `metadata.tags`.
    #[arg(long, value_delimiter = ',', value_name = "TAGS")]
    tags: Vec<String>,
    /// Only components that have all of these `metadata.labels`: `tier=1,team=net`.
    #[arg(long, value_delimiter = ',', value_name = "LABELS", value_parser = label)]
    labels: Vec<(String, String)>,
}

/// A label and its value, as `label=value` or `label:value`.
fn label(text: &str) -> Result<(String, String), String> {
    match text.split_once(['=', ':']) {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("write `label=value`".to_owned()),
    }
}

impl Marked {
    /// Whether it leaves anything out.
    pub(super) fn is_any(&self) -> bool {
        !self.tags.is_empty() || !self.labels.is_empty()
    }

    /// Whether `component` is marked so.
    pub(in crate::cli) fn has(&self, component: &Component) -> bool {
        let metadata = component.section("metadata");
        let of = |key: &str| metadata.and_then(|metadata| metadata.get(key));
        let tags = of("tags").and_then(Value::as_list).unwrap_or_default();
        let mut wanted = self.tags.iter();
        let is_tagged = self.tags.is_empty()
            || wanted.any(|tag| tags.iter().any(|one| one.as_str() == Some(tag.trim())));
        let labels = of("labels");
        let mut wanted = self.labels.iter();
        is_tagged
            && wanted.all(|(name, value)| {
                let label = labels.and_then(|labels| labels.get(name));
                label.and_then(Value::as_str) == Some(value)
            })
    }
}

/// What fits `glob`, which `option` says.
pub(super) fn fitting(option: &str, glob: &str) -> Result<impl Fn(&str) -> bool + use<>, Failure> {
    let glob = Glob::new(glob).map_err(|error| mistake(format!("{option}: {error}")))?;
    let glob = glob.compile_matcher();
    Ok(move |text: &str| glob.is_match(text))
}

impl Rows {
    pub(super) fn write(&self, context: &Context, table: Table) -> Result<(), Failure> {
        self.format.write(context, table, &self.choice)
    }
}

impl Choice {
    /// Whether anything is chosen that only rows have.
    pub(super) fn is_any(&self) -> bool {
        !self.columns.is_empty() || !self.sort.is_empty() || !self.filter.is_empty()
    }

    /// Leaves in `table` what is chosen.
    fn apply(&self, table: &mut Table) -> Result<(), Failure> {
        for text in &self.filter {
            let Some((name, glob)) = text.split_once(['=', ':']) else {
                return Err(mistake(format!("--filter: write `Column=glob`, not `{text}`")));
            };
            table.retain(name, fitting("--filter", glob)?).map_err(mistake)?;
        }
        for text in self.sort.iter().rev() {
            let (name, order) = text.rsplit_once(':').unwrap_or((text, "asc"));
            let descending = match order.trim() {
                "asc" | "ascending" => false,
                "desc" | "descending" => true,
                other => {
                    let what = format!("--sort: an order is `asc` or `desc`, not `{other}`");
                    return Err(mistake(what));
                }
            };
            table.sort(name, descending).map_err(mistake)?;
        }
        if !self.columns.is_empty() {
            table.pick(&self.columns).map_err(mistake)?;
        }
        Ok(())
    }
}

impl Style {
    /// Writes `table` to standard output.
    pub(super) fn write(
        self,
        context: &Context,
        mut table: Table,
        choice: &Choice,
    ) -> Result<(), Failure> {
        choice.apply(&mut table)?;
        let delimiter = choice.delimiter.as_deref();
        match self {
            _ if context.output.json => context.output.print_json(&table.shown())?,
            Self::Json => context.output.print_json(&table.shown())?,
            Self::Yaml => context.output.print(&to_yaml(&table.shown())?)?,
            Self::Table => context.output.print(&table.text())?,
            Self::Csv => context.output.print(&table.delimited(delimiter.unwrap_or(",")))?,
            Self::Tsv => context.output.print(&table.delimited(delimiter.unwrap_or("\t")))?,
        }
        Ok(())
    }
}
