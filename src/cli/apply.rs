//! `isobar apply`

use std::io::{BufRead as _, IsTerminal as _};
use std::sync::Arc;

use super::workspace::Workspace;
use super::{Context, Exit, Failure, approve, mistake};
use crate::ids::Actor;
use crate::model::authority::Approval;
use crate::model::outcome::Outcome;
use crate::model::plan::Plan;
use crate::model::review::Review;
use crate::reconcile::{Agent, Current, Ended, Reach, Repository, Wanted, reconcile};
use crate::report;
use crate::settings;
use crate::source::Tip;

/// Apply what is approved, once. With --local, what this folder says.
///
/// Does one round of what `isobar serve` does: fetches the branch, plans every stack, and applies
/// exactly what somebody has approved. With --local it plans the folder as it stands, shows the
/// plan, and takes your yes as the approval of its digests.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only the stacks that fit one of these patterns: `fnx-*`.
    stacks: Vec<String>,
    /// Apply the folder as it stands, to targets that no agent holds.
    #[arg(long)]
    local: bool,
    /// With --local: approve without being asked.
    #[arg(long, requires = "local")]
    yes: bool,
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let workspace = Workspace::open(context)?;
    let settings = (*workspace.settings).clone();
    let unavailable = |error| Failure::Other(Exit::Unavailable, error);
    let reach = match args.local {
        true => Reach::Person(settings::environment()),
        false => Reach::Agent,
    };
    let world = context.world.clone();
    let agent = match args.local {
        true => Agent::for_folder(settings, world, reach, &context.global.folder).await,
        false => Agent::open(settings, world, reach).await,
    };
    let agent = agent.map_err(|error| unavailable(error.into()))?;
    let repository = agent.repositories[0].clone();
    let fetching = current(&agent, &repository);
    let current = context.output.progress(&context.world, "fetching", fetching).await?;
    let shown = super::plan::patterns(&args.stacks)?;
    let stacks: Vec<_> = current.wanted.desired.stacks.keys().collect();
    let stacks = stacks.into_iter().filter(|stack| shown.is_match(stack.as_str()));
    let mut round = Round { context, agent: &agent, repository: &repository, current: &current };
    let mut waiting = Vec::new();
    let mut outcomes = Vec::new();
    for stack in stacks {
        match round.reconcile(stack).await? {
            Ended::Applied(outcome) => outcomes.push(outcome),
            Ended::Held => waiting.extend(round.plan_of(stack).await?),
            Ended::Busy => {
                return Err(unavailable(anyhow::anyhow!("somebody else works on {stack}")));
            }
            Ended::True => {}
        }
    }
    if args.local && !waiting.is_empty() && round.approve(args.yes, &waiting).await? {
        for plan in std::mem::take(&mut waiting) {
            match round.reconcile(&plan.effect().stack).await? {
                Ended::Applied(outcome) => outcomes.push(outcome),
                Ended::True => {}
                Ended::Held | Ended::Busy => waiting.push(plan),
            }
        }
    }
    finish(context, &current.wanted, &outcomes, waiting, &repository)
}

struct Round<'a> {
    context: &'a Context,
    agent: &'a Agent,
    repository: &'a Repository,
    current: &'a Current,
}

impl Round<'_> {
    async fn reconcile(&mut self, stack: &crate::ids::StackName) -> Result<Ended, Failure> {
        let (agent, repository, current) = (self.agent, self.repository, self.current);
        let stop = &self.context.stop;
        let work = reconcile(agent, repository, current, stack, None, stop);
        let what = format!("{stack}: looking, planning, applying what is approved");
        let ended = self.context.output.progress(&self.context.world, &what, work).await;
        ended.map_err(|error| Failure::Other(Exit::Unavailable, error.into()))
    }

    async fn plan_of(&self, stack: &crate::ids::StackName) -> Result<Option<Plan>, Failure> {
        Ok(self.agent.store.latest_plan(&self.repository.scope, stack).await?)
    }

    /// Shows what waits and asks. A yes is an approval of exactly these digests.
    async fn approve(&self, yes: bool, plans: &[Plan]) -> Result<bool, Failure> {
        let scope = self.repository.scope.clone();
        let review = Review::new(scope.clone(), None, plans.to_vec(), Vec::new());
        self.context.output.note(&report::terminal::review(&review));
        if !yes && !ask()? {
            return Ok(false);
        }
        let by = Actor::new(approve::user()).map_err(mistake)?;
        let now = self.context.world.clock.now();
        let mut tx = self.agent.store.begin().await?;
        for plan in plans {
            tx.approve(&scope, &Approval::of(plan.digest(), by.clone(), now)).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}

fn ask() -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(mistake("nobody is there to ask: approve with --yes"));
    }
    anstream::eprint!("Apply exactly this? [y/N] ");
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

async fn current(agent: &Agent, repository: &Repository) -> Result<Current, Failure> {
    let unavailable = |error| Failure::Other(Exit::Unavailable, error);
    let tip = repository.source.fetch().await.map_err(|error| unavailable(error.into()))?;
    let (revision, rewritten_from) = match tip {
        Tip::At(revision) => (revision, None),
        Tip::Rewritten { from, to } => (crate::model::revision::Revision::Commit(to), Some(from)),
        Tip::Deleted { .. } => {
            return Err(mistake(format!("the branch `{}` is gone", repository.branch)));
        }
    };
    let snapshot = repository.source.snapshot(&revision).await;
    let snapshot = snapshot.map_err(|error| unavailable(error.into()))?;
    Ok(Current { wanted: Arc::new(agent.wanted(&snapshot)), rewritten_from })
}

fn finish(
    context: &Context,
    wanted: &Wanted,
    outcomes: &[Outcome],
    waiting: Vec<Plan>,
    repository: &Repository,
) -> Result<Exit, Failure> {
    let review = Review::new(repository.scope.clone(), None, waiting, wanted.diagnostics());
    match context.output.json {
        true => context.output.print_json(&report::json::applied(outcomes, &review))?,
        false => {
            let ended: String = outcomes.iter().map(report::terminal::outcome).collect();
            context.output.print(&ended)?;
            context.output.print(&report::terminal::review(&review))?;
        }
    }
    let done = review.plans.is_empty() && outcomes.iter().all(Outcome::is_done);
    Ok(if done { Exit::Done } else { Exit::Held })
}
