//! Mistakes planted into good plans: the audit finds each.

use super::*;
use crate::ids::StackName;
use crate::model::change::Cause;
use crate::model::observation::{Artifact, Owner, Seen};
use crate::model::plan::Nature;
use crate::model::value::{Node, Value};
use crate::secret::Secret;

const WORLD: &str = r#"
    component app
    app needs vpc
    app wants app.json {"a": 1}
    component vpc
    vpc wants vpc.json {"a": 1}
    vpc has   vpc.json {"a": 2}
    vpc has   old.json {"a": 1}
"#;

fn change<'a>(effect: &'a mut Effect, action: &Action) -> &'a mut Change {
    effect.changes.iter_mut().find(|change| change.action == *action).unwrap()
}

/// Plans [`WORLD`], lets a mistake happen, and asks the audit for `finding`.
fn planted(finding: &str, mistake: impl FnOnce(&mut Effect, &mut World)) {
    let mut world = world(WORLD);
    let plan = world.plan();
    assert_eq!(audit(&plan, &world.input()), []);
    let mut effect = plan.effect().clone();
    mistake(&mut effect, &mut world);
    let plan = Plan::seal(effect, plan.envelope);
    let findings = audit(&plan, &world.input());
    assert!(findings.iter().any(|found| found.message == finding), "{finding}: {findings:?}");
}

#[test]
fn a_delete_without_all_of_its_witnesses() {
    let old = || key("old.json");
    planted("it would go and is not in the inventory", |_, world| {
        let owned = world.owned.remove(&old()).unwrap();
        // Something else makes the change ours, so that this alone is wrong.
        let built = world.rendered[&owned.component].clone().unwrap();
        let mut pieces = built.resources().clone();
        pieces.insert(old(), pieces[&key("vpc.json")].clone());
        let built =
            crate::build::fixture::rendered(owned.component.clone(), pieces, built.inputs());
        world.rendered.insert(owned.component.clone(), Ok(built));
    });
    planted("it would go and the target's mark does not list it", |_, world| {
        world.mark.as_mut().unwrap().resources.remove(&old());
    });
    planted("it would go and the target's mark does not list it", |_, world| world.mark = None);
    planted("it would go while not everything is resolved", |_, world| {
        world.evidence.missing.push("the stack of `x`".to_owned());
    });
    planted("it would go and another component wants it", |_, world| {
        let claimant = vec![component_id("other", "x")];
        world.evidence.claims.insert(old(), claimant);
    });
    planted("it would go after an incomplete look", |_, world| {
        let Some(Observed::Complete(seen)) = world.observed.remove(&id("vpc")) else { panic!() };
        world.observed.insert(id("vpc"), Observed::Partial(seen));
    });
    planted("it would go and is not marked as ours", |_, world| {
        let Some(Observed::Complete(seen)) = world.observed.get_mut(&id("vpc")) else { panic!() };
        let Some(Seen::Compared(both)) = seen.resources.get_mut(&old()) else { panic!() };
        both.owner = Owner::Nobody;
    });
    planted("it would go without having been seen", |_, world| {
        let Some(Observed::Complete(seen)) = world.observed.get_mut(&id("vpc")) else { panic!() };
        seen.resources.remove(&old());
    });
    planted("it would go and is wanted", |effect, _| {
        let update = change(effect, &Action::Update);
        update.action = Action::Delete;
    });
    planted("it would go and not come back", |effect, _| {
        change(effect, &Action::Delete).action = Action::Replace;
    });
}

#[test]
fn a_delete_for_a_component_that_renders_nothing() {
    planted("it would go because its component renders nothing", |_, world| {
        let built = world.rendered[&id("vpc")].clone().unwrap();
        let nothing = crate::build::Pieces::new();
        let built = crate::build::fixture::rendered(id("vpc"), nothing, built.inputs());
        world.rendered.insert(id("vpc"), Ok(built));
    });
}

#[test]
fn steps_out_of_order_missing_or_too_many() {
    planted("a step stands before one it needs", |effect, _| {
        let last = effect.steps.len() - 1;
        effect.steps[0].after.push(last);
    });
    planted("a step does not wait for what it depends on", |effect, _| {
        effect.steps.iter_mut().for_each(|step| step.after.clear());
    });
    planted("it is not in exactly one step", |effect, _| drop(effect.steps.pop()));
    planted("it is not in exactly one step", |effect, _| {
        let again = effect.steps[0].clone();
        effect.steps.push(again);
    });
    planted("a step does not say what it is", |effect, _| {
        let content = crate::ids::ContentId::of("plan");
        effect.steps[0].artifact = Some(Artifact { kind: "plan".to_owned(), content });
        effect.steps[0].nature = Nature::IdempotentByName;
    });
}

#[test]
fn what_is_not_ours_to_change() {
    planted("nobody wants it and nobody owns it", |effect, _| {
        change(effect, &Action::Create).resource = key("elsewhere.json");
    });
    planted("two changes regard one resource", |effect, _| {
        let again = change(effect, &Action::Update).clone();
        effect.changes.push(again);
        let at = effect.changes.len() - 1;
        let mut step = effect.steps.last().unwrap().clone();
        step.component = effect.changes[at].component.clone();
        step.changes = vec![at];
        effect.steps.push(step);
    });
    planted("it is for another stack, target or agent", |effect, _| {
        effect.stack = StackName::new("elsewhere").unwrap();
    });
}

#[test]
fn preconditions_left_at_home() {
    planted("it touches a field whose content it does not ask for", |effect, _| {
        change(effect, &Action::Update).precondition.fields.clear();
    });
    planted("it touches a field whose content it does not ask for", |effect, _| {
        let update = change(effect, &Action::Update);
        update.precondition.fields.values_mut().for_each(|content| *content = None);
    });
    planted("it does not ask that the object is there", |effect, _| {
        change(effect, &Action::Delete).precondition.exists = false;
    });
}

#[test]
fn secrets_in_the_open() {
    planted("a secret is in a field that is not marked as sensitive", |effect, _| {
        let secret = Secret::new("vault:a", crate::ids::ContentId::of("1"));
        let field = &mut change(effect, &Action::Update).fields[0];
        field.after = Some(Value::computed(Node::Secret(secret.into())));
    });
    planted("a sensitive field is not marked as such", |_, world| {
        let Some(Observed::Complete(seen)) = world.observed.get_mut(&id("vpc")) else { panic!() };
        let Some(Seen::Compared(both)) = seen.resources.get_mut(&key("vpc.json")) else { panic!() };
        both.sensitive.push(crate::model::path::FieldPath::parse("a").unwrap());
    });
}

#[test]
fn a_wish_that_calls_itself_drift() {
    planted("it calls itself drift and was never applied", |effect, _| {
        change(effect, &Action::Update).cause = Cause::Drift;
    });
}
