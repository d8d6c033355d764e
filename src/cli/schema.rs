//! `isobar schema`

use super::{Context, Exit, Failure};
use crate::model::policy::{Reconcile, RepositoryPolicy};
use crate::schema;
use crate::settings::AgentSettings;
use crate::stacks;

/// Print the JSON Schema of a settings file, for editors and checks.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Which file or block.
    #[arg(default_value = "repository")]
    of: Of,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Of {
    /// `agent.yaml`: the agent's own settings.
    Agent,
    /// `isobar.yaml`: the repository's rules.
    Repository,
    /// `settings.reconcile` of a component.
    Reconcile,
    /// The manifests of stacks.
    Stacks,
}

pub(super) fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let schema = match args.of {
        Of::Agent => schema::of::<AgentSettings>(),
        Of::Repository => schema::of::<RepositoryPolicy>(),
        Of::Reconcile => schema::of::<Reconcile>(),
        Of::Stacks => stacks::manifest_schema(),
    };
    context.output.print_json(&schema)?;
    Ok(Exit::Done)
}
