//! `isobar plan`

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::workspace::{Findings, Workspace, unknown};
use super::{Context, Exit, Failure, any_error, mistake};
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

/// Show what would change: nothing is changed, and no database is needed.
///
/// Plans the folder as it stands, uncommitted edits included, against its targets.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only the stacks that fit one of these patterns: `fnx-*`.
    stacks: Vec<StackPattern>,
    /// Plan a commit instead of the folder: a branch, a tag, `HEAD~3`.
    #[arg(long, value_name = "REVISION")]
    rev: Option<String>,
    /// End with exit code 2 if there are changes.
    #[arg(long)]
    detailed_exitcode: bool,
}

pub(super) async fn run(context: &Context, args: &Args) -> Result<Exit, Failure> {
    let workspace = Workspace::open(context)?;
    let wanted = match &args.rev {
        Some(revision) => Workspace::wanted_at(context, revision)?,
        None => Workspace::wanted(context, &Selection::to_apply())?,
    };
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
    let mut planner = Planner { scope, world, targets, store, wanted, known: BTreeMap::new() };
    let mut places = Vec::new();
    for stack in wanted.desired.stacks.values().filter(|stack| shown(&stack.name)) {
        if let Some(target) = &stack.target {
            let target = planner.targets.open(target, &stack.name).map_err(mistake)?;
            places.push((stack.name.clone(), planner.look(&target).await?));
        }
    }
    for target in planner.targets.known() {
        let look = planner.look(&target).await?;
        let left: BTreeSet<_> = look.owned.values().map(|owned| &owned.component.stack).collect();
        let moved = |stack: &&StackName| {
            let named = wanted.desired.stacks.get(*stack).and_then(|stack| stack.target.as_ref());
            shown(stack) && named.is_some_and(|named| named != target.name())
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
    known: BTreeMap<TargetName, Arc<TargetLook>>,
}

impl Planner<'_> {
    async fn look(&mut self, target: &Arc<dyn Target>) -> Result<Arc<TargetLook>, Failure> {
        if let Some(known) = self.known.get(target.name()) {
            return Ok(known.clone());
        }
        let owned = match &self.store {
            Some(store) => store.inventory(&self.scope, target.name()).await?,
            None => None,
        };
        let look = Arc::new(TargetLook::take(target.clone(), self.wanted, owned, None).await);
        self.known.insert(target.name().clone(), look.clone());
        Ok(look)
    }

    /// Looks at every stack in its place, and then plans on every core.
    async fn plans(&self, places: Vec<(StackName, Arc<TargetLook>)>) -> Result<Vec<Plan>, Failure> {
        let mut looks = Vec::with_capacity(places.len());
        for (stack, target) in places {
            let now = self.world.clock.now();
            looks.push(Look::take(self.wanted, &stack, target, now).await);
        }
        let (policy, now) = (&self.wanted.policy, self.world.clock.now());
        let plan = |look: &Look| look.plan(&self.scope, self.wanted, policy, now);
        let planned: Vec<Plan> = looks.par_iter().map(plan).collect();
        let mut plans = Vec::with_capacity(planned.len());
        for (look, plan) in looks.iter().zip(planned) {
            let approvals = match &self.store {
                Some(store) => store.approvals(&self.scope, plan.digest()).await?,
                None => Vec::new(),
            };
            let input = ReviewInput {
                policy,
                stack: &look.stack,
                approvals: &approvals,
                authors: &BTreeSet::new(),
                shown: &BTreeMap::new(),
                earlier: None,
                rewritten_from: None,
                now,
            };
            plans.push(review(plan, &input).0);
        }
        Ok(plans)
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
