//! How rows are written.

use globset::Glob;

use crate::cli::{Context, Failure, mistake};
use crate::pattern::StackPattern;
use crate::report::describe::Table;

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
            let glob = Glob::new(glob).map_err(|error| mistake(format!("--filter: {error}")))?;
            let glob = glob.compile_matcher();
            table.retain(name, |cell| glob.is_match(cell)).map_err(mistake)?;
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
            Self::Yaml => context.output.print(&serde_yaml::to_string(&table.shown())?)?,
            Self::Table => context.output.print(&table.text())?,
            Self::Csv => context.output.print(&table.delimited(delimiter.unwrap_or(",")))?,
            Self::Tsv => context.output.print(&table.delimited(delimiter.unwrap_or("\t")))?,
        }
        Ok(())
    }
}
