//! `isobar plan`

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::workspace::{Findings, Workspace, unknown};
use super::{Context, Exit, Failure, any_error, mistake};
use crate::backends::Target;
use crate::diagnostic::closest;
use crate::ids::{Scope, StackName, TargetName};
use crate::model::inventory::Owned;
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
        None => Workspace::wanted(context, &Selection::default())?,
    };
    all_known(&args.stacks, wanted.desired.stacks.keys())?;
    let looking = plans(context, &workspace, &wanted, |stack| fits_any(&args.stacks, stack));
    let plans = context.output.progress(&context.world, "looking at targets", looking).await?;
    let findings = Findings::of(&wanted);
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
    let mut planner = Planner { scope, world, targets, store, wanted, looks: BTreeMap::new() };
    let mut plans = Vec::new();
    for stack in wanted.desired.stacks.values().filter(|stack| shown(&stack.name)) {
        if let Some(target) = &stack.target {
            plans.push(planner.plan(&stack.name, target).await?);
        }
    }
    for target in planner.targets.known() {
        let left: BTreeSet<_> = planner.look(&target).await?.owned.values().map(stack_of).collect();
        let moved = |stack: &StackName| {
            let named = wanted.desired.stacks.get(stack).and_then(|stack| stack.target.as_ref());
            shown(stack) && named.is_some_and(|named| named != target.name())
        };
        for stack in left.iter().filter(|stack| moved(stack)) {
            plans.push(planner.plan(stack, target.name()).await?);
        }
    }
    Ok(plans)
}

fn stack_of(owned: &Owned) -> StackName {
    owned.component.stack.clone()
}

/// What every plan of one command needs. Each target is looked at once as a whole.
struct Planner<'a> {
    scope: Scope,
    world: World,
    targets: Targets,
    store: Option<Store>,
    wanted: &'a Wanted,
    looks: BTreeMap<TargetName, Arc<TargetLook>>,
}

impl Planner<'_> {
    async fn look(&mut self, target: &Arc<dyn Target>) -> Result<Arc<TargetLook>, Failure> {
        if let Some(look) = self.looks.get(target.name()) {
            return Ok(look.clone());
        }
        let known = match &self.store {
            Some(store) => store.inventory(&self.scope, target.name()).await?,
            None => None,
        };
        let look = Arc::new(TargetLook::take(target.clone(), self.wanted, known, None).await);
        self.looks.insert(target.name().clone(), look.clone());
        Ok(look)
    }

    async fn plan(&mut self, stack: &StackName, target: &TargetName) -> Result<Plan, Failure> {
        let target = self.targets.open(target, stack).map_err(mistake)?;
        let (look, now) = (self.look(&target).await?, self.world.clock.now());
        let look = Look::take(self.wanted, stack, look, now).await;
        let policy = &self.wanted.policy;
        let plan = look.plan(&self.scope, self.wanted, policy, now);
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
        Ok(review(plan, &input).0)
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
