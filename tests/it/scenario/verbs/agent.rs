//! What the agent does, and what it says about it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use isobar::model::status::StackStatus;
use isobar::reconcile::{Activation, Activity};
use isobar::report;

use super::{Scene, Told, stack_name};
use crate::stage::Pass;

impl Scene {
    pub(super) fn pass(&mut self) -> Told {
        Ok(match self.stage.pass() {
            Pass::Ended(activations) => told(&activations),
            Pass::Crashed(point) => format!("crashed at {}", point.as_str()),
        })
    }

    pub(super) fn settle(&mut self) -> Told {
        if self.stage.simulation.trap.is_set() {
            return Err("`pass` is what crashes".to_owned());
        }
        Ok(told(&self.stage.settle()))
    }

    /// Ends the agent; whatever comes next starts it again.
    pub(super) fn stop(&mut self) -> Told {
        self.stage.end();
        Ok(String::new())
    }

    pub(super) fn plan(&mut self, stack: &str) -> Told {
        let plans = self.planned(stack)?;
        Ok(plans.iter().map(report::terminal::plan).collect::<Vec<_>>().join("\n"))
    }

    pub(super) fn status(&mut self) -> Told {
        let plans = self.stage.plans();
        let (trouble, stacks) = self.stage.ask(async |store, scope| {
            let mut stacks = Vec::new();
            for plan in plans {
                let last = store.outcomes(scope, &plan.effect().stack, 1).await;
                let last = last.expect("it can be read").pop();
                stacks.push(StackStatus { plan, health: BTreeMap::new(), last });
            }
            (store.trouble(scope, "main").await.expect("it can be read"), stacks)
        });
        let wrong = trouble.iter().map(report::terminal::trouble).collect::<String>();
        Ok(wrong + &report::terminal::status(&stacks))
    }

    pub(super) fn outcome(&mut self, stack: &str) -> Told {
        let stack = stack_name(stack)?;
        let last = self.stage.ask(async |store, scope| store.outcomes(scope, &stack, 1).await);
        let last = last.map_err(|error| error.to_string())?.pop();
        Ok(last.map_or("(no run has ended)".to_owned(), |last| report::terminal::outcome(&last)))
    }

    /// The kinds of all events, stack by stack: stacks are worked on side by side, so only within
    /// one does their order say anything.
    pub(super) fn journal(&mut self) -> Told {
        let verified = self.stage.ask(async |store, _| store.journal_verify().await);
        verified.map_err(|error| error.to_string())?;
        let mut stacks: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for event in self.stage.journal() {
            let stack = event.stack.unwrap_or_else(|| "(people)".to_owned());
            stacks.entry(stack).or_default().push(event.kind);
        }
        let mut out = String::new();
        for (stack, kinds) in stacks {
            let _ = writeln!(out, "{stack}: {}", kinds.join(", "));
        }
        Ok(out)
    }
}

/// Everything but rest, one line each.
fn told(activations: &[Activation]) -> String {
    let mut out = String::new();
    for activation in activations {
        let task = activation.task.split(' ').next().unwrap_or_default();
        let _ = match &activation.activity {
            Activity::Idle => Ok(()),
            Activity::Did { what } => writeln!(out, "{task}: {what}"),
            Activity::Failed { why } => writeln!(out, "{task} failed: {why}"),
        };
    }
    if out.is_empty() {
        out.push_str("(nothing to do)");
    }
    out
}
