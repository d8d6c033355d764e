//! Whether a plan is what was left waiting of an earlier one, with what was not known filled in.
//!
//! Who approves a plan with unknown values in it approves what they turn out to be, and nothing
//! else. So the later plan may do exactly what the earlier one left waiting: the same changes, the
//! same values before, the same values after wherever they were known, and no action made worse.
//! Where the values come from is not told by an effect; whoever asks has to know that the
//! components that wait are still made of what was approved.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{Action, Change, FieldChange};
use super::path::FieldPath;
use super::plan::{Effect, Step};
use super::question::Question;
use super::value::{Node, Rules, Value};
use crate::ids::{ComponentId, ResourceKey};

/// What a plan does beyond what was approved, for people. It names fields, never their content.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Beyond(String);

impl Effect {
    /// What the steps in `waiting` wait to know, by component.
    pub fn unknown(&self, waiting: &BTreeSet<usize>) -> BTreeMap<ComponentId, BTreeSet<Question>> {
        let mut unknown: BTreeMap<ComponentId, BTreeSet<Question>> = BTreeMap::new();
        for change in self.made_by(waiting) {
            let mut open = BTreeSet::new();
            change.intended.iter().for_each(|body| body.value().questions(&mut open));
            if !open.is_empty() {
                unknown.entry(change.component.clone()).or_default().extend(open);
            }
        }
        unknown
    }

    /// Whether this does what `approved` would have done in its steps `waiting`, and nothing else.
    pub fn continues(&self, approved: &Self, waiting: &BTreeSet<usize>) -> Result<(), Beyond> {
        let place = |effect: &Self| (effect.scope.clone(), effect.stack.clone());
        if place(self) != place(approved) || self.target != approved.target {
            return beyond("it is for another place");
        }
        if self.tools != approved.tools {
            return beyond("other versions of tools would act");
        }
        if waiting.is_empty() {
            return beyond("nothing of it waits");
        }
        let mut steps = BTreeMap::new();
        for (at, step) in self.steps.iter().enumerate() {
            let was = self.counterpart(step, approved, waiting)?;
            steps.entry(was).or_insert_with(BTreeSet::new).insert(at);
            for &change in &step.changes {
                let change = &self.changes[change];
                let known = approved.change_in(&approved.steps[was], change);
                let known = known.ok_or_else(|| not_part_of(change))?;
                follows(known, change)?;
            }
        }
        self.keeps_order(approved, &steps)?;
        self.leaves_nothing_out(approved, waiting)
    }

    fn made_by(&self, steps: &BTreeSet<usize>) -> impl Iterator<Item = &Change> {
        let steps = steps.iter().filter_map(|&at| self.steps.get(at));
        steps.flat_map(|step| &step.changes).map(|&change| &self.changes[change])
    }

    fn change_in(&self, step: &Step, like: &Change) -> Option<&Change> {
        let mut changes = step.changes.iter().map(|&at| &self.changes[at]);
        changes.find(|c| (&c.component, &c.resource) == (&like.component, &like.resource))
    }

    /// The approved step that `step` is what is left of.
    fn counterpart(
        &self,
        step: &Step,
        approved: &Self,
        waiting: &BTreeSet<usize>,
    ) -> Result<usize, Beyond> {
        let Some(first) = step.changes.first().map(|&at| &self.changes[at]) else {
            return beyond("a step of it changes nothing");
        };
        let was = waiting.iter().copied().find(|&at| {
            approved.steps.get(at).is_some_and(|was| approved.change_in(was, first).is_some())
        });
        let was = was.ok_or_else(|| not_part_of(first))?;
        let known = &approved.steps[was];
        let kind = |step: &Step| step.artifact.as_ref().map(|artifact| artifact.kind.clone());
        match step.nature <= known.nature && kind(step) == kind(known) {
            true => Ok(was),
            false => beyond(format!("{} would be applied in another way", first.resource)),
        }
    }

    /// What had to wait for another step that is still to be done waits for it here, too. `steps`
    /// says what is left of each approved step.
    fn keeps_order(
        &self,
        approved: &Self,
        steps: &BTreeMap<usize, BTreeSet<usize>>,
    ) -> Result<(), Beyond> {
        for (was, now) in steps {
            let before = approved.steps[*was].after.iter().filter_map(|other| steps.get(other));
            let before: BTreeSet<_> = before.flatten().copied().collect();
            for &at in now {
                let step = &self.steps[at];
                if !before.iter().all(|other| step.after.contains(other)) {
                    return beyond(format!(
                        "{} would not wait for what it waited for",
                        step.component
                    ));
                }
            }
        }
        Ok(())
    }

    /// Leaving one change out may make another one worse. Only a value that turned out to be what
    /// is there already leaves nothing to do.
    fn leaves_nothing_out(&self, approved: &Self, waiting: &BTreeSet<usize>) -> Result<(), Beyond> {
        let made: BTreeSet<(&ComponentId, &ResourceKey)> = self
            .steps
            .iter()
            .flat_map(|step| &step.changes)
            .map(|&at| (&self.changes[at].component, &self.changes[at].resource))
            .collect();
        let missing = approved.made_by(waiting).find(|change| {
            let turned_out = change.action == Action::Update
                && change.intended.as_ref().is_some_and(|body| body.value().is_open());
            !turned_out && !made.contains(&(&change.component, &change.resource))
        });
        match missing {
            Some(change) => beyond(format!("{} is not part of it any more", change.resource)),
            None => Ok(()),
        }
    }
}

fn beyond<T>(what: impl Into<String>) -> Result<T, Beyond> {
    Err(Beyond(what.into()))
}

fn not_part_of(change: &Change) -> Beyond {
    Beyond(format!("{} was not to {}", change.resource, change.action.verb()))
}

/// Whether `now` is `was` with what was unknown filled in.
fn follows(was: &Change, now: &Change) -> Result<(), Beyond> {
    let key = &now.resource;
    let milder = (&was.action, &now.action) == (&Action::Replace, &Action::Update);
    if was.action != now.action && !milder || now.risk > was.risk {
        return beyond(format!("{key} was to {}, not to {}", was.action.verb(), now.action.verb()));
    }
    let there = |change: &Change| (change.precondition.exists, change.precondition.uid.clone());
    if there(was) != there(now) {
        return beyond(format!("another object is in the place of {key}"));
    }
    let intended = match (&was.intended, &now.intended) {
        (None, None) => true,
        (Some(was), Some(now)) => was.format == now.format && fills(was.value(), now.value()),
        _ => false,
    };
    if !intended {
        return beyond(format!("{key} would hold something else"));
    }
    if was.intended.is_none() && was.fields.len() != now.fields.len() {
        return beyond(format!("{key} holds something else"));
    }
    match now.fields.iter().find(|field| !was.fields.iter().any(|known| covers(known, field))) {
        Some(field) => beyond(format!("{key}: `{}` was not shown so", field.path)),
        None => Ok(()),
    }
}

/// Whether the field `known` says what `field` does, or leaves it open.
fn covers(known: &FieldChange, field: &FieldChange) -> bool {
    if !field.path.is_under(&known.path) || known.sensitive && !field.sensitive {
        return false;
    }
    let inside = FieldPath(field.path.0[known.path.0.len()..].to_vec());
    let at = |side: &Option<Value>| side.as_ref().and_then(|value| inside.find(value)).cloned();
    let open = known.after.as_ref().is_some_and(|after| matches!(after.node, Node::Unknown(_)));
    let after = match (&known.after, &field.after) {
        (Some(_), _) if open => true,
        (known_after, Some(after)) => known_after
            .as_ref()
            .and_then(|value| inside.find(value))
            .is_some_and(|v| fills(v, after)),
        (_, None) => at(&known.after).is_none(),
    };
    after && same(at(&known.before).as_ref(), field.before.as_ref())
}

fn same(one: Option<&Value>, other: Option<&Value>) -> bool {
    one.map(|value| value.typed(Rules::Stack)) == other.map(|value| value.typed(Rules::Stack))
}

/// Whether `now` is `was`, with a known value in each place that was open; what is still open asks
/// the same.
fn fills(was: &Value, now: &Value) -> bool {
    match (&was.node, &now.node) {
        (Node::Unknown(asked), Node::Unknown(asks)) => asked == asks,
        (Node::Unknown(_), _) => !now.is_open(),
        (Node::List(was), Node::List(now)) => {
            was.len() == now.len() && was.iter().zip(now.iter()).all(|(was, now)| fills(was, now))
        }
        (Node::Map(was), Node::Map(now)) => {
            was.len() == now.len()
                && was.iter().all(|(key, was)| now.get(key).is_some_and(|now| fills(was, now)))
        }
        _ => same(Some(was), Some(now)),
    }
}

#[cfg(test)]
mod tests;
