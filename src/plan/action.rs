//! What becomes of each resource: one look at both sides, one answer.

use std::collections::BTreeSet;

use super::diff::{Difference, diff, keep_ignored};
use super::guard::{foreign, unreadable, unresolved};
use super::{Draft, PlanInput, State, gone};
use crate::build::{Piece, Rendered};
use crate::ids::{ComponentId, ResourceKey};
use crate::model::body::Body;
use crate::model::canonical;
use crate::model::change::{Action, Cause, Change, FieldChange, Precondition, Risk};
use crate::model::desired::Component;
use crate::model::observation::{Compared, Observation, Owner, Seen};
use crate::model::path::FieldPath;
use crate::model::plan::{Hold, HoldReason, Part};
use crate::model::upkeep::{Hands, Upkeep};
use crate::model::value::{Origin, Value};

/// Goes through every component of the stack and every resource of each.
pub(super) fn decide(input: &PlanInput<'_>) -> Draft {
    let mut draft = Draft::default();
    let owned = input.owned_by_component();
    for id in input.components() {
        let owned = owned.get(&id).map_or(&[][..], Vec::as_slice);
        let case = Case { input, id: &id, built: None, owned };
        match input.state(&id) {
            State::NotSelected => {}
            State::Unresolved(diagnostics) => draft.hold(&id, unresolved::veto(diagnostics)),
            State::Inactive(_) => {
                let kept = owned.iter().filter(|key| !case.is_claimed(key));
                draft.changes.extend(kept.map(|key| case.untouched(key, Action::Forget)));
            }
            State::Wanted(component, rendered) => {
                let case = Case { built: Some((component, rendered)), ..case };
                component_resources(&case, &mut draft);
            }
            State::Gone => component_resources(&case, &mut draft),
        }
    }
    draft
}

impl Draft {
    fn hold(&mut self, id: &ComponentId, reason: HoldReason) {
        self.holds.push(Hold { part: Part::Component(id.clone()), reason });
    }
}

/// A component and what is known about it.
#[derive(Clone, Copy)]
struct Case<'a> {
    input: &'a PlanInput<'a>,
    id: &'a ComponentId,
    /// `None`: it is gone from the revision.
    built: Option<(&'a Component, &'a Rendered)>,
    /// What it owns in the target.
    owned: &'a [&'a ResourceKey],
}

/// What becomes of one resource.
enum Fate {
    /// Nothing.
    Nothing,
    /// This.
    Change(Box<Change>),
    /// This would, and does not: it is shown and held.
    Held(Box<Change>, HoldReason),
    /// It cannot be said, or may not be touched.
    Veto(HoldReason),
}

fn component_resources(case: &Case<'_>, draft: &mut Draft) {
    let Some(observation) = case.input.observation(case.id) else {
        return draft.hold(case.id, unreadable::component(case.input.observed.get(case.id)));
    };
    let mut keys: Vec<&ResourceKey> = observation.resources.keys().collect();
    if observation.artifact.is_none() {
        keys.extend(case.built.iter().flat_map(|(_, rendered)| rendered.resources().keys()));
    }
    keys.extend(case.owned);
    keys.sort();
    keys.dedup();
    for key in keys {
        let part = Part::Resource(case.id.clone(), key.clone());
        match fate(case, observation, key) {
            Fate::Nothing => {}
            Fate::Change(change) => draft.changes.push(*change),
            Fate::Held(change, reason) => {
                draft.changes.push(*change);
                draft.holds.push(Hold { part, reason });
            }
            Fate::Veto(reason) => draft.holds.push(Hold { part, reason }),
        }
    }
}

fn fate(case: &Case<'_>, observation: &Observation, key: &ResourceKey) -> Fate {
    let seen = observation.resources.get(key);
    // A tool that seals its plan names its resources itself; otherwise what was built names them.
    let wanted = match observation.artifact {
        Some(_) => matches!(seen, Some(Seen::Compared(both)) if both.intended.is_some()),
        None => case.piece(key).is_some(),
    };
    if !wanted && case.is_claimed(key) {
        // Whoever wants it now takes it over in a plan of its own.
        return Fate::Nothing;
    }
    if let Some(reason) = unreadable::veto(seen, wanted, observation.artifact.is_some()) {
        return Fate::Veto(reason);
    }
    match seen {
        Some(Seen::Compared(both)) => match (&both.live, &both.intended) {
            (None, None) => case.absent(key),
            (None, Some(intended)) => case.create(key, both, intended),
            (Some(live), Some(intended)) => case.present(key, both, live, intended),
            (Some(live), None) => case.unwanted(key, both, live, observation),
        },
        Some(Seen::Absent) => case.absent(key),
        Some(
            Seen::Same { .. }
            | Seen::Unreadable { .. }
            | Seen::Refused { .. }
            | Seen::Ambiguous { .. },
        )
        | None => Fate::Nothing,
    }
}

impl Case<'_> {
    fn absent(&self, key: &ResourceKey) -> Fate {
        match self.is_ours(key) {
            true => Fate::Change(Box::new(self.untouched(key, Action::Forget))),
            false => Fate::Nothing,
        }
    }

    fn create(&self, key: &ResourceKey, both: &Compared, intended: &Body) -> Fate {
        if self.upkeep(key).hands == Hands::Off {
            return Fate::Nothing;
        }
        if let Some(reason) = foreign::veto(self.input, self.id, key, both) {
            return Fate::Veto(reason);
        }
        let fields = diff(None, Some(intended.value()));
        let change = self.change(key, both, Action::Create, fields, Some(intended.clone()));
        Fate::Change(Box::new(Change { precondition: Precondition::default(), ..change }))
    }

    fn present(&self, key: &ResourceKey, both: &Compared, live: &Body, intended: &Body) -> Fate {
        if let Some(reason) = foreign::veto(self.input, self.id, key, both) {
            return Fate::Veto(reason);
        }
        let Upkeep { hands, mut ignore, .. } = self.upkeep(key);
        if hands != Hands::On {
            return Fate::Nothing;
        }
        ignore.extend(self.built.iter().flat_map(|(one, _)| one.reconcile.ignore.clone()));
        let value = keep_ignored(intended.value(), live.value(), &ignore);
        let fields = diff(Some(live.value()), Some(&value));
        let replaces = replaces(&both.must_replace, &fields);
        let is_ignored = |field: &FieldPath| ignore.iter().any(|path| field.is_under(path));
        let is_lost = both.lost.iter().any(|field| !is_ignored(field));
        let previous = match (&both.owner, self.input.owned.get(key)) {
            (Owner::Other(from), _) => Some(from.clone()),
            (Owner::This, _) => None,
            (_, owned) => owned.map(|o| o.component.clone()).filter(|from| from != self.id),
        };
        let is_ours = both.owner == Owner::This || self.is_ours(key);
        let action = match (previous, is_ours) {
            (_, _) if replaces => Action::Replace,
            (Some(from), _) if fields.is_empty() => Action::Move { from },
            (None, true) if fields.is_empty() && !is_lost => return Fate::Nothing,
            (None, false) => Action::Adopt,
            _ => Action::Update,
        };
        if action == Action::Replace && !(self.is_ours(key) && both.owner == Owner::This) {
            let missing = "ownership: it has to be adopted before it can be replaced".to_owned();
            return Fate::Veto(HoldReason::NotProvenGone { missing });
        }
        let body = Body::new(intended.format, value);
        Fate::Change(Box::new(self.change(key, both, action, fields, Some(body))))
    }

    fn unwanted(
        &self,
        key: &ResourceKey,
        both: &Compared,
        live: &Body,
        observation: &Observation,
    ) -> Fate {
        let mut missing = gone::missing(self.input, self.id, key, both);
        let sealed = observation.artifact.is_some();
        // Whose component is gone was told how it wants to go while it was there.
        let prune = match self.input.component(self.id) {
            Some(component) => !component.reconcile.outlives(),
            None => !self.is_kept(key),
        };
        // Its own word was the last thing its manifest said about it.
        let prune = prune && !Upkeep::of(live.value()).stays();
        if prune && self.built.is_some_and(|(_, built)| built.resources().is_empty()) {
            missing.push(gone::ANYTHING.to_owned());
        }
        let delete = || {
            let fields = diff(Some(live.value()), None);
            Box::new(self.change(key, both, Action::Delete, fields, None))
        };
        let reason = || HoldReason::NotProvenGone { missing: gone::told(&missing) };
        match (missing.is_empty(), self.built.is_some()) {
            // What a tool has sealed is applied whole or not at all.
            (false, true) if sealed => Fate::Held(delete(), reason()),
            (false, _) => Fate::Held(Box::new(self.untouched(key, Action::Keep)), reason()),
            // Taking a component out of the revision does not destroy what its tool built.
            (true, false) if sealed => Fate::Change(Box::new(self.untouched(key, Action::Forget))),
            (true, _) if prune || sealed => Fate::Change(delete()),
            (true, _) => Fate::Change(Box::new(self.untouched(key, Action::Forget))),
        }
    }

    fn piece(&self, key: &ResourceKey) -> Option<&Piece> {
        self.built?.1.resources().get(key).map(AsRef::as_ref)
    }

    /// How its manifest wants it kept.
    fn upkeep(&self, key: &ResourceKey) -> Upkeep {
        self.piece(key).map(|piece| Upkeep::of(piece.body.value())).unwrap_or_default()
    }

    fn is_ours(&self, key: &ResourceKey) -> bool {
        self.input.owned.get(key).is_some_and(|owned| owned.component == *self.id)
    }

    /// Whether the inventory or the mark says that it outlives its component.
    fn is_kept(&self, key: &ResourceKey) -> bool {
        let mark = self.input.mark.and_then(|mark| mark.resources.get(key));
        self.input.owned.get(key).into_iter().chain(mark).any(|owned| owned.kept)
    }

    fn is_claimed(&self, key: &ResourceKey) -> bool {
        self.input.evidence.other_claim(key, self.id).is_some()
    }

    /// A change that leaves the target as it is.
    fn untouched(&self, key: &ResourceKey, action: Action) -> Change {
        Change {
            component: self.id.clone(),
            resource: key.clone(),
            action,
            risk: Risk::Reversible,
            cause: Cause::Wish,
            fields: Vec::new(),
            intended: None,
            precondition: Precondition::default(),
        }
    }

    fn change(
        &self,
        key: &ResourceKey,
        both: &Compared,
        action: Action,
        fields: Vec<Difference>,
        intended: Option<Body>,
    ) -> Change {
        let precondition = Precondition {
            uid: both.uid.clone(),
            fields: fields
                .iter()
                .map(|field| (field.path.clone(), field.before.as_ref().map(canonical::content_id)))
                .collect(),
            exists: true,
        };
        let stateful = both.stateful || self.piece(key).is_some_and(|piece| piece.stateful);
        let risk = risk(&action, stateful, !fields.is_empty());
        let cause = self.cause(key, both, intended.as_ref());
        let fields = fields.into_iter().map(|field| self.field(key, both, field)).collect();
        Change { risk, cause, fields, intended, precondition, ..self.untouched(key, action) }
    }

    /// Drift, if the target is to become again exactly what was last applied.
    fn cause(&self, key: &ResourceKey, both: &Compared, intended: Option<&Body>) -> Cause {
        let applied = self
            .input
            .owned
            .get(key)
            .filter(|owned| owned.component == *self.id)
            .and_then(|owned| owned.applied);
        let wished = [intended, both.intended.as_ref()].into_iter().flatten();
        match applied.is_some() && wished.map(Body::content_id).any(|id| Some(id) == applied) {
            true => Cause::Drift,
            false => Cause::Wish,
        }
    }

    fn field(&self, key: &ResourceKey, both: &Compared, field: Difference) -> FieldChange {
        let piece = self.piece(key);
        let mut sensitive = both.sensitive.iter().chain(piece.iter().flat_map(|p| &p.sensitive));
        let sensitive = sensitive.any(|s| s.is_under(&field.path) || field.path.is_under(s))
            || [&field.before, &field.after].into_iter().flatten().any(Value::holds_secret);
        let origin = match (&field.after, piece) {
            (Some(_), Some(piece)) => origin(piece.body.value(), &field.path),
            _ => Origin::NONE,
        };
        let mut made_up = piece.iter().flat_map(|piece| &piece.made_up);
        let made_up = made_up.any(|made| made.is_under(&field.path) || field.path.is_under(made));
        // Most of what is made up is a password, wherever a chart has it written.
        let sensitive = sensitive || made_up;
        let Difference { path, before, after } = field;
        let origin = self.built.and_then(|(_, rendered)| rendered.span(origin));
        FieldChange { writer: writer(both, &path), path, before, after, sensitive, origin, made_up }
    }
}

/// Everybody else who has written a part of the field.
fn writer(both: &Compared, path: &FieldPath) -> Option<String> {
    let meets = |other: &FieldPath| other.is_under(path) || path.is_under(other);
    let writers = both.writers.iter().filter(|(other, _)| meets(other));
    let writers: BTreeSet<_> = writers.map(|(_, writer)| writer.as_str()).collect();
    (!writers.is_empty()).then(|| writers.into_iter().collect::<Vec<_>>().join(", "))
}

fn replaces(must_replace: &[FieldPath], fields: &[Difference]) -> bool {
    must_replace.iter().any(|must| {
        must.0.is_empty() || fields.iter().any(|f| f.path.is_under(must) || must.is_under(&f.path))
    })
}

fn risk(action: &Action, stateful: bool, differs: bool) -> Risk {
    match action {
        Action::Replace | Action::Delete if stateful => Risk::DataLoss,
        Action::Replace | Action::Delete => Risk::Disruptive,
        // It overwrites what somebody else wrote.
        Action::Adopt if differs => Risk::Disruptive,
        _ => Risk::Reversible,
    }
}

/// Where the value at `path` was written, or the nearest value around it that was written at all.
fn origin(value: &Value, path: &FieldPath) -> Origin {
    let around = (0..=path.0.len()).rev().map(|depth| FieldPath(path.0[..depth].to_vec()));
    let mut origins = around.filter_map(|path| path.find(value)).map(|value| value.origin);
    origins.find(|origin| *origin != Origin::NONE).unwrap_or(Origin::NONE)
}
