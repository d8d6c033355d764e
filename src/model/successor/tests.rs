//! What an approval with holes in it covers, and what it does not.

use std::collections::{BTreeMap, BTreeSet};

use crate::backends::fixture::{change, component, key, name, scope};
use crate::ids::{ContentId, StackName};
use crate::model::body::Body;
use crate::model::change::{Action, Change, Risk};
use crate::model::plan::{Effect, Nature, Step};
use crate::model::question::Question;
use crate::model::value::{Node, Value};
use serde_json::json;

fn question(name: &str) -> Question {
    Question { function: "terraform.output".into(), arguments: vec![name.into()] }
}

/// The same change with `value` at `field`, in its fields and in what is intended.
fn with(mut change: Change, field: &str, value: &Value) -> Change {
    if let Some(body) = &mut change.intended {
        let mut map = body.value().as_map().unwrap().clone();
        map.insert(field, value.clone());
        *body = Body::new(body.format, Value::computed(Node::Map(map)));
    }
    let known = change.fields.iter_mut().find(|known| known.path.to_string() == field);
    known.unwrap().after = Some(value.clone());
    change
}

fn open(change: Change, field: &str) -> Change {
    with(change, field, &Value::computed(Node::Unknown(question(field).into())))
}

fn create(path: &str) -> Change {
    change(Action::Create, path, None, Some(&json!({ "a": 1, "b": 2 })))
}

fn update(path: &str) -> Change {
    change(Action::Update, path, Some(&json!({ "a": 0, "b": 2 })), Some(&json!({ "a": 1, "b": 2 })))
}

fn effect(changes: Vec<Change>) -> Effect {
    let step = |at: usize| Step {
        component: component("a"),
        changes: vec![at],
        nature: Nature::IdempotentByName,
        after: Vec::new(),
        artifact: None,
    };
    Effect {
        scope: scope("one"),
        stack: StackName::new("prod").unwrap(),
        target: name(),
        inputs: BTreeMap::from([(component("a"), ContentId::of("inputs"))]),
        tools: BTreeMap::new(),
        steps: (0..changes.len()).map(step).collect(),
        changes,
    }
}

/// What `now` does beyond all of `approved`; empty: nothing.
fn beyond(now: &Effect, approved: &Effect) -> String {
    let all = (0..approved.steps.len()).collect();
    now.continues(approved, &all).err().map(|beyond| beyond.to_string()).unwrap_or_default()
}

#[test]
fn a_hole_may_be_filled_with_anything_known() {
    let approved = effect(vec![open(create("x.json"), "a"), create("y.json")]);
    for value in [Value::text("text"), Value::computed(Node::Int(7)), Value::computed(Node::Null)] {
        let now = effect(vec![with(create("x.json"), "a", &value), create("y.json")]);
        assert_eq!(beyond(&now, &approved), "", "{value:?}");
    }
    assert_eq!(beyond(&approved, &approved), "", "what is still open asks the same");
}

#[test]
fn a_hole_may_become_a_map_or_a_list() {
    let approved = effect(vec![open(create("x.json"), "a")]);
    let now = json!({ "a": { "c": 1, "d": [2] }, "b": 2 });
    let mut now = change(Action::Create, "x.json", None, Some(&now));
    // The planner lists the leaves.
    let leaf = |path: &str, value: i64| crate::model::change::FieldChange {
        writer: None,
        made_up: false,
        path: crate::model::path::FieldPath::parse(path).unwrap(),
        after: Some(Value::computed(Node::Int(value))),
        ..now.fields[0].clone()
    };
    now.fields = vec![leaf("/a/c", 1), leaf("/a/d/0", 2), now.fields[1].clone()];
    assert_eq!(beyond(&effect(vec![now]), &approved), "");
}

#[test]
fn only_what_waits_is_left_to_do() {
    let approved = effect(vec![open(create("x.json"), "a"), create("y.json")]);
    let now = effect(vec![create("x.json")]);
    assert!(now.continues(&approved, &BTreeSet::from([0])).is_ok());
    assert_eq!(beyond(&now, &approved), "y.json is not part of it any more");
    let more = effect(vec![create("x.json"), create("y.json")]);
    let beyond = more.continues(&approved, &BTreeSet::from([0])).unwrap_err();
    assert_eq!(beyond.to_string(), "y.json was not to create");
}

#[test]
fn a_known_value_stays_what_it_was() {
    let approved = effect(vec![open(create("x.json"), "a")]);
    let other = with(create("x.json"), "b", &Value::computed(Node::Int(90)));
    assert_eq!(beyond(&effect(vec![other]), &approved), "x.json would hold something else");
    let asks = Value::computed(Node::Unknown(question("else").into()));
    let asks = with(create("x.json"), "a", &asks);
    assert_eq!(beyond(&effect(vec![asks]), &approved), "x.json would hold something else");
}

#[test]
fn what_is_there_stays_what_was_shown() {
    let approved = effect(vec![open(update("x.json"), "a")]);
    let before = json!({ "a": 5, "b": 2 });
    let moved = change(Action::Update, "x.json", Some(&before), Some(&json!({ "a": 1, "b": 2 })));
    assert_eq!(beyond(&effect(vec![moved]), &approved), "x.json: `a` was not shown so");
    assert_eq!(beyond(&effect(vec![update("x.json")]), &approved), "");
    assert_eq!(beyond(&effect(Vec::new()), &approved), "", "it turned out to be what is there");
}

#[test]
fn no_action_gets_worse() {
    let worse = |approved: Change, now: Change| {
        beyond(&effect(vec![now]), &effect(vec![open(approved, "a")]))
    };
    let replace = || Change { action: Action::Replace, ..update("x.json") };
    assert_eq!(worse(update("x.json"), replace()), "x.json was to update, not to replace");
    assert_eq!(worse(replace(), update("x.json")), "");
    assert_eq!(worse(create("x.json"), update("x.json")), "x.json was to create, not to update");
    let risky = Change { risk: Risk::DataLoss, ..update("x.json") };
    assert_eq!(worse(update("x.json"), risky), "x.json was to update, not to update");
    let other = Change { resource: key("z.json"), ..update("x.json") };
    assert_eq!(worse(update("x.json"), other), "z.json was not to update");
}

#[test]
fn a_step_waits_for_what_it_waited_for() {
    let mut approved = effect(vec![open(create("x.json"), "a"), create("y.json")]);
    approved.steps[1].after = vec![0];
    let mut now = effect(vec![create("x.json"), create("y.json")]);
    assert!(beyond(&now, &approved).ends_with("would not wait for what it waited for"));
    now.steps[1].after = vec![0];
    assert_eq!(beyond(&now, &approved), "");
}

#[test]
fn what_has_left_nothing_waiting_covers_nothing() {
    let approved = effect(vec![create("x.json")]);
    let nothing = approved.continues(&approved, &BTreeSet::new());
    assert_eq!(nothing.unwrap_err().to_string(), "nothing of it waits");
    let mut elsewhere = effect(vec![create("x.json")]);
    elsewhere.target = crate::ids::TargetName::new("other").unwrap();
    let open = effect(vec![open(create("x.json"), "a")]);
    assert_eq!(beyond(&elsewhere, &open), "it is for another place");
    let tools = Effect { tools: [("terraform".to_owned(), "2".to_owned())].into(), ..open.clone() };
    assert_eq!(beyond(&tools, &open), "other versions of tools would act");
}
