//! `isobar approve`

use std::collections::BTreeSet;

use super::workspace::Workspace;
use super::{Context, Exit, Failure, mistake};
use crate::ids::{Actor, ResourceKey, StackName};
use crate::model::authority::Approval;
use crate::model::plan::Plan;
use crate::model::revision::Revision;
use crate::report;
use crate::settings;

/// Approve a plan by its digest: exactly that may then be applied, once.
///
/// For plans that no pull request shows: the first start, a direct push. `isobar status` names
/// the digests.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The stack.
    #[arg(required_unless_present = "all")]
    stack: Option<String>,
    /// Its plan's digest, or the beginning of it: what you approve is what you have seen.
    #[arg(required_unless_present = "all")]
    digest: Option<String>,
    /// Approve what every stack waits for now, and list the digests.
    #[arg(long, conflicts_with_all = ["stack", "digest", "allow_delete"])]
    all: bool,
    /// A resource that may be deleted or replaced although a guard holds it.
    #[arg(long, value_name = "RESOURCE")]
    allow_delete: Vec<String>,
    #[command(flatten)]
    by: By,
}

/// In whose name.
#[derive(Debug, clap::Args)]
pub(super) struct By {
    /// In whose name; by default yours, as `$USER` has it.
    #[arg(long = "as", value_name = "USER")]
    user: Option<String>,
}

/// Digits of a digest that a person has to type: a coincidence is one in 4 billion.
const DIGITS_MIN: usize = 8;

pub(super) async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let workspace = Workspace::open(context)?;
    let store = workspace.store(context).await?;
    let by = args.by.actor()?;
    let overrides = resources(&args.allow_delete)?;
    let mut plans = Vec::new();
    for stack in store.stacks_known(&workspace.scope).await? {
        plans.extend(store.latest_plans(&workspace.scope, &stack).await?);
    }
    let chosen = choose(args, plans)?;
    let now = context.world.clock.now();
    let mut tx = store.begin().await?;
    for plan in &chosen {
        let approval = Approval::of(plan.digest(), by.clone(), now);
        let approval = Approval { overrides: overrides.clone(), ..approval };
        tx.approve(&workspace.scope, &approval).await?;
    }
    tx.commit().await?;
    match context.output.json {
        true => context.output.print_json(&report::json::approved(&chosen, &by))?,
        false => context.output.print(&report::terminal::approved(&chosen, &by))?,
    }
    Ok(Exit::Done)
}

/// The resources that may go although a guard holds them.
pub(super) fn resources(named: &[String]) -> Result<BTreeSet<ResourceKey>, Failure> {
    named.iter().map(ResourceKey::new).collect::<Result<_, _>>().map_err(mistake)
}

fn choose(args: &Args, plans: Vec<Plan>) -> Result<Vec<Plan>, Failure> {
    let (Some(stack), Some(digest)) = (&args.stack, &args.digest) else {
        let waits = |plan: &Plan| !plan.is_empty() && !of_folder(plan);
        return Ok(plans.into_iter().filter(waits).collect());
    };
    let stack = StackName::new(stack).map_err(mistake)?;
    let digits = digest.strip_prefix("v1:").unwrap_or(digest);
    if digits.len() < DIGITS_MIN {
        return Err(mistake(format!("give at least {DIGITS_MIN} digits of the digest")));
    }
    let (mut plans, begins) = (plans, format!("v1:{digits}"));
    plans.retain(|plan| plan.effect().stack == stack);
    if let Some(plan) = plans.iter().find(|plan| plan.digest().to_string().starts_with(&begins)) {
        return match of_folder(plan) {
            false => Ok(vec![plan.clone()]),
            true => Err(mistake(format!(
                "this is the plan of a folder as it stands, which whoever applies it approves: \
                 `isobar apply --local {stack}`"
            ))),
        };
    }
    let Some(plan) = plans.first() else {
        return Err(mistake(format!(
            "nothing was planned for `{stack}` yet; `isobar status` says what was"
        )));
    };
    Err(mistake(format!(
        "the plan of `{stack}` is {} by now: look at it again before you approve it",
        plan.digest().short()
    )))
}

/// Whether nobody but the folder it was made of has what it is about.
const fn of_folder(plan: &Plan) -> bool {
    matches!(plan.envelope.revision, Revision::Folder(_))
}

impl By {
    /// Whether the command line says who.
    pub(super) const fn is_named(&self) -> bool {
        self.user.is_some()
    }

    /// Who that is. Two people of whom nobody says it would be one.
    pub(super) fn actor(&self) -> Result<Actor, Failure> {
        let named = self.user.clone().or_else(user);
        let named =
            named.ok_or_else(|| mistake("nobody says who you are: name yourself by --as"))?;
        Actor::new(named).map_err(mistake)
    }
}

/// Who runs the command, if the environment says it.
fn user() -> Option<String> {
    settings::variable("USER").filter(|user| !user.is_empty())
}
