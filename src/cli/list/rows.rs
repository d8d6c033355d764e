//! How rows are written.

use crate::cli::{Context, Failure};
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
    #[arg(long, value_enum, default_value = "table")]
    pub(super) format: Style,
    /// What stands between the cells of `csv` and `tsv`.
    #[arg(long, value_name = "TEXT")]
    pub(super) delimiter: Option<String>,
}

/// Which stacks are looked at.
#[derive(Debug, Clone, Default, clap::Args)]
pub(in crate::cli) struct Stacks {
    /// Only the stacks whose names fit this glob: `*-prod`.
    #[arg(short, long, value_name = "GLOB")]
    pub(super) stack: Option<StackPattern>,
}

impl Rows {
    pub(super) fn write(&self, context: &Context, table: &Table) -> Result<(), Failure> {
        self.format.write(context, table, self.delimiter.as_deref())
    }
}

impl Style {
    /// Writes `table` to standard output.
    pub(super) fn write(
        self,
        context: &Context,
        table: &Table,
        delimiter: Option<&str>,
    ) -> Result<(), Failure> {
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
