//! What has to answer before a resource is made that has the target call it.
//!
//! Beside the order of steps: a plan says what comes after what, and a step that comes after another
//! one begins once that is done. Here it begins once what was done does well.

use std::collections::BTreeMap;

use crate::build::{Piece, Rendered};
use crate::diagnostic::Diagnostic;
use crate::ids::{ComponentId, ResourceKey};
use crate::model::desired::{Component, Stack};
use crate::model::need::Call;
use crate::model::upkeep::Upkeep;

/// By resource, those that have to do well before it is made, each with its component.
pub type Answers = BTreeMap<ResourceKey, BTreeMap<ResourceKey, ComponentId>>;

/// What the resources of a stack need an answer from: the services they have called, and what runs
/// behind these, as far as the stack has them.
///
/// What a person has ordered the other way round stays so, and what keeps nobody waiting does not here.
pub fn answers(
    stack: &Stack,
    rendered: &BTreeMap<ComponentId, Result<Rendered, Vec<Diagnostic>>>,
) -> Answers {
    let pieces = || {
        let built = stack.components.values().filter_map(|component| {
            let built = rendered.get(&component.id)?.as_ref().ok()?;
            Some((component, built))
        });
        built.flat_map(|(component, built)| {
            built.resources().iter().map(move |(key, piece)| (component, key, &**piece))
        })
    };
    let mut answers = Answers::new();
    let callers: Vec<_> = pieces().filter(|(.., piece)| piece.call.is_some()).collect();
    if callers.is_empty() {
        return answers;
    }
    let part = |(component, key, piece): (_, _, &Piece)| {
        let is_no_matter = Upkeep::of(piece.body.value()).is_no_matter;
        Some((component, key, is_no_matter, piece.part_in_calls()?))
    };
    let parts: Vec<(&Component, &ResourceKey, bool, Call)> = pieces().filter_map(part).collect();
    for (caller, key, piece) in callers {
        let Some(Call::Makes(called)) = piece.call.as_deref() else { continue };
        let led: Vec<_> = parts
            .iter()
            .filter_map(|(_, service, _, call)| match call {
                Call::Leads(labels) if called.contains(*service) => Some(labels),
                _ => None,
            })
            .collect();
        let answering = parts.iter().filter(|(component, one, is_no_matter, call)| {
            let is_part = match call {
                Call::Leads(_) => called.contains(*one),
                Call::Answers(labels) => led.iter().any(|led| led.select(labels)),
                Call::Makes(_) => false,
            };
            is_part
                && component.reconcile.is_awaited()
                && !is_no_matter
                && !stack.all_dependencies(&component.id).contains(&caller.id)
        });
        let answering =
            answering.map(|(component, one, ..)| ((*one).clone(), component.id.clone()));
        let answering: BTreeMap<_, _> = answering.collect();
        if !answering.is_empty() {
            answers.insert(key.clone(), answering);
        }
    }
    answers
}
