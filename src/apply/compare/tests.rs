use serde_json::{Value as Json, json};

use super::*;
use crate::backends::fixture::{body, change, key};
use crate::model::change::Action;
use crate::model::observation::Health;
use crate::model::question::Question;

fn after(live: Option<&Json>) -> After {
    After { resource: key("x.yaml"), live: live.map(body), uid: None, health: Health::Healthy }
}

#[test]
fn each_field_is_as_predicted_or_a_deviation() {
    let (old, new) = (json!({ "a": 1, "b": 1, "c": 1 }), json!({ "a": 2, "b": 2 }));
    let update = change(Action::Update, "x.yaml", Some(&old), Some(&new));
    assert_eq!(update.fields.len(), 3);
    let as_predicted = compare(&update, &after(Some(&new)));
    assert_eq!((as_predicted.predicted, as_predicted.deviations.len()), (3, 0));
    // Fields that nobody spoke about are nobody's business here.
    let more = json!({ "a": 2, "b": 2, "status": "ready" });
    assert_eq!(compare(&update, &after(Some(&more))).deviations, []);

    let other = json!({ "a": 3, "c": 1 });
    let deviations = compare(&update, &after(Some(&other))).deviations;
    let told: Vec<String> =
        deviations.iter().map(|d| format!("{} {:?} {:?}", d.path, d.predicted, d.actual)).collect();
    assert_eq!(told, ["a Some(2) Some(3)", "b Some(2) None", "c None Some(1)"]);
    assert_eq!(compare(&update, &after(None)).deviations.len(), 2);
}

#[test]
fn a_delete_predicts_that_every_field_goes() {
    let value = json!({ "a": 1, "b": 1 });
    let delete = change(Action::Delete, "x.yaml", Some(&value), None);
    assert_eq!(compare(&delete, &after(None)).deviations, []);
    assert_eq!(compare(&delete, &after(Some(&value))).deviations.len(), 2);
}

#[test]
fn what_was_not_known_fits_whatever_came_of_it() {
    let question = Question { function: "output".into(), arguments: Vec::new() };
    let unknown = Value::computed(Node::Unknown(question.into()));
    let mut create = change(Action::Create, "x.yaml", None, Some(&json!({ "a": 1, "b": 1 })));
    let list = vec![unknown.clone(), Value::text("b")];
    create.fields[0].after = Some(unknown);
    create.fields[1].after = Some(Value::computed(Node::List(list.into())));
    let live = json!({ "a": { "id": 7 }, "b": ["x", "b"] });
    assert_eq!(compare(&create, &after(Some(&live))).deviations, []);
    let live = json!({ "b": ["x", "c"] });
    assert_eq!(compare(&create, &after(Some(&live))).deviations.len(), 2);
}
