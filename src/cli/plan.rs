//! `isobar plan`

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use rayon::prelude::*;

use super::workspace::{Findings, Workspace, unknown};
use super::{At, Context, Exit, Failure, any_error, mistake};
use crate::backends::Target;
use crate::diagnostic::closest;
use crate::ids::{Scope, StackName, TargetName};
use crate::model::plan::Plan;
use crate::model::review::Review;
use crate::pattern::StackPattern;
use crate::plan::{ReviewInput, review};
use crate::reconcile::{Look, TargetLook, Targets, Wanted};
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
    let asked = || Workspace::asked(context, &Selection::to_apply());
    let (workspace, asked) = rayon::join(|| Workspace::open(context), asked);
    let (workspace, asked) = (workspace?, asked?);
    let making = workspace.made(context, asked);
    let wanted = context.output.progress(&context.world, "building", making).await;
    // The process ends soon after: giving back all of it piece by piece only takes time.
    let wanted: &Wanted = Box::leak(Box::new(wanted));
    all_known(&args.stacks, wanted.desired.stacks.keys())?;
    let looking = plans(context, &workspace, wanted, |stack| fits_any(&args.stacks, stack));
    let plans = context.output.progress(&context.world, "looking at targets", looking).await?;
    let findings = Findings::of(wanted);
    let review = Review::new(workspace.scope, None, plans, findings.diagnostics.clone());
    match context.output.json {
        true => context.output.print_json(&report::json::review(&review))?,
        false => {
            findings.show(context);
            context.output.print(&report::terminal::review(&review))?;
        }
    }
    let changes = review.plans.iter().any(|plan| !plan.is_empty());
    Ok(match any_error(&findings.diagnostics) {
        true => Exit::Mistake,
        false if changes && args.detailed_exitcode => Exit::Changes,
        false => Exit::Done,
    })
}

/// The plan of every stack of `wanted` that `shown` lets through, by what the database says is
/// owned, or without one what the targets' marks say; and of what stacks leave behind in targets
/// that they no longer name.
async fn plans(
    context: &Context,
    workspace: &Workspace,
    wanted: &Wanted,
    shown: impl Fn(&StackName) -> bool,
) -> Result<Vec<Plan>, Failure> {
    let (scope, world) = (workspace.scope.clone(), context.world.clone());
    let targets = Targets::new(scope.clone(), workspace.settings.clone(), world.clone());
    let store = workspace.store_to_read(context).await?;
    let planner = Planner { scope, world, targets, store, wanted };
    let mut named = Vec::new();
    for stack in wanted.desired.stacks.values().filter(|stack| shown(&stack.name)) {
        if let Some(target) = &stack.target {
            let target = planner.targets.open(target, &stack.name).map_err(mistake)?;
            named.push((stack.name.clone(), target));
        }
    }
    let looks = planner.looks().await?;
    let look = |target: &Arc<dyn Target>| looks[target.name()].clone();
    let mut places: Vec<_> =
        named.into_iter().map(|(stack, target)| (stack, look(&target))).collect();
    for look in looks.values() {
        let left: BTreeSet<_> = look.owned.values().map(|owned| &owned.component.stack).collect();
        let moved = |stack: &&StackName| {
            let named = wanted.desired.stacks.get(*stack).and_then(|stack| stack.target.as_ref());
            shown(stack) && named.is_some_and(|named| named != look.target.name())
        };
        let left = left.into_iter().filter(moved);
        places.extend(left.map(|stack| (stack.clone(), look.clone())));
    }
    planner.plans(places).await
}

/// What every plan of one command needs. Each target is looked at once as a whole.
struct Planner<'a> {
    scope: Scope,
    world: World,
    targets: Targets,
    store: Option<Store>,
    wanted: &'a Wanted,
}

impl Planner<'_> {
    /// Looks at every target that is known.
    async fn looks(&self) -> Result<BTreeMap<TargetName, Arc<TargetLook>>, Failure> {
        let looks = self.targets.known().into_iter().map(async |target| {
            let owned = match &self.store {
                Some(store) => store.inventory(&self.scope, target.name()).await?,
                None => None,
            };
            let name = target.name().clone();
            Ok((name, Arc::new(TargetLook::take(target, self.wanted, owned, None).await)))
        });
        stream::iter(looks).buffered(LOOKS_MAX).try_collect().await
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
        let mut approved = Vec::with_capacity(plans.len());
        for plan in &plans {
            approved.push(match &self.store {
                Some(store) => store.approvals(&self.scope, plan.digest()).await?,
                None => Vec::new(),
            });
        }
        let planned = plans.into_par_iter().zip(&looks).zip(&approved);
        let reviewed = planned.map(|((plan, look), approvals)| {
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
