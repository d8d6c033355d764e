//! `isobar plan`

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use globset::{Glob, GlobSet, GlobSetBuilder};

use super::workspace::{Findings, Workspace, unknown};
use super::{Context, Exit, Failure, any_error, mistake};
use crate::diagnostic::closest;
use crate::ids::{StackName, TargetName};
use crate::model::plan::Plan;
use crate::model::review::Review;
use crate::plan::{ReviewInput, review};
use crate::reconcile::{Look, TargetLook, Targets, Wanted};
use crate::report;
use crate::stacks::Selection;

/// Show what would change: nothing is changed, and no database is needed.
///
/// Plans the folder as it stands, uncommitted edits included, against its targets.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// Only the stacks that fit one of these patterns: `fnx-*`.
    stacks: Vec<String>,
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
    let shown = patterns(&args.stacks)?;
    all_known(&args.stacks, wanted.desired.stacks.keys())?;
    let looking = plans(context, &workspace, &wanted, |stack| shown.is_match(stack.as_str()));
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
/// owned, or without one what the targets' marks say.
pub(super) async fn plans(
    context: &Context,
    workspace: &Workspace,
    wanted: &Wanted,
    shown: impl Fn(&StackName) -> bool,
) -> Result<Vec<Plan>, Failure> {
    let (scope, world) = (&workspace.scope, &context.world);
    let targets = Targets::new(scope.clone(), workspace.settings.clone(), world.clone());
    let store = workspace.store_to_read(context).await?;
    let mut looks: BTreeMap<TargetName, Arc<TargetLook>> = BTreeMap::new();
    let mut plans = Vec::new();
    for stack in wanted.desired.stacks.values().filter(|stack| shown(&stack.name)) {
        let Some(name) = &stack.target else { continue };
        let target = match targets.open(name, &stack.name) {
            Ok(target) => target,
            Err(refused) => return Err(mistake(refused)),
        };
        let look = match looks.get(name) {
            Some(look) => look.clone(),
            None => {
                let known = match &store {
                    Some(store) => store.inventory(scope, name).await?,
                    None => None,
                };
                let look = Arc::new(TargetLook::take(target, wanted, known, None).await);
                looks.insert(name.clone(), look.clone());
                look
            }
        };
        let now = world.clock.now();
        let look = Look::take(wanted, &stack.name, look, now).await;
        let plan = look.plan(scope, wanted, &wanted.policy, now);
        let approvals = match &store {
            Some(store) => store.approvals(scope, plan.digest()).await?,
            None => Vec::new(),
        };
        let input = ReviewInput {
            policy: &wanted.policy,
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

/// Refuses a pattern that fits no stack: it is a misspelt one.
pub(super) fn all_known<'a>(
    patterns: &[String],
    stacks: impl Iterator<Item = &'a StackName> + Clone,
) -> Result<(), Failure> {
    for text in patterns {
        let fits = self::patterns(std::slice::from_ref(text))?;
        if !stacks.clone().any(|stack| fits.is_match(stack.as_str())) {
            let close = closest(text, stacks.map(StackName::as_str));
            return Err(unknown("stack", text, close));
        }
    }
    Ok(())
}

/// The patterns over stack names; none means all.
pub(super) fn patterns(texts: &[String]) -> Result<GlobSet, Failure> {
    let mut set = GlobSetBuilder::new();
    let all = ["*".to_owned()];
    for text in if texts.is_empty() { &all[..] } else { texts } {
        set.add(Glob::new(text).map_err(mistake)?);
    }
    set.build().map_err(mistake)
}
