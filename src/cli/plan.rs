//! `isobar plan`

use std::collections::{BTreeMap, BTreeSet};
use std::mem::ManuallyDrop;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _};
use rayon::prelude::*;
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;

use super::workspace::{Findings, Workspace, unknown};
use super::{At, Context, Exit, Failure, any_error, mistake};
use crate::backends::Target;
use crate::diagnostic::closest;
use crate::ids::{Scope, StackName, TargetName};
use crate::model::inventory::Inventory;
use crate::model::plan::Plan;
use crate::model::review::Review;
use crate::pattern::StackPattern;
use crate::plan::{ReviewInput, review};
use crate::reconcile::{Holdings, Look, TargetLook, Targets, Wanted};
use crate::report;
use crate::stacks::Selection;
use crate::store::Store;
use crate::world::World;

/// How many targets, and then stacks, are looked at at once: enough for as many cores as do not
/// wait for a target.
const LOOKS_MAX: usize = 8;

/// Show what would change: nothing is changed, and no database is needed.
///
/// Plans the folder as it stands, uncommitted edits included, against its targets.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only the stacks that fit one of these patterns: `fnx-*`.
    stacks: Vec<StackPattern>,
    #[command(flatten)]
    pub(super) at: At,
    /// End with exit code 2 if there are changes.
    #[arg(long)]
    detailed_exitcode: bool,
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let runtime = Handle::current();
    let asked = || Workspace::asked(context, &Selection::to_apply());
    // What is owned is read beside what is wanted: neither depends on the other.
    let opened = || -> Result<_, Failure> {
        let workspace = Workspace::open(context)?;
        let reading = Known::read(workspace.clone(), context.world.clone());
        Ok((workspace, AbortOnDropHandle::new(runtime.spawn(reading))))
    };
    let (opened, asked) = rayon::join(opened, asked);
    let ((workspace, known), asked) = (opened?, asked?);
    let making = workspace.made(context, asked);
    let wanted = context.output.progress(&context.world, "building", making).await;
    // The process ends soon after: giving back all of it piece by piece only takes time.
    let wanted: &Wanted = Box::leak(Box::new(wanted));
    let looking = async {
        let known = known.await??;
        let scope = workspace.scope.clone();
        let planner = Planner { scope, world: context.world.clone(), known, wanted };
        planner.plan(&args.stacks).await
    };
    let plans = context.output.progress(&context.world, "looking at targets", looking).await?;
    let findings = Findings::of(wanted);
    let review = Review::new(workspace.scope, None, plans, findings.diagnostics.clone());
    let review = ManuallyDrop::new(review);
    match context.output.json {
        true => context.output.print_json(&report::json::review(&review))?,
        false => {
            findings.show(context);
            context.output.print_parts(report::terminal::review_parts(&review))?;
        }
    }
    let changes = review.plans.iter().any(|plan| !plan.is_empty());
    // What could not be looked at is not known to be as it should be.
    let in_doubt = review.plans.iter().any(Plan::is_in_doubt);
    Ok(match any_error(&findings.diagnostics) {
        true => Exit::Mistake,
        false if changes && args.detailed_exitcode => Exit::Changes,
        false if in_doubt => Exit::Held,
        false => Exit::Done,
    })
}

/// What is owned, by target.
type Inventories = BTreeMap<TargetName, Arc<Inventory>>;

/// What is known before it is known what is wanted.
struct Known {
    targets: Targets,
    store: Option<Store>,
    owned: Inventories,
    /// Of every target that is known.
    holdings: Vec<Holdings>,
}

impl Known {
    /// Reads what is owned: by the database, or without one by the targets' marks.
    async fn read(workspace: Workspace, world: World) -> Result<Self, Failure> {
        let store = workspace.store_to_read(&world).await?;
        let (scope, settings) = (workspace.scope, workspace.settings);
        let targets = Targets::new(scope.clone(), settings, world);
        let owned = match &store {
            Some(store) => store.inventories(&scope).await?,
            None => Inventories::new(),
        };
        let holdings = holdings(&owned, targets.known()).await;
        Ok(Self { targets, store, owned, holdings })
    }
}

async fn holdings(owned: &Inventories, targets: Vec<Arc<dyn Target>>) -> Vec<Holdings> {
    let mut reads = Vec::with_capacity(targets.len());
    for target in targets {
        let owned = owned.get(target.name()).cloned();
        reads.push(Holdings::read(target, owned));
    }
    stream::iter(reads).buffered(LOOKS_MAX).collect().await
}

/// What every plan of one command needs. Each target is looked at once as a whole.
struct Planner<'a> {
    scope: Scope,
    world: World,
    known: Known,
    wanted: &'a Wanted,
}

impl Planner<'_> {
    /// The plan of every stack that fits `patterns`, by what the database says is owned, or without
    /// one what the targets' marks say; and of what stacks leave behind in targets that they no
    /// longer name, or that are gone.
    async fn plan(mut self, patterns: &[StackPattern]) -> Result<Vec<Plan>, Failure> {
        let wanted = self.wanted;
        self.known.targets.judge_by(&wanted.policy);
        let shown = |stack: &StackName| fits_any(patterns, stack);
        let mut named = Vec::new();
        for stack in wanted.desired.stacks.values().filter(|stack| shown(&stack.name)) {
            if let Some(target) = &stack.target {
                let target = self.known.targets.open(target, &stack.name).map_err(mistake)?;
                named.push((stack.name.clone(), target));
            }
        }
        let looks = self.looks().await;
        let owning = looks.values().map(|look| {
            let stacks = look.owned.values().map(|owned| &owned.component.stack);
            (look, stacks.collect::<BTreeSet<_>>())
        });
        let owning: Vec<_> = owning.collect();
        let stacks = owning.iter().flat_map(|(_, stacks)| stacks.iter().copied());
        all_known(patterns, wanted.desired.stacks.keys().chain(stacks))?;
        let look = |target: &Arc<dyn Target>| looks[target.name()].clone();
        let mut places: Vec<_> =
            named.into_iter().map(|(stack, target)| (stack, look(&target))).collect();
        for (look, stacks) in owning {
            let is_left = |stack: &&StackName| {
                let named = wanted.desired.stacks.get(*stack);
                let named = named.and_then(|stack| stack.target.as_ref());
                shown(stack) && named != Some(look.target.name())
            };
            let left = stacks.into_iter().filter(is_left);
            places.extend(left.map(|stack| (stack.clone(), look.clone())));
        }
        self.plans(places).await
    }

    /// Looks at every target, those that only a stack has named included.
    async fn looks(&mut self) -> BTreeMap<TargetName, Arc<TargetLook>> {
        let Known { targets, owned, holdings: known, .. } = &mut self.known;
        let mut all = std::mem::take(known);
        let read: BTreeSet<_> = all.iter().map(|held| held.target().clone()).collect();
        let new = targets.all().into_iter().filter(|target| !read.contains(target.name()));
        all.extend(holdings(owned, new.collect()).await);
        let looks = all.into_iter().map(|held| Arc::new(TargetLook::of(held, self.wanted, None)));
        looks.map(|look| (look.target.name().clone(), look)).collect()
    }

    /// Looks at every stack in its place, and then plans on every core.
    async fn plans(&self, places: Vec<(StackName, Arc<TargetLook>)>) -> Result<Vec<Plan>, Failure> {
        let looks = places.into_iter().map(async |(stack, target)| {
            Look::take(self.wanted, &stack, target, self.world.clock.now()).await
        });
        let looks: Vec<Look> = stream::iter(looks).buffered(LOOKS_MAX).collect().await;
        let (policy, now) = (&self.wanted.policy, self.world.clock.now());
        let plan = |look: &Look| look.plan(&self.scope, self.wanted, policy, now);
        let plans: Vec<Plan> = looks.par_iter().with_max_len(1).map(plan).collect();
        let approved = match &self.known.store {
            Some(store) => store.approvals_live(&self.scope).await?,
            None => BTreeMap::new(),
        };
        let reviewed = plans.into_par_iter().zip(&looks).map(|(plan, look)| {
            let approvals = approved.get(&plan.digest()).map_or(&[][..], Vec::as_slice);
            let input = ReviewInput {
                policy,
                stack: &look.stack,
                approvals,
                authors: &BTreeSet::new(),
                shown: &BTreeMap::new(),
                earlier: None,
                rewritten_from: None,
                now,
            };
            review(plan, &input).0
        });
        Ok(reviewed.collect())
    }
}

/// Refuses a pattern that fits no stack: it is a misspelt one.
pub(super) fn all_known<'a>(
    patterns: &[StackPattern],
    stacks: impl Iterator<Item = &'a StackName> + Clone,
) -> Result<(), Failure> {
    for pattern in patterns {
        if !stacks.clone().any(|stack| pattern.fits(stack)) {
            let close = closest(pattern.as_str(), stacks.map(StackName::as_str));
            return Err(unknown("stack", pattern.as_str(), close));
        }
    }
    Ok(())
}

/// Whether a stack fits one of the patterns. Without any every stack does.
pub(super) fn fits_any(patterns: &[StackPattern], stack: &StackName) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| pattern.fits(stack))
}
