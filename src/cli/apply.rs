//! `isobar apply`

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, IsTerminal as _};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::apart;
use super::approve::{By, resources};
use super::workspace::{Findings, Workspace, unavailable, unopened, unread};
use super::{Context, Exit, Failure, any_error, mistake};
use crate::apply::Patience;
use crate::ids::{ComponentId, ResourceKey, StackName};
use crate::model::authority::Approval;
use crate::model::outcome::Outcome;
use crate::model::plan::{HoldReason, Plan};
use crate::model::review::Review;
use crate::model::upkeep::Upkeep;
use crate::pattern::StackPattern;
use crate::reconcile::{
    Agent, Current, Ended, FollowError, Left, Looks, Pass, Reach, Repository, Runs, Seats, Wanted,
    follow, mistakes, reconcile, remember_trouble, stacks_to_keep,
};
use crate::report::{self, words};

/// A chain of dependent stacks is rarely longer; a stack that never rests is a defect.
const ROUNDS_MAX: u32 = 32;

/// Apply what is approved, once. With --local, what this folder says.
///
/// Does one round of what `isobar serve` does: fetches the branch, plans every stack, and applies
/// exactly what somebody has approved. With --local it plans the folder as it stands, shows the
/// plan, and takes your yes as the approval of its digests.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only the stacks that fit one of these patterns: `fnx-*`.
    stacks: Vec<StackPattern>,
    /// Apply the folder as it stands. Refused while an agent serves from the same database.
    #[arg(long)]
    local: bool,
    /// With --local: approve without being asked.
    #[arg(long, requires = "local")]
    yes: bool,
    /// With --local: a resource that may be deleted or replaced although a guard holds it.
    #[arg(long, value_name = "RESOURCE", requires = "local")]
    allow_delete: Vec<String>,
    #[command(flatten)]
    by: By,
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    if args.by.is_named() && !args.local {
        return Err(mistake("--as says who approves, and without --local nobody does"));
    }
    let overrides = resources(&args.allow_delete)?;
    let workspace = Workspace::open(context)?;
    let settings = (*workspace.settings).clone();
    let reach = match args.local {
        true => Workspace::reach(context, None)?,
        false => Reach::Agent,
    };
    let world = context.world.clone();
    let agent = match args.local {
        true => Agent::for_folder(settings, world, reach, &context.global.folder).await,
        false => Agent::open(settings, world, reach).await,
    };
    let agent = agent.map_err(unopened)?.stopped_by(&context.stop);
    // What a folder says is not what an agent that serves keeps true: each would undo the other.
    let _held = match args.local {
        true => {
            let held = agent.store.hold(&workspace.settings.agent);
            Some(held.map_err(|error| unopened(error.into()))?)
        }
        false => None,
    };
    let repository = agent.repositories[0].clone();
    let fetching = current(&agent, &repository);
    let current = context.output.progress(&context.world, "fetching", fetching).await?;
    if !args.local {
        let wrong = mistakes(&current.wanted);
        remember_trouble(&agent, &repository, wrong.as_deref()).await.map_err(unavailable)?;
    }
    let stacks = stacks_to_keep(&agent, &repository, &current.wanted).await;
    let mut stacks = stacks.map_err(unavailable)?;
    super::plan::all_known(&args.stacks, stacks.keys())?;
    stacks.retain(|stack, _| super::plan::fits_any(&args.stacks, stack));
    let round = Round { context, agent: &agent, repository: &repository, current: &current };
    let (mut outcomes, mut waiting) = apart(|| round.settle(stacks.clone())).await?;
    // Nobody can say yes to what the target refuses, or to what is only observed.
    let acts = |plan: &&Plan| !plan.effect().steps.is_empty();
    let asked: Vec<_> = waiting.iter().filter(acts).cloned().collect();
    if args.local && !asked.is_empty() && round.approve(args, &asked, overrides).await? {
        let waits = |stack: &StackName| waiting.iter().any(|plan| plan.effect().stack == *stack);
        stacks.retain(|stack, _| waits(stack));
        let (came, left) = apart(|| round.settle(stacks)).await?;
        outcomes.extend(came);
        waiting = left;
    }
    let exit = finish(context, &current.wanted, &outcomes, waiting, &repository);
    agent.told().await;
    // So that whoever looks next has one file to read, and no journal to go through.
    agent.store.close().await;
    exit
}

struct Round<'a> {
    context: &'a Context,
    agent: &'a Agent,
    repository: &'a Repository,
    current: &'a Current,
}

impl Round<'_> {
    /// Goes through `pending` until nothing more is applied: stacks that depend on each other
    /// become true one after the other. Gives how runs ended, and what waits for somebody.
    async fn settle(
        &self,
        mut pending: BTreeMap<StackName, Left>,
    ) -> Result<(Vec<Outcome>, Vec<Plan>), Failure> {
        let (seats, runs) = (Seats::default(), Runs::default());
        let (mut outcomes, mut rounds, mut patience) = (Vec::new(), 0, None);
        while rounds < ROUNDS_MAX {
            let (mut open, mut waiting, mut applied) = (BTreeMap::new(), Vec::new(), false);
            let looks = Looks::default();
            let pass = Pass {
                agent: self.agent,
                repository: self.repository,
                current: self.current.clone(),
                stop: &self.context.stop,
                looks: &looks,
                seats: &seats,
                runs: &runs,
                newest: None,
            };
            for (stack, left) in pending {
                match self.reconcile(&pass, &stack, &left).await? {
                    Ended::Applied { outcome, .. } => {
                        // Of what nothing allowed nobody has been asked yet.
                        let well = outcome.is_begun_well();
                        applied |= well;
                        open.extend(well.then_some((stack, left)));
                        outcomes.push(outcome);
                    }
                    Ended::Held => {
                        waiting.extend(self.plans_of(&stack).await?);
                        open.insert(stack, left);
                    }
                    Ended::Busy => {
                        let busy = anyhow::anyhow!("somebody else works on {stack}");
                        return Err(Failure::Other(Exit::Unavailable, busy));
                    }
                    Ended::Stopped { done, steps } => {
                        let words = words::stopped(done, steps);
                        self.context.output.note(&format!("{stack}: {words}"));
                    }
                    // There is nothing to do, and something that nobody may be left to find out.
                    Ended::True => {
                        let plans = self.plans_of(&stack).await?;
                        waiting.extend(plans.into_iter().filter(Plan::is_in_doubt));
                    }
                    Ended::Old => {}
                }
            }
            if self.context.stop.is_cancelled()
                || !applied && !self.wait(&waiting, &mut patience).await
            {
                return Ok((outcomes, waiting));
            }
            rounds += u32::from(applied);
            patience = patience.filter(|_| !applied);
            pending = open;
        }
        Err(anyhow::anyhow!("the stacks are not at rest after {ROUNDS_MAX} rounds").into())
    }

    /// Waits until something happens, if something that is getting there is all that a plan waits
    /// for, and there is patience left with it: that is over at `patience`. Says whom it waits for, and
    /// that it has waited long enough.
    async fn wait(&self, waiting: &[Plan], patience: &mut Option<Duration>) -> bool {
        let Context { world, output, stop, .. } = self.context;
        let slow: BTreeSet<_> = waiting.iter().filter_map(slow).flatten().collect();
        let longest = slow.iter().filter_map(|id| self.time(id)).max();
        let Some(longest) = longest else { return false };
        let until = *patience.get_or_insert(world.clock.monotonic() + longest);
        let left = until.saturating_sub(world.clock.monotonic());
        let targets = self.repository.targets.all();
        let mut moves: FuturesUnordered<_> = targets.iter().map(|target| target.wake()).collect();
        let names = words::few(slow.iter().map(|id| words::visible(&id.to_string())));
        let moved = async {
            tokio::select! {
                biased;
                () = stop.cancelled() => false,
                () = world.clock.sleep(left) => {
                    let seconds = longest.as_secs();
                    output.note(&format!("gave up waiting for {names}: `timeout` is {seconds} s"));
                    false
                }
                Some(_) = moves.next() => true,
            }
        };
        let what = format!("waiting until {names} does well, for at most {} s", left.as_secs());
        output.progress(world, &what, moved).await
    }

    /// How long a component may take to get there: as long as it says, or any of its resources.
    fn time(&self, id: &ComponentId) -> Option<Duration> {
        let Wanted { desired, rendered, .. } = &*self.current.wanted;
        let own = Patience::from(&desired.component(id)?.reconcile).timeout;
        let built = rendered.get(id).and_then(|built| built.as_ref().ok());
        let pieces = built.into_iter().flat_map(|built| built.resources().values());
        let said = pieces.filter_map(|piece| Upkeep::of(piece.body.value()).timeout);
        said.chain([own]).max()
    }

    async fn reconcile(
        &self,
        pass: &Pass<'_>,
        stack: &StackName,
        left: &Left,
    ) -> Result<Ended, Failure> {
        let work = reconcile(pass, stack, left);
        let what = format!("{stack}: looking, planning, applying what is approved");
        let ended = self.context.output.progress(&self.context.world, &what, work).await;
        ended.map_err(unavailable)
    }

    async fn plans_of(&self, stack: &StackName) -> Result<Vec<Plan>, Failure> {
        Ok(self.agent.store.latest_plans(&self.repository.scope, stack).await?)
    }

    /// Shows what waits and asks. A yes is an approval of exactly these digests, and lets the
    /// resources in `overrides` go.
    async fn approve(
        &self,
        args: &Args,
        plans: &[Plan],
        overrides: BTreeSet<ResourceKey>,
    ) -> Result<bool, Failure> {
        let by = args.by.actor()?;
        let scope = self.repository.scope.clone();
        let review = Review::new(scope.clone(), None, plans.to_vec(), Vec::new());
        self.context.output.note(&report::terminal::review(&review));
        if !args.yes && !ask()? {
            return Ok(false);
        }
        let now = self.context.world.clock.now();
        let mut tx = self.agent.store.begin().await?;
        for plan in plans {
            let approval = Approval::of(plan.digest(), by.clone(), now);
            let approval = Approval { overrides: overrides.clone(), ..approval };
            tx.approve(&scope, &approval).await?;
        }
        tx.commit().await?;
        Ok(true)
    }
}

/// What the plan waits for, if that is getting there and nothing else is in the way.
fn slow(plan: &Plan) -> Option<Vec<&ComponentId>> {
    let mut slow = Vec::new();
    for hold in &plan.envelope.holds {
        match &hold.reason {
            HoldReason::Unwell { on, progressing: true, .. } => slow.push(on),
            HoldReason::Dependency { .. } => {}
            _ => return None,
        }
    }
    Some(slow)
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
    let followed = follow(agent, repository).await.map_err(|error| match error {
        FollowError::Fetch(error) => unread(error),
        FollowError::Store(error) => unavailable(error),
        error @ FollowError::NoBranch(_) => mistake(error.to_string()),
    })?;
    let Some((revision, rewritten_from)) = followed else {
        return Err(mistake(format!("the branch `{}` is gone", repository.branch)));
    };
    let snapshot = repository.source.snapshot(&revision).await;
    let snapshot = snapshot.map_err(unavailable)?;
    let wanted = Arc::new(agent.wanted(repository, &snapshot).await);
    repository.targets.judge_by(&wanted.policy);
    Ok(Current { wanted, rewritten_from })
}

fn finish(
    context: &Context,
    wanted: &Wanted,
    outcomes: &[Outcome],
    waiting: Vec<Plan>,
    repository: &Repository,
) -> Result<Exit, Failure> {
    Findings::of(wanted).show(context);
    let review = Review::new(repository.scope.clone(), None, waiting, wanted.diagnostics());
    match context.output.json {
        true => context.output.print_json(&report::json::applied(outcomes, &review))?,
        false => {
            let ended: String = outcomes.iter().map(report::terminal::outcome).collect();
            context.output.print(&ended)?;
            context.output.print(&report::terminal::review(&review))?;
        }
    }
    let done =
        review.plans.iter().all(Plan::is_at_rest) && outcomes.iter().all(Outcome::is_begun_well);
    Ok(match done {
        // What has a mistake was not even planned.
        _ if any_error(&review.diagnostics) => Exit::Mistake,
        true => Exit::Done,
        false => Exit::Held,
    })
}
