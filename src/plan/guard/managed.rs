//! Stacks and components that are only observed.

use std::collections::BTreeSet;

use crate::model::change::Action;
use crate::model::plan::{Hold, HoldReason, Part};
use crate::model::policy::Manage;
use crate::plan::{Draft, PlanInput};

pub(super) fn holds(input: &PlanInput<'_>, draft: &Draft) -> Vec<Hold> {
    let acting = draft.changes.iter().filter(|change| change.action != Action::Keep);
    let components: BTreeSet<_> = acting.map(|change| &change.component).collect();
    let rule = input.policy.rule(&input.stack.name);
    if components.is_empty() {
        return Vec::new();
    }
    if rule.is_none_or(|rule| rule.manage == Manage::Observe) {
        let by = rule.map_or("no rule of `isobar.yaml` fits the stack".to_owned(), |rule| {
            format!("`manage: observe` for `{}` in `isobar.yaml`", rule.pattern)
        });
        return vec![Hold { part: Part::Plan, reason: HoldReason::Observed { by } }];
    }
    let reason = |id| {
        let component = input.component(id)?;
        match (component.locked, component.reconcile.manage) {
            (true, _) => Some(HoldReason::Locked),
            (false, Some(Manage::Observe)) => {
                Some(HoldReason::Observed { by: "`settings.reconcile.manage: observe`".to_owned() })
            }
            _ => None,
        }
    };
    let hold = |id| Some(Hold { part: Part::Component(Clone::clone(id)), reason: reason(id)? });
    components.into_iter().filter_map(hold).collect()
}
